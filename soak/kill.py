"""Kills at random moments while somebody types and trains, and at every system call of a write."""

import random
import signal
import time

from soak import faults
from soak.children import child, complaint
from soak.journal import Entry
from soak.places import Place, private_place
from soak.results import Result
from soak.settings import Settings

LOSS_ALLOWED = 1.0
"""Seconds of typing that a kill may cost."""

_START = 60.0
_SHARE = 0.5


def run(settings: Settings) -> Result:
    """Kill while there is time, at least twice; then the faults."""
    result = Result("kill", "kills while typing and training; faults at each system call of a write")
    losses: list[float] = []
    chance = random.Random(settings.seeds[0])
    whole = settings.left
    while len(losses) < 2 or settings.left > whole * _SHARE:
        losses.append(_kill_once(result, len(losses), 2 + 4 * chance.random()))
        result.count += 1
        if len(losses) >= 200:
            break
    result.notes.append(f"{len(losses)} kills while typing: at worst {max(losses):.1f} s of typing were lost")
    points = faults.run(settings, result)
    result.count += points
    result.worst = f"{max(losses):.1f} s of typing lost"
    return result


def _kill_once(result: Result, number: int, seconds: float) -> float:
    """Kill after some seconds of typing; return how many of them were lost."""
    with private_place("kill") as place:
        with child(place, "window_child", "typing+training", f"kill{number}x") as started:
            if started.wait_for("ready", _START) is None:
                result.find(f"the window did not open: {complaint(started, started.wait(0)) or 'no answer'}")
                return 0.0
            time.sleep(seconds)
            killed = time.monotonic()
            started.signal(signal.SIGKILL)
            started.wait(10)
            typed = started.entries("typed")
        held, offered = what_is_left(place)
        lost = [each for each in typed if each["word"] not in held]
        hidden = [each for each in typed if each["word"] in held and each["word"] not in offered]
        first = min((each["at"] for each in lost), default=killed)
        if killed - first > LOSS_ALLOWED:
            result.find(
                f"a kill lost words that were {killed - first:.1f} s old ({len(lost)} of {len(typed)})"
            )
        if hidden:
            result.find(f"{len(hidden)} words are kept, but the next start does not show them")
        return killed - first


def what_is_left(place: Place) -> tuple[str, str]:
    """Return the words that are kept or shown at the next start, and those that are shown."""
    kept = place.kept_words()
    with child(place, "window_child", "look", name="next") as later:
        seen: Entry | None = later.wait_for("seen", _START)
        shown = "" if seen is None else seen["words"]
    return kept + shown, shown
