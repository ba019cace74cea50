"""Steps that tests of widgets share: they wait for what a test needs, never for a time or some turns."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partialmethod
from itertools import chain, repeat
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, override

from PIL import Image
from PySide6.QtCore import (
    QAbstractAnimation,
    QAbstractEventDispatcher,
    QCoreApplication,
    QEvent,
    QEventLoop,
    QObject,
    QPoint,
    QPointF,
    QSettings,
    Qt,
    QTimer,
)
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMainWindow,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from cnnviz.document.archive import png_texts
from cnnviz.experiment import LAB5, Experiment
from tests import patience
from ui.controls.choice_field import ChoiceField
from ui.export.dialog import ExportDialog
from ui.marks import MarkView
from ui.session import Session
from ui.state import AppState, RunStatus
from ui.tasks import TaskRunner
from ui.window.finder import FinderBox

#: Milliseconds after which what has not come will not come.
PATIENCE = 1000 * patience.PATIENCE

_END_OF_ROUND = QEvent.Type(QEvent.registerEventType())
# Qt posts what is to be painted with the lowest priority of its own: -1.
_LAST = Qt.EventPriority.LowEventPriority.value - 1
_LAYING_OUT = {
    getattr(QEvent.Type, name)
    for name in ("LayoutRequest", "Resize", "Move", "Show", "Hide", "Polish", "PolishRequest", "StyleChange")
}
_PAINTING = {QEvent.Type.Paint, QEvent.Type.UpdateRequest}
# Timers of longer intervals take back what was said to the user, who may read for seconds.
_SOON_MS = 2000


class PatientBot(QtBot):
    """Waits by default as long as a busy machine may need, so that no test has to say how long."""

    @override
    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE) -> None:
        """Let events come until something holds; look often at first, as most comes in a moment."""
        end, pauses = monotonic() + timeout / 1000, chain((1, 1, 1, 2, 2, 4), repeat(8))
        loop, pause = QEventLoop(), QTimer(singleShot=True)  # once, unlike `wait`, for all pauses
        pause.timeout.connect(loop.quit)
        while True:
            try:
                if callback() is not False:
                    return
                reason = None
            except AssertionError as error:
                reason = error
            if monotonic() > end:
                raise TimeoutError(f"waitUntil timed out in {timeout} milliseconds") from reason
            pause.start(next(pauses))
            loop.exec()


for _name in ("waitSignal", "waitSignals", "waitExposed", "waitActive", "waitCallback"):
    setattr(PatientBot, _name, partialmethod(getattr(QtBot, _name), timeout=PATIENCE))


def show_window(qtbot: QtBot, window: QWidget) -> None:
    """Show a window and give it the keyboard, also where no window manager would do that."""
    with qtbot.waitExposed(window):
        window.show()
    activate(qtbot, window)


def activate(qtbot: QtBot, window: QWidget) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)


def focus() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None, "nothing has the keyboard"
    return found


def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(focus(), key, modifier)


def give_up_keyboard() -> None:
    """Take the keyboard away from whatever part of the window has it: a part that has it looks different."""
    if QApplication.focusWidget():
        QApplication.focusWidget().clearFocus()


def tab_to(is_meant: Callable[[QWidget], bool], most: int = 120) -> QWidget:
    """Go on with the Tab key until what is meant has the keyboard."""
    for _ in range(most):
        if is_meant(focus()):
            return focus()
        press(Qt.Key.Key_Tab)
    raise AssertionError("the Tab key does not get there")


def ask(qtbot: QtBot, session: Session, words: str) -> FinderBox:
    """Open the finder by its key, and type words."""
    press(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    (box,) = session.window.findChildren(FinderBox)
    qtbot.waitUntil(box.line.hasFocus)
    QTest.keyClicks(box.line, words)
    return box


def find(qtbot: QtBot, session: Session, words: str) -> None:
    """Take the first that the finder finds by some words."""
    ask(qtbot, session, words)
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not session.window.findChildren(FinderBox))


@contextmanager
def typed_path(path: Path) -> Iterator[None]:
    """Answer the dialog for files that is asked meanwhile, which holds up everything else until then."""
    waiting = QTimer(interval=20)

    def answer() -> None:
        asking = [each for each in QApplication.topLevelWidgets() if each.inherits("QFileDialog")]
        if asking and isinstance(QApplication.focusWidget(), QLineEdit):
            waiting.stop()
            press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
            QTest.keyClicks(focus(), str(path))
            press(Qt.Key.Key_Return)

    waiting.timeout.connect(answer)
    waiting.start()
    yield
    assert not waiting.isActive(), "no dialog has asked for a file"


def choose_by_keys(field: ChoiceField, choice: str) -> None:
    """Open a list where the keyboard is, go to a choice, and take it."""
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Down)
    view = field.view()
    QTest.keyClick(view, Qt.Key.Key_Home)
    while view.currentIndex().data(Qt.ItemDataRole.UserRole) != choice:
        before = view.currentIndex().row()
        QTest.keyClick(view, Qt.Key.Key_Down)
        assert view.currentIndex().row() > before, f"{choice} is not in the list"
    QTest.keyClick(view, Qt.Key.Key_Return)


def type_into(field: QLineEdit | QAbstractSpinBox, text: str) -> None:
    """Put a text in the place of what a field has, and confirm it."""
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def click(widget: QWidget, place: QPointF | QPoint | None = None) -> None:
    """Click with the left button, in the middle unless a place is given."""
    assert widget.isEnabled()
    at = widget.rect().center() if place is None else QPointF(place).toPoint()
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at)


def part_center(view: MarkView[Any], key: object) -> QPointF:
    box = view.drawing().part(key).box
    return QPointF(box.x, box.y)


def click_part(view: MarkView[Any], key: object) -> None:
    click(view, part_center(view, key))


def point_at(widget: QWidget, place: QPointF) -> None:
    QTest.mouseMove(widget, QPoint(1, 1))
    QTest.mouseMove(widget, place.toPoint())


def turn_wheel(widget: QWidget, clicks: int, place: QPoint | None = None) -> None:
    """Turn the wheel, in the middle unless a place is given."""
    at = widget.rect().center() if place is None else place
    event = QWheelEvent(
        QPointF(at), QPointF(widget.mapToGlobal(at)), QPoint(), QPoint(0, 120 * clicks),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


def double_click(widget: QWidget, place: QPoint) -> None:
    """Click twice; Qt's own step does not let go of the button after the second time."""
    QTest.mouseDClick(widget, Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=place)


