"""Which theme is in force, and telling everybody when it changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QStyle, QWidget
from shiboken6 import Shiboken

from ui.theme.stylesheet import make_palette, make_stylesheet
from ui.theme.tokens import DARK, LIGHT, SCALES, Theme, load_fonts, scaled, ui_font

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
        self._following = WeakKeyDictionary[Any, None]()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._update)

    def apply(self, app: QApplication) -> None:
        """Dress the application: fonts, Fusion, palette, stylesheet; from now on changes are followed."""
        self._app = app
        load_fonts()
        app.setStyle("Fusion")
        self._put_on(self.theme)

    def follow(self, widget: Any) -> None:
        """See `follow_theme`."""
        widget.set_theme(self.theme)
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
        """Take a theme, dress all widgets in it and tell what follows it."""
        self.theme = theme
        dressed = list[QWidget]()
        if self._app is not None:
            self._app.setPalette(make_palette(theme))
            self._app.setFont(ui_font(theme))
            # Qt would dress every widget that the style has looked at before, and with each one everything in
            # it: a widget as often as there are widgets around it. So the style has to forget them.
            self._app.style().unpolish(self._app)
            self._app.setStyleSheet(make_stylesheet(theme))
            dressed = _widgets_of(self._app)
        for each in dressed:
            each.style().polish(each)
            QCoreApplication.sendEvent(each, QEvent(QEvent.Type.StyleChange))
        for each in list(self._following):
            if Shiboken.isValid(each):
                each.set_theme(self.theme)
        # Of what is hidden Qt tells nobody that it needs other room now, as without a scroll bar.
        for each in reversed(dressed):
            if Shiboken.isValid(each) and not each.isVisible():
                each.updateGeometry()


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


def _widgets_of(app: QApplication) -> list[QWidget]:
    """Return the widgets that a stylesheet has dressed, each one after those that it is in."""
    windows = (each for each in app.topLevelWidgets() if each.parentWidget() is None)
    parts = (part for window in windows for part in (window, *window.findChildren(QWidget)))
    return [part for part in parts if part.testAttribute(Qt.WidgetAttribute.WA_StyleSheet)]


def repolish(widget: QWidget) -> None:
    """Let the stylesheet look again at a widget whose dynamic properties have changed."""
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.update()
