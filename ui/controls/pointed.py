"""Painted widgets of parts that the pointer can point at."""

from typing import override

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QHelpEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip, QWidget

from ui.controls.painted import PaintedWidget
from ui.controls.spoken import Spoken, tell_value
from ui.controls.tips import ShowsTips, show_tip, wrapped


class PointedWidget[Part](ShowsTips, Spoken, PaintedWidget):
    """Cells, tiles, bars or rows, of which one lies under the pointer and may be pressed.

    A kind of it says which part lies where (`_part_at`), and what follows from pointing (`_on_hovered`) and
    from the left button (`_can_press`, `_press`). A part is a number, a pair of numbers or a name.
    """

    #: Whether the pointer becomes a hand over what can be pressed.
    shows_hand = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hovered: Part | None = None
        self._pointer: QPointF | None = None  # where the pointer is; None while it is elsewhere
        self._shown_tip: tuple[QPoint, str] = (QPoint(), "")  # where it was shown last
        self.setMouseTracking(True)

    @property
    def hovered(self) -> Part | None:
        """Part that is pointed at, by the pointer or by a key."""
        return self._hovered

    @override
    def spoken_value(self) -> str:
        part = self._hovered
        return "" if part is None else self._tip(part).removeprefix(self.toolTip()).strip()

    # -- what a kind of it says ----------------------------------------------------------------------------

    def _part_at(self, point: QPointF) -> Part | None:
        """Part at a point of the widget, or None."""
        raise NotImplementedError

    def _part_rect(self, part: Part) -> QRectF:
        """Rectangle of a part, which its tool tip leaves clear; the default stands for the whole widget."""
        return QRectF()

    def _is_there(self, part: Part) -> bool:
        """Whether a part that a key has led to is still there; here no key leads anywhere."""
        return False

    def _tip(self, part: Part) -> str:
        """Tool tip of a part; "" leaves it to the widget as a whole."""
        return ""

    def _on_hovered(self, part: Part | None) -> None:
        """Tell others that the pointer has come to a part, or has left all; nothing here."""

    def _can_press(self, part: Part) -> bool:
        """Whether a part answers to the left button; here none does."""
        return False

    def _press(self, part: Part) -> None:
        """Answer to the left button."""

    # -- events --------------------------------------------------------------------------------------------

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            part = self._part_at(QPointF(event.pos()))
            tip = wrapped(("" if part is None else self._tip(part)) or self.toolTip())
            if tip:
                self._shown_tip = (event.globalPos(), tip)
                self._show_tip(part)
                return True
        return super().event(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        self._hover(self._part_at(self._pointer))

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self._hover(None)
        super().leaveEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        part = self._part_at(event.position())
        if part is None or event.button() != Qt.MouseButton.LeftButton or not self._can_press(part):
            super().mousePressEvent(event)
        else:
            self._press(part)

    def forget_pointer(self) -> None:
        """Point at nothing until the pointer moves again, because the keyboard has gone elsewhere."""
        self._pointer = None
        self._hover(None)

    def _ask_again(self) -> None:
        """Look what lies under the pointer now; a kind of it says so whenever its content changes.

        Hover is the only state of the widget's own: no tool tip and no cursor may belong to older content.
        Others are told when the drawing that is under way is over.
        """
        if self._pointer is not None:
            part = self._part_at(self._pointer)
        else:
            part = self._hovered if self._hovered is not None and self._is_there(self._hovered) else None
        place, text = self._shown_tip
        if text and QToolTip.isVisible() and QToolTip.text() == text:
            under = self._part_at(QPointF(self.mapFromGlobal(place)))
            self._shown_tip = (place, wrapped("" if under is None else self._tip(under)))
            self._show_tip(under)
        if part != self._hovered:
            self._hovered = part
            QTimer.singleShot(0, self, self._tell_hovered)

    def _show_tip(self, part: Part | None) -> None:
        place, text = self._shown_tip
        rect = QRectF() if part is None else self._part_rect(part)
        show_tip(self, text, place, rect.toAlignedRect() if rect.isValid() else None)

    def _hover(self, part: Part | None) -> None:
        """Point at a part, by the pointer or by a key."""
        if part == self._hovered:
            return
        self._hovered = part
        self._tell_hovered()

    def _tell_hovered(self) -> None:
        part = self._hovered
        if self.shows_hand:
            over = part is not None and self._can_press(part)
            self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)
        self.update()
        tell_value(self)
        self._on_hovered(part)
