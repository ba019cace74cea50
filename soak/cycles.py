"""Single things done again and again, and what grows with each time."""

import json

from soak.children import child, complaint
from soak.doings import DOINGS
from soak.journal import Entry
from soak.places import private_place
from soak.results import Result
from soak.settings import Settings
from soak.slopes import slope

#: What a single time may add, in the last two thirds. Memory is given room for the allocator's moods.
BOUNDS = {"rss": 0.5, "objects": 20.0, "widgets": 0.5, "children": 0.5, "files": 0.2, "threads": 0.1}
_UNITS = {"rss": "MB", "objects": "Python objects", "widgets": "widgets", "children": "Qt objects",
          "files": "open files", "threads": "threads"}  # fmt: skip
_FEW = 10  # times, in which what is kept of the last few, and what is made when first shown, is growth still


def run(settings: Settings) -> Result:
    """Do each as often as there is time for; each in a process of its own, so that none hides another."""
    result = Result("cycles", "single things, again and again")
    names = list(DOINGS)
    groups = [[name] for name in names] if settings.minutes >= 30 else [names[::2], names[1::2]]
    worst, most = 0.0, 0.0
    for number, group in enumerate(groups):
        seconds = max(settings.left / (len(groups) - number), 15.0)
        entries = _cycle(result, group, 1.0 if settings.minutes < 30 else 4.0, seconds)
        for name in group:
            taken = [each for each in entries if each["kind"] == "sample" and each["doing"] == name]
            result.count += len(taken)
            for text in judge(name, taken):
                result.find(text)
            if taken:
                worst = max(worst, *(each["worst"] for each in taken))
                most = max(most, *(each["rss"] for each in taken))
                result.notes.append(figures(name, taken))
    result.worst = f"turn {worst:.2f} s; {most:.0f} MB"
    return result


def _cycle(result: Result, names: list[str], times: float, seconds: float) -> list[Entry]:
    with private_place("cycles") as place:
        options = json.dumps({"names": names, "times": times, "seconds": seconds})
        with child(place, "cycles_child", options) as started:
            status = started.wait(seconds + 240)
            entries = started.entries()
            last = [each for each in entries if each["kind"] == "sample"][-1:]
            if trouble := complaint(started, status) or ("" if status == 0 else f"exit status {status}"):
                result.find(f"{names[0]} …: {trouble}, after {last}")
    for each in entries:
        if each["kind"] == "error":
            result.find(each["text"])
        elif each["kind"] == "turn":
            where = each["where"][-1] if each["where"] else "?"
            result.find(f"{each['during'].partition(',')[0]}: a turn above 0.25 s at {where}")
    return entries


def judge(name: str, taken: list[Entry]) -> list[str]:
    """Return what grows."""
    if len(taken) < _FEW:
        return []
    grown = {key: slope([each[key] for each in taken]) for key in BOUNDS}
    return [
        f"{name}: {grown[key]:+.2f} {_UNITS[key]} each time, {bound} are allowed"
        for key, bound in BOUNDS.items()
        if grown[key] > bound
    ]


def figures(name: str, taken: list[Entry]) -> str:
    """Return the growth of everything, in a line."""
    growth = ", ".join(f"{slope([each[key] for each in taken]):+.2f} {unit}" for key, unit in _UNITS.items())
    first, last = taken[0], taken[-1]
    return f"{name}: {len(taken)} times, {first['rss']:.0f} to {last['rss']:.0f} MB; each time {growth}"
