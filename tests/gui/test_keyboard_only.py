"""By keys alone: the lab from its first step to the exported report."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from cnnviz.lab.course import shipped_labs
from cnnviz.lab.model import Condition, Prediction
from cnnviz.lab.pages import remarks_on_pages
from cnnviz.lab.remarks import remarks_on
from cnnviz.lab.showing import secrets_of
from cnnviz.layers import TIE_RULES
from tests.engine.lab_cases import read_hand_in
from tests.gui.driving import activate, find, focus, opened, press, tab_to, typed_path
from tests.gui.lab_driving import is_open
from tests.gui.whole_window import name_of, rest
from tests.small_data import write_npz
from ui.panels.backprop.panel import BackpropPanel
from ui.panels.report.panel import ReportPanel
from ui.session import Session
from ui.state import RunStatus

Key, Modifier = Qt.Key, Qt.KeyboardModifier


_CONTROL = Modifier.ControlModifier
_WORDS = "The one at the top is the max, so it is the one to get it all, and so it is as it is. "


class Student:
    """Hands that know nothing but keys."""

    def __init__(self, qtbot: QtBot, session: Session) -> None:
        self.qtbot, self.session = qtbot, session
        self.state, self.window, self.guide = session.state, session.window, session.lab
        self.control, self.page = self.guide.control, self.guide.column.page

    def rest(self) -> None:
        """Wait until everything is done; then the window has the keyboard."""
        rest(self.qtbot, self.session)
        activate(self.qtbot, self.window)

    def go_into_guide(self) -> None:
        """Lead the keyboard to the first button of the step."""
        if not self.guide.column.isAncestorOf(focus()):
            press(Key.Key_L, _CONTROL)
        tab_to(lambda each: each is self.page.show_me)

    def show(self) -> None:
        """Have the window put where the step wants it."""
        self.go_into_guide()
        press(Key.Key_Space)
        self.qtbot.waitUntil(lambda: bool(self.page.shown.text()))
        self.rest()

    def predict(self, prediction: Prediction) -> None:
        card = self.page.prediction
        if prediction.kind == "cell":
            self.go_to_map(prediction.stage)
            press(Key.Key_Right)
            press(Key.Key_Return)
        self.go_into_guide()
        if prediction.kind == "cell":
            tab_to(lambda each: each is card.commit)
        elif prediction.kind == "number":
            tab_to(lambda each: each is card.number)
            QTest.keyClicks(focus(), "4")
        else:
            tab_to(card.choices.isAncestorOf)
            press(Key.Key_Down)
        press(Key.Key_Space if prediction.kind == "cell" else Key.Key_Return)
        assert self.control.done.prediction is not None

    def write(self, count: int) -> None:
        """Answer each question in so many words, which are pasted: each that is typed is looked at."""
        self.go_into_guide()
        for answer in self.page.answers:
            tab_to(lambda each, field=answer.field: each is field)
            QGuiApplication.clipboard().setText(" ".join((_WORDS * 5).split()[:count]))
            press(Key.Key_V, _CONTROL)

    def go_to_map(self, stage: str) -> None:
        """Lead the keyboard to the map of a stage."""
        press(Key.Key_2, _CONTROL)
        self.rest()
        tab_to(lambda each: name_of(each).startswith(f"{stage}, the chosen map"))

    # --- what labs ask for, by the events that they wait for ------------------------------------------------

    def do(self, condition: Condition) -> None:
        hands = {
            "slowed": self.train_slowly,
            "finished": self.train,
            "pinned": self.pin,
            "dragged": lambda: self.drag(condition.at_least),
            "swept": lambda: self.press_in(Key.Key_3, "Start"),
            "rule": lambda: (self.choose_rule(condition.what), self.choose_rule("all")),
            "walked": lambda: self.walk_to(condition.what),
            "checked_gradient": lambda: self.press_in(Key.Key_4, "Check all "),
            "updated": lambda: self.press_in(Key.Key_4, "Apply the update"),
        }
        if condition.event in hands:
            hands[condition.event]()
            self.qtbot.waitUntil(lambda: condition.event in self.control.done.counts)
            self.rest()

    def train_slowly(self) -> None:
        press(Key.Key_1, _CONTROL)
        press(Key.Key_Space)
        self.qtbot.waitUntil(lambda: "slowed" in self.control.done.counts)
        press(Key.Key_Space)
        self.qtbot.waitUntil(lambda: self.state.run.status is RunStatus.PAUSED)
        self.session.state.set_speed(None)  # nobody has to wait for 20 steps here
        self.session.controller.train_to(20, 1)
        self.qtbot.waitUntil(lambda: "steps" in self.control.done.counts and self.state.run.step == 20)

    def train(self) -> None:
        press(Key.Key_1, _CONTROL)
        if self.state.run.status is not RunStatus.FINISHED:
            press(Key.Key_Space)
        self.qtbot.waitUntil(lambda: self.state.run.status is RunStatus.FINISHED)

    def pin(self) -> None:
        self.go_to_map("pool1")
        press(Key.Key_Down)
        press(Key.Key_Return)

    def drag(self, count: int) -> None:
        press(Key.Key_3, _CONTROL)
        for _ in range(count):
            press(Key.Key_Right)

    def walk_to(self, kind: str) -> None:
        press(Key.Key_4, _CONTROL)
        self.rest()
        model = self.window.panel(BackpropPanel).model
        wanted = next(number for number, step in enumerate(model.steps) if step.kind == kind)
        while model.index != wanted:
            press(Key.Key_PageUp if model.index > wanted else Key.Key_PageDown)

    def choose_rule(self, rule: str) -> None:
        press(Key.Key_4, _CONTROL)
        find(self.qtbot, self.session, "rule for ties")
        now = self.window.panel(BackpropPanel).model.passed.rule
        way = TIE_RULES.index(rule) - TIE_RULES.index(now)
        for _ in range(abs(way)):
            press(Key.Key_Right if way > 0 else Key.Key_Left)
            self.rest()

    def press_in(self, panel: Key, text: str) -> None:
        """Press a button of the panel that a key leads to."""
        press(panel, _CONTROL)
        self.rest()
        buttons = self.window.panels.front_panel.findChildren(QAbstractButton)
        tab_to([each for each in buttons if each.text().startswith(text)].__contains__)
        press(Key.Key_Space)

    def export(self, path: Path) -> None:
        """Export the report by the button of the last step, and type a name for the file."""
        self.go_into_guide()
        tab_to(lambda each: each is self.guide.column.export)
        report = self.window.panel(ReportPanel)
        with self.qtbot.waitSignal(report.exporter.handed_out), typed_path(path):
            press(Key.Key_Space)
            if report.message.action_button().hasFocus():
                press(Key.Key_Space)  # "Export anyway": something is still to be written


@pytest.mark.slow
def test_the_lab_from_its_first_step_to_the_report(qtbot: QtBot, tmp_path: Path) -> None:
    data = write_npz(tmp_path / "digits.npz", testing=8)
    with opened(qtbot, tmp_path / "keys.ini", data) as session:
        session.lab.open_file(shipped_labs()["lab5"])
        qtbot.waitUntil(lambda: is_open(session, "lab5"))
        student = Student(qtbot, session)
        student.rest()
        student.go_into_guide()
        tab_to(lambda each: each is student.page.who.roll_number)
        QTest.keyClicks(focus(), "21-CS-0147")
        lab = student.control.lab
        for step in lab.steps:
            assert student.control.step is step
            is_first = any(each.event == "lesson" for each in step.done_when)  # what is shown is the result
            if not is_first:
                student.show()
            if step.prediction is not None:
                student.predict(step.prediction)
            if is_first:
                student.show()
            if step.prediction is not None:
                assert not secrets_of(step) & student.state.covered.keys(), step.id
            for each in step.done_when:
                student.do(each)
            words = max((each.at_least for each in step.done_when if each.event == "words"), default=0)
            if step.questions:
                student.write(words)
            if step is lab.steps[-1]:
                student.export(tmp_path / "report.html")
            else:
                press(Key.Key_PageDown, _CONTROL)
            assert student.control.record.is_done(step.id)
        handed = read_hand_in(tmp_path / "report.html")
    asked = {step.id for step in lab.steps if step.prediction is not None}
    assert (handed.lab.id, handed.roll_number) == ("lab5", "21-CS-0147")
    assert set(handed.predictions) == asked
    assert [step for step, each in handed.predictions.items() if each.after_run] == []
    assert set(handed.done) == {step.id for step in lab.steps}
    assert {each.step for each in handed.measured} >= asked
    pages = remarks_on_pages((tmp_path / "report.html").read_bytes(), handed, lab, "report.html")
    assert [*remarks_on(handed, lab), *pages] == [], "whoever does the lab has nothing to explain"
