"""Where the time of a training step goes, and how far that is from what the machine could do."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from math import prod
from statistics import median
from typing import Any

import numpy as np

from benchmarks.rounds import Settings
from benchmarks.tables import seconds, table
from benchmarks.workloads import Workload
from cnnviz.fused import plan_stages
from cnnviz.fused.chunks import TrainingChunk
from cnnviz.fused.parameters import StageVector
from cnnviz.runtime import one_blas_thread
from cnnviz.training import Trainer

TITLE = "Where the time goes"

_WORKLOADS = (Workload("lab5", 1), Workload("lab5", 64), Workload("lenet", 1), Workload("lenet", 32))
_LOOP_SECONDS = 0.003
_EVERY_SHARE = ("matrix products", "copies of patches", "pools and activations", "loading images", "loss")


@dataclass(frozen=True)
class Machine:
    """What one core does at best.

    Attributes
    ----------
    flops : float
        Floating-point operations a second in a matrix product of float32.
    bytes : float
        Bytes a second, read and written, when NumPy copies within the level-2 cache.
    call : float
        Seconds for a NumPy call that has next to nothing to do.
    """

    flops: float
    bytes: float
    call: float


@dataclass
class Share:
    """One kind of work in a step: measured seconds, and what it asks of the machine."""

    seconds: float = 0.0
    calls: int = 0
    flops: int = 0
    bytes: int = 0

    def limit(self, machine: Machine) -> float:
        """Seconds in which the machine could do it at best, Python not counted."""
        return self.flops / machine.flops + self.bytes / machine.bytes


def run(settings: Settings) -> list[str]:
    """Take apart the steps of both networks."""
    with one_blas_thread():
        machine = _measure_machine(settings.rounds)
        lines = [
            f"One core of this machine does {machine.flops / 1e9:.0f} GFlop/s in matrix products of float32, copies "
            f"{machine.bytes / 1e9:.0f} GB/s within its level-2 cache (read + written), and needs "
            f"{seconds(machine.call)} for a NumPy call on a few numbers. "
            "*At best* is the time that the same operations would take at these speeds, *calls* what the calls "
            "alone would take. *The rest* is Python between the calls, order of the images, record and update.",
        ]
        for workload in _WORKLOADS:
            lines += ["", *_take_apart(workload, machine, settings.rounds)]
    return lines


def _take_apart(workload: Workload, machine: Machine, rounds: int) -> list[str]:
    trainer = Trainer(workload.build().build_network(), workload.dataset(), workload.build().train_config())
    trainer.advance(10)
    steps = max(10, int(0.1 / (trainer.advance(10).seconds / 10)))
    step = median(trainer.advance(steps).seconds / steps for _ in range(rounds))
    shares = _shares(workload)
    at_best = sum(share.limit(machine) for share in shares.values())
    calls = sum(share.calls for share in shares.values())
    rows = [
        [
            name,
            seconds(share.seconds),
            f"{share.seconds / step:.0%}",
            str(share.calls),
            seconds(share.limit(machine)) if share.flops or share.bytes else "",
        ]
        for name, share in shares.items()
    ]
    rest = step - sum(share.seconds for share in shares.values())
    rows.append(["the rest", seconds(max(rest, 0.0)), f"{rest / step:.0%}", "", ""])
    rows.append(["**a step**", f"**{seconds(step)}**", "", str(calls), seconds(at_best)])
    limit = at_best + calls * machine.call
    return [
        f"**{workload.experiment.upper()}, batch {workload.batch_size}**: {_verdict(step, at_best, calls, machine)} "
        f"The step takes {step / limit:.1f} times as long as the arithmetic at best and its calls together "
        f"({seconds(limit)}).",
        "",
        *table(["", "time", "share", "calls", "at best"], rows),
    ]


def _verdict(step: float, at_best: float, calls: int, machine: Machine) -> str:
    python = calls * machine.call
    if python > at_best:
        return f"Python calls are the limit: {calls} calls cost {seconds(python)}, the arithmetic {seconds(at_best)}."
    return (
        f"Arithmetic and copies are the limit: {seconds(at_best)}, the {calls} calls cost {seconds(python)}."
    )


def _shares(workload: Workload) -> dict[str, Share]:
    """Time every call of a step on its own."""
    experiment, dataset = workload.build(), workload.dataset()
    network, samples = experiment.build_network(), workload.batch_size
    stages = plan_stages(network.layers, network.input_shape)
    assert stages is not None
    parameters, gradients = StageVector(stages, network.dtype), StageVector(stages, network.dtype)
    for name, view in parameters.views.items():
        view[...] = network.params[name]
    chunk = TrainingChunk(stages, parameters, gradients, samples)
    images, labels = dataset.train_images[:samples].reshape(samples, -1), dataset.train_labels[:samples]
    chunk.learn(images, labels, samples)
    shares = {name: Share() for name in _EVERY_SHARE}
    for name, call in (
        ("loading images", partial(chunk.load, images)),
        ("loss", partial(chunk.head, labels, samples)),
        *((_kind(call), call) for call in [*chunk.forward_calls, *chunk.backward_calls]),
    ):
        share = shares[name]
        share.seconds += _best_of(call)
        share.calls += 1
        if name not in ("loading images", "loss"):
            share.flops += _flops(call) if name == "matrix products" else 0
            share.bytes += 0 if name == "matrix products" else _bytes(call)
    return shares


def _kind(call: Any) -> str:
    function = call.func
    if function in (np.dot, np.matmul):
        return "matrix products"
    if getattr(function, "__name__", "") == "take" or getattr(function, "__self__", None) is np.add:
        return "copies of patches"
    return "pools and activations"


def _arrays(call: Any) -> Iterable[np.ndarray[Any, Any]]:
    own = getattr(call.func, "__self__", None)
    candidates = [own, *call.args, *call.keywords.values()]
    return (array for array in candidates if isinstance(array, np.ndarray))


def _bytes(call: Any) -> int:
    """Bytes read and written; `take` reads no more than it writes."""
    if getattr(call.func, "__name__", "") == "take":
        table, _, out, _ = call.args
        return table.nbytes + 2 * out.nbytes
    return sum(array.nbytes for array in _arrays(call))


def _flops(call: Any) -> int:
    left, _, out = call.args
    return 2 * prod(out.shape) * left.shape[-1]


def _best_of(call: Callable[[], object]) -> float:
    call()
    start = time.perf_counter()
    call()
    repeats = max(3, int(_LOOP_SECONDS / max(time.perf_counter() - start, 1e-7)))
    times = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        times.append((time.perf_counter() - start) / repeats)
    return median(times)


def _measure_machine(rounds: int) -> Machine:
    left, right, out = np.ones((3, 384, 384), np.float32)
    source, target = np.ones((2, 64 * 1024), np.float32)
    few, result = np.ones((2, 4), np.float32)
    return Machine(
        flops=2 * 384**3 / min(_best_of(partial(np.dot, left, right, out)) for _ in range(rounds)),
        bytes=2 * source.nbytes / min(_best_of(partial(np.copyto, target, source)) for _ in range(rounds)),
        call=min(_best_of(partial(np.add, few, few, result)) for _ in range(rounds)),
    )
