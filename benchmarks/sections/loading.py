"""Reading MNIST from its four gzipped files."""

import subprocess
import sys

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
    tasks = {
        "first call, digits 0 and 1": lambda: _seconds(two, two)[0],
        "first call, all digits": lambda: _seconds(ten, ten)[0],
        "later call, digits 0 and 1": lambda: _seconds(ten, two)[1],
    }
    timings = take_turns(tasks, settings.rounds)
    return table(["", "time"], [[name, duration(timing)] for name, timing in timings.items()])


def _seconds(first: str, second: str) -> list[float]:
    code = _CODE.format(first=first, second=second)
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [float(word) for word in result.stdout.split()]
