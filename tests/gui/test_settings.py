"""What is remembered may be anything by the next start: it is never the reason why there is none."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QByteArray, QRect, QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from tests.gui.child_window import run_window
from ui.export.dialog import ExportDialog
from ui.panels.training import TrainingPanel
from ui.session import Session

_KEYS = {
    *(f"export/{name}" for name in ("caption", "colours", "folder", "format", "scale")),
    *(f"files/{name}" for name in ("folder", "recent")),
    "view/theme",
    *(f"window/{name}" for name in ("docks", "geometry", "panels")),
}


def _stored(path: Path, values: dict[str, Any]) -> QSettings:
    """Return settings as they are after a restart: read from the file."""
    settings = QSettings(str(path), QSettings.Format.IniFormat)
    for name, value in values.items():
        settings.setValue(name, value)
    settings.sync()
    return QSettings(str(path), QSettings.Format.IniFormat)


@pytest.mark.parametrize(
    "value",
    ["3", ["a", "b"], QByteArray(b"junk"), QRect(1, 2, 3, 4), {"a": 1}, "x" * 5000, ["\0", QRect()]],
    ids=["number", "list", "bytes", "rectangle", "mapping", "long", "mixed"],
)
def test_a_value_of_another_kind_is_as_none(qtbot: QtBot, tmp_path: Path, value: object) -> None:
    session = Session(_stored(tmp_path / "window.ini", dict.fromkeys(_KEYS, value)))
    with qtbot.waitExposed(session.window):
        session.window.show()
    session.start()
    assert session.document.recent() == []
    session.exporter.export(session.window.panel(TrainingPanel))
    (dialog,) = [each for each in QApplication.topLevelWidgets() if isinstance(each, ExportDialog)]
    assert dialog.format.current() == "png"
    assert dialog.folder.text() == str(Path.home())
    dialog.reject()
    qtbot.waitUntil(lambda: not isValid(dialog))
    session.close()


def test_these_are_all_that_is_remembered(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    session.exporter.export(session.window.panel(TrainingPanel))
    (dialog,) = [each for each in QApplication.topLevelWidgets() if isinstance(each, ExportDialog)]
    dialog.folder.setText(str(tmp_path))
    dialog.export()
    session.set_theme_mode("dark")
    session.document.remember(tmp_path / "model.safetensors")
    session.close()
    kept = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    assert set(kept.allKeys()) == _KEYS


def test_a_damaged_layout_aborts_no_start(tmp_path: Path) -> None:
    kept = tmp_path / "CNNViz" / "CNNViz.conf"
    kept.parent.mkdir()
    kept.write_text("[window]\ngeometry=3\ndocks=3\npanels=@Variant(x)\n", encoding="utf-8")
    ended = run_window(tmp_path)
    assert ended.returncode == 0
    assert "Traceback" not in ended.stderr
