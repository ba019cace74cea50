"""Pictures of every panel, taken without a display: ``--headless --screenshots FOLDER``."""

import os
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cnnviz.cli import Arguments
from cnnviz.errors import CNNVizError
from cnnviz.files import atomic_write, printable
from cnnviz.output import Output
from cnnviz.runtime import one_blas_thread

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from ui.session import Session

_PATIENCE_SECONDS = 120.0
_SETTLE_SECONDS = 6.0
_QUIET_SECONDS = 0.4
_SIZE = (1440, 900)


def save_screenshots(arguments: Arguments) -> list[Path]:
    """Train in an invisible window and write a picture of it for every panel.

    Parameters
    ----------
    arguments : Arguments
        With the folder `screenshots`, which is made if need be.

    Returns
    -------
    list of Path
        The PNG files, in the order of the panels.

    Raises
    ------
    CNNVizError
        If the folder or a file cannot be written, or the window did not come to rest.
    """
    folder = arguments.screenshots
    assert folder is not None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CNNVizError(
            f"The folder {printable(folder)} cannot be made ({error.strerror}). Choose another folder."
        ) from error
    # Before Qt is loaded: pictures are taken off screen, with or without a display.
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtCore import QSettings

    from ui.application import make_application
    from ui.session import Session
    from ui.theme import theme_manager

    application = make_application()
    one_blas_thread()
    with tempfile.TemporaryDirectory() as place:
        settings = QSettings(str(Path(place) / "window.ini"), QSettings.Format.IniFormat)
        session = Session(settings, arguments.experiment, arguments.data)
        try:
            theme_manager().set_mode("light")
            session.window.resize(*_SIZE)
            session.window.show()
            session.start()
            _train(session)
            return _take(session, folder)
        finally:
            session.close()
            application.processEvents()


def _train(session: "Session") -> None:
    from ui.state import RunStatus

    state = session.state
    _wait_until(lambda: state.run.status is RunStatus.READY and state.inspection is not None)
    session.controller.on_train_requested()
    _wait_until(lambda: state.run.status in (RunStatus.FINISHED, RunStatus.FAILED))


def _take(session: "Session", folder: Path) -> list[Path]:
    area = session.window.panels
    files: list[Path] = []
    output = Output()
    for index, title in enumerate(area.titles):
        area.show_panel(index)
        _settle(session)
        name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        target = folder / f"{index + 1}-{name}.png"
        atomic_write(target, _picture(session.window))
        files.append(target)
        output.say(f"Wrote {printable(target)}.")
    return files


def _picture(window: "QWidget") -> bytes:
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice

    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    window.grab().save(buffer, "PNG")
    return bytes(content.data())


def _settle(session: "Session") -> None:
    """Wait until nothing is computed any more, a while at most: a panel may go on for its own pleasure."""
    quiet_since = time.monotonic()

    def rested() -> bool:
        nonlocal quiet_since
        now = time.monotonic()
        if not session.controller.is_idle:
            quiet_since = now
        return now - quiet_since > _QUIET_SECONDS

    _wait_until(rested, _SETTLE_SECONDS, required=False)


def _wait_until(
    condition: Callable[[], bool], seconds: float = _PATIENCE_SECONDS, *, required: bool = True
) -> None:
    from PySide6.QtCore import QEventLoop, QTimer

    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            if required:
                raise CNNVizError("The pictures were not taken: the window did not come to rest. Try again.")
            return
        loop = QEventLoop()
        QTimer.singleShot(20, loop.quit)
        loop.exec()
