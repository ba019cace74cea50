"""Networks at moments of a run, thinned out evenly when memory runs short."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median_low
from typing import Any

from numpy.typing import NDArray

from cnnviz.experiment import Experiment
from cnnviz.network import Network


@dataclass(frozen=True, slots=True)
class Origin:
    """The run that a snapshot was taken of, as it was at that moment.

    It goes wherever the snapshot goes, so that what is drawn or written of it names its own run, whichever
    runs have come since.
    """

    run_id: int  # number of the run in this sitting, from 1
    # settings in force at this step; a learning rate that was changed on the way is the changed one
    experiment: Experiment
    data: str  # name of the data set it was trained on
    # where the run began, if not at initial weights: a file, or weights that were changed by hand; else ""
    note: str = ""
    # whether a setting was changed on the way, so that training from the initial weights with the settings of
    # this moment leads elsewhere
    is_changed: bool = False

    def is_changed_by(self, rate: float, step: int) -> bool:
        """Whether a setting was changed on the way, once this rate is used from this step on."""
        return self.is_changed or (step > 0 and rate != self.experiment.learning_rate)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A network after `step` training steps."""

    step: int
    network: Network
    # what the optimiser remembers at this step (see `Optimizer.state`), for training to go on from here
    # exactly as it once did; None where that is not known, as for weights that were read from a file or
    # edited
    optimizer: Mapping[str, NDArray[Any]] | None = field(default=None, repr=False, compare=False)
    # the run it was taken of; None for a network that was made up, as those of lessons
    origin: Origin | None = field(default=None, repr=False, compare=False)

    @property
    def run_id(self) -> int:
        """Number of the run that it was taken of; 0 for one of no run."""
        return 0 if self.origin is None else self.origin.run_id

    @property
    def note(self) -> str:
        """Where its run began, if not at initial weights."""
        return "" if self.origin is None else self.origin.note

    @property
    def nbytes(self) -> int:
        """Memory of the weights and of the optimiser's arrays, in bytes."""
        memory = () if self.optimizer is None else self.optimizer.values()
        return sum(array.nbytes for array in self.network.params.values()) + sum(a.nbytes for a in memory)


class SnapshotStore:
    """Snapshots in the order of their steps, within a memory budget.

    When the budget is exceeded the run is divided into stretches of `spacing` steps, each of which keeps
    its first snapshot; each time it is exceeded again the spacing doubles. The first snapshot, the latest
    and those that were marked to be kept (ends of epochs) stay in any case, even where they alone are more
    than the budget.

    * `max_bytes`, `nbytes`: memory that all snapshots may take, and that they take.
    * `kept`: steps of those that stay when memory runs short.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.spacing = 1
        self._snapshots: list[Snapshot] = []
        self.kept: set[int] = set()
        self.nbytes = 0

    def __len__(self) -> int:
        return len(self._snapshots)

    def __getitem__(self, index: int) -> Snapshot:
        return self._snapshots[index]

    def __iter__(self) -> Iterator[Snapshot]:
        return iter(self._snapshots)

    @property
    def steps(self) -> list[int]:
        """Steps of the snapshots, ascending."""
        return [snapshot.step for snapshot in self._snapshots]

    def add(self, snapshot: Snapshot, *, keep: bool = False) -> None:
        """Append a snapshot; one of the same or a later step is replaced."""
        kept = self._snapshots
        while kept and kept[-1].step >= snapshot.step:
            self._pop()
        if keep:
            self.kept.add(snapshot.step)
        # What was kept only for being the latest goes, now that a later one comes.
        if len(kept) > 1 and not self._belongs(kept[-1].step, kept[-2].step):
            self._pop()
        kept.append(snapshot)
        self.nbytes += snapshot.nbytes
        while self.nbytes > self.max_bytes and self._thin_out():
            pass

    def restore(self, snapshots: list[Snapshot], kept: set[int], spacing: int) -> None:
        """Take the moments of a document, in the order of their steps."""
        self.spacing, self.kept = spacing, kept
        self._replace(snapshots)

    def until(self, step: int) -> "SnapshotStore":
        """Return a store of its own with the same snapshots up to `step`, none of them copied."""
        part = SnapshotStore(self.max_bytes)
        part.spacing = self.spacing
        part.kept = {kept for kept in self.kept if kept <= step}
        end = bisect_right(self._snapshots, step, key=lambda snapshot: snapshot.step)
        part._snapshots = self._snapshots[:end]
        part.nbytes = self.nbytes - sum(each.nbytes for each in self._snapshots[end:])
        return part

    def of_run(self, origin: Origin) -> "SnapshotStore":
        """Return a store of its own with the same moments, as those of this run.

        The settings that were in force at a moment, and whether they had been changed, stay its own.
        """
        part = self.until(self._snapshots[-1].step if self._snapshots else 0)
        origins = (replace(each.origin or origin, run_id=origin.run_id) for each in part)
        part._snapshots = [replace(each, origin=of) for each, of in zip(part, origins, strict=True)]
        return part

    def at(self, step: int) -> Snapshot:
        """Return the latest snapshot at or before `step`, or the first; raises `LookupError` without any."""
        return self._snapshots[self.index_at(step)]

    def find(self, step: int) -> Snapshot | None:
        """Return the snapshot of just this step; None if there is none."""
        found = self.at(step) if self._snapshots else None
        return found if found is not None and found.step == step else None

    def index_at(self, step: int) -> int:
        """Return the position of the snapshot that `at` returns, if there is any."""
        return max(bisect_right(self._snapshots, step, key=lambda snapshot: snapshot.step) - 1, 0)

    def nearest(self, step: int) -> Snapshot:
        """Return the snapshot nearest to `step`, the earlier of two; raises `LookupError` without any."""
        index = self.index_at(step)
        following = self._snapshots[index + 1 : index + 2]
        return min([self._snapshots[index], *following], key=lambda snapshot: abs(snapshot.step - step))

    def _pop(self) -> None:
        self.nbytes -= self._snapshots.pop().nbytes

    def _replace(self, snapshots: list[Snapshot]) -> None:
        self._snapshots = snapshots
        self.nbytes = sum(snapshot.nbytes for snapshot in snapshots)

    def _belongs(self, step: int, previous: int) -> bool:
        """Whether a snapshot stays that is neither the first nor the latest."""
        first = self._snapshots[0].step
        return step in self.kept or (step - first) // self.spacing > (previous - first) // self.spacing

    def _thin_out(self) -> bool:
        """Double the spacing; return False when that cannot drop any more."""
        first, last = self._snapshots[0], self._snapshots[-1]
        if self.spacing > last.step - first.step:
            return False
        if self.spacing == 1:
            # In step with the snapshots as they come, so that just every other one goes.
            gaps = [b - a for a, b in pairwise(self.steps)]
            self.spacing = max(median_low(gaps), 1)
        self.spacing *= 2
        survivors = [first]
        for snapshot in self._snapshots[1:]:
            if snapshot is last or self._belongs(snapshot.step, survivors[-1].step):
                survivors.append(snapshot)
        self._replace(survivors)
        return True
