"""The translation panel on a desk of its own."""

from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cnnviz.datasets import to_input
from cnnviz.drawing import CellKey
from cnnviz.experiment import LAB5, Experiment
from cnnviz.graphics.heat_map import Looked
from cnnviz.graphics.pairs import MovedImage, Pair
from cnnviz.network import Network
from cnnviz.snapshots import Snapshot
from tests.gui.driving import PanelDesk, part_center, settle
from tests.oracles import shift_loop
from tests.small_data import few_digits
from ui.marks import MarkView
from ui.panels.translation.panel import TranslationPanel
from ui.state import RunStatus, Sample, Shift

BLANK = -0.5


class Desk(PanelDesk):
    """The translation panel, and hands to move it; the state is what the program makes of its requests."""

    def __init__(self, qtbot: QtBot, experiment: Experiment = LAB5, *, sweeps: bool = True) -> None:
        super().__init__(qtbot, experiment, TranslationPanel, (1160, 760))
        if not sweeps:  # which would take most of the time of most tests
            self.panel.sweep.look_at = lambda *_, **__: None
        self.panel.choices.choose(more=True)
        self.window.activateWindow()

    # -- what is shown -------------------------------------------------------------------------------------

    @property
    def canvas(self) -> MarkView[MovedImage]:
        return self.panel.image

    @property
    def controls(self):
        return self.panel.choices.controls

    @property
    def maps(self) -> Pair:
        """Return the maps that are shown."""
        return self.panel.maps.content.shown.pair

    def values(self, stage: str) -> tuple[float, float]:
        """Return change and residual of a stage as the strip shows them."""
        strip = self.panel.strip.content
        return strip.values[[each.key for each in strip.stages].index(stage)]

    def pixel_center(self, row: int, col: int) -> QPointF:
        """Return the middle of a pixel of the image."""
        part = self.canvas.drawing().part("image")
        side = part.drag.unit
        return QPointF(part.box.left + (col + 0.5) * side, part.box.top + (row + 0.5) * side)

    def load(self, network: Network | None = None, index: int = 3, step: int = 100) -> None:
        """Show a network and a test image, as the program would."""
        self.state.set_dataset(few_digits())
        self.state.update_run(status=RunStatus.PAUSED)
        self.state.set_live(Snapshot(step, LAB5.build_network() if network is None else network))
        self.show_sample(index)

    def reading(self) -> str:
        """Return what is read in the map of the sweep, and how much ink is lost there."""
        return "; ".join((self.panel.sweep._value.text(), self.panel.sweep._lost.text()))

    def show_sample(self, index: int) -> None:
        dataset = few_digits()
        self.state.set_sample(Sample(dataset.test_images[index], int(dataset.test_labels[index]), index))
        self.settle()

    def move(self, dx: int, dy: int) -> None:
        """Move the image without a hand."""
        self.state.set_shift(Shift(dx, dy))
        self.settle()

    def settle(self) -> None:
        """Wait until what is shown belongs to the shift in force, and all is written and laid out."""
        panel, state = self.panel, self.state
        settle(
            self.bot,
            lambda: panel._loop.is_current and panel.picture.provenance.shift == state.shift,
            lambda: not self._is_busy(),
        )

    def _is_busy(self) -> bool:
        kinds = ("translation", "translation-sweep", "translation-lesson")
        return any(runner.is_busy(kind) for runner in (self.analysis, self.background) for kind in kinds)

    # -- hands ---------------------------------------------------------------------------------------------

    def drag(self, dx: float, dy: float, steps: int = 4) -> None:
        """Take the image in the middle and move it by so many pixels of the image."""
        start, cell = self.pixel_center(14, 14), self.pixel_center(14, 15).x() - self.pixel_center(14, 14).x()
        window = self.canvas.window()  # a move in it arrives at once
        ways = [QPointF(dx, dy) * (cell * step / steps) for step in range(steps + 1)]
        places = [self.canvas.mapTo(window, (start + way).toPoint()) for way in ways]
        QTest.mousePress(window.windowHandle(), Qt.MouseButton.LeftButton, pos=places[0])
        for place in places[1:]:
            QTest.mouseMove(window.windowHandle(), place)
        QTest.mouseRelease(window.windowHandle(), Qt.MouseButton.LeftButton, pos=places[-1])

    def press(self, key: Qt.Key, shift: bool = False, widget: QWidget | None = None) -> None:
        modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
        QTest.keyClick(self.canvas if widget is None else widget, key, modifier)

    # -- oracles -------------------------------------------------------------------------------------------

    @property
    def network(self) -> Network:
        shown = self.state.shown
        return shown.network

    def image(self) -> np.ndarray[Any, Any]:
        sample = self.state.sample
        return to_input(sample.pixels[np.newaxis], self.network.dtype)[0]

    def outputs(self, image: np.ndarray[Any, Any], layer: str) -> np.ndarray[Any, Any]:
        """Output of a layer for an image, less that for a blank one."""
        batch = np.stack([image, np.full_like(image, BLANK)])
        found = self.network.forward(batch).outputs[layer]
        return found[0] - found[1]


def moved(image: np.ndarray[Any, Any], dx: int, dy: int) -> np.ndarray[Any, Any]:
    """Image moved by whole pixels over a black ground."""
    return shift_loop(image, dx, dy, BLANK)


def value_at(sweep: MarkView[Looked], dx: int, dy: int) -> float:
    """Return the value for a shift."""
    shown = sweep.content.map
    return float(shown.values[shown.rows.index(dy), shown.cols.index(dx)])


def shift_center(sweep: MarkView[Looked], dx: int, dy: int) -> QPointF:
    """Return the middle of the cell of a shift."""
    shown = sweep.content.map
    return part_center(sweep, CellKey("cell", shown.rows.index(dy), shown.cols.index(dx)))


def norm_ratio(change: np.ndarray[Any, Any], of: np.ndarray[Any, Any]) -> float:
    return float(np.sqrt((change**2).sum()) / np.sqrt((of**2).sum()))