def take_pointer_away(window: QWidget) -> None:
    """Let the pointer be where nothing of the window answers to it."""
    QTest.mouseMove(window.windowHandle(), QPoint(0, window.height() - 1))


def end(session: Session) -> None:
    """Close the program. What its signals lead to would else stay, and with it all that was trained."""
    session.close()
    session.deleteLater()


@contextmanager
def opened(
    qtbot: QtBot, settings: Path, data: Path | None = None, experiment: Experiment = LAB5
) -> Iterator[Session]:
    """Open the whole program in its window, up to its first network."""
    session = Session(QSettings(str(settings), QSettings.Format.IniFormat), experiment, data)
    session.window.resize(1440, 900)
    show_window(qtbot, session.window)  # a key that is a shortcut needs the window that is active
    session.start()
    at_rest = RunStatus.READY, RunStatus.PAUSED, RunStatus.FINISHED
    qtbot.waitUntil(lambda: session.autosave.is_keeping and session.state.run.status in at_rest)
    qtbot.waitUntil(lambda: session.window.samples._loop.is_current)
    try:
        yield session
    finally:
        end(session)


@contextmanager
def begun(qtbot: QtBot, settings: QSettings | Path, data: Path | None = None) -> Iterator[Session]:
    """Open the whole program in its window, and do not wait for data or a network."""
    kept = QSettings(str(settings), QSettings.Format.IniFormat) if isinstance(settings, Path) else settings
    session = Session(kept, LAB5, data)
    with qtbot.waitExposed(session.window):
        session.window.show()
    session.start()
    try:
        yield session
    finally:
        end(session)


def save_document(qtbot: QtBot, session: Session, path: Path) -> None:
    """Save the document, and wait until it is in the file."""
    with qtbot.waitSignal(session.document.saved):
        session.document.save_to(path)


def save_picture(session: Session, path: Path) -> None:
    """Write a small picture that carries what is shown."""
    Image.new("L", (8, 8)).save(path, pnginfo=png_texts(session.document.picture()))


def export_dialog() -> ExportDialog:
    (found,) = [each for each in QApplication.topLevelWidgets() if isinstance(each, ExportDialog)]
    return found


def close_export_dialog(qtbot: QtBot) -> None:
    dialog = export_dialog()
    dialog.reject()
    qtbot.waitUntil(lambda: not isValid(dialog))


def kept_in(session: Session) -> str:
    """Return the words of the document as they are kept, "" where none are."""
    file = session.folder.path / "document.json"
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def hold(runner: TaskRunner) -> Callable[[], None]:
    """Hold up whatever is to be done in a thread; returns what lets it go on."""
    go_on = Event()
    runner.submit("hold", lambda _context: go_on.wait(patience.PATIENCE), lambda _result: None)
    return go_on.set


def drain(qtbot: QtBot, runner: TaskRunner) -> None:
    """Wait until a background thread has done, or dropped, all it was asked for until now."""
    answers: list[object] = []
    runner.submit("drained", lambda _context: True, answers.append)
    qtbot.waitUntil(lambda: answers == [True])


