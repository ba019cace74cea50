"""All steps of a lab below one another, under the titles of their sections, with their ticks."""

from collections.abc import Collection
from typing import override

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviz.lab.model import Lab
from ui.controls.key_moves import column_step, is_enter, is_plain
from ui.controls.pointed import PointedWidget
from ui.theme import Theme, follow_theme, ui_font
from ui.theme.icons import icon_pixmap


class StepList(PointedWidget[int]):
    """A row for each step: a tick or its number, and its title. Click one, or go by arrow keys and Enter.

    Steps of a section that follow one another stand under its title.
    """

    stepRequested = Signal(str)  # id of the step that the user wants to see

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lab: Lab | None = None
        self._rows: list[tuple[str, int | None]] = []  # text, and number of the step; None for a section
        self._current, self._marked = 0, 0
        self._done: frozenset[str] = frozenset()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Steps of the lab")
        follow_theme(self)

    def set_lab(self, lab: Lab | None) -> None:
        """Show the steps of another lab."""
        self._lab, self._rows = lab, []
        titles = {} if lab is None else {each.id: each.title for each in lab.sections}
        section = ""
        for number, step in enumerate(() if lab is None else lab.steps):
            if step.section != section:
                section = step.section
                self._rows.append((titles.get(section, ""), None))
            self._rows.append((step.title, number))
        self.updateGeometry()
        self._describe()

    def show_progress(self, current: int, done: Collection[str]) -> None:
        """Show which step is in front, and which are ticked."""
        self._current = self._marked = current
        self._done = frozenset(done)
        self._describe()

    def row_rect(self, number: int) -> QRectF:
        """Rectangle of the row of a step."""
        row = next(place for place, (_, step) in enumerate(self._rows) if step == number)
        return QRectF(0, row * self._height(), self.width(), self._height())

    def words(self) -> list[str]:
        """Return each step as a screen reader says it."""
        steps = () if self._lab is None else self._lab.steps
        return [f"{n + 1} {step.title}{', done' * (step.id in self._done)}" for n, step in enumerate(steps)]

    # --- look -----------------------------------------------------------------------------------------------

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme))

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(260), len(self._rows) * self._height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(140), self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place, (text, number) in enumerate(self._rows):
            box = QRectF(0, place * self._height(), self.width(), self._height())
            if number is None:
                self._paint_section(painter, box, text)
            else:
                self._paint_step(painter, box, text, number)

    def _height(self) -> int:
        return self.fontMetrics().height() + self._theme.px(9)

    def _paint_section(self, painter: QPainter, box: QRectF, text: str) -> None:
        painter.setFont(ui_font(self._theme, self._theme.small_pt, QFont.Weight.DemiBold))
        painter.setPen(self._theme.color("muted"))
        self._write(painter, box.adjusted(self._theme.px(4), self._theme.px(4), 0, 0), text)

    def _paint_step(self, painter: QPainter, box: QRectF, text: str, number: int) -> None:
        theme, px, is_current = self._theme, self._theme.px, number == self._current
        if is_current or number == self._hovered or (number == self._marked and self.hasFocus()):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent_soft" if is_current else "hover"))
            painter.drawRoundedRect(box.adjusted(0, 1, 0, -1), px(4), px(4))
        if number == self._marked and self.hasFocus():
            painter.setPen(theme.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), px(4), px(4))
        side = px(16)
        mark = QRectF(px(6), box.top(), px(24), box.height())
        assert self._lab is not None
        if self._lab.steps[number].id in self._done:
            pixmap = icon_pixmap("check", theme.color("success"), side, self.devicePixelRatioF())
            painter.drawPixmap(round(mark.left()), round(box.center().y() - side / 2), pixmap)
        else:
            painter.setFont(ui_font(theme, theme.small_pt))
            painter.setPen(theme.color("muted"))
            painter.drawText(
                mark, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, f"{number + 1}"
            )
        weight = QFont.Weight.DemiBold if is_current else QFont.Weight.Normal
        painter.setFont(ui_font(theme, weight=weight))
        painter.setPen(theme.color("accent" if is_current else "text"))
        self._write(painter, box.adjusted(px(34), 0, -px(4), 0), text)

    def _write(self, painter: QPainter, box: QRectF, text: str) -> None:
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    def _describe(self) -> None:
        words = self.words()
        here = words[self._marked] if self._marked < len(words) else ""
        self.setAccessibleDescription(f"{here}. All steps: {'; '.join(words)}")
        self.update()

    # --- pointer and keys -----------------------------------------------------------------------------------

    @override
    def _part_at(self, point: QPointF) -> int | None:
        row = int(point.y() // self._height())
        return self._rows[row][1] if 0 <= row < len(self._rows) else None

    @override
    def _tip(self, part: int) -> str:
        if self._lab is None:
            return ""
        step = self._lab.steps[part]
        done = "Done." if step.id in self._done else f"About {step.minutes} minutes."
        return f"{step.title}: {step.purpose} {done}"

    @override
    def _can_press(self, part: int) -> bool:
        return True

    @override
    def _press(self, part: int) -> None:
        if self._lab is not None:
            self.stepRequested.emit(self._lab.steps[part].id)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        count = 0 if self._lab is None else len(self._lab.steps)
        ends = {Qt.Key.Key_Home: -count, Qt.Key.Key_End: count}
        step = ends.get(Qt.Key(event.key()), column_step(event)) if is_plain(event) else None
        if step is not None and count:
            self._marked = min(max(self._marked + step, 0), count - 1)
            self._describe()
        elif is_enter(event):
            self._press(self._marked)
        else:
            super().keyPressEvent(event)
