"""What stands above all panels: notices, settings that differ, a moment that is not the newest."""

from typing import override

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDockWidget, QLabel, QSizePolicy, QTabBar, QWidget

from cnnviz.errors import CNNVizError
from cnnviz.quantities import format_count
from ui.controls.buttons import Button
from ui.controls.layouts import scaled
from ui.controls.message_bar import MessageBar
from ui.controls.pace import single_shot
from ui.panels.contract import Runs
from ui.state import AppState, Notice, RunStatus
from ui.theme import theme_manager
from ui.window.actions import START, START_TIP, action_row

_SUCCESS_MS = 8000
_OFFERED_MS = 30_000  # of one with a button, which is to be read and then reached


class NoticeBar(MessageBar):
    """Shows the newest notice; good news goes by itself, everything else when it is answered or taken back.

    What is still true comes into sight again when the notice before it has gone. In presenter mode, where it
    would cover a part of the picture for the whole class, that is later: only errors stay in sight there.
    """

    def __init__(self, state: AppState, window: QWidget) -> None:
        super().__init__(window)
        scaled(self._layout.setContentsMargins, 11, 0, 4, 0)  # as high as the line that it lies over
        self._standing: dict[str, Notice] = {}  # by place, the newest last
        self._shown: Notice | None = None
        self._passes = False
        self._going = single_shot(self, lambda: self._show_newest(only_errors=self._passes), _SUCCESS_MS)
        self.closed.connect(self._on_closed)
        state.noticeRaised.connect(self._on_notice_raised)

    def _on_notice_raised(self, notice: Notice) -> None:
        if notice.place == "samples":
            return
        if notice.text and notice.kind == "success":
            self._standing.pop(notice.place, None)  # what has succeeded now need not be answered any more
            self._show(notice)
            self._going.start(_OFFERED_MS if notice.action else _SUCCESS_MS)
            return
        self._standing.pop(notice.place, None)
        if notice.text:
            self._standing[notice.place] = notice
            self._show_newest()
        elif self._shown is not None and self._shown.place == notice.place:
            self._show_newest()

    def _show_newest(self, *, only_errors: bool = False) -> None:
        self._going.stop()
        newest_first = reversed(self._standing.values())
        newest = next((each for each in newest_first if not only_errors or each.kind == "error"), None)
        if newest is None:
            self._shown = None
            self.clear()
        else:
            self._show(newest)

    def _show(self, notice: Notice) -> None:
        self._shown = notice
        self.show_message(notice.text, notice.kind, notice.action, notice.act)
        if self._passes and notice.kind != "error":
            self._going.start(_SUCCESS_MS)

    def set_passing(self, passes: bool) -> None:
        """Let everything but errors go by itself, and come back later; or show what is still true."""
        self._passes = passes
        self._show_newest()

    def _on_closed(self) -> None:
        if self._shown is not None and self._standing.get(self._shown.place) is self._shown:
            del self._standing[self._shown.place]
        self._show_newest()


#: An untrained run takes edited settings at once: that is over before anybody could read of it.
_UNTRAINED_MS = 400


class PendingBar(MessageBar):
    """Names the settings that wait in the form, and asks what shall become of them; it cannot be closed.

    It holds nothing of its own: it is there exactly while settings of the form are not those of the run. Its
    action is to begin a new run with them; the other buttons train on as it is, and take the settings back.
    """

    def __init__(self, state: AppState, runs: Runs) -> None:
        super().__init__()
        self._state, self._runs = state, runs
        self._close.hide()
        self.discard_button = Button("Discard changes", kind="link")
        self.discard_button.setToolTip("Show the settings of the run in the form again")
        row = action_row("train_present")
        self.present_button = Button(row.label, kind="link", tooltip=row.sentence, shortcut=row.key)
        self.present_button.clicked.connect(runs.train_present)
        self.discard_button.clicked.connect(lambda: state.set_draft(state.experiment))
        self._layout.addWidget(self.present_button)
        self._layout.addWidget(self.discard_button)
        self.action_button().setToolTip(START_TIP)
        self._late = single_shot(self, self._draw, _UNTRAINED_MS)
        for signal in (state.draftChanged, state.experimentChanged, state.datasetChanged, state.runChanged):
            signal.connect(self._on_changed)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()  # what is true cannot be sent away by Escape

    def _on_changed(self) -> None:
        state = self._state
        if not state.pending or not state.run.run_id or state.run.status is RunStatus.LOADING:
            self._late.stop()
            if not self.isHidden():
                self.clear()
        elif state.is_untrained and not self._problem():
            self._late.start()
        else:
            self._late.stop()
            self._draw()

    def _problem(self) -> str:
        """Return why no run can begin with these settings, or ""."""
        dataset = self._state.dataset
        if dataset is not None:
            try:
                self._state.draft.check_fits(dataset.input_shape)
            except CNNVizError as error:
                return str(error)
        return ""

    def _draw(self) -> None:
        state, problem = self._state, self._problem()
        told = state.experiment.told(state.pending, state.draft, "{} {} → {}")
        words = f"For the next run: {told}. This run keeps its settings."
        text, kind, action = (problem, "error", "") if problem else (words, "info", START)
        if (text, kind) != (self.text(), self.kind()):
            self.show_message(text, kind, action, self._runs.begin_new)
        self.present_button.setVisible(state.run.status in (RunStatus.PAUSED, RunStatus.FINISHED))


_DIRECT = Qt.FindChildOption.FindDirectChildrenOnly  # to look through all of the window takes milliseconds
_TIP = "Every panel shows the network as it was then. Live, or End on the timeline, goes back to the newest."


class MomentChip(QLabel):
    """Stands on a tinted ground beside the tabs while an earlier moment is shown, where it moves nothing."""

    def __init__(self, state: AppState, area: QWidget) -> None:
        super().__init__(area)
        self._state, self._area = state, area
        self.setProperty("role", "badge")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._placing = single_shot(self, self._place)
        self.setToolTip(_TIP)
        self.hide()
        area.installEventFilter(self)
        state.momentChanged.connect(self._on_moment_changed)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._placing.start()
        return super().eventFilter(watched, event)

    def _on_moment_changed(self) -> None:
        past = None if self._state.follows_live else self._state.shown
        self.setText("" if past is None else f"Viewing step {format_count(past.step)}")
        self.setAccessibleName(self.text())
        self._place()

    def _place(self) -> None:
        """Stand at the right of the first row of tabs that has room, where there is something to say."""
        if not self.text():
            self.hide()
            return
        self.adjustSize()
        margin = theme_manager().theme.px(12)
        docks = [each for each in self._area.findChildren(QDockWidget, options=_DIRECT) if each.isVisible()]
        for bar in self._area.findChildren(QTabBar, options=_DIRECT):
            last = bar.tabRect(bar.count() - 1)
            free = QRect(bar.geometry())
            free.setLeft(bar.x() + last.right() + margin)
            beside = (each.x() for each in docks if each.x() > bar.x())  # panels that stand there
            free.setRight(min(beside, default=self._area.width()) - margin)
            if bar.isVisible() and free.width() >= self.width():
                self.move(free.right() - self.width(), free.center().y() - self.height() // 2)
                self.show()
                self.raise_()
                return
        self.hide()
