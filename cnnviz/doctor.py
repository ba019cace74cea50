"""``cnnviz --doctor``: versions, places, a self-test of the engine, a window; a line each, with its remedy.

Qt ends the process by an abort when it finds no display or cannot load what it needs for one: `hindrance` is
asked at every start. What is needed to say that something is missing must not itself be missing: this imports
the standard library, and the rest inside its functions.
"""

import ctypes
import importlib
import io
import os
import platform
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, cast

from cnnviz import __version__
from cnnviz.bundled import PROGRAM, bundled
from cnnviz.errors import CNNVizError, in_words
from cnnviz.files import LONGEST_NAME, printable
from cnnviz.output import Output
from cnnviz.quantities import now

TRY_WINDOW = "--try-window"
"""Argument of the process that tries; the number of steps to train in the window follows it."""

_WINDOW_STEPS = 300
_PATIENCE_SECONDS = 120.0
_WITHOUT_SCREEN = ("offscreen", "minimal")
_PREFIX = re.compile(r"^(qt\.\S+|error|cnnviz): ")
_FROM_DESKTOP = "Start CNNViz from a desktop session."
#: For what libraries are needed, by platform plugin.
_USES = {"xcb": "x11", "wayland": "wayland"}


class Library(NamedTuple):
    """A system library that Qt needs on Linux."""

    file: str
    package: str  # of Debian and Ubuntu, that brings it
    use: str  # for what it is needed


def hindrance() -> str:
    """Return why no window can open, with the remedy, in one line; "" if one can.

    Where all is well this takes some milliseconds, and loads only what Qt loads a moment later.
    """
    if not sys.platform.startswith("linux"):
        return ""
    wanted = plugins()
    if not wanted:
        return f"There is no display to open a window on. {_FROM_DESKTOP}"
    reasons = [_obstacle(each) for each in wanted]  # Qt takes the first plugin that starts
    return "" if "" in reasons else reasons[0]


def _obstacle(plugin: str) -> str:
    """Return why a platform plugin does not start, with the remedy; "" if it does."""
    if missing := missing_libraries(plugin):
        names, packages = ", ".join(each.file for each in missing), " ".join(each.package for each in missing)
        return (
            f"The window cannot open: {names} cannot be loaded. Install what brings them with the package "
            f"manager of your system, on Debian and Ubuntu by 'sudo apt-get install {packages}'."
        )
    if plugin in _WITHOUT_SCREEN:
        return ""
    if plugin == "xcb":
        name, answers = "DISPLAY", _x11_answers()
    elif plugin.startswith("wayland"):
        name, answers = "WAYLAND_DISPLAY", _wayland_answers()
    else:
        return attempt(0)[1]
    place = f"{name}={os.environ[name]}" if os.environ.get(name) else f"{name}, which is not set"
    return "" if answers else f"The window cannot open: nothing answers at {place}. {_FROM_DESKTOP}"


