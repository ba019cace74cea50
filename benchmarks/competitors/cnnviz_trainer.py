"""CNNViz, through `Trainer`, as the program uses it."""

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.competitors import Params
from benchmarks.workloads import Workload
from cnnviz.training import Trainer


class CNNVizSession:
    """See `benchmarks.competitors.Session`. The trainer draws its own batches, in the same order."""

    def __init__(self, workload: Workload) -> None:
        experiment = workload.build()
        self._trainer = Trainer(experiment.build_network(), workload.dataset(), experiment)

    def train(self, batches: list[NDArray[np.intp]]) -> None:
        """Train for as many steps as there are batches."""
        self._trainer.advance(len(batches))

    def params(self) -> Params:
        """Return the parameters."""
        return dict(self._trainer.network.params)

    def evaluate(self) -> float:
        """Return the accuracy over the test images."""
        return self._trainer.evaluate().accuracy


def make(workload: Workload, threads: int) -> CNNVizSession:
    """Return a session on one thread."""
    del threads
    threadpool_limits(1, user_api="blas")
    return CNNVizSession(workload)
