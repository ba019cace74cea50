"""How to measure a lab again: the command, the settings of its run, the versions of the programs."""

import platform
import shlex
from collections.abc import Iterator
from typing import Any, cast

import numpy as np

from cnnviz import __version__
from cnnviz.datasets import Dataset
from cnnviz.datasets.load import MNIST_FOLDER
from cnnviz.experiment import PRESETS, Experiment
from cnnviz.quantities import format_count
from cnnviz.report.bench import Bench
from cnnviz.report.blocks import Cell, Table, Words, data


def versions() -> dict[str, str]:
    """Return the versions of everything that decides the numbers."""
    return {
        "CNNViz": __version__,
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "system": f"{platform.system()} {platform.machine()}",
    }


def command_line(experiment: Experiment, dataset: Dataset, sample: int = 0) -> str:
    """Return the command that runs the lab again with the same settings.

    What differs from the nearest preset is named; settings without an option of their own by ``--set``.
    """
    name = min(PRESETS, key=lambda each: len(experiment.differing(PRESETS[each])))
    words = ["cnnviz", "--headless", "--preset", name]
    if dataset.path is not None and dataset.path != MNIST_FOLDER:
        words += ["--data", str(dataset.path)]
    for setting in experiment.differing(PRESETS[name]):
        words += _option(setting, getattr(experiment, setting))
    if sample:
        words += ["--sample", str(sample)]
    return shlex.join([*words, "--report", "lab5.pdf"])


def _option(field: str, value: Any) -> list[str]:
    if field == "classes":
        return ["--classes", *value]
    if field in ("epochs", "batch_size", "learning_rate", "seed"):
        return [f"--{field.replace('_', '-')}", repr(value)]
    if isinstance(value, tuple):
        sizes = cast("tuple[int, ...]", value)
        return ["--set", f"{field}={','.join(str(each) for each in sizes)}"]
    return ["--set", f"{field}={str(value).lower() if isinstance(value, bool) else value}"]


def appendix_blocks(bench: Bench) -> Iterator[Words | Table]:
    """Yield how to measure again what was measured on a bench."""
    experiment, dataset = bench.experiment, bench.dataset
    yield Words("This command, with the same seed and versions, gives the same numbers:")
    yield Words(command_line(experiment, dataset, bench.settings.sample), "code")
    settings = [
        (name.replace("_", " "), _setting(value))
        for name, value in experiment.to_dict().items()
        if name not in experiment.unused
    ]
    yield Table(
        "settings", "Settings of the run.", data(("setting", "value"), settings), ("text", "text"), columns=3
    )
    images = (
        f"{dataset.name}: {format_count(len(dataset.train_labels))} training, "
        f"{format_count(len(dataset.test_labels))} test images"
    )
    rows: list[tuple[Cell, ...]] = [*versions().items(), ("data", images)]
    if dataset.conversion:
        rows.append(("changes to the data", dataset.conversion))
    rows.append(("SHA-256 of the data", dataset.sha256))
    yield Table("versions", "Versions and data.", data(("what", "value"), rows), ("text", "text"))


def _setting(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(each) for each in value) or "none"  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] -- out of JSON
    return str(value)
