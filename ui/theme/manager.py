"""Which theme is in force, and telling everybody when it changes."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from PySide6.QtCore import QCoreApplication, QElapsedTimer, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QStyle, QWidget
from shiboken6 import Shiboken

from ui.theme.stylesheet import make_palette, make_stylesheet
from ui.theme.tokens import DARK, LIGHT, SCALES, Theme, load_fonts, scaled, ui_font

_BEHIND_MS = 30
_SLICE_MS = 40  # in one turn of the event loop: there are a thousand of them

MODES = ("system", "light", "dark")


class ThemeManager(QObject):
    """Chooses the theme and dresses the application in it.

    Before `apply` it only answers questions, so that a widget can be made on its own.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        #: Whether the user wants to see motion; see `motion_ms`.
        self.moves = True
        #: What the user chose: "system", "light" or "dark".
        self.mode = "system"
        self._scale = SCALES[0]
        self._chosen: float | None = None  # scale to go back to after a projection
        self._app: QApplication | None = None
        self.theme = self._resolve()
        #: What is told of each theme, in the order in which it was made.
        self._following = WeakKeyDictionary[QObject, None]()
        # Nine widgets in ten are behind a tab or in a list that is not open: they are dressed, and what
        # follows in them is told, when those in front have been painted.
        self._behind = deque[QWidget]()
        self._untold = deque[QObject]()
        self._around = deque[QObject]()  # follows in front, and is round those
        self._polishing = QTimer(self, singleShot=True, interval=_BEHIND_MS)
        self._polishing.timeout.connect(self._polish_hidden)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._update)

    def apply(self, app: QApplication) -> None:
        """Dress the application: fonts, Fusion, palette, stylesheet; from now on changes are followed."""
        self._app = app
        load_fonts()
        app.setStyle("Fusion")
        self._put_on(self.theme)

    def follow(self, widget: QObject) -> None:
        """See `follow_theme`."""
        self._restyle(widget)
        self._following[widget] = None

    def set_mode(self, mode: str) -> None:
        """Choose the theme, one of `MODES`; "system" follows the desktop, also when that changes later."""
        self.mode = mode
        hints = QGuiApplication.styleHints()
        # Title bars and native dialogs follow where the platform can do it; elsewhere these calls do nothing.
        if mode == "system":
            hints.unsetColorScheme()
        else:
            hints.setColorScheme(Qt.ColorScheme.Dark if mode == "dark" else Qt.ColorScheme.Light)
        self._update()

    def set_scale(self, scale: float) -> None:
        """Show everything in another size, 1 for the usual one."""
        self._scale = scale
        self._update()

    def project(self, scale: float | None) -> None:
        """Show everything for a projection of a scale, or with None in the size of before."""
        chosen = self._scale if self._chosen is None else self._chosen
        self._chosen = None if scale is None else chosen
        self.set_scale(chosen if scale is None else scale)

    def rescale(self, way: int) -> None:
        """Show everything one step larger with 1, smaller with -1, if there is one."""
        beyond = (each for each in SCALES if way * each > way * self._scale)
        self.set_scale(min(beyond, key=lambda each: way * each, default=self._scale))

    def motion_ms(self, widget: QWidget, wanted: int) -> int:
        """Return how long a motion may take: 0 where user or system want none, or the window is hidden."""
        hint = QStyle.StyleHint.SH_Widget_Animation_Duration
        is_seen = self.moves and widget.window().isVisible()
        return wanted if is_seen and widget.style().styleHint(hint, None, widget) > 0 else 0

    @contextmanager
    def without_style_sheet(self) -> Iterator[None]:
        """Take the stylesheet off while a large part of the window is built, and put it on again once.

        With it Qt dresses a widget, and everything in it, each time that it is given a parent: a widget that
        lies six deep six times. What is built must not be painted meanwhile, so no event may be processed.
        """
        if self._app is None:
            yield
            return
        sheet = self._app.styleSheet()
        self._app.setStyleSheet("")
        try:
            yield
        finally:
            self._app.setStyleSheet(sheet)

    def _resolve(self) -> Theme:
        dark = self.mode == "dark"
        if self.mode == "system":
            dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return scaled(DARK if dark else LIGHT, self._scale, projects=self._chosen is not None)

    def _update(self) -> None:
        theme = self._resolve()
        if theme != self.theme:
            self._put_on(theme)

    def _put_on(self, theme: Theme) -> None:
        """Take a theme, dress all widgets in it and tell what follows: behind others soon after the rest."""
        self.theme = theme
        front, behind = list[QWidget](), list[QWidget]()
        if self._app is not None:
            self._app.setPalette(make_palette(theme))
            self._app.setFont(ui_font(theme))
            # Qt would dress every widget that the style has looked at before, and with each one everything in
            # it: a widget as often as there are widgets around it. So the style has to forget them.
            self._app.style().unpolish(self._app)
            self._app.setStyleSheet(make_stylesheet(theme))
            front, behind = _widgets_of(self._app)
        for each in front:
            _polish_again(each)
        hidden, following = set(behind), [each for each in self._following if Shiboken.isValid(each)]
        untold = dict.fromkeys(each for each in following if _widget_of(each) in hidden)
        self._behind, self._untold = deque(behind), deque(untold)
        self._around = deque(each for each in self._followers_round(behind) if each not in untold)
        self._polishing.start()
        for each in following:
            if each not in untold:
                self._restyle(each)

    def _polish_hidden(self) -> None:
        """Dress what has come into sight meanwhile, and of what is hidden as much as there is time for."""
        seen = _taken(self._behind)
        for each in seen:
            _polish_again(each)
        for each in dict.fromkeys((*_taken(self._untold), *self._followers_round(seen))):
            self._restyle(each)
        clock, changed = QElapsedTimer(), set(seen)
        clock.start()
        steps: list[tuple[deque[Any], Callable[[Any], None]]] = [
            (self._behind, _polish_again), (self._untold, self._restyle), (self._around, self._restyle),
        ]  # fmt: skip
        for waiting, step in steps:
            while waiting and clock.elapsed() < _SLICE_MS:
                part = waiting.popleft()
                if Shiboken.isValid(part):
                    step(part)
                    if (widget := _widget_of(part)) is not None:
                        changed.add(widget)
        for each in _around(changed):
            each.updateGeometry()  # a scroll bar that is not needed, for one, counts in what is around it
        if self._behind or self._untold or self._around:
            self._polishing.start()

    def _restyle(self, follower: Any) -> None:
        follower.set_theme(self.theme)

    def _followers_round(self, widgets: Iterable[QWidget]) -> list[QObject]:
        """Return what follows the theme of widgets, or nearest around them.

        To be polished takes away the fonts that they, or what they are in, gave them with the theme.
        """
        found = dict[QObject, None]()
        for each in widgets:
            widget: QWidget | None = each
            while widget is not None and widget not in self._following:
                widget = widget.parentWidget()
            if widget is not None:
                found[widget] = None
        return list(found)


