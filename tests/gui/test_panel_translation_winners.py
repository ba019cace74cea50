"""Which windows have another winner after the shift, and what a window shows."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from cnnviz.drawing import CellKey
from cnnviz.translation import WinnerChange
from tests.gui.translation_desk import Desk, moved, part_center, point_at
from ui.state import Shift


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(qtbot)
    made.load()
    yield made
    made.close()


def test_windows_are_counted_as_a_loop_counts_them(desk: Desk) -> None:
    desk.move(1, 0)
    desk.panel.choices.choose(channel=2)
    desk.settle()
    batch = np.stack([desk.image(), moved(desk.image(), 1, 0)])
    maps = desk.network.forward(batch).outputs["conv1"][:, 2]
    expected = {kind: [0, 0] for kind in WinnerChange}
    for row in range(13):
        for col in range(13):
            windows = maps[:, 2 * row : 2 * row + 2, 2 * col : 2 * col + 2].reshape(2, 4)
            tied = any((window == window.max()).sum() > 1 for window in windows)
            if windows[0].max() != windows[1].max():
                kind = WinnerChange.CHANGED
            else:
                kind = WinnerChange.SAME if windows[0].argmax() == windows[1].argmax() else WinnerChange.MOVED
            expected[kind][tied] += 1
    shown = list(desk.panel.counts.content.counts().values())
    assert shown == [tuple(expected[kind]) for kind in WinnerChange]
    assert sum(map(sum, shown)) == 169


def test_pointing_at_a_window_shows_both_blocks_and_where_they_come_from(desk: Desk) -> None:
    desk.move(1, 0)
    panel = desk.panel
    point_at(panel.winners, part_center(panel.winners, CellKey("window", 6, 4)))
    assert panel.card.isVisible()
    blocks = panel.card.content.blocks()
    batch = np.stack([desk.image(), moved(desk.image(), 1, 0)])
    maps = desk.network.forward(batch).outputs["conv1"][:, 0, 12:14, 8:10]
    assert np.allclose(blocks[0], maps[0])
    assert np.allclose(blocks[1], maps[1])
    assert desk.canvas.content.shown.block == (12, 8, 4, 4)
    point_at(panel.winners, panel.winners.rect().toRectF().bottomRight())
    assert not panel.card.isVisible()


def test_the_keyboard_reaches_the_windows_too(desk: Desk) -> None:
    winners = desk.panel.winners
    winners.setFocus(Qt.FocusReason.TabFocusReason)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right):
        desk.press(key, widget=winners)
    assert winners.hovered == CellKey("window", 1, 1)
    assert desk.panel.card.isVisible()
    assert desk.state.shift == Shift()
