"""A competitor in a process of its own: ``python -m benchmarks.worker NAME``.

It reads one request a line from standard input, as JSON, and answers each with one line.
"""

import json
import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.competitors import COMPETITORS, Competitor, Params, Session
from benchmarks.workloads import Workload
from cnnviz.datasets import to_input
from cnnviz.engines import LayeredEngine
from cnnviz.layers import ReLU
from cnnviz.optim import make_optimizer

_CHECK_STEPS = 5
_IMAGES, _MANY_IMAGES = 100, 1000
# So large that the parameters change by more than rounding errors.
_CHECK_RATE = 0.02


class Worker:
    """Answers requests; sessions are kept, so that a workload is built and compiled once.

    Parameters
    ----------
    competitor : Competitor
    """

    def __init__(self, competitor: Competitor) -> None:
        self._competitor = competitor
        self._sessions: dict[Workload, Session] = {}
        self._step_seconds: dict[Workload, float] = {}

    def check(self, workload: Workload) -> dict[str, float]:
        """Train a few steps; return how far the parameters are from those of the layers, relatively."""
        return {"error": arithmetic_error(self._competitor, workload)}

    def train(self, workload: Workload, seconds: float) -> dict[str, float]:
        """Train for about so long; return seconds for each step."""
        session = self._session(workload)
        images = len(workload.dataset().train_labels)
        if workload not in self._step_seconds:
            session.train(workload.batches(3, images))
            self._step_seconds[workload] = self._timed(session, workload, images, 3)
        steps = max(3, round(seconds / self._step_seconds[workload]))
        self._step_seconds[workload] = self._timed(session, workload, images, steps)
        return {"seconds": self._step_seconds[workload], "steps": steps}

    def stretch(self, workload: Workload, steps: int) -> dict[str, float]:
        """Train so many more steps; return seconds of the processor for each."""
        session = self._session(workload)
        batches = workload.batches(steps, len(workload.dataset().train_labels))
        start = time.process_time()
        session.train(batches)
        return {"seconds": (time.process_time() - start) / steps}

    def life(self, workload: Workload) -> dict[str, float]:
        """Return how much of the network lives.

        ``zeros`` is the share of the gradient of one image that is exactly 0, the mean over some images;
        ``alive`` the share of filters and units that fire for at least one of many.
        """
        network, dataset = workload.build().build_network(), workload.dataset()
        network = network.with_params(self._session(workload).params())
        engine = LayeredEngine(network)
        zeros: list[float] = []
        for image in range(_IMAGES):
            engine.step_gradients(dataset.train_images, dataset.train_labels, np.array([image]))
            zeros.append(float((engine.gradient == 0).mean()))
        trace = network.forward(to_input(dataset.test_images[:_MANY_IMAGES], network.dtype))
        fires = [
            (trace.outputs[name].reshape(_MANY_IMAGES, network.shapes[name][0], -1) > 0).any(axis=(0, 2))
            for name, layer in network.layers
            if isinstance(layer, ReLU)
        ]
        return {"zeros": float(np.mean(zeros)), "alive": float(np.concatenate(fires).mean())}

    def epoch(self, workload: Workload) -> dict[str, float]:
        """Train for one epoch; return seconds."""
        session = self._session(workload)
        images = len(workload.dataset().train_labels)
        steps = images // workload.batch_size
        return {"seconds": self._timed(session, workload, images, steps) * steps}

    def evaluate(self, workload: Workload) -> dict[str, float]:
        """Classify all test images; return seconds."""
        session = self._session(workload)
        session.evaluate()
        start = time.perf_counter()
        accuracy = session.evaluate()
        return {"seconds": time.perf_counter() - start, "accuracy": accuracy}

    def _session(self, workload: Workload) -> Session:
        if workload not in self._sessions:
            self._sessions[workload] = self._competitor.start(workload)
        return self._sessions[workload]

    @staticmethod
    def _timed(session: Session, workload: Workload, images: int, steps: int) -> float:
        batches = workload.batches(steps, images)
        start = time.perf_counter()
        session.train(batches)
        return (time.perf_counter() - start) / steps


def arithmetic_error(competitor: Competitor, workload: Workload) -> float:
    """Compare a few steps of training with the same steps of the layers in float64."""
    workload = replace(workload, learning_rate=_CHECK_RATE)
    dataset = workload.dataset()
    batches = workload.batches(_CHECK_STEPS, len(dataset.train_labels))
    session = competitor.start(workload)
    session.train(batches)
    experiment = workload.build()
    network = experiment.build_network()
    exact = type(network).build(network.layers, network.input_shape, network.seed, "float64")
    start: Params = {name: array.astype(np.float64) for name, array in network.params.items()}
    engine = LayeredEngine(exact.with_params(start))
    optimizer = make_optimizer(experiment.optimizer, experiment.learning_rate, experiment.momentum)
    for indices in batches:
        engine.step_gradients(dataset.train_images, dataset.train_labels, indices)
        optimizer.update(engine.vector, engine.gradient)
    found = session.params()
    return max(
        float(np.abs(found[name] - array).max() / np.abs(array - start[name]).max())
        for name, array in engine.params.items()
    )


def main() -> None:
    """Answer requests until the input ends."""
    # What a competitor prints must not get between the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    worker = Worker(COMPETITORS[sys.argv[1]])
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        workload = Workload(**request.pop("workload"))
        answer = getattr(worker, request.pop("do"))(workload, **request)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
