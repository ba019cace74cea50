"""Every way in which the program can end, in every situation."""

import contextlib
import os
import pty
import signal
import time

from soak.children import Child, complaint
from soak.places import Place, private_place
from soak.results import Result
from soak.settings import Settings

WAYS = ("close", "quit", "SIGINT", "SIGTERM", "SIGHUP", "hangup")
SITUATIONS = ("typing", "export", "training", "lab", "start", "idle", "dialog")
#: What stands for a situation in the process of the window, and how long it is left to itself.
_LED = {
    "typing": ("typing", 3.0),
    "export": ("word+lab+export", 1.3),
    "training": ("front+word+training", 1.3),
    "lab": ("front+word+lab", 1.3),
    "start": ("start", 0.0),
    "idle": ("front+word", 1.3),
    "dialog": ("word+dialog", 1.5),
}
_START, _ENDS_WITHIN = 60.0, 30.0
_FRESH = 1.0


def run(settings: Settings) -> Result:
    """Try the pairs while there is time, some of each way and each situation first."""
    result = Result("endings", "ways of ending in each situation")
    slowest = 0.0
    # Each round has every situation once, and its neighbour ends in another way.
    pairs = [
        (situation, WAYS[(number + turn) % len(WAYS)])
        for turn in range(len(WAYS))
        for number, situation in enumerate(SITUATIONS)
    ]
    for situation, way in pairs:
        if result.count >= len(SITUATIONS) and settings.left <= 0:
            result.notes.append(f"{len(pairs) - result.count} of {len(pairs)} were left out: the time was up")
            break
        slowest = max(slowest, end(result, situation, way))
        result.count += 1
    result.notes.append("the session manager's commitData was left out: it needs a desktop's session")
    result.worst = f"{slowest:.1f} s to end"
    return result


def end(result: Result, situation: str, way: str) -> float:
    """Lead the program there and end it that way; return how long it took."""
    name = f"{way} while {situation}"
    with private_place("ending") as place, contextlib.ExitStack() as stack:
        led, pause = _LED[situation]
        started, terminal = _start(stack, place, led, way)
        if started.wait_for("ready", _START) is None:
            result.find(f"{name}: the window did not open: {complaint(started, started.wait(0))}")
            return 0.0
        time.sleep(pause)
        began = time.monotonic()
        _do(started, way, terminal)
        status = started.wait(_ENDS_WITHIN)
        seconds = time.monotonic() - began
        for text in _judge(place, started, situation, way, began, status):
            result.find(f"{name}: {text}")
        return seconds


def _start(stack: contextlib.ExitStack, place: Place, led: str, way: str) -> tuple[Child, int | None]:
    """Start the window; for a hang-up, as the leader of a terminal of its own."""
    terminal = None
    module = ["-m", "soak.window_child", led, "ending"]
    if way == "hangup":
        terminal, inner = pty.openpty()
        started = Child(place, ["-m", "soak.on_terminal", os.ttyname(inner), *module], pass_fds=(inner,))
        os.close(inner)
    else:
        started = Child(place, module)
    stack.callback(started.close)
    return started, terminal


def _do(started: Child, way: str, terminal: int | None) -> None:
    if way in ("close", "quit"):
        started.say(way)
    elif terminal is not None:
        os.close(terminal)
    else:
        started.signal(getattr(signal, way))


def _judge(
    place: Place, started: Child, situation: str, way: str, began: float, status: int | None
) -> list[str]:
    """Return what did not hold."""
    found: list[str] = []
    if text := complaint(started, status):
        found.append(text)
    elif status not in _allowed(way):
        found.append(f"exit status {status}")
    found += [each["text"] for each in started.entries("error")]
    kept = place.kept_words()
    old = [each for each in started.entries("typed") if each["at"] < began - _FRESH]
    lost = [each["word"] for each in old if each["word"] not in kept]
    if lost:
        found.append(f"{len(lost)} of {len(old)} words older than a second are lost")
    if situation not in ("start",) and "panels=" not in kept:
        found.append("the layout is not kept")
    if left := place.left_behind():
        found.append(f"left behind: {len(left)} files and folders, such as {left[0]}")
    if situation == "export" and not _is_exported(place) and not _was_asked(started):
        found.append("the export that was queued is neither finished nor was it asked about")
    return found


def _is_exported(place: Place) -> bool:
    report = place.out / "report.pdf"
    return report.exists() and report.read_bytes().rstrip().endswith(b"%%EOF")


def _was_asked(started: Child) -> bool:
    texts = [each["text"].lower() for each in started.entries("asked")]
    return any(word in text for text in texts for word in ("report", "export", "being written"))


def _allowed(way: str) -> set[int]:
    if way in ("close", "quit"):
        return {0}
    number = getattr(signal, "SIGHUP" if way == "hangup" else way)
    return {0, 128 + number}
