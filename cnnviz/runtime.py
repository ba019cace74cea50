"""The number of threads that matrix products may use."""

from threadpoolctl import threadpool_limits


def one_blas_thread() -> threadpool_limits:
    """Keep BLAS on one thread, for the rest of the process or inside a ``with`` block.

    The matrices here are small: handing them to a second thread costs more than it saves, and the
    window needs a core for itself.
    """
    return threadpool_limits(limits=1, user_api="blas")
