"""The competitors of the benchmarks do the same arithmetic, each written in its own way."""

import pytest

from benchmarks.competitors import COMPETITORS
from benchmarks.worker import arithmetic_error
from benchmarks.workloads import Workload

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
