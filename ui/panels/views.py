"""The choices made inside the panels: how a panel says them, and takes them back.

A panel writes its choices as a flat mapping from names to short values, which a session keeps. It reads them
through `Choices`, which gives the default for whatever is missing or no longer makes sense, so that a session
of another version, or of another network, never stops a panel.
"""

from collections.abc import Container, Mapping

from cnnviz._types import View, ViewValue
from cnnviz.snapshots import Snapshot
from ui.state import AppState, Sample


class Choices:
    """Reads the choices of a panel, one at a time, within what the panel can show now."""

    def __init__(self, view: View) -> None:
        self._view = view

    def text(self, name: str, options: Container[str], default: str) -> str:
        """Return a text that is one of the options."""
        value = self._view.get(name)
        return value if isinstance(value, str) and value in options else default

    def any_text(self, name: str, default: str = "") -> str:
        """Return a text; whether it means anything is for the caller to find out."""
        value = self._view.get(name)
        return value if isinstance(value, str) else default

    def flag(self, name: str, default: bool) -> bool:
        """Return true or false."""
        value = self._view.get(name)
        return value if isinstance(value, bool) else default

    def is_none(self, name: str) -> bool:
        """Whether a choice was made, and is none."""
        return name in self._view and self._view[name] is None

    def whole[T](self, name: str, low: int, high: int, default: T) -> int | T:
        """Return an integer from `low` to `high`."""
        value = self._view.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            return default
        return value if low <= value <= high else default

    def number[T](self, name: str, low: float, high: float, default: T) -> float | T:
        """Return a number from `low` to `high`."""
        value = self._view.get(name)
        if not isinstance(value, int | float) or isinstance(value, bool):
            return default
        return float(value) if low <= value <= high else default

    def numbers(self, name: str, count: int | None = None) -> tuple[int | float, ...] | None:
        """Return a list of numbers, of a given length where `count` says one; None if there is none."""
        value = self._view.get(name)
        if not isinstance(value, tuple) or (count is not None and len(value) != count):
            return None
        return value

    def cell(self, name: str) -> tuple[int, ...] | None:
        """Return the index of a cell: integers that are not negative; None if there is none."""
        value = self.numbers(name)
        if not value:
            return None
        index = tuple(each for each in value if isinstance(each, int) and each >= 0)
        return index if len(index) == len(value) else None

    def below(self, prefix: str) -> "Choices":
        """Return the choices whose names begin with a word and a dot, without them."""
        start = f"{prefix}."
        return Choices({n.removeprefix(start): v for n, v in self._view.items() if n.startswith(start)})

    def names(self) -> tuple[str, ...]:
        """Return the names of all choices."""
        return tuple(self._view)


def under(prefix: str, view: Mapping[str, ViewValue]) -> dict[str, ViewValue]:
    """Return a view with a word and a dot before each name, as `Choices.below` reads it."""
    return {f"{prefix}.{name}": value for name, value in view.items()}


class PendingView:
    """A view to be restored when a panel has what it is about; that of an earlier run is forgotten."""

    def __init__(self, state: AppState) -> None:
        self._state = state
        self._view: View | None = None
        self._run_id = 0

    @property
    def view(self) -> View | None:
        """The view that still waits; None if there is none."""
        if self._view is not None and self._run_id != self._state.run.run_id:
            self._view = None
        return self._view

    def wait(self, view: View) -> None:
        """Keep a view until it is taken."""
        self._view, self._run_id = view, self._state.run.run_id

    def take(self, snapshot: Snapshot, sample: Sample) -> Choices | None:
        """Take the view for what a panel shows now.

        * `sample`: what the panel has drawn.
        * Returns: None if there is no view, or if the panel is behind the network or the sample
          of the application.
        """
        view, state = self.view, self._state
        if view is None or snapshot is not state.shown or sample is not state.sample:
            return None
        self._view = None
        return Choices(view)
