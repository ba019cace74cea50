"""The keyboard: whose a key is, the ways of the window, keys on controls; and a whole lab by keys alone."""

from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QKeyEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QScrollArea,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from cnnviz.lab.course import shipped_labs
from cnnviz.lab.model import Condition, Prediction
from cnnviz.lab.pages import remarks_on_pages
from cnnviz.lab.remarks import remarks_on
from cnnviz.lab.showing import secrets_of
from cnnviz.layers import TIE_RULES
from tests.engine.lab_cases import read_hand_in
from tests.gui.driving import activate, find, focus, opened, press, show_window, tab_to, typed_path
from tests.gui.lab_driving import is_open, open_lab
from tests.gui.training_driving import lengthen
from tests.gui.whole_window import PANELS, name_of, rest, seen_rect, show_panel, train
from tests.small_data import write_npz
from ui.controls.choice_field import ChoiceField
from ui.controls.keyboard import scroll_to
from ui.panels.backprop.panel import BackpropPanel
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.report.panel import ReportPanel
from ui.panels.training.panel import TrainingPanel
from ui.session import Session
from ui.state import RunStatus
from ui.theme import ThemeManager, theme_manager
from ui.window import run_bar
from ui.window.areas import AreaFrame
from ui.window.keys import KeyCaps

Key, Modifier = Qt.Key, Qt.KeyboardModifier


def choices(session: Session) -> tuple[object, ...]:
    """Return all that the user has chosen, in the form and in the panels."""
    state, views = session.state, session.window.panels.view_states()
    views["feature_maps"] = {
        name: value for name, value in views["feature_maps"].items() if "point" not in name
    }
    return state.draft, state.sample, state.shown, state.pinned, views


def test_ctrl_and_a_number_a_tab_and_the_key_down_lead_into_the_panel_where_no_key_does_harm(
    qtbot: QtBot, active: Session
) -> None:
    for number in range(len(PANELS)):
        active.window.run_bar.train.setFocus(Qt.FocusReason.TabFocusReason)
        press(Key(Key.Key_1.value + number), Modifier.ControlModifier)
        qtbot.waitUntil(lambda number=number: active.window.panels.front == number)
        panel = show_panel(qtbot, active, number)
        assert focus() is panel
        before = choices(active)
        for key in (Key.Key_Down, Key.Key_Up, Key.Key_PageDown, Key.Key_PageUp):
            press(key)
        press(Key.Key_R)  # the arrow keys have moved the digit and back, as they do everywhere in Translation
        rest(qtbot, active)
        assert choices(active) == before
        press(Key.Key_Tab)
        assert panel.isAncestorOf(focus())
    for key in (Key.Key_5, Key.Key_4):  # what has the keyboard is hidden by the second
        press(key, Modifier.ControlModifier)
    press(Key.Key_Tab)
    assert focus() is active.window.panels.panels()[3].header.bar

    # So do a click on a tab and the key down there, and arrow keys into its drawing.
    area, drawing = active.window.panels, active.window.panel(TrainingPanel).network.view
    bar = next(each for each in area.findChildren(QTabBar) if each.isVisible())
    for number in (2, 0):
        active.window.samples.grid.setFocus()
        qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(number).center())
        qtbot.waitUntil(lambda number=number: focus() is area.panels()[number])
        assert area.front == number
    rest(qtbot, active)
    press(Key.Key_Right)
    assert focus() is drawing
    press(Key.Key_Right)
    assert drawing.hovered is not None

    bar.setFocus(Qt.FocusReason.TabFocusReason)
    press(Key.Key_Right)
    qtbot.waitUntil(lambda: area.front == 1)
    assert focus() is bar, "so that the next key goes on"
    press(Key.Key_Down)
    qtbot.waitUntil(lambda: focus() is area.panels()[1])
    rest(qtbot, active)
    press(Key.Key_Right)
    network = active.window.panel(FeatureMapsPanel).network
    assert focus() is network.flow.view(network.marked_cell().stage)
    for stage in ("conv1", "pool1"):
        tab_to(lambda each, stage=stage: each is network.flow.view(stage))
        press(Key.Key_Right)
        area.panels()[1].setFocus()
        press(Key.Key_Right)
        assert focus() is network.flow.view(stage), "back to the map with the marked cell"


