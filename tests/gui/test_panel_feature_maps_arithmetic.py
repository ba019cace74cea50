"""The feature maps panel: the arithmetic of a cell, written out with the numbers of the engine."""

from typing import override

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget

from cnnviz.layers import Dense
from tests.gui.feature_maps_panel import EXPERIMENTS, Opened, line_of
from ui.state import PinnedCell


@pytest.fixture
def lab5(qtbot):
    return Opened(qtbot)


def test_a_convolution_is_written_out(qtbot):
    opened = Opened(qtbot, EXPERIMENTS["wide kernel"])
    opened.hover("conv1", 12, 9)
    view = opened.arithmetic.products
    padded = np.pad(opened.trace.inputs[0, 0], 2)
    patch, kernel = padded[12:17, 9:14], opened.network.params["conv1.weight"][0, 0]
    np.testing.assert_array_equal(view.patch.values, patch)
    np.testing.assert_array_equal(view.kernel.values, kernel)
    np.testing.assert_array_equal(view.products.values, patch * kernel)
    bias = float(opened.network.params["conv1.bias"][0])
    value = float(opened.trace.outputs["conv1"][0, 0, 12, 9])
    assert view.waterfall.running[-1] == pytest.approx((patch * kernel).sum() + bias)
    assert line_of(view.ledger, "= conv1") == value
    assert line_of(view.ledger, "25 products") + bias == pytest.approx(value)
    assert line_of(view.ledger, "→ leaky_relu1") == float(opened.trace.outputs["leaky_relu1"][0, 0, 12, 9])


def test_padding_is_told_apart_from_pixels(qtbot):
    opened = Opened(qtbot, EXPERIMENTS["wide kernel"])
    opened.hover("conv1", 0, 0)
    table = opened.arithmetic.products.patch
    assert "padding" in table.describe(1, 4)
    assert "padding" not in table.describe(2, 2)


def test_input_channels_can_be_looked_at_one_by_one(qtbot):
    opened = Opened(qtbot, EXPERIMENTS["lenet"], size=(2600, 900))
    opened.hover("conv2", 5, 6)
    view = opened.arithmetic.products
    patch = np.pad(opened.trace.outputs["pool1"][0], ((0, 0), (1, 1), (1, 1)))[:, 5:8, 6:9]
    kernel = opened.network.params["conv2.weight"][0]
    np.testing.assert_array_equal(view.slices.values, patch * kernel)
    spot = view.slices.tile_rect(3).center().toPoint()
    qtbot.mouseClick(view.slices, Qt.MouseButton.LeftButton, pos=spot)
    np.testing.assert_array_equal(view.patch.values, patch[3])
    np.testing.assert_array_equal(view.kernel.values, kernel[3])
    assert line_of(view.ledger, "input 3 alone") == pytest.approx(
        float((patch[3] * kernel[3]).sum()), abs=1e-6
    )


def test_a_weighted_pool_is_written_out(qtbot):
    opened = Opened(qtbot, EXPERIMENTS["blur, sigmoid"], size=(1600, 800))
    opened.hover("pool1", 4, 5)
    view = opened.arithmetic.products
    assert view.products.values.sum() == pytest.approx(opened.trace.outputs["pool1"][0, 0, 4, 5])
    np.testing.assert_allclose(view.kernel.values.sum(), 1.0)


def test_an_activation_shows_its_point_on_the_graph(qtbot):
    opened = Opened(qtbot, EXPERIMENTS["wide kernel"])
    opened.hover("leaky_relu1", 3, 3)
    x = float(opened.trace.outputs["conv1"][0, 0, 3, 3])
    y = float(opened.trace.outputs["leaky_relu1"][0, 0, 3, 3])
    (point,) = opened.arithmetic.function.plot.content.dots
    assert point[:2] == (x, y)
    assert line_of(opened.arithmetic.function.ledger, "= leaky_relu1") == y


def test_a_dense_unit_shows_its_largest_terms_and_the_rest(lab5):
    rows = lab5.column("dense1").rows
    lab5._move(rows, rows.row_rect(0).center())
    view = lab5.arithmetic.terms
    products = lab5.network.params["dense1.weight"][0] * lab5.trace.outputs["flatten"][0]
    order = np.argsort(-np.abs(products), kind="stable")
    np.testing.assert_array_equal(view.waterfall.terms[:12], products[order[:12]])
    assert view.waterfall.running[-1] == pytest.approx(lab5.trace.logits[0, 0], abs=1e-12)
    assert line_of(view.ledger, "1,340 others") == pytest.approx(products[order[12:]].sum())
    spot = view.waterfall.bar_rect(0).center().toPoint()
    lab5.qtbot.mouseClick(view.waterfall, Qt.MouseButton.LeftButton, pos=spot)
    source = tuple(int(axis) for axis in np.unravel_index(order[0], (8, 13, 13)))
    assert lab5.pins == [PinnedCell("pool1", source)]


def test_a_pooled_cell_shows_its_weight_and_its_evidence(lab5):
    lab5.hover("evidence", 6, 7)
    ledger = lab5.arithmetic.window_view.ledger
    weight = lab5.network.params["dense1.weight"][0].reshape(8, 13, 13)[0, 6, 7]
    assert line_of(ledger, "× weight") == weight
    assert line_of(ledger, "evidence for logit") == pytest.approx(
        weight * lab5.trace.outputs["pool1"][0, 0, 6, 7]
    )


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_stage_has_its_arithmetic(qtbot, name):
    opened = Opened(qtbot, EXPERIMENTS[name])
    network = opened.network
    for stage, layer in network.layers:
        cell = tuple(side - 1 for side in network.shapes[stage])
        opened.state.set_pinned(PinnedCell(stage, cell))
        marked = opened.panel.network.marked_cell()
        value = float(opened.panel.picture.stage(marked.stage)[marked.index])
        assert value == float(opened.trace.outputs[stage][(0, *cell)])
        if isinstance(layer, Dense):
            assert line_of(opened.arithmetic.terms.ledger, f"= {stage}") == value


def test_before_anything_is_pointed_at_there_is_an_example(lab5):
    assert lab5.panel.network.marked_cell() == PinnedCell("conv1", (0, 13, 13))
    assert lab5.arithmetic.products.isVisible()
    assert lab5.map("input").highlighted("receptive") == ((13, 13, 3, 3),)


class Painted(QObject):
    """Names of the widgets in another one that were painted."""

    def __init__(self, parent):
        super().__init__(parent)
        self.names = set()
        for widget in parent.findChildren(QWidget):
            widget.installEventFilter(self)

    @override
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            self.names.add(watched.accessibleName())
        return False


@pytest.mark.parametrize("stage", ["conv1", "pool1"])
def test_while_a_cell_is_pinned_its_arithmetic_is_not_drawn_again_with_the_pointer(qtbot, lab5, stage):
    lab5.click(stage, 5, 5)
    lab5.hover("conv1", 3, 3)
    painted = Painted(lab5.panel)
    for cell in ((4, 3), (9, 8), (4, 3)):
        lab5.hover("conv1", *cell)
    assert "conv1, the chosen map" in painted.names
    written_out = {widget.accessibleName() for widget in lab5.arithmetic.stack.findChildren(QWidget)}
    assert not painted.names & written_out - {""}
