"""The main window: menus, run controls, samples, panels, status."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, override

from PySide6.QtCore import QEvent, QObject, QSettings, QSize, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QKeySequence,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QMainWindow,
    QStatusBar,
    QStyle,
    QToolBar,
    QWidget,
)

from ui.controls.buttons import Button
from ui.controls.choice_field import SegmentedControl
from ui.controls.drops import is_welcome
from ui.controls.keyboard import has_keyboard, is_enter, plain_arrow_step
from ui.controls.labels import ElidedLabel
from ui.controls.layouts import named
from ui.controls.pace import single_shot
from ui.guide.chapters import LICENCES
from ui.panels.contract import Panel, Runs, Services
from ui.panels.registry import PANELS
from ui.panels.samples.panel import SAMPLES_WIDTH, SamplesPanel
from ui.panels.timeline.bar import TimelineBar
from ui.settings import remembered_layout
from ui.state import AppState
from ui.tasks import TaskRunner
from ui.theme import LIGHT, Theme, follow_theme, theme_manager
from ui.theme.tokens import projected
from ui.window.actions import action_row, as_read
from ui.window.areas import Areas
from ui.window.finder import Entry, Finder, actions_of, ask_for, chapters, controls_of
from ui.window.keys import Pages
from ui.window.menus import Menus, first_steps_page, show_about
from ui.window.notice_bar import MomentChip, NoticeBar, PendingBar
from ui.window.panel_area import FixedDock, LabDock, PanelArea, Stage
from ui.window.questions import ask_file
from ui.window.run_bar import RunBar, RunStatusBar, TrainButton

if TYPE_CHECKING:
    from ui.guide.page import GuideWindow
    from ui.panels.compare.panel import ComparePanel

_LAYOUT_VERSION = 1
_IMAGES = "Images (*.png *.jpg *.jpeg *.bmp *.PNG *.JPG *.JPEG *.BMP);;All files (*)"
#: Least width of the samples, and what they leave to one panel and to several, in pixels at scale 1.
_SAMPLES_LEAST, _PANELS_WANT = 164, (850, 1210)
#: Size of the window at first, and the least one, in pixels, where the screen has room for it.
_USUAL, _LEAST = QSize(1440, 900), QSize(940, 640)
_FULL = Qt.WindowState.WindowFullScreen


class MainWindow(QMainWindow):
    """Builds the parts and arranges them; what they ask for is connected by the session.

    The frame of the window appears at once. Panels bring heavy modules with them and follow by
    `build_panels`.
    """

    firstPainted = Signal()
    closing = Signal()

    compare: "ComparePanel"

    def __init__(self, state: AppState, runs: Runs, analysis: TaskRunner, settings: QSettings) -> None:
        super().__init__()
        self.setObjectName("main")
        self.setWindowTitle("CNNViz")
        self.setMinimumSize(_LEAST.boundedTo(self._room_on_screen()))
        self.setAcceptDrops(True)
        self._state, self._runs, self._settings = state, runs, settings
        self._painted = self._bare = False
        self.is_presenting = False
        self._state_wanted = Qt.WindowState.WindowNoState  # what the window manager was asked for last
        self._before = (self._state_wanted, False, False)  # what presenter mode has changed
        self._guide: GuideWindow | None = None
        self._theme = LIGHT
        #: Asked before the window closes on the user's wish.
        self.close_guard: Callable[[], bool] = lambda: True
        self.file_taker: Callable[[Path], None] = lambda _path: None
        self._build_parts(state, runs, analysis)
        self._arrange()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._fit()

    def build_panels(self, services: Services) -> None:
        """Fill the middle of the window, and the comparison of two moments."""
        # Imported here because pyqtgraph takes longer to load than the whole frame takes to appear.
        from ui.panels.compare.panel import ComparePanel

        self.menus.draw_icons()
        for row in PANELS:
            panel = row.build(services)
            self.panels.add_panel(panel, row.title, row.name)
            panel.paged.connect(self._show_pages)
        self.panels.show_panel(0)
        self.compare = ComparePanel(self._state, self._runs, self.compare_dock.hide)
        self.compare_dock.setWidget(self.compare)

    def panel[P: Panel](self, kind: type[P]) -> P:
        return self.panels.panel(kind)

    def begin_focus(self) -> None:
        """Give the keyboard to the samples, whose arrow keys choose an image; without them, to the panel."""
        if self.samples.isVisible():
            self.samples.grid.setFocus()
        else:
            self.enter_panel(max(self.panels.front, 0))

    def enter_panel(self, number: int) -> None:
        """Bring a panel to the front, and give it the keyboard, but none of its controls."""
        self.panels.show_panel(number)
        if number < len(self.panels.panels()):
            self.areas.enter(self.panels.panels()[number])
            self._enter_presented()

    def restore_size(self) -> None:
        if not self.restoreGeometry(remembered_layout(self._settings, "window/geometry")):
            self.resize(_USUAL.boundedTo(self._room_on_screen()))

    def _room_on_screen(self) -> QSize:
        """Return what a window can have of the screen, without the frame that is put round it."""
        edge = self.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight)
        return self.screen().availableSize() - QSize(0, edge)

    def restore_arrangement(self) -> None:
        """Take the arrangement of docks and panels from the last session; call it when they exist."""
        for name, part in (("window/docks", self), ("window/panels", self.panels)):
            part.restoreState(remembered_layout(self._settings, name), _LAYOUT_VERSION)
        self.set_bare(False)  # nobody would know where the samples are
        self.lab_dock.hide()  # until there is a lab in it

    def save_layout(self) -> None:
        if self.is_presenting:
            return
        self._settings.setValue("window/geometry", self.saveGeometry())
        self._settings.setValue("window/docks", self.saveState(_LAYOUT_VERSION))
        self._settings.setValue("window/panels", self.panels.saveState(_LAYOUT_VERSION))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.is_presenting and not self._bare:
            self.set_bare(True)  # the panel is held in the size that it had
        if self.is_presenting or self._turning.isActive():
            self._turn()
        self._fit()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()  # before, nothing had the style that makes it as wide as it is

    def set_bare(self, bare: bool) -> None:
        """Leave all the room to the panels, or give the samples and the timeline theirs back."""
        self._bare = bare
        self.stage.hold(self.is_presenting and not bare)
        self.menuBar().setHidden(self.is_presenting and bare)
        self._fit()
        self._timeline_bar.setHidden(bare)
        self.menus.action("bare").setChecked(bare)

    def set_presenting(self, presents: bool) -> None:
        """Show the panel in front alone, as large as the screen: the rest folds into one line below it."""
        if presents == self.is_presenting:
            return
        self.is_presenting = presents
        if presents:
            self._before = self._state_wanted, self._bare, not self.lab_dock.isHidden()
        state, bare, has_guide = self._before
        self.menus.action("presenter").setChecked(presents)
        self._escape.setEnabled(presents)
        self._lay_out(False)
        for part in (self.line, self.train, self.leave):
            part.setVisible(presents)
        self.run_status.keys.setText(f"Ctrl+1…{len(PANELS)}" if presents else "")
        self.lab_dock.setVisible(has_guide and not presents)
        self.compare_dock.hide()
        self.set_bare(presents or bare)
        self.panels.show_alone(presents)
        self.notices.set_passing(presents)
        self._show_pages()
        self._enter_presented()
        # The answer of the window manager may come late, after that to an earlier wish.
        self._state_wanted = _FULL if presents else state
        self._answering.start()
        self.setWindowState(self._state_wanted)
        self._follow_state()
        self._turning.start()  # until it has its new size, or if it has that already

    def _turn(self) -> None:
        """Dress and lay out once what was changed for presenter mode, or after it."""
        self._turning.stop()
        theme_manager().project(projected(self.width(), self.height()) if self.is_presenting else None)
        self._lay_out(True)
        self._place_notices()  # over a line that is as high as it stays now

    def _lay_out(self, laid_out: bool) -> None:
        layout = self.layout()
        assert layout is not None
        layout.setEnabled(laid_out)
        if laid_out:
            layout.activate()
            QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)  # of parts inside of parts
        self.setUpdatesEnabled(laid_out)  # until then the old picture is better than half of the new one

    def turn_panel(self, way: int) -> bool:
        """Show the next panel from its first page or the one before from its last; return if there is one."""
        place = self.panels.front + way
        if not 0 <= place < len(PANELS):
            return False
        self.panels.show_panel(place)
        while self.panels.panels()[place].turn_page(-way):
            pass
        return True

    def enter_picture(self) -> None:
        """Give the keyboard to the main picture of the panel in front, or to a panel that is one itself."""
        if (panel := self.panels.front_panel) is not None and not panel.enter_main():
            self.areas.enter(panel)

    def to_timeline(self, compares: bool) -> None:
        """Lead to the timeline, or press its button that compares; when presenting and back, as it folds."""
        is_back = self.is_presenting and not compares and has_keyboard(self.timeline)
        self.set_bare(is_back)
        if is_back:
            self.enter_picture()
        elif compares:
            self.timeline.compare.click()
        else:
            self.timeline.track.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _enter_presented(self) -> None:
        """Give the keyboard to what is presented now: a button has it only where a key has led there."""
        if self.is_presenting:
            self.enter_picture()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.notices:
            if event.type() in (QEvent.Type.Show, QEvent.Type.LayoutRequest):
                self._place_notices()
        elif self.is_presenting and event.type() == QEvent.Type.MouseButtonPress:
            self.set_bare(False)
        return super().eventFilter(watched, event)

    def _place_notices(self) -> None:
        """Lay notices over the line at the bottom; in presenter mode, where it has the panels, above it."""
        line, wide = self.statusBar().height(), self.width()
        high = max(self.notices.heightForWidth(wide), line)
        self.notices.setGeometry(0, self.height() - high - line * self.is_presenting, wide, high)
        self.notices.raise_()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self._follow_state()

    def _follow_state(self) -> None:
        """Show the layout that belongs to the state of the window, unless a wish is still to be answered."""
        full = self.isFullScreen()
        if full != bool(self._state_wanted & _FULL) and self._answering.isActive():
            return
        self._state_wanted = self.windowState()
        if self.is_presenting and not full:  # left by a key of the system
            self.set_presenting(False)

    def _check_state(self) -> None:
        """Ask once more where an answer to an earlier wish came last; then take the state as it is."""
        if self.isFullScreen() != bool(self._state_wanted & _FULL):
            self.setWindowState(self._state_wanted)
        self._follow_state()

    def _follow_panels(self) -> None:
        self._fit()
        if name := self.panels.front_name:
            self.line.set_current(name)
        self._show_pages()

    def _show_pages(self) -> None:
        """Say which page of the panel in front is in sight, and what Page Down leads to."""
        panel = self.panels.front_panel
        place, count = (0, 1) if panel is None else panel.paging()
        after = self.panels.titles[self.panels.front + 1 :]
        leads = "Page Down" if place < count - 1 else f"Page Down: {after[0]}" if after else "Page Up"
        self.page.set_text(f"{place + 1} of {count} · {leads}  ")  # apart from the button
        self.page.setVisible(self.is_presenting and count > 1)

    def _fit(self) -> None:
        """Divide the width: the panels come before the samples, the menus before the texts of buttons."""
        px, width = self._theme.px, self.width()
        self.lab_dock.fit(self._theme, width)
        wanted = px(_PANELS_WANT[self.panels.is_divided])
        wanted += self.lab_dock.room
        # In a narrow window the lab guide takes the place of the samples.
        has_room = self.is_presenting or not self.lab_dock.room or width - wanted >= px(_SAMPLES_LEAST)
        self.samples_dock.setHidden(self._bare or not has_room)
        self.lab_dock.takesSamples.emit(not has_room)
        self.samples.setFixedWidth(max(px(_SAMPLES_LEAST), min(px(SAMPLES_WIDTH), width - wanted)))
        bar = self.menuBar()
        before = self.run_bar.sizeHint().width()
        self.run_bar.fit(width - (bar.sizeHint().width() - before))
        if self.run_bar.sizeHint().width() != self.run_bar.width():
            # A menu bar gives what stands in its corner another size only when it gets another itself.
            QApplication.sendEvent(bar, QResizeEvent(bar.size(), bar.size()))
        self._place_notices()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            self.firstPainted.emit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Click the button that has the keyboard with Return, too, which Qt itself does in dialogs only.

        From an area that makes nothing of them, arrow keys and Return lead to the first of its controls.
        """
        focus = QApplication.focusWidget()
        if is_enter(event) and isinstance(focus, QAbstractButton):
            focus.click()
        elif (is_enter(event) or plain_arrow_step(event)) and self.areas.has(focus):
            self.focusNextChild()
        else:
            super().keyPressEvent(event)

    @override
    def focusNextPrevChild(self, next: bool) -> bool:
        """Keep the keyboard in its area when what had it is hidden, or can be used no more."""
        return self.areas.hand_on(forward=next) or super().focusNextPrevChild(next)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if is_welcome(event.mimeData()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        files = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            self.file_taker(files[0])
            event.acceptProposedAction()
        elif self.samples.take(event.mimeData(), "dropped image"):
            event.acceptProposedAction()

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        """Let the application stop what is running before anything is torn down."""
        if not self.close_guard():
            event.ignore()
            return
        self.closing.emit()
        super().closeEvent(event)

    def show_guide(self) -> None:
        """Open the user guide at the chapter of the panel in front, or of the lab guide from there."""
        in_lab = has_keyboard(self.lab_dock)
        self.show_chapter("lab-guide" if in_lab else PANELS[max(self.panels.front, 0)].chapter)

    def show_about(self) -> None:
        show_about(self, lambda: self.show_chapter(LICENCES))

    def show_chapter(self, name: str) -> None:
        if self._guide is None:
            from ui.guide.page import GuideWindow  # here, so that no start waits for it

            entries = list(chapters(self.show_chapter, is_whole=True))
            find = partial(ask_for, entries, "Find a term, or any word of the user guide …")
            self._guide = GuideWindow(first_steps_page, find, self)
        self._guide.show_chapter(name)

    def _build_parts(self, state: AppState, runs: Runs, analysis: TaskRunner) -> None:
        self.menus = Menus(self, state)
        self.run_bar = RunBar(state, self.menus)
        ask_image = partial(ask_file, self, self._settings, "Open an image", _IMAGES)
        self.samples = SamplesPanel(state, analysis, ask_image)
        self.addAction(self.samples.paste_action)
        self.notices = NoticeBar(state, self)
        self.notices.installEventFilter(self)
        self.pending = PendingBar(state, runs)
        self.panels = PanelArea()
        self.panels.divided.connect(self._follow_panels)
        self.panels.entered.connect(lambda: self.enter_panel(max(self.panels.front, 0)))
        #: In presenter mode, what stands for the tabs.
        names = [(row.name, as_read(row.title)) for row in PANELS]
        self.line = named(SegmentedControl(names), "Panels")
        for number, row in enumerate(PANELS):
            self.line.button(row.name).setProperty("key", action_row(f"panel_{number}").key)
        self.line.currentChanged.connect(self.panels.show_named)
        self.page = ElidedLabel(role="muted")
        self.train = TrainButton(state, self.menus, names_key=True)
        self.moment = MomentChip(state, self.panels)
        self.run_status = RunStatusBar(state)
        self.timeline = TimelineBar(state, runs)
        self.timeline.track.setProperty("key", action_row("timeline").key)
        self.pages = Pages(self._enter_presented)
        self.leave = Button(
            "Leave (Esc)", "", "link", "Leave presenter mode: show the panels in the window again", "F11"
        )
        self.leave.clicked.connect(partial(self.set_presenting, False))
        for part in (self.line, self.train, self.leave):
            part.hide()
        #: A window manager may take so long to give the window its size.
        self._turning = single_shot(self, self._turn, 150)
        self._answering = single_shot(self, self._check_state, 500)
        self._escape = QShortcut(QKeySequence("Esc"), self, partial(self.set_presenting, False))
        self._escape.setEnabled(False)
        self.finder = Finder(self)
        self.finder.add(partial(actions_of, self.menus))
        self.finder.add(self._controls)
        self.finder.add(partial(chapters, self.show_chapter))
        self.areas = Areas(self._areas, lambda: self.panels.front_panel, self)

    def _arrange(self) -> None:
        self.menuBar().setCornerWidget(self.run_bar, Qt.Corner.TopRightCorner)
        self.samples_dock = FixedDock("Samples", "samples_dock", self)
        self.samples_dock.setWidget(self.samples)
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self.samples_dock)
        self.lab_dock = LabDock(self)
        self.lab_dock.shown.connect(self._fit)
        self.stage = Stage(self.panels, self.pending)
        self.stage.pressed.connect(partial(self.set_bare, True))
        self.setCentralWidget(self.stage)
        # The timeline is under everything, and above it the place of the comparison, hidden at first.
        self.compare_dock = FixedDock("Weights then and now", "compare_dock", self)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.compare_dock)
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.compare_dock.hide()
        # A tool bar is the one thing that QMainWindow lets span its whole width under the docks.
        bar = self._timeline_bar = QToolBar("Timeline", self, movable=False)
        bar.setObjectName("timeline_bar")
        bar.setProperty("role", "timeline")
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        bar.addWidget(self.timeline)
        # The margins that the style gives a tool bar were taken before it had its role.
        layout = bar.layout()
        assert layout is not None
        layout.setContentsMargins(0, 0, 0, 0)
        self.addToolBar(Qt.ToolBarArea.BottomToolBarArea, bar)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        # By a function of Python: to a method of Qt's own `clicked` hands nothing.
        self.timeline.compare.clicked.connect(lambda is_on: self.compare_dock.setVisible(is_on))
        self.compare_dock.visibilityChanged.connect(self.timeline.compare.setChecked)
        below = QStatusBar(sizeGripEnabled=False)
        below.addWidget(self.line)
        below.addPermanentWidget(self.run_status, 1)
        for part in (self.page, self.train, self.leave):
            below.addPermanentWidget(part)
        for part in (self.page, self.run_status):
            part.installEventFilter(self)
        self.setStatusBar(below)

    def _areas(self) -> dict[str, QWidget]:
        """Return where F6 leads to, in reading order."""
        panels: dict[str, QWidget] = {}
        for title, panel in zip(self.panels.titles, self.panels.panels(), strict=True):
            panels[f"{title} panel"] = panel
            panels |= panel.areas()
        bars: dict[str, QWidget] = {"Notice": self.notices, "Settings that wait": self.pending}
        below: dict[str, QWidget] = {"Comparison": self.compare_dock, "Timeline": self.timeline}
        above = {"Run controls": self.run_bar, "Samples": self.samples}
        return {**above, **panels, **bars, **below, **self.lab_dock.areas()}

    def _controls(self) -> Iterator[Entry]:
        """Yield the controls in the window that are no buttons of actions."""
        leave = partial(self.set_presenting, False) if self.is_presenting else None
        for number, (title, panel) in enumerate(zip(self.panels.titles, self.panels.panels(), strict=True)):
            show = partial(self.panels.show_panel, number)
            for entry in controls_of(panel, title, show, panel.openers(), leave):
                yield replace(entry, is_behind=number != self.panels.front)
        for place, part in (("Samples", self.samples), ("Timeline", self.timeline)):
            yield from controls_of(part, place, partial(self.set_bare, False), {})
        yield from self.run_bar.entries()
