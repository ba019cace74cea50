"""Whatever size it has, nothing is cut off, covered or out of reach."""

from collections.abc import Callable
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QApplication,
    QMainWindow,
    QTabBar,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from cnnviz.drawing.marks import Text
from tests.gui.driving import activate, focus, settle
from tests.gui.lab_driving import open_lab
from tests.gui.whole_window import (
    PANELS,
    controls_in,
    place_of,
    rest,
    seen_rect,
    show_panel,
    texts_of,
    train,
)
from ui.controls.keyboard import has_keyboard
from ui.panels.backprop.panel import BackpropPanel
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.training.panel import TrainingPanel
from ui.panels.translation.panel import TranslationPanel
from ui.session import Session
from ui.state import PinnedCell, RunStatus
from ui.theme import ThemeManager
from ui.window.panel_area import PanelFrame

SIZES = ((1440, 900), (1280, 720), (1100, 700))


def _resize(qtbot: QtBot, session: Session, size: tuple[int, int]) -> None:
    session.window.resize(*size)
    settle(qtbot)
    assert (session.window.width(), session.window.height()) == size


def _cut(widget: QWidget) -> QWidget | None:
    """Return what cuts a widget off, without a way to scroll to the rest; None where nothing does."""
    window, rect = widget.window(), QRect(QPoint(0, 0), widget.size())
    while widget is not window:
        parent = widget.parentWidget()
        area = parent.parentWidget()
        if isinstance(area, QAbstractScrollArea) and area.viewport() is parent:
            widget, rect = area, area.rect()
            continue
        rect = rect.translated(widget.pos())
        if not parent.rect().contains(rect):
            return parent
        widget = parent
    return None


def test_no_control_is_cut_off_and_no_part_of_a_panel_covers_another(
    qtbot: QtBot, trained: Session, theme: ThemeManager
) -> None:
    theme.set_scale(1.35)
    faults: list[str] = []
    for number, name in enumerate(PANELS):
        panel = show_panel(qtbot, trained, number)
        _resize(qtbot, trained, SIZES[-1])
        for stage in _stages(panel):
            _go_to(qtbot, panel, stage)
            faults += [f"{name}, {stage}, {SIZES[-1]}: {each}" for each in _cut_off(trained, panel)]
        dock = trained.window.panels.docks()[number]
        # In a window of its own a panel has the size that it is given: no other dock takes part in it.
        dock.setFloating(True)
        rest(qtbot, trained)
        frame = dock.widget()
        around = dock.size() - frame.size()
        for size in DOCK_SIZES:
            dock.resize(size + around)
            settle(qtbot)
            assert frame.size() == size
            # Of each kind of step once, where room is shortest; elsewhere the pages are asked.
            for stage in _stages(panel) if size == DOCK_SIZES[0] else [0]:
                _go_to(qtbot, panel, stage)
                faults += [f"{name}, {stage}, {size}: {each}" for each in _overlaps(panel)]
        dock.setFloating(False)
    theme.set_scale(2.0)
    _resize(qtbot, trained, (1920, 1080))
    for number, name in enumerate(PANELS):
        panel = show_panel(qtbot, trained, number)
        faults += [f"{name} at twice the size: {each}" for each in _cut_off(trained, panel)]
    assert not faults, "\n".join(faults)


def test_training_fits_beside_the_lab_guide_at_twice_the_size(
    qtbot: QtBot, session: Session, theme: ThemeManager, tmp_path: Path
) -> None:
    open_lab(qtbot, session, tmp_path)
    theme.set_scale(2.0)
    _resize(qtbot, session, (1280, 720))
    panel = show_panel(qtbot, session, 0)
    for key, part in panel.areas().items():
        panel.openers()[part]()
        settle(qtbot)
        assert part.isVisible(), key
        assert not _cut_off(session, panel)
    menus = session.window.menuBar()
    last = max(menus.actionGeometry(each).right() for each in menus.actions())
    assert last < session.window.run_bar.geometry().left()