def settle(
    qtbot: QtBot, *conditions: Callable[[], bool], parts: Iterable[QObject] = (), painted: bool = False
) -> None:
    """Wait until nothing is under way in any window.

    That is: no layout is pending, all is dressed in the theme, no timer is about to fire, no animation runs,
    and conditions of the test's own hold; and so it has been since the end of the last round of the event
    queue.

    * `*conditions`: What has to be true besides.
    * `parts`: Whatever else has timers, besides the windows.
    * `painted`: Whether nothing may be painted either.
    """
    events = _LAYING_OUT | _PAINTING if painted else _LAYING_OUT
    known = _Unfinished(tuple(parts))
    before, turn = {"the round before the first"}, _Round(conditions, None, events)

    def is_settled() -> None:
        nonlocal before, turn
        assert turn.is_over, "The event queue has no end."
        under_way = before | turn.under_way
        if under_way:
            # All windows are searched only after a round in which nothing was met.
            before = turn.under_way
            turn = _Round(conditions, None if before else known, events)
        assert not under_way, f"Still under way: {under_way}"

    qtbot.waitUntil(is_settled)


class _Unfinished:
    """Whatever in the windows has not finished; they are searched when nothing is left of what was found."""

    def __init__(self, parts: tuple[QObject, ...]) -> None:
        self._parts, self._found = parts, []

    def __call__(self) -> list[str]:
        self._found = [each for each in self._found if isValid(each) and _is_busy(each)]
        if not self._found:
            windows = [each for each in QApplication.topLevelWidgets() if each.parent() is None]
            parts = (*windows, *self._parts)
            # To ask for each kind that may be busy takes a fifth of the time that a look at every part does.
            kinds = QTimer, QAbstractAnimation, QAbstractItemView
            found = (each for part in parts for kind in kinds for each in part.findChildren(kind))
            self._found = [each for each in found if _is_busy(each)]
        return [f"{type(each).__name__} of {type(each.parent()).__name__}" for each in self._found]


def _is_busy(part: QObject) -> bool:
    match part:
        case QTimer():
            return part.isActive() and part.interval() < _SOON_MS
        case QAbstractAnimation():
            return part.state() == QAbstractAnimation.State.Running
        case QAbstractItemView():
            # A list puts off its layout until the queue is empty, by a timer of Qt's own.
            timers = QAbstractEventDispatcher.instance().registeredTimers(part)
            return any(timer.interval == 0 for timer in timers)
    return False


class _Round(QObject):
    """A round of the event queue: at its end, whatever had been posted before it has been delivered.

    * `under_way`: What was met in it first, or else was not finished at its end.
    """

    def __init__(
        self,
        conditions: Iterable[Callable[[], bool]],
        unfinished: _Unfinished | None,
        events: set[QEvent.Type],
    ) -> None:
        super().__init__()
        self.is_over = False
        self._conditions, self._unfinished, self._events = conditions, unfinished, events
        self.under_way: set[str] = set()
        QCoreApplication.instance().installEventFilter(self)
        QCoreApplication.postEvent(self, QEvent(_END_OF_ROUND), _LAST)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in self._events or (kind == QEvent.Type.Timer and isinstance(watched, QTimer)):
            self.under_way.add(f"{kind.name} of {type(watched).__name__} {watched.objectName()}".strip())
            QCoreApplication.instance().removeEventFilter(
                self
            )  # one is enough, and each event takes its time here
        return False

    @override
    def customEvent(self, event: QEvent) -> None:
        QCoreApplication.instance().removeEventFilter(self)
        if not self.under_way:
            self.under_way.update(f"condition {n}" for n, each in enumerate(self._conditions) if not each())
        if not self.under_way and self._unfinished is not None:
            self.under_way.update(self._unfinished())
        self.is_over = True


class EventCounter(QObject):
    """Counts how often objects get an event of a kind."""

    def __init__(self, kind: QEvent.Type, *watched: QObject) -> None:
        super().__init__()
        self._kind, self.counts = kind, Counter(dict.fromkeys(watched, 0))
        for each in watched:
            each.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == self._kind:
            self.counts[watched] += 1
        return False


def column_window(qtbot: QtBot) -> QWidget:
    """Window in a column; a second field takes the keyboard away from the first."""
    widget = QWidget()
    qtbot.addWidget(widget)
    layout = QVBoxLayout(widget)
    layout.addWidget(QComboBox())
    layout.addStretch(1)
    widget.resize(400, 300)
    return widget


def place(qtbot: QtBot, window: QWidget, widget: QWidget) -> None:
    layout = window.layout()
    layout.insertWidget(0, widget)
    show_window(qtbot, window)


class PanelDesk:
    """A panel with everything that it needs; its threads end with its window, also when a test fails."""

    def __init__(
        self, qtbot: QtBot, experiment: Experiment, build: Callable[..., Any], size: tuple[int, int]
    ) -> None:
        self.bot, self.state = qtbot, AppState(experiment)
        self.analysis, self.background = TaskRunner("analysis"), TaskRunner("background")
        self.window, self._closed = QMainWindow(), False
        self.panel = build(self.state, self.analysis, self.background)
        self.window.setCentralWidget(self.panel)
        self.window.resize(*size)
        qtbot.addWidget(self.window, before_close_func=lambda _window: self.close())
        with qtbot.waitExposed(self.window):
            self.window.show()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self.analysis.close(PATIENCE)
            self.background.close(PATIENCE)
            self.window.close()