def test_f6_goes_round_all_areas_and_back_and_the_one_that_a_key_has_led_to_is_framed(
    qtbot: QtBot, active: Session, theme: ThemeManager
) -> None:
    active.state.raise_notice("window", "warning", "Something to read.")
    show_panel(qtbot, active, 0)
    active.window.areas.enter(active.window.run_bar)
    there = [focus()]
    while len(there) < 20:
        press(Key.Key_F6)
        if focus() is there[0]:
            break
        there.append(focus())
    assert [name_of(each) for each in there] == [
        "Run controls", "Samples", "Network panel", "Network", "Settings", "Curves", "Test images", "Log",
        "Notice", "Timeline",
    ]  # fmt: skip
    for area in reversed(there):
        press(Key.Key_F6, Modifier.ShiftModifier)
        assert focus() is area
    press(Key.Key_Tab)
    assert there[0].isAncestorOf(focus())
    press(Key.Key_F6)
    assert focus() is there[1]
    active.window.areas.enter(there[3])
    for _ in range(2):  # the second one moves about in it
        press(Key.Key_Right)
        assert focus() is active.window.panel(TrainingPanel).network.view
    active.window.areas.enter(there[1])
    press(Key.Key_Right)
    assert focus() is active.window.samples.grid
    assert active.state.sample.index == 1
    active.window.areas.enter(there[1])

    show_panel(qtbot, active, 2)
    window = active.window
    (frame,) = window.findChildren(AreaFrame)
    (bar,) = window.panels.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)

    def is_told() -> bool:
        """Whether the tab in front has the colour of the focus."""
        rest(qtbot, active, painted=True)
        assert frame.isHidden(), "round a panel it would look like an error"
        image, tab = bar.grab().toImage(), bar.tabRect(bar.currentIndex())
        colors = [image.pixelColor(tab.center().x(), y) for y in range(tab.top(), tab.bottom())]
        return theme.theme.color("focus") in colors

    press(Key.Key_3, Modifier.ControlModifier)
    assert is_told()
    press(Key.Key_Tab)
    assert not is_told()
    show_panel(qtbot, active, 1)
    press(Key.Key_P)
    rest(qtbot, active)
    main = window.panels.front_panel.main()
    assert focus() is main
    assert frame.isVisible()
    assert frame.geometry().contains(seen_rect(main)), "beside the letters of a drawing"
    assert not frame.geometry().contains(seen_rect(window.panels.front_panel))

    active.window.areas.enter(there[1])
    assert frame.isVisible()
    ground = there[1].mapTo(window, QPoint(2, there[1].height() - 2))
    QTest.mouseClick(window.windowHandle(), Qt.MouseButton.LeftButton, pos=ground)
    assert not frame.isVisible()


def test_an_area_has_the_keyboard_while_its_control_cannot_and_the_panel_when_its_area_has_gone(
    qtbot: QtBot, active: Session
) -> None:
    panel = show_panel(qtbot, active, PANELS.index("backprop"))
    panel.side.show_page("check")
    check = panel.side.check.view("check")
    check.setFocus(Qt.FocusReason.TabFocusReason)
    press(Key.Key_Space)
    assert focus() is panel, "the button is hidden while it is computed"
    qtbot.waitUntil(lambda: "outcome" in panel.side.check.page.leaves())
    assert focus() is check
    panel.header.go_to(len(panel.model.steps) - 1)
    apply, undo = (panel.stack.view(key) for key in ("Apply the update", "Undo"))
    qtbot.waitUntil(apply.isEnabled)
    apply.setFocus(Qt.FocusReason.TabFocusReason)
    press(Key.Key_Space)
    assert focus() in (panel, apply)
    qtbot.waitUntil(lambda: undo.isEnabled() and apply.isEnabled())
    assert focus() is apply
    press(Key.Key_Tab)
    assert focus() is undo
    press(Key.Key_Space)
    qtbot.waitUntil(lambda: not undo.isEnabled())
    assert focus() is panel
    qtbot.waitUntil(apply.isEnabled)  # once the next step is computed
    press(Key.Key_Tab, Modifier.ShiftModifier)
    assert focus() is apply, "Tab leads on from where the keyboard was"

    window = active.window
    window.samples.grid.setFocus()
    window.set_bare(True)
    assert focus() is panel
    active.state.raise_notice("window", "warning", "Something to read.")
    window.areas.enter(window.notices)
    press(Key.Key_Escape)
    assert focus() is panel


