"""The middle of the window, its panels behind tabs, and the docks at its edges."""

from collections.abc import Mapping
from typing import override

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QScrollArea, QTabBar, QVBoxLayout, QWidget

from cnnviz._types import View
from ui.controls.layouts import fill, named
from ui.controls.pace import single_shot
from ui.panels.contract import Panel
from ui.theme import Theme

_DOWN = QEvent.Type.KeyPress, Qt.Key.Key_Down


class PanelArea(QWidget):
    """The panels behind tabs, one at a time.

    * `turned`: another panel is in front.
    * `entered`: a tab was clicked, or left downwards: the keyboard belongs to the panel in front.
    """

    turned, entered = Signal(), Signal()

    def __init__(self) -> None:
        super().__init__()
        self._panels: dict[str, Panel] = {}
        self._frames: list[PanelFrame] = []
        self.tabs = named(QTabBar(), "Panels", "Panels: Ctrl and a number show one")
        self.tabs.setDocumentMode(True)
        self.tabs.setExpanding(False)
        self.tabs.installEventFilter(self)
        self.tabs.currentChanged.connect(self._turn)
        self._column = fill(QVBoxLayout(self), self.tabs, spacing=0)
        self._entering = single_shot(self, self.entered)  # when the panel has come to the front

    def add_panel(self, panel: Panel, title: str, name: str) -> None:
        """Add a panel as the last tab.

        * `title`: shown on the tab; ``&&`` stands for an ampersand.
        * `name`: under which its choices are saved.
        """
        frame = PanelFrame(panel, title)
        frame.hide()
        self._column.addWidget(frame, 1)
        self._frames.append(frame)
        self._panels[name] = panel
        self.tabs.addTab(title)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        goes_down = isinstance(event, QKeyEvent) and (event.type(), event.key()) == _DOWN
        if goes_down or event.type() == QEvent.Type.MouseButtonRelease:
            self._entering.start()
        return goes_down

    def _turn(self, number: int) -> None:
        """Show a panel in the place of the one before, which goes last: so its keyboard goes to this one."""
        front = self._frames[number]
        self._column.setEnabled(False)  # or both would share the room for a moment
        for frame in self._frames:
            if not frame.isHidden():
                front.setGeometry(frame.geometry())
        front.show()
        for frame in self._frames:
            frame.setHidden(frame is not front)
        self._column.setEnabled(True)
        self._column.activate()
        self.turned.emit()

    def panels(self) -> list[Panel]:
        return list(self._panels.values())

    def panel[P: Panel](self, kind: type[P]) -> P:
        return next(panel for panel in self._panels.values() if isinstance(panel, kind))

    def view_states(self) -> dict[str, View]:
        return {name: panel.view_state() for name, panel in self._panels.items()}

    def restore_views(self, views: Mapping[str, View]) -> None:
        """Give each panel its choices back; panels that are not named stay as they are."""
        for name, panel in self._panels.items():
            if name in views:
                panel.restore_view(views[name])

    def show_panel(self, number: int) -> None:
        """Bring a panel to the front, by its place among all panels."""
        self.tabs.setCurrentIndex(number)

    def show_alone(self, alone: bool) -> None:
        """Show the panel in front without tabs, and only its pictures; or all as before."""
        for panel in self._panels.values():
            panel.present(alone)
        self.tabs.setHidden(alone)

    def bring_forward(self, panel: Panel) -> None:
        self.show_panel(self.panels().index(panel))

    def show_named(self, name: str) -> None:
        """Bring the panel of this name to the front, if there is one."""
        if name in self._panels:
            self.show_panel(list(self._panels).index(name))

    def name_of(self, part: QWidget) -> str:
        """Name of the panel that a part of the window is in; "" for none."""
        return next((name for name, panel in self._panels.items() if panel.isAncestorOf(part)), "")

    @property
    def front_name(self) -> str:
        """Name of the panel in front; "" before there is one."""
        return list(self._panels)[self.front] if self._panels else ""

    @property
    def titles(self) -> list[str]:
        return [frame.title for frame in self._frames]

    @property
    def front(self) -> int:
        """Position of the panel in front; -1 before there is one."""
        return self.tabs.currentIndex()

    @property
    def front_panel(self) -> Panel | None:
        return self.panels()[self.front] if self._panels else None


WIDTH = 330
"""Of the lab guide, in pixels at scale 1."""
_MOST = 0.45  # of the width of the window


