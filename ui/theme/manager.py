"""Which theme is in force, and telling everybody when it changes."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, cast

from PySide6.QtCore import QCoreApplication, QElapsedTimer, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QStyle, QWidget
from shiboken6 import Shiboken

from ui.theme.stylesheet import make_palette, make_stylesheet
from ui.theme.tokens import DARK, LIGHT, SCALES, Theme, load_fonts, scaled, ui_font

_BEHIND_MS = 30
_SLICE_MS = 40  # in one turn of the event loop: there are a thousand of them

MODES = ("system", "light", "dark")

#: Property of what has asked to follow the theme.
_FOLLOWS = "follows_theme"


class ThemeManager(QObject):
    """Chooses the theme and dresses the application in it.

    Before `apply` it only answers questions, so that a widget can be made on its own.
    """

    #: The new Theme, after palette, font and stylesheet have been replaced.
    themeChanged = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        #: Whether the user wants to see motion; see `motion_ms`.
        self.moves = True
        #: What the user chose: "system", "light" or "dark".
        self.mode = "system"
        self._scale = SCALES[0]
        self._chosen: float | None = None  # scale to go back to after a projection
        self._app: QApplication | None = None
        #: The theme in force.
        self.theme = self._resolve()
        # Seven widgets in eight are behind a tab: they are dressed when those in front have been painted.
        self._behind = deque[QWidget]()
        self._followers = deque[QWidget]()  # round those
        self._polishing = QTimer(self)
        self._polishing.setSingleShot(True)
        self._polishing.setInterval(_BEHIND_MS)
        self._polishing.timeout.connect(self._polish_hidden)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._update)

    def apply(self, app: QApplication) -> None:
        """Dress the application: fonts, Fusion, palette, stylesheet; from now on changes are followed."""
        self._app = app
        load_fonts()
        app.setStyle("Fusion")
        self._put_on(self.theme)
        self.themeChanged.emit(self.theme)

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
        if theme == self.theme:
            return
        self._put_on(theme)
        self.themeChanged.emit(theme)

    def _put_on(self, theme: Theme) -> None:
        """Take a theme, and dress all widgets in it: what is behind others soon after the rest."""
        self.theme = theme
        if self._app is None:
            return
        self._app.setPalette(make_palette(theme))
        self._app.setFont(ui_font(theme))
        _set_style_sheet(self._app, make_stylesheet(theme))
        every = _widgets_of(self._app)
        behind = [each for each in every if _is_behind(each)]
        self._behind, self._followers = deque(behind), deque(_followers_round(behind))
        self._polishing.start()
        for each in every:
            if not _is_behind(each):
                _polish_again(each)

    def _polish_hidden(self) -> None:
        """Dress what has come into sight meanwhile, and of what is hidden as much as there is time for."""
        self._behind = deque(each for each in self._behind if Shiboken.isValid(each))
        seen = [each for each in self._behind if each.isVisible()]
        if seen:
            self._behind = deque(each for each in self._behind if not each.isVisible())
            for each in seen:
                _polish_again(each)
            for each in _followers_round(seen):
                self._restyle(each)
        clock = QElapsedTimer()
        clock.start()
        around = set(map(_seen_around, seen))
        for waiting, step in ((self._behind, _polish_again), (self._followers, self._restyle)):
            while waiting and clock.elapsed() < _SLICE_MS:
                widget = waiting.popleft()
                if Shiboken.isValid(widget):
                    step(widget)
                    around.add(_seen_around(widget))
        for each in around:
            each.updateGeometry()  # a scroll bar that is not needed, for one, counts in what is around it
        if self._behind or self._followers:
            self._polishing.start()

    def _restyle(self, widget: QWidget) -> None:
        cast(_Themed, widget).set_theme(self.theme)


def theme_manager() -> ThemeManager:
    """Theme manager of the application, which must be there; made when it is first asked for."""
    app = QApplication.instance()
    assert app is not None
    manager = app.findChild(ThemeManager, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return manager if manager is not None else ThemeManager(app)


class _Themed(Protocol):
    set_theme: Callable[[Theme], None]


def follow_theme(widget: QObject) -> None:
    """Give a widget the theme in force now, and each later one, through its `set_theme`.

    * `widget`: has a method ``set_theme(theme)``. A bound method of a QObject is disconnected with
      its object.
    """
    manager = theme_manager()
    themed = cast(_Themed, widget)
    themed.set_theme(manager.theme)
    widget.setProperty(_FOLLOWS, True)
    manager.themeChanged.connect(themed.set_theme)


def _set_style_sheet(app: QApplication, sheet: str) -> None:
    """Replace the stylesheet of the application, and dress nothing in it yet.

    Qt would dress every widget that the style has looked at before, and with each one everything in it: a
    widget as often as there are widgets around it, which is a dozen times. So the style has to forget them.
    """
    app.style().unpolish(app)
    app.setStyleSheet(sheet)


def _widgets_of(app: QApplication) -> list[QWidget]:
    """Return all widgets that a stylesheet has dressed, each one after those that it is in."""
    windows = [each for each in app.topLevelWidgets() if each.parentWidget() is None]
    widgets = [each for window in windows for each in (window, *window.findChildren(QWidget))]
    return [each for each in widgets if each.testAttribute(Qt.WidgetAttribute.WA_StyleSheet)]


def _is_behind(widget: QWidget) -> bool:
    """Whether a widget is hidden in a window that is not."""
    return not widget.isVisible() and widget.window().isVisible()


def _followers_round(widgets: list[QWidget]) -> list[QWidget]:
    """Return what follows the theme of widgets, or nearest around them.

    To be polished takes away the fonts that they, or what they are in, gave them with the theme.
    """
    found: dict[QWidget, None] = {}
    for each in widgets:
        widget: QWidget | None = each
        while widget is not None and not widget.property(_FOLLOWS):
            widget = widget.parentWidget()
        if widget is not None:
            found[widget] = None
    return list(found)


def _seen_around(widget: QWidget) -> QWidget:
    """Return the innermost widget around a hidden one that is to be seen; if there is none, the window."""
    while (parent := widget.parentWidget()) is not None:
        widget = parent
        if widget.isVisible():
            break
    return widget


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