def test_space_trains_from_a_box_and_opens_none_and_return_presses_the_button_that_has_the_keyboard(
    qtbot: QtBot, active: Session
) -> None:
    lengthen(qtbot, active)
    state, form = active.state, active.window.panel(TrainingPanel).form
    boxes = [each for each in form.findChildren(QWidget) if isinstance(each, QComboBox | QAbstractSpinBox)]
    kinds = {type(each): each for each in boxes if each.isVisible()}
    assert len(kinds) > 2
    for box in (form.field("classes"), *kinds.values()):
        box.setFocus(Qt.FocusReason.TabFocusReason)
        before = state.draft
        for wanted in (RunStatus.TRAINING, RunStatus.PAUSED):
            press(Key.Key_Space)
            assert QApplication.activePopupWidget() is None
            qtbot.waitUntil(lambda wanted=wanted: state.run.status is wanted)
        assert state.draft == before

    for wanted in (RunStatus.TRAINING, RunStatus.PAUSED):
        active.window.run_bar.train.setFocus(Qt.FocusReason.TabFocusReason)
        press(Key.Key_Return)
        qtbot.waitUntil(lambda wanted=wanted: state.run.status is wanted)


def test_space_does_what_the_button_says_unless_the_run_has_just_ended_or_failed(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_bar, "_MEANT_AS_PAUSE_MS", 10**6)
    with opened(qtbot, tmp_path / "end.ini", write_npz(tmp_path / "digits.npz")) as session:
        state, window = session.state, session.window

        def press_at_the_end(status: RunStatus, text: str) -> None:
            qtbot.waitUntil(lambda: state.run.status is status)
            rest(qtbot, session)
            before = state.run
            press(Key.Key_Space)
            rest(qtbot, session)
            assert (state.run, window.notices.action_button().text()) == (before, text)
            assert window.notices.text().startswith("This run")

        press(Key.Key_Space)
        press_at_the_end(RunStatus.FINISHED, "Train more")
        for way in (
            partial(press, Key.Key_E),
            partial(QTest.mouseClick, window.run_bar.train, Qt.MouseButton.LeftButton),
            window.menus.action("train").trigger,
            partial(QTest.mouseClick, window.notices.action_button(), Qt.MouseButton.LeftButton),
        ):
            before = state.run.step
            way()
            qtbot.waitUntil(lambda before=before: state.run.step == before + 30)
            rest(qtbot, session)
            assert not window.notices.isVisible()
            press_at_the_end(RunStatus.FINISHED, "Train more")
        assert name_of(window.run_bar.train) == "Train more"
        before = state.run.step
        find(qtbot, session, "train on")  # by the words of the button
        qtbot.waitUntil(lambda: state.run.step == before + 30 and state.run.status is RunStatus.FINISHED)
        monkeypatch.setattr(run_bar, "_MEANT_AS_PAUSE_MS", 0)
        press(Key.Key_Space)
        qtbot.waitUntil(lambda: state.run.step == before + 60 and state.run.status is RunStatus.FINISHED)
        state.update_run(status=RunStatus.FAILED)
        press_at_the_end(RunStatus.FAILED, "Start new run")


def test_what_is_typed_after_a_click_beside_a_field_for_words_trains_nothing(
    qtbot: QtBot, active: Session, tmp_path: Path
) -> None:
    sitting, window = open_lab(qtbot, active, tmp_path), active.window
    report = show_panel(qtbot, active, PANELS.index("report"))
    report.mode.button("edit").click()
    rest(qtbot, active)
    for beside in (sitting.column.page.title, report.words):
        active.window.run_bar.train.setFocus()
        before, place = active.state.run, beside.mapTo(window, beside.rect().bottomRight() - QPoint(2, 2))
        QTest.mouseClick(window.windowHandle(), Qt.MouseButton.LeftButton, pos=place)
        QTest.keyClicks(focus(), "the edges s r")
        press(Key.Key_Space, Modifier.ShiftModifier)
        rest(qtbot, active)
        assert active.state.run == before


def test_what_a_click_leads_to_has_no_frame_but_what_a_key_leads_to(qtbot: QtBot, active: Session) -> None:
    window, edge, colors = active.window, QPoint(30, 1), list[QColor]()
    for part, by_key in ((window.samples.search, False), (window.samples.filter, True)):
        place = window.samples.search.mapTo(window, window.samples.search.rect().center())
        if by_key:
            press(Key.Key_Backtab)
        else:
            QTest.mouseClick(window.windowHandle(), Qt.MouseButton.LeftButton, pos=place)
        assert part.hasFocus()
        colors.append(part.grab().toImage().pixelColor(edge))
    violet = theme_manager().theme.color("focus")
    assert [each == violet for each in colors] == [False, True]


