"""How throughput changes with the size of the data set and of the network."""

from benchmarks.rounds import Settings, time_training, workers
from benchmarks.tables import rate, table
from benchmarks.workloads import Workload

TITLE = "Scaling, images a second"

_BATCH = 32
_IMAGES = (1_000, 10_000, 60_000)
_FILTERS = (8, 16, 32, 64)


def run(settings: Settings) -> list[str]:
    """Measure with more and more images, and with more and more filters."""
    lines = [f"LAB5 for all ten digits (softmax), batch size {_BATCH}, float32."]
    with workers(("cnnviz", "torch-1", "torch-2", "jax"), settings) as processes:
        for header, workloads in (
            ("images", {f"{count:,}": Workload("ten-digits", _BATCH, images=count) for count in _IMAGES}),
            ("filters", {f"{count}": Workload("ten-digits", _BATCH, filters=count) for count in _FILTERS}),
        ):
            timings = {label: time_training(processes, work, settings) for label, work in workloads.items()}
            rows = [
                [process.label, *(rate(times[name], _BATCH) for times in timings.values())]
                for name, process in processes.items()
            ]
            lines += ["", *table(["", *(f"{label} {header}" for label in timings)], rows)]
    return lines
