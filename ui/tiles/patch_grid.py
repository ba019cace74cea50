"""Pieces of images in a row, each over the image it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QImage, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from cnnviz.quantities import format_count
from ui.cells.outlines import OUTLINES, draw_outline
from ui.controls.color_scale import GREY_LEVELS
from ui.controls.key_moves import is_enter
from ui.theme import Theme, mono_font, ui_font
from ui.tiles.tile_view import TileView, fitted

_TOP_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop


@dataclass(frozen=True, eq=False)
class PatchCard:
    """What is shown of one patch.

    * `pixels`: the patch.
    * `image`: the image it comes from.
    * `place`: row, column, number of rows and of columns of the patch in the image; it may reach
      over the border.
    * `images_count`: of how many images it is the patch that was found; said on the line below the
      caption where it is more than one.
    """

    pixels: NDArray[np.uint8]
    image: NDArray[np.uint8]
    place: tuple[int, int, int, int]
    caption: str
    tip: str
    images_count: int = 1


class PatchGrid(TileView):
    """Cards side by side: the patch enlarged, its image with the place outlined, a caption."""

    #: Number of the card that was clicked, or confirmed by Enter.
    patchClicked = Signal(int)

    is_row = True

    def __init__(self, parent: QWidget | None = None) -> None:
        self._cards: tuple[PatchCard, ...] = ()
        self._pictures: list[tuple[QImage, QImage]] = []
        super().__init__(parent)

    @property
    @override
    def count(self) -> int:
        return len(self._cards)

    def cards(self) -> tuple[PatchCard, ...]:
        """Cards shown."""
        return self._cards

    def set_cards(self, cards: Sequence[PatchCard]) -> None:
        """Show other patches."""
        self._cards = tuple(cards)
        grey = GREY_LEVELS.to_image
        self._pictures = [(grey(card.pixels), grey(card.image)) for card in self._cards]
        self.setAccessibleDescription("; ".join(card.tip for card in self._cards))
        self.set_current(0 if self._cards else None)  # the card that the keyboard is at
        self._show()

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(mono_font(theme.small_pt))

    @override
    def tile_rect(self, index: int) -> QRectF:
        side, gap = self._side(), self._theme.px(10)
        height = 2 * side + self._theme.px(4) + self._lines()
        return QRectF(3 + index * (side + gap), 3, side, height)

    @override
    def sizeHint(self) -> QSize:
        side = self._theme.px(72)
        return QSize(8 * (side + self._theme.px(10)), 2 * side + self._theme.px(4) + self._lines() + 6)

    @override
    def minimumSizeHint(self) -> QSize:
        side = self._theme.px(36)
        return QSize(8 * (side + self._theme.px(10)), 2 * side + self._theme.px(4) + self._lines() + 6)

    # -- events --------------------------------------------------------------------------------------------

    @override
    def _tip(self, part: int) -> str:
        return self._cards[part].tip

    @override
    def _tell_chosen(self, index: int) -> None:
        self.patchClicked.emit(index)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        place = self._moved(event)
        if place is not None:
            self.set_current(place)
        elif is_enter(event) and self._current is not None:
            self._select(self._current)
        else:
            super().keyPressEvent(event)

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def _paint_placeholder(self, painter: QPainter, alignment: Qt.AlignmentFlag = _TOP_LEFT) -> None:
        painter.setFont(ui_font(self._theme))
        super()._paint_placeholder(painter, alignment)

    @override
    def _paint_tile(self, painter: QPainter, index: int, rect: QRectF) -> None:
        theme, card, side = self._theme, self._cards[index], self._side()
        patch, image = self._pictures[index]
        top = fitted(QRectF(rect.left(), rect.top(), side, side), patch)
        below = fitted(QRectF(rect.left(), rect.top() + side + theme.px(4), side, side), image)
        painter.drawImage(top, patch)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(below, image)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        self._draw_frame(painter, top, "border", 1)
        unit = below.width() / image.width()
        row, col, rows, cols = card.place
        box = QRectF(below.left() + col * unit, below.top() + row * unit, cols * unit, rows * unit)
        draw_outline(painter, box.intersected(below), OUTLINES["receptive"], theme)
        text = QRectF(rect.left() - 4, below.top() + side + 1, side + 8, self._line())
        painter.setFont(self.font())
        painter.setPen(theme.color("text"))
        painter.drawText(text, Qt.AlignmentFlag.AlignHCenter, card.caption)
        painter.setPen(theme.color("muted"))
        below_text = text.translated(0, self._line())
        painter.drawText(below_text, Qt.AlignmentFlag.AlignHCenter, self._times(card, below_text.width()))

    @override
    def _paint_frame(self, painter: QPainter, index: int, rect: QRectF) -> None:
        focused = self.hasFocus() and self._is_chosen(index)
        if focused or self._is_pointed_at(index):
            painter.setPen(QPen(self._theme.color("accent"), 2 if focused else 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(-2, -2, 2, 1), 4, 4)

    def _side(self) -> float:
        count, px = max(len(self._cards), 8), self._theme.px
        by_width = (self.width() - 6 - (count - 1) * px(10)) / count
        by_height = (self.height() - 6 - px(4) - self._lines()) / 2
        return float(max(int(min(by_width, by_height, px(112))), 8))

    def _times(self, card: PatchCard, room: float) -> str:
        """Of how many images it is the patch, in words where there is room for them; "" for one."""
        count = format_count(card.images_count)
        words = f"{count} images"
        fits = QFontMetrics(self.font()).horizontalAdvance(words) <= room
        return "" if card.images_count == 1 else words if fits else f"× {count}"

    def _lines(self) -> int:
        """Height of the captions: with a second line where one is needed."""
        return self._line() * (2 if any(card.images_count > 1 for card in self._cards) else 1)

    def _line(self) -> int:
        return QFontMetrics(self.font()).height() + 1
