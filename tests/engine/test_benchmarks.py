"""The competitors of the benchmarks do the same arithmetic, each written in its own way."""

import json
import subprocess
import sys

import pytest

from benchmarks.competitors import COMPETITORS
from benchmarks.worker import arithmetic_error
from benchmarks.workloads import Workload
from tests.patience import PATIENCE

WORKLOADS = {
    "lab5": Workload("lab5", 8),
    "lenet": Workload("lenet", 4),
    "scaling": Workload("ten-digits", 16, filters=3, images=100),
}


@pytest.mark.parametrize("name", ["cnnviz", "torch-1", "jax", "jax-last"])
@pytest.mark.parametrize("workload", WORKLOADS)
def test_competitor_trains_like_the_layers(name, workload):
    if not COMPETITORS[name].installed:
        pytest.skip(f"{COMPETITORS[name].package} is not installed")
    assert arithmetic_error(COMPETITORS[name], WORKLOADS[workload]) < 1e-3


def test_loop_over_pixels_trains_like_the_layers():
    assert arithmetic_error(COMPETITORS["loop"], Workload("lab5-preset", 1)) < 1e-9


def test_worker_answers_requests_line_by_line():
    workload = {"experiment": "lab5", "batch_size": 4, "images": 40}
    requests = [
        {"do": "train", "workload": workload, "seconds": 0.01},
        {"do": "epoch", "workload": workload},
        {"do": "evaluate", "workload": workload},
    ]
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks.worker", "cnnviz"],
        input="".join(json.dumps(request) + "\n" for request in requests),
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    train, epoch, evaluation = map(json.loads, result.stdout.splitlines())
    assert train["seconds"] > 0
    assert train["steps"] >= 3
    assert epoch["seconds"] > 0
    assert 0.4 < evaluation["accuracy"] <= 1
