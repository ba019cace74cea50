"""What all views of steps have in common."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from ui.controls.choice_field import ChoiceField
from ui.panels.backprop.contents import PickerContent
from ui.panels.backprop.focus import Focus
from ui.panels.backprop.map_card import MapCard
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.steps import Step
from ui.theme import theme_manager

#: In pixels at scale 1.
_LEAST_HEIGHT = 292


class StepView(QWidget):
    """Draws one kind of step.

    Signals
    -------
    cellPointed : str, tuple
        Stage and cell under the pointer; ``("", ())`` for none.
    weightPointed : ParameterTarget or None
        Weight under the pointer.
    targetChosen : Target
        A cell, pixel or weight was clicked.
    channelRequested : str, int
        Look at another filter of a stage.
    unitRequested : str, int
        Look at another unit of a dense layer.
    centerRequested : float, float
        Move the enlarged block: row and column of its middle as fractions of the map.
    revealRequested
        Show the results that are covered.
    """

    cellPointed = Signal(str, tuple)
    weightPointed = Signal(object)
    targetChosen = Signal(object)
    channelRequested = Signal(str, int)
    unitRequested = Signal(str, int)
    centerRequested = Signal(float, float)
    revealRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Pass, Step, Focus] | None = None
        self._side = 0  # cells along a side of the enlarged block

    def minimumSizeHint(self) -> QSize:
        """Width that the parts need; but no more height than the smallest window has.

        Some views divide their height anew whenever they are resized. What they have given to a part in a
        large window must not keep the window from becoming small again.
        """
        needed = super().minimumSizeHint()
        return QSize(needed.width(), min(needed.height(), theme_manager().theme.px(_LEAST_HEIGHT)))

    def show_step(self, passed: Pass, step: Step, focus: Focus) -> None:
        """Draw a step; by difference, where that is cheaper.

        Parameters
        ----------
        passed : Pass
        step : Step
        focus : Focus
        """
        raise NotImplementedError

    def _pass_on(self, card: MapCard, pointed: Callable[[int, int], None]) -> None:
        """Pass on what is done in a map; what is `pointed` at, a kind of view says in its own way."""
        card.pointed.connect(pointed)
        card.left.connect(self._on_left)
        card.chosen.connect(self.targetChosen)
        card.revealRequested.connect(self.revealRequested)

    def _on_picked(self, content: PickerContent, index: int) -> None:
        signal = self.channelRequested if content.kind == "channel" else self.unitRequested
        signal.emit(content.name, index)

    def _on_left(self) -> None:
        self.cellPointed.emit("", ())
        self.weightPointed.emit(None)


def offer_numbers(field: ChoiceField, word: str, count: int, current: int) -> None:
    """Offer the filters, units or maps of a layer, by their numbers; nothing is offered of one."""
    field.setSizeAdjustPolicy(ChoiceField.SizeAdjustPolicy.AdjustToContents)
    field.set_options([(str(number), f"{word} {number}") for number in range(count)])
    field.set_choice(str(current))
    field.setVisible(count > 1)


class ViewStack(QStackedWidget):
    """One view of a step at a time."""

    def hasHeightForWidth(self) -> bool:
        """Say no: a layout that shares out heights for a width overlooks what the parts need at least.

        Wrapped text claims its height as a minimum, and the least size of the panel is made of minima.
        """
        return False
