"""Where a run's state rests: what is written, what is read back, and what is refused."""
