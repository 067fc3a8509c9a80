"""How the process's C library handles the large buffers that XLA asks for on a CPU."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # glibc's malloc.h


def keep_freed_memory() -> bool:
    """Let glibc keep freed memory for the next step; call it once, before JAX computes anything. -> whether it took effect (False without glibc).

    XLA allocates a step's temporary buffer anew at every step. By default glibc maps it fresh from the system, which clears every page again: measured at a quarter
    of the CPU time of the flagship's step (190 MB, 47,000 page faults a step). One arena, because the threads that JAX computes in would get others,
    and those are mapped whatever the threshold.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library
        return False
    return all([mallopt(_M_ARENA_MAX, 1), mallopt(_M_MMAP_THRESHOLD, 1 << 30), mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)])
