"""Files named on the command line, or handed over by the system, are opened whatever their kind."""

import subprocess
from pathlib import Path

import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from cnnviz.cli import parse_arguments
from tests.gui.child_window import run_window
from tests.gui.driving import save_document
from tests.gui.whole_window import train
from tests.picture_folders import write_pictures
from ui.session import Session

# Prints what is open when the condition holds, and closes the window.
_LOOK = """
from pathlib import Path
from PySide6.QtCore import QTimer
def look():
    state = session.state
    if state.sample and state.shown and ({condition}):
        session.look.stop()
        print(state.dataset.name, state.shown.step, state.sample.index, state.sample.origin, sep=",")
        session.window.close()
session.ask_before_closing(False)
session.look = QTimer(session, interval=20)
session.look.timeout.connect(look)
session.look.start()
{more}
"""


def look(condition: str, more: str = "") -> str:
    """Return what to do in the window until a condition on `state` holds."""
    return _LOOK.format(condition=condition, more=more)


def printed(ended: subprocess.CompletedProcess[str]) -> list[str]:
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stdout.strip().split(",")


def test_a_document_and_then_a_picture(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    train(qtbot, session, 50)
    session.controller.pause()
    session.controller.on_sample_requested(7)
    saved, picture = tmp_path / "saved.cnnviz", tmp_path / "digit.png"
    save_document(qtbot, session, saved)
    Image.fromarray(session.state.dataset.test_images[5, 0]).save(picture)
    step = session.state.shown.step
    act = look(f"state.shown.step == {step} and state.sample.index is None")
    found = printed(run_window(tmp_path, arguments=[str(saved), str(picture)], act=act))
    assert found == ["MNIST", str(step), "None", "digit.png"]


def test_a_model_of_any_name(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    train(qtbot, session, 50)
    model = tmp_path / "handed in by A. B"
    session.controller.export_weights(model)
    qtbot.waitUntil(model.exists)
    act = look("state.shown.step > 0")
    found = printed(run_window(tmp_path, arguments=[str(model)], act=act))
    assert found[1] == str(session.state.shown.step)


def test_data_that_the_system_hands_over_while_the_window_is_open(tmp_path: Path) -> None:
    data = write_pictures(tmp_path / "animals")
    # As macOS does when a file is opened with a program that is running, or still starting.
    hand_over = (
        "from PySide6.QtGui import QFileOpenEvent\n"
        "from PySide6.QtWidgets import QApplication\n"
        f"QApplication.sendEvent(QApplication.instance(), QFileOpenEvent({str(data)!r}))\n"
    )
    act = look("state.dataset.name != 'MNIST'", hand_over)
    assert printed(run_window(tmp_path, act=act))[0] == "animals"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["nowhere.json"], "nowhere.json does not exist"),
        (["--headless", "pyproject.toml"], "--data"),
    ],
)
def test_what_cannot_be_opened_is_said_before_a_window_is(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_arguments(words)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert expected in said
    assert said.count("\n") == 1
