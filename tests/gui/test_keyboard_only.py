"""What a lab needs, from training to the exported report, by keys alone."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.driving import focus, press
from tests.gui.whole_window import PANELS, name_of, rest
from ui.panels.backprop.panel import BackpropPanel
from ui.panels.backprop.steps import StepKind
from ui.panels.report.panel import ReportPanel
from ui.session import Session
from ui.state import RunStatus, Shift
from ui.window.finder import FinderBox

Key, Modifier = Qt.Key, Qt.KeyboardModifier
_MOST_STOPS = 80


def write(words: str) -> None:
    QTest.keyClicks(focus(), words)


def tab_to(is_meant: Callable[[QWidget], bool]) -> QWidget:
    """Go on with the Tab key until what is meant has the keyboard."""
    for _ in range(_MOST_STOPS):
        press(Key.Key_Tab)
        if is_meant(focus()):
            return focus()
    raise AssertionError("the Tab key does not get there")


def find(qtbot: QtBot, session: Session, words: str) -> None:
    """Take the first that is found by some words."""
    press(Key.Key_K, Modifier.ControlModifier)
    (box,) = session.window.findChildren(FinderBox)
    qtbot.waitUntil(box.line.hasFocus)
    write(words)
    press(Key.Key_Return)
    qtbot.waitUntil(lambda: not session.window.findChildren(FinderBox))


def type_path(path: Path) -> None:
    """Answer the next dialog for files, which holds up everything else until then."""
    waiting = QTimer(interval=20)

    def answer() -> None:
        asking = [each for each in QApplication.topLevelWidgets() if each.inherits("QFileDialog")]
        if asking and isinstance(QApplication.focusWidget(), QLineEdit):
            waiting.stop()
            press(Key.Key_A, Modifier.ControlModifier)
            write(str(path))
            press(Key.Key_Return)

    waiting.timeout.connect(answer)
    waiting.start()
    press(Key.Key_E, Modifier.ControlModifier | Modifier.ShiftModifier)
    press(Key.Key_Space)  # "Export anyway": much is still to be written
    assert not waiting.isActive(), "no dialog has asked for a file"


def test_a_whole_lab_by_keys_alone(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    window, state = session.window, session.state
    window.activateWindow()
    qtbot.waitUntil(lambda: window.samples.grid.hasFocus())

    # Train slowly enough to be paused.
    find(qtbot, session, "training speed")
    for _ in range(2):
        press(Key.Key_Left)
    press(Key.Key_Space)
    qtbot.waitUntil(lambda: state.run.status is RunStatus.TRAINING and state.run.step > 0)
    press(Key.Key_Space)
    qtbot.waitUntil(lambda: state.run.status is RunStatus.PAUSED)
    rest(qtbot, session)

    # Look at a cell.
    press(Key.Key_2, Modifier.ControlModifier)
    rest(qtbot, session)
    tab_to(lambda each: name_of(each).startswith("conv1, the chosen map"))
    for key in (Key.Key_Down, Key.Key_Right, Key.Key_Return):
        press(key)
    qtbot.waitUntil(lambda: state.pinned is not None and state.pinned.stage == "conv1")

    # Move the digit.
    press(Key.Key_3, Modifier.ControlModifier)
    rest(qtbot, session)
    for _ in range(2):
        press(Key.Key_Right)
    qtbot.waitUntil(lambda: state.shift == Shift(2, 0))

    # Follow the gradient, and check it.
    press(Key.Key_4, Modifier.ControlModifier)
    backprop = window.panel(BackpropPanel)
    rest(qtbot, session, lambda: backprop.model.passed is not None)
    while backprop.model.step.kind is not StepKind.ROUTE:
        press(Key.Key_PageDown)
    assert backprop.stack.view("routed").isVisible()
    find(qtbot, session, "check all")
    page = backprop.side.check
    qtbot.waitUntil(lambda: "outcome" in page.page.leaves())
    assert focus() is page.view("check"), "it comes back when the button does"
    found = page.page.leaves()["outcome"].content
    assert next(row.texts[found.current] for row in found.rows if row.key == "mismatch") == "0"

    # Write it up, and export it.
    press(Key.Key_5, Modifier.ControlModifier)
    qtbot.waitUntil(lambda: window.panels.front == PANELS.index("report"))
    find(qtbot, session, "hypothesis")
    write("Pooling keeps what is moved within a window.")
    path = tmp_path / "lab.html"
    type_path(path)
    qtbot.waitUntil(path.exists)
    rest(qtbot, session)
    assert window.panel(ReportPanel).message.kind() == "success"
    assert "Pooling keeps what is moved within a window." in path.read_text(encoding="utf-8")
