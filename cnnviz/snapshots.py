"""Networks at moments of a run, thinned out evenly when memory runs short."""

from bisect import bisect_right
from dataclasses import dataclass

from cnnviz.network import Network


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A network after `step` training steps."""

    step: int
    network: Network

    @property
    def nbytes(self) -> int:
        """Memory of the weights, in bytes."""
        return sum(array.nbytes for array in self.network.params.values())


class SnapshotStore:
    """Snapshots in the order of their steps, within a memory budget.

    The run is divided into stretches of `spacing` steps, each of which keeps its first snapshot.
    When the budget is exceeded the spacing doubles. The first snapshot, the latest and those that
    were marked to be kept (ends of epochs) stay in any case.

    Parameters
    ----------
    max_bytes : int
        Memory that the weights of all snapshots may take.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.spacing = 1
        self._snapshots: list[Snapshot] = []
        self._kept: set[int] = set()
        self._nbytes = 0

    def __len__(self) -> int:
        return len(self._snapshots)

    @property
    def nbytes(self) -> int:
        """Memory that the weights take, in bytes."""
        return self._nbytes

    @property
    def steps(self) -> list[int]:
        """Steps of the snapshots, ascending."""
        return [snapshot.step for snapshot in self._snapshots]

    def add(self, snapshot: Snapshot, *, keep: bool = False) -> None:
        """Append a snapshot; one of the same or a later step is replaced."""
        while self._snapshots and self._snapshots[-1].step >= snapshot.step:
            self._nbytes -= self._snapshots.pop().nbytes
        if keep:
            self._kept.add(snapshot.step)
        self._drop_superseded()
        self._snapshots.append(snapshot)
        self._nbytes += snapshot.nbytes
        while self._nbytes > self.max_bytes and self._thin_out():
            pass

    def at(self, step: int) -> Snapshot:
        """Return the latest snapshot at or before `step`, or the first one.

        Raises
        ------
        LookupError
            If there is no snapshot at all.
        """
        if not self._snapshots:
            raise LookupError("There is no snapshot yet.")
        return self._snapshots[max(bisect_right(self.steps, step) - 1, 0)]

    def _drop_superseded(self) -> None:
        """Drop what was kept only for being the latest, now that a later one comes."""
        if len(self._snapshots) > 2 and not self._belongs(self._snapshots[-1], self._snapshots[-2]):
            self._nbytes -= self._snapshots.pop().nbytes

    def _belongs(self, snapshot: Snapshot, previous: Snapshot) -> bool:
        return snapshot.step in self._kept or self._stretch(snapshot) > self._stretch(previous)

    def _stretch(self, snapshot: Snapshot) -> int:
        return (snapshot.step - self._snapshots[0].step) // self.spacing

    def _thin_out(self) -> bool:
        """Double the spacing; return False when that cannot drop any more."""
        first, last = self._snapshots[0], self._snapshots[-1]
        if self.spacing > last.step - first.step:
            return False
        self.spacing *= 2
        survivors = [first]
        for snapshot in self._snapshots[1:]:
            if self._belongs(snapshot, survivors[-1]) or snapshot is last:
                survivors.append(snapshot)
        self._snapshots = survivors
        self._nbytes = sum(snapshot.nbytes for snapshot in survivors)
        return True
