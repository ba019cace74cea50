"""A window that opens, trains and closes by itself: what `cnnviz.doctor` starts as a process."""

import json
import time

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication

from cnnviz.experiment import LAB5
from cnnviz.quantities import format_count, format_seconds
from cnnviz.runtime import one_blas_thread
from ui.application import make_application
from ui.private_session import private_session, wait_until

_SIZE = (1100, 700)


def run(steps: int) -> int:
    """Open the window, train it so many steps and close it, or only start Qt for 0; print facts as JSON.

    * Returns: exit status 0; Qt itself ends the process where it cannot start.
    """
    begin = time.perf_counter()
    _leave_no_core()
    application = make_application()
    platform = QGuiApplication.platformName()
    print(json.dumps(["Qt", f"{qVersion()} with the platform plugin {platform}"]), flush=True)
    if steps:
        one_blas_thread()
        with private_session(application, LAB5, None, _SIZE) as session:
            session.controller.train_to(steps, 1)
            wait_until(lambda: session.state.run.step >= steps)
        spent = format_seconds(time.perf_counter() - begin)
        words = f"opened, trained for {format_count(steps)} steps and closed again in {spent}"
        print(json.dumps(["window", words]), flush=True)
    return 0


def _leave_no_core() -> None:
    """Let an abort leave no file behind: here it is an answer."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