def theme_manager() -> ThemeManager:
    """Theme manager of the application, made when it is first asked for."""
    app = QApplication.instance()
    assert app is not None
    manager = app.findChild(ThemeManager, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return manager if manager is not None else ThemeManager(app)


def follow_theme(widget: QObject) -> None:
    """Give a widget the theme in force now, and each later one, through its `set_theme`.

    It follows as long as there is somebody who knows it.
    """
    theme_manager().follow(widget)


def _widgets_of(app: QApplication) -> tuple[list[QWidget], list[QWidget]]:
    """Return the widgets that a stylesheet has dressed, each one after those that it is in.

    First those in front, then those that are hidden in a window that is not, or in one that belongs to it.
    """
    front, behind = list[QWidget](), list[QWidget]()
    for window in app.topLevelWidgets():
        if window.parentWidget() is not None:
            continue
        is_seen = window.isVisible()
        for each in (window, *window.findChildren(QWidget)):
            if each.testAttribute(Qt.WidgetAttribute.WA_StyleSheet):
                (behind if is_seen and not each.isVisible() else front).append(each)
    return front, behind


def _widget_of(follower: QObject) -> QWidget | None:
    """Return the widget that follows, or in which it is that follows."""
    part: QObject | None = follower
    while part is not None and not isinstance(part, QWidget):
        part = part.parent()
    return part


def _taken[Follower: QObject](waiting: deque[Follower]) -> list[Follower]:
    """Take out what has come into sight."""
    seen, hidden = list[Follower](), list[Follower]()
    for each in waiting:
        widget = _widget_of(each) if Shiboken.isValid(each) else None
        if widget is not None:
            (seen if widget.isVisible() else hidden).append(each)
    waiting.clear()
    waiting.extend(hidden)
    return seen


def _around(widgets: Iterable[QWidget]) -> set[QWidget]:
    """Return what is around widgets, each up to the innermost that is to be seen: Qt tells no hidden one."""
    found = set[QWidget]()
    for each in widgets:
        around = each.parentWidget()
        while around is not None and around not in found:
            found.add(around)
            around = None if around.isVisible() else around.parentWidget()
    return found


def _polish_again(widget: QWidget) -> None:
    """Do for a widget what Qt does when its stylesheet has changed."""
    widget.style().polish(widget)
    QCoreApplication.sendEvent(widget, QEvent(QEvent.Type.StyleChange))


def repolish(widget: QWidget) -> None:
    """Let the stylesheet look again at a widget whose dynamic properties have changed."""
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.update()
