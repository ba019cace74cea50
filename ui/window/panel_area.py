"""The middle of the window, panels that can stand side by side, and the docks at its edges."""

from collections.abc import Mapping
from typing import override

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QScrollArea, QTabBar, QTabWidget, QVBoxLayout, QWidget

from cnnviz._types import View
from ui.controls.keyboard import follow_keyboard
from ui.controls.layouts import fill
from ui.controls.pace import single_shot
from ui.panels.contract import Panel
from ui.theme import Theme, repolish

_AREA = Qt.DockWidgetArea.TopDockWidgetArea
_DIRECT = Qt.FindChildOption.FindDirectChildrenOnly
_DOWN = QEvent.Type.KeyPress, Qt.Key.Key_Down


class PanelArea(QMainWindow):
    """A dock area of its own, so that panels are not mixed with the docks at the edge of the window.

    A panel behind a tab has no title bar, since the tab says the same; one that stands beside another or in a
    window of its own has one, to be told from the others and to be dragged by.

    * `divided`: panels may stand side by side now, or no longer.
    * `entered`: a tab was clicked, or left downwards: the keyboard belongs to the panel in front.
    """

    divided, entered = Signal(), Signal()

    def __init__(self) -> None:
        super().__init__(dockNestingEnabled=True, documentMode=True)
        # A QMainWindow is a window by default; here it is the middle of another.
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self._docks: list[QDockWidget] = []
        self._panels: dict[str, Panel] = {}
        self._is_newly_divided = self._is_alone = False
        # Qt tells of a move before it has been carried out.
        self._settled = single_shot(self, self._update_titles)
        self._entering = single_shot(self, self.entered)  # when the panel has come to the front
        follow_keyboard(self._mark_tabs)  # of a panel that has the keyboard while none of its controls has it

    def add_panel(self, panel: Panel, title: str, name: str) -> None:
        """Add a panel as the last tab.

        * `title`: shown on the tab; ``&&`` stands for an ampersand.
        * `name`: object name of its dock, under which layout and choices are saved.
        """
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(PanelFrame(panel))
        features = QDockWidget.DockWidgetFeature
        dock.setFeatures(features.DockWidgetMovable | features.DockWidgetFloatable)
        self.addDockWidget(_AREA, dock)
        if self._docks:
            self.tabifyDockWidget(self._docks[-1], dock)
        self._docks.append(dock)
        self._panels[name] = panel
        dock.visibilityChanged.connect(self._settle)
        # Qt moves what lies behind a tab out of the frame but leaves it visible; hidden, a panel
        # does no work.
        dock.visibilityChanged.connect(panel.setVisible)
        dock.topLevelChanged.connect(self._settle)
        dock.dockLocationChanged.connect(self._settle)
        dock.setTitleBarWidget(QWidget())  # until Qt knows whether it is behind a tab
        self._settle()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        goes_down = isinstance(event, QKeyEvent) and (event.type(), event.key()) == _DOWN
        if goes_down or event.type() == QEvent.Type.MouseButtonRelease:
            self._entering.start()
        return goes_down

    def _mark_tabs(self, _old: object, new: QWidget | None) -> None:
        title = next((dock.windowTitle() for dock in self._docks if panel_of(dock) is new), "")
        for bar in self.findChildren(QTabBar, options=_DIRECT):
            if (is_entered := title in map(bar.tabText, range(bar.count()))) != bar.property("entered"):
                bar.setProperty("entered", is_entered)
                repolish(bar)

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

    def docks(self) -> list[QDockWidget]:
        """Docks of the panels, in the order in which they were added."""
        return self._docks.copy()

    def show_panel(self, number: int) -> None:
        """Bring a panel to the front, by its place among all panels."""
        if 0 <= number < len(self._docks):
            dock = self._docks[number]
            dock.show()
            for each in self._docks:
                if each is not dock and not each.isFloating():
                    each.setHidden(self._is_alone)
            dock.raise_()

    def show_alone(self, alone: bool) -> None:
        """Show the panel in front without tabs and neighbours, and only its pictures; or all as before."""
        front, self._is_alone = max(self.front, 0), alone
        for panel in self._panels.values():
            panel.present(alone)
        self.show_panel(front)

    def bring_forward(self, panel: Panel) -> None:
        self.show_panel(self.panels().index(panel))

    def show_named(self, name: str) -> None:
        """Bring the panel of this name to the front, if there is one."""
        if name in self._panels:
            self.show_panel(list(self._panels).index(name))

    def name_of(self, part: QWidget) -> str:
        """Name of the dock that a part of the window is in; "" for none."""
        return next((dock.objectName() for dock in self._docks if dock.isAncestorOf(part)), "")

    @property
    def front_name(self) -> str:
        """Name of the first panel that can be seen; "" if there is none."""
        return list(self._panels)[self.front] if self.front >= 0 else ""

    @property
    def titles(self) -> list[str]:
        return [dock.windowTitle().replace("&&", "&") for dock in self._docks]

    @property
    def front(self) -> int:
        """Position of the first panel that can be seen; -1 if there is none."""
        seen = [not dock.widget().visibleRegion().isEmpty() for dock in self._docks]
        return seen.index(True) if True in seen else -1

    @property
    def front_panel(self) -> Panel | None:
        """The first panel that can be seen."""
        return self.panels()[self.front] if self.front >= 0 else None

    @property
    def is_divided(self) -> bool:
        """Whether panels stand side by side, or one above the other."""
        return len(self._groups()) > 1

    def move_aside(self) -> None:
        """Put the panel at the front beside the others, all of the same width at first."""
        if self.front >= 0 and self.tabifiedDockWidgets(self._docks[self.front]):
            dock = self._docks[self.front]
            self.removeDockWidget(dock)
            self.addDockWidget(_AREA, dock, Qt.Orientation.Horizontal)
            dock.show()
            self._is_newly_divided = True
            self._settle()

    def _groups(self) -> list[QDockWidget]:
        """Return the first dock of each group of tabs that has a place in the area."""
        place, tabs = self._docks.index, self.tabifiedDockWidgets
        docks = [dock for dock in self._docks if not dock.isFloating()]
        return [dock for dock in docks if all(place(each) > place(dock) for each in tabs(dock))]

    def gather(self) -> None:
        """Make all panels tabs again."""
        front = self.front
        for dock in self._docks:
            dock.setFloating(False)
        for dock in self._docks[1:]:
            self.tabifyDockWidget(self._docks[0], dock)
        self.show_panel(max(front, 0))
        self._settle()

    def _settle(self) -> None:
        self._settled.start()

    def _update_titles(self) -> None:
        for bar in self.findChildren(QTabBar, options=_DIRECT):
            bar.setAccessibleName("Panels")
            bar.installEventFilter(self)
            bar.setEnabled(not self._is_alone)  # out of sight, it would still have the keyboard
            bar.setToolTip("Panels: Ctrl and a number show one, Ctrl+B puts it beside the others")
        for dock in self._docks:
            alone = dock.isFloating() or not (self._is_alone or self.tabifiedDockWidgets(dock))
            hidden = dock.titleBarWidget()
            if alone and hidden is not None:
                dock.setTitleBarWidget(None)  # pyright: ignore[reportArgumentType] -- None gives the usual one back
                hidden.deleteLater()
            elif not alone and hidden is None:
                dock.setTitleBarWidget(QWidget())
        self.divided.emit()
        if self._is_newly_divided:
            self._is_newly_divided = False
            groups = self._groups()  # all of the same width: Qt shares out what each has asked for
            self.resizeDocks(groups, [self.width() // len(groups)] * len(groups), Qt.Orientation.Horizontal)


def panel_of(dock: QDockWidget) -> QWidget | None:
    """Return the panel in a dock, whether it stands in a frame there or by itself."""
    content = dock.widget()
    return content.widget() if isinstance(content, PanelFrame) else content


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

    A dock whose own widget is hidden miscounts its height, so that a panel could not be hidden behind its tab
    without such a frame. QScrollArea itself would make a panel with wrapped text as high as it wants to be at
    best, and scroll it although it has room enough.
    """

    def __init__(self, panel: QWidget) -> None:
        super().__init__()
        self._panel = panel
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
        room, need = self.maximumViewportSize(), self._panel.minimumSizeHint()
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