def _x11_answers() -> bool:
    xcb = load("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    answers = xcb.xcb_connection_has_error(connection) == 0
    xcb.xcb_disconnect(connection)
    return answers


def _wayland_answers() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY") or "wayland-0"
    with socket.socket(socket.AF_UNIX) as end:
        try:
            end.connect(str(Path(os.environ.get("XDG_RUNTIME_DIR", "")) / name))
        except OSError:
            return False
    return True


def attempt(steps: int) -> tuple[str, str]:
    """Train so many steps in a window of a process, 0 to start Qt only; return its words, and a failure."""
    try:
        ended = subprocess.run(
            [*PROGRAM, TRY_WINDOW, str(steps)],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "", f"The window did not answer within {round(_PATIENCE_SECONDS)} s."
    if ended.returncode == 0:
        return ended.stdout.strip(), ""
    lines = [_PREFIX.sub("", line).strip().rstrip(".") for line in ended.stderr.splitlines()]
    said = next(filter(None, lines), f"it ended with status {ended.returncode}")
    named = os.environ.get("QT_QPA_PLATFORM")
    remedy = f" Unset QT_QPA_PLATFORM, which is {printable(named, LONGEST_NAME)}." if named else ""
    return "", f"The window cannot open: {said}.{remedy}"


def plugins() -> list[str]:
    """Return the platform plugins that Qt would try, in its order: those named, or those of the session."""
    named = os.environ.get("QT_QPA_PLATFORM", "")
    if named:
        return [each.partition(":")[0] for each in named.split(";")]
    shown = [("xcb", "DISPLAY"), ("wayland", "WAYLAND_DISPLAY")]
    if os.environ.get("XDG_SESSION_TYPE") == "wayland":
        shown.reverse()
    return [plugin for plugin, name in shown if os.environ.get(name)]


def missing_libraries(plugin: str) -> list[Library]:
    """Return the libraries that a platform plugin needs on Linux and that cannot be loaded."""
    lines = bundled("system-libraries.txt").read_text(encoding="utf-8").splitlines()
    known = [Library(*line.split()) for line in lines if line and not line.startswith("#")]
    return [each for each in known if each.use in ("all", _USES.get(plugin)) and not _loads(each.file)]


def load(file: str) -> ctypes.CDLL:
    """Load a system library, or that of a bundle which has it; raises `OSError` if anything is missing."""
    return ctypes.CDLL(str(_inside(file)) if _inside(file).exists() else file)


def _inside(file: str) -> Path:
    return Path(getattr(sys, "_MEIPASS", "nowhere")) / file


def _loads(file: str) -> bool:
    # What a bundle has inside may lack a library that it has not: one of the list, or one that comes with it.
    try:
        return _inside(file).exists() or bool(load(file))
    except OSError:
        return False


def has_window() -> bool:
    """Whether this is the whole program, and not its engine alone."""
    return find_spec("ui") is not None


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
    "msgspec": "msgspec",
    "pyqtgraph": "pyqtgraph",
    "PySide6-Essentials": "PySide6.QtWidgets",
}
#: Those that the engine alone does without.
OF_WINDOW = frozenset({"fonttools", "pyqtgraph", "PySide6-Essentials"})
_STEPS = 12
_EXPECTED = 0.029328028414958362
"""By how much LAB5's weights have moved after that many steps, all together; plain loops give the same."""
_CLOSE = 1e-9  # relative; thousands of terms are added in another order


def diagnose() -> int:
    """Print the diagnosis while it is made; return 0 if all is well, else 1."""
    terminal = cast(object, sys.stdout)
    if isinstance(terminal, io.TextIOWrapper):
        terminal.reconfigure(errors="replace")  # it need not know every sign
    output, problems = Output(), 0
    output.say(f"CNNViz doctor, {now()}")
    for name, look in _looks():
        try:
            verdict, words = "OK", look()
        except Exception as error:  # noqa: BLE001 -- a diagnosis tells whatever it meets
            verdict, words = "PROBLEM", in_words(error) or f"{type(error).__name__}: {error}"
            problems += 1
        # Home is written as ~, so that the text may be passed on.
        output.say(f"{verdict:<8}{name}: {words}".replace(str(Path.home()), "~"))
    well = "Everything is as it should be."
    output.say(f"Problems: {problems}. See what stands beside PROBLEM." if problems else well)
    return 1 if problems else 0


def _looks() -> Iterator[tuple[str, Callable[[], str]]]:
    """What is looked at, and what tells how it is, or raises what is wrong with it."""
    yield "CNNViz", lambda: f"{__version__} in {Path(__file__).parent}"
    yield "Python", lambda: f"{platform.python_version()} in {sys.executable}"
    yield "system", platform.platform
    for name, module in PACKAGES.items():
        if name not in OF_WINDOW or has_window():
            yield name, partial(_imported, name, module)
    yield "training", self_test
    yield "window", _tried


def _imported(name: str, module: str) -> str:
    if name == "typst" and (sys.platform, platform.machine()) == ("win32", "ARM64"):
        return "there is none for this kind of computer; reports are written as HTML"
    return version_of(name, importlib.import_module(module)) or "of unknown version"


def _tried() -> str:
    """Open the window in a process of its own, train in it, and close it."""
    if not has_window():
        return "not there: this is the engine of CNNViz alone"
    words, failure = ("", reason) if (reason := hindrance()) else attempt(_WINDOW_STEPS)
    if failure:
        raise CNNVizError(failure)
    return words


def self_test() -> str:
    """Train the exercise's network some steps: forwards, backwards, updates."""
    from cnnviz.datasets import load_mnist
    from cnnviz.experiment import LAB5
    from cnnviz.quantities import format_value
    from cnnviz.training import Trainer

    network = LAB5.build_network()
    trainer = Trainer(network, load_mnist(LAB5.classes), LAB5)
    trainer.advance(_STEPS)
    trained = trainer.network.params
    moved = sum(float(abs(trained[name] - start).sum()) for name, start in network.params.items())
    off = abs(moved / _EXPECTED - 1)
    words = f"{_STEPS} steps of LAB5, relative error {format_value(off, 2)}"
    if off >= _CLOSE:
        raise CNNVizError(f"{words}: this engine computes wrongly here. Install the packages anew.")
    return words


def version_of(name: str, module: object = None) -> str:
    """Return the version of an installed package, else what its module says; "" for nothing."""
    from importlib.metadata import PackageNotFoundError, version  # it loads the readers of e-mail

    try:
        return version(name)
    except PackageNotFoundError:  # a program that was built of packages may have left out their papers
        return str(getattr(module, "__version__", ""))
