"""Shows drawings in the window: finds what is pointed at, takes keys, tells screen readers."""

from collections.abc import Callable, Hashable
from typing import Any, override

from PySide6.QtCore import (
    QEasingCurve,
    QEvent,
    QObject,
    QPointF,
    QSize,
    Qt,
    QTimer,
    QVariantAnimation,
    Signal,
)
from PySide6.QtGui import (
    QAction,
    QFocusEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QScrollBar, QSizePolicy, QWidget

from cnnviz.drawing import Ask, Box, Drawing, Graphic, Ground, Leave, Look, Part, Rect, Size, Table
from ui.controls.keyboard import arrow_step, has_shift, is_enter, is_plain, scroll_to
from ui.controls.layouts import named
from ui.controls.spoken import Spoken, tell_value
from ui.controls.tips import ABOVE, show_tip, wrapped
from ui.painting import Kept, color, paint, qrect
from ui.theme import LIGHT, Theme, follow_theme, theme_manager

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
    Qt.Key.Key_Plus: "+",
    Qt.Key.Key_Minus: "-",
}


_PAINT = QEvent.Type.Paint
_INPUT = (
    QEvent.Type.ShortcutOverride,  # comes first, also of keys that are shortcuts
    QEvent.Type.KeyPress,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.Wheel,
    QEvent.Type.TouchBegin,
)
_BY_TAB = Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason
_BY_KEY = (*_BY_TAB, Qt.FocusReason.ShortcutFocusReason)
_BACK = Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason
_RESTYLED = QEvent.Type.Polish, QEvent.Type.StyleChange, QEvent.Type.Show
_NOTCH = 120  # of a wheel, in eighths of a degree


