"""What the program takes of the machine: threads for matrix products, and memory."""

import ctypes
from functools import cache
from typing import Any

from threadpoolctl import threadpool_limits


def one_blas_thread() -> threadpool_limits:
    """Keep BLAS on one thread, for the rest of the process or inside a ``with`` block.

    The matrices here are small: handing them to a second thread costs more than it saves, and the
    window needs a core for itself.
    """
    return threadpool_limits(limits=1, user_api="blas")


def give_back_memory() -> None:
    """Let the system have the memory that is free but kept for later; after work that took a lot of it.

    The C library of Linux keeps what was freed below something that is still in use; others do not.
    """
    trim = _malloc_trim()
    if trim is not None:
        trim(0)


@cache
def _malloc_trim() -> Any:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (TypeError, OSError, AttributeError):  # Windows; another C library
        return None
