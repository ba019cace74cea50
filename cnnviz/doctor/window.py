"""Whether a window can open here: a quick look before the start, and a try in a process of its own.

Qt ends the process by an abort when it finds no display or cannot load what it needs for one.
"""

import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cnnviz.doctor.fact import Fact, problem
from cnnviz.doctor.surroundings import (
    NO_DISPLAY,
    WITHOUT,
    has_window,
    is_frozen,
    lacking,
    load,
    missing_libraries,
    plugins,
)
from cnnviz.files import LONGEST_NAME, printable

TRY_WINDOW = "--try-window"
"""Argument of the process that tries; the number of steps to train in the window follows it."""

_STEPS = 300
_PATIENCE_SECONDS = 120.0
_WITHOUT_SCREEN = ("offscreen", "minimal")
_PREFIX = re.compile(r"^(qt\.\S+|error): ")


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a try to open a window ended.

    Attributes
    ----------
    facts : list of Fact
        What the window told.
    failure : str
        What kept it from opening or working; "" for nothing.
    """

    facts: list[Fact] = field(default_factory=list)
    failure: str = ""


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
    failure = attempt(0).failure
    return failure and f"{failure} To see more, use --doctor; to do without a window, --headless."


def window() -> Iterator[Fact]:
    """Open the window in a process of its own, train in it, and close it."""
    if not has_window():
        yield Fact("window", "not there: this is the engine of CNNViz alone")
        return
    if sys.platform.startswith("linux") and not plugins():
        yield problem("window", "not tried without a display")
        return
    if missing_libraries(plugins()):
        yield problem("window", f"cannot open {WITHOUT}")
        return
    tried = attempt(_STEPS)
    yield from tried.facts
    if tried.failure:
        yield problem("window", tried.failure)


def attempt(steps: int) -> Attempt:
    """Open the window in a process of its own, and train it so many steps; 0 tries whether Qt starts."""
    command = [sys.executable] if is_frozen() else [sys.executable, "-m", "cnnviz"]
    try:
        ended = subprocess.run(
            [*command, TRY_WINDOW, str(steps)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Attempt(failure=f"The window did not answer within {round(_PATIENCE_SECONDS)} s.")
    except OSError as error:
        return Attempt(failure=f"The window could not be tried ({error.strerror}).")
    facts = [Fact(*json.loads(line)) for line in ended.stdout.splitlines() if line.startswith("[")]
    return Attempt(facts, _failure(ended.returncode, ended.stderr))


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


def _is_ready(plugin: str) -> bool:
    """Whether a platform plugin is sure to start; False if that is not certain."""
    if missing_libraries([plugin]):
        return False
    if plugin == "xcb":
        return _x_answers()
    return _wayland_answers() if plugin.startswith("wayland") else plugin in _WITHOUT_SCREEN


def _x_answers() -> bool:
    xcb = load("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    answers = xcb.xcb_connection_has_error(connection) == 0
    xcb.xcb_disconnect(connection)
    return answers


def _wayland_answers() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY") or "wayland-0"
    place = Path(os.environ.get("XDG_RUNTIME_DIR", "")) / name
    with socket.socket(socket.AF_UNIX) as end:
        try:
            end.connect(str(place))
        except OSError:
            return False
    return True
