"""Parts of a panel stand beside or below one another, never over one another, whatever room there is."""

from itertools import combinations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QSplitterHandle, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.driving import settle
from tests.gui.whole_window import PANELS, choose_preset, place_of, rest, show_panel, train
from ui.page_view import LinkLayer
from ui.panels.backprop import BackpropPanel
from ui.session import Session
from ui.theme import ThemeManager
from ui.window.panel_area import PanelArea
from ui.window.panel_frame import PanelFrame

#: Of a panel in its dock: beside another one, and alone; each width and each height at least once.
SIZES = {
    "lab5": [QSize(500, 400), QSize(700, 650), QSize(767, 900), QSize(1200, 400)],
    "lenet": [QSize(560, 650), QSize(900, 400)],
}
#: Drawn over other parts on purpose.
_OVERLAYS = LinkLayer | QSplitterHandle


def _overlaps(panel: QWidget) -> list[str]:
    """Return each pair of parts of which one covers some of the other."""
    found: list[str] = []
    for parent in (panel, *panel.findChildren(QWidget)):
        parts = [
            each
            for each in parent.children()
            if isinstance(each, QWidget) and not isinstance(each, _OVERLAYS) and not each.isWindow()
        ]
        parts = [each for each in parts if each.isVisible()]
        for one, other in combinations(parts, 2):
            if one.geometry().intersects(other.geometry()):
                found.append(f"{place_of(one)} and {place_of(other)}")
    return found


def _stages(panel: QWidget) -> list[int]:
    """Return the steps of the backward pass to look at: of each kind the last one. Other panels have one."""
    if not isinstance(panel, BackpropPanel):
        return [0]
    return list({step.kind: number for number, step in enumerate(panel.model.steps)}.values())


@pytest.mark.parametrize("preset", ["lab5", "lenet"])
def test_no_part_of_a_panel_covers_another(
    qtbot: QtBot, session: Session, theme: ThemeManager, preset: str
) -> None:
    if preset != "lab5":
        choose_preset(qtbot, session, preset)
    train(qtbot, session, 100)
    faults: list[str] = []
    for presenter in (False, True):
        theme.set_presenter(presenter)
        for number, name in enumerate(PANELS):
            panel = show_panel(qtbot, session, number)
            dock = session.window.panels.docks()[number]
            # In a window of its own a panel has the size that it is given: no other dock takes part in it.
            dock.setFloating(True)
            rest(qtbot, session)
            frame = dock.widget()
            assert isinstance(frame, PanelFrame)
            around = dock.size() - frame.size()
            for stage in _stages(panel):
                if name == "backprop":
                    session.window.panel(BackpropPanel).model.go_to(stage)
                for size in SIZES[preset]:
                    dock.resize(size + around)
                    settle(qtbot)
                    assert frame.size() == size
                    faults += [f"{name}, {stage}, {presenter}, {size}: {each}" for each in _overlaps(panel)]
            dock.setFloating(False)
    assert not faults


def test_panels_side_by_side_are_equally_wide(qtbot: QtBot, session: Session) -> None:
    window = session.window
    area, before = window.panels, window.samples.width()
    assert isinstance(area, PanelArea)
    for number in range(len(PANELS)):
        show_panel(qtbot, session, number)
        area.move_aside()
        panel, front = area.panels()[number], area.docks()[number]
        others = [each for each in area.docks() if each is not front]
        qtbot.waitUntil(lambda front=front: abs(2 * front.width() - area.width()) < 10)
        seen = [each for each in others if not each.visibleRegion().isEmpty()]
        assert len(seen) == 1
        assert abs(seen[0].width() - front.width()) <= 2
        frame = panel.parentWidget().parentWidget()
        assert isinstance(frame, PanelFrame)
        rest(qtbot, session)
        assert frame.horizontalScrollBar().maximum() == 0
        area.gather()
        qtbot.waitUntil(lambda: not area.is_divided and window.samples.width() == before)
