"""A window that nobody sits at, which is only tried."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QSettings, QTimer, qVersion
from PySide6.QtGui import QGuiApplication

from cnnviz.errors import CNNVizError
from cnnviz.quantities import format_many, format_seconds
from cnnviz.runtime import one_blas_thread
from ui.application import make_application
from ui.session import Session
from ui.state import RunStatus

_PATIENCE_SECONDS = 120.0
_POLL_MS = 20


def try_window(steps: int) -> int:
    """Open the window, train it so many steps, close it and say so, or only start Qt for 0.

    Qt itself ends the process where it cannot start.
    """
    begin = time.perf_counter()
    application = make_application()
    if steps:
        one_blas_thread.hold()
        with tempfile.TemporaryDirectory() as place:
            session = Session(QSettings(str(Path(place) / "window.ini"), QSettings.Format.IniFormat))
            try:
                session.window.show()
                session.start()
                _wait_until(lambda: session.state.run.status is RunStatus.READY)
                session.controller.train_to(steps, 1)
                _wait_until(lambda: session.state.run.step >= steps)
            finally:
                session.close()
                application.processEvents()
        spent = format_seconds(time.perf_counter() - begin)
        words = f"opened, trained for {format_many(steps, 'step')} and closed again in {spent}"
        print(f"{words}, by Qt {qVersion()} with the platform plugin {QGuiApplication.platformName()}")
    return 0


def _wait_until(condition: Callable[[], bool]) -> None:
    """Let the window work until something holds; an error, if that takes too long."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise CNNVizError("The window did not come to rest. Try again.")
        loop = QEventLoop()
        QTimer.singleShot(_POLL_MS, loop.quit)
        loop.exec()
