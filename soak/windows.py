"""Two windows of one user are two documents: both write in turn, and nothing of either may be lost."""

import signal
import time

from soak.children import child, complaint
from soak.kill import what_is_left
from soak.places import private_place
from soak.results import Result
from soak.settings import Settings

_START = 60.0
_ENDS = ("close", "kill the first", "kill both")


def run(settings: Settings) -> Result:
    """Try each way in which the two can end, while there is time."""
    result = Result("windows", "two windows with one folder, ending in turn")
    most = 0
    for ending in _ENDS:
        if result.count and settings.left <= 0:
            result.notes.append(f"ending by {ending!r} was left out: the time was up")
            continue
        most = max(most, _try(result, ending))
        result.count += 1
    result.worst = f"{most} words lost"
    return result


def _try(result: Result, ending: str) -> int:
    """Let two windows write six words each; return how many are lost."""
    with (
        private_place("windows") as place,
        child(place, "window_child", "word", "first", name="first") as first,
        child(place, "window_child", "idle", "second", name="second") as second,
    ):
        both = (first, second)
        for each in both:
            if each.wait_for("ready", _START) is None:
                result.find(f"the window did not open: {complaint(each, each.wait(0))}")
                return 0
        for _ in range(6):
            for each in both:
                each.say("word")
                time.sleep(0.3)
        time.sleep(1.5)
        for number, each in enumerate(both):
            if ending == "kill both" or (ending == "kill the first" and number == 0):
                each.signal(signal.SIGKILL)
            else:
                each.say("close")
            if each.wait(20) is None:
                result.find("a window did not close")
        typed = {each.journal.stem: [entry["word"] for entry in each.entries("typed")] for each in both}
        held, shown = what_is_left(place)
        lost = 0
        for name, words in typed.items():
            gone = [word for word in words if word not in held]
            lost += len(gone)
            if gone:
                result.find(f"{len(gone)} of {len(words)} words of the {name} window are lost ({ending})")
            if any(word not in shown for word in words if word in held):
                result.notes.append(
                    f"words of the {name} window are kept but not on the screen at once ({ending})"
                )
        return lost
