"""What a part of the window has drawn, which need not be the newest there is.

Panels draw at a pace of their own while training runs, and not at all while they are out of sight. Captions
of figures, and the session that a picture carries, have to say what the picture shows.
"""

from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from cnnviz.network import Network
from ui.controls.catching_up import CatchesUp
from ui.state import AppState, Sample, Shift

_NOWHERE = Shift()


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A moment of training and a sample, as they were drawn.

    Attributes
    ----------
    step : int
    network : Network
        As it was at that step.
    sample : Sample or None
        None when no sample is shown, but something made up.
    shift : Shift
        By how much the sample is moved; not at all in panels that show it where it is.
    note : str
        What else there is to say, or "".
    """

    step: int
    network: Network
    sample: Sample | None
    shift: Shift = _NOWHERE
    note: str = ""


class TellsDrawn:
    """Mixed, as `CatchesUp` is, into a panel that draws later than the state changes."""

    def drawn(self) -> Drawn | None:
        """Return what is to be seen in the panel; None when nothing was drawn yet."""
        raise NotImplementedError


def drawn_in(widget: QWidget | None, state: AppState) -> Drawn | None:
    """Return what is drawn in a widget, as its panel says; where none says it, what the state shows.

    None before there is a network.
    """
    part = widget
    while part is not None:
        if isinstance(part, TellsDrawn):
            told = part.drawn()
            if told is not None:
                return told
        part = None if part.isWindow() else part.parentWidget()
    if state.shown is None:
        return None
    return Drawn(state.shown.step, state.shown.network, state.sample, state.shift)


def catch_up(widget: QWidget) -> None:
    """Let a widget and everything in it, and the panel around it, draw what was put off."""
    around: list[QWidget] = []
    part = widget.parentWidget()
    while part is not None and not part.isWindow():
        around.insert(0, part)
        part = part.parentWidget()
    for each in (*around, widget, *widget.findChildren(QWidget)):
        if isinstance(each, CatchesUp):
            each.catch_up()
