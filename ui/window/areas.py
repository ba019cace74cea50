"""The areas of the window, and the way from one to another by keys."""

from collections.abc import Callable, Mapping
from typing import override

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtWidgets import QFrame, QWidget
from shiboken6 import Shiboken

from ui.controls.keyboard import beside_by_tab, follow_keyboard, has_keyboard
from ui.controls.layouts import outwards
from ui.controls.pace import single_shot
from ui.marks import MarkView
from ui.panels.contract import Panel

_COMES_BACK = (QEvent.Type.EnabledChange, QEvent.Type.Show)
#: Of a key, before it is known whose it is, or as a control has it.
_BY_KEY = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)


class Areas(QObject):
    """Leads the keyboard from area to area, and frames the one, or the drawing, that a key has led to.

    An area itself does nothing with a key, so that nothing is changed by the next one, whichever it is; Tab,
    Return and the arrow keys lead on to the first of its controls.

    So an area also takes the keyboard over from a control of it that is hidden or cannot be used any more,
    where Qt would give it to whatever comes next, maybe in another area. It gives it back when the control is
    shown or can be used again, and Tab leads on from there.

    * `listing`: return the areas there are now by their names for screen readers, in the order in
      which they are visited; those out of sight are passed over. An area may lie in another; it
      comes after that.
    * `home`: return where the keyboard goes when its area has gone; None for nowhere.
    """

    def __init__(
        self,
        listing: Callable[[], Mapping[str, QWidget]],
        home: Callable[[], QWidget | None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._listing, self._home, self._window = listing, home, parent
        self._left: QWidget | None = None  # the control that the keyboard was taken over from
        self._holder: QWidget | None = None  # what has it instead
        self._frame = AreaFrame(parent)
        parent.setProperty("frames", True)
        self._is_led_by_key = False
        parent.installEventFilter(self)
        follow_keyboard(self._on_focus_changed)

    def has(self, part: QWidget | None) -> bool:
        return part is not None and part in self._listing().values()

    def enter(self, area: QWidget) -> None:
        """Give an area the keyboard."""
        area.activateWindow()
        self._forget()  # the control of a panel that has just gone, from which Tab would lead on
        self._give(area, Qt.FocusReason.ShortcutFocusReason)
        self._on_focus_changed(None, area)  # it may have had it, by the mouse

    def go(self, step: int) -> None:
        """Go to the next area with 1, to the one before with -1."""
        areas = [(name, area) for name, area in self._listing().items() if area.isVisible()]
        around = [n for n, (_, area) in enumerate(areas) if has_keyboard(area)]
        # The innermost one: from inside an area back to that area itself would be no way out of it.
        place = (around[-1] + step) % len(areas) if around else 0 if step > 0 else -1
        self.enter(areas[place][1])

    def hand_on(self, *, forward: bool) -> bool:
        """Take the keyboard from a control that cannot have it, or lead it on by Tab; False lets Qt do so."""
        focus = self._window.focusWidget()
        if focus is None:
            return False
        if not _can_have_keyboard(focus):
            self._take_over(focus)
            return True
        left = self._left
        if focus is not self._holder or left is None or not Shiboken.isValid(left):
            return False
        place: QWidget = left
        while not (_can_have_keyboard(place) and place.focusPolicy() & Qt.FocusPolicy.TabFocus):
            beside = beside_by_tab(place, forward=forward)
            if beside is left or beside is None:
                return False
            place = beside
        place.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
        return True

    def _give(self, area: QWidget, reason: Qt.FocusReason) -> None:
        names = {id(each): name for name, each in self._listing().items()}
        area.setAccessibleName(names.get(id(area), area.accessibleName()))
        area.setFocus(reason)

    def _take_over(self, control: QWidget) -> None:
        around = [each for each in self._listing().values() if each.isAncestorOf(control)]
        holder = next(filter(_can_have_keyboard, reversed(around)), None) or self._home()
        if holder is None or not _can_have_keyboard(holder):
            control.clearFocus()
            return
        self._give(holder, Qt.FocusReason.OtherFocusReason)
        self._holder, self._left = holder, control
        control.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind, left = event.type(), self._left
        if left is not None and watched is left:
            has_holder = self._holder is not None and self._window.focusWidget() is self._holder
            if kind in _COMES_BACK and _can_have_keyboard(left) and has_holder:
                left.setFocus(Qt.FocusReason.OtherFocusReason)
        elif kind == QEvent.Type.Show and watched is self._window:
            handle = self._window.windowHandle()
            assert handle is not None
            handle.installEventFilter(self)  # gets the buttons of the mouse before any control does
        elif kind == QEvent.Type.WindowActivate and watched is self._window:
            if (focus := self._window.focusWidget()) and not _can_have_keyboard(focus):  # since it was left
                self._take_over(focus)
        elif kind in _BY_KEY:
            self._is_led_by_key = True
        elif kind == QEvent.Type.MouseButtonPress:
            self._is_led_by_key = False
            self._frame.surround(None)
        return False

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        if new is not None and new is not self._holder:
            self._forget()
        # A frame round a panel looks like an error; its tab says where the keyboard is.
        is_area = self.has(new) and not isinstance(new, Panel)
        is_framed = is_area or (isinstance(new, MarkView) and new.window() is self._window)
        self._frame.surround(new if is_framed and self._is_led_by_key else None)

    def _forget(self) -> None:
        if self._left is not None and Shiboken.isValid(self._left):
            self._left.removeEventFilter(self)
        self._holder = self._left = None


def _can_have_keyboard(widget: QWidget) -> bool:
    return widget.isVisible() and widget.isEnabled()


_CORNER, _BESIDE = QPoint(0, 0), 4


class AreaFrame(QFrame):
    """Frame round what can be seen of an area; it lies over the area, and follows its place and its size."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._area: QWidget | None = None
        # What an area lies in may get its new size after it.
        self._settled = single_shot(self, self._follow)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setProperty("role", "area")
        self.hide()

    def surround(self, area: QWidget | None) -> None:
        """Lie round an area; None takes the frame away."""
        for each in outwards(self._area):
            each.removeEventFilter(self)
        self._area = area
        if area is None:
            self.hide()
            return
        for each in outwards(area):
            each.installEventFilter(self)
        self._follow()
        self.raise_()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize):
            self._settled.start()
        return super().eventFilter(watched, event)

    def _follow(self) -> None:
        if self._area is not None:
            window, seen = self._area.window(), self._area.window().rect()
            for each in outwards(self._area):  # whose sizes decide what can be seen of it
                seen &= each.rect().translated(each.mapTo(window, _CORNER))
            # Beside the words at its edge, not over them.
            self.setGeometry(seen.adjusted(-_BESIDE, -_BESIDE, _BESIDE, _BESIDE) & window.rect())
            self.show()
