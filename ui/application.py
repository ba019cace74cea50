"""Start-up and shut-down of the window program."""

import os
import sys
from functools import partial
from pathlib import Path
from typing import override

from PySide6.QtCore import QEvent, QSettings, Qt, Signal
from PySide6.QtGui import QFileOpenEvent, QIcon
from PySide6.QtWidgets import QApplication

from cnnviz import __version__
from cnnviz.bundled import bundled
from cnnviz.cli import Arguments
from cnnviz.errors import in_words
from cnnviz.output import complain
from cnnviz.runtime import one_blas_thread
from ui.controls.spoken import speak
from ui.first_run import SlowStart, welcome
from ui.session import Session
from ui.theme import theme_manager
from ui.tuning import EndSignals, ErrorReporter, MainThreadCollector


class Application(QApplication):
    """Tells of files that the system wants opened: macOS says so by an event, others on the command line."""

    fileOpened = Signal(list)

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent):
            self.fileOpened.emit([Path(event.file())])
            return True
        return super().event(event)


def run(arguments: Arguments) -> int:
    """Open the window and return the exit status."""
    app = make_application()
    one_blas_thread.hold()
    collector = MainThreadCollector(app)
    settings = QSettings()
    welcome(settings)
    session = Session(settings, arguments.experiment, arguments.data)
    SlowStart(settings, session)
    session.begins_anew = arguments.names_settings
    session.open_files(arguments.files)
    if arguments.lab is not None:
        from cnnviz.lab.course import find_lab  # labs load much that the frame of the window does not need

        session.first_lab = find_lab(arguments.lab)
    if isinstance(app, Application):
        app.fileOpened.connect(session.open_files)
    reporter = ErrorReporter(partial(session.state.raise_notice, "window", "error"), app)
    session.ask_before_closing(True)
    signals = EndSignals(app)
    signals.received.connect(session.end_early)
    app.commitDataRequest.connect(session.keep_now)
    # Queued, so that the frame of the window is on the screen before the rest is imported.
    session.window.firstPainted.connect(lambda: start(session), Qt.ConnectionType.QueuedConnection)
    session.window.show()
    try:
        status = app.exec()
    finally:
        ended = session.close()
        signals.close()
        reporter.uninstall()
        collector.stop()
    if not ended:
        # Not everything that is computed can be interrupted, and Qt would abort the process over its thread.
        # Everything has been written by now.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(signals.status(status))
    return signals.status(status)


def start(session: Session) -> None:
    """Build the rest of the window; end the program by one sentence where a part of it is missing."""
    try:
        session.start()
    except Exception as error:
        if not (words := in_words(error)):
            raise
        QApplication.exit(complain(words))


def make_application() -> QApplication:
    """Return the application, dressed in its theme."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = Application(sys.argv[:1])
    # With Python's default of 5 ms a display-rate timer is late by 25 ms at the 99th percentile in training.
    sys.setswitchinterval(0.0005)
    app.setOrganizationName("CNNViz")
    app.setApplicationName("CNNViz")
    speak()
    app.setDesktopFileName("cnnviz")  # whose icon Wayland shows
    app.setApplicationVersion(__version__)
    app.setWindowIcon(QIcon(str(bundled("icons/cnnviz.svg"))))
    theme_manager().apply(app)
    return app
