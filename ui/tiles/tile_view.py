"""What all grids of small maps and images have in common: pointing at a tile, choosing one, and its frame."""

from typing import override

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.controls.key_moves import moved_in_grid, row_step
from ui.controls.pointed import PointedWidget
from ui.theme import Theme, follow_theme, ui_font


class TileView(PointedWidget[int]):
    """Tiles of which one lies under the pointer, and one may be chosen by click or by key.

    Pass a parameter for how large tiles are, what is written below them, and whether one can be chosen. Make
    a kind of it for what tiles show (maps, pairs of maps, images) and for how they lie: it says how many
    there are (`count`), where each lies (`tile_rect`), paints one (`_paint_tile`), tells others which was
    chosen (`_tell_chosen`), and calls `_show` whenever its content is another.
    """

    #: Whether all tiles stand in one row, in which the upper and the lower arrow key mean nothing.
    is_row = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._current: int | None = None
        self._selectable = True
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        follow_theme(self)

    # -- what a kind of it says ----------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """Number of tiles."""
        raise NotImplementedError

    def tile_rect(self, index: int) -> QRectF:
        """Rectangle of a tile, without its caption, in the widget's coordinates."""
        raise NotImplementedError

    def visible_range(self) -> range:
        """Numbers of the tiles that are in sight, at least in part; here all."""
        return range(self.count)

    def _columns(self) -> int:
        """How many tiles stand in a row; here all."""
        return max(self.count, 1)

    def _paint_tile(self, painter: QPainter, index: int, rect: QRectF) -> None:
        """Paint what a tile shows, without its frame."""
        raise NotImplementedError

    def _caption_of(self, index: int) -> str:
        """What is written below a tile; nothing here."""
        return ""

    def _tell_chosen(self, index: int) -> None:
        """Tell others that the user has chosen a tile."""
        raise NotImplementedError

    # -- choosing ------------------------------------------------------------------------------------------

    def current(self) -> int | None:
        """Number of the chosen tile."""
        return self._current

    def set_current(self, index: int | None) -> None:
        """Choose a tile, or none."""
        if index != self._current:
            self._current = index
            self.update()

    def set_selectable(self, selectable: bool) -> None:
        """Answer to clicks and keys, or be a picture only."""
        self._selectable = selectable
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if selectable else Qt.FocusPolicy.NoFocus)

    def _show(self) -> None:
        """Draw other content, and look which of its tiles is pointed at."""
        if self._current is not None and self._current >= self.count:
            self._current = None
        self._ask_again()
        self.update()

    def _select(self, index: int) -> None:
        self.set_current(index)
        self._tell_chosen(index)

    def _moved(self, event: QKeyEvent) -> int | None:
        """Tile that a key leads to, -1 for nowhere; None for a key without a meaning."""
        if not self.is_row:
            return moved_in_grid(event, self._current, self.count, self._columns())
        step, before = row_step(event), -1 if self._current is None else self._current
        return None if step is None or not self.count else min(max(before + step, 0), self.count - 1)

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme, theme.small_pt))

    @override
    def _part_rect(self, part: int) -> QRectF:
        return self.tile_rect(part)

    @override
    def _part_at(self, point: QPointF) -> int | None:
        return next((i for i in self.visible_range() if self.tile_rect(i).contains(point)), None)

    @override
    def _can_press(self, part: int) -> bool:
        return self._selectable

    @override
    def _press(self, part: int) -> None:
        self._select(part)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        place = self._moved(event) if self._selectable else None
        if place is None:
            super().keyPressEvent(event)
        elif place >= 0:
            self._select(place)

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self.count:
            self._paint_placeholder(painter)
            return
        below, dirty = self._caption_height(), event.rect().toRectF()
        for index in self.visible_range():
            rect = self.tile_rect(index)
            if dirty.intersects(rect.adjusted(-3, -3, 3, 3 + below)):
                self._paint_tile(painter, index, rect)
                self._paint_frame(painter, index, rect)
                self._paint_caption(painter, index, rect, below)
        if self.hasFocus() and self._current is None:
            self._paint_focus_frame(painter)

    def _is_chosen(self, index: int) -> bool:
        """Whether a tile is framed as the chosen one."""
        return index == self._current

    def _is_pointed_at(self, index: int) -> bool:
        """Whether a tile is framed as the one under the pointer."""
        return index == self._hovered and self._selectable

    def _paint_frame(self, painter: QPainter, index: int, rect: QRectF) -> None:
        """Frame a tile on its outside."""
        role, width = ("muted" if self._is_pointed_at(index) else "border"), 1
        if self._is_chosen(index):
            role, width = "accent", 3 if self.hasFocus() else 2
        self._draw_frame(painter, rect, role, width)

    def _draw_frame(self, painter: QPainter, rect: QRectF, role: str, width: int) -> None:
        painter.setPen(QPen(self._theme.color(role), width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        grow = width / 2
        painter.drawRect(rect.adjusted(-grow, -grow, grow, grow))

    def _caption_height(self) -> float:
        """Height of the captions with the gap above them; 0 without captions."""
        return 0.0

    def _paint_caption(self, painter: QPainter, index: int, rect: QRectF, height: float) -> None:
        text = self._caption_of(index)
        if text and height:
            below = QRectF(rect.left() - 2, rect.bottom() + 2, rect.width() + 4, height)
            painter.setFont(self.font())
            painter.setPen(self._theme.color("text" if self._is_chosen(index) else "muted"))
            metrics = self.fontMetrics()
            # To measure a text costs as much as to write it: what is surely short enough is not measured.
            if len(text) * metrics.maxWidth() > below.width():
                text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, round(below.width()))
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, text)


def fitted(area: QRectF, picture: QImage) -> QRectF:
    """Largest rectangle of a picture's shape in the middle of an area."""
    size = picture.size().toSizeF().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
    found = QRectF(0, 0, size.width(), size.height())
    found.moveCenter(area.center())
    return found


def draw_part(painter: QPainter, rect: QRectF, picture: QImage, part: QRect) -> None:
    """Draw a part of a picture into a rectangle."""
    painter.drawImage(rect, picture, QRectF(part))
