"""The program in processes of its own: without some of its files, on each platform plugin, and at its end."""

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
from PySide6.QtCore import QLibraryInfo

from cnnviz.errors import CNNVizError
from cnnviz.report import html, pdf
from cnnviz.report.blocks import Document, Words
from tests.gui.child_window import PROJECT, run_window
from tests.patience import PATIENCE

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
        shutil.copytree(PROJECT / name, copy / name, copy_function=_link)
    _link(str(PROJECT / "main.py"), str(copy / "main.py"))
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
        _link(str(PROJECT / path.relative_to(tree)), str(path))


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
        "assert session.window.panels.panels()[4].work.work.day\n"
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

    It chooses its number itself: `xvfb-run -a` may choose one that another server takes meanwhile.
    """
    reading, writing = os.pipe()
    command = f"Xvfb -displayfd {writing} -screen 0 1366x768x24 -nolisten tcp"
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
