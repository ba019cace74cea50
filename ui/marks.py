"""Shows drawings in the window: finds what is pointed at, takes keys, tells screen readers."""

from collections.abc import Callable, Hashable
from typing import Any, override

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

from cnnviz.drawing import Ask, Box, Drawing, Graphic, Ground, Leave, Look, Part, Size, Slide, Table
from ui.controls.key_moves import arrow_step, has_shift, is_enter, is_plain
from ui.controls.placeholder import draw_placeholder
from ui.controls.spoken import Spoken, tell_value
from ui.controls.tips import ShowsTips, show_tip, wrapped
from ui.controls.wheel import WheelNotches
from ui.painting import Kept, paint, qrect
from ui.theme import LIGHT, Theme, follow_theme

_KEYS = {
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
    Qt.Key.Key_Home: "home",
    Qt.Key.Key_End: "end",
    Qt.Key.Key_PageUp: "page up",
    Qt.Key.Key_PageDown: "page down",
    Qt.Key.Key_R: "r",
}


class MarkView[C](ShowsTips, Spoken, QWidget):
    """Shows what a graphic draws of a content.

    * `keys_point`: whether the arrow keys lead from part to part, and Enter presses one.
    """

    #: What the user asks for, by pressing, dragging, pointing or a key: an `Ask`.
    asked = Signal(object)
    #: Key of the part that is pointed at, by the pointer or by a key; None for none.
    pointed = Signal(object)
    #: The button was let go after a drag.
    released = Signal()

    def __init__(
        self,
        graphic: Graphic[C],
        *,
        keys_point: bool = False,
        focus: Qt.FocusPolicy = Qt.FocusPolicy.NoFocus,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._graphic, self._keys_point = graphic, keys_point
        self.content: C | None = None
        self.placeholder = ""
        self.hovered: Hashable = None
        self._theme = LIGHT
        self._drawn: tuple[Ground, C, Drawing] | None = None
        self._kept: Kept = {}
        self._pointer: QPointF | None = None
        self._held: tuple[QPointF, Part] | None = None
        self._points: Ask | None = None
        self._wheel = WheelNotches()
        self.setMouseTracking(True)
        self.setFocusPolicy(focus)
        self._wanted: Size | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    def show_content(self, content: C | None) -> None:
        """Show another content; None shows the placeholder. Of an equal one nothing is drawn anew."""
        if content is not None and content == self.content:
            return
        self.content = content
        self._fit()

    def _fit(self) -> None:
        """Take the room that the content wants, and be painted."""
        content = self.content
        sizes = None if content is None else self._graphic.size(content, self._theme)
        if sizes != self._wanted:
            self._wanted = sizes
            self.updateGeometry()
        self._limit_height()
        self._look_again()
        self.update()

    def drawing(self) -> Drawing:
        """What is drawn now; made when it is needed first."""
        ground = Ground(
            Box(0, 0, self.width(), self.height()),
            self._theme,
            self.hovered,
            self.hasFocus(),
            self.devicePixelRatioF(),
        )
        if self.content is None:
            return Drawing(ground)
        if self._drawn is None or self._drawn[:2] != (ground, self.content):
            self._drawn = ground, self.content, self._graphic.draw(self.content, ground)
        return self._drawn[2]

    def figure(self, look: Look) -> Drawing:
        """The same for paper: in another look, without pointer and keyboard."""
        ground = Ground(Box(0, 0, self.width(), self.height()), look)
        return Drawing(ground) if self.content is None else self._graphic.draw(self.content, ground)

    def tables(self) -> list[Table]:
        """Numbers behind what is drawn."""
        return [] if self.content is None else self._graphic.tables(self.content)

    @property
    def is_dragged(self) -> bool:
        """Whether the user holds what can be dragged."""
        return self._held is not None and self._held[1].drag is not None

    @override
    def spoken_value(self) -> str:
        part = self.drawing().part(self.hovered)
        return "" if part is None else part.tip

    @override
    def spoken_summary(self) -> str:
        return self.placeholder if self.content is None else self._graphic.words(self.content)

    def set_theme(self, theme: Theme) -> None:
        """Restyle."""
        self._theme, self._kept = theme, {}
        self._fit()

    # -- size ----------------------------------------------------------------------------------------------

    @override
    def sizeHint(self) -> QSize:
        return self._sizes(0)

    @override
    def minimumSizeHint(self) -> QSize:
        return self._sizes(2)

    def _sizes(self, first: int) -> QSize:
        sizes = None if self.content is None else self._graphic.size(self.content, self._theme)
        return QSize(*map(round, sizes[first : first + 2])) if sizes else QSize(1, 1)

    def _limit_height(self) -> None:
        """Leave to others the height that a content of this width has no use for; take it, if it is fixed."""
        if self.content is not None and self._graphic.height is not None:
            useful = round(self._graphic.height(self.content, self.width(), self._theme))
            if self.sizePolicy().verticalPolicy() is QSizePolicy.Policy.Fixed:
                self.setFixedHeight(useful)
            else:
                self.setMaximumHeight(max(useful, self.minimumSizeHint().height()))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._limit_height()

    # -- pointer -------------------------------------------------------------------------------------------

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            part = self._part_at(QPointF(event.pos()))
            text = "\n".join(filter(None, (self.toolTip(), "" if part is None else part.tip)))
            if text:
                around = None if part is None else qrect(part.box).toAlignedRect()
                show_tip(self, wrapped(text), event.globalPos(), around)
                return True
        return super().event(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        part = self._part_at(self._pointer)
        if self._held is not None and self._held[1].drag is not None:
            way = self._pointer - self._held[0]
            self._ask(self._held[1].drag.by(way.x(), way.y()))
            if isinstance(self._held[1].drag, Slide) and part is not None:
                self._hover(part.key)
            return
        self._hover(None if part is None else part.key)
        if self._held is not None and part is not None and part.follows and part.key != self._held[1].key:
            self._held = self._pointer, part
            self._ask(part.ask)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        part = self._part_at(event.position())
        if part is None or event.button() != Qt.MouseButton.LeftButton or part.ask is part.drag is None:
            super().mousePressEvent(event)
            return
        self._held = event.position(), part
        self._show_hand(part)
        self._ask(part.ask)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held is not None:
            self._held = None
            self._show_hand(self._part_at(event.position()))
            self.released.emit()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if "wheel up" not in self.drawing().keys:
            super().wheelEvent(event)
            return
        notches = self._wheel.turned(event)
        for _ in range(abs(notches)):
            self._ask(self.drawing().keys["wheel up" if notches > 0 else "wheel down"])

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self._hover(None)
        super().leaveEvent(event)

    def _part_at(self, point: QPointF) -> Part | None:
        return self.drawing().part_at(point.x(), point.y())

    def _hover(self, key: Hashable) -> None:
        if key != self.hovered:
            self.hovered = key
            self._tell_hovered()

    def _tell_hovered(self) -> None:
        part = self.drawing().part(self.hovered)
        self._show_hand(part)
        self.update()
        tell_value(self)
        self.pointed.emit(self.hovered)
        before, self._points = self._points, None if part is None else part.points
        if self._points is not None:
            self._ask(self._points)
        elif before is not None:
            self.asked.emit(Leave())

    def _look_again(self) -> None:
        """Look what lies under the pointer now; others are told when the drawing under way is over."""
        if self.hovered is None and self._pointer is None:
            return
        part = self.drawing().part(self.hovered) if self._pointer is None else self._part_at(self._pointer)
        key = None if part is None else part.key
        if key != self.hovered:
            self.hovered = key
            QTimer.singleShot(0, self, self._tell_hovered)

    def _show_hand(self, part: Part | None) -> None:
        shape = Qt.CursorShape.ArrowCursor
        if part is not None and part.drag is not None:
            shape = Qt.CursorShape.ClosedHandCursor if self._held else Qt.CursorShape.OpenHandCursor
        elif part is not None and part.ask is not None:
            shape = Qt.CursorShape.PointingHandCursor
        self.setCursor(shape)

    def _ask(self, ask: Ask | None) -> None:
        if ask is not None:
            self.asked.emit(ask)

    # -- keyboard ------------------------------------------------------------------------------------------

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.answer_key(event):
            super().keyPressEvent(event)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        """Point at the first part, or nothing would show where the keyboard is."""
        super().focusInEvent(event)
        by_key = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if self._keys_point and by_key and self.hovered is None:
            part = self.drawing().next_part(None, 0, 0)
            self._hover(None if part is None else part.key)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self._keys_point and self._pointer is None:
            self._hover(None)

    def answer_key(self, event: QKeyEvent) -> bool:
        """Do what a key means here; return whether it means anything."""
        drawing, name = self.drawing(), _KEYS.get(Qt.Key(event.key()), "")
        ask = drawing.keys.get(f"shift {name}" if has_shift(event) else name if is_plain(event) else "")
        step = arrow_step(event) if self._keys_point and is_plain(event) else None
        if ask is not None:
            self._ask(ask)
        elif step is not None and drawing.parts:
            found = drawing.next_part(self.hovered, *step)
            self._hover(None if found is None else found.key)
            self._bring_into_sight(found)
        elif self._keys_point and is_enter(event) and (part := drawing.part(self.hovered)) is not None:
            self._ask(part.ask)
        else:
            return False
        return True

    def _bring_into_sight(self, part: Part | None) -> None:
        """Scroll to a part, where this lies in a scroll area."""
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        content = None if area is None else area.widget()
        if area is not None and content is not None and part is not None:
            place = self.mapTo(content, QPointF(part.box.x, part.box.y)).toPoint()
            area.ensureVisible(place.x(), place.y(), 0, round(part.box.height))

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.content is None:
            draw_placeholder(
                painter, self.rect(), self.placeholder, self._theme, Qt.AlignmentFlag.AlignCenter
            )
            return
        kept: Kept = {}
        paint(self.drawing(), painter, kept, self._kept)
        self._kept = kept


def view_of[C, V: MarkView[Any]](
    graphic: Graphic[C],
    name: str,
    tip: str = "",
    answer: Callable[[Ask], None] | None = None,
    *,
    keys_point: bool = False,
    focus: Qt.FocusPolicy = Qt.FocusPolicy.NoFocus,
    kind: type[V] = MarkView,
) -> V:
    """Make a view with a name for screen readers and a tool tip; `answer` is told what it asks for."""
    view = kind(graphic, keys_point=keys_point, focus=focus)
    view.setAccessibleName(name)
    view.setToolTip(tip)
    if answer is not None:
        view.asked.connect(answer)
    return view
