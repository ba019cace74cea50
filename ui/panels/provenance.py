"""What a part of the window has drawn, which need not be the newest there is.

Panels draw at a pace of their own while training runs, and not at all while they are out of sight. Captions
of figures, and the session that a picture carries, have to say what the picture shows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from PySide6.QtWidgets import QWidget

from cnnviz.network import Network
from cnnviz.quantities import format_count
from cnnviz.snapshots import Origin, Snapshot
from ui.controls.layouts import outwards
from ui.marks import MarkView
from ui.state import AppState, Sample, Shift

_NOWHERE = Shift()


@dataclass(frozen=True, slots=True, eq=False)
class Provenance:
    """A moment of a run and an image, as they were drawn.

    * `origin`: the run, whichever runs have come since; None for a network that was made up.
    * `sample`: None when no single image is shown.
    * `shift`: by how much the sample is moved; not at all in panels that show it where it is.
    * `what`: what a part shows that may be of another moment or run than what is around it; else "".
    * `network`: as it was at that step, where it is at hand.
    * `choices`: what was chosen in the panel that is to be seen, in words, such as a measure or a class.
    """

    step: int
    origin: Origin | None
    sample: Sample | None = None
    shift: Shift = _NOWHERE
    note: str = ""
    what: str = ""
    network: Network | None = None
    choices: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, snapshot: Snapshot, sample: Sample | None = None, shift: Shift = _NOWHERE, **said: Any
    ) -> Self:
        """Return what is drawn of a snapshot; `said`: other fields."""
        return cls(snapshot.step, snapshot.origin, sample, shift, network=snapshot.network, **said)


class HasProvenance:
    """Mixed into a panel that draws later than the state changes, or a part of one, before the class of Qt.

    Inherited and not a protocol: a signal or method that happens to have the same name would pass for it.

    * `tell`: of a part whose panel knows what it shows, returns that.
    """

    tell: Callable[[], Provenance | None] = staticmethod(lambda: None)

    def provenance(self) -> Provenance | None:
        """Return what is to be seen; None when nothing was drawn yet, or for the same as around a part."""
        return self.tell()

    def catch_up(self) -> None:
        """Draw at once what was put off, also while out of sight; here there is nothing."""


class ProvenanceView[C](HasProvenance, MarkView[C]):
    """A view of a part whose panel knows what it shows."""


def provenance_in(widget: QWidget | None, state: AppState) -> Provenance | None:
    """Return what is drawn in a widget, as the nearest part around it says; else what the state shows.

    None before there is a network.
    """
    return next(_told_around(widget), _of_state(state))


def provenance_in_panel(widget: QWidget | None, state: AppState) -> Provenance | None:
    """Return what is drawn in the panel that a widget is in, as that says; else what the state shows."""
    told = list(_told_around(widget))
    return told[-1] if told else _of_state(state)


def provenances_within(widget: QWidget) -> list[Provenance]:
    """Return what the parts in sight within a widget say that they show."""
    parts = [each for each in widget.findChildren(QWidget) if isinstance(each, HasProvenance)]
    told = (each.provenance() for each in parts if each.isVisibleTo(widget))
    return [each for each in told if each is not None]


def moment_of(step: int, origin: Origin | None, beside: Origin | None) -> str:
    """Return a moment in words: of which run it is, too, where that is not the run of what is beside it."""
    if origin is None or beside is None or origin.run_id == beside.run_id:
        return f"step {format_count(step)}"
    return f"step {format_count(step)} of another run (seed {origin.experiment.seed})"


def _told_around(widget: QWidget | None) -> Iterator[Provenance]:
    """Yield what the widget and the parts around it say, from inside to outside."""
    told = (part.provenance() for part in outwards(widget) if isinstance(part, HasProvenance))
    return (each for each in told if each is not None)


def _of_state(state: AppState) -> Provenance | None:
    return None if state.shown is None else Provenance.of(state.shown, state.sample, state.shift)


def catch_up(widget: QWidget) -> None:
    """Let a widget and everything in it, and the panel around it, draw what was put off."""
    for each in (*reversed([*outwards(widget)]), *widget.findChildren(QWidget)):
        if isinstance(each, HasProvenance):
            each.catch_up()