def _cut_off(session: Session, panel: QWidget) -> list[str]:
    """Return what cannot be seen whole, or only by scrolling sideways."""
    faults: list[str] = []
    for control in controls_in(session.window):
        by = _cut(control) if control.isEnabled() or not isinstance(control, QTabBar) else None
        if by is not None:
            faults.append(f"{place_of(control)} by {type(by).__name__}")
    frame = next(each for each in session.window.findChildren(PanelFrame) if each.widget() is panel)
    if frame.horizontalScrollBar().maximum() > 0:
        faults.append("has to be scrolled sideways")
    return faults


def _check_top(session: Session) -> None:
    bar, buttons = session.window.menuBar(), session.window.run_bar
    menus = [bar.actionGeometry(action) for action in bar.actions()]
    assert all(menu.isValid() for menu in menus)
    assert menus[-1].right() < buttons.geometry().left()
    assert bar.rect().contains(buttons.geometry())
    parts = [each for each in buttons.children() if isinstance(each, QWidget) and each.isVisible()]
    parts.sort(key=lambda each: each.x())
    for part, other in pairwise(parts):
        assert part.geometry().right() < other.x()
    for part in parts:
        assert buttons.rect().contains(part.geometry())
        assert part.width() >= part.minimumSizeHint().width()
    for button in (buttons.step, buttons.epoch, buttons.reset):
        assert button.accessibleName()
        assert not button.icon().isNull()


@pytest.mark.alone
def test_menus_and_buttons_stand_side_by_side_and_parts_make_room_for_one_another_and_come_back(
    qtbot: QtBot, session: Session, theme: ThemeManager
) -> None:
    for presenter in (False, True):
        theme.set_scale(1.35 if presenter else 1.0)
        for size in SIZES:
            _resize(qtbot, session, size)
            _check_top(session)
    bar = session.window.run_bar
    theme.set_scale(1.6)
    _resize(qtbot, session, SIZES[-1])
    assert not bar.reset.text(), "there is no room for texts"
    theme.set_scale(1.35)
    _resize(qtbot, session, (1500, 900))
    assert (bar.reset.text(), bar.step.text(), bar.epoch.text()) == ("Reset", "Step", "+1 epoch")

    panel = session.window.panel(TrainingPanel)
    _resize(qtbot, session, (1100, 700))
    parts = {"curves": panel.curves, "results": panel.log, "settings": panel.form}
    for page, part in parts.items():
        panel._switch.button(page).click()
        assert [each for each in parts.values() if each.isVisible()] == [part]
        assert panel.network.isVisible()
    _resize(qtbot, session, (1800, 900))
    assert all(each.isVisible() for each in parts.values())

    theme.set_scale(1.0)
    settle(qtbot)
    window = session.window
    before = window.panels.size()
    QTest.keyClick(window, Qt.Key.Key_F9)
    settle(qtbot)
    assert window.panels.width() == window.width()
    assert (window.samples.isVisible(), window.timeline.isVisible()) == (False, False)
    QTest.keyClick(window, Qt.Key.Key_F9)
    settle(qtbot)
    assert window.samples.isVisible()
    assert window.panels.size() == before

    scales = [theme.theme.scale]
    keys = [Qt.Key.Key_Equal, *[Qt.Key.Key_Plus] * 3, Qt.Key.Key_Minus, Qt.Key.Key_0]
    for key in keys:
        QTest.keyClick(session.window, key, Qt.KeyboardModifier.ControlModifier)
        scales.append(theme.theme.scale)
    assert scales == [1.0, 1.35, 1.6, 2.0, 2.0, 1.6, 1.0]


def test_a_panel_that_needs_more_room_is_scrolled(qtbot: QtBot) -> None:
    panel, content = QWidget(), QWidget()
    content.setMinimumSize(700, 300)
    layout = QVBoxLayout(panel)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(content)
    frame = PanelFrame(panel)
    qtbot.addWidget(frame)
    frame.resize(800, 500)
    with qtbot.waitExposed(frame):
        frame.show()
    assert panel.size() == frame.viewport().size(), "all the room, without bars"
    frame.resize(600, 500)
    assert panel.width() == 700
    assert frame.horizontalScrollBar().maximum() > 0
    assert frame.verticalScrollBar().maximum() == 0
    frame.resize(705, 290)
    assert panel.size().width() == 700
    assert panel.size().height() == 300
    assert frame.verticalScrollBar().maximum() > 0


