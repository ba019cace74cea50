"""The whole program on each platform plugin of Qt that it may meet: it opens, trains, and closes."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QLibraryInfo

from tests.gui.child_window import run_window
from tests.patience import PATIENCE

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
        session.window.close()

timer.timeout.connect(look)
timer.start()
"""


def needs(plugin: str, *programs: str) -> None:
    """Skip a test where a plugin of Qt or a program is not to be had."""
    folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)) / "platforms"
    if not any(path.stem.removeprefix("lib") == f"q{plugin}" for path in folder.iterdir()):
        pytest.skip(f"Qt has no platform plugin {plugin} here")
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed here")


@contextmanager
def weston() -> Iterator[dict[str, str]]:
    """Run a Wayland compositor without a screen; return the environment that leads to it."""
    # A socket has a path of about a hundred letters at most.
    with tempfile.TemporaryDirectory(prefix="wl") as place:
        surroundings = {"XDG_RUNTIME_DIR": place, "WAYLAND_DISPLAY": "cnnviz", "DISPLAY": ""}
        process = subprocess.Popen(
            ["weston", "--backend=headless", "--socket=cnnviz", "--idle-time=0"],
            env={**os.environ, **surroundings},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            deadline = time.monotonic() + PATIENCE
            while not (Path(place) / "cnnviz").exists():
                assert process.poll() is None, "weston has ended"
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield surroundings
        finally:
            process.terminate()
            process.wait(PATIENCE)


@contextmanager
def xvfb() -> Iterator[dict[str, str]]:
    """Run an X server without a screen; return the environment that leads to it.

    It chooses its number itself: `xvfb-run -a` may choose one that another server takes meanwhile.
    """
    reading, writing = os.pipe()
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1366x768x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        assert number, "Xvfb has ended"
        yield {"DISPLAY": f":{number}"}
    finally:
        process.terminate()
        process.wait(PATIENCE)


@pytest.mark.parametrize(
    ("plugin", "scale"),
    [("offscreen", "1"), ("minimal", "1.5"), ("xcb", "1"), ("xcb", "1.5"), ("wayland", "1.5")],
)
def test_the_program_opens_trains_and_closes(tmp_path: Path, plugin: str, scale: str) -> None:
    needs(plugin, *{"xcb": ("Xvfb",), "wayland": ("weston",)}.get(plugin, ()))
    environment = {"QT_QPA_PLATFORM": plugin, "QT_SCALE_FACTOR": scale}
    with ExitStack() as stack:
        server = {"xcb": xvfb, "wayland": weston}.get(plugin)
        environment |= {} if server is None else stack.enter_context(server())
        ended = run_window(tmp_path, act=_TRAIN_AND_CLOSE, environment=environment)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == [plugin, "100", str(float(scale))]
    assert "Traceback" not in ended.stderr


_MEASURE_AND_CLOSE = """
from PySide6.QtCore import QTimer
from ui.panels.feature_maps.panel import FeatureMapsPanel

session.ask_before_closing(False)
session.window.resize(1400, 850)
session.show_panel(1)
panel = session.window.panel(FeatureMapsPanel)
timer = QTimer(session, interval=20)

def look():
    if panel.picture is not None and panel.isVisible():
        timer.stop()
        for key in ("input", "conv1", "pool1"):
            drawing = panel.network.flow.view(key).drawing()
            print(drawing.parts[0].grid.box.width, drawing.part("colors").box.width, flush=True)
        session.window.close()

timer.timeout.connect(look)
timer.start()
"""


@pytest.mark.parametrize("scale", ["1.25", "1.5", "1.75"])
def test_maps_and_their_colour_bars_end_together_at_any_scale(tmp_path: Path, scale: str) -> None:
    ended = run_window(
        tmp_path,
        act=_MEASURE_AND_CLOSE,
        environment={"QT_SCALE_FACTOR": scale},
    )
    assert ended.returncode == 0, ended.stderr
    widths = [tuple(map(float, line.split())) for line in ended.stdout.splitlines()]
    assert len(widths) == 3
    for drawn, bar in widths:
        assert abs(drawn - bar) <= 1
        assert drawn > 100
