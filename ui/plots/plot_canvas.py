"""The area of a plot: axes, grid, marker, cursor, and the texts that lie over it."""

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from ui.plots.plot_axes import CountAxis, ValueAxis
from ui.plots.plot_readout import PlotReadout
from ui.theme import LIGHT, Theme
from ui.theme.plots import make_pen, style_plot

Range = tuple[float, float]


class _ViewBox(pg.ViewBox):
    """Area whose double click asks for the whole."""

    wholeRequested = Signal()

    def mouseDoubleClickEvent(self, event: Any) -> None:
        """Ask for the whole."""
        event.accept()
        self.wholeRequested.emit()


class PlotCanvas(QWidget):
    """One pyqtgraph plot, set up for curves against the step.

    Parameters
    ----------
    x_label, y_label : str
        What the axes say; an empty text takes no room.
    parent : QWidget, optional
    """

    #: The user has double-clicked.
    wholeRequested = Signal()
    #: The user has zoomed or moved the view.
    viewMoved = Signal()
    #: Abscissa under the pointer, and the place of the pointer in the scene.
    pointed = Signal(float, QPointF)
    #: The pointer has left the area of the curves.
    pointerLeft = Signal()

    def __init__(self, x_label: str, y_label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._setting_range = False
        self._view = _ViewBox(enableMenu=False)
        axes = {"left": ValueAxis("left"), "bottom": CountAxis("bottom")}
        self._widget = pg.PlotWidget(viewBox=self._view, axisItems=axes, enableMenu=False)
        self.plot_item: pg.PlotItem = self._widget.getPlotItem()
        self._build_plot(axes, x_label, y_label)
        self._marker, self._cross = self._make_line(), self._make_line()
        self._empty = QLabel(self._widget)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("role", "muted")
        self._empty.setWordWrap(True)
        self._empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.readout = PlotReadout(self._widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._widget)
        self._view.wholeRequested.connect(self.wholeRequested)
        self._view.sigRangeChanged.connect(self._on_range_changed)
        self._widget.scene().sigMouseMoved.connect(self._on_mouse_moved)

    def set_theme(self, theme: Theme, ratio: float) -> None:
        """Restyle.

        Parameters
        ----------
        theme : Theme
        ratio : float
            Device pixels a logical pixel.
        """
        self._theme = theme
        style_plot(self.plot_item, theme)
        self.plot_item.getAxis("left").setWidth(theme.px(48))
        self._marker.setPen(make_pen(theme, "winner", 1.5, ratio, dashed=True))
        self._cross.setPen(make_pen(theme, "muted", 1.0, ratio))

    def view_range(self) -> tuple[Range, Range]:
        """Ends of the x axis and of the y axis."""
        (x_lo, x_hi), (y_lo, y_hi) = self._view.viewRange()
        return (x_lo, x_hi), (y_lo, y_hi)

    def set_view_range(self, x_range: Range, y_range: Range) -> None:
        """Show a part of the plane; this is no move of the user."""
        self._setting_range = True
        self._view.setRange(xRange=x_range, yRange=y_range, padding=0, disableAutoRange=True)
        self._setting_range = False

    def zoom(self, factor: float) -> None:
        """Magnify about the middle, as the user would with the wheel; below 1 shows less."""
        self._view.scaleBy((factor, factor))

    def columns(self) -> int:
        """Columns of screen pixels in the area of the curves."""
        return max(round(self._view.width() * self.devicePixelRatioF()), 50)

    def set_log_y(self, log_y: bool) -> None:
        """Write powers of ten on the y axis, or not."""
        self.plot_item.getAxis("left").setLogMode(y=log_y)

    def set_marker_x(self, x: float | None) -> None:
        """Mark an abscissa, or none."""
        self._set_line(self._marker, x)

    def marker_x(self) -> float | None:
        """Abscissa that is marked."""
        return float(self._marker.value()) if self._marker.isVisible() else None

    def set_cross_x(self, x: float | None) -> None:
        """Draw the line of the cursor, or none."""
        self._set_line(self._cross, x)

    def scene_point(self, x: float) -> QPointF:
        """Place in the scene of an abscissa, at half the height of the view."""
        return self._view.mapViewToScene(QPointF(x, sum(self._view.viewRange()[1]) / 2))

    def show_readout(self, heading: str, rows: list[tuple[Any, str, str]], at: QPointF) -> None:
        """Show values beside a place of the scene; see `PlotReadout.show_values`."""
        self.readout.show_values(heading, rows, self._widget.mapFromScene(at))

    def set_placeholder(self, text: str) -> None:
        """Text in the middle, or ""."""
        self._empty.setText(text)
        px = self._theme.px
        self._empty.setGeometry(self._widget.rect().adjusted(px(56), px(8), -px(8), -px(32)))
        self._empty.setVisible(bool(text))

    def _build_plot(self, axes: dict[str, pg.AxisItem], x_label: str, y_label: str) -> None:
        # pyqtgraph makes this menu without a parent, though it is never shown: it would outlive the window.
        menu = self.plot_item.ctrlMenu
        menu.setParent(self, menu.windowFlags())
        # The plot around it takes the keyboard.
        self._widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._widget.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._widget.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        self.plot_item.hideButtons()
        self.plot_item.showGrid(y=True, alpha=1.0)
        # The numbers at the ends of the y axis reach half a line beyond it.
        self.plot_item.setContentsMargins(0, 10, 12, 0)
        for side, label in (("bottom", x_label), ("left", y_label)):
            axes[side].enableAutoSIPrefix(False)
            if label:
                axes[side].setLabel(label)

    def _make_line(self) -> pg.InfiniteLine:
        line = pg.InfiniteLine(angle=90, movable=False)
        line.setVisible(False)
        line.setZValue(10)
        self.plot_item.addItem(line, ignoreBounds=True)
        return line

    def _set_line(self, line: pg.InfiniteLine, x: float | None) -> None:
        line.setVisible(x is not None)
        if x is not None:
            line.setValue(x)

    def _on_range_changed(self, *_: object) -> None:
        if not self._setting_range:
            self.viewMoved.emit()

    def _on_mouse_moved(self, position: QPointF) -> None:
        if self._view.sceneBoundingRect().contains(position):
            self.pointed.emit(self._view.mapSceneToView(position).x(), position)
        else:
            self.pointerLeft.emit()
