"""The competitors take turns: worker processes, rounds, medians."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.competitors import COMPETITORS
from benchmarks.workloads import Workload

# Thread pools go on spinning for a moment after their work is done; the next one shall not pay for it.
_PAUSE_SECONDS = 0.2
_LARGEST_ERROR = 1e-3


@dataclass(frozen=True)
class Settings:
    """How long and how often to measure.

    Attributes
    ----------
    rounds : int
        How often each competitor is measured.
    seconds : float
        How long each time, at least.
    commit : str
        Commit whose program is measured beside this one; "" for none.
    earlier : Path, optional
        Folder with the program of that commit.
    """

    rounds: int = 7
    seconds: float = 0.4
    commit: str = ""
    earlier: Path | None = None

    @property
    def programs(self) -> dict[str, Path | None]:
        """Folders in which this program and the earlier one, if there is one, begin, by name."""
        return {"CNNViz": None} | ({f"CNNViz at {self.commit}": self.earlier} if self.earlier else {})


@dataclass(frozen=True)
class Timing:
    """Times of one thing, one from each round.

    Attributes
    ----------
    seconds : list of float
    """

    seconds: list[float]

    @property
    def median(self) -> float:
        """Median, in seconds."""
        return median(self.seconds)

    @property
    def spread(self) -> float:
        """Half the distance of the quartiles, relative to the median."""
        if len(self.seconds) < 2:
            return 0.0
        low, _, high = quantiles(self.seconds, n=4, method="inclusive")
        return (high - low) / 2 / self.median


class WorkerProcess:
    """A competitor in its own process, waiting for requests.

    Parameters
    ----------
    name : str
        A key of `COMPETITORS`.
    folder : Path, optional
        Where the process begins: a folder with another commit of the program and these benchmarks.
    label : str
        What tables call it; "" for the competitor's own.
    """

    def __init__(self, name: str, folder: Path | None = None, label: str = "") -> None:
        self.label = label or COMPETITORS[name].label
        threads = str(COMPETITORS[name].threads)
        environment = os.environ | {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=folder,
        )

    def ask(self, action: str, workload: Workload, **arguments: Any) -> dict[str, float]:
        """Send a request and wait for the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"do": action, "workload": asdict(workload), **arguments}
        print(json.dumps(request), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(
                f"The process of a competitor ended while it was asked to {action} {workload}."
            )
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)


@contextmanager
def workers(names: Sequence[str], settings: Settings) -> Iterator[dict[str, WorkerProcess]]:
    """Start the competitors that are installed and the earlier program, "earlier", and end them."""
    processes = {name: WorkerProcess(name) for name in names if COMPETITORS[name].installed}
    for label, folder in settings.programs.items():
        if folder is not None:
            processes["earlier"] = WorkerProcess("cnnviz", folder, label)
    try:
        yield processes
    finally:
        for process in processes.values():
            process.close()


def check_arithmetic(processes: dict[str, WorkerProcess], workload: Workload) -> float:
    """Raise unless all competitors do the same; return the largest relative difference.

    The earlier program is not asked: what it is compared with is of today.
    """
    asked = [process for name, process in processes.items() if name in COMPETITORS]
    errors = {process.label: process.ask("check", workload)["error"] for process in asked}
    for label, error in errors.items():
        if not error < _LARGEST_ERROR:
            raise RuntimeError(f"{label} does not compute {workload}: it is off by {error:.2g}.")
    return max(errors.values())


def take_turns[K](tasks: dict[K, Callable[[], float]], rounds: int) -> dict[K, Timing]:
    """Run all tasks `rounds` times in turn, each of which returns seconds; the first round is not counted."""
    seconds: dict[K, list[float]] = {name: [] for name in tasks}
    for number in range(rounds + 1):
        for name, task in tasks.items():
            time.sleep(_PAUSE_SECONDS)
            measured = task()
            if number:
                seconds[name].append(measured)
    return {name: Timing(times) for name, times in seconds.items()}


def time_training(
    processes: dict[str, WorkerProcess], workload: Workload, settings: Settings
) -> dict[str, Timing]:
    """Return seconds for a training step of each competitor."""

    def task(process: WorkerProcess) -> Callable[[], float]:
        return lambda: process.ask("train", workload, seconds=settings.seconds)["seconds"]

    return take_turns({name: task(process) for name, process in processes.items()}, settings.rounds)
