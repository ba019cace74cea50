"""Data say what they are: their name, what was done to them, which of their classes are used."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Never

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QComboBox, QPlainTextEdit, QTabBar, QWidget
from pytestqt.qtbot import QtBot

from cnnviz.drawing import Part
from cnnviz.presets import LAB5
from tests.gui.driving import opened
from tests.gui.whole_window import rest
from tests.small_data import write_pictures
from ui.marks import MarkView
from ui.run import loading
from ui.session import Session
from ui.state import RunStatus

_LOST = "Of the 60 pictures in zoo, 60 were made grey and 60 were scaled to 28 x 28 pixels."


def test_own_data_say_what_was_done_to_them(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path / "window.ini", write_pictures(tmp_path / "zoo")) as session:
        window = session.window
        assert session.state.experiment.classes == ("ant", "bee")
        said = window.notices.text()
        assert _LOST in said
        assert "zoo has 5 classes; ant, bee are used, and any 2 to 5 can be chosen." in said
        # Ten images of each class are learnt from, two are kept for the test.
        assert window.samples._title.caption() == "zoo · 4 test images"
        assert window.windowTitle() == "zoo · CNNViz"
        session.controller.open_data(None)
        qtbot.waitUntil(lambda: window.windowTitle() == "MNIST · CNNViz")
        qtbot.waitUntil(lambda: window.notices.text() == "")


_OF_DIGITS = ("MNIST digits", "16 digits")  # the data that come with the program; digits of numbers


def _said(session: Session) -> Iterator[str]:
    """Yield everything that can be read in the window, or is told of a part of it."""
    for widget in (session.window, *session.window.findChildren(QWidget)):
        yield from (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription())
        yield from (widget.windowTitle(), widget.whatsThis())
        for name in ("text", "placeholderText", "caption", "currentText"):
            said = getattr(widget, name, None)
            if callable(said) and not isinstance(widget, QPlainTextEdit):
                text = said()
                yield text if isinstance(text, str) else ""
        if isinstance(widget, MarkView):
            drawing = widget.drawing()
            yield from (widget.spoken_summary(), *drawing.texts())
            yield from (part.tip for part in drawing.parts if isinstance(part, Part))
        for action in widget.actions():
            yield from (action.text(), action.toolTip(), action.statusTip())
        if isinstance(widget, QComboBox):
            yield from (widget.itemText(row) for row in range(widget.count()))
        if isinstance(widget, QTabBar):
            yield from (widget.tabText(tab) for tab in range(widget.count()))


def test_own_data_of_letters_are_called_digits_nowhere(qtbot: QtBot, tmp_path: Path) -> None:
    letters = write_pictures(tmp_path / "letters", ("A", "B"), colour=False)
    with opened(qtbot, tmp_path / "window.ini", letters) as session:
        seen: set[str] = set()
        session.window.samples.own_window()
        for number in range(5):
            session.window.panels.show_panel(number)
            rest(qtbot, session)
            seen.update(_said(session))
        assert len(seen) > 500
        wrong = {text for text in seen if re.search("digit", text, re.IGNORECASE)}
        assert {text for text in wrong if not any(each in text for each in _OF_DIGITS)} == set()


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder so large that reading it has no end."""

    def read(_path: Path, progress: Callable[[int, int], None]) -> Never:
        while True:
            progress(1, 2)
            time.sleep(0.01)

    monkeypatch.setattr(loading, "_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(loading, "load_dataset", read)
    return write_pictures(tmp_path / "zoo")


def test_reading_many_pictures_is_seen_and_can_be_cancelled(
    qtbot: QtBot, session: Session, endless: Path
) -> None:
    state, notices = session.state, session.window.notices
    run_id = state.run.run_id
    session.controller.open_data(endless)
    qtbot.waitUntil(lambda: notices.text().startswith("Reading zoo: "))
    assert notices.action_button().text() == "Cancel"
    notices.action_button().click()
    assert notices.text() == ""
    assert "Reading zoo was cancelled." in session.window.samples.message.text()
    qtbot.waitUntil(lambda: session.controller.is_idle)
    assert state.run.run_id == run_id
    assert state.dataset is not None
    assert state.dataset.name == "MNIST"


@pytest.mark.parametrize("is_cancelled", [True, False])
def test_without_the_first_data_mnist_is_offered(
    qtbot: QtBot, tmp_path: Path, request: pytest.FixtureRequest, is_cancelled: bool
) -> None:
    data = request.getfixturevalue("endless") if is_cancelled else tmp_path / "nothing"
    session = Session(QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat), data=data)
    with qtbot.waitExposed(session.window):
        session.window.show()
    session.start()
    notices, message = session.window.notices, session.window.samples.message
    if is_cancelled:
        qtbot.waitUntil(lambda: notices.text().startswith("Reading zoo: "))
        notices.action_button().click()
    else:
        qtbot.waitUntil(lambda: "nothing" in message.text())
        assert session.state.run.status is RunStatus.FAILED
    assert message.action_button().text() == "Use MNIST"
    message.action_button().click()
    qtbot.waitUntil(lambda: session.state.run.status is RunStatus.READY)
    assert message.text() == ""
    session.close()


def test_classes_that_the_data_lack_are_replaced_and_that_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path / "window.ini", experiment=LAB5.with_classes(("4", "x"))) as session:
        assert session.state.experiment.classes == ("0", "1")
        assert session.window.notices.text() == (
            "MNIST has 10 classes; 0, 1 are used, and any 2 to 10 can be chosen."
        )
