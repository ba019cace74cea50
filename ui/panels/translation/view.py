"""What the user has chosen to see in the translation panel."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, cast

from PySide6.QtCore import QObject, Signal

from cnnviz.session_state import ViewValue
from cnnviz.translation import MEASURES, OUTPUT, STAGES, MeasureName
from ui.panels.translation.subject import LESSON_TITLES
from ui.panels.views import Choices
from ui.tiles.pair_image import PAIR_VIEWS, PairView


@dataclass(frozen=True)
class View:
    """Choices of the panel. None of them changes the state of the application.

    Attributes
    ----------
    lesson : str
        Name of a lesson, or "free".
    pair : {"overlay", "sides", "difference", "flicker"}
        How original and shifted maps are shown.
    block : int
        Number of the convolution block, from 1.
    pool_size : int
        Side of the pooling windows.
    relative : bool
        Whether features are taken relative to a blank image.
    stage : str
        Stage whose maps and whose sweep are shown.
    moved_along : bool
        Whether maps are compared with the original's maps moved along, instead of the original's maps.
    channel : int
    measure : str
        Measure of the sweep.
    many : bool
        Whether the sweep is that of many digits.
    digits : int
        How many they are.
    spread : bool
        Whether the map of many digits shows their spread instead of their mean.
    """

    lesson: str = "free"
    pair: PairView = "overlay"
    block: int = 1
    pool_size: int = 2
    relative: bool = True
    stage: str = "max"
    moved_along: bool = False
    channel: int = 0
    measure: MeasureName = "relative_change"
    many: bool = False
    digits: int = 400
    spread: bool = False

    def but(self, **changes: Any) -> "View":
        """Return the same choices but for some."""
        return replace(self, **changes)

    def to_view(self) -> dict[str, ViewValue]:
        """Return the choices by name, as a session keeps them."""
        return asdict(self)

    @classmethod
    def from_choices(cls, choices: Choices) -> "View":
        """Return the choices that `to_view` said."""
        usual, lessons = cls(), [name for name, _ in LESSON_TITLES]
        return cls(
            lesson=choices.text("lesson", lessons, usual.lesson),
            pair=cast(PairView, choices.text("pair", [name for name, _ in PAIR_VIEWS], usual.pair)),
            block=choices.whole("block", 1, 3, usual.block),
            pool_size=choices.whole("pool_size", 2, 4, usual.pool_size),
            relative=choices.flag("relative", usual.relative),
            stage=choices.text("stage", STAGES, usual.stage),
            moved_along=choices.flag("moved_along", usual.moved_along),
            channel=choices.whole("channel", 0, 10_000, usual.channel),
            measure=cast(MeasureName, choices.text("measure", MEASURES, usual.measure)),
            many=choices.flag("many", usual.many),
            digits=choices.whole("digits", 1, 100_000, usual.digits),
            spread=choices.flag("spread", usual.spread),
        )

    def sweep_stage(self, of_output: bool) -> str:
        """Stage under which the values of the sweep are filed."""
        return OUTPUT if of_output else self.stage


class ViewModel(QObject):
    """Holds the choices; the controls change them one at a time.

    Parameters
    ----------
    parent : QObject, optional

    Signals
    -------
    changed
        Another choice was made.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.view = View()

    def choosing(self, field: str) -> Callable[[Any], None]:
        """Return what changes one field, for a control to be joined with."""
        assert hasattr(self.view, field), field
        return partial(self._choose_one, field)

    def choose(self, **changes: Any) -> None:
        """Change some fields; another convolution block begins with its first filter."""
        first = {"channel": 0} if "block" in changes else {}
        self.choose_all(self.view.but(**first | changes))

    def choose_all(self, view: View) -> None:
        """Change whatever is different."""
        if view != self.view:
            self.view = view
            self.changed.emit()

    def _choose_one(self, field: str, value: Any) -> None:
        self.choose(**{field: value})
