"""The outputs of a network: one row a class with logit and probability, each of which can be pointed at."""

from collections.abc import Iterable, Sequence
from typing import override

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from cnnviz.notation import format_column
from cnnviz.quantities import format_probabilities, format_signed
from ui.controls.key_moves import column_step, is_enter
from ui.rows.rows import LONGEST, Rows
from ui.rows.table_text import claims_copy, copy_table, is_copy_key
from ui.theme import follow_theme, mono_font


class OutputRows(Rows):
    """Name, logit (where every class has its own), bar and probability of each class."""

    #: Number of the row under the pointer, or that the arrow keys have reached.
    rowHovered = Signal(int)
    rowLeft = Signal()
    #: Number of the row that was clicked, or confirmed by Enter.
    rowClicked = Signal(int)

    _WIDTHS, _FEWEST = (150, 110), 2

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._logits: NDArray[np.floating] | None = None
        self._probabilities: NDArray[np.floating] = np.zeros(0)
        self._shares: list[str] = []
        self._logit_texts: list[str] = []
        self._true: int | None = None
        self._selected: int | None = None
        self._outlined: frozenset[int] = frozenset()
        self._focus_row = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        follow_theme(self)

    @property
    def probabilities(self) -> NDArray[np.floating]:
        """Probability of each class, of shape (k,)."""
        return self._probabilities

    @property
    def logits(self) -> NDArray[np.floating] | None:
        """Logit of each class, of shape (k,); None where one logit speaks for two classes."""
        return self._logits

    def set_outputs(
        self,
        names: Sequence[str],
        probabilities: ArrayLike,
        logits: ArrayLike | None = None,
        true_index: int | None = None,
    ) -> None:
        """Show outputs.

        * `probabilities`: array_like of shape (k,).
        * `logits`: array_like of shape (k,).
        * `true_index`: number of the true class, if it is known.
        """
        self._probabilities = np.asarray(probabilities)
        self._logits = None if logits is None else np.asarray(logits)
        self._true = true_index
        self._shares = format_probabilities(self._probabilities.tolist(), longest=LONGEST)
        written: list[float] = [] if self._logits is None else self._logits.tolist()
        self._logit_texts = format_column(written, 2, signed=True, longest=7)
        self._set_names(names)

    def set_selected(self, row: int | None) -> None:
        """Mark the row whose logit is taken apart, or none."""
        if row != self._selected:
            self._selected = row
            self.update()

    def set_outlined(self, rows: Iterable[int]) -> None:
        """Outline the rows that are pointed at from elsewhere, or pinned."""
        outlined = frozenset(rows)
        if outlined != self._outlined:
            self._outlined = outlined
            self.update()

    def outlined(self) -> frozenset[int]:
        """Rows that are outlined."""
        return self._outlined

    def selected(self) -> int | None:
        """Row whose logit is taken apart."""
        return self._selected

    # -- events --------------------------------------------------------------------------------------------

    @override
    def _tip(self, part: int) -> str:
        text = f"class {self._names[part]}"
        if self._logits is not None:
            text += f": logit {format_signed(float(self._logits[part]), 5)}"
        text += f", probability {self._shares[part]}"
        return text + (", the true class" if part == self._true else "")

    @override
    def _on_hovered(self, part: int | None) -> None:
        if part is None:
            self.rowLeft.emit()
        else:
            self.rowHovered.emit(part)

    @override
    def _can_press(self, part: int) -> bool:
        return True

    @override
    def _press(self, part: int) -> None:
        self._focus_row = part
        self.rowClicked.emit(part)

    @override
    def event(self, event: QEvent) -> bool:
        return claims_copy(event) or super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = column_step(event)
        if is_copy_key(event):
            self._copy()
        elif step is not None and self._names:
            self._focus_row = min(max(self._focus_row + step, 0), len(self._names) - 1)
            self._hover(self._focus_row)
            self.update()
        elif is_enter(event) and self._names:
            self.rowClicked.emit(self._focus_row)
        else:
            super().keyPressEvent(event)

    def _copy(self) -> None:
        columns = [np.array(self._names)]
        columns += [] if self._logits is None else [self._logits]
        copy_table(np.array([*zip(*columns, self._probabilities, strict=True)], dtype=object))

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def _before_rows(self) -> None:
        mono = QFontMetrics(mono_font(self._theme.small_pt))
        self._name_room = self._name_width(1 / 3) + 2
        self._logit_room = max(map(mono.horizontalAdvance, ["−00.00", *self._logit_texts]))
        self._share_room = max(map(mono.horizontalAdvance, ["0.000", *self._shares]))

    @override
    def _paint_row(self, painter: QPainter, row: int, box: QRectF) -> None:
        theme, px = self._theme, self._theme.px
        predicted = row == int(np.argmax(self._probabilities))
        if row == self._selected or row == self._hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent_soft" if row == self._selected else "hover"))
            painter.drawRoundedRect(box, 4, 4)
        focused = self.hasFocus() and row == self._focus_row
        if focused or row in self._outlined:
            painter.setPen(QPen(theme.color("accent" if row in self._outlined else "text"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 4, 4)
        painter.setFont(self._bold() if predicted else self.font())
        painter.setPen(theme.color("text"))
        left = px(4)
        self._write_left(painter, QRectF(left, box.top(), self._name_room, box.height()), self._names[row])
        left += self._name_room - 2 + px(4)
        if row == self._true:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("success" if predicted else "danger"))
            painter.drawEllipse(QRectF(left, box.center().y() - px(2.5), px(5), px(5)))
        left += px(8)
        painter.setFont(mono_font(theme.small_pt))
        painter.setPen(theme.color("text"))
        if self._logits is not None:
            logit = QRectF(left, box.top(), self._logit_room, box.height())
            self._write_right(painter, logit, self._logit_texts[row])
            left += self._logit_room + px(6)
        right = box.right() - px(4) - self._share_room
        self._write_right(
            painter, QRectF(right, box.top(), self._share_room, box.height()), self._shares[row]
        )
        bar = QRectF(left, box.center().y() - px(3), right - px(6) - left, px(6))
        role = "accent" if predicted else "muted"
        self._paint_bar(painter, bar, float(self._probabilities[row]), role)
