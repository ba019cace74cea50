"""``cnnviz --doctor``: versions, paths, a self-test of the engine, a window; a fact a line, with its remedy.

Qt ends the process by an abort when it finds no display or cannot load what it needs for one: `hindrance` is
asked at every start, and tries a window in a process of its own. What is needed to say that something is
missing must not itself be missing: this imports the standard library, and the rest inside its functions.
"""

import ctypes
import importlib
import io
import json
import os
import platform
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, cast

from cnnviz import __version__
from cnnviz.bundled import bundled
from cnnviz.errors import in_words
from cnnviz.files import LONGEST_NAME, printable
from cnnviz.output import Output
from cnnviz.quantities import now

TRY_WINDOW = "--try-window"
"""Argument of the process that tries; the number of steps to train in the window follows it."""

_WINDOW_STEPS = 300
_PATIENCE_SECONDS = 120.0
_WITHOUT_SCREEN = ("offscreen", "minimal")
_PREFIX = re.compile(r"^(qt\.\S+|error): ")
NO_DISPLAY = (
    "there is no display to open a window on. Start CNNViz from a desktop session, or use --headless."
)
#: For what libraries are needed, by platform plugin.
_USES = {"xcb": "x11", "wayland": "wayland"}


class Fact(NamedTuple):
    """One line of the diagnosis."""

    name: str
    value: str  # how it is; in case of a problem with its remedy
    is_fine: bool = True  # whether the program can work with it


class Library(NamedTuple):
    """A system library that Qt needs on Linux."""

    file: str
    package: str  # of Debian and Ubuntu, that brings it
    use: str  # for what it is needed


def hindrance() -> str:
    """Return why no window can open, with the remedy, in one line; "" if one can.

    Where all is well this takes some milliseconds, and loads only what Qt loads a moment later. In doubt the
    answer is that of a process that tries.
    """
    if not sys.platform.startswith("linux"):
        return ""
    wanted = plugins()
    if not wanted:
        return NO_DISPLAY
    if any(_is_ready(each) for each in wanted):
        return ""
    failure = attempt(0)[1]
    return failure and f"{failure} To see more, use --doctor; to do without a window, --headless."


def _is_ready(plugin: str) -> bool:
    """Whether a platform plugin is sure to start; False if that is not certain."""
    if missing_libraries([plugin]):
        return False
    if plugin == "xcb":
        xcb = load("libxcb.so.1")
        xcb.xcb_connect.restype = ctypes.c_void_p
        connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
        answers = xcb.xcb_connection_has_error(connection) == 0
        xcb.xcb_disconnect(connection)
        return answers
    if plugin.startswith("wayland"):
        name = os.environ.get("WAYLAND_DISPLAY") or "wayland-0"
        with socket.socket(socket.AF_UNIX) as end:
            try:
                end.connect(str(Path(os.environ.get("XDG_RUNTIME_DIR", "")) / name))
            except OSError:
                return False
        return True
    return plugin in _WITHOUT_SCREEN


