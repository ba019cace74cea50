"""What the program takes of the machine: threads for matrix products, and memory."""

import ctypes
import threading
from contextlib import ContextDecorator, suppress
from importlib import import_module

from threadpoolctl import LibController, ThreadpoolController, threadpool_info


class _OneBlasThread(ContextDecorator):
    """One thread for BLAS: in a ``with`` block, in a function decorated with it, or after `hold` for good.

    The matrices here are small: handing them to a second thread costs more than it saves, and the
    window needs a core for itself. Sums in another order would be other bits, too.

    BLAS has one number for the whole process. Where blocks are nested or overlap in several threads, the
    first finds the number to go back to, and the last restores it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders = 0
        self._libraries: list[LibController] | None = None
        self._before: list[tuple[LibController, int]] = []

    def hold(self) -> None:
        """Set BLAS to one thread; costs next to nothing where somebody holds it already."""
        with self._lock:
            if not self._holders:
                self._before = [
                    (library, count) for library in self._found() if (count := library.num_threads or 1) > 1
                ]
                for library, _ in self._before:
                    _set_threads(library, 1)
            self._holders += 1

    def __enter__(self) -> None:
        self.hold()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._holders -= 1
            if not self._holders:
                for library, count in self._before:
                    _set_threads(library, count)

    def _found(self) -> list[LibController]:
        """Return the BLAS libraries; looking for them takes 0.4 ms, so it is done once."""
        if self._libraries is None:
            import_module("numpy")  # what is not loaded is not found
            self._libraries = ThreadpoolController().select(user_api="blas").lib_controllers
        return self._libraries


def _set_threads(library: LibController, count: int) -> None:
    # From version 3.8 on a thread that has set the number is the only one to change it, as long as it lives.
    forget = getattr(library, "clear_controlling_thread", None)
    if forget is not None:
        forget(force=True)
    library.set_num_threads(count)
    if forget is not None:
        forget(force=True)


one_blas_thread = _OneBlasThread()


def blas_kernel() -> str:
    """Return name and version of the library of matrix products, and for which processor it works here.

    Another kernel adds in another order, so that the last bits of a result are others.
    """
    import_module("numpy")
    names = ("internal_api", "version", "architecture")
    found = [
        " ".join(str(library[name]) for name in names if library.get(name))
        for library in threadpool_info()
        if library.get("user_api") == "blas"
    ]
    return ", ".join(found) or "unknown"


def give_back_memory() -> None:
    """Let the system have the memory that is free but kept for later; after work that took a lot of it.

    The C library of Linux keeps what was freed below something that is still in use; others do not.
    """
    with suppress(TypeError, OSError, AttributeError):  # Windows; another C library
        ctypes.CDLL(None).malloc_trim(0)
