"""Reading MNIST from its four gzipped files."""

import subprocess
import sys
from functools import partial
from pathlib import Path

from benchmarks.rounds import Settings, take_turns
from benchmarks.tables import duration, table

TITLE = "Loading MNIST"

_CODE = """
import time
from cnnviz.datasets import load_mnist
start = time.perf_counter()
load_mnist({first})
middle = time.perf_counter()
load_mnist({second})
print(middle - start, time.perf_counter() - middle)
"""


def run(settings: Settings) -> list[str]:
    """Time the first call of a process, which reads and checks the files, and a later one."""
    two, ten = "(0, 1)", "range(10)"
    calls = {
        "first call, digits 0 and 1": (two, two, 0),
        "first call, all digits": (ten, ten, 0),
        "later call, digits 0 and 1": (ten, two, 1),
    }
    programs = settings.programs
    tasks = {
        (call, program): partial(_seconds, *arguments, folder)
        for call, arguments in calls.items()
        for program, folder in programs.items()
    }
    timings = take_turns(tasks, settings.rounds)
    rows = [[call, *(duration(timings[call, program]) for program in programs)] for call in calls]
    return table(["", *programs], rows)


def _seconds(first: str, second: str, place: int, folder: Path | None) -> float:
    code = _CODE.format(first=first, second=second)
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return float(result.stdout.split()[place])
