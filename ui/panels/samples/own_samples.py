"""The images of the user's own, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from ui.state import Sample

_MOST = 10


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    key: int
    sample: Sample


class OwnSamples(QObject):
    """Keeps the last ten images that were drawn, opened, pasted or edited.

    While a drawing or an edited image changes, it stays one entry: it is put under the same key each time.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[_Entry] = []
        self._last_key = 0

    def new_key(self) -> int:
        """Return a key that has not been used."""
        self._last_key += 1
        return self._last_key

    def put(self, key: int, sample: Sample) -> None:
        """Add an image as the newest, or let it take the place of the one with the same key."""
        place = next((i for i, entry in enumerate(self._entries) if entry.key == key), None)
        if place is None:
            self._entries.insert(0, _Entry(key, sample))
            del self._entries[_MOST:]
        else:
            self._entries[place] = _Entry(key, sample)
        self.changed.emit()

    def restore(self, samples: Sequence[Sample]) -> None:
        """Put images of an earlier sitting, newest first, behind those that are there."""
        room = _MOST - len(self._entries)
        self._entries += [_Entry(self.new_key(), each) for each in samples[: max(room, 0)]]
        self.changed.emit()

    def clear(self) -> None:
        """Forget all of them."""
        if self._entries:
            self._entries.clear()
            self.changed.emit()

    def all(self) -> list[Sample]:
        """Return all images, newest first."""
        return [entry.sample for entry in self._entries]

    def of_shape(self, shape: tuple[int, ...]) -> list[Sample]:
        """Return the images that have the shape (c, h, w) of the present data set, newest first."""
        return [each for each in self.all() if each.pixels.shape == shape]
