"""The record of a run as bytes: losses and correct answers of all steps, test results, some networks."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from cnnviz.errors import DataError
from cnnviz.history import EvaluationPoint, History, Snapshot
from cnnviz.network import Network
from cnnviz.training import Progress

_MOST_STEPS = 2_500_000
_LARGEST = 10**9
MOST_MOMENTS = 200
"""So many networks can a record hold."""

_NUMBERS = ("log_every", "first_step", "batch_size", "epoch_images")
_DTYPES = {
    "losses": np.float64,
    "correct": np.int64,
    "sizes": np.int64,
    "tests": np.float64,
    "numbers": np.int64,
    "moments": np.int64,
}
_WEIGHTS = "weights"  # those of each moment in a row, in the dtype of the network


def history_to_bytes(history: History) -> bytes:
    """Return a record as the bytes of a `.safetensors` file."""
    progress, moments = history.recorded(), [history.snapshots[i] for i in range(len(history.snapshots))]
    rows = [np.concatenate([each.ravel() for each in moment.network.params.values()]) for moment in moments]
    return save(
        {
            "losses": progress.losses,
            "correct": progress.correct.astype(np.int64),
            "sizes": progress.sizes.astype(np.int64),
            "tests": np.array(history.tests, np.float64).reshape(-1, 3),
            "numbers": np.array([getattr(history, name) for name in _NUMBERS], np.int64),
            "moments": np.array([moment.step for moment in moments], np.int64),
            _WEIGHTS: np.stack(rows) if rows else np.empty((0, 0)),
        }
    )


def history_from_bytes(content: bytes, network: Network | None) -> History:
    """Return the record that `history_to_bytes` wrote.

    * `network`: at the end of the run, where there is one: its layers are those of all moments.
    * Raises DataError: if it is damaged.
    """
    try:
        arrays = load(content)
    except (SafetensorError, TypeError, ValueError, KeyError, AttributeError) as error:
        raise DataError("its history is damaged") from error
    names = {*_DTYPES, _WEIGHTS}
    if set(arrays) != names or any(arrays[name].dtype != dtype for name, dtype in _DTYPES.items()):
        raise DataError("its history is not one of CNNViz")
    losses, correct, sizes = arrays["losses"], arrays["correct"], arrays["sizes"]
    numbers = [int(each) for each in arrays["numbers"].ravel()]
    if not _is_sound(losses, correct, sizes) or len(numbers) != len(_NUMBERS):
        raise DataError("the steps of its history do not belong together")
    log_every, first_step, batch_size, epoch_images = numbers
    if (
        not (1 <= log_every <= 10_000 and 0 <= first_step <= _LARGEST)
        or not 1 <= batch_size <= epoch_images <= _LARGEST
    ):
        raise DataError("the numbers of its history are out of range")
    history = History(log_every, first_step)
    history.batch_size, history.epoch_images = batch_size, epoch_images
    history.append(Progress(first_step + 1, losses, correct.astype(np.intp), sizes.astype(np.intp), 0.0))
    for step, loss, accuracy in _tests(arrays["tests"], history.step):
        history.add_test(EvaluationPoint(int(step), loss, accuracy))
    for step, moment in _moments(arrays["moments"], arrays[_WEIGHTS], network, history.step):
        history.snapshots.add(Snapshot(step, moment), keep=True)
    return history


def _is_sound(losses: NDArray[np.float64], correct: NDArray[np.int64], sizes: NDArray[np.int64]) -> bool:
    if losses.ndim != 1 or losses.shape != correct.shape or losses.shape != sizes.shape:
        return False
    is_counted = bool(((correct >= 0) & (correct <= sizes) & (sizes >= 1) & (sizes <= 10**6)).all())
    return len(losses) <= _MOST_STEPS and bool(np.isfinite(losses).all()) and is_counted


def _tests(tests: NDArray[np.float64], last: int) -> list[tuple[float, float, float]]:
    """Return the test results, in the order of their steps."""
    if tests.ndim != 2 or tests.shape[1] != 3 or len(tests) > _MOST_STEPS or not np.isfinite(tests).all():
        raise DataError("the test results of its history are damaged")
    steps = tests[:, 0]
    if len(steps) and not (steps[0] >= 0 and steps[-1] <= last and (np.diff(steps) >= 0).all()):
        raise DataError("the test results of its history are damaged")
    return [(float(step), float(loss), float(accuracy)) for step, loss, accuracy in tests]


def _moments(
    steps: NDArray[np.int64], weights: NDArray[Any], network: Network | None, last: int
) -> list[tuple[int, Network]]:
    """Return the networks of a record with their steps, ascending."""
    if steps.ndim != 1 or len(steps) > MOST_MOMENTS:
        raise DataError("the networks of its history are damaged")
    if not len(steps):
        return []
    is_in_order = steps[0] >= 0 and steps[-1] <= last and bool((np.diff(steps) > 0).all())
    if network is None or not is_in_order or weights.shape != (len(steps), network.parameter_count):
        raise DataError("the networks of its history do not belong to it")
    if weights.dtype != network.dtype or not np.isfinite(weights).all():
        raise DataError("the networks of its history are damaged")
    ends = np.cumsum([each.size for each in network.params.values()])[:-1]
    found: list[tuple[int, Network]] = []
    for step, row in zip(steps, weights, strict=True):
        parts = zip(network.params.items(), np.split(row, ends), strict=True)
        params = {name: part.reshape(each.shape) for (name, each), part in parts}
        found.append((int(step), network.with_params(params)))
    return found
