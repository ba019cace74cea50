"""The window around the panels: tabs, side by side, themes, notices, at rest; what panels ask of it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QAbstractEventDispatcher, QEvent, QObject, QSettings, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QTabBar, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.driving import EventCounter, show_window
from tests.gui.view_rounds import difference
from tests.gui.whole_window import PANELS, rest, show_panel, train
from tests.small_data import first_images
from ui.session import Session
from ui.state import AppState
from ui.theme import ThemeManager
from ui.window import notice_bar
from ui.window.notice_bar import NoticeBar


def test_a_first_window_fits_the_screen(session):
    window = session.window
    room = window.screen().availableSize()
    window.restore_size()
    for size in (window.size(), window.minimumSize()):
        assert size.boundedTo(room) == size


def test_opening_the_window_dresses_each_widget_once_or_twice(qtbot, qapp, tmp_path):
    session = Session(QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat))
    with qtbot.waitExposed(session.window):
        session.window.show()
    changes = EventCounter(QEvent.Type.StyleChange, qapp)
    session.start()
    qapp.removeEventFilter(changes)
    widgets = session.window.findChildren(QWidget)
    session.close()
    assert len(widgets) > 500
    assert sum(changes.counts[each] for each in widgets) < 2 * len(widgets)


def test_a_chip_says_that_an_earlier_moment_is_shown(qtbot, session):
    train(qtbot, session, 20)
    window, chip = session.window, session.window.moment
    assert not chip.isVisible()
    window.timeline.track.setFocus()
    qtbot.keyClick(window.timeline.track, Qt.Key.Key_Home)
    qtbot.waitUntil(chip.isVisible)
    assert chip.text() == "Viewing step 0"
    show_panel(qtbot, session, 1)
    window.panels.move_aside()
    rest(qtbot, session)
    bar, docks = window.panels.findChild(QTabBar), window.panels.docks()
    tabs = bar.tabRect(bar.count() - 1).translated(bar.pos())
    assert tabs.right() < chip.geometry().left()
    assert not [dock for dock in docks if dock.isVisible() and dock.geometry().intersects(chip.geometry())]
    qtbot.keyClick(window.timeline.track, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: not chip.isVisible())


# -- notices -------------------------------------------------------------------------------------------------


@pytest.fixture
def state() -> AppState:
    return AppState()


@pytest.fixture
def bar(qtbot: QtBot, state: AppState, monkeypatch: pytest.MonkeyPatch) -> NoticeBar:
    monkeypatch.setattr(notice_bar, "_SUCCESS_MS", 120)
    window = QWidget()
    qtbot.addWidget(window)
    made = NoticeBar(state, window)
    window.resize(600, 60)
    made.resize(window.size())
    show_window(qtbot, window)
    made.clear()
    vars(qtbot)["around"] = window  # which it holds weakly
    return made


def test_good_news_goes_by_itself_and_the_rest_comes_back(
    qtbot: QtBot, state: AppState, bar: NoticeBar
) -> None:
    pressed: list[str] = []
    state.raise_notice("settings", "info", "a new run", "Apply", lambda: pressed.append("apply"))
    state.raise_notice("report", "success", "is in the report", "Show", lambda: pressed.append("show"))
    assert bar.text() == "is in the report"
    bar.action_button().click()
    qtbot.waitUntil(lambda: bar.text() == "a new run")
    bar.action_button().click()
    assert pressed == ["show", "apply"]


def test_notices_come_and_go_in_order_and_the_samples_have_a_place_of_their_own(
    qtbot: QtBot, state: AppState, bar: NoticeBar
) -> None:
    state.raise_notice("files", "error", "the disk is full")
    state.clear_notice("settings")
    assert bar.text() == "the disk is full"
    state.raise_notice("run", "error", "training diverged")
    assert bar.text() == "training diverged"
    state.clear_notice("run")
    assert bar.text() == "the disk is full"
    state.raise_notice("files", "success", "saved to another place")
    assert bar.text() == "saved to another place"
    qtbot.waitUntil(lambda: bar.text() == "")
    state.raise_notice("files", "error", "the disk is full")
    state.raise_notice("run", "error", "training diverged")
    bar.setFocus()
    for left in ("the disk is full", ""):
        qtbot.keyClick(bar, Qt.Key.Key_Escape)
        assert bar.text() == left
    state.raise_notice("samples", "error", "no image")
    assert bar.text() == ""


# -- at rest -------------------------------------------------------------------------------------------------


def _has_timers(window: QWidget) -> bool:
    """Whether timers of any kind run, also those that Qt's own widgets start."""
    dispatcher = QAbstractEventDispatcher.instance()
    return any(dispatcher.registeredTimers(each) for each in window.findChildren(QObject))


@pytest.mark.alone
def test_an_idle_window_neither_paints_nor_lays_out_and_looks_as_built_after_a_change_of_theme_and_back(
    qtbot: QtBot, session: Session, theme: ThemeManager
) -> None:
    def pictures() -> Iterator[QImage]:
        for number in range(len(PANELS)):
            show_panel(qtbot, session, number)
            session.window.samples.grid.setFocus()  # nothing with a blinking cursor
            # Once a whole round of the queue neither paints nor lays out, only a timer could begin anew. That
            # of a list which lays itself out a tenth of a second after its size has changed comes to its end.
            rest(qtbot, session, lambda: not _has_timers(session.window), painted=True)
            yield session.window.grab().toImage()

    train(qtbot, session, 20)
    session.window.resize(1100, 700)
    before = list(pictures())
    theme.set_mode("dark")
    theme.set_scale(1.35)
    assert all(difference(*pair) for pair in zip(pictures(), before, strict=True))
    theme.set_scale(1.0)
    theme.set_mode("light")
    assert [difference(*pair) for pair in zip(pictures(), before, strict=True)] == [""] * len(PANELS)


# -- objects -------------------------------------------------------------------------------------------------


def objects_of(session: Session) -> Counter[str]:
    """Return how many widgets the window has, and how many parts those of the samples have, by class."""
    widgets = session.window.findChildren(QWidget)
    # Not those of the whole window: to look at all of Qt's own would give them Python owners.
    parts = session.window.samples.findChildren(QObject)
    return Counter(each.metaObject().className() for each in (*widgets, *parts))


def test_other_data_leave_no_objects_behind(qtbot: QtBot, session: Session) -> None:
    kinds = [first_images((0, 1), 64, 96), first_images((0, 1), 48, 32)]

    def open_both() -> Counter[str]:
        for dataset in kinds:
            # Another object each time, as a file that is read again gives.
            session.state.set_dataset(replace(dataset))
        search = session.window.samples.search
        for number in ("31", "32"):
            search.setText(number)
            assert search.hasAcceptableInput() is (number == "31")
        qtbot.waitUntil(lambda: session.controller.is_idle)
        return objects_of(session)

    first = open_both()
    for _ in range(5):
        last = open_both()
    assert last == first
