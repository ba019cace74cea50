"""What every test of the window shares: a themed application, private settings, and a search for leaks."""

import gc
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

# Before Qt is imported; a run in a real window sets another platform.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QSettings, Qt, QThread, QTimer
from PySide6.QtGui import QCursor, QGuiApplication, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import Shiboken

from cnnviz.experiment import LENET

_hook = sys.excepthook
import pyqtgraph as pg  # noqa: E402  # it replaces the hook by which a test learns of errors in slots

sys.excepthook = _hook

from tests.conftest import shares_window  # noqa: E402  # likewise
from tests.gui.driving import PATIENCE, PatientBot, activate, opened  # noqa: E402  # likewise
from tests.gui.feature_maps_panel import Opened  # noqa: E402  # likewise
from tests.gui.kept_window import KeptWindow, dress_plainly  # noqa: E402  # likewise
from tests.gui.whole_window import rest, train  # noqa: E402  # likewise
from tests.small_data import write_npz  # noqa: E402  # likewise
from ui.document import autosave  # noqa: E402  # after the platform has been chosen
from ui.panels.backprop import work as backprop_work  # noqa: E402  # likewise
from ui.panels.report import panel as report_panel  # noqa: E402  # likewise
from ui.panels.report import preview  # noqa: E402  # likewise
from ui.session import Session  # noqa: E402  # likewise
from ui.theme import ThemeManager, theme_manager  # noqa: E402  # likewise

# What waits for a pause of the user does not keep a test waiting, which makes none.
autosave._WORDS_MS = autosave._VIEW_MS = report_panel._PREVIEW_MS = backprop_work._SLOW_MS = 20
# Nor does a disk: what a test writes need not outlive a power cut.
os.fsync = lambda _descriptor: None

_passed = pytest.StashKey[bool]()

_file = BytesIO()
Image.new("L", (210, 297), 255).save(_file, "PNG")
_WHITE_PAGE = _file.getvalue()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.gui)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.stash[_passed] = report.passed
    return report


@pytest.fixture(scope="session")
def dressed(qapp: QApplication) -> ThemeManager:
    pg.setConfigOptions(mouseRateLimit=-1)
    manager = theme_manager()
    manager.apply(qapp)
    # What is there by now is no leak of a test, and need not be searched again and again.
    gc.collect()
    gc.freeze()
    # As in the program: a collection in a background thread may destroy Qt objects there. `_flush`
    # collects in this one.
    gc.disable()
    return manager


@pytest.fixture(autouse=True)
def theme(dressed: ThemeManager) -> Iterator[ThemeManager]:
    """Theme manager of the application; each test begins in the light theme at scale 1, without motion."""
    dressed.moves = False
    dress_plainly(dressed)
    yield dressed
    dress_plainly(dressed)


