"""For all tests: the CPU, and no silent broadcasting between arrays of different rank."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
