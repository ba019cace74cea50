"""What stays the same from one repaint to the next, drawn once."""

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPaintEngine, QPainter, QPixmap
from PySide6.QtWidgets import QWidget


class CachedDrawing:
    """Keeps a picture of the part of a widget that does not change at display rate.

    While training runs, the GUI thread has to share the interpreter; a widget that repaints at display rate
    should make few calls. On paper and in vector files everything is drawn anew, so that lines stay lines.
    """

    def __init__(self) -> None:
        self._key: object = None
        self._pixmap = QPixmap()

    def paint(
        self,
        painter: QPainter,
        widget: QWidget,
        key: object,
        draw: Callable[[QPainter], None],
        *,
        covers: bool = False,
    ) -> None:
        """Draw the part, from the picture if nothing that it depends on has changed.

        * `painter`: at work on `widget`.
        * `key`: everything that the part depends on, besides the size of the widget; compared
          by `==`.
        * `draw`: draws the part with a painter whose coordinates are the widget's.
        * `covers`: whether the part fills the whole widget: a picture without holes is drawn
          more quickly.
        """
        engine = painter.paintEngine()
        if engine is not None and engine.type() != QPaintEngine.Type.Raster:
            painter.save()
            draw(painter)
            painter.restore()
            return
        ratio = widget.devicePixelRatioF()
        whole = (key, widget.size(), ratio)
        if whole != self._key:
            self._key = whole
            self._pixmap = QPixmap(widget.size() * ratio)
            self._pixmap.setDevicePixelRatio(ratio)
            if not covers:
                self._pixmap.fill(Qt.GlobalColor.transparent)
            inner = QPainter(self._pixmap)
            inner.setFont(widget.font())
            draw(inner)
            inner.end()
        painter.drawPixmap(QPointF(0, 0), self._pixmap)
