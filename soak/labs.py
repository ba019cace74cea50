"""Random ways through the labs of the program, with restarts in between: nothing that is said may be lost."""

from soak.children import child, complaint
from soak.journal import Entry
from soak.monkey import judge
from soak.places import private_place
from soak.results import Result
from soak.settings import Settings

_SITTING = 40.0
_ENDS_WITHIN = 60.0


def run(settings: Settings) -> Result:
    """Sit down again and again with the same labs, until the time is up; each seed has a place of its own."""
    result = Result("labs", f"random ways through the labs, seeds {', '.join(map(str, settings.seeds))}")
    worst = 0.0
    for number, seed in enumerate(settings.seeds):
        seconds = settings.left / (len(settings.seeds) - number)
        if number and seconds < _SITTING / 2:
            result.notes.append(f"seed {seed} was left out: the time was up")
            continue
        entries = _sit_down(result, seed, max(round(seconds / _SITTING), 2))
        result.count += sum(each["moves"] for each in entries if each["kind"] == "end")
        worst = max(worst, *(each["worst"] for each in entries if each["kind"] == "end"), 0.0)
        ends = [each for each in entries if each["kind"] == "end"]
        if ends:
            result.notes.append(f"seed {seed}: {len(ends)} sittings; in the end {ends[-1]['said']}")
    result.worst = f"turn {worst:.2f} s"
    return result


def _sit_down(result: Result, seed: int, sittings: int) -> list[Entry]:
    found: list[Entry] = []
    with private_place(f"labs-{seed}") as place:
        for sitting in range(sittings):
            arguments = (str(seed), str(sitting), str(_SITTING))
            with child(place, "labs_child", *arguments, name=f"sitting{sitting}") as started:
                status = started.wait(_SITTING + _ENDS_WITHIN)
                entries = started.entries()
            found += entries
            if trouble := complaint(started, status) or ("" if status == 0 else f"exit status {status}"):
                result.find(f"seed {seed}, sitting {sitting}: {trouble}; {_last(entries)}")
            for text in judge(entries):
                result.find(f"seed {seed}, sitting {sitting}: {text}")
    return found


def _last(entries: list[Entry]) -> str:
    moves = [each["what"] for each in entries if each["kind"] == "move"]
    return f"the last moves were {', '.join(moves[-4:])}"
