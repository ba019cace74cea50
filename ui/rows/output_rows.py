"""The outputs of a network: one row a class with logit and probability, each of which can be pointed at."""

from collections.abc import Iterable, Sequence
from typing import override

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviz.notation import format_column
from cnnviz.quantities import format_probabilities, format_signed
from ui.controls.key_moves import column_step, is_enter
from ui.controls.pointed import PointedWidget
from ui.rows.table_text import claims_copy, copy_table, is_copy_key
from ui.theme import Theme, follow_theme, mono_font, ui_font


class OutputRows(PointedWidget[int]):
    """Name, logit (where every class has its own), bar and probability of each class.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Number of the row under the pointer, or that the arrow keys have reached.
    rowHovered = Signal(int)
    rowLeft = Signal()
    #: Number of the row that was clicked, or confirmed by Enter.
    rowClicked = Signal(int)

    shows_hand = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._logits: NDArray[np.floating] | None = None
        self._probabilities: NDArray[np.floating] = np.zeros(0)
        self._shares: list[str] = []
        self._logit_texts: list[str] = []
        self._true: int | None = None
        self._selected: int | None = None
        self._outlined: frozenset[int] = frozenset()
        self._focus_row = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        follow_theme(self)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self._names

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

        Parameters
        ----------
        names : sequence of str, length k
        probabilities : array_like of shape (k,)
        logits : array_like of shape (k,), optional
        true_index : int, optional
            Number of the true class, if it is known.
        """
        if len(names) != len(self._names):
            self.updateGeometry()
        self._names = tuple(names)
        self._probabilities = np.asarray(probabilities)
        self._logits = None if logits is None else np.asarray(logits)
        self._true = true_index
        self._shares = format_probabilities(self._probabilities.tolist(), longest=8)
        written: list[float] = [] if self._logits is None else self._logits.tolist()
        self._logit_texts = format_column(written, 2, signed=True, longest=7)
        self.setAccessibleDescription("; ".join(self.describe(row) for row in range(len(self._names))))
        self.update()

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

    def describe(self, row: int) -> str:
        """A row in words."""
        text = f"class {self._names[row]}"
        if self._logits is not None:
            text += f": logit {format_signed(float(self._logits[row]), 5)}"
        text += f", probability {self._shares[row]}"
        return text + (", the true class" if row == self._true else "")

    def row_rect(self, row: int) -> QRectF:
        """Rectangle of a row, in the widget's coordinates."""
        return QRectF(0, row * self._line(), self.width(), self._line())

    @override
    def _restyle(self, theme: Theme) -> None:
        self._fonts = (
            ui_font(theme),
            ui_font(theme, weight=QFont.Weight.DemiBold),
            mono_font(theme.small_pt),
        )

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(150), max(len(self._names), 2) * self._line())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(110), self.sizeHint().height())

    # -- events --------------------------------------------------------------------------------------------

    @override
    def _part_at(self, point: QPointF) -> int | None:
        row = int(point.y() // self._line())
        return row if 0 <= row < len(self._names) else None

    @override
    def _tip(self, part: int) -> str:
        return self.describe(part)

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
    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._names:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bold, mono = QFontMetrics(self._fonts[1]), QFontMetrics(self._fonts[2])
        name_width = min(max(bold.horizontalAdvance(name) for name in self._names), self.width() // 3)
        number_width = max(map(mono.horizontalAdvance, ["−00.00", *self._logit_texts]))
        share_width = max(map(mono.horizontalAdvance, ["0.000", *self._shares]))
        predicted = int(np.argmax(self._probabilities))
        for row in range(len(self._names)):
            self._paint_row(painter, row, (name_width, number_width, share_width), row == predicted)

    def _paint_row(self, painter: QPainter, row: int, widths: tuple[int, int, int], predicted: bool) -> None:
        theme, align, px = self._theme, Qt.AlignmentFlag, self._theme.px
        name_width, number_width, share_width = widths
        box = self.row_rect(row)
        if row == self._selected or row == self._hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent_soft" if row == self._selected else "hover"))
            painter.drawRoundedRect(box, 4, 4)
        focused = self.hasFocus() and row == self._focus_row
        if focused or row in self._outlined:
            painter.setPen(QPen(theme.color("accent" if row in self._outlined else "text"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 4, 4)
        painter.setFont(self._fonts[predicted])
        painter.setPen(theme.color("text"))
        name = painter.fontMetrics().elidedText(self._names[row], Qt.TextElideMode.ElideRight, name_width + 2)
        left = box.left() + px(4)
        painter.drawText(QRectF(left, box.top(), name_width + 2, box.height()), align.AlignVCenter, name)
        left += name_width + px(4)
        if row == self._true:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("success" if predicted else "danger"))
            painter.drawEllipse(QRectF(left, box.center().y() - px(2.5), px(5), px(5)))
        left += px(8)
        painter.setFont(self._fonts[2])
        painter.setPen(theme.color("text"))
        if self._logits is not None:
            place = QRectF(left, box.top(), number_width, box.height())
            painter.drawText(place, align.AlignRight | align.AlignVCenter, self._logit_texts[row])
            left += number_width + px(6)
        share = float(self._probabilities[row])
        right = box.right() - px(4)
        place = QRectF(right - share_width, box.top(), share_width, box.height())
        painter.drawText(place, align.AlignRight | align.AlignVCenter, self._shares[row])
        self._paint_bar(
            painter,
            QRectF(left, box.center().y() - px(3), place.left() - px(6) - left, px(6)),
            share,
            predicted,
        )

    def _paint_bar(self, painter: QPainter, bar: QRectF, share: float, predicted: bool) -> None:
        if bar.width() < 6:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("track"))
        painter.drawRoundedRect(bar, 3, 3)
        if share > 0.0005:
            bar.setWidth(max(bar.width() * min(share, 1.0), bar.height()))
            painter.setBrush(self._theme.color("accent" if predicted else "muted"))
            painter.drawRoundedRect(bar, 3, 3)

    def _line(self) -> int:
        return QFontMetrics(self._fonts[0]).height() + self._theme.px(4)
