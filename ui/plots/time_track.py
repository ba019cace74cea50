"""The track of a timeline: how far a run has got, its loss in small, its epochs, and a handle to drag."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, override

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviz.quantities import format_count
from ui.controls.cached_drawing import CachedDrawing
from ui.controls.key_moves import has_shift, is_plain
from ui.controls.pace import Pace
from ui.controls.painted import PaintedWidget
from ui.controls.wheel import WheelNotches
from ui.plots.plot_readout import PlotReadout
from ui.plots.time_painter import Points, TrackContent, TrackPainter
from ui.plots.time_scale import TimeScale
from ui.theme import Theme, follow_theme, ui_font

#: Shortest time between two requests while the handle is dragged: one frame of a usual screen.
_FRAME_MS = 16
_ARROWS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1}
_PAGES = {Qt.Key.Key_PageDown: -10, Qt.Key.Key_PageUp: 10}


class TimeTrack(PaintedWidget):
    """Line from the first to the last step of a run, with a handle at the moment that is shown.

    It only asks for steps; which moments there are is its owner's business. While the handle is dragged,
    requests come at most once a frame, and the last one is never left out.
    """

    #: Step that was clicked or dragged to.
    stepRequested = Signal(object)
    #: So many steps later (or earlier, when negative), by an arrow key.
    walkRequested = Signal(int)
    #: So many moments later (or earlier), by an arrow key with Shift, a Page key or the wheel.
    moveRequested = Signal(int)
    #: The first moment.
    startRequested = Signal()
    #: The last moment.
    endRequested = Signal()
    #: Step under the pointer, or None when it has left.
    hovered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content = TrackContent()
        self._position: int | None = None
        self._reached = 0
        self._live = True
        self._dragging = False
        self._hover_x: float | None = None
        self._readout: PlotReadout | None = None
        self._wheel = WheelNotches()
        self._ground = CachedDrawing()  # all that does not move with the handle
        self._pace = Pace(_FRAME_MS, self)
        self._pace.due.connect(self.stepRequested)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Timeline")
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    def set_span(self, first: int, last: int, steps_per_epoch: int) -> None:
        """Set the steps at the ends, and how many of them make an epoch (0: epochs are not marked)."""
        self._change(first=first, last=max(last, first + 1), steps_per_epoch=steps_per_epoch)

    def set_reached(self, step: int) -> None:
        """Set how far the run has got."""
        if step != self._reached:
            self._reached = step
            self.update()

    def set_position(self, step: int | None, *, live: bool) -> None:
        """Put the handle at the moment that is shown; `live` when it moves on with the run."""
        if (step, live) != (self._position, self._live):
            self._position, self._live = step, live
            self._describe()
            self.update()

    def set_curve(self, x: ArrayLike, y: ArrayLike) -> None:
        """Draw this curve in small.

        * `x`, `y`: steps, ascending, and values from 0 up.
        """
        self._change(curve=_points(x, y))

    def set_ghost(self, x: ArrayLike, y: ArrayLike) -> None:
        """Draw another curve in grey behind it; no points for none."""
        self._change(ghost=_points(x, y))

    def set_reference(self, step: int | None) -> None:
        """Flag the moment that others are compared with, or none."""
        self._change(reference=step)

    def set_fork(self, step: int | None) -> None:
        """Mark where this run left another, or nothing."""
        self._change(fork=step)

    def set_hover(self, heading: str, rows: Sequence[tuple[str, str, str]]) -> None:
        """Say something about the step under the pointer, in a box above it."""
        if self._hover_x is None:
            return
        if self._readout is None:
            # Over the panels: there is no room for it inside the track.
            self._readout = PlotReadout(self.window())
        colored = [(self._theme.color(role), name, value) for role, name, value in rows]
        at = self.mapTo(self.window(), QPoint(round(self._hover_x), 0))
        self._readout.show_values(heading, colored, at)

    def hover_text(self) -> str:
        """What is said about the step under the pointer; "" without one."""
        return "" if self._readout is None or self._readout.isHidden() else self._readout.text()

    def content(self) -> TrackContent:
        """All that is drawn behind the handle."""
        return self._content

    def position(self) -> int | None:
        """Step at which the handle stands."""
        return self._position

    def is_dragged(self) -> bool:
        """Whether the user holds the handle."""
        return self._dragging

    def point_of(self, step: int) -> QPointF:
        """Where a step lies on the rail, in the widget's coordinates."""
        return QPointF(self._scale().x(step), self._painter().rail_y)

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme, theme.small_pt))

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(600), self._theme.px(38) + self.fontMetrics().height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(120), self.sizeHint().height())

    # -- pointer and keyboard ------------------------------------------------------------------------------

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self._dragging = True
        self._pace.put(self._scale().step(event.position().x()))
        self._pace.flush()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        self._hover_x = x
        if self._dragging:
            self._pace.put(self._scale().step(x))
        self.hovered.emit(self._scale().step(x))
        self.update()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._dragging:
            self._pace.flush()
            self._dragging = False
            self.update()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover_x = None
        if self._readout is not None:
            self._readout.hide()
        self.hovered.emit(None)
        self.update()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = self._wheel.turned(event)
        if notches:
            self.moveRequested.emit(notches)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if has_shift(event) and key in _ARROWS:
            self.moveRequested.emit(_ARROWS[key])
        elif not is_plain(event):
            super().keyPressEvent(event)
        elif key in _ARROWS:
            self.walkRequested.emit(_ARROWS[key])
        elif key in _PAGES:
            self.moveRequested.emit(_PAGES[key])
        elif key == Qt.Key.Key_Home:
            self.startRequested.emit()
        elif key == Qt.Key.Key_End:
            self.endRequested.emit()
        else:
            super().keyPressEvent(event)

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        parts = self._painter()
        painter = QPainter(self)
        self._ground.paint(painter, self, (self._content, self._theme), parts.draw_ground)
        parts.draw_reached(painter, self._reached)
        if self._position is not None:
            parts.draw_handle(
                painter, self._position, live=self._live, held=self._dragging, focused=self.hasFocus()
            )
        if self._hover_x is not None:
            parts.draw_hover(painter, self._hover_x)

    def _change(self, **changes: Any) -> None:
        # Arrays always count as different.
        if any(
            isinstance(new, tuple) or new != getattr(self._content, name) for name, new in changes.items()
        ):
            self._content = replace(self._content, **changes)
            self.update()

    def _painter(self) -> TrackPainter:
        return TrackPainter(self._content, self._scale(), QRectF(self.rect()), self._theme)

    def _scale(self) -> TimeScale:
        margin = self._theme.px(10)
        return TimeScale(
            self._content.first, self._content.last, margin, max(self.width() - margin, margin + 1)
        )

    def _describe(self) -> None:
        step = "no moment yet" if self._position is None else f"step {format_count(self._position)}"
        self.setAccessibleDescription(f"{step}, live" if self._live and self._position is not None else step)


def _points(x: ArrayLike, y: ArrayLike) -> Points:
    return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
