"""The window around the panels: tabs, themes, notices, at rest; and every control says what it does."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QAbstractEventDispatcher, QEvent, QObject, QPoint, QPointF, QRect, QSettings, Qt
from PySide6.QtGui import QAccessible, QHelpEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QTabBar, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from cnnviz.drawing import Colors
from cnnviz.drawing.marks import CellParts
from cnnviz.graphics.heat_map import HEAT_MAP, HeatMap, Looked
from tests.gui.driving import EventCounter, activate, show_window
from tests.gui.view_rounds import difference
from tests.gui.whole_window import (
    PANELS,
    controls_in,
    name_of,
    place_of,
    rest,
    seen_rect,
    show_panel,
    train,
)
from tests.small_data import first_images
from ui.controls.keyboard import scroll_to
from ui.controls.spoken import Spoken, speak
from ui.controls.tips import WIDTH, wrapped
from ui.export.figures import figures_of
from ui.marks import MarkView
from ui.painting import qrect
from ui.panels.training.panel import TrainingPanel
from ui.panels.translation.panel import TranslationPanel
from ui.session import Session
from ui.state import AppState, PinnedCell
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


def told(widget: QWidget, kind: QAccessible.Text) -> str:
    found = QAccessible.queryAccessibleInterface(widget)
    return found.text(kind)


def _nameless(part: QWidget) -> list[str]:
    found: list[str] = []
    for widget in controls_in(part):
        for what, text in (("name", name_of(widget)), ("tool tip", widget.toolTip())):
            if not text:
                found.append(f"a {what} for {place_of(widget)}")
    spoken = [each for each in part.findChildren(QWidget) if isinstance(each, Spoken) and each.isVisible()]
    for painted in spoken:
        if painted.focusPolicy() & Qt.FocusPolicy.TabFocus:
            text = told(painted, QAccessible.Text.Description) + painted.toolTip()
            for what, said in (("name", told(painted, QAccessible.Text.Name)), ("text", text)):
                if not said:
                    found.append(f"a spoken {what} for {place_of(painted)}")
    return found


def _misnamed(panel: QWidget) -> list[str]:
    classes = {type(each).__name__ for each in panel.findChildren(QWidget)}
    titles = [figure.title for figure in figures_of(panel) if figure.widget is not panel]
    faults = [f"{title} is the name of a class" for title in titles if title in classes]
    faults += [f"{title} twice" for title, count in Counter(titles).items() if count > 1]
    return faults + [f"{title!r} says nothing" for title in titles if not title.strip(" ,")]


def test_every_control_has_a_name_a_narrow_tool_tip_that_covers_no_control_and_is_reached_by_the_tab_key(
    qtbot: QtBot, trained: Session, theme: ThemeManager
) -> None:
    speak()
    window = trained.window
    activate(qtbot, window)
    missing, wide, covering, misnamed = [], set(), set(), list[str]()
    for number in range(len(PANELS)):
        misnamed += _misnamed(show_panel(qtbot, trained, number))
        missing += _nameless(window)
        for control in controls_in(window):
            middle = control.rect().center()
            text, tip = rest_at(control, middle)
            if not text:
                continue
            if max(map(len, text.split("\n"))) > WIDTH:
                wide.add(place_of(control))
            under = QRect(control.mapToGlobal(middle) - QPoint(1, 1), control.mapToGlobal(middle))
            whole = QRect(control.mapToGlobal(QPoint(0, 0)), control.size())
            if tip.intersects(whole if control.height() <= _PATCH else under):
                covering.add(place_of(control))
    QToolTip.hideText()
    backprop = show_panel(qtbot, trained, 3)
    for step in {step.kind: number for number, step in enumerate(backprop.model.steps)}.values():
        backprop.header.go_to(step)
        misnamed += _misnamed(backprop)
    maps, network = show_panel(qtbot, trained, 1), trained.state.shown.network
    for stage in {type(layer): stage for stage, layer in network.layers}.values():
        index = (0, *(side // 2 for side in network.shapes[stage][1:]))
        trained.state.set_pinned(PinnedCell(stage, index))
        rest(qtbot, trained)
        misnamed += _misnamed(maps)
    trained.state.set_pinned(None)
    maps.show_page("top_patches")
    rest(qtbot, trained, lambda: maps.top_patches.picture.findings is not None)
    missing += _nameless(maps)
    misnamed += _misnamed(maps)
    window.timeline.compare.click()
    qtbot.waitUntil(window.compare.isVisible)
    missing += _nameless(window.compare)
    misnamed += _misnamed(window.compare)
    window.timeline.compare.click()
    window.samples.draw()
    own = window.samples.own_window()
    qtbot.waitUntil(own.isVisible)
    for page in ("draw", "image"):
        own.choices.controls["page"].button(page).click()
        missing += _nameless(own)
    own.close()
    assert (set(missing), wide, covering, misnamed) == (set(), set(), set(), [])

    maps.show_page("network")
    theme.set_scale(1.35)
    window.resize(1100, 700)
    activate(qtbot, window)
    for number in range(len(PANELS)):
        show_panel(qtbot, trained, number)
        stops, hidden = _stops(qtbot, window.samples.grid)
        assert not hidden, "the keyboard is where nothing can be seen"
        missing += [place_of(each) for each in _wanted(window) if each not in stops]
    assert not missing


def _wanted(window: QWidget) -> list[QWidget]:
    """Controls that the Tab key should reach; of a choice of one among several only the chosen one."""
    found: list[QWidget] = []
    for widget in controls_in(window):
        is_segment = widget.parentWidget().property("role") == "segmented"
        is_other = is_segment and isinstance(widget, QAbstractButton) and not widget.isChecked()
        has_keys = isinstance(widget, QTabBar)  # Ctrl and a number
        if widget.isEnabled() and not has_keys and not is_other:
            found.append(widget)
    return found


def _stops(qtbot: QtBot, first: QWidget) -> tuple[list[QWidget], list[str]]:
    """Where the keyboard comes by as Tab is pressed again and again, and which of it is out of sight then."""
    seen: list[QWidget] = []
    hidden: list[str] = []
    first.setFocus()
    focus = QApplication.focusWidget()
    while focus is not None and focus not in seen:
        assert len(seen) < 300
        seen.append(focus)
        if seen_rect(focus).isEmpty():
            hidden.append(place_of(focus))
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
    assert focus is seen[0], "the round is closed"
    return seen, hidden


# -- screen readers ------------------------------------------------------------------------------------------


def test_the_value_of_a_map_is_that_of_the_cell_that_keys_have_led_to(qtbot: QtBot) -> None:
    speak()
    part, values = MarkView(HEAT_MAP, "Map", keys_point=True), np.arange(6.0).reshape(2, 3)
    qtbot.addWidget(part)
    part.show_content(Looked(HeatMap(values, Colors.of("sequential", values))))
    part.resize(300, 200)
    part.show()
    part.setFocus()
    assert told(part, QAccessible.Text.Name) == "Map"
    assert told(part, QAccessible.Text.Value) == ""
    steps = (
        (Qt.Key.Key_Right, "row 0, column 0: 0"),
        (Qt.Key.Key_Right, "row 0, column 1: 1"),
        (Qt.Key.Key_Down, "row 1, column 1: 4"),
    )
    for key, value in steps:
        QTest.keyClick(part, key)
        assert told(part, QAccessible.Text.Value) == value
    summary = "2 × 3 cells. Smallest at row 0, column 0: 0. Largest at row 1, column 2: 5."
    assert told(part, QAccessible.Text.Description) == summary


# -- tool tips -----------------------------------------------------------------------------------------------


_PATCH = 30


def rest_at(widget: QWidget, at: QPoint) -> tuple[str, QRect]:
    """Let the pointer rest on a widget; return what is said, and where on the screen."""
    QToolTip.hideText()
    scroll_to(widget)
    handle = widget.window().windowHandle()
    assert handle is not None
    place = widget.mapTo(widget.window(), at)
    # What was scrolled below a pointer that rests is not pointed at.
    QTest.mouseMove(handle, place + QPoint(1, 1))
    QTest.mouseMove(handle, place)
    QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, at, widget.mapToGlobal(at)))
    tips = [each for each in QApplication.topLevelWidgets() if each.inherits("QTipLabel")]
    return QToolTip.text(), tips[-1].geometry() if tips else QRect()


def test_a_plot_says_the_point_under_its_cursor_and_tips_leave_curves_and_cells_clear(
    qtbot: QtBot, active: Session
) -> None:
    speak()
    train(qtbot, active, 20)
    show_panel(qtbot, active, 0)
    parts = active.window.panel(TrainingPanel).curves.findChildren(QWidget)
    (loss,) = [each for each in parts if isinstance(each, Spoken) and "Loss over" in each.accessibleName()]
    assert "running mean from " in told(loss, QAccessible.Text.Description)
    assert told(loss, QAccessible.Text.Value) == ""
    loss.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(loss, Qt.Key.Key_Left)
    assert told(loss, QAccessible.Text.Value).startswith("step ")

    curves = active.window.panel(TrainingPanel).curves
    assert not rest_at(curves.loss, curves.loss.rect().center())[0], "its values are said there"
    for plot in (curves.loss, curves.accuracy):
        text, tip = rest_at(plot, QPoint(4, plot.height() // 2))
        assert text
        assert not tip.intersects(QRect(plot.mapToGlobal(QPoint(0, 0)), plot.size()))
    (label,) = [each for each in QApplication.topLevelWidgets() if each.inherits("QTipLabel")]
    assert label.windowHandle().flags() & Qt.WindowType.WindowTransparentForInput, "what is below is clicked"

    translation = show_panel(qtbot, active, 2)
    assert isinstance(translation, TranslationPanel)
    sweep = translation.sweep
    qtbot.waitUntil(lambda: sweep.map.content is not None)
    labels = [each for each in (sweep._value, sweep._lost) if each.text()]
    assert labels
    for pointed in (sweep.map, sweep.curves):
        text, tip = rest_at(pointed, pointed.rect().center())
        assert text
        for each in (sweep.map, sweep.curves, *labels):
            assert not tip.intersects(QRect(each.mapToGlobal(QPoint(0, 0)), each.size())), "nor what is read"

    winners = translation.winners
    (grid,) = (each for each in winners.drawing().parts if isinstance(each, CellParts))
    rect = qrect(grid.grid.cell(1, 1))
    text, tip = rest_at(winners, rect.center().toPoint())
    assert text
    assert not tip.intersects(rect.translated(QPointF(winners.mapToGlobal(QPoint(0, 0)))).toAlignedRect())
    QToolTip.hideText()


def test_lines_are_broken_between_words_and_those_there_are_stay() -> None:
    long = "word " * 30
    assert wrapped("one\n\n" + long.strip()).split("\n")[:2] == ["one", ""]
    assert max(map(len, wrapped(long).split("\n"))) <= WIDTH
    assert wrapped(long).split() == long.split()
