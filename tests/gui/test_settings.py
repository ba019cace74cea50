"""What is remembered may be anything, files missing and disks full: the program starts and loses nothing."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QByteArray, QLibraryInfo, QRect, QSettings

from cnnviz.document import archive
from cnnviz.errors import CNNVizError
from cnnviz.report import html, pdf
from cnnviz.report.blocks import Document, Words
from tests.engine.datasets_files import assert_one_sentence
from tests.gui.child_window import run_window
from tests.gui.document_driving import ask, choose
from tests.gui.driving import begun, close_export_dialog, export_dialog, kept_in
from tests.gui.whole_window import train_to
from tests.patience import PATIENCE
from tests.processes import ROOT
from tests.small_disk import SmallDisk, open_small_disk
from ui import session as session_module
from ui.controls.message_bar import MessageBar
from ui.panels.report.panel import ReportPanel
from ui.panels.training.panel import TrainingPanel
from ui.session import Session

_KEYS = {
    *(f"export/{name}" for name in ("caption", "colours", "format")),
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


type Damage = Callable[[Path], object]

DOCUMENT = Document("A report", "", "", "", (Words("It moves along."),))


def _truncate(path: Path) -> None:
    """Leave half of a file; a new one, for the old may be the very file of the project."""
    half = path.read_bytes()[: path.stat().st_size // 2]
    path.unlink()
    path.write_bytes(half)


def _spoil(path: Path) -> None:
    path.unlink()
    path.write_bytes(b"\xff\xfe\x00 no text, no picture, no font")


_DAMAGES: dict[str, Damage] = {"missing": Path.unlink, "truncated": _truncate, "spoilt": _spoil}


def _link(source: str, target: str) -> None:
    """Copy without copying, where both are on one disk."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """Return a copy of the program."""
    copy = tmp_path_factory.mktemp("program")
    for name in ("cnnviz", "ui", "resources"):
        shutil.copytree(ROOT / name, copy / name, copy_function=_link)
    _link(str(ROOT / "main.py"), str(copy / "main.py"))
    return copy


@pytest.fixture
def spoil(tree) -> Iterator[Callable[[Path, str], None]]:
    """Damage files of the copy until the end of the test."""
    done: list[Path] = []

    def damage(path: Path, kind: str) -> None:
        done.append(path)
        _DAMAGES[kind](path)

    yield damage
    for path in done:
        path.unlink(missing_ok=True)
        _link(str(ROOT / path.relative_to(tree)), str(path))


def _files(root: Path, *suffixes: str) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.suffix in suffixes)


def _assert_ended_well(ended: subprocess.CompletedProcess[str], status: int) -> None:
    assert ended.returncode == status, ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_window_needs_its_look(tree, spoil, tmp_path):
    spoil(tree / "resources" / "style.qss", "missing")
    ended = run_window(tmp_path, project=tree)
    _assert_ended_well(ended, 2)
    assert "style.qss" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_the_window_opens_without_icons_fonts_digits_labs_and_typesetter_in_an_impossible_time_zone(
    tree, spoil, tmp_path
):
    files = _files(tree / "resources", ".svg", ".otf", ".ttf", ".gz", ".toml")
    files.remove(tree / "resources" / "labs" / "demonstrations.toml")
    for path, kind in zip(files, cycle(_DAMAGES), strict=False):
        spoil(path, kind)
    act = (
        "from PySide6.QtCore import QTimer\n"
        "session.exporter.insert(session.window.panels.panels()[0])\n"
        "session.window.panels.show_panel(4)\n"
        "assert session.window.panels.panels()[4].work.lab.sections\n"
        "def look():\n"
        "    text = session.window.samples.message.text()\n"
        "    if text:\n"
        "        print(text)\n"
        "        session.window.close()\n"
        "session.look = QTimer(session, interval=20)\n"
        "session.look.timeout.connect(look)\n"
        "session.look.start()\n"
    )
    before = "import sys; sys.modules['typst'] = None"
    ended = run_window(tmp_path, project=tree, act=act, before=before, environment={"TZ": "UTC+99999"})
    _assert_ended_well(ended, 0)
    assert "resources/mnist" in ended.stdout


@pytest.mark.parametrize(
    ("room", "write", "kind"), [(pdf, pdf.to_pdf, "truncated"), (html, html.to_html, "spoilt")]
)
def test_a_report_needs_its_template(tmp_path, monkeypatch, room, write, kind):
    template = tmp_path / "template"
    template.write_bytes(room._TEMPLATE.read_bytes())
    _DAMAGES[kind](template)
    monkeypatch.setattr(room, "_TEMPLATE", template)
    room._template.cache_clear()
    try:
        with pytest.raises(CNNVizError, match="restore the folder resources/report") as caught:
            write(DOCUMENT)
    finally:
        room._template.cache_clear()
    assert "\n" not in str(caught.value)


def test_a_report_is_written_with_the_fonts_that_there_are(tmp_path, monkeypatch):
    folder = tmp_path / "fonts"
    for each in pdf._FONTS:
        shutil.copytree(each, folder / each.parent.name)
    for path, kind in zip(_files(folder, ".otf", ".ttf"), cycle(_DAMAGES), strict=False):
        _DAMAGES[kind](path)
    monkeypatch.setattr(pdf, "_FONTS", (folder,))
    assert pdf.to_pdf(DOCUMENT).startswith(b"%PDF")


# -- platforms -----------------------------------------------------------------------------------------------


_TRAIN_AND_CLOSE = """
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from ui.state import RunStatus

