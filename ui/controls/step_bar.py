"""Numbered steps in a row, one of which is shown."""

from collections.abc import Sequence
from typing import override

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.controls.key_moves import is_plain, row_step
from ui.controls.pointed import PointedWidget
from ui.theme import Theme, follow_theme, ui_font


class StepBar(PointedWidget[int]):
    """Chips "1 Output", "2 Loss", …: with their titles where there is room, else with numbers alone.

    Of numbers alone the title of the current step stands behind them, so that no chip moves when another step
    is shown. Click a chip, or use the left and right arrow keys.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Number, from 0, of the step that the user wants to see.
    stepRequested = Signal(int)

    shows_hand = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._titles: tuple[tuple[str, str], ...] = ()
        self._current = 0
        self._widths: dict[str, float] = {}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        follow_theme(self)

    def set_steps(self, titles: Sequence[tuple[str, str]]) -> None:
        """Show other steps.

        Parameters
        ----------
        titles : sequence of (short title, full title)
        """
        if tuple(titles) != self._titles:
            self._titles = tuple(titles)
            self._current = min(self._current, max(len(self._titles) - 1, 0))
            self._describe()
            self.updateGeometry()
            self.update()

    def set_current(self, index: int) -> None:
        """Show another step as the current one."""
        if index != self._current:
            self._current = index
            self._describe()
            self.update()

    def current(self) -> int:
        """Number of the current step, from 0."""
        return self._current

    def count(self) -> int:
        """How many steps there are."""
        return len(self._titles)

    def texts(self) -> list[str]:
        """Texts of the chips as they are shown at this width."""
        room = self.width() - 2 - len(self._titles) * 2 * self._theme.px(8)
        for which in (1, 0):
            texts = [f"{place} {titles[which]}" for place, titles in enumerate(self._titles, 1)]
            if sum(map(self._text_width, texts)) <= room:
                return texts
        return [str(place) for place in range(1, len(self._titles) + 1)]

    def title(self) -> str:
        """Title of the current step as it stands behind the chips; "" where they have theirs."""
        texts = self.texts()
        if not texts or not texts[0].isdecimal():
            return ""
        room, (short, full) = self._title_rect().width(), self._titles[self._current]
        if self._text_width(full) <= room:
            return full
        return self.fontMetrics().elidedText(short, Qt.TextElideMode.ElideRight, round(room))

    def chip_rect(self, index: int) -> QRectF:
        """Rectangle of a chip, in the widget's coordinates."""
        return self._chips()[index][0]

    @override
    def _restyle(self, theme: Theme) -> None:
        self._widths.clear()
        self.setFont(ui_font(theme))

    @override
    def sizeHint(self) -> QSize:
        padding = 2 * self._theme.px(10)
        width = sum(
            self._text_width(f"{place + 1} {title}") + padding
            for place, (_, title) in enumerate(self._titles)
        )
        return QSize(round(width) + 2, self._theme.px(30))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(160), self._theme.px(30))

    @override
    def _part_at(self, point: QPointF) -> int | None:
        return next((k for k, (rect, _) in enumerate(self._chips()) if rect.contains(point)), None)

    @override
    def _part_rect(self, part: int) -> QRectF:
        return self.chip_rect(part)

    @override
    def _tip(self, part: int) -> str:
        return f"Step {part + 1}: {self._titles[part][1]}"

    @override
    def _can_press(self, part: int) -> bool:
        return True

    @override
    def _press(self, part: int) -> None:
        self.stepRequested.emit(part)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = row_step(event) if is_plain(event) else None
        if step is None:
            super().keyPressEvent(event)
        elif 0 <= self._current + step < len(self._titles):
            self.stepRequested.emit(self._current + step)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chips = self._chips()
        if not chips:
            return
        title = self.title()
        frame = chips[0][0].united(self._title_rect() if title else chips[-1][0])
        painter.setPen(
            QPen(theme.color("accent" if self.hasFocus() else "border"), 2 if self.hasFocus() else 1)
        )
        painter.setBrush(theme.color("surface"))
        painter.drawRoundedRect(frame, theme.px(6), theme.px(6))
        for index, (rect, text) in enumerate(chips):
            self._paint_chip(painter, index, rect, text)
        painter.setFont(ui_font(theme, weight=QFont.Weight.DemiBold))
        painter.setPen(theme.color("accent"))
        painter.drawText(self._title_rect(), Qt.AlignmentFlag.AlignVCenter, title)

    def _paint_chip(self, painter: QPainter, index: int, rect: QRectF, text: str) -> None:
        theme, chosen = self._theme, index == self._current
        inner = rect.adjusted(2, 2, -2, -2)
        if chosen or index == self._hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent_soft" if chosen else "hover"))
            painter.drawRoundedRect(inner, theme.px(4), theme.px(4))
        painter.setFont(ui_font(theme, weight=QFont.Weight.DemiBold) if chosen else self.font())
        # What has been passed is text, what is still to come is muted: a sense of how far one is.
        painter.setPen(theme.color("accent" if chosen else "text" if index < self._current else "muted"))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)

    def _chips(self) -> list[tuple[QRectF, str]]:
        texts = self.texts()
        widths = [self._text_width(text) for text in texts]
        spare = (self.width() - 2 - sum(widths)) / max(len(widths), 1)
        # Behind numbers alone there has to be room for a title.
        padding = min(max(spare, 0.0), 2.0 * self._theme.px(8 if texts[:1] == ["1"] else 12))
        chips: list[tuple[QRectF, str]] = []
        left = 1.0
        for text, width in zip(texts, widths, strict=True):
            chips.append((QRectF(left, 1, width + padding, self.height() - 2), text))
            left += width + padding
        return chips

    def _title_rect(self) -> QRectF:
        left = self._chips()[-1][0].right() + self._theme.px(6)
        return QRectF(left, 1, max(self.width() - 1 - left, 0), self.height() - 2)

    def _text_width(self, text: str) -> float:
        if text not in self._widths:
            metrics = QFontMetricsF(ui_font(self._theme, weight=QFont.Weight.DemiBold))
            self._widths[text] = metrics.horizontalAdvance(text)
        return self._widths[text]

    def _describe(self) -> None:
        if self._titles:
            title = self._titles[self._current][1]
            self.setAccessibleName("Steps of the backward pass")
            self.setAccessibleDescription(f"step {self._current + 1} of {len(self._titles)}: {title}")
