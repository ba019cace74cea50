"""The area of a plot: pyqtgraph set up with axes, grid, cursor and names beside it."""

from collections.abc import Sequence
from typing import Any, override

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPen, QResizeEvent
from PySide6.QtWidgets import QGraphicsScene, QVBoxLayout, QWidget

from ui.controls.layouts import fill
from ui.plots.plot_axes import MARGIN, NameAxis, NumberAxis
from ui.theme import LIGHT, Theme
from ui.theme.plots import make_pen, style_plot

Range = tuple[float, float]


class _ViewBox(pg.ViewBox):
    """Area whose double click asks for the whole, and whose wheel zooms the x axis.

    Over the numbers of an axis the wheel zooms that axis.
    """

    wholeRequested = Signal()

    def wheelEvent(self, ev: Any, axis: int | None = None) -> None:
        """Zoom one axis."""
        super().wheelEvent(ev, axis=0 if axis is None else axis)

    def mouseDoubleClickEvent(self, event: Any) -> None:
        """Ask for the whole."""
        event.accept()
        self.wholeRequested.emit()


class PlotCanvas(QWidget):
    """One pyqtgraph plot.

    What it draws is smooth in every process, because it says so for each item: options of pyqtgraph that hold
    for a whole process would have to be set before the first plot by whoever makes one.

    * `x_counts`: whether x is a number of things, such as steps.
    * `zooms`: whether wheel and drag zoom and move; else the pointer is left to the widget around.
    """

    #: The user has double-clicked.
    wholeRequested = Signal()
    #: The user has zoomed or moved the view.
    viewMoved = Signal()
    #: Abscissa under the pointer, and the place of the pointer in this widget; only of a plot that zooms.
    pointed = Signal(float, QPointF)
    #: The pointer has left the area of the curves.
    pointerLeft = Signal()

    def __init__(self, *, x_counts: bool, zooms: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._setting_range = False
        self._label_button: QWidget | None = None
        self._view = _ViewBox(enableMenu=False, enableMouse=zooms)
        self._names = NameAxis()
        axes = {
            "left": NumberAxis("left"),
            "bottom": NumberAxis("bottom", counts=x_counts),
            "top": self._names,
        }
        self._widget = pg.PlotWidget(self, viewBox=self._view, axisItems=axes, enableMenu=False)
        self.plot_item: pg.PlotItem = self._widget.getPlotItem()
        self._build_plot(zooms)
        self._cross = self.make_line()
        self._cross.hide()
        self.plot_item.addItem(self._cross, ignoreBounds=True)
        fill(QVBoxLayout(self), self._widget)
        self._view.wholeRequested.connect(self.wholeRequested)
        self._view.sigRangeChanged.connect(self._on_range_changed)
        if zooms:
            self._widget.scene().sigMouseMoved.connect(self._on_mouse_moved)

    def set_theme(self, theme: Theme) -> None:
        """Restyle."""
        self._theme = theme
        style_plot(self.plot_item, theme)
        self._cross.setPen(self.pen(theme.color("muted"), 1.0))
        self._place_button()

    def set_x_label(self, text: str) -> None:
        """Say what the x axis is; an empty text takes no room."""
        axis = self.plot_item.getAxis("bottom")
        if text != axis.labelText:
            axis.setLabel(text, **axis.labelStyle)
            axis.showLabel(bool(text))
            axis.resizeEvent()  # only this puts a label into the middle
            self._place_button()

    def set_x_counts(self, counts: bool) -> None:
        """Write only whole numbers on the x axis, or all."""
        self.plot_item.getAxis("bottom").set_counts(counts)

    def set_label_button(self, button: QWidget) -> None:
        """Place a button at the right of the label of the x axis."""
        button.setParent(self._widget.viewport())
        self._label_button = button
        self.plot_item.getAxis("bottom").geometryChanged.connect(self._place_button)
        self._place_button()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_button()

    def _place_button(self) -> None:
        button, label = self._label_button, self.plot_item.getAxis("bottom").label
        if button is None or label is None:
            return
        button.resize(button.sizeHint())
        place = self._widget.mapFromScene(label.sceneBoundingRect().center())
        half = round(label.boundingRect().width() / 2) + self._theme.px(2)
        button.move(place.x() + half, place.y() - button.height() // 2)

    def set_left_width(self, width: int | None) -> None:
        """Fix the room for the numbers at the left, so that it keeps still; None for as much as they need."""
        self.plot_item.getAxis("left").setWidth(width)

    def set_names(self, names: Sequence[Any]) -> None:
        """Write names, a sequence of `Name`, above the plot."""
        self._names.set_names(names)

    # -- what lies in it -----------------------------------------------------------------------------------

    def pen(self, color: QColor, width: float, dashes: Sequence[float] = ()) -> QPen:
        """Pen of a line so many pixels wide at scale 1."""
        return make_pen(color, width * self._theme.scale * self.devicePixelRatioF(), dashes)

    def make_line(self, angle: int = 90) -> Any:
        """Line across the whole area, as yet without a pen: upright at the angle 90, level at 0."""
        line = pg.InfiniteLine(angle=angle, movable=False)
        line.setZValue(10)
        return line

    def view_range(self) -> tuple[Range, Range]:
        """Ends of the x axis and of the y axis."""
        (x_lo, x_hi), (y_lo, y_hi) = self._view.viewRange()
        return (x_lo, x_hi), (y_lo, y_hi)

    def set_view_range(self, x_range: Range, y_range: Range) -> None:
        """Show a part of the plane; this is no move of the user."""
        self._setting_range = True
        self._view.setRange(xRange=x_range, yRange=y_range, padding=0, disableAutoRange=True)
        self._setting_range = False

    def zoom(self, factor: float, axis: int = 0) -> None:
        """Magnify the x axis, or with 1 the y axis, about its middle, as the wheel does; below 1 for less."""
        self._view.scaleBy((1, factor) if axis else (factor, 1))

    def columns(self) -> int:
        """Columns of screen pixels in the area of the curves."""
        return max(round(self._view.width() * self.devicePixelRatioF()), 50)

    def set_cross_x(self, x: float | None) -> None:
        """Draw the line of the cursor, or none."""
        self._cross.setVisible(x is not None)
        if x is not None:
            self._cross.setValue(x)

    def place_of(self, x: float, y: float) -> QPointF:
        """Where a point of the plot is in this widget."""
        at = self._widget.viewportTransform().map(self._view.mapViewToScene(QPointF(x, y)))
        return QPointF(self._widget.viewport().mapTo(self, at))

    def point_at(self, place: QPointF) -> QPointF | None:
        """Point of the plot at a place of this widget; None outside the area of the curves."""
        scene = self._widget.mapToScene(self._widget.mapFrom(self, place.toPoint()))
        return self._view.mapSceneToView(scene) if self._view.sceneBoundingRect().contains(scene) else None

    def _build_plot(self, zooms: bool) -> None:
        # pyqtgraph makes this menu without a parent, though it is never shown: it would outlive the window.
        menu = self.plot_item.ctrlMenu
        menu.setParent(self, menu.windowFlags())
        # An index of the items would be tidied by a timer, and there are too few for it to be of use.
        self._widget.scene().setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        # The plot around it takes the keyboard.
        self._widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._widget.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._widget.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not zooms)
        self.plot_item.hideButtons()
        self.plot_item.showGrid(y=True, alpha=1.0)
        self.set_names(())
        # The numbers at the ends of the y axis reach half a line beyond it.
        self.plot_item.setContentsMargins(0, 10, MARGIN, 0)

    def _on_range_changed(self, *_: object) -> None:
        if not self._setting_range:
            self.viewMoved.emit()

    def _on_mouse_moved(self, position: QPointF) -> None:
        if self._view.sceneBoundingRect().contains(position):
            place = self._widget.mapTo(self, self._widget.mapFromScene(position))
            self.pointed.emit(self._view.mapSceneToView(position).x(), QPointF(place))
        else:
            self.pointerLeft.emit()