class MarkView[C](Spoken, QWidget):
    """Shows what a graphic draws of a content.

    * `name`, `tip`: for screen readers and for the pointer.
    * `answer`: is told what it asks for.
    * `keys_point`: whether the arrow keys lead from part to part, and Enter presses one.
    * `copies`: whether its numbers are copied as a table by the key for copying, and by the context menu.
    """

    #: Role of the colour that it fills itself with, so that what lies below need not be painted with every
    #: movement of the pointer; "" where what lies below may be of any colour.
    ground = ""
    #: Buttons of the mouse that press parts.
    buttons = Qt.MouseButton.LeftButton

    #: What the user asks for, by pressing, dragging, pointing or a key: an `Ask`.
    asked = Signal(object)
    #: Key of the part that is pointed at, by the pointer or by a key; None for none.
    pointed = Signal(object)
    #: The button was let go after a drag.
    released = Signal()

    def __init__(
        self,
        graphic: Graphic[C],
        name: str = "",
        tip: str = "",
        answer: Callable[[Ask], object] | None = None,
        *,
        keys_point: bool = False,
        copies: bool = False,
        focus: Qt.FocusPolicy = Qt.FocusPolicy.NoFocus,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._graphic, self.keys_point, self._copies = graphic, keys_point, copies
        if copies:
            action = QAction("Copy values as table\tCtrl+C", self)  # in the context menu of the panel
            action.triggered.connect(self._copy)
            self.addAction(action)
        self.content: C | None = None
        self.placeholder = ""
        self.hovered: Hashable = None
        self._theme = LIGHT
        self._marked: Hashable = None
        self._left: Hashable = None  # what was marked before
        self._drawn: tuple[Ground, C, Drawing] | None = None
        self._kept: Kept = {}
        self._pointer: QPointF | None = None
        self._held: tuple[QPointF, Part] | None = None
        self._points: Ask | None = None
        self._turned = 0
        self._by_key = False  # whether the keyboard came by a key, and not by the mouse
        self._motion: QVariantAnimation | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(focus)
        self._wanted: Size | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        if answer is not None:
            self.asked.connect(answer)
        follow_theme(self)
        named(self, name, tip)

    # -- what is shown -------------------------------------------------------------------------------------

    def show_content(self, content: C | None) -> None:
        """Show another content; None shows the placeholder. Of an equal one nothing is drawn anew."""
        if content is not None and content == self.content:
            return
        self.content = content
        self.rest()
        self._fit()

    def move_in(self) -> None:
        """Let what is shown move, if its graphic knows how and motion is wanted; any input ends it."""
        self._move(0.0 if self.content is None else self._graphic.seconds(self.content))

    def _move(self, seconds: float) -> None:
        duration = theme_manager().motion_ms(self, round(1000 * seconds))
        if not duration:
            return
        if self._motion is None:
            self._motion = QVariantAnimation(self, startValue=0.0, endValue=1.0)
            self._motion.setEasingCurve(QEasingCurve.Type.InOutQuad)
            self._motion.valueChanged.connect(lambda _motion: self.update())
            self._motion.finished.connect(lambda: self.window().windowHandle().removeEventFilter(self))
        self._motion.setDuration(duration)
        self._motion.start()
        self.window().windowHandle().installEventFilter(self)  # hears of keys before anything else does

    def rest(self) -> None:
        """End a motion: show the picture at rest."""
        if self._motion is not None:
            self._motion.setCurrentTime(self._motion.duration())

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _INPUT:
            self.rest()
        return False

    def mark(self, marked: Hashable, seconds: float = 0.0) -> None:
        """Mark something in what is shown, or let marks slide there; see `Ground.marked`."""
        if marked != self._marked:
            self._left, self._marked = self._marked, marked
            self._move(seconds)
            self.update()

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
        ratio = self.devicePixelRatioF()
        motion = 1.0 if self._motion is None else self._motion.currentValue()
        look, left = (self._theme, self.hovered, self.hasFocus(), ratio), self._left if motion < 1 else None
        ground = Ground(self._room(), *look, self._marked, motion, left)
        if self.content is None:
            return Drawing(ground)
        if self._drawn is None or self._drawn[:2] != (ground, self.content):
            self._drawn = ground, self.content, self._graphic.draw(self.content, ground)
        return self._drawn[2]

    def figure(self, look: Look) -> Drawing:
        """The same for paper: in another look, without pointer and keyboard."""
        box, content = self._room(), self.paper()
        if content is None:
            return Drawing(Ground(box, look))
        least = self._graphic.size(content, look)  # it may never have been in sight
        high, wide = max(box.height, least.least_height), max(box.width, least.least_width)
        return self._graphic.figure(content, box._replace(width=wide, height=high), look)

    def paper(self) -> C | None:
        """What is drawn for paper."""
        return self.content

    def _room(self) -> Box:
        """Where it is drawn."""
        return Box(0, 0, self.width(), self.height())

    def tables(self) -> list[Table]:
        return [] if self.content is None else self._graphic.tables(self.content)

    def _copy(self) -> None:
        """Put the numbers, without indices, on the clipboard as a spreadsheet reads them, with all digits."""
        for table in self.tables()[:1]:
            lines = ("\t".join(map(str, line)) for line in table._replace(header=()).lines())
            QGuiApplication.clipboard().setText("\n".join(lines))

    @property
    def is_led_by_key(self) -> bool:
        """Whether a key has led the keyboard here, which a frame shows."""
        return self._by_key and self.hasFocus()

    @property
    def is_dragged(self) -> bool:
        """Whether the user holds what can be dragged."""
        return self._held is not None and self._held[1].drag is not None

    @override
    def spoken_value(self) -> str:
        part = None if self.content is None else self.drawing().part(self.hovered)
        return "" if part is None else part.tip

    @override
    def spoken_summary(self) -> str:
        return self.placeholder if self.content is None else self._graphic.words(self.content)

    def set_theme(self, theme: Theme) -> None:
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
        return QSize(*map(round, self._wanted[first : first + 2])) if self._wanted else QSize(1, 1)

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
        kind = event.type()  # asked for once: most events are paint events, and there are many
        if kind == _PAINT:
            return super().event(event)
        if (
            self._copies
            and kind == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.matches(QKeySequence.StandardKey.Copy)
        ):
            event.accept()  # with it the window would copy a picture
            return True
        if self.ground and kind in _RESTYLED:
            # Again and again: the stylesheet makes the content of scroll areas transparent.
            self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        if isinstance(event, QHelpEvent) and kind == QEvent.Type.ToolTip:
            part = self._part_at(QPointF(event.pos()))
            said, own = "" if part is None else part.tip, self.toolTip()
            is_alone = said and self.property("tip") == ABOVE  # where a line that it covers says the other
            text = said if is_alone else "\n".join(filter(None, (said, own)))
            if text:
                around = None if part is None else qrect(part.box).toAlignedRect()
                show_tip(self, wrapped(text), event.globalPos(), around)
                return True
        return super().event(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = at = event.position()
        part = self._part_at(at)
        if part is None and self._held is not None and self._held[1].follows:  # beyond the edge: along it
            x, y = min(max(at.x(), 0), self.width() - 1), min(max(at.y(), 0), self.height() - 1)
            part = self._part_at(QPointF(x, y))
        if self._held is not None and self._held[1].drag is not None:
            way = self._pointer - self._held[0]
            self._ask(self._held[1].drag.by(way.x(), way.y()))
            return
        self._hover(None if part is None else part.key, part)
        if self._held is not None and part is not None and part.follows and part.key != self._held[1].key:
            self._held = self._pointer, part
            self._ask(part.ask)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        part = self._part_at(event.position())
        if part is None or not event.button() & self.buttons or part.ask is part.drag is None:
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
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        ask = self.drawing().keys.get("double click")
        if ask is None:
            super().mouseDoubleClickEvent(event)
        elif event.button() == Qt.MouseButton.LeftButton and self._part_at(event.position()) is not None:
            self._ask(ask)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        turned, keys = event.angleDelta(), self.drawing().keys
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            turned = turned.transposed()
        name = ("wheel up" if turned.y() > 0 else "wheel down") if turned.y() else ""
        name = name or ("wheel left" if turned.x() > 0 else "wheel right")
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            name = f"ctrl {name}"
        if name not in keys:
            event.ignore()
            return
        self._turned += turned.y() or turned.x()
        for _ in range(abs(self._turned) // _NOTCH):
            self._ask(self.drawing().keys.get(name))
        self._turned -= int(self._turned / _NOTCH) * _NOTCH  # fine wheels turn in parts of a notch

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self.forget_pointer()
        super().leaveEvent(event)

    def forget_pointer(self) -> None:
        """Point at nothing until the pointer moves again, because the keyboard has gone elsewhere."""
        self._pointer = None
        self._hover(None)

    def _part_at(self, point: QPointF) -> Part | None:
        return self.drawing().part_at(point.x(), point.y())

    def _hover(self, key: Hashable, part: Part | None = None) -> None:
        if key != self.hovered:
            self.hovered = key
            self._tell_hovered(part)

    def _tell_hovered(self, part: Part | None = None) -> None:
        if part is None and self.hovered is not None:
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
        if shape != self.cursor().shape():
            self.setCursor(shape)

    def _ask(self, ask: Ask | None) -> None:
        if ask is not None:
            self.asked.emit(ask)

    # -- keyboard ------------------------------------------------------------------------------------------

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._copies and event.matches(QKeySequence.StandardKey.Copy):
            self._copy()
        elif not self.answer_key(event):
            super().keyPressEvent(event)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        """Point at the first part, where keys lead from part to part."""
        super().focusInEvent(event)
        if event.reason() not in _BACK and self.hasFocus():  # which an opening dialog only seems to give it
            self._by_key = event.reason() in _BY_KEY
        if self.keys_point and event.reason() in _BY_TAB and self.hovered is None:
            part = self.drawing().next_part(None, 0, 0)
            self._hover(None if part is None else part.key)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self.keys_point and self._pointer is None:
            self._hover(None)

    def answer_key(self, event: QKeyEvent) -> bool:
        """Do what a key means here; return whether it means anything."""
        drawing, name = self.drawing(), _KEYS.get(Qt.Key(event.key()), "")
        held = "shift " if has_shift(event) and name != "+" else ""  # for which some keyboards need it
        ask = drawing.keys.get(f"{held}{name}" if has_shift(event) or is_plain(event) else "")
        step = arrow_step(event) if self.keys_point and is_plain(event) else None
        if ask is not None:
            self._ask(ask)
        elif step is not None and drawing.parts:
            found = drawing.next_part(self.hovered, *step)
            self._hover(None if found is None else found.key)
            if found is not None:
                scroll_to(self, qrect(found.box).toAlignedRect())
        elif self.keys_point and is_enter(event) and (part := drawing.part(self.hovered)) is not None:
            self._ask(part.ask)
        else:
            return False
        return True

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.ground:
            painter.fillRect(event.rect(), color(self._theme, self.ground))
        if self.content is None:  # by Qt: measuring words takes Pillow, which comes later
            margin, flags = self._theme.px(8), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.setPen(self._theme.color("muted"))
            painter.drawText(
                self.rect().adjusted(margin, margin, -margin, -margin), int(flags), self.placeholder
            )
        else:
            kept: Kept = {}
            paint(self.drawing().marks, painter, self._theme, kept, self._kept, self.ground)
            self._kept = kept
        if self.is_led_by_key and not self.window().property("frames"):  # the main window does, beside it
            frame = Rect(self._room().inset(self._theme.px(2) / 2), edge="focus", width=self._theme.px(2))
            paint([frame], painter, self._theme, {}, {})


class ScrolledView[C](MarkView[C]):
    """A view with a scroll bar at its right, which the wheel turns, too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bar = QScrollBar(Qt.Orientation.Vertical, self)

    def _set_range(self) -> None:
        """Look how far there is to scroll."""
        raise NotImplementedError

    @override
    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        if self.content is not None:
            self._set_range()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.bar.sizeHint().width()
        self.bar.setGeometry(self.width() - wide, 0, wide, self.height())
        self._set_range()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        self.bar.wheelEvent(event)

    @override
    def _room(self) -> Box:
        return super()._room().cut(right=self.bar.sizeHint().width())
