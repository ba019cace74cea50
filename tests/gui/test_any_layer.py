"""A layer that the program does not know trains, is explained, moved, and shown by what it says of itself."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from cnnviz.datasets import to_input
from cnnviz.drawing import LIGHT, Box
from cnnviz.drawing.page import page_drawn
from cnnviz.engines import make_engine
from cnnviz.graphics.columns import Kind, plan_of
from cnnviz.graphics.heat_map import Reveal
from cnnviz.inspect.arithmetic import explain_cell, logit_contributions
from cnnviz.inspect.receptive_field import INPUT, projective_fields, receptive_field
from cnnviz.layers import Conv2D, Dense, Flatten, Layer, MaxPool2D
from cnnviz.layers.windows import WindowGeometry
from cnnviz.network import Network
from cnnviz.routing import check_all
from cnnviz.translation import compare
from tests.gui.backprop_desk import cell, cells, cut, formula, leaves, now_at, part_of, pass_of
from tests.oracles import mask_of
from tests.small_data import few_digits
from ui.panels.backprop.focus import StepKind, backward_steps
from ui.panels.backprop.formulas import sentence_of
from ui.panels.backprop.pages import inspect, page_of


@dataclass(frozen=True, slots=True)
class Frame(Layer):
    """A frame of zeros around every map."""

    title: ClassVar[str] = "Frame"
    mixes_channels: ClassVar[bool] = False

    @property
    def geometry(self):
        return WindowGeometry(1, 1, -1)

    def output_shape(self, input_shape):
        return (input_shape[0], *self.geometry.output_sides(input_shape))

    def forward(self, x, params):
        return self.geometry.padded(x)

    def input_gradient(self, d_out, x, out, params):
        return d_out[:, :, 1:-1, 1:-1]


@dataclass(frozen=True, slots=True)
class Centre(Layer):
    """Every map less the mean of all maps: each cell depends on all others."""

    title: ClassVar[str] = "Centre"

    def output_shape(self, input_shape):
        return input_shape

    def forward(self, x, params):
        return x - x.mean(axis=(1, 2, 3), keepdims=True)

    def input_gradient(self, d_out, x, out, params):
        return self.forward(d_out, params)


def network_of(*layers: Layer, side: int = 28) -> Network:
    named = [(f"{type(layer).__name__.lower()}{place}", layer) for place, layer in enumerate(layers)]
    return Network.build(named, (1, side, side), seed=3, dtype="float64")


REST = MaxPool2D(2, ties="all"), Flatten(), Dense(1, init="lab5")
FRAMED = network_of(Frame(), Conv2D(3, bias=False), *REST)
PADDED = network_of(Conv2D(3, padding=1, bias=False), *REST)
CENTRED = network_of(Conv2D(3, bias=False), Centre(), *REST)
DEEPER = network_of(Conv2D(3, bias=False), Frame(), Conv2D(2, bias=False), *REST)


def test_a_frame_and_a_convolution_train_as_a_convolution_with_padding():
    data, one, other = few_digits(), make_engine(FRAMED), make_engine(PADDED)
    np.testing.assert_array_equal(one.vector, other.vector)
    batch = data.train_images, data.train_labels, np.arange(7)
    assert one.step_gradients(*batch)[0] == pytest.approx(other.step_gradients(*batch)[0], rel=1e-12)
    np.testing.assert_allclose(one.gradient, other.gradient, atol=1e-14)


def test_its_gradients_are_checked_and_its_cells_written_out():
    small = network_of(Conv2D(2, bias=False), Frame(), Conv2D(2, bias=False), *REST, side=9)
    x = np.random.default_rng(0).normal(size=(1, 1, 9, 9))
    report = check_all(small, x, 1)
    assert report.counts["mismatch"] == 0
    assert report.largest_error < 1e-6
    trace = small.forward(x)
    for place, before in (((1, 0, 3), None), ((1, 2, 4), (0, 1, 1, 3))):
        found = explain_cell(small, trace, "frame1", place)
        assert found.value == (0 if before is None else trace.outputs["conv2d0"][0, 1, 1, 3])
        assert found.products.sum() == found.value
        assert (found.rows.tolist(), found.columns.tolist()) == ([place[1] - 1], [place[2] - 1])
    assert abs(logit_contributions(small, trace, "frame1").remainder) < 1e-12
    field = receptive_field(small, "conv2d2", (0, 0, 0))
    assert field[INPUT].unclipped == (-1, -1, 5, 5)
    assert field[INPUT].rectangle == (0, 0, 4, 4)
    assert next(projective_fields(small, "conv2d0", (1, 0, 0))).rectangle == (1, 1, 1, 1)


def test_of_a_layer_without_windows_a_cell_reads_all_and_has_a_value_alone():
    field = receptive_field(CENTRED, "centre1", (0, 1, 2))["conv2d0"]
    assert mask_of(field, (3, 26, 26)).all()
    assert mask_of(next(projective_fields(CENTRED, "conv2d0", (0, 1, 2))), (3, 26, 26)).all()
    trace = CENTRED.forward(few_digits().test_images[:1])
    found = explain_cell(CENTRED, trace, "centre1", (2, 5, 6))
    assert (found.value, found.rule) == (trace.outputs["centre1"][0, 2, 5, 6], "")
    network = network_of(Conv2D(2, bias=False), Centre(), *REST, side=9)
    report = check_all(network, np.random.default_rng(1).normal(size=(1, 9, 9)), 1)
    assert report.counts["mismatch"] == 0


def test_maps_behind_it_are_compared_where_no_border_was_seen():
    image = to_input(few_digits().test_images[0], "float64")
    one, other = (compare(network, image, 2, 0) for network in (FRAMED, PADDED))
    for stage, pair in one.stages.items():
        assert pair.measured() == pytest.approx(other.stages[stage].measured(), nan_ok=True), stage


def test_filters_and_maps_have_a_column_for_it():
    frame = plan_of(DEEPER).column("frame1")
    assert (frame.kind, frame.shape, frame.group) == (Kind.MAPS, (3, 28, 28), 1)


@pytest.mark.parametrize("network", [FRAMED, DEEPER, CENTRED])
def test_every_step_back_has_a_page(network):
    passed = pass_of(network)
    for step in backward_steps(network):
        now = now_at(passed, step.kind, step.layer)
        assert sentence_of(passed, step)
        assert formula(now)
        for page in (page_of(now), inspect.page(now)):
            assert page_drawn(page, Box(0, 0, 900, 560), LIGHT).all_marks()


def test_the_step_through_it_shows_what_arrives_and_what_it_makes_of_it():
    passed = pass_of(DEEPER)
    now = now_at(passed, StepKind.PASS)
    assert (now.step.title, now.step.layer, now.step.stage) == ("Frame", "frame1", "conv2d0")
    arriving, result = leaves(now)["map 0"], leaves(now)["map 1"]
    channel = now.focus.channel(passed.network, "conv2d0")
    np.testing.assert_array_equal(cells(arriving), cut(arriving, passed.gradient("frame1")[channel]))
    np.testing.assert_array_equal(cells(result), cut(result, passed.gradient("conv2d0")[channel]))
    covered = leaves(now_at(passed, StepKind.PASS, is_covered=True))["map 1"]
    assert part_of(covered, cell(1, 1)).ask == Reveal()
