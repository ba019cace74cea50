"""Pieces of images in a row, each over the image it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QImage,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.cells.outlines import OUTLINES, draw_outline
from ui.controls.color_scale import ColorScale
from ui.controls.key_moves import is_enter, row_step
from ui.controls.pointed import PointedWidget
from ui.theme import Theme, follow_theme, mono_font, ui_font

_TOP_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
_GREY = ColorScale("grey", 0.0, 255.0)


@dataclass(frozen=True, eq=False)
class PatchCard:
    """What is shown of one patch.

    Attributes
    ----------
    pixels : ndarray of shape (h, w), uint8
        The patch.
    image : ndarray of shape (H, W), uint8
        The image it comes from.
    place : tuple of int
        Row, column, number of rows and of columns of the patch in the image; it may reach over the border.
    caption : str
    tip : str
    """

    pixels: NDArray[np.uint8]
    image: NDArray[np.uint8]
    place: tuple[int, int, int, int]
    caption: str
    tip: str


class PatchGrid(PointedWidget[int]):
    """Cards side by side: the patch enlarged, its image with the place outlined, a caption.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Number of the card that was clicked, or confirmed by Enter.
    patchClicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: tuple[PatchCard, ...] = ()
        self._pictures: list[tuple[QImage, QImage]] = []
        self._focus_card = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        follow_theme(self)

    def cards(self) -> tuple[PatchCard, ...]:
        """Cards shown."""
        return self._cards

    def set_cards(self, cards: Sequence[PatchCard]) -> None:
        """Show other patches."""
        self._cards = tuple(cards)
        self._pictures = [(_GREY.to_image(card.pixels), _GREY.to_image(card.image)) for card in self._cards]
        self._focus_card = 0
        self.setAccessibleDescription("; ".join(card.tip for card in self._cards))
        self._ask_again()
        self.update()

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(mono_font(theme.small_pt))

    def card_rect(self, card: int) -> QRectF:
        """Rectangle of a card, in the widget's coordinates."""
        side, gap = self._side(), self._theme.px(10)
        height = 2 * side + self._theme.px(4) + self._line()
        return QRectF(3 + card * (side + gap), 3, side, height)

    @override
    def sizeHint(self) -> QSize:
        side = self._theme.px(72)
        return QSize(8 * (side + self._theme.px(10)), 2 * side + self._theme.px(4) + self._line() + 6)

    @override
    def minimumSizeHint(self) -> QSize:
        side = self._theme.px(36)
        return QSize(8 * (side + self._theme.px(10)), 2 * side + self._theme.px(4) + self._line() + 6)

    # -- events --------------------------------------------------------------------------------------------

    @override
    def _part_at(self, point: QPointF) -> int | None:
        return next((i for i in range(len(self._cards)) if self.card_rect(i).contains(point)), None)

    @override
    def _tip(self, part: int) -> str:
        return self._cards[part].tip

    @override
    def _can_press(self, part: int) -> bool:
        return True

    @override
    def _press(self, part: int) -> None:
        self._focus_card = part
        self.patchClicked.emit(part)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = row_step(event)
        if step is not None and self._cards:
            self._focus_card = min(max(self._focus_card + step, 0), len(self._cards) - 1)
            self.update()
        elif is_enter(event) and self._cards:
            self.patchClicked.emit(self._focus_card)
        else:
            super().keyPressEvent(event)

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._cards:
            painter.setFont(ui_font(self._theme))
            self._paint_placeholder(painter, _TOP_LEFT)
            return
        for place in range(len(self._cards)):
            self._paint_card(painter, place)

    def _paint_card(self, painter: QPainter, place: int) -> None:
        theme, card = self._theme, self._cards[place]
        rect, side = self.card_rect(place), self._side()
        patch, image = self._pictures[place]
        top = _fitted(QRectF(rect.left(), rect.top(), side, side), patch)
        below = _fitted(QRectF(rect.left(), rect.top() + side + theme.px(4), side, side), image)
        painter.drawImage(top, patch)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(below, image)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(theme.color("border"))
        painter.drawRect(top.adjusted(-0.5, -0.5, 0.5, 0.5))
        unit = below.width() / image.width()
        row, col, rows, cols = card.place
        box = QRectF(below.left() + col * unit, below.top() + row * unit, cols * unit, rows * unit)
        draw_outline(painter, box.intersected(below), OUTLINES["receptive"], theme)
        text = QRectF(rect.left() - 4, below.top() + side + 1, side + 8, self._line())
        painter.setFont(self.font())
        painter.setPen(theme.color("text"))
        painter.drawText(text, Qt.AlignmentFlag.AlignHCenter, card.caption)
        focused = self.hasFocus() and place == self._focus_card
        if place == self._hovered or focused:
            painter.setPen(QPen(theme.color("accent"), 2 if focused else 1))
            painter.drawRoundedRect(rect.adjusted(-2, -2, 2, 1), 4, 4)

    def _side(self) -> float:
        count, px = max(len(self._cards), 8), self._theme.px
        by_width = (self.width() - 6 - (count - 1) * px(10)) / count
        by_height = (self.height() - 6 - px(4) - self._line()) / 2
        return float(max(int(min(by_width, by_height, px(112))), 8))

    def _line(self) -> int:
        return QFontMetrics(self.font()).height() + 1


def _fitted(area: QRectF, picture: QImage) -> QRectF:
    """Largest rectangle of a picture's shape in the middle of an area."""
    scale = min(area.width() / picture.width(), area.height() / picture.height())
    wide, high = picture.width() * scale, picture.height() * scale
    return QRectF(area.center().x() - wide / 2, area.center().y() - high / 2, wide, high)
