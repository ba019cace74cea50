"""Everything is found by its words, by keys alone."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from tests.gui.driving import activate, opened
from tests.gui.lab_driving import open_lab
from tests.gui.training_driving import lengthen
from tests.gui.whole_window import PANELS, name_of, rest, show_panel
from tests.small_data import write_npz
from ui.controls.keyboard import has_keyboard
from ui.guide.window import GuideWindow
from ui.panels.backprop.panel import BackpropPanel
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.training import TrainingPanel
from ui.panels.translation.panel import TranslationPanel
from ui.session import Session
from ui.state import RunStatus
from ui.window.actions import ACTIONS
from ui.window.finder import FinderBox, cost, words_of

Key = Qt.Key


def ask(qtbot: QtBot, session: Session, words: str) -> FinderBox:
    """Open the box by its key, and type words."""
    focus = QApplication.focusWidget() or session.window
    QTest.keyClick(focus, Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    (box,) = session.window.findChildren(FinderBox)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is box.line)
    QTest.keyClicks(box.line, words)
    return box


def lines(box: FinderBox) -> list[tuple[str, ...]]:
    model = box.list.model()
    rows = range(model.rowCount())
    return [(*(str(model.index(row, column).data()) for column in range(3)),) for row in rows]


def take(qtbot: QtBot, session: Session, words: str) -> None:
    """Find something, and take the first that fits."""
    box = ask(qtbot, session, words)
    QTest.keyClick(box.line, Key.Key_Return)
    qtbot.waitUntil(lambda: not session.window.findChildren(FinderBox))


def test_every_action_is_found_by_its_words_with_its_key(qtbot: QtBot, active: Session) -> None:
    box = ask(qtbot, active, "")
    for row in ACTIONS:
        if row.listing or row.name == "find":
            continue
        box.line.setText(row.words)
        name, place, _key = lines(box)[0]
        assert (name, place.removesuffix(" · not now")) == (row.words, row.menu.replace("&", ""))
    box.line.setText("train pause")
    assert lines(box)[0] == ("Train or pause", "Run", "Space")
    box.line.setText("traces")
    assert not [name for name, *_ in lines(box) if "Traces" in name], "of a menu that nobody sees"
    box.line.setText("theme")
    assert {name for name, _place, _key in lines(box)[:3]} == {"Like the system", "Light", "Dark"}
    box.reject()


def test_what_cannot_be_had_now_says_why_and_does_nothing(qtbot: QtBot, active: Session) -> None:
    box = ask(qtbot, active, "stop")
    assert lines(box)[0] == ("Stop", "Run · not now", "")
    assert box.hint.text() == "Stop is not possible before training has begun."
    QTest.keyClick(box.line, Key.Key_Return)
    assert box.isVisible()
    box.line.setText("no such thing anywhere")
    assert lines(box) == []
    QTest.keyClick(box.line, Key.Key_Return)
    assert box.hint.text() == "Nothing has all these words."
    QTest.keyClick(box.line, Key.Key_Escape)
    assert not box.isVisible()


def test_a_slip_still_finds_a_setting_and_leads_to_its_field(qtbot: QtBot, active: Session) -> None:
    active.window.panels.show_panel(PANELS.index("report"))
    take(qtbot, active, "laerning rate")
    qtbot.waitUntil(lambda: active.window.panels.front == 0)
    assert QApplication.focusWidget() is active.window.panel(TrainingPanel).form.field("learning_rate")
    draft = active.state.draft
    rest(qtbot, active)
    assert active.state.draft == draft


def test_a_choice_of_a_panel_is_made_from_another(qtbot: QtBot, active: Session) -> None:
    take(qtbot, active, "lesson dots")
    panel = active.window.panel(TranslationPanel)
    qtbot.waitUntil(lambda: panel.view.lesson == "dots")
    assert active.window.panels.front == PANELS.index("translation")
    take(qtbot, active, "difference shown")
    qtbot.waitUntil(lambda: panel.view.pair == "difference")


def test_what_is_behind_another_page_comes_to_the_front(qtbot: QtBot, active: Session) -> None:
    window = active.window
    training, maps = window.panel(TrainingPanel), window.panel(FeatureMapsPanel)
    window.resize(training.minimumSizeHint().width(), 700)  # too narrow for three columns
    qtbot.waitUntil(lambda: not training.results.isVisible())
    take(qtbot, active, "confusion matrix")
    qtbot.waitUntil(training.results.matrix.isVisible)
    assert QApplication.focusWidget() is training.results.matrix
    take(qtbot, active, "search again")
    qtbot.waitUntil(maps.looks_for.isVisible)


def test_the_panel_in_front_comes_first_where_the_words_fit_equally(qtbot: QtBot, active: Session) -> None:
    for number, panel in enumerate(("Training", "Backprop")):
        active.window.panels.show_panel(3 * number)
        rest(qtbot, active)
        activate(qtbot, active.window)
        box = ask(qtbot, active, "ties")
        assert lines(box)[0][1] == panel
        box.reject()
        qtbot.waitUntil(lambda: not active.window.findChildren(FinderBox))


def test_every_page_of_backprop_is_found_from_another(qtbot: QtBot, active: Session) -> None:
    panel = active.window.panel(BackpropPanel)
    show_panel(qtbot, active, PANELS.index("backprop"))
    active.window.panels.show_panel(0)
    qtbot.waitUntil(lambda: not panel._unseen)
    for words, part in (("parameter backprop", panel.stack), ("size poke", panel.side.poke)):
        activate(qtbot, active.window)
        take(qtbot, active, words)
        qtbot.waitUntil(part.isVisible)
        assert has_keyboard(part)


def test_a_finished_run_is_trained_on_by_the_words_of_the_button(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path / "end.ini", write_npz(tmp_path / "digits.npz")) as session:
        state = session.state
        session.controller.on_train_requested()
        qtbot.waitUntil(lambda: state.run.status is RunStatus.FINISHED)
        assert name_of(session.window.run_bar.train) == "Train on"
        take(qtbot, session, "train on")
        qtbot.waitUntil(lambda: state.run.step == 60 and state.run.status is RunStatus.FINISHED)


def test_actions_and_pages_of_the_help_are_opened(qtbot: QtBot, active: Session) -> None:
    lengthen(qtbot, active)
    take(qtbot, active, "train or")
    qtbot.waitUntil(lambda: active.state.run.status is RunStatus.TRAINING)
    take(qtbot, active, "pause")
    qtbot.waitUntil(lambda: active.state.run.status is RunStatus.PAUSED)
    take(qtbot, active, "help sessions")
    (guide,) = active.window.findChildren(GuideWindow)
    qtbot.waitUntil(guide.isVisible)
    assert "figures-and-sessions" in guide.page.source().path()
    guide.close()


def test_a_step_of_the_lab_comes_with_the_keyboard_and_its_list_has_ends(
    qtbot: QtBot, active: Session, tmp_path: Path
) -> None:
    sitting = open_lab(qtbot, active, tmp_path)
    activate(qtbot, active.window)
    take(qtbot, active, "step 2")
    qtbot.waitUntil(lambda: QApplication.focusWidget() is sitting.column.page.show_me)
    assert sitting.desk.number == 1
    lab = sitting.desk.lab
    assert lab is not None
    for key, number in ((Key.Key_Home, 0), (Key.Key_End, len(lab.steps) - 1)):
        sitting.column.list_button.setChecked(True)
        QTest.keyClick(sitting.column.steps, key)
        QTest.keyClick(sitting.column.steps, Key.Key_Return)
        assert sitting.desk.number == number


def test_a_recent_file_is_found_by_its_name_as_it_is(qtbot: QtBot, active: Session, tmp_path: Path) -> None:
    file = tmp_path / "ada & bob.json"
    file.touch()
    active.files.remember(file)
    box = ask(qtbot, active, "ada bob")
    assert lines(box)[0][0] == "Open recent: ada & bob.json"
    box.reject()


def test_arrow_keys_go_through_what_is_found(qtbot: QtBot, active: Session) -> None:
    box = ask(qtbot, active, "panel")
    assert isinstance(box.line, QLineEdit)
    second = lines(box)[1]
    QTest.keyClick(box.line, Key.Key_Down)
    assert box.list.currentIndex().data() == second[0]
    QTest.keyClick(box.line, Key.Key_Up)
    assert box.list.currentIndex().data() == lines(box)[0][0]
    box.reject()


@pytest.mark.parametrize(
    ("wanted", "text", "fits"),
    [
        ("filters maps", "Filters & maps", True),
        ("maps filters", "Filters & maps", True),
        ("fliters", "Filters & maps", True),
        ("fiters", "Filters & maps", True),
        ("filtters", "Filters & maps", True),
        ("filtres", "Filters & maps", True),
        ("folder maps", "Filters & maps", False),
        ("mapp", "Filters & maps", True),
        ("pooled", "Map of pool1", True),
        ("mxp", "Filters & maps", False),
        ("größe", "GRÖSSE der Fenster", True),
    ],
)
def test_words_fit_but_for_one_slip(wanted: str, text: str, fits: bool) -> None:
    assert (cost(words_of(wanted), words_of(text)) is not None) is fits
