"""The left column: the digit to drag, what enters the frame, what the network says, and the statement."""

from typing import override

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnviz.quantities import format_signed
from cnnviz.translation import shift as shifted_image
from ui.controls.buttons import Button
from ui.controls.labels import ElidedLabel, SectionTitle
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.segmented import SegmentedControl
from ui.controls.statement_box import StatementBox
from ui.panels.drawn import Drawn, TellsDrawn
from ui.panels.translation.picture import Picture, mode_of
from ui.panels.translation.stages import own_pool
from ui.panels.translation.subject import Subject
from ui.panels.translation.wording import ink_text, statement
from ui.rows.probability_pairs import ProbabilityPairs
from ui.state import Shift
from ui.theme import Theme, follow_theme
from ui.tiles.pair_image import MapPair
from ui.tiles.shift_canvas import ShiftCanvas

_DRAG_TIP = (
    "Drag the image with the mouse. Arrow keys move it by 1 pixel, Shift and an arrow by 4, R puts it back."
)

_NARROW = 226
"""Width at scale 1 below which the button for putting back has no word."""


class CanvasColumn(TellsDrawn, QWidget):
    """Shows the input of both images and asks for shifts.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Shift that the user asks for.
    shiftRequested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shift = Shift()
        self._result: Picture | None = None
        self._narrow = _NARROW
        self._build_widgets()
        self._build_layout()
        self.canvas.shiftDragged.connect(self._on_shift_dragged)
        self.canvas.released.connect(self.statement.reset_height)
        self.edges.currentChanged.connect(self._on_edges_changed)
        self.reset.clicked.connect(self._on_reset_clicked)
        follow_theme(self)

    def show_image(self, subject: Subject, shift: Shift) -> None:
        """Show the image and its shifted self; this much is done at once, without the network."""
        if mode_of(shift.wrap) != self.edges.current():
            self.edges.set_current(mode_of(shift.wrap))
        self._shift = shift
        self.reset.setEnabled((shift.dx, shift.dy) != (0, 0))
        self._where.set_text(f"dx {format_signed(shift.dx)} dy {format_signed(shift.dy)}")
        moved = shifted_image(subject.image, shift.dx, shift.dy, mode_of(shift.wrap), subject.background)
        self.canvas.set_limits(*subject.limits)
        pair = MapPair(subject.original_ink, subject.ink(moved), "grey")
        self.canvas.set_pair(pair, (shift.dx, shift.dy))

    def show_result(self, result: Picture) -> None:
        """Show what the network makes of both images."""
        self._result = result
        found, classes = result.comparison, result.subject.classes
        self.probabilities.setVisible(bool(classes))
        if classes:
            self.probabilities.set_probabilities(
                classes, found.original_probabilities, found.moved_probabilities
            )
        lost = ink_text(found.ink_lost)
        self.canvas.set_warning(f"ink lost: {lost}" if lost else "")
        text, kind = statement(
            found,
            result.measured,
            result.view.stage,
            own=own_pool(result.subject.network, result.view.block),
            relative=result.view.relative,
            classes=classes,
            is_untrained=result.subject.is_untrained,
        )
        self.statement.set_statement(text, kind)
        if not self.canvas.is_dragged:
            self.statement.reset_height()

    @override
    def drawn(self) -> Drawn | None:
        """Return image and network: neither image nor probabilities depend on what else is chosen."""
        return None if self._result is None else self._result.drawn

    def set_theme(self, theme: Theme) -> None:
        """Scale the gaps."""
        self._layout.setSpacing(theme.px(8))
        self._narrow = theme.px(_NARROW)
        self.reset.setMinimumWidth(theme.px(34))
        self._fit_reset()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_reset()

    def _fit_reset(self) -> None:
        """Leave the word away where there is only room for the icon."""
        self.reset.set_compact(self.width() < self._narrow)

    def _build_widgets(self) -> None:
        self._title = SectionTitle("Drag the image")
        self._where = ElidedLabel(widest="dx −13 dy −13", mono=True)
        self._where.setAccessibleName("Shift in pixels, to the right and down")
        self.canvas = named(ShiftCanvas(), "Image to drag", _DRAG_TIP)
        self.canvas.set_placeholder("Reading the images…")
        self.edges = SegmentedControl([("fill", "Zero-fill"), ("wrap", "Wrap")])
        self.edges.setAccessibleName("What enters the frame")
        self.edges.set_option_tooltip(
            "fill", "Background enters the frame: in the samples black, which is −0.5 at the input, not 0"
        )
        self.edges.set_option_tooltip("wrap", "What leaves on one side enters on the other: no ink is lost")
        self.reset = Button(
            "Reset", icon="rotate-ccw", tooltip="Put the image back where it was", shortcut="R"
        )
        self.probabilities = named(ProbabilityPairs(), "Probabilities of original and shifted image")
        self.probabilities.set_about(
            "What the network makes of the original (upper bar) and the shifted image"
        )
        self.statement = StatementBox()
        self.statement.set_statement("Choose a sample on the left; the network is being prepared.")

    def _build_layout(self) -> None:
        header = fill(QHBoxLayout(), (self._title, 1), self._where)
        controls = fill(QHBoxLayout(), self.edges, self.reset, 1)
        self._layout = fill(
            QVBoxLayout(self), header, (self.canvas, 100), controls, self.probabilities, self.statement, 1
        )

    @Slot(int, int)
    def _on_shift_dragged(self, dx: int, dy: int) -> None:
        self.shiftRequested.emit(Shift(dx, dy, self._shift.wrap))

    @Slot(str)
    def _on_edges_changed(self, key: str) -> None:
        self.shiftRequested.emit(Shift(self._shift.dx, self._shift.dy, key == "wrap"))

    @Slot()
    def _on_reset_clicked(self) -> None:
        self.shiftRequested.emit(Shift(0, 0, self._shift.wrap))
