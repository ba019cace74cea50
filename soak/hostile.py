"""Hostile files of every kind, read by the engine and opened in the window."""

import json
import signal
import time

from soak.children import Child, child, complaint
from soak.places import private_place
from soak.results import Result
from soak.settings import Settings

COUNT = 800
_FROZEN_AFTER = 45.0


def run(settings: Settings) -> Result:
    """Read all, if there is time; then open as many as there is time for."""
    result = Result("hostile", "mutated files and bombs: engine, window")
    whole = settings.left
    options = {"seed": settings.seeds[0], "count": COUNT}
    seconds, megabytes = _read(result, options | {"seconds": whole / 2, "least": 60})
    worst = _open(result, options, max(settings.left, 25.0))
    result.worst = f"{seconds:.1f} s, {megabytes:.0f} MB; turn {worst:.2f} s"
    return result


def _read(result: Result, options: dict[str, float]) -> tuple[float, float]:
    with private_place("hostile") as place, child(place, "hostile_child", json.dumps(options)) as started:
        status = started.wait(options["seconds"] + 600)
        entries = started.entries("read")
        if trouble := complaint(started, status) or ("" if status == 0 else f"exit status {status}"):
            result.find(f"engine: {trouble}")
    for each in entries:
        for text in each["findings"]:
            result.find(f"engine: {each['file']}, {each['name']}: {text}")
    result.count += len(entries)
    result.notes.append(f"{len(entries)} files read by the engine")
    numbers = [(each["seconds"], each["mb"]) for each in entries if "seconds" in each] or [(0.0, 0.0)]
    return max(each[0] for each in numbers), max(each[1] for each in numbers)


def _open(result: Result, options: dict[str, float], seconds: float) -> float:
    """Open files in the window; one that stops it is found, and the rest goes on without it."""
    end, first, worst, opened = time.monotonic() + seconds, 0, 0.0, 0
    while first is not None and (opened == 0 or time.monotonic() < end):
        with private_place("hostile-window") as place:
            left = json.dumps(options | {"first": first, "seconds": max(end - time.monotonic(), 10.0)})
            with child(place, "hostile_window", left) as started:
                trouble = _watch(started)
                looked, begun = started.entries("looked"), started.entries("open")
                if trouble:
                    at = begun[-1] if begun else {"file": "none", "name": "at the start", "index": COUNT}
                    result.find(f"window: {at['file']}, {at['name']}: {trouble}")
                for text in _found(started):
                    result.find(f"window: {text}")
        worst = max([worst, *(each["worst"] for each in looked)])
        opened += len(looked)
        first = begun[-1]["index"] + 1 if trouble and begun else None
    result.count += opened
    result.notes.append(f"{opened} files opened in the window")
    return worst


def _watch(started: Child) -> str:
    """Wait for the end; return how it went wrong."""
    size, moved = 0, time.monotonic()
    while (status := started.wait(0.3)) is None:
        grown = started.journal.stat().st_size if started.journal.exists() else 0
        if grown != size:
            size, moved = grown, time.monotonic()
        if time.monotonic() - moved > _FROZEN_AFTER * (1 if started.entries("open") else 4):
            started.signal(signal.SIGABRT)
            return f"the window stood still; {complaint(started, started.wait(5))}"
    return complaint(started, status) or ("" if status == 0 else f"exit status {status}")


def _found(started: Child) -> list[str]:
    """Return the findings, those of errors and long turns with the file that was open then."""
    found: list[str] = []
    at = "at the start"
    for each in started.entries():
        match each["kind"]:
            case "open":
                at = f"{each['file']}, {each['name']}"
            case "error":
                found.append(f"{at}: {each['text']}")
            case "turn":
                where = each["where"][-1] if each["where"] else "?"
                found.append(f"{at}: a turn of {each['seconds']:.2f} s at {where}")
            case "looked":
                found += [f"{at}: {text}" for text in each["findings"]]
    return found
