"""What comes with the program: itself, digits, fonts, icons, templates."""

import sys
from importlib.resources import files
from pathlib import Path

PROGRAM = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "cnnviz"]
"""What starts the program once more: in a bundle Python is inside it."""

# A package that is installed, or frozen into a bundle, holds them; in the project they stand beside it.
_PACKAGE = Path(str(files("cnnviz")))
_INSIDE = _PACKAGE / "resources"
_ROOT = _INSIDE if _INSIDE.is_dir() else _PACKAGE.parent / "resources"

_IS_INSTALLED = _ROOT == _INSIDE

INSTALL_AGAIN = (
    "Install CNNViz again."
    if _IS_INSTALLED
    else "Install the packages in requirements/runtime.txt again, as `make run` does."
)
"""What to do when a part of the program is missing."""


def bundled(name: str) -> Path:
    """Return the path of a file or folder that comes with the program, whichever way it was installed.

    * `name`: path inside ``resources``, such as "icons" or "report/report.typ". It need not exist.
    """
    return _ROOT / name


def documentation() -> Path:
    """Return the folder of the user guide: chapters in `guide`, pictures in `images`."""
    return _ROOT / "docs" if _IS_INSTALLED else _ROOT.parent / "docs"


def restore(name: str) -> str:
    """Return what to do when such a file is missing or damaged, to follow a semicolon."""
    if _IS_INSTALLED:
        return f"install CNNViz again, which brings resources/{name}"
    kind = "file" if Path(name).suffix else "folder"
    return f"restore the {kind} resources/{name} from the program's repository"
