"""The first steps: output, loss, and the gradient at the logits."""

from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cnnviz.palette import signed_levels
from cnnviz.quantities import format_probabilities, format_signed, format_together, format_value
from cnnviz.routing import CellTarget
from ui.cells.cell_geometry import CellGeometry
from ui.cells.cell_numbers import Writer
from ui.cells.excerpt_map import ExcerptMap
from ui.cells.heat_map import HeatMap
from ui.controls.labels import SectionTitle
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.painted import PaintedWidget
from ui.panels.backprop.curves import curve_of
from ui.panels.backprop.focus import Focus
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.scaled_bar import ScaledBar
from ui.panels.backprop.step_view import StepView
from ui.panels.backprop.steps import Step, StepKind
from ui.plots.plot import Plot
from ui.theme import Theme, follow_theme, ui_font

_ROWS = ("z", "p", "y", "d")
_NAMES = {"z": "logit z", "p": "probability p", "y": "label y", "d": "∂L/∂z = p − y"}
_TIPS = {
    "z": "Output of the last layer; click a logit to poke it",
    "p": "Sigmoid or softmax of the logits",
    "y": "1 for the class that is differentiated for, 0 for the others",
    "d": "Gradient of the loss at each logit",
}
_VISIBLE = {StepKind.OUTPUT: "zp", StepKind.LOSS: "py", StepKind.LOGITS: "pyd"}

#: What a student may work out from the rest: covered until it is asked for.
_RESULTS = {StepKind.OUTPUT: "p", StepKind.LOSS: "", StepKind.LOGITS: "d"}


class NumberRow(ExcerptMap):
    """A row of numbers in coloured cells, wider than high, so that each can be written in full."""

    @override
    def grid(self) -> CellGeometry:
        rows, cols = max(self.shape[0], 1), max(self.shape[1], 1)
        wide = min((self.width() - 2) / cols, self._theme.px(96))
        return CellGeometry(rows, cols, 1, 1, float(int(wide)), float((self.height() - 2) // rows))


class ColumnNames(PaintedWidget):
    """Names above the columns of a map."""

    def __init__(self, below: HeatMap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._map = below
        self._names: tuple[str, ...] = ()
        follow_theme(self)

    def set_names(self, names: tuple[str, ...]) -> None:
        """Write other names."""
        self._names = names
        self.update()

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme))

    @override
    def sizeHint(self) -> QSize:
        return QSize(40, self.fontMetrics().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self._theme.color("muted"))
        for place, name in enumerate(self._names[: self._map.shape[1]]):
            cell = self._map.cell_rect(0, place)
            box = QRectF(cell.left(), 0, cell.width(), self.height())
            shown = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, round(cell.width()))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)


