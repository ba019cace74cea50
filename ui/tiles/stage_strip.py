"""The stages of the network in a row, each with its change and its residual; one of them is chosen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import override

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviz.notation import format_column
from ui.controls.cached_drawing import CachedDrawing
from ui.controls.figure_mode import drawing_alone, drawing_figure
from ui.controls.key_moves import row_step
from ui.controls.pointed import PointedWidget
from ui.theme import Theme, follow_theme, mono_font, ui_font


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


_LONGEST = 5  # characters of a number


class StageStrip(PointedWidget[str]):
    """Tiles with two bars each, on one scale.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Key of the stage that the user has chosen.
    stageSelected = Signal(str)

    #: What the two bars are called.
    rows = ("change", "residual")
    #: Value of a full bar; larger ones are cut there.
    _FULL = 1.5

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tiles: tuple[StageTile, ...] = ()
        self._values: dict[str, tuple[float, float]] = {}
        self._current = ""
        self._backdrop = CachedDrawing()
        self._tracks: list[tuple[QRectF, QRectF, QColor]] = []
        self._numbers = QFont()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
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
            self._ask_again()
            self.update()

    def set_values(self, values: dict[str, tuple[float, float]]) -> None:
        """Show both numbers of each stage; NaN where there is nothing to compare with."""
        self._values = dict(values)
        self._describe()
        self._ask_again()
        self.update()

    def set_current(self, key: str) -> None:
        """Choose a stage."""
        if key != self._current:
            self._current = key
            self._describe()
            self.update()

    def set_about(self, text: str) -> None:
        """Tool tip of the strip as a whole; each tile adds its own."""
        self.setToolTip(text)

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme, theme.small_pt))
        self._numbers = mono_font(theme=theme)

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
        return max(self.fontMetrics().horizontalAdvance(text) for text in self.rows) + self._theme.px(10)

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

    # -- events --------------------------------------------------------------------------------------------

    @override
    def _part_rect(self, part: str) -> QRectF:
        return self.tile_rect(part)

    @override
    def _part_at(self, point: QPointF) -> str | None:
        return next((tile.key for i, tile in enumerate(self._tiles) if self._rect(i).contains(point)), None)

    @override
    def _can_press(self, part: str) -> bool:
        return True

    @override
    def _press(self, part: str) -> None:
        self._select(part)

    @override
    def _tip(self, part: str) -> str:
        tile = next(tile for tile in self._tiles if tile.key == part)
        return f"{self._words(tile)}\n{tile.tooltip}".strip()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys, step = [tile.key for tile in self._tiles], row_step(event)
        if step is None or event.modifiers() or self._current not in keys:
            super().keyPressEvent(event)
        else:
            self._select(keys[min(max(keys.index(self._current) + step, 0), len(keys) - 1)])

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._describe()

    def _select(self, key: str) -> None:
        if key != self._current:
            self.set_current(key)
            self.stageSelected.emit(key)

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        key = (self._tiles, self._current, self._hovered, self.hasFocus(), self._theme)
        self._backdrop.paint(painter, self, key, self._paint_backdrop)
        painter.setFont(self._numbers)
        painter.setPen(self._theme.color("text"))
        self._paint_numbers(painter)

    def _paint_backdrop(self, painter: QPainter) -> None:
        """Draw everything but the numbers and their bars."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._theme
        painter.setPen(theme.color("muted"))
        line, top, labels = self._line(), theme.px(6), self._room()[0]
        for number, text in enumerate(self.rows if labels else (), start=1):
            box = QRectF(0, top + number * line, labels, line)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        self._tracks = []
        for place, tile in enumerate(self._tiles):
            rect = self._rect(place)
            self._paint_tile(painter, tile, rect)
            inner = rect.adjusted(theme.px(8), theme.px(5), -theme.px(8), 0)
            rows = [QRectF(inner.left(), inner.top() + (i + 1) * line, inner.width(), line) for i in range(2)]
            self._tracks.append((rows[0], rows[1], tile.color(theme)))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("track"))
            for row in rows:
                self._draw_bar(painter, self._bar(row), 1.0)

    def _paint_tile(self, painter: QPainter, tile: StageTile, rect: QRectF) -> None:
        theme, px, line = self._theme, self._theme.px, self._line()
        chosen = tile.key == self._current and not drawing_alone()
        hovered = tile.key == self._hovered and not drawing_figure()
        width = 2 if chosen and self.hasFocus() and not drawing_figure() else 1
        painter.setPen(QPen(theme.color("accent" if chosen else "border"), width))
        painter.setBrush(theme.color("accent_soft" if chosen else "hover" if hovered else "surface"))
        painter.drawRoundedRect(rect, px(5), px(5))
        inner = rect.adjusted(px(8), px(5), -px(8), 0)
        title_left = inner.left()
        if self._room()[1]:
            color = tile.color(theme)
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

    def _paint_numbers(self, painter: QPainter) -> None:
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        filled: list[tuple[QRectF, float, QColor]] = []
        hollow: list[tuple[QRectF, float, QColor]] = []
        texts = self.texts()
        for tile, (first, second, color) in zip(self._tiles, self._tracks, strict=True):
            values = self._values.get(tile.key)
            if values is None:
                continue
            painter.drawText(first, left, texts[tile.key][0])
            painter.drawText(second, left, texts[tile.key][1])
            filled.append((first, values[0], color))
            hollow.append((second, values[1], color))
        painter.setPen(Qt.PenStyle.NoPen)
        for row, value, color in filled:
            painter.setBrush(color)
            self._draw_bar(painter, self._bar(row), value / self._FULL)
        # The residual is drawn hollow: it is not the same kind of number.
        painter.setBrush(self._theme.color("surface"))
        for row, value, color in hollow:
            painter.setPen(QPen(color, max(self._theme.px(1.5), 1)))
            self._draw_bar(painter, self._bar(row).adjusted(0.5, 0.5, -0.5, -0.5), value / self._FULL)

    def _bar(self, row: QRectF) -> QRectF:
        px = self._theme.px
        number = QFontMetrics(self._numbers).horizontalAdvance("0.000") + px(8)
        return QRectF(row.left() + number, row.center().y() - px(3), row.width() - number, px(6))

    def _draw_bar(self, painter: QPainter, bar: QRectF, share: float) -> None:
        least, radius = self._theme.px(3), self._theme.px(3)
        if bar.width() >= least and math.isfinite(share) and share > 0:
            bar.setWidth(max(bar.width() * min(share, 1.0), least))
            painter.drawRoundedRect(bar, radius, radius)

    def texts(self) -> dict[str, tuple[str, str]]:
        """Numbers of each stage as they are written; "–" where there is nothing to compare with."""
        keys = [tile.key for tile in self._tiles if self._values.get(tile.key) is not None]
        rows = (
            format_column((_finite(self._values[key][row]) for key in keys), 2, longest=_LONGEST)
            for row in range(2)
        )
        return dict(zip(keys, zip(*rows, strict=True), strict=True))

    def _words(self, tile: StageTile) -> str:
        values = self._values.get(tile.key)
        if values is None:
            return tile.title
        numbers = ", ".join(f"{row} {v}" for row, v in zip(self.rows, self.texts()[tile.key], strict=True))
        return f"{tile.title}: {numbers}"

    def _describe(self) -> None:
        chosen = next((tile for tile in self._tiles if tile.key == self._current), None)
        words = "; ".join(self._words(tile) for tile in self._tiles)
        self.setAccessibleDescription(f"{'' if chosen is None else f'chosen: {chosen.title}. '}{words}")


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan
