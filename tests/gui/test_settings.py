"""What is remembered may be anything, and the disk may be full or read-only: nothing is lost or aborted."""

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QByteArray, QRect, QSettings

from cnnviz.document import archive
from tests.engine.datasets_files import assert_one_sentence
from tests.gui.document_driving import ask, choose
from tests.gui.driving import begun, close_export_dialog, export_dialog, kept_in
from tests.gui.whole_window import train_to
from tests.small_disk import SmallDisk, open_small_disk
from ui import session as session_module
from ui.controls.message_bar import MessageBar
from ui.panels.report.panel import ReportPanel
from ui.panels.training.panel import TrainingPanel
from ui.session import Session

_KEYS = {
    *(f"export/{name}" for name in ("caption", "colours", "folder", "format", "scale")),
    *(f"files/{name}" for name in ("folder", "recent")),
    *(f"view/{name}" for name in ("motion", "theme")),
    *(f"window/{name}" for name in ("docks", "geometry", "panels")),
}


def _stored(path: Path, values: dict[str, Any]) -> QSettings:
    """Return settings as they are after a restart: read from the file."""
    settings = QSettings(str(path), QSettings.Format.IniFormat)
    for name, value in values.items():
        settings.setValue(name, value)
    settings.sync()
    return QSettings(str(path), QSettings.Format.IniFormat)


def test_a_value_of_another_kind_is_as_none(qtbot, tmp_path):
    values = dict(zip(sorted(_KEYS), cycle([QByteArray(b"junk"), "x" * 5000, ["\0", QRect()]]), strict=False))
    with begun(qtbot, _stored(tmp_path / "window.ini", values)) as session:
        assert session.document.recent() == []
        session.exporter.export(session.window.panel(TrainingPanel))
        dialog = export_dialog()
        assert dialog.format.current() == "png"
        assert dialog.folder.text() == str(Path.home())
        close_export_dialog(qtbot)


@pytest.mark.alone
def test_these_are_all_that_is_remembered_and_motion_stays_off(qtbot, session, tmp_path, theme):
    session.exporter.export(session.window.panel(TrainingPanel))
    dialog = export_dialog()
    dialog.folder.setText(str(tmp_path))
    dialog.export()
    session.set_theme_mode("dark")
    for moves in (True, False):
        session.window.menus.action("motion").setChecked(moves)
        assert theme.moves is moves
    session.document.remember(tmp_path / "model.safetensors")
    session.close()
    kept = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    assert set(kept.allKeys()) == _KEYS
    theme.moves = True
    with begun(qtbot, tmp_path / "window.ini") as session:
        assert not theme.moves
        assert not session.window.menus.action("motion").isChecked()


def test_a_damaged_layout_aborts_no_start(qtbot, tmp_path):
    kept = tmp_path / "CNNViz.ini"
    kept.write_text("[window]\ngeometry=3\ndocks=3\npanels=@Variant(x)\n", encoding="utf-8")
    with begun(qtbot, kept) as session:
        assert session.window.panels.front == 0


# -- a full disk ---------------------------------------------------------------------------------------------


OLD = b"what was there before"


@pytest.fixture
def disk(tmp_path) -> Iterator[SmallDisk]:
    with open_small_disk(tmp_path / "disk") as opened:
        yield opened


@pytest.fixture
def kept_on_disk(disk, tmp_path) -> Path:
    """Let the document be kept on the disk; ask for it before the session."""
    path = disk.folder / "windows"
    path.mkdir()
    (tmp_path / "windows").symlink_to(path)
    return path / "1"


def told(session: Session) -> str:
    """Return the messages that can be seen in the window."""
    bars = session.window.findChildren(MessageBar)
    return " ".join(bar.text() for bar in bars if bar.isVisible() and bar.kind() == "error")


@pytest.mark.parametrize("fault", ["full", "read-only"])
def test_a_document_tells_and_can_be_saved_elsewhere(qtbot, session, disk, monkeypatch, tmp_path, fault):
    train_to(qtbot, session, 20)
    (disk.folder / "a.cnnviz").write_bytes(OLD)
    disk.fill() if fault == "full" else disk.lock()
    choose(monkeypatch, disk.folder / "a.cnnviz")
    ask(session, "save")
    qtbot.waitUntil(lambda: "a.cnnviz" in told(session))
    assert_one_sentence(told(session))
    assert fault in told(session)
    assert (disk.folder / "a.cnnviz").read_bytes() == OLD
    assert session.document.path is None
    assert disk.names() == ["a.cnnviz"]
    choose(monkeypatch, tmp_path / "a.cnnviz")
    ask(session, "save")
    qtbot.waitUntil(lambda: session.document.path is not None)
    document, _files = archive.load(tmp_path / "a.cnnviz")
    assert document.run.step == 20
    assert not session.document.is_changed
    if fault == "read-only":
        disk.unlock()


@pytest.mark.alone
def test_words_are_kept_as_soon_as_there_is_room_and_the_window_does_not_close_over_those_that_are_not(
    qtbot, disk, kept_on_disk, session, monkeypatch
):
    monkeypatch.setattr("ui.document.autosave._RETRY_MS", 100)
    session.window.panels.show_panel(4)
    edit = session.window.panel(ReportPanel).fields.answers[0].field
    qtbot.keyClicks(edit, "first")
    qtbot.waitUntil(lambda: "first" in kept_in(session))
    qtbot.waitUntil(lambda: session.controller.keeping.is_idle)
    disk.fill()
    qtbot.keyClicks(edit, " and second")
    qtbot.waitUntil(lambda: "Your work is not being saved" in told(session))
    assert "the disk is full" in told(session)
    assert edit.toPlainText() == "first and second"
    assert "first" in kept_in(session)
    assert archive.load(kept_on_disk)[0].words["records"]
    disk.free()
    qtbot.waitUntil(lambda: "first and second" in kept_in(session))
    qtbot.waitUntil(lambda: "being saved again" in session.window.notices.text())

    answers = [True, False]
    monkeypatch.setattr(session_module, "ask_about_unkept_work", lambda _parent: answers.pop())
    session.ask_before_closing(True)
    disk.fill()
    qtbot.keyClicks(edit, " and third")
    session.window.close()
    assert session.window.isVisible()
    assert edit.toPlainText() == "first and second and third"
    session.window.close()
    assert answers == []
    assert not session.window.isVisible()