def attempt(steps: int) -> tuple[list[Fact], str]:
    """Train so many steps in a window, 0 to start Qt only, in a process; return its facts, and a failure."""
    command = [sys.executable] if is_frozen() else [sys.executable, "-m", "cnnviz"]
    try:
        ended = subprocess.run(
            [*command, TRY_WINDOW, str(steps)],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [], f"The window did not answer within {round(_PATIENCE_SECONDS)} s."
    except OSError as error:
        return [], f"The window could not be tried ({error.strerror})."
    facts = [Fact(*json.loads(line)) for line in ended.stdout.splitlines() if line.startswith("[")]
    return facts, _failure(ended.returncode, ended.stderr)


def _failure(status: int, words: str) -> str:
    """Return in a sentence how the process ended; "" for well."""
    if status == 0:
        return ""
    if missing := missing_libraries(plugins()):
        return f"The window cannot open{lacking(missing)}"
    if "could not connect to display" in words:
        named = [
            f"{name}={os.environ[name]}" for name in ("WAYLAND_DISPLAY", "DISPLAY") if os.environ.get(name)
        ]
        at = " or ".join(named) or "DISPLAY, which is not set"
        return f"The window cannot open: nothing answers at {at}. Start CNNViz from a desktop session."
    lines = [_PREFIX.sub("", line).strip() for line in words.splitlines()]
    said = next((line.removeprefix("cnnviz: ").rstrip(".") for line in lines if line), "")
    if not said:
        said = f"ended by {signal.Signals(-status).name}" if status < 0 else "it does not say why"
    named = os.environ.get("QT_QPA_PLATFORM")
    remedy = f" Unset QT_QPA_PLATFORM, which is {printable(named, LONGEST_NAME)}." if named else ""
    return f"The window cannot open: {said}.{remedy}"


def plugins() -> list[str]:
    """Return the platform plugins that Qt would try, in its order: those named, or those of the session."""
    named = os.environ.get("QT_QPA_PLATFORM", "")
    if named:
        return [each.partition(":")[0] for each in named.split(";")]
    shown = [("xcb", "DISPLAY"), ("wayland", "WAYLAND_DISPLAY")]
    if os.environ.get("XDG_SESSION_TYPE") == "wayland":
        shown.reverse()
    return [plugin for plugin, name in shown if os.environ.get(name)]


def missing_libraries(wanted: list[str]) -> list[Library]:
    """Return the libraries that cannot be loaded and that the first of these platform plugins needs.

    None where another of them has all that it needs, as Qt then takes that, and none but on Linux.
    """
    if not sys.platform.startswith("linux") or not has_window():
        return []
    lines = bundled("system-libraries.txt").read_text(encoding="utf-8").splitlines()
    known = [Library(*line.split()) for line in lines if line and not line.startswith("#")]
    lacks = [
        [each for each in known if each.use in ("all", _USES.get(plugin)) and not _loads(each.file)]
        for plugin in wanted or [""]
    ]
    return lacks[0] if all(lacks) else []


def lacking(missing: list[Library]) -> str:
    """Return which libraries are missing and what installs them, to follow what that leads to."""
    names, packages = ", ".join(each.file for each in missing), " ".join(each.package for each in missing)
    return (
        f": {names} cannot be loaded. Install what brings them with the package manager of your system, on "
        f"Debian and Ubuntu by 'sudo apt-get install {packages}'."
    )


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


def is_frozen() -> bool:
    """Whether Python is inside the program, which was built of packages."""
    return bool(getattr(sys, "frozen", False))


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
_OF_WINDOW = frozenset({"fonttools", "pyqtgraph", "PySide6-Essentials"})
_ALL_WELL = "Everything is as it should be."
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
    for fact in _facts():
        words = "OK" if fact.is_fine else "PROBLEM"
        # Home is written as ~, so that the text may be passed on.
        output.say(f"{words:<8}{fact.name}: {fact.value}".replace(str(Path.home()), "~"))
        problems += not fact.is_fine
    output.say(f"Problems: {problems}. See what stands beside PROBLEM." if problems else _ALL_WELL)
    return 1 if problems else 0


def _facts() -> Iterator[Fact]:
    checks: dict[str, Callable[[], Iterator[Fact]]] = {
        "program": _program,
        "packages": _packages,
        "self-test": self_test,
        "window": _window,
    }
    for name, check in checks.items():
        try:
            yield from check()
        except Exception as error:  # noqa: BLE001 -- a diagnosis tells whatever it meets
            words = in_words(error) or f"cannot be looked at ({type(error).__name__}: {error})."
            yield Fact(name, words, is_fine=False)


def _program() -> Iterator[Fact]:
    """Tell versions and places of the program and of Python, and the system."""
    place = sys.executable if is_frozen() else Path(__file__).parent
    yield Fact("CNNViz", f"{__version__} in {place}")
    bits = "64" if sys.maxsize > 2**32 else "32"
    kind = platform.python_implementation()
    yield Fact("Python", f"{platform.python_version()} ({kind}, {bits} bits) in {sys.executable}")
    yield Fact("system", platform.platform())


def _packages() -> Iterator[Fact]:
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
            lacks = missing_libraries(plugins()) if isinstance(error, ImportError) else []
            words = f"does not load{lacking(lacks)}" if lacks else in_words(error)
            yield Fact(name, words or str(error), is_fine=False)
        else:
            yield Fact(name, version_of(name, loaded) or "of unknown version")


def _window() -> Iterator[Fact]:
    """Open the window in a process of its own, train in it, and close it."""
    if not has_window():
        yield Fact("window", "not there: this is the engine of CNNViz alone")
    elif sys.platform.startswith("linux") and not plugins():
        yield Fact("window", f"not tried: {NO_DISPLAY}", is_fine=False)
    else:
        facts, failure = attempt(_WINDOW_STEPS)
        yield from facts
        if failure:
            yield Fact("window", failure, is_fine=False)


def self_test() -> Iterator[Fact]:
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
    anew = "" if off < _CLOSE else ": this engine computes wrongly here. Install the packages anew."
    yield Fact("training", words + anew, is_fine=off < _CLOSE)


def version_of(name: str, module: object = None) -> str:
    """Return the version of an installed package, else what its module says; "" for nothing."""
    from importlib.metadata import PackageNotFoundError, version  # it loads the readers of e-mail

    try:
        return version(name)
    except PackageNotFoundError:  # a program that was built of packages may have left out their papers
        return str(getattr(module, "__version__", ""))
