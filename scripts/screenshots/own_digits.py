"""Scenes of images of one's own."""

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from cnnviz.experiment import LENET
from scripts.screenshots.stage import save_widget, session, settle, train, wait_until

_LEFT = Qt.MouseButton.LeftButton
_SEVEN = [(0.27 + 0.0157 * i, 0.2) for i in range(30)] + [
    (0.73 - 0.009 * i, 0.2 + 0.0205 * i) for i in range(1, 32)
]


def own_digit() -> None:
    """A drawn seven, and a photo of an eight."""
    with session(LENET) as opened:
        train(opened)
        samples, state = opened.window.samples, opened.state
        samples.draw()
        own = samples.own_window()
        own.resize(own.minimumSize())
        settle()
        pad = own.pad
        rect = pad._board.box(pad._room())
        places = [
            QPoint(round(rect.left + x * rect.width), round(rect.top + y * rect.height)) for x, y in _SEVEN
        ]
        QTest.mousePress(pad, _LEFT, pos=places[0])
        for place in places[1:]:
            QTest.mouseMove(pad, place)
        QTest.mouseRelease(pad, _LEFT, pos=places[-1])
        wait_until(lambda: opened.window.samples._loop.is_current)
        save_widget(own, "own-digit-draw")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "on-paper.png"
            Image.fromarray(_on_paper(state.dataset.test_images[61, 0])).save(path)
            samples.open_image(path)
            wait_until(lambda: state.sample.origin == "on-paper.png")
        settle(800)
        save_widget(own, "own-digit-image")
        own.close()


def _on_paper(image: np.ndarray) -> np.ndarray:
    """A dark digit on unevenly lit paper."""
    ink = np.asarray(Image.fromarray(image).resize((420, 420), Image.Resampling.BICUBIC)) / 255
    rows, columns = np.mgrid[0:560, 0:760]
    sheet = 215 - 60 * columns / 760 - 30 * rows / 560 + np.random.default_rng(0).normal(0, 3, rows.shape)
    sheet[70:490, 170:590] *= 1 - 0.8 * ink
    return sheet.clip(0, 255).astype(np.uint8)


SCENES = (own_digit,)
