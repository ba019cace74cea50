"""A run as members of a document: the last network as PyTorch names it, all else as arrays in a row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as from_safetensors
from safetensors.numpy import save as to_safetensors

from cnnviz._types import Shape
from cnnviz.document.archive import load, opening_failed
from cnnviz.document.types import MOST_MOMENTS, Curves, Files, MomentOfRun, Run, Setting
from cnnviz.engines import LayeredEngine
from cnnviz.errors import CNNVizError, DataError, ParameterError
from cnnviz.experiment import Experiment
from cnnviz.history import EvaluationPoint, History
from cnnviz.network import Network, weights_checksum
from cnnviz.optim import make_optimizer
from cnnviz.snapshots import Origin, Snapshot
from cnnviz.training import Progress

MOMENTS_BYTES = 48 << 20
"""Memory of the moments that a document keeps, unless a caller says more."""

_MOST_STEPS = 2_500_000
_MEMORY = "optimizer."


class Members(NamedTuple):
    """Names of the two members that hold a run."""

    model: str
    run: str


RUN = Members("model.safetensors", "run.safetensors")
PREPARED = Members("prepared-model.safetensors", "prepared-run.safetensors")


@dataclass(frozen=True, slots=True, eq=False)
class KeptRun:
    """A run as a document keeps it: training goes on from `live` as if it had not stopped."""

    live: Snapshot
    history: History  # up to `live`
    epochs: int
    ghost: History | None = None
    needed: frozenset[int] = frozenset()  # steps of the moments that stay whatever is left out

    @property
    def experiment(self) -> Experiment:
        """Settings in force at its end."""
        assert self.live.origin is not None
        return self.live.origin.experiment

    @property
    def moments(self) -> list[Snapshot]:
        """Those before its end."""
        return [each for each in self.history.snapshots if each.step < self.live.step]

    def until(self, step: int) -> "KeptRun | None":
        """Return the run as it was at one of its moments; None where none is of this step."""
        live = self.live if step == self.live.step else self.history.snapshots.find(step)
        return None if live is None else KeptRun(live, self.history.until(step), self.epochs)


# --- into a document ----------------------------------------------------------------------------------------


def pack_run(
    run: KeptRun, names: Members = RUN, largest: int = MOMENTS_BYTES
) -> tuple[Run, dict[str, bytes]]:
    """Return a run as a document says it, and its members, with moments of at most `largest` bytes."""
    settings: list[Setting] = []

    def place(snapshot: Snapshot) -> int:
        assert snapshot.origin is not None
        used = Setting(experiment=snapshot.origin.experiment, is_changed=snapshot.origin.is_changed)
        if used not in settings:
            settings.append(used)
        return settings.index(used)

    snapshots = run.history.snapshots
    moments = chosen(run, largest)
    rows = tuple(
        MomentOfRun(
            step=each.step, setting=place(each), is_kept=each.step in snapshots.kept,
            has_optimizer=each.optimizer is not None,
        )
        for each in moments
    )  # fmt: skip
    arrays: dict[str, NDArray[Any]] = {}
    if moments:
        params = [each.network.params.values() for each in moments]
        arrays["weights"] = np.stack([np.concatenate([one.ravel() for one in each]) for each in params])
        with_memory = [each.optimizer for each in moments if each.optimizer is not None]
        known = {name: np.zeros_like(like) for each in with_memory for name, like in each.items()}
        for name, nothing in known.items():
            # Before its first step an optimiser remembers nothing, which is what zeros say.
            arrays[_MEMORY + name] = np.stack([each.get(name, nothing) for each in with_memory])
    arrays |= {f"live.{name}": np.array(each, order="C") for name, each in (run.live.optimizer or {}).items()}
    said = Run(
        step=run.live.step,
        live=place(run.live),
        settings=tuple(settings),
        epochs=run.epochs,
        note=run.live.note[:200],
        weights_sha256=weights_checksum(run.live.network),
        curves=_pack_curves(run.history, "", arrays),
        moments=rows,
        spacing=snapshots.spacing,
        ghost=None if run.ghost is None else _pack_curves(run.ghost, "ghost.", arrays),
    )
    weights = {name: np.ascontiguousarray(each) for name, each in run.live.network.params.items()}
    return said, {names.model: to_safetensors(weights), names.run: to_safetensors(arrays)}


def chosen(run: KeptRun, largest: int) -> list[Snapshot]:
    """Return as many moments of a run as there is room for.

    First those that have to stay: begin and end, what is needed, and where settings changed, on which
    repeating the run between moments depends; then those that the run keeps; then evenly spread ones.
    """
    moments = run.moments
    if sum(each.nbytes for each in moments) <= largest and len(moments) <= MOST_MOMENTS:
        return moments
    room = min(int(largest // max(each.nbytes for each in moments)), MOST_MOMENTS)
    before = [None, *(each.origin for each in moments)]
    changes = {
        each.step for each, origin in zip(moments, before, strict=False)
        if origin is None or each.origin is None or each.origin.experiment != origin.experiment
    }  # fmt: skip
    stay: set[int] = {moments[0].step, moments[-1].step, *run.needed}
    for wanted in (changes, run.history.snapshots.kept, {each.step for each in moments}):
        left = sorted({each.step for each in moments} & wanted - stay)
        stay.update(_spread(left, max(room - len(stay), 0)))
    return [each for each in moments if each.step in stay]


def _spread(steps: list[int], count: int) -> Iterable[int]:
    """Return at most so many of some steps, evenly."""
    if len(steps) <= count:
        return steps
    places: list[int] = np.linspace(0, len(steps) - 1, count).round().astype(int).tolist()
    return [steps[place] for place in places]


def _pack_curves(history: History, prefix: str, arrays: dict[str, NDArray[Any]]) -> Curves:
    arrays[prefix + "losses"] = np.ascontiguousarray(history.losses)
    correct, sizes = np.diff(history.totals[1:]).astype(np.int32)
    arrays[prefix + "correct"], arrays[prefix + "sizes"] = correct, sizes
    arrays[prefix + "tests"] = np.array(history.tests, np.float64).reshape(-1, 3)
    return Curves(
        log_every=history.log_every,
        first_step=history.first_step,
        forked_at=history.forked_at,
        said=history.said,
    )


# --- out of a document --------------------------------------------------------------------------------------


def unpack_run(run: Run, files: Files, data_name: str, input_shape: Shape, names: Members = RUN) -> KeptRun:
    """Return the run that `pack_run` described, or raise `DataError` with a clause if it is damaged."""
    settings = run.settings
    if run.live >= len(settings):
        raise DataError("the settings of its run are missing")
    origins = [Origin(0, each.experiment, data_name, run.note, each.is_changed) for each in settings]
    experiment = settings[run.live].experiment
    try:
        params, arrays = from_safetensors(files[names.model]), from_safetensors(files[names.run])
        experiment.check_fits(input_shape)
        blank = experiment.build_network(input_shape)
        memory = _starting("live.", arrays)
        if memory:
            require_memory(memory, experiment, blank)
    except (SafetensorError, TypeError, ValueError, KeyError, AttributeError, ImportError) as error:
        reason = str(error).rstrip(".") if isinstance(error, CNNVizError) else "its run is damaged or missing"
        raise DataError(reason) from error
    live = Snapshot(run.step, network_of(blank, params), memory or None, origins[run.live])
    history = _history(run.curves, "", arrays)
    if history.step != run.step:
        raise DataError("the steps of its run do not belong together")
    moments = _moments(run, arrays, blank, origins)
    kept = {each.step for each in run.moments if each.is_kept}
    history.snapshots.restore([*moments, live], kept, run.spacing)
    ghost = None if run.ghost is None else _history(run.ghost, "ghost.", arrays)
    return KeptRun(live, history, run.epochs, ghost)


def _starting(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the arrays whose names begin so, without it."""
    return {name.removeprefix(prefix): each for name, each in arrays.items() if name.startswith(prefix)}


