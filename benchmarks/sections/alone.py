"""LENET on one image at a time: whether it stays as fast as it begins."""

from contextlib import ExitStack

from benchmarks.competitors import COMPETITORS
from benchmarks.rounds import Settings, Timing, WorkerProcess
from benchmarks.tables import rate, table
from benchmarks.workloads import LENET_ALONE

TITLE = "LENET at batch 1, images for a second of processor time as training goes on"

_STRETCHES = (200, 800, 1000, 1000, 1000)
_COUNTED = ((0, 1), (1, 2), (2, 5))  # of the stretches: at first, then, and in the end
_LIVING = 0.9


def run(settings: Settings) -> list[str]:
    """Train in turns, stretch by stretch, and look how much of the network lives."""
    with ExitStack() as stack:
        workers = {name: WorkerProcess("cnnviz", folder) for name, folder in settings.programs.items()}
        if COMPETITORS["torch-1"].installed:
            workers[COMPETITORS["torch-1"].label] = WorkerProcess("torch-1")
        for worker in workers.values():
            stack.callback(worker.close)
        seconds: dict[str, list[float]] = {name: [] for name in workers}
        for steps in _STRETCHES:
            for name, worker in workers.items():
                seconds[name].append(worker.ask("stretch", LENET_ALONE, steps=steps)["seconds"])
        life = workers["CNNViz"].ask("life", LENET_ALONE)
    ends = [sum(_STRETCHES[:count]) for count in range(len(_STRETCHES) + 1)]
    header = ["", *(f"steps {ends[first] + 1:,} to {ends[last]:,}" for first, last in _COUNTED)]
    rows = [
        [name, *(rate(Timing(times[first:last]), 1) for first, last in _COUNTED)]
        for name, times in seconds.items()
    ]
    if life["alive"] < _LIVING:
        raise RuntimeError(f"Only {life['alive']:.0%} of the units of LENET live: the figures say nothing.")
    return [
        f"Learning rate {LENET_ALONE.learning_rate}, momentum {LENET_ALONE.build().momentum}, so that the "
        f"network lives: after {ends[-1]:,} steps {life['alive']:.1%} of its filters and units fire for some "
        f"of 1,000 test images, and {life['zeros']:.1%} of the gradient of a single image are exactly 0. (At "
        "the preset's rate, which is for batches of 32, the network dies, and more than 99 % are.)",
        "",
        *table(header, rows),
    ]
