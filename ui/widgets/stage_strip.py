"""The stages of the network in a row, each with its change and its residual; one of them is chosen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import override

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ui.theme import LIGHT, Theme, follow_theme, mono_font, ui_font


@dataclass(frozen=True)
class StageTile:
    """What the strip says about a stage.

    Attributes
    ----------
    key : str
    title : str
    colors : tuple of str
        ``#RRGGBB`` of the stage on a light and on a dark ground.
    tooltip : str
    is_own : bool
        Whether the network really has this stage; the chip of the others is hollow.
    """

    key: str
    title: str
    colors: tuple[str, str]
    tooltip: str = ""
    is_own: bool = True

    def color(self, theme: Theme) -> QColor:
        """Colour of the stage on the ground of a theme."""
        return QColor(self.colors[theme.is_dark])


class StageStrip(QWidget):
    """Tiles with two bars each, on one scale.

    Parameters
    ----------
    rows : tuple of str
        What the two bars are called.
    full : float
        Value of a full bar; larger ones are cut there.
    parent : QWidget, optional
    """

    #: Key of the stage that the user has chosen.
    stageSelected = Signal(str)

    def __init__(
        self, rows: tuple[str, str] = ("change", "residual"), full: float = 1.5, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._rows = rows
        self._full = full
        self._tiles: tuple[StageTile, ...] = ()
        self._values: dict[str, tuple[float, float]] = {}
        self._current = ""
        self._hovered = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        follow_theme(self)

    @property
    def tiles(self) -> tuple[StageTile, ...]:
        """Stages shown."""
        return self._tiles

    def current(self) -> str:
        """Key of the chosen stage."""
        return self._current

    def values(self, key: str) -> tuple[float, float] | None:
        """Both numbers of a stage; None if they are not known."""
        return self._values.get(key)

    def set_tiles(self, tiles: Sequence[StageTile]) -> None:
        """Show stages."""
        if tuple(tiles) != self._tiles:
            self._tiles = tuple(tiles)
            self.updateGeometry()
            self._describe()
            self.update()

    def set_values(self, values: dict[str, tuple[float, float]]) -> None:
        """Show both numbers of each stage; NaN where there is nothing to compare with."""
        self._values = dict(values)
        self._describe()
        self.update()

    def set_current(self, key: str) -> None:
        """Choose a stage."""
        if key != self._current:
            self._current = key
            self._describe()
            self.update()

    def set_theme(self, theme: Theme) -> None:
        """Restyle."""
        self._theme = theme
        self.setFont(ui_font(theme, theme.small_pt))
        self.updateGeometry()
        self.update()

    def tile_rect(self, key: str) -> QRectF:
        """Rectangle of a stage; empty if there is no such stage."""
        keys = [tile.key for tile in self._tiles]
        return self._rect(keys.index(key)) if key in keys else QRectF()

    # -- layout --------------------------------------------------------------------------------------------

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(760), self._height())

    @override
    def minimumSizeHint(self) -> QSize:
        # Without the names of the rows and without chips, if it must be.
        gaps, chips = max(len(self._tiles) - 1, 0) * self._theme.px(6), len(self._tiles) * self._chip_width()
        return QSize(sum(self._least_widths()) - chips + gaps, self._height())

    def _height(self) -> int:
        return 3 * self._line() + self._theme.px(12)

    def _line(self) -> int:
        return self.fontMetrics().height() + self._theme.px(1)

    def _label_width(self) -> int:
        return max(self.fontMetrics().horizontalAdvance(text) for text in self._rows) + self._theme.px(10)

    def _least_widths(self) -> list[int]:
        """Width that each tile needs for its title and its numbers; the bars may vanish."""
        px = self._theme.px
        strong = QFontMetrics(ui_font(self._theme, self._theme.small_pt, QFont.Weight.DemiBold))
        number = QFontMetrics(mono_font(theme=self._theme)).horizontalAdvance("0.00") + px(20)
        return [max(strong.horizontalAdvance(tile.title) + px(34), number) for tile in self._tiles]

    def _chip_width(self) -> int:
        return self._theme.px(15)

    def _room(self) -> tuple[int, bool]:
        """Width of the names of the rows, 0 without room for them; and whether there is room for chips."""
        gaps = max(len(self._tiles) - 1, 0) * self._theme.px(6)
        spare = self.width() - sum(self._least_widths()) - gaps
        return (self._label_width() if spare >= self._label_width() else 0), spare >= 0

    def _rect(self, place: int) -> QRectF:
        gap, count, least = self._theme.px(6), len(self._tiles), self._least_widths()
        labels = self._room()[0]
        # With room to spare all tiles are equally wide.
        even = (self.width() - labels - (count - 1) * gap) / count
        spare = even - sum(least) / count
        widths = [even] * count if even >= max(least) else [width + spare for width in least]
        left = labels + sum(widths[:place]) + place * gap
        return QRectF(left, 0, widths[place], self.height()).adjusted(1, 1, -1, -1)

    def _tile_at(self, point: QPointF) -> StageTile | None:
        return next((tile for i, tile in enumerate(self._tiles) if self._rect(i).contains(point)), None)

    # -- events --------------------------------------------------------------------------------------------

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            tile = self._tile_at(QPointF(event.pos()))
            if tile is not None:
                QToolTip.showText(event.globalPos(), f"{self._words(tile)}\n{tile.tooltip}".strip(), self)
                return True
        return super().event(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        tile = self._tile_at(event.position())
        self._hover("" if tile is None else tile.key)

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._hover("")
        super().leaveEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        tile = self._tile_at(event.position())
        if tile is not None and event.button() == Qt.MouseButton.LeftButton:
            self._select(tile.key)
        else:
            super().mousePressEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = [tile.key for tile in self._tiles]
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or event.modifiers() or self._current not in keys:
            super().keyPressEvent(event)
            return
        self._select(keys[min(max(keys.index(self._current) + step, 0), len(keys) - 1)])

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _select(self, key: str) -> None:
        if key != self._current:
            self.set_current(key)
            self.stageSelected.emit(key)

    def _hover(self, key: str) -> None:
        if key != self._hovered:
            self._hovered = key
            self.setCursor(Qt.CursorShape.PointingHandCursor if key else Qt.CursorShape.ArrowCursor)
            self.update()

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.color("muted"))
        line, top, labels = self._line(), theme.px(6), self._room()[0]
        for number, text in enumerate(self._rows if labels else (), start=1):
            box = QRectF(0, top + number * line, labels, line)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        for place, tile in enumerate(self._tiles):
            self._paint_tile(painter, tile, self._rect(place))

    def _paint_tile(self, painter: QPainter, tile: StageTile, rect: QRectF) -> None:
        theme, px, line = self._theme, self._theme.px, self._line()
        chosen, hovered = tile.key == self._current, tile.key == self._hovered
        width = 2 if chosen and self.hasFocus() else 1
        painter.setPen(QPen(theme.color("accent" if chosen else "border"), width))
        painter.setBrush(theme.color("accent_soft" if chosen else "hover" if hovered else "surface"))
        painter.drawRoundedRect(rect, px(5), px(5))
        inner = rect.adjusted(px(8), px(5), -px(8), 0)
        color = tile.color(theme)
        title_left = inner.left()
        if self._room()[1]:
            chip = QRectF(inner.left(), inner.top() + (line - px(9)) / 2, px(9), px(9))
            painter.setPen(QPen(color, max(px(1.5), 1)))
            painter.setBrush(color if tile.is_own else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(chip.adjusted(0.5, 0.5, -0.5, -0.5), px(2), px(2))
            title_left += self._chip_width()
        painter.setPen(theme.color("accent" if chosen else "text"))
        painter.setFont(
            ui_font(theme, theme.small_pt, QFont.Weight.DemiBold if chosen else QFont.Weight.Medium)
        )
        box = QRectF(title_left, inner.top(), inner.right() - title_left + px(2), line)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, tile.title)
        for number, value in enumerate(self._values.get(tile.key, ()), start=1):
            row = QRectF(inner.left(), inner.top() + number * line, inner.width(), line)
            self._paint_value(painter, value, row, color, is_second=number == 2)

    def _paint_value(
        self, painter: QPainter, value: float, row: QRectF, color: QColor, *, is_second: bool
    ) -> None:
        theme, px = self._theme, self._theme.px
        painter.setFont(mono_font(theme=theme))
        painter.setPen(theme.color("text"))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(row, left, number_text(value))
        number = painter.fontMetrics().horizontalAdvance("0.00") + px(8)
        bar = QRectF(row.left() + number, row.center().y() - px(3), row.width() - number, px(6))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("track"))
        if bar.width() > 0:
            painter.drawRoundedRect(bar, px(3), px(3))
        if not math.isfinite(value) or value <= 0 or bar.width() < px(3):
            return
        bar.setWidth(max(bar.width() * min(value / self._full, 1.0), px(3)))
        if is_second:
            # The residual is drawn hollow: it is not the same kind of number.
            painter.setPen(QPen(color, max(px(1.5), 1)))
            painter.setBrush(theme.color("surface"))
            bar = bar.adjusted(0.5, 0.5, -0.5, -0.5)
        else:
            painter.setBrush(color)
        painter.drawRoundedRect(bar, px(3), px(3))

    def _words(self, tile: StageTile) -> str:
        values = self._values.get(tile.key)
        if values is None:
            return tile.title
        numbers = ", ".join(f"{row} {number_text(v)}" for row, v in zip(self._rows, values, strict=True))
        return f"{tile.title}: {numbers}"

    def _describe(self) -> None:
        chosen = next((tile for tile in self._tiles if tile.key == self._current), None)
        words = "; ".join(self._words(tile) for tile in self._tiles)
        self.setAccessibleDescription(f"{'' if chosen is None else f'chosen: {chosen.title}. '}{words}")


def number_text(value: float) -> str:
    """Number with two decimals; a dash where there is nothing to compare with."""
    return f"{value:.2f}" if math.isfinite(value) else "–"