def network_of(blank: Network, params: Mapping[str, NDArray[Any]]) -> Network:
    """Return a network with weights out of a file, or raise `DataError` with a clause if they are not its."""
    expected = {name: (each.shape, each.dtype) for name, each in blank.params.items()}
    if {name: (each.shape, each.dtype) for name, each in params.items()} != expected:
        raise DataError("its weights are not those of its network")
    if not all(np.isfinite(each).all() for each in params.values()):
        raise DataError("its weights are not all finite numbers")
    return blank.with_params(params)


def require_memory(memory: Mapping[str, NDArray[Any]], experiment: Experiment, network: Network) -> None:
    """Raise `ParameterError` if what an optimiser remembers is not of these settings and this network."""
    engine, found = LayeredEngine(network), (each for name, each in memory.items() if name != "steps")
    make_optimizer(experiment.optimizer, experiment.learning_rate, experiment.momentum).load_state(
        memory, engine.vector, engine.views
    )
    if not all(each.dtype == network.dtype and np.isfinite(each).all() for each in found):
        raise ParameterError("what the optimiser remembers is not of its network")


def _moments(
    run: Run, arrays: Mapping[str, NDArray[Any]], blank: Network, origins: list[Origin]
) -> list[Snapshot]:
    if not run.moments:
        return []
    steps = [each.step for each in run.moments]
    weights, count = arrays.get("weights"), len(run.moments)
    in_order = steps[0] >= run.curves.first_step and all(
        a < b for a, b in zip(steps, [*steps[1:], run.step], strict=True)
    )
    expected = ((count, blank.parameter_count), blank.dtype)
    if weights is None or (weights.shape, weights.dtype) != expected or not in_order:
        raise DataError("the moments of its run do not belong to it")
    if not np.isfinite(weights).all() or any(each.setting >= len(origins) for each in run.moments):
        raise DataError("the moments of its run are damaged")
    with_memory = sum(each.has_optimizer for each in run.moments)
    memory = _starting(_MEMORY, arrays)
    if any(each.ndim < 1 or len(each) != with_memory for each in memory.values()):
        raise DataError("what the optimiser remembered at the moments of its run is damaged")
    ends = np.cumsum([each.size for each in blank.params.values()])[:-1]
    found: list[Snapshot] = []
    row = 0
    for each, values in zip(run.moments, weights, strict=True):
        parts = zip(blank.params.items(), np.split(values, ends), strict=True)
        network = blank.with_params({name: part.reshape(like.shape) for (name, like), part in parts})
        state = {name: stack[row] for name, stack in memory.items()} if each.has_optimizer else None
        row += each.has_optimizer
        try:
            if state is not None:
                require_memory(state, origins[each.setting].experiment, blank)
        except CNNVizError as error:
            raise DataError(str(error).rstrip(".")) from error
        found.append(Snapshot(each.step, network, state, origins[each.setting]))
    return found