class FixedDock(QDockWidget):
    """Stands at an edge of the window, without a title bar, and stays there."""

    def __init__(self, title: str, name: str, window: QMainWindow) -> None:
        super().__init__(title, window)
        self.setObjectName(name)
        self.setTitleBarWidget(QWidget())
        self.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)


class LabDock(FixedDock):
    """Holds the lab guide; hidden until a lab is wanted.

    * `shown(bool)`: it has come into sight, or was put away.
    * `takesSamples(bool)`: it stands in the room of the samples, or beside them.
    * `messages`: messages of the guide, by names for screen readers.
    """

    shown = Signal(bool)
    takesSamples = Signal(bool)

    def __init__(self, window: QMainWindow) -> None:
        super().__init__("Lab guide", "lab_dock", window)
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self)
        window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self.messages: dict[str, QWidget] = {}
        self.hide()

    def areas(self) -> dict[str, QWidget]:
        """Return where F6 leads to here: the guide, and what it has to say."""
        return {"Lab guide": self.widget() or self, **self.messages}

    @property
    def room(self) -> int:
        """Width that it takes, in pixels; 0 while it is out of sight."""
        content: QWidget | None = self.widget()
        return 0 if content is None or self.isHidden() else content.minimumWidth()

    def fit(self, theme: Theme, width: int) -> None:
        """Be as wide as the theme asks for, but leave the larger part of a window to the panels."""
        content: QWidget | None = self.widget()
        if content is not None:
            content.setFixedWidth(min(theme.px(WIDTH), round(_MOST * width)))

    def set_shown(self, shown: bool) -> None:
        if self.isHidden() == shown:
            self.setVisible(shown)
            self.shown.emit(shown)


#: Less than this, in pixels, a panel is not worth having, scrolled or not.
_LEAST = QSize(320, 200)


class PanelFrame(QScrollArea):
    """Gives a panel all the room there is, and scrolls only one that needs more.

    QScrollArea itself would make a panel with wrapped text as high as it wants to be at best, and scroll it
    although it has room enough.
    """

    def __init__(self, panel: QWidget, title: str) -> None:
        super().__init__()
        self._panel, self.title = panel, title.replace("&&", "&")
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(panel)
        panel.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the arrow keys to the window where there is nothing to scroll."""
        if self.verticalScrollBar().maximum() or self.horizontalScrollBar().maximum():
            super().keyPressEvent(event)
        else:
            event.ignore()

    @override
    def sizeHint(self) -> QSize:
        return self._panel.sizeHint()

    @override
    def minimumSizeHint(self) -> QSize:
        return self._panel.minimumSizeHint().boundedTo(_LEAST)

    def _fit(self) -> None:
        room = self.maximumViewportSize()
        need = self._panel.minimumSizeHint()
        # A bar for one direction takes room from the other.
        if need.width() > room.width():
            room.setHeight(room.height() - self.horizontalScrollBar().sizeHint().height())
        if need.height() > room.height():
            room.setWidth(room.width() - self.verticalScrollBar().sizeHint().width())
        self._panel.resize(need.expandedTo(room))


class Stage(QWidget):
    """Gives the panels its room, or holds them where they are while other parts unfold over them.

    * `below`: what stays for longer.
    * `pressed`: somebody has pressed on the panels while they are held; they get nothing of it.
    """

    pressed = Signal()

    def __init__(self, panels: PanelArea, below: QWidget) -> None:
        super().__init__()
        self._panels, self._held = panels, QRect()
        self._layout = fill(QVBoxLayout(self), (panels, 1), below, spacing=0)
        self._cover = QWidget(self)
        self._cover.setToolTip("Press to fold the menus, samples and timeline again")
        self._cover.installEventFilter(self)
        self._cover.hide()

    def hold(self, held: bool) -> None:
        """Hold the panels, or let them have what room there is."""
        if held != self._cover.isHidden():
            return
        place = self._panels.mapTo(self.window(), QPoint(0, 0))
        self._held = QRect(place, self._panels.size()) if held else QRect()
        self._layout.setEnabled(not held)
        self.setMinimumSize(int(held), int(held))  # of what is held nothing has to be in sight
        self._cover.setVisible(held)
        self._cover.raise_()
        self._layout.invalidate()

    @override
    def event(self, event: QEvent) -> bool:
        found = super().event(event)
        if self._held.isValid() and event.type() in (QEvent.Type.Move, QEvent.Type.Resize):
            self._panels.setGeometry(self._held.translated(-self.mapTo(self.window(), QPoint(0, 0))))
            self._cover.setGeometry(self.rect())
        return found

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress:
            self.pressed.emit()
            return True
        return False
