"""Lines from cells of one map to cells of another, drawn above both but for the texts on their way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import override

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF, QRegion
from PySide6.QtWidgets import QLabel, QWidget

from ui.cells.excerpt_map import ExcerptMap
from ui.controls.painted import PaintedWidget
from ui.theme import follow_theme

_FEW = 4


@dataclass(frozen=True)
class Link:
    """A line between two cells, given in the coordinates of their whole maps.

    Attributes
    ----------
    start, end : tuple of (row, column)
    """

    start: tuple[int, int]
    end: tuple[int, int]


class LinkOverlay(PaintedWidget):
    """Lies over a widget, lets the pointer through, and joins cells of two maps inside it.

    Lines pass behind numbers, coordinates and labels, which stay readable.

    Parameters
    ----------
    source, target : ExcerptMap
        Descendants of `parent`.
    parent : QWidget
    """

    def __init__(self, source: ExcerptMap, target: ExcerptMap, parent: QWidget) -> None:
        super().__init__(parent)
        self._source, self._target, self._over = source, target, parent
        self._links: tuple[Link, ...] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        parent.installEventFilter(self)
        follow_theme(self)
        self._cover()

    def set_links(self, links: Sequence[Link]) -> None:
        """Draw other lines; those whose ends are outside the blocks shown are left out."""
        if tuple(links) != self._links:
            self._links = tuple(links)
            self.update()

    def links(self) -> tuple[Link, ...]:
        """Lines that are drawn, if their ends are in sight."""
        return self._links

    def lines(self) -> list[tuple[QPointF, QPointF]]:
        """Ends of the lines in sight, in this widget's coordinates."""
        found: list[tuple[QPointF, QPointF]] = []
        for link in self._links:
            start, end = self._place(self._source, link.start), self._place(self._target, link.end)
            if start is not None and end is not None:
                tip = QPointF(end.center().x(), end.top() + self._theme.px(5))
                found.append((QPointF(start.center().x(), start.bottom() - 2), tip))
        return found

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest, QEvent.Type.Show):
            self._cover()
        return super().eventFilter(watched, event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = self._theme.color("winner")
        halo = QColor("#10161D" if color.lightnessF() > 0.5 else "#FFFFFF")
        halo.setAlphaF(0.8)
        painter.setClipRegion(self._free_of_texts())
        lines = self.lines()
        # A gradient that is spread over many cells: thin lines, so that the numbers stay readable.
        width = 2 if len(lines) <= _FEW else 1
        for start, end in lines:
            path = _curve(start, end)
            for pen in (QPen(halo, self._theme.px(2 * width)), QPen(color, self._theme.px(width))):
                painter.setPen(pen)
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawPath(path)
            painter.setPen(QPen(halo, 1))
            painter.setBrush(color)
            painter.drawPolygon(_arrow(path, end, self._theme.px(9 if width > 1 else 6)))
            painter.drawEllipse(start, self._theme.px(3), self._theme.px(3))

    def _free_of_texts(self) -> QRegion:
        """Return where nothing is written."""
        free = QRegion(self.rect())
        for owner in (self._source, self._target):
            for box in owner.text_boxes() if owner.isVisible() else ():
                free -= QRegion(box.translated(owner.mapTo(self._over, QPointF())).toAlignedRect())
        for label in self._over.findChildren(QLabel):
            if label.isVisible() and label.text():
                free -= QRegion(QRect(label.mapTo(self._over, QPoint()), label.size()))
        return free

    def _place(self, owner: ExcerptMap, cell: tuple[int, int]) -> QRectF | None:
        rect = owner.place_of(*cell)
        if rect is None or not owner.isVisible():
            return None
        return QRectF(QPointF(owner.mapTo(self._over, rect.topLeft())), rect.size())

    def _cover(self) -> None:
        self.setGeometry(self._over.rect())
        self.raise_()


def _curve(start: QPointF, end: QPointF) -> QPainterPath:
    path = QPainterPath(start)
    middle = (end.y() - start.y()) * 0.5
    path.cubicTo(QPointF(start.x(), start.y() + middle), QPointF(end.x(), end.y() - middle), end)
    return path


def _arrow(path: QPainterPath, tip: QPointF, length: float) -> QPolygonF:
    """Head of an arrow at the end of a path."""
    before = path.pointAtPercent(max(1 - 1.5 * length / max(path.length(), 1.0), 0.0))
    along = tip - before
    size = max((along.x() ** 2 + along.y() ** 2) ** 0.5, 1e-6)
    along *= length / size
    across = QPointF(-along.y(), along.x()) * 0.5
    return QPolygonF([tip, tip - along + across, tip - along - across])
