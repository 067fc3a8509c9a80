"""From files to batches: sources (rows of a file) -> tokenizer (ids) -> packing (rows of tokens) -> batches (batch i as a function of the seed and i). No JAX here."""