class OutputView(StepView):
    """The sample, a table of logits, probabilities, label and gradient, and a curve on which they lie."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stage = ""
        self._build_widgets()
        self._build_layout()
        for row in _ROWS:
            self.maps[row].cellPointed.connect(self._on_pointed)
            self.maps[row].cellLeft.connect(self._on_left)
            self.maps[row].cellChosen.connect(self._on_chosen)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self._layout.setSpacing(theme.px(14))
        self.image.setFixedWidth(theme.px(184))
        for row in _ROWS:
            self.maps[row].setFixedHeight(theme.px(46))
            self.bars[row].setFixedWidth(theme.px(160))
        self._table.setHorizontalSpacing(theme.px(16))

    def show_step(self, passed: Pass, step: Step, focus: Focus) -> None:
        """Draw a step."""
        self._stage = step.stage
        pixels = passed.scene.sample.pixels
        self.image.set_values(pixels[0], "grey")
        self.image_title.set_caption(f"label {passed.names[passed.label]}")
        for row, values in _rows(passed).items():
            visible = row in _VISIBLE[step.kind]
            colormap = "sequential" if row in "py" else "signed"
            levels = (0.0, 1.0) if row in "py" else signed_levels(values)
            if visible:
                self.maps[row].set_writer(_writer(passed, row))
                self.maps[row].set_excerpt(values[None], None, colormap, levels)
                self.maps[row].outline(((0, _column(passed)),), "selected")
                self.maps[row].set_covered(focus.is_covered and row == _RESULTS[step.kind])
            for widget in (self.maps[row], self._names[row]):
                widget.setVisible(visible)
            self.bars[row].set_scale(colormap, levels, 0)
        self._heading.set_names(passed.names if not passed.has_one_logit else (passed.names[1],))
        title, caption, content = curve_of(passed, step.kind)
        self.plot_title.set_text(title)
        self.plot_title.set_caption(caption)
        self.plot.set_content(content)
        self.plot.setAccessibleName(f"{title} {caption}" if caption.startswith("against") else title)

    def _build_widgets(self) -> None:
        self.image_title = SectionTitle("Sample")
        self.image = named(HeatMap(), "Image of the sample")
        self.image.set_numbers(False)
        self.image.set_interactive(False)
        self.image.set_alignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.maps = {row: NumberRow() for row in _ROWS}
        self.bars = {row: ScaledBar() for row in _ROWS}
        self._names = {row: _stacked(QLabel(_NAMES[row]), self.bars[row]) for row in _ROWS}
        for row, widget in self.maps.items():
            widget.show_lines()
            widget.setToolTip(_TIPS[row])
            widget.setAccessibleName(_NAMES[row])
        self._heading = ColumnNames(self.maps["p"])
        self.plot_title = SectionTitle("")
        tip = "Point at the curve, or use the left and right arrow keys, to read its values"
        self.plot = named(Plot(), "Curve", tip)

    def _build_layout(self) -> None:
        self._table = QGridLayout()
        self._table.setVerticalSpacing(6)
        self._table.addWidget(QLabel("class"), 0, 0)
        self._table.addWidget(self._heading, 0, 1)
        for place, row in enumerate(_ROWS, start=1):
            self._table.addWidget(self._names[row], place, 0)
            self._table.addWidget(self.maps[row], place, 1)
        self._table.setColumnStretch(1, 1)
        below = QHBoxLayout()
        below.setSpacing(24)
        below.addWidget(_stacked(self.image_title, self.image))
        below.addWidget(_stacked(self.plot_title, self.plot), 1)
        self._layout = fill(QVBoxLayout(self), self._table, (below, 1))

    def _on_pointed(self, _row: int, column: int) -> None:
        self.cellPointed.emit(self._stage, (column,))

    def _on_chosen(self, _row: int, column: int) -> None:
        if any(shown.is_covered() and shown.isVisible() for shown in self.maps.values()):
            self.revealRequested.emit()
            return
        self.targetChosen.emit(CellTarget(self._stage, (column,)))


def _stacked(upper: QWidget, lower: QWidget) -> QWidget:
    """Put one widget below another; the lower one takes the room."""
    both = QWidget()
    fill(QVBoxLayout(both), upper, (lower, 1), spacing=4)
    return both


def _writer(passed: Pass, row: str) -> Writer:
    """How the numbers of a row are written: in full, for nothing beside them says a power of ten."""
    if row == "p":
        # One logit stands for the second of two classes.
        shares, first = passed.probabilities.tolist(), -len(passed.trace.logits[0])
        return lambda _values, longest: format_probabilities(shares, longest=longest)[first:]
    write = format_value if row == "y" else format_signed
    return lambda values, longest: format_together(values, 4, write, longest)


def _column(passed: Pass) -> int:
    return 0 if passed.has_one_logit else passed.label


def _rows(passed: Pass) -> dict[str, NDArray[np.float64]]:
    """Values of the rows of the table, one for each logit."""
    logits = passed.trace.logits[0].astype(np.float64)
    probabilities = passed.trace.probabilities[0].astype(np.float64)
    if passed.has_one_logit:
        label = np.array([float(passed.label)])
    else:
        label = (np.arange(len(logits)) == passed.label).astype(np.float64)
    gradient = passed.gradient(passed.network.layers[-1][0]).astype(np.float64)
    return {"z": logits, "p": probabilities, "y": label, "d": gradient}