def record_in(path: Path) -> History:
    """Return the curves of the run in a document; raises `DataError` with a sentence if there is none."""
    document, files = load(path)
    if document.run is None or RUN.run not in files:
        raise opening_failed(path, DataError("there is no run in it"))
    try:
        return _history(document.run.curves, "", from_safetensors(files[RUN.run]))
    except (DataError, SafetensorError) as error:
        raise opening_failed(path, DataError("the curves of its run are damaged")) from error


def _history(curves: Curves, prefix: str, arrays: Mapping[str, NDArray[Any]]) -> History:
    try:
        losses, correct, sizes, tests = (
            arrays[prefix + name] for name in ("losses", "correct", "sizes", "tests")
        )
    except KeyError as error:
        raise DataError("the curves of its run are missing") from error
    last = curves.first_step + len(losses)
    is_sound = (
        losses.ndim == 1
        and losses.shape == correct.shape == sizes.shape
        and (losses.dtype, correct.dtype, sizes.dtype) == (np.float64, np.int32, np.int32)
        and len(losses) <= _MOST_STEPS
        and bool(np.isfinite(losses).all())
        and bool(((correct >= 0) & (correct <= sizes) & (sizes >= 1)).all())
        and tests.ndim == 2
        and tests.shape[1] == 3
        and tests.dtype == np.float64
        and len(tests) <= _MOST_STEPS
        and bool(np.isfinite(tests).all())
        and bool(((tests[:, 0] >= 0) & (tests[:, 0] <= last)).all())
        and bool((np.diff(tests[:, 0]) > 0).all())
    )
    if not is_sound:
        raise DataError("the curves of its run are damaged")
    history = History(curves.log_every, curves.first_step)
    history.forked_at, history.said = curves.forked_at, curves.said
    history.append(
        Progress(curves.first_step + 1, losses, correct.astype(np.intp), sizes.astype(np.intp), 0.0)
    )
    for step, loss, accuracy in tests:
        history.add_test(EvaluationPoint(int(step), float(loss), float(accuracy)))
    return history
