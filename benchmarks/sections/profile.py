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
from benchmarks.workloads import LENET_ALONE, Workload
from cnnviz.fused import FusedEngine, plan_stages
from cnnviz.optim import make_optimizer
from cnnviz.runtime import one_blas_thread
from cnnviz.training import Trainer

TITLE = "Where the time goes"

_WORKLOADS = (Workload("lab5", 1), Workload("lab5", 64), LENET_ALONE, Workload("lenet", 32))
_LOOP_SECONDS = 0.003
_SHARES = (
    "matrix products",
    "copies of patches",
    "pools and activations",
    "loading images",
    "loss",
    "update",
)


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
    with one_blas_thread:
        machine = _measure_machine(settings.rounds)
        lines = [
            f"One core of this machine does {machine.flops / 1e9:.0f} GFlop/s in matrix products of float32, "
            f"copies {machine.bytes / 1e9:.0f} GB/s within its level-2 cache (read + written), and needs "
            f"{seconds(machine.call)} for a NumPy call on a few numbers. *At best* is the time that the same "
            "operations would take at these speeds. *The rest* is Python between the calls, the choice of "
            "the images and the record of the step.",
        ]
        for workload in _WORKLOADS:
            lines += ["", *_take_apart(workload, machine, settings.rounds)]
    return lines


def _take_apart(workload: Workload, machine: Machine, rounds: int) -> list[str]:
    trainer = Trainer(workload.build().build_network(), workload.dataset(), workload.build())
    trainer.advance(10)
    steps = max(10, int(0.1 / (trainer.advance(10).seconds / 10)))
    step = median(trainer.advance(steps).seconds / steps for _ in range(rounds))
    shares = _shares(workload, repeats=max(50, int(0.3 / step)))
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
        f"**{workload.experiment.upper()}, batch {workload.batch_size}**: "
        f"{_verdict(at_best, calls, machine)} The step takes {step / limit:.1f} times as long as both "
        f"together ({seconds(limit)}).",
        "",
        *table(["", "time", "share", "calls", "at best"], rows),
    ]


def _verdict(at_best: float, calls: int, machine: Machine) -> str:
    python = calls * machine.call
    heavier = "the calls" if python > at_best else "arithmetic and copies"
    return (
        f"{heavier} are the limit: the {calls} calls alone would take {seconds(python)}, arithmetic and "
        f"copies at best {seconds(at_best)}."
    ).capitalize()


def _shares(workload: Workload, repeats: int) -> dict[str, Share]:
    """Time every call of a step in its place in the step."""
    experiment, dataset = workload.build(), workload.dataset()
    network, samples = experiment.build_network(), workload.batch_size
    stages = plan_stages(network.layers, network.input_shape)
    assert stages is not None
    engine = FusedEngine(stages, network.dtype, network.params)
    optimizer = make_optimizer(experiment.optimizer, experiment.learning_rate, experiment.momentum)
    chunk, update = engine.training_chunk(samples), partial(optimizer.update, engine.vector, engine.gradient)
    images, labels = dataset.train_images[:samples].reshape(samples, -1), dataset.train_labels[:samples]
    calls: list[tuple[str, Callable[[], object]]] = [
        ("loading images", partial(chunk.load, images)),
        *((_kind(call), call) for call in chunk.forward_calls),
        ("loss", partial(chunk.head, labels, samples)),
        *((_kind(call), call) for call in chunk.backward_calls),
        ("update", update),
    ]
    shares = {name: Share() for name in _SHARES}
    for (name, call), duration in zip(calls, _durations([call for _, call in calls], repeats), strict=True):
        share = shares[name]
        share.seconds += duration
        share.calls += 1
        if name == "matrix products":
            share.flops += _flops(call)
        elif name in ("copies of patches", "pools and activations"):
            share.bytes += _bytes(call)
    return shares


def _durations(calls: list[Callable[[], object]], repeats: int) -> list[float]:
    """Run the calls in sequence, again and again; return the median duration of each."""
    times = np.empty((repeats, len(calls) + 1))
    clock = time.perf_counter
    for row in times:
        for position, call in enumerate([*calls, lambda: None]):
            start = clock()
            call()
            row[position] = clock() - start
    middle = np.median(times, axis=0)
    # The last call does nothing: what it takes is the clock's.
    return list(np.maximum(middle[:-1] - middle[-1], 0.0))


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
