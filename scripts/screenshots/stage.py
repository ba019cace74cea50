"""The stage on which the pictures are taken: a session of the program that scenes bring to a state."""

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QPoint, QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from cnnviz.experiment import LAB5, Experiment
from ui.session import Session
from ui.state import RunStatus
from ui.theme import theme_manager

IMAGES = Path(__file__).parents[2] / "docs" / "images"
_PATIENCE_SECONDS = 120.0


@contextmanager
def session(experiment: Experiment = LAB5, theme: str = "light", width: int = 1440, height: int = 900):
    """Open the program for a scene and close it afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        opened = Session(QSettings(str(Path(folder) / "window.ini"), QSettings.Format.IniFormat), experiment)
        theme_manager().set_mode(theme)
        opened.window.resize(width, height)
        opened.window.show()
        opened.start()
        wait_until(
            lambda: opened.state.run.status is RunStatus.READY and opened.window.samples._loop.is_current
        )
        try:
            yield opened
        finally:
            opened.close()


def wait_until(condition: Callable[[], bool]) -> None:
    """Let the program run until `condition` holds."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("The program did not get into the state that the picture needs.")
        settle(20)


def settle(milliseconds: int = 300) -> None:
    """Let the program run for a while."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def train(opened: Session, steps: int | None = None) -> None:
    """Train to the end, or at least `steps` steps."""
    opened.controller.train()
    if steps is None:
        wait_until(lambda: opened.state.run.status is RunStatus.FINISHED)
        return
    wait_until(lambda: opened.state.run.step >= steps)
    opened.controller.train()
    wait_until(lambda: opened.state.run.status is not RunStatus.TRAINING)


def scrub(opened: Session, step: int) -> None:
    """Click in the timeline."""
    track = opened.window.timeline.track
    parts, middle = track.drawing().parts[0], track.height() / 2
    x = next(x for x in range(track.width()) if (part := parts.at(x, middle)) and part.ask.step >= step)
    QTest.mouseClick(track, Qt.MouseButton.LeftButton, pos=QPoint(x, round(middle)))
    settle(900)


def save(opened: Session, name: str) -> None:
    """Take the picture of the whole window."""
    save_widget(opened.window, name)


def save_widget(widget: QWidget, name: str) -> None:
    """Take the picture of one widget."""
    settle()
    IMAGES.mkdir(parents=True, exist_ok=True)
    widget.grab().save(str(IMAGES / f"{name}.png"))
    print(f"docs/images/{name}.png")
