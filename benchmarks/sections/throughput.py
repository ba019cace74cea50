"""Images a second in training, side by side."""

from benchmarks.rounds import (
    Settings,
    Timing,
    WorkerProcess,
    check_arithmetic,
    time_training,
    workers,
)
from benchmarks.tables import rate, table, verdict
from benchmarks.workloads import LENET_ALONE, Workload

TITLE = "Training, images a second"

_BATCHES = {"lab5": (1, 8, 32, 64, 256), "lenet": (1, 32, 128)}
_PEERS = ("torch-1", "torch-2", "jax", "jax-last")


def run(settings: Settings) -> list[str]:
    """Measure both networks at all sizes of a batch."""
    lines = [
        "Median over the rounds, ± half the distance of the quartiles. float32, ties to the first. CNNViz "
        "draws the order of the images, converts them from uint8 and records every step's loss and right "
        "answers; the others get all images in float32 beforehand and fetch losses once at the end.",
    ]
    with workers(("cnnviz", *_PEERS), settings) as processes:
        for network, batches in _BATCHES.items():
            timings = {size: _time(processes, _workload(network, size), settings) for size in batches}
            lines += ["", f"### {network.upper()}", "", *_rates(processes, timings)]
            lines += ["", *_verdicts(network, timings)]
    return lines


def _workload(network: str, size: int) -> Workload:
    return LENET_ALONE if (network, size) == ("lenet", 1) else Workload(network, size)


def _time(processes: dict[str, WorkerProcess], workload: Workload, settings: Settings) -> dict[str, Timing]:
    check_arithmetic(processes, workload)
    return time_training(processes, workload, settings)


def _rates(processes: dict[str, WorkerProcess], timings: dict[int, dict[str, Timing]]) -> list[str]:
    rows = [
        [process.label, *(rate(timings[size][name], size) for size in timings)]
        for name, process in processes.items()
    ]
    return table(["", *(f"batch {size}" for size in timings)], rows)


def _verdicts(network: str, timings: dict[int, dict[str, Timing]]) -> list[str]:
    """Return how many times as fast as its rivals CNNViz is."""
    if network == "lab5":
        rivals, target, text = _PEERS, 1.5, "CNNViz : fastest other (target 1.5)"
    else:
        rivals, target, text = ("torch-1",), 1.3, "CNNViz : PyTorch on as many threads, 1 (target 1.3)"
    row = [text]
    for times in timings.values():
        present = [times[name].median for name in rivals if name in times]
        row.append(verdict(min(present) / times["cnnviz"].median, target) if present else "not installed")
    rows = [row]
    if network != "lab5":
        everyone = ["CNNViz : fastest other"]
        for times in timings.values():
            present = [times[name].median for name in _PEERS if name in times]
            everyone.append(f"{min(present) / times['cnnviz'].median:.1f} x" if present else "not installed")
        rows.append(everyone)
    return table(["", *(f"batch {size}" for size in timings)], rows)
