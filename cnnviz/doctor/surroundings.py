"""What the program finds itself in: Python, packages, system, display, system libraries."""

import ctypes
import importlib
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from cnnviz import __version__
from cnnviz.bundled import bundled
from cnnviz.doctor.fact import Fact, problem
from cnnviz.errors import in_words

#: What the program is made of: the name under which it is installed, and under which it is imported.
PACKAGES = {
    "numpy": "numpy",
    "threadpoolctl": "threadpoolctl",
    "safetensors": "safetensors",
    "pillow": "PIL",
    "fonttools": "fontTools.ttLib",
    "jinja2": "jinja2",
    "tqdm": "tqdm",
    "typst": "typst",
    "pyqtgraph": "pyqtgraph",
    "PySide6-Essentials": "PySide6.QtWidgets",
}
#: Those that the engine alone does without.
_OF_WINDOW = frozenset({"fonttools", "pyqtgraph", "PySide6-Essentials"})
NO_DISPLAY = (
    "there is no display to open a window on. Start CNNViz from a desktop session, or use --headless."
)
WITHOUT = "without the system libraries above."
#: For what libraries are needed, by platform plugin.
_USES = {"xcb": "x11", "wayland": "wayland"}
#: Package managers that find a package by the library in it.
_BY_LIBRARY = {"dnf": "dnf install", "zypper": "zypper install"}


@dataclass(frozen=True, slots=True)
class Library:
    """A system library that Qt needs on Linux.

    Attributes
    ----------
    file, package : str
        Its file, and the package of Debian and Ubuntu that brings it.
    use : {"all", "x11", "wayland"}
        For what it is needed.
    """

    file: str
    package: str
    use: str


def program() -> Iterator[Fact]:
    """Tell version and place of the program and of Python."""
    place = sys.executable if is_frozen() else Path(__file__).parents[1]
    yield Fact("CNNViz", f"{__version__} in {place}")
    bits = "64" if sys.maxsize > 2**32 else "32"
    kind = platform.python_implementation()
    yield Fact("Python", f"{platform.python_version()} ({kind}, {bits} bits) in {sys.executable}")


def packages() -> Iterator[Fact]:
    """Import every package that the program is made of, and tell its version."""
    for name, module in PACKAGES.items():
        if name in _OF_WINDOW and not has_window():
            continue
        if name == "typst" and (sys.platform, platform.machine()) == ("win32", "ARM64"):
            yield Fact(name, "there is none for this kind of computer; reports are written as HTML")
            continue
        try:
            loaded = importlib.import_module(module)
        except Exception as error:  # noqa: BLE001 -- a half-finished installation may raise anything
            lacks = isinstance(error, ImportError) and missing_libraries(plugins())
            yield problem(name, f"does not load {WITHOUT}" if lacks else in_words(error) or str(error))
        else:
            yield Fact(name, version_of(name, loaded) or "of unknown version")


def system() -> Iterator[Fact]:
    """Tell the operating system."""
    text = f"{platform.system()} {platform.release()} on {platform.machine()}"
    try:
        text += f", {platform.freedesktop_os_release()['PRETTY_NAME']}"
    except (OSError, KeyError):
        text += f", {platform.version()}" if platform.system() != "Linux" else ""
    yield Fact("system", text)


def display() -> Iterator[Fact]:
    """Tell where a window would open, as the environment says."""
    if not has_window():
        return
    if not sys.platform.startswith("linux"):
        yield Fact("display", "the system's own")
        return
    names = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "QT_QPA_PLATFORM", "QT_SCALE_FACTOR")
    given = [f"{name}={os.environ[name]}" for name in names if os.environ.get(name)]
    if plugins():
        yield Fact("display", ", ".join(given))
    else:
        yield problem("display", NO_DISPLAY)


def plugins() -> list[str]:
    """Return the platform plugins that Qt would try, in its order: those named, or those of the session."""
    named = os.environ.get("QT_QPA_PLATFORM", "")
    if named:
        return [each.partition(":")[0] for each in named.split(";")]
    shown = [("xcb", "DISPLAY"), ("wayland", "WAYLAND_DISPLAY")]
    if os.environ.get("XDG_SESSION_TYPE") == "wayland":
        shown.reverse()
    return [plugin for plugin, name in shown if os.environ.get(name)]


def libraries() -> Iterator[Fact]:
    """Tell which libraries of the system are missing, and the command that installs them."""
    if not sys.platform.startswith("linux") or not has_window():
        return
    missing = missing_libraries(plugins())
    if missing:
        yield problem("system libraries", f"incomplete{lacking(missing)}")
    else:
        yield Fact("system libraries", "all that Qt needs")


def missing_libraries(wanted: list[str]) -> list[Library]:
    """Return the libraries that cannot be loaded and that the first of these platform plugins needs.

    None where another of them has all that it needs, as Qt then takes that, and none but on Linux.
    """
    if not sys.platform.startswith("linux") or not has_window():
        return []
    lacks = [
        [each for each in _known() if each.use in ("all", _USES.get(plugin)) and not _loads(each.file)]
        for plugin in wanted or [""]
    ]
    return lacks[0] if all(lacks) else []


def lacking(missing: list[Library]) -> str:
    """Return which libraries are missing and the command that installs them, to follow what that leads to."""
    return f": {', '.join(each.file for each in missing)} cannot be loaded. {_remedy(missing)}"


def _remedy(missing: list[Library]) -> str:
    if shutil.which("apt-get"):
        return f"Run 'sudo apt-get install {' '.join(each.package for each in missing)}'."
    for tool, command in _BY_LIBRARY.items():
        if shutil.which(tool):
            names = " ".join(f'"{each.file}()(64bit)"' for each in missing)
            return f"Run 'sudo {command} {names}'."
    return "Install what brings them with the package manager of your system."


def _known() -> list[Library]:
    lines = bundled("system-libraries.txt").read_text(encoding="utf-8").splitlines()
    return [Library(*line.split()) for line in lines if line and not line.startswith("#")]


def load(file: str) -> ctypes.CDLL:
    """Load a system library; where the program is a bundle that has it inside, that one.

    Raises
    ------
    OSError
        If it is missing, or lacks another.
    """
    return ctypes.CDLL(str(_inside(file)) if _inside(file).exists() else file)


def _inside(file: str) -> Path:
    """Where a bundle has its libraries."""
    return Path(getattr(sys, "_MEIPASS", "nowhere")) / file


def _loads(file: str) -> bool:
    # What a bundle has inside may lack a library that it has not: one of the list, or one that comes with it.
    if _inside(file).exists():
        return True
    try:
        load(file)
    except OSError:
        return False
    return True


def version_of(name: str, module: object = None) -> str:
    """Return the version of an installed package, else what its module says; "" for nothing."""
    from importlib.metadata import PackageNotFoundError, version  # it loads the readers of e-mail

    try:
        return version(name)
    except PackageNotFoundError:  # a program that was built of packages may have left out their papers
        return str(getattr(module, "__version__", ""))


def has_window() -> bool:
    """Whether this is the whole program, and not its engine alone."""
    return find_spec("ui") is not None


def is_frozen() -> bool:
    """Whether Python is inside the program, which was built of packages."""
    return bool(getattr(sys, "frozen", False))
