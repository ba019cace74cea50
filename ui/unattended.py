"""Windows that nobody sits at: one that takes pictures of its panels, and one that is only tried."""

import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from PySide6.QtCore import QBuffer, QElapsedTimer, QEventLoop, QIODevice, QSettings, QTimer, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from cnnviz.cli import Arguments
from cnnviz.errors import CNNVizError
from cnnviz.experiment import LAB5, Experiment
from cnnviz.files import atomic_write_folder, printable
from cnnviz.output import Output
from cnnviz.quantities import format_count, format_seconds
from cnnviz.runtime import one_blas_thread
from ui.application import make_application
from ui.session import Session
from ui.state import RunStatus
from ui.theme import theme_manager

_PATIENCE_SECONDS = 120.0
_POLL_MS = 20
_SETTLE_SECONDS = 6.0
_QUIET_MS = 400
_PICTURE, _TRIED = (1440, 900), (1100, 700)  # sizes of the windows


def save_screenshots(arguments: Arguments) -> None:
    """Train in an invisible window and write a picture of it for every panel into a new folder."""
    assert arguments.screenshots is not None
    # Pictures are taken off screen, with or without a display.
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = make_application()
    one_blas_thread.hold()
    pictures: dict[str, bytes] = {}
    with private_session(application, arguments.experiment, arguments.data, _PICTURE) as session:
        session.controller.train()
        wait_until(lambda: session.state.run.status in (RunStatus.FINISHED, RunStatus.FAILED))
        area = session.window.panels
        for index, title in enumerate(area.titles):
            area.show_panel(index)
            _settle(session)
            name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
            content = QBuffer()
            content.open(QIODevice.OpenModeFlag.WriteOnly)
            session.window.grab().save(content, "PNG")
            pictures[f"{index + 1}-{name}.png"] = bytes(content.data().data())
    atomic_write_folder(arguments.screenshots, pictures)
    Output().say(f"Wrote {len(pictures)} pictures to {printable(arguments.screenshots)}.")


def _settle(session: Session) -> None:
    """Wait until nothing is computed any more, a while at most: a panel may go on for its own pleasure."""
    calm = QElapsedTimer()
    calm.start()

    def rested() -> bool:
        if not session.controller.is_idle:
            calm.restart()
        return calm.elapsed() > _QUIET_MS

    with suppress(CNNVizError):
        wait_until(rested, _SETTLE_SECONDS)


def try_window(steps: int) -> int:
    """Open the window, train it so many steps, close it and say so, or only start Qt for 0.

    Qt itself ends the process where it cannot start.
    """
    begin = time.perf_counter()
    application = make_application()
    if steps:
        one_blas_thread.hold()
        with private_session(application, LAB5, None, _TRIED) as session:
            session.controller.train_to(steps, 1)
            wait_until(lambda: session.state.run.step >= steps)
        spent = format_seconds(time.perf_counter() - begin)
        words = f"opened, trained for {format_count(steps)} steps and closed again in {spent}"
        print(f"{words}, by Qt {qVersion()} with the platform plugin {QGuiApplication.platformName()}")
    return 0


@contextmanager
def private_session(
    application: QApplication, experiment: Experiment, data: Path | None, size: tuple[int, int]
) -> Iterator[Session]:
    """Open a window in the light theme, wait until it has its data, and close it at the end."""
    with tempfile.TemporaryDirectory() as place:
        settings = QSettings(str(Path(place) / "window.ini"), QSettings.Format.IniFormat)
        session = Session(settings, experiment, data)
        state = session.state
        try:
            theme_manager().set_mode("light")
            session.window.resize(*size)
            session.window.show()
            session.start()
            samples = session.window.samples  # which a small screen has no room for
            wait_until(
                lambda: (
                    state.run.status is RunStatus.READY and (samples.is_current or not samples.isVisible())
                )
            )
            yield session
        finally:
            session.close()
            application.processEvents()


def wait_until(condition: Callable[[], bool], seconds: float = _PATIENCE_SECONDS) -> None:
    """Let the window work until something holds; an error, if the time is over before."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise CNNVizError("The window did not come to rest. Try again.")
        loop = QEventLoop()
        QTimer.singleShot(_POLL_MS, loop.quit)
        loop.exec()
