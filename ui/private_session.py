"""A window that nobody sits at: settings and files of its own, and nothing of it is left."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QEventLoop, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from cnnviz.errors import CNNVizError
from cnnviz.experiment import Experiment
from ui.session import Session
from ui.state import RunStatus
from ui.theme import theme_manager

_PATIENCE_SECONDS = 120.0
_POLL_MS = 20


@contextmanager
def private_session(
    application: QApplication, experiment: Experiment, data: Path | None, size: tuple[int, int]
) -> Iterator[Session]:
    """Open a window in the light theme, wait until it has its data, and close it at the end.

    * Raises CNNVizError: if it does not come to rest.
    """
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


def wait_until(
    condition: Callable[[], bool], seconds: float = _PATIENCE_SECONDS, *, required: bool = True
) -> None:
    """Let the window work until something holds, or the time is over.

    * Raises CNNVizError: if it is required and does not come to hold.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            if required:
                raise CNNVizError("The window did not come to rest. Try again.")
            return
        loop = QEventLoop()
        QTimer.singleShot(_POLL_MS, loop.quit)
        loop.exec()