@pytest.fixture
def present(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Callable[[Session, tuple[int, int]], None]:
    """Present on a screen of some size, which a test has not."""

    def begin(session: Session, size: tuple[int, int]) -> None:
        states, full = [session.window.windowState()], Qt.WindowState.WindowFullScreen
        monkeypatch.setattr(session.window, "setWindowState", states.append)
        monkeypatch.setattr(session.window, "windowState", lambda: states[-1])
        monkeypatch.setattr(session.window, "isFullScreen", lambda: bool(states[-1] & full))
        activate(qtbot, session.window)
        if not session.window.menus.action("presenter").isChecked():
            QTest.keyClick(session.window, Qt.Key.Key_F11)
        _resize(qtbot, session, size)

    return begin


def test_a_presented_panel_is_alone_and_everything_unfolds_over_it_and_comes_back(
    qtbot: QtBot, session: Session, theme: ThemeManager, present: Callable[..., None], tmp_path: Path
) -> None:
    window = session.window
    open_lab(qtbot, session, tmp_path)
    show_panel(qtbot, session, 1)
    chrome = (window.menuBar(), window.samples, window.timeline)
    before = window.panels.geometry()
    present(session, (1280, 720))
    assert theme.theme.scale == pytest.approx(4 / 3)
    assert not any(part.isVisible() for part in (*chrome, window.lab_dock))
    panel, line = window.panels.front_panel, window.statusBar()
    assert panel is not None
    assert panel.width() == window.width()
    assert panel.height() >= window.height() - line.height() - 2
    assert line.height() <= 0.06 * window.height()
    assert line.isAncestorOf(window.line)
    assert window.line.current() == PANELS[1]
    session.state.raise_notice("window", "error", "To read.")
    for _ in range(2):  # so that it is there before
        QTest.keyClick(window, Qt.Key.Key_F11)
        settle(qtbot, window.notices.isVisible)
    ends = [QRect(each.mapTo(window, QPoint(0, 0)), each.size()) for each in (window.train, window.leave)]
    assert not any(map(window.notices.geometry().intersects, ends)), "it hides the way out"
    assert window.notices.geometry().bottom() < line.geometry().top(), "it hides names of panels and keys"
    window.notices.findChild(QTimer).setInterval(1)
    session.state.raise_notice("files", "success", "Written.")
    qtbot.waitUntil(lambda: window.notices.text() == "To read.")  # an error stays
    session.state.raise_notice("window", "info", "To read.")  # which needs no answer
    settle(qtbot, window.notices.isHidden)
    session.state.clear_notice("window")
    for status in (RunStatus.TRAINING, RunStatus.PAUSED):
        QTest.mouseClick(window.train, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda status=status: session.state.run.status is status)
    assert window.train.text() == "Continue (Space)"
    rest(qtbot, session)

    place = QRect(panel.mapToGlobal(QPoint(0, 0)), panel.size())
    QApplication.sendEvent(window.run_status, QEvent(QEvent.Type.Enter))
    settle(qtbot)
    assert not window.samples.isVisible(), "who points at the line in passing unfolds nothing"
    assert (window.run_status.keys.text(), window.run_status.keys.isVisible()) == (
        f"Ctrl+1…{len(PANELS)}",
        True,
    )
    QTest.mouseClick(window.run_status, Qt.MouseButton.LeftButton)
    settle(qtbot)
    assert all(part.isVisible() for part in chrome)
    assert QRect(panel.mapToGlobal(QPoint(0, 0)), panel.size()) == place, "the picture does not move"
    QTest.mouseClick(window.stage.childAt(window.stage.rect().center()), Qt.MouseButton.LeftButton)
    settle(qtbot)
    assert session.state.pinned is None
    for are_seen in (True, False, True):
        QTest.keyClick(window, Qt.Key.Key_F9)
        settle(qtbot)
        assert [part.isVisible() for part in chrome] == [are_seen] * 3
    for are_seen, holder in ((False, None), (True, window.timeline), (False, panel)):
        QTest.keyClick(window, Qt.Key.Key_T if holder else Qt.Key.Key_F9)
        settle(qtbot)
        assert [part.isVisible() for part in chrome] == [are_seen] * 3
        assert holder is None or has_keyboard(holder)
    window.line.button(PANELS[3]).click()
    settle(qtbot)
    assert window.panels.front == 3

    QTest.keyClick(window, Qt.Key.Key_F9)
    _resize(qtbot, session, (1920, 1080))
    assert not window.samples.isVisible(), "on another screen the panel has another size"
    assert window.panels.front_panel.width() == window.width()
    assert window.leave.isVisible()
    window.leave.click()
    _resize(qtbot, session, (1440, 900))
    assert not window.leave.isVisible()
    assert theme.theme.scale == 1
    assert window.panels.geometry() == before
    assert window.panels.front == 3
    assert window.lab_dock.isVisible()
    assert [bar.count() for bar in window.panels.findChildren(QTabBar) if bar.isVisible()] == [len(PANELS)]


@pytest.mark.alone
def test_a_remote_control_turns_steps_and_then_panels(
    qtbot: QtBot, session: Session, present: Callable[..., None]
) -> None:
    window = session.window
    train(qtbot, session, 20)
    backprop, translation = window.panel(BackpropPanel), window.panel(TranslationPanel)
    show_panel(qtbot, session, 2)
    activate(qtbot, window)
    QTest.keyClick(window, Qt.Key.Key_PageDown)
    assert window.panels.front == 2, "only presented panels are pages"
    present(session, (1280, 720))
    parts = translation.maps, translation.strip, translation.sweep
    for place, part in enumerate(parts):
        assert [each.isVisible() for each in parts] == [each is part for each in parts]
        assert window.page.text().startswith(f"{place + 1} of 3 · Page Down")
        for _ in range(2):
            QTest.keyClick(window, Qt.Key.Key_F11)
            _resize(qtbot, session, (1280, 720))
        assert part.isVisible(), "it goes on where it was left"
        QTest.keyClick(window, Qt.Key.Key_PageDown)
    qtbot.waitUntil(lambda: window.panels.front == 3 and backprop.model.passed is not None)
    last = len(backprop.model.steps) - 1
    for step in range(last + 1):
        assert (window.panels.front, backprop.model.index) == (3, step)
        assert window.page.text().startswith(f"{step + 1} of {last + 1} · Page Down")
        QTest.keyClick(window, Qt.Key.Key_PageDown)
        settle(qtbot)
        assert focus() is window.panels.front_panel, "its keys are of what the page shows"
    assert window.panels.front == 4
    QTest.keyClick(window, Qt.Key.Key_PageUp)
    settle(qtbot)
    assert (window.panels.front, backprop.model.index) == (3, last)
    window.panels.show_panel(1)
    settle(qtbot)
    QTest.keyClick(window, Qt.Key.Key_PageDown)
    assert window.panels.front == 2
    assert translation.maps.isVisible(), "from its first page, whichever was the last in sight"
    for key in (Qt.Key.Key_F5, Qt.Key.Key_F5, Qt.Key.Key_F11):  # a remote control sends the first
        before = window.line.isVisible()
        QTest.keyClick(window, key)
        assert window.line.isVisible() is not before


def test_what_is_presented_is_whole_can_be_read_from_the_back_row_and_a_tested_network_has_a_page_of_its_own(
    qtbot: QtBot, trained: Session, present: Callable[..., None]
) -> None:
    faults, size = list[str](), (1280, 720)
    trained.window.panel(TrainingPanel).network.choices.choose(moment="before")
    for number, name in enumerate(PANELS):
        present(trained, size)
        panel = show_panel(qtbot, trained, number)
        found = texts_of(trained.window)
        assert len(found) > 6
        if name == "training":
            assert trained.window.panel(TrainingPanel).curves.loss.height() >= 0.4 * size[1]
        faults += [f"{name}, small: {text}" for height, text in found if height < 0.022 * size[1]]
        for stage in _stages(panel):
            _go_to(qtbot, panel, stage)
            faults += [f"{name}, {stage}: {each}" for each in _cut_off(trained, panel)]
            if name != "report":  # of which the pages are turned
                inner = [each for each in panel.findChildren(QAbstractScrollArea) if each.isVisible()]
                areas = [panel.parentWidget().parentWidget(), *inner]
                bars = [
                    bar for each in areas for bar in (each.horizontalScrollBar(), each.verticalScrollBar())
                ]
                faults += [f"{name}: {place_of(bar)}" for bar in bars if bar.maximum() > 0]
    assert not faults, "\n".join(faults)
    maps = show_panel(qtbot, trained, 1).network
    trained.state.set_pinned(PinnedCell("conv2", (1, 3, 3)))
    maps.enlarge("conv2")
    rest(qtbot, trained)
    for table in map(maps.arithmetic.view, ("patch", "kernel", "products")):
        assert sum(isinstance(each, Text) and each.font.is_mono for each in table.drawing().all_marks()) == 9

    window, panel = trained.window, show_panel(qtbot, trained, 0)
    assert not any(each.said for each in panel.network.flow.stages), "the filters of now, without a choice"
    parts = panel.network, panel.results
    for key, seen in ((None, 0), (Qt.Key.Key_PageDown, 1), (Qt.Key.Key_PageUp, 0), (Qt.Key.Key_PageDown, 1)):
        if key is not None:
            QTest.keyClick(window, key)
            settle(qtbot)
        assert [part.isVisible() for part in parts] == [seen == 0, seen == 1]
        leads = "Page Down: Filters & maps" if seen else "Page Down"
        assert window.page.text().strip() == f"{seen + 1} of 2 · {leads}"
    assert panel.results.matrix.height() > 0.4 * window.height()
    small = [text for height, text in texts_of(window) if height < 0.022 * window.height()]
    assert not small
    assert not _cut_off(trained, panel)
    QTest.keyClick(window, Qt.Key.Key_PageDown)
    assert window.panels.front == 1
    window.panels.show_panel(0)
    settle(qtbot)
    assert panel.network.isVisible(), "begins at the drawing, wherever it was left"


def _presents(session: Session) -> bool:
    """Whether the window presents, with all that belongs to it."""
    window = session.window
    signs = window.isFullScreen(), window.line.isVisible(), window.menus.action("presenter").isChecked()
    assert len(set(signs)) == 1, signs
    return signs[0]


def test_escape_leaves_presenter_mode_whatever_is_unfolded_pinned_or_said(
    qtbot: QtBot, session: Session
) -> None:
    window, state = session.window, session.state
    train(qtbot, session, 20)
    activate(qtbot, window)
    for number, said in ((1, ""), (3, "To read.")):
        show_panel(qtbot, session, number)
        state.set_pinned(PinnedCell("conv1", (0, 3, 3)))
        QTest.keyClick(window, Qt.Key.Key_F11)
        settle(qtbot, window.isFullScreen)
        for modifier, step in ((Qt.KeyboardModifier.NoModifier, 1), (Qt.KeyboardModifier.ShiftModifier, 0)):
            QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_N, modifier)
            assert state.sample is not None
            assert state.sample.index == step, "the samples are out of sight"
        state.set_pinned(PinnedCell("conv1", (0, 3, 3)))
        if said:
            QTest.keyClick(window, Qt.Key.Key_F9)
            settle(qtbot, window.samples.isVisible)
            state.raise_notice("window", "warning", said)
            window.areas.enter(window.notices)
        assert _presents(session)
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Escape)
        settle(qtbot)
        assert not _presents(session)
        assert state.pinned is not None, "the first Escape leaves, the next one frees"

    show_panel(qtbot, session, 1)
    QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(focus(), Qt.Key.Key_Escape)
    settle(qtbot, lambda: state.pinned is None)


