"""Classifying all test images."""

from benchmarks.rounds import Settings, take_turns, workers
from benchmarks.tables import duration, table
from benchmarks.workloads import Workload

TITLE = "Evaluation of the whole test set"


def run(settings: Settings) -> list[str]:
    """Time both networks."""
    columns: dict[str, dict[str, str]] = {}
    with workers(("cnnviz", "torch-1", "torch-2", "jax"), settings) as processes:
        for label, workload in (
            ("LAB5, 2,115 images", Workload("lab5", 1)),
            ("LENET, 10,000 images", Workload("lenet", 32)),
        ):
            tasks = {
                name: (
                    lambda process=process, workload=workload: process.ask("evaluate", workload)["seconds"]
                )
                for name, process in processes.items()
            }
            timings = take_turns(tasks, settings.rounds)
            columns[label] = {name: duration(timing) for name, timing in timings.items()}
    rows = [
        [process.label, *(column[name] for column in columns.values())] for name, process in processes.items()
    ]
    return [
        "CNNViz: logits, loss and probabilities of every image, from uint8. The others: right answers only, "
        "from float32, in batches of up to 512.",
        "",
        *table(["", *columns], rows),
    ]
