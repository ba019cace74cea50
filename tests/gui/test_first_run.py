"""The first training on a computer is slow, and only that one."""

from pathlib import Path

from PySide6.QtCore import QSettings, Qt
from pytestqt.qtbot import QtBot

from ui.first_run import begin_slowly
from ui.panels.training import TrainingPanel
from ui.session import Session
from ui.state import RunStatus


def test_only_the_first_training_on_a_computer_is_slow(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    settings = QSettings(str(tmp_path / "first.ini"), QSettings.Format.IniFormat)
    state, window = session.state, session.window
    speed = window.panel(TrainingPanel).speed.slider
    begin_slowly(settings, session)
    assert state.steps_per_second == 20
    assert speed.value() < speed.maximum()
    assert not window.notices.isVisible()
    qtbot.mouseClick(window.run_bar.train, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(window.notices.isVisible)
    assert "20 steps a second" in window.notices.text()
    qtbot.waitUntil(lambda: state.run.status is RunStatus.TRAINING)
    window.notices.action_button().click()  # it may still be moving
    qtbot.waitUntil(lambda: not window.notices.isVisible())
    assert state.steps_per_second is None
    assert speed.value() == speed.maximum()
    begin_slowly(QSettings(str(tmp_path / "first.ini"), QSettings.Format.IniFormat), session)
    assert state.steps_per_second is None
