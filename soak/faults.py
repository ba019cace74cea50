"""Faults at every system call of a write: what was there stays whole, and nothing is left lying about."""

import json

from soak.children import child, complaint
from soak.places import private_place
from soak.results import Result
from soak.settings import Settings

_SECONDS_A_POINT = 30.0


def run(settings: Settings, result: Result) -> int:
    """Put the faults in, kind by kind; return how many."""
    with private_place("faults") as place:
        seconds = max(settings.left, 20.0)
        with child(
            place, "faults_child", json.dumps({"seconds": seconds, "seed": settings.seeds[0]})
        ) as began:
            status = began.wait(seconds + 4 * _SECONDS_A_POINT)
            if trouble := complaint(began, status) or ("" if status == 0 else f"status {status}"):
                result.find(f"writing files with faults: {trouble}")
            for each in began.entries("fault"):
                for text in each["findings"]:
                    result.find(f"{each['file']}: {text}")
            done = began.entries("done")
    for each in done:
        result.notes.append(f"{each['file']}: {each['tried']} of {each['points']} faults tried")
    return sum(each["tried"] for each in done)
