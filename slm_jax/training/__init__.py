"""The pure step and what it is made of: loss, optimizer, schedule, state. `parallel.py` alone knows about devices."""
