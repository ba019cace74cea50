"""The competitors. Each is a module with a function ``make(workload, threads)`` that returns a `Session`."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.workloads import Workload

Params = dict[str, NDArray[Any]]


class Session(Protocol):
    """A network being trained by one competitor."""

    def train(self, batches: list[NDArray[np.intp]]) -> None:
        """Train on mini-batches; return when loss and right answers of each of them are known."""
        ...

    def params(self) -> Params:
        """Return the parameters under the names and in the shapes of CNNViz."""
        ...

    def evaluate(self) -> float:
        """Return the accuracy over all test images."""
        ...


class Competitor(NamedTuple):
    """Attributes: a label, the module of this package, a third-party package it needs, and its threads."""

    label: str
    module: str
    package: str = ""
    threads: int = 1

    @property
    def installed(self) -> bool:
        """Whether it can run here."""
        return not self.package or find_spec(self.package) is not None

    def start(self, workload: Workload) -> Session:
        """Build the network of a workload; call it in a process of its own."""
        module = import_module(f"benchmarks.competitors.{self.module}")
        return module.make(workload, self.threads)


COMPETITORS: dict[str, Competitor] = {
    "cnnviz": Competitor("CNNViz", "cnnviz_trainer"),
    "loop": Competitor("loop over pixels", "pixel_loop"),
    "torch-1": Competitor("PyTorch, 1 thread", "torch_network", "torch", 1),
    "torch-2": Competitor("PyTorch, 2 threads", "torch_network", "torch", 2),
    "jax": Competitor("JAX (jit)", "jax_network", "jax", 2),
    "jax-last": Competitor("JAX (jit), channels last", "jax_channels_last", "jax", 2),
}
"""All competitors. JAX takes its threads as it likes."""
