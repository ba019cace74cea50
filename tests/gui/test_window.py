"""The window around the panels: tabs, shortcuts, side by side, themes."""

from typing import override

from PySide6.QtCore import QEvent, QObject, QSettings, Qt
from PySide6.QtWidgets import QTabBar, QWidget

from tests.gui.driving import give_up_keyboard, settle
from tests.gui.training_driving import lengthen, train_on
from tests.gui.view_rounds import difference
from tests.gui.whole_window import PANELS, rest, show_panel, train
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.session import Session
from ui.state import RunStatus


def titles(session):
    return [dock.titleBarWidget() is None for dock in session.window.panels._docks]


def test_two_panels_stand_side_by_side_and_become_tabs_again(qtbot, session):
    window = session.window
    window.panels.show_panel(1)
    qtbot.waitUntil(lambda: window.panels.front == 1)
    qtbot.keyClick(window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: titles(session) == [False, True, False, False, False])
    assert not window.panel(FeatureMapsPanel).visibleRegion().isEmpty()
    others = [panel for panel in window.panels.panels() if not isinstance(panel, FeatureMapsPanel)]
    assert sum(not panel.visibleRegion().isEmpty() for panel in others) == 1
    qtbot.keyClick(
        window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    qtbot.waitUntil(lambda: not any(titles(session)))
    panels = window.panels.panels()
    qtbot.waitUntil(lambda: sum(not panel.visibleRegion().isEmpty() for panel in panels) == 1)


def test_every_panel_follows_training_and_theme(qtbot, session, theme):
    lengthen(qtbot, session)
    session.controller.on_train_requested()
    qtbot.waitUntil(lambda: session.state.run.step > 500)
    for number in range(len(PANELS)):
        theme.set_presenter(False)
        theme.set_mode("light")
        session.window.panels.show_panel(number)
        train_on(qtbot, session)
        theme.set_mode("dark")
        train_on(qtbot, session)
        theme.set_presenter(True)
        train_on(qtbot, session)
    session.controller.on_train_requested()
    qtbot.waitUntil(lambda: session.state.run.status is not RunStatus.TRAINING)
    qtbot.waitUntil(lambda: session.window.samples.is_current)


def test_presets_can_be_changed_under_every_panel(qtbot, session):
    for number, preset in ((1, "lenet"), (2, "lab5"), (3, "lenet"), (0, "lab5")):
        session.window.panels.show_panel(number)
        run_id = session.state.run.run_id
        session.window.run_bar.presetRequested.emit(preset)
        qtbot.waitUntil(
            lambda run_id=run_id: (
                session.state.run.run_id > run_id
                and session.state.run.status is RunStatus.READY
                and session.window.samples.is_current
            ),
        )
        rest(qtbot, session)


def test_a_first_window_fits_the_screen(session, tmp_path):
    window = session.window
    room = window.screen().availableSize()
    window.restore_size(QSettings(str(tmp_path / "new.ini"), QSettings.Format.IniFormat))
    assert window.width() <= room.width()
    assert window.height() <= room.height()
    assert window.minimumWidth() <= room.width()
    assert window.minimumHeight() <= room.height()


class StyleChanges(QObject):
    """Counts how often anything is dressed."""

    count = 0

    @override
    def eventFilter(self, watched, event):
        self.count += event.type() == QEvent.Type.StyleChange
        return False


def test_opening_the_window_dresses_each_widget_once_or_twice(qtbot, qapp, tmp_path):
    session = Session(QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat))
    with qtbot.waitExposed(session.window):
        session.window.show()
    changes = StyleChanges()
    qapp.installEventFilter(changes)
    session.start()
    qapp.removeEventFilter(changes)
    widgets = session.window.findChildren(QWidget)
    session.close()
    assert len(widgets) > 500
    assert changes.count < 2 * len(widgets)


def test_the_window_looks_as_built_after_a_change_of_theme_and_back(qtbot, session, theme):
    def pictures():
        for number in range(len(PANELS)):
            show_panel(qtbot, session, number)
            give_up_keyboard()  # a frame shows where it is
            rest(qtbot, session, painted=True)
            yield session.window.grab().toImage()

    before = list(pictures())
    theme.set_mode("dark")
    theme.set_presenter(True)
    list(pictures())
    theme.set_presenter(False)
    theme.set_mode("light")
    assert [difference(*pair) for pair in zip(pictures(), before, strict=True)] == [""] * len(PANELS)


def test_no_gap_is_left_beside_the_samples_when_panels_stand_side_by_side(qtbot, session):
    window = session.window
    wide = window.samples_dock.width()
    for number in (0, 3, 2, 1, 4, 0):
        window.panels.show_panel(number)
        window.panels.move_aside()
        settle(qtbot)
        beside = window.centralWidget().x() - window.samples_dock.geometry().right() - 1
        assert window.samples_dock.width() < wide
        assert beside <= 1, "the line between them and nothing else"
        window.panels.gather()
        settle(qtbot)
        assert window.samples_dock.width() == wide


def test_a_chip_says_that_an_earlier_moment_is_shown(qtbot, session):
    train(qtbot, session, 600)
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
