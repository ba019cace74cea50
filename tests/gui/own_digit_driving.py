"""Making images of one's own in the whole window with the mouse."""

import numpy as np
from PIL import Image
from PySide6.QtCore import QPointF, Qt

from tests.gui.driving import click
from tests.gui.whole_window import rest

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier

#: A one, a little slanted, and a zero, on a board whose sides are 1.
ONE = [(0.56 - 0.003 * i, 0.15 + 0.018 * i) for i in range(40)]
ZERO = [(0.5 + 0.22 * np.sin(t), 0.5 - 0.32 * np.cos(t)) for t in np.linspace(0, 2 * np.pi, 50)]


def open_board(qtbot, session):
    """Press Draw and return the window with the board."""
    click(session.window.samples.draw_button)
    own = session.window.samples.own_window()
    qtbot.waitUntil(own.isVisible)
    return own


def stroke(qtbot, own, points, halfway=lambda: None, button=LEFT):
    """Draw on a board, or in the window that has it; `halfway` is called while the button is down."""
    pad = getattr(own, "pad", own)
    rect = pad._board.box(pad._room())
    places = [QPointF(rect.left + x * rect.width, rect.top + y * rect.height).toPoint() for x, y in points]
    qtbot.mousePress(pad, button, pos=places[0])
    for number, place in enumerate(places[1:], 1):
        qtbot.mouseMove(pad, place)
        if number == len(places) // 2:
            halfway()
    qtbot.mouseRelease(pad, button, pos=places[-1])


def settle(qtbot, session, is_new=lambda sample: sample.index is None):
    """Wait until what is drawn has become the sample and has been computed."""
    rest(qtbot, session, lambda: is_new(session.state.sample))


def paper(image, factor=11):
    """A dark digit on a larger light sheet, not in its middle."""
    large = np.asarray(Image.fromarray(image).resize((28 * factor, 28 * factor), Image.Resampling.BICUBIC))
    sheet = np.full((28 * factor + 150, 28 * factor + 320), 232, np.uint8)
    sheet[90 : 90 + len(large), 40 : 40 + len(large)] = 232 - (large.astype(int) * 200 // 255)
    return sheet
