"""The one way in: ``cnnviz``, ``python -m cnnviz`` and ``python main.py`` all come here.

Compiles on Python 3.6, and imports nothing that does not before the version is known to fit.
"""

import sys
from pathlib import Path

from cnnviz._interpreter import obstacle


def main(argv: "list[str] | None" = None) -> int:
    """Run the program with `argv`, by default the command line, and return its exit status."""
    hindrance = obstacle()
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


if __name__ == "__main__":
    sys.exit(main())