def test_state_and_layout_of_the_window_agree_however_late_the_window_manager_answers(
    qtbot: QtBot, session: Session
) -> None:
    window, full = session.window, Qt.WindowState.WindowFullScreen
    held = ("presenter", "bare", "step")
    assert [window.menus.action(name).autoRepeat() for name in held] == [False, False, True]
    show_panel(qtbot, session, 0)
    activate(qtbot, window)
    before = window.windowState()
    for answers, presents in (((full, before, full), True), ((full, before), True), ((full,), False)):
        if window.is_presenting:
            QTest.keyClick(window, Qt.Key.Key_F11)
        qtbot.waitUntil(lambda: not window._answering.isActive())
        for _ in range(2 + presents):
            QTest.keyClick(window, Qt.Key.Key_F11)
        for answer in answers:
            QMainWindow.setWindowState(window, answer)  # what it tells, not what it is asked for
        qtbot.waitUntil(lambda: not window._answering.isActive())
        assert _presents(session) is presents
    QTest.keyClick(window, Qt.Key.Key_F11)
    qtbot.waitUntil(lambda: not window._answering.isActive())
    assert _presents(session)
    QMainWindow.setWindowState(window, before)  # by a key of the system
    assert not _presents(session)


def test_the_main_picture_of_each_panel_is_whole_in_a_small_window(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    train(qtbot, session, 20)
    translation = session.window.panel(TranslationPanel)
    pictures: dict[str, tuple[QWidget, ...]] = {
        "training": (session.window.panel(TrainingPanel).network.view,),
        "feature_maps": (session.window.panel(FeatureMapsPanel).network.flow,),
        "translation": (
            *(translation.image, translation.maps, translation.strip, translation.predictions),
            translation.statement,
        ),
        "backprop": (session.window.panel(BackpropPanel).stack,),
    }
    for size in ((940, 640), (1100, 700)):
        _resize(qtbot, session, size)
        for number, name in enumerate(PANELS):
            show_panel(qtbot, session, number)
            for picture in pictures.get(name, ()):
                seen = seen_rect(picture)
                assert (seen.width(), seen.height()) == (picture.width(), picture.height()), (name, size)
        open_lab(qtbot, session, tmp_path)  # beside which the second size is the least


#: Of a panel in its dock: beside another one, and alone; each width and each height at least once.
DOCK_SIZES = (QSize(500, 400), QSize(767, 900), QSize(1200, 400))


def _overlaps(panel: QWidget) -> list[str]:
    """Return each pair of parts of which one covers some of the other."""
    found: list[str] = []
    for parent in (panel, *panel.findChildren(QWidget)):
        parts = [each for each in parent.children() if isinstance(each, QWidget) and each.isVisible()]
        parts = [each for each in parts if not each.isWindow()]
        for one, other in combinations(parts, 2):
            if one.geometry().intersects(other.geometry()):
                found.append(f"{place_of(one)} and {place_of(other)}")
    return found


def _go_to(qtbot: QtBot, panel: QWidget, stage: int) -> None:
    if isinstance(panel, BackpropPanel):
        panel.model.go_to(stage)
        settle(qtbot)


def _stages(panel: QWidget) -> list[int]:
    """Return the steps of the backward pass to look at: of each kind the last one. Other panels have one."""
    if not isinstance(panel, BackpropPanel):
        return [0]
    return list({step.kind: number for number, step in enumerate(panel.model.steps)}.values())


@pytest.mark.alone
def test_panels_stand_side_by_side_equally_wide_and_become_tabs_again(qtbot: QtBot, session: Session) -> None:
    window = session.window
    area, before = window.panels, window.samples_dock.width()
    for number in (0, PANELS.index("backprop")):
        show_panel(qtbot, session, number)
        QTest.keyClick(window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
        panel, front = area.panels()[number], area.docks()[number]
        others = [each for each in area.docks() if each is not front]
        qtbot.waitUntil(lambda front=front: abs(2 * front.width() - area.width()) < 10)
        (seen,) = [each for each in others if not each.visibleRegion().isEmpty()]
        assert abs(seen.width() - front.width()) <= 2
        frame = panel.parentWidget().parentWidget()
        rest(qtbot, session)
        assert frame.horizontalScrollBar().maximum() == 0
        assert window.samples_dock.width() < before
        panel.setFocus()
        bars = [each for each in area.findChildren(QTabBar) if each.isVisible() and each.count()]
        assert not any(each.property("entered") for each in bars), "of the others"
        gap = window.centralWidget().x() - window.samples_dock.geometry().right() - 1
        assert gap <= 1, "the line between them and nothing else"
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        QTest.keyClick(window, Qt.Key.Key_B, both)
        qtbot.waitUntil(lambda: not area.is_divided and window.samples_dock.width() == before)