session.ask_before_closing(False)
timer = QTimer(session, interval=20)

def look():
    run = session.state.run
    if run.status is RunStatus.READY:
        session.controller.train_to(100, 1)
    elif run.status is RunStatus.PAUSED:
        timer.stop()
        screen = session.window.screen()
        print(QGuiApplication.platformName(), run.step, screen.devicePixelRatio(), flush=True)
        session.exporter.copy()
        session.window.close()

timer.timeout.connect(look)
timer.start()
"""


def needs(plugin: str, program: str) -> None:
    """Skip a test where a plugin of Qt or a program is not to be had."""
    folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)) / "platforms"
    if not any(path.stem.removeprefix("lib") == f"q{plugin}" for path in folder.iterdir()):
        pytest.skip(f"Qt has no platform plugin {plugin} here")
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed here")


@contextmanager
def server(command: str, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in the background, and end it."""
    silent = subprocess.DEVNULL
    process = subprocess.Popen(command.split(), stdout=silent, stderr=silent, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


@contextmanager
def weston() -> Iterator[dict[str, str]]:
    """Run a Wayland compositor without a screen; return the environment that leads to it."""
    # A socket has a path of about a hundred letters at most.
    with tempfile.TemporaryDirectory(prefix="wl") as place:
        surroundings = {"XDG_RUNTIME_DIR": place, "WAYLAND_DISPLAY": "cnnviz", "DISPLAY": ""}
        command = "weston --backend=headless --socket=cnnviz --idle-time=0"
        with server(command, env={**os.environ, **surroundings}) as process:
            deadline = time.monotonic() + PATIENCE
            while not (Path(place) / "cnnviz").exists():
                assert process.poll() is None, "weston has ended"
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield surroundings


@contextmanager
def xvfb() -> Iterator[dict[str, str]]:
    """Run an X server without a screen; return the environment that leads to it.

    Its number is this process's own: one that is free may be that of a server that ends just now, and takes
    the socket of the next one with it. Without -noreset it refuses who comes just after its last client has
    left, and the program asks whether it answers before Qt does.
    """
    reading, writing = os.pipe()
    own = 100 + os.getpid() % 50_000
    command = f"Xvfb :{own} -noreset -displayfd {writing} -screen 0 1366x768x24 -nolisten tcp"
    with server(command, pass_fds=[writing]):
        os.close(writing)
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        assert number, "Xvfb has ended"
        yield {"DISPLAY": f":{number}"}


@pytest.mark.parametrize(  # "offscreen" is that of all other tests
    ("plugin", "program", "display"), [("xcb", "Xvfb", xvfb), ("wayland", "weston", weston)]
)
def test_the_program_opens_trains_copies_a_figure_and_closes(tmp_path, plugin, program, display):
    """And the window appears before what takes long to load."""
    needs(plugin, program)
    slow = {"pyqtgraph", "typst", "jinja2", "PIL", "fontTools", "cnnviz.report", "cnnviz.lab"}
    before = (
        f"def look(session):\n    print(len({slow!r} & set(sys.modules)))\n    start_and_act(session)\n"
        "Session.start = look"
    )
    environment = {"QT_QPA_PLATFORM": plugin, "QT_SCALE_FACTOR": "1.5"}
    with display() as leading_there:
        environment |= leading_there
        ended = run_window(tmp_path, act=_TRAIN_AND_CLOSE, before=before, environment=environment)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == ["0", plugin, "100", "1.5"]
    assert "Traceback" not in ended.stderr