@pytest.fixture(autouse=True)
def settings(tmp_path: Path) -> Path:
    """Give the test settings of its own, so that it neither reads nor writes those of the user."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    for scope in (QSettings.Scope.UserScope, QSettings.Scope.SystemScope):
        QSettings.setPath(QSettings.Format.IniFormat, scope, str(tmp_path / "settings"))
    return tmp_path / "settings"


def _flush() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()
    while gc.collect():  # what is destroyed lets go of more
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _living() -> dict[int, object]:
    """Whatever should not outlive a test; the objects are kept so that no address is used again."""
    found = [
        each for each in gc.get_objects() if isinstance(each, QTimer | QThread) and Shiboken.isValid(each)
    ]
    busy = [each for each in found if (each.isActive() if isinstance(each, QTimer) else each.isRunning())]
    windows = [each for each in QApplication.topLevelWidgets() if each.parent() is None or each.isVisible()]
    return {id(each): each for each in (*windows, *busy, *threading.enumerate())}


def _left(before: dict[int, object]) -> list[object]:
    return [each for key, each in _living().items() if key not in before]


@pytest.fixture(scope="module")
def kept_window(dressed: ThemeManager, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptWindow]:
    """The window that tests of a file use one after the other; it closes for one that has its own."""
    kept = KeptWindow(tmp_path_factory)
    yield kept
    kept.close()
    gc.unfreeze()  # as what lived longer than one test has been
    _flush()
    gc.freeze()  # pytest collects five times more at the end


@pytest.fixture(autouse=True)
def no_leaks(request: pytest.FixtureRequest, theme: ThemeManager, settings: Path) -> Iterator[None]:
    """Fail a test that leaves a window, a timer or a thread behind, or what crashes at the end."""
    kept: KeptWindow = request.getfixturevalue("kept_window")
    if shares_window(request.node):
        kept.open(request.getfixturevalue("qtbot"))
    elif kept.close():
        gc.unfreeze()  # as what lived longer than one test has been
    _flush()
    gc.freeze()  # what earlier tests have loaded; their windows have gone by now
    before = _living()
    yield
    # A thread that was told to end does so in its own time; destroyed before, it would end the whole run.
    for each in _left(before):
        if isinstance(each, QThread):
            each.wait(PATIENCE)
    if not request.node.stash.get(_passed, False):
        return  # the traceback of a failure keeps its widgets alive
    _flush()
    assert not _left(before), "left behind"
    copied = QGuiApplication.clipboard().mimeData()
    is_safe = copied is None or not Shiboken.createdByPython(copied)
    assert is_safe, "the clipboard outlives Python: see `mime_data` in ui/export/exporter.py"


@pytest.fixture(scope="session")
def elsewhere(qapp: QApplication) -> QWindow:
    """Window beside all others, which is never shown."""
    window = QWindow()
    window.setGeometry(-4000, -4000, 10, 10)
    return window


@pytest.fixture(autouse=True)
def pointer_elsewhere(elsewhere: QWindow) -> Iterator[None]:
    """Let each test begin with the pointer off every window, and leave no button of the mouse down.

    Qt drops a move to the place where the pointer is already, and any move with a button that nothing holds.
    It also keeps a place of the cursor that such moves do not change, and enters what opens below it.
    """
    QCursor.setPos(elsewhere.position())
    QTest.mouseMove(elsewhere, QPoint(1, 1))
    yield
    held = QGuiApplication.mouseButtons()
    for button in Qt.MouseButton:
        if button & held:
            QTest.mouseRelease(elsewhere, button)
    assert not held, "a button of the mouse is still down"


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """Replace the one of pytest-qt, which gives up after 5 seconds."""
    return PatientBot(request)


@pytest.fixture(autouse=True)
def blank_pages(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the preview of the report show one white page: a process sets the real ones after each change."""
    with pytest.MonkeyPatch.context() as patch:
        if request.node.get_closest_marker("typesets") is None:
            patch.setattr(preview, "placed_pages", lambda *_: ([_WHITE_PAGE], []))
        yield


@pytest.fixture
def session(
    request: pytest.FixtureRequest, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Session]:
    """Return the whole program in its window, with its data loaded and nothing trained yet.

    The window is that of the tests before, with a new document; or one for this test alone.
    """
    if not shares_window(request.node):
        with opened(qtbot, tmp_path / "window.ini") as session:
            yield session
        return
    kept: KeptWindow = request.getfixturevalue("kept_window")
    yield kept.open(qtbot)
    monkeypatch.undo()  # what was put in place of parts of the program
    kept.give_back(qtbot, request.node.stash.get(_passed, False))


@pytest.fixture
def few(qtbot: QtBot, session: Session, tmp_path: Path) -> Session:
    """Return the whole program with few images: a run ends after 1,000 steps."""
    session.controller.open_data(write_npz(tmp_path / "digits.npz", training=1000, testing=211))
    qtbot.waitUntil(lambda: session.state.run.total_steps == 1000 and session.state.shown is not None)
    rest(qtbot, session)
    return session


@pytest.fixture
def trained(qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    """Return the larger preset, which has all that the other one has and more, trained on few digits."""
    data = write_npz(tmp_path / "ten.npz", range(10), 640, 100)
    with opened(qtbot, tmp_path / "lenet.ini", data, replace(LENET, epochs=50)) as session:
        train(qtbot, session, 40)
        yield session


@pytest.fixture
def lab5(qtbot: QtBot) -> Opened:
    """Return Filters & maps in a window of its own, with the network of the exercise."""
    return Opened(qtbot)


@pytest.fixture
def active(qtbot: QtBot, session: Session) -> Session:
    activate(qtbot, session.window)
    return session
