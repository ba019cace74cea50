"""Measure how far apart the numbers of a lab are under the kernels of OpenBLAS, and with them the tolerances.

    .venv/bin/python scripts/kernels.py lab5 pooling fooling --seeds 0 99 721895

Each lab is measured in a process of its own for every kernel that this processor has. It prints for each
measure the largest difference, and the largest relative to the number: what `cnnviz.lab.judging` goes by.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from cnnviz.datasets import load_mnist  # noqa: E402  # after the path is set
from cnnviz.lab.course import find_lab  # noqa: E402  # likewise
from cnnviz.lab.measured import measured_lab  # noqa: E402  # likewise
from cnnviz.lab.reading import load_lab  # noqa: E402  # likewise
from cnnviz.lab.verifying import KERNELS  # noqa: E402  # likewise
from cnnviz.quantities import format_value  # noqa: E402  # likewise
from cnnviz.runtime import blas_kernel  # noqa: E402  # likewise

type Numbers = dict[str, object]


def main() -> None:
    """Measure under each kernel, and print the spread."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("labs", nargs="+", help="lab files, or ids of labs of the program")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument(
        "--one", action="store_true", help="print the numbers under the present kernel as JSON"
    )
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measured(options.labs, options.seeds)))
        return
    found: dict[str, Numbers] = {}
    for kernel in KERNELS:
        command = [sys.executable, __file__, *options.labs, "--one", "--seeds", *map(str, options.seeds)]
        environment = {**os.environ, "OPENBLAS_CORETYPE": kernel}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode == 0:  # or this processor lacks its instructions
            numbers = json.loads(done.stdout)
            found.setdefault(numbers.pop("kernel"), numbers)
    print("kernels:", ", ".join(found))
    for name, spread in spreads(list(found.values())).items():
        print(f"{name:22} {spread}")


def measured(labs: list[str], seeds: list[int]) -> Numbers:
    """Return every number of some labs by what it is, and the kernel."""
    numbers: Numbers = {"kernel": blas_kernel()}
    for named in labs:
        lab = load_lab(find_lab(Path(named)))
        for seed in seeds:
            for place, each in enumerate(
                measured_lab(lab, load_mnist(lab.experiment.classes), seed).measured
            ):
                dtype = lab.experiment_of(lab.step(each.step)).dtype
                key = f"{each.measure} {dtype}|{lab.id} {seed} {place}"
                numbers[key] = each.value
    return numbers


def spreads(kernels: list[Numbers]) -> dict[str, str]:
    """Return how far apart each measure is at most, in words."""
    absolute: dict[str, float] = defaultdict(float)
    relative: dict[str, float] = defaultdict(float)
    unequal: dict[str, int] = defaultdict(int)
    for key in kernels[0]:
        values = [each[key] for each in kernels]
        name = key.partition("|")[0]
        unequal[name] += any(value != values[0] for value in values)
        numbers = [value for value in values if isinstance(value, int | float)]
        if len(numbers) == len(values):
            apart, size = max(numbers) - min(numbers), max(map(abs, numbers))
            absolute[name] = max(absolute[name], apart)
            relative[name] = max(relative[name], apart / size if size else 0.0)
    return {
        name: f"{unequal[name]} unequal, at most {format_value(absolute[name], 2)} apart, relative "
        f"{format_value(relative[name], 2)}"
        for name in sorted(unequal)
    }


if __name__ == "__main__":
    main()
