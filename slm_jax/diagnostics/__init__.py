"""Proofs of what the README claims, run on the user's own machine and model."""
