"""Pictures of every panel, taken without a display: ``--headless --screenshots FOLDER``."""

import os
import re
import time
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

_SETTLE_SECONDS = 6.0
_QUIET_SECONDS = 0.4
_SIZE = (1440, 900)


def save_screenshots(arguments: Arguments) -> list[Path]:
    """Train in an invisible window and write a picture of it for every panel.

    * `arguments`: with the folder `screenshots`, which is made if need be.
    * Returns: the PNG files, in the order of the panels.
    * Raises CNNVizError: if the folder or a file cannot be written, or the window did not come to
      rest.
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
    from ui.application import make_application
    from ui.private_session import private_session

    application = make_application()
    one_blas_thread()
    with private_session(application, arguments.experiment, arguments.data, _SIZE) as session:
        _train(session)
        return _take(session, folder)


def _train(session: "Session") -> None:
    from ui.private_session import wait_until
    from ui.state import RunStatus

    session.controller.train()
    wait_until(lambda: session.state.run.status in (RunStatus.FINISHED, RunStatus.FAILED))


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
    from ui.private_session import wait_until

    quiet_since = time.monotonic()

    def rested() -> bool:
        nonlocal quiet_since
        now = time.monotonic()
        if not session.controller.is_idle:
            quiet_since = now
        return now - quiet_since > _QUIET_SECONDS

    wait_until(rested, _SETTLE_SECONDS, required=False)
