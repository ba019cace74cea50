"""The one way in: ``cnnviz``, ``python -m cnnviz`` and ``python main.py`` all come here.

Compiles on Python 3.6, and imports nothing that does not before the version is known to fit.
"""

import platform
import sys
import sysconfig
from pathlib import Path

OLDEST = (3, 12)
NEWEST = (3, 14)  # PySide6 has packages up to this one


def main(argv: "list[str] | None" = None) -> int:
    """Run the program with `argv`, by default the command line, and return its exit status."""
    hindrance = _obstacle()
    if hindrance:
        sys.stderr.write(f"cnnviz: {hindrance}\n")
        return 2
    if getattr(sys, "frozen", False):
        # In a bundle the processes that measure hand-ins begin here, too.
        from multiprocessing import freeze_support

        freeze_support()
    # When installed, the window is inside this package, so that no `ui` stands in site-packages.
    inside = Path(__file__).resolve().parent / "_window"
    if inside.is_dir() and str(inside) not in sys.path:
        sys.path.insert(0, str(inside))
    from cnnviz.start import start

    return start(argv)


def _obstacle() -> str:
    """Return one sentence on why this Python cannot run the program and what to do; "" if it can."""
    kind = platform.python_implementation().replace("CPython", "Python")
    is_free, bits = sysconfig.get_config_var("Py_GIL_DISABLED"), 64 if sys.maxsize > 2**32 else 32
    if OLDEST <= sys.version_info[:2] <= NEWEST and (kind, bool(is_free), bits) == ("Python", False, 64):
        return ""
    wanted = "CNNViz needs Python {}.{} to {}.{}".format(*OLDEST, *NEWEST)
    found = "{} {}.{}.{}".format(kind, *sys.version_info)
    return (
        f"{wanted} as it comes from python.org (CPython for 64 bits, not free-threaded), and this is "
        f"{'the free-threaded ' if is_free else ''}{found} for {bits} bits "
        f"({sys.executable or 'in an unknown place'}); start it with Python 3.13 for 64 bits."
    )


if __name__ == "__main__":
    sys.exit(main())