def test_page_keys_step_backprop_from_anywhere_and_else_move_the_timeline(
    qtbot: QtBot, active: Session
) -> None:
    panel, window = show_panel(qtbot, active, PANELS.index("backprop")), active.window
    panel.header.go_to(0)
    parts = panel.side.ties.view("label"), panel.stack.view("numbers"), panel
    for number, place in enumerate(
        (window.samples.grid, window.run_bar.train, window.timeline.track, *parts)
    ):
        before = choices(active)[:3]
        place.setFocus()
        press(Key.Key_PageDown)
        assert panel.model.index == number + 1
        assert choices(active)[:3] == before
    press(Key.Key_PageUp)
    assert panel.model.index == number

    show_panel(qtbot, active, 0)
    train(qtbot, active, 600)
    last = active.state.shown
    window.timeline.track.setFocus()
    press(Key.Key_PageDown)
    qtbot.waitUntil(lambda: active.state.shown is not last)
    assert panel.model.index == number


def test_a_closed_list_opens_and_only_then_chooses(qtbot: QtBot) -> None:
    field = ChoiceField([("a", "Apple"), ("b", "Bean"), ("c", "Cherry")])
    qtbot.addWidget(field)
    show_window(qtbot, field)
    field.setFocus()
    edited: list[str] = []
    field.choiceEdited.connect(edited.append)
    for key in (Key.Key_Right, Key.Key_PageDown, Key.Key_End, Key.Key_C):
        press(key)
    assert (field.choice(), edited) == ("a", [])
    for opening in (Key.Key_Down, Key.Key_Return, Key.Key_F4):
        field.set_choice("a")
        press(opening)
        view = field.view()
        qtbot.waitUntil(view.isVisible)
        QTest.keyClick(view, Key.Key_Down)
        assert field.choice() == "a"
        QTest.keyClick(view, Key.Key_Return)
        qtbot.waitUntil(lambda view=view: not view.isVisible())
        assert field.choice() == "b"
    assert edited == ["b"] * 3


def test_what_is_higher_than_its_room_is_seen_from_its_beginning(qtbot):
    area, content = QScrollArea(), QWidget()
    qtbot.addWidget(area)
    high = QWidget(content)
    high.setGeometry(0, 9, 200, 900)
    content.resize(200, 909)
    area.setWidget(content)
    area.resize(300, 300)
    show_window(qtbot, area)
    area.verticalScrollBar().setValue(500)
    scroll_to(high)
    assert area.verticalScrollBar().value() == high.y()


def _press_tab(session: Session, count: int) -> None:
    for _ in range(count):
        event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Tab, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(session.window.windowHandle(), event)


@pytest.mark.alone
def test_who_uses_only_keys_is_shown_each_on_its_control_and_who_has_a_mouse_none(
    qtbot: QtBot, session: Session
) -> None:
    window, caps = session.window, session.window.findChild(KeyCaps)
    _press_tab(session, 5)
    assert caps.shown == []
    _press_tab(session, 1)
    assert window.menus.action("keys").isChecked()
    rest(qtbot, session)
    assert {"Space", "S", "Ctrl+R", "Ctrl+1", "Ctrl+4", "P", "T", "W"} <= {key for key, _ in caps.shown}
    tabs = [f"Ctrl+{number + 1}" for number in range(len(PANELS))]
    assert len({each.top() for key, each in caps.shown if key in tabs}) == 1
    place = seen_rect(window.run_bar.train)
    assert any(key == "Space" and place.intersects(each) for key, each in caps.shown)
    found = [each for _, each in caps.shown]
    assert not any(one.intersects(other) for n, one in enumerate(found) for other in found[:n])
    labels = [each for each in window.findChildren(QLabel) if each.text() and each.property("role") != "key"]
    words = list(map(seen_rect, labels))
    for bar in filter(QTabBar.isVisible, window.findChildren(QTabBar)):
        corner, tabs = bar.mapTo(window, QPoint(0, 0)), map(bar.tabRect, range(bar.count()))
        words += [each.adjusted(12, 6, -12, -6).translated(corner) for each in tabs]
    assert not any(cap.intersects(each) for cap in found for each in words)
    window.run_bar.step.hide()
    qtbot.waitUntil(lambda: "S" not in [key for key, _ in caps.shown])
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Escape)
    assert caps.shown == []
    assert not window.menus.action("keys").isChecked()

    switch, corner = QAction(window, checkable=True), QPointF(2, 2)
    KeyCaps(window, switch)
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    for kind, held in ((QEvent.Type.MouseButtonPress, left), (QEvent.Type.MouseButtonRelease, none)):
        event = QMouseEvent(kind, corner, corner, left, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(window.windowHandle(), event)
    _press_tab(session, 12)
    assert not switch.isChecked(), "there is a mouse as well"


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
        tab_to(lambda each: each is self.guide.column.show_me)

    def show(self) -> None:
        """Have the window put where the step wants it."""
        self.go_into_guide()
        with self.qtbot.waitSignal(self.guide.shower.shown):
            press(Key.Key_Space)
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
