"""Blocks of a network, the four pools of the same maps, and the grids on which stages live."""

import numpy as np
import pytest

from cnnviz.datasets import load_mnist, to_input
from cnnviz.experiment import LAB5
from cnnviz.layers import AvgPool2D, Conv2D, Dense, Flatten, MaxPool2D, ReLU, Tanh
from cnnviz.network import Network
from cnnviz.training import Trainer
from cnnviz.translation import (
    STAGES,
    StagePlan,
    SweepSettings,
    compare,
    conv_blocks,
    digit_lessons,
    sweep_many,
    toy_lessons,
)
from cnnviz.translation.lessons import NEIGHBOURS, unchanged_shifts
from tests.oracles import assert_same_bits


def stage_maps(network, images, block=1, size=None):
    return StagePlan.of(network, block, size).maps_of(images)[0]


def network_of(*layers, input_shape=(1, 12, 11), dtype="float64"):
    named = [(f"layer{index}", layer) for index, layer in enumerate((*layers, Flatten(), Dense(3)))]
    return Network.build(named, input_shape, seed=4, dtype=dtype)


def test_blocks_are_found_with_their_activation_and_pool():
    network = network_of(
        Conv2D(2), ReLU(), MaxPool2D(2), Conv2D(3, kernel_size=2), Conv2D(2, kernel_size=2), Tanh()
    )
    first, second, third = conv_blocks(network)
    assert (first.conv, first.features, first.pool) == (0, 1, 2)
    assert (second.conv, second.features, second.pool) == (3, 3, None)
    assert (third.conv, third.features, third.pool) == (4, 5, None)
    assert [block.has_activation for block in (first, second, third)] == [True, False, True]
    assert [block.last for block in (first, second, third)] == [2, 3, 5]


def test_stages_are_the_outputs_of_the_network(rng):
    network = network_of(Conv2D(2), ReLU(), MaxPool2D(2), Conv2D(3, kernel_size=2), AvgPool2D(2))
    images = rng.normal(size=(3, *network.input_shape))
    outputs = network.forward(images).outputs
    stages = stage_maps(network, images)
    assert tuple(stages) == STAGES
    assert_same_bits(stages["pixels"], images)
    assert_same_bits(stages["convolution"], outputs["layer0"])
    assert_same_bits(stages["activation"], outputs["layer1"])
    assert_same_bits(stages["max"], outputs["layer2"])
    assert_same_bits(stages["average"], AvgPool2D(2).forward(outputs["layer1"], {}))
    deeper = stage_maps(network, images, block=2)
    assert tuple(deeper) == tuple(stage for stage in STAGES if stage != "activation")
    assert_same_bits(deeper["convolution"], outputs["layer3"])
    assert_same_bits(deeper["average"], outputs["layer4"])


@pytest.mark.parametrize(
    "layers",
    [
        (Conv2D(2),),
        (Conv2D(2, kernel_size=5),),
        (Conv2D(2, padding=1),),
        (Conv2D(2, kernel_size=5, padding=1), ReLU()),
        (Conv2D(2, stride=2, padding=2),),
        (Conv2D(2, padding=1), MaxPool2D(2), Conv2D(2, padding=1)),
        (Conv2D(2), AvgPool2D(2), Conv2D(2, kernel_size=2)),
        (Conv2D(2), MaxPool2D(3, stride=2), Conv2D(2)),
    ],
)
@pytest.mark.parametrize("size", [2, 3])
def test_the_interior_is_what_moves_with_the_image_and_no_more(rng, layers, size):
    """Two views of one large scene: what both see is found equal, cell for cell; at the edges they differ."""
    network = network_of(*layers, input_shape=(1, 23, 26))
    linear = not any(isinstance(layer, ReLU | MaxPool2D) for layer in layers)
    block = len(conv_blocks(network))
    scene = rng.normal(size=(1, 23 + 16, 26 + 16))
    view = scene[:, 8 : 8 + 23, 8 : 8 + 26]
    for stage in stage_maps(network, view[None], block, size):
        grid = compare(network, view, 0, 0, block=block, pool_size=size).stages[stage].grid
        step = (grid.columns.stride, grid.rows.stride)
        for cells_x, cells_y in ((0, 0), (1, 0), (0, -1), (-1, 1)):
            dx, dy = cells_x * step[0], cells_y * step[1]
            other = scene[:, 8 - dy : 8 - dy + 23, 8 - dx : 8 - dx + 26]
            before, after = stage_maps(network, np.stack([view, other]), block, size)[stage]
            expected = grid.shift_maps(before, dx, dy)
            interior = grid.interior(dx, dy)
            np.testing.assert_array_equal(after[:, interior], expected[:, interior])
            # Windows under a blur are wide: of few cells each may see a border.
            assert interior.any() or (dx, dy) != (0, 0) or stage == "max_blur"
            if dx and dy and linear and stage not in ("max", "max_blur"):
                # A maximum, or a cut at 0, may hide the edge; a sum does not.
                assert (after != expected).any(axis=0)[~interior].all()


@pytest.mark.parametrize(("dx", "dy"), [(1, 0), (0, -1), (-3, 1), (5, 2), (30, 0)])
def test_a_shift_between_cells_is_the_mean_of_its_neighbours(rng, dx, dy):
    """Stride 2: an odd distance is half a cell. By hand, from the four whole shifts around it."""
    network = network_of(Conv2D(2))
    grid = compare(network, np.zeros(network.input_shape), 0, 0).stages["max"].grid
    maps = rng.normal(size=(2, grid.rows.cells, grid.columns.cells))

    def value(i, j):
        inside = 0 <= i < maps.shape[1] and 0 <= j < maps.shape[2]
        return maps[:, i, j] if inside else np.zeros(2)

    moved = grid.shift_maps(maps, dx, dy)
    for i, j in np.ndindex(maps.shape[1:]):
        rows, columns = ({dy // 2, -(-dy // 2)}, {dx // 2, -(-dx // 2)})
        expected = np.mean([value(i - a, j - b) for a in rows for b in columns], axis=0)
        np.testing.assert_allclose(moved[:, i, j], expected, atol=1e-15)


@pytest.fixture(scope="session")
def mnist():
    return load_mnist()


@pytest.fixture(scope="session")
def trained(mnist):
    """The laboratory's network, half way through its epoch."""
    trainer = Trainer(LAB5.build_network(), mnist, LAB5)
    trainer.advance(6000)
    return trainer.network


def lesson(name):
    return next(each for each in toy_lessons() if each.name == name)


def test_lessons_of_dots_and_of_a_row_show_their_images_and_say_what_they_found():
    dots = lesson("dots")
    assert dots.image[0].tolist() == [[0, 0, 0, 0, 1, 0], [0] * 6] * 3
    assert dots.shifted[0].tolist() == [[0] * 6, [0, 0, 0, 0, 1, 0]] * 3
    stages = dots.compare().stages
    differ = {stage: int((pair.original != pair.moved).sum()) for stage, pair in stages.items()}
    assert differ["convolution"] == 8
    assert differ["max"] == 0
    assert dots.result() == (
        "The convolution maps differ in 8 of 16 cells, the pooled maps in 0 of 4 (largest difference 0)."
    )
    row = lesson("row")
    stages = row.compare().stages
    assert stages["pixels"].original[0, 0].tolist() == [0, 0, 1, 1, 0, 0, 1, 1]
    assert stages["max"].original[0, 0].tolist() == [0, 1, 0, 1]
    assert stages["max"].moved[0, 0].tolist() == [1, 1, 1, 1]
    assert "pools to [0, 1, 0, 1]" in row.result()
    assert "pools to [1, 1, 1, 1]" in row.result()


def test_three_of_eight_shifts_of_a_bright_cell_are_hidden_wherever_it_is():
    """Every cell of a 2x2 window is a corner of it: three neighbours share the window."""
    for row, column in np.ndindex(6, 6):
        image = np.zeros((1, 6, 6))
        image[0, row, column] = 1
        hidden = unchanged_shifts(image, background=0.0)
        assert len(hidden) == 3
        for dx, dy in NEIGHBOURS:
            same_window = (row // 2, column // 2) == ((row + dy) // 2, (column + dx) // 2)
            assert ((dx, dy) in hidden) == same_window
    result = lesson("bright-cell").result()
    assert result.startswith("3 of the 8 one-pixel shifts")
    assert result.endswith("(+1, 0), (0, +1), (+1, +1).")


def test_a_digit_moved_by_one_cell_takes_its_pooled_map_along(trained, mnist):
    image = to_input(mnist.test_images[:1], trained.dtype)[0]
    by_one, by_two = digit_lessons(trained, image, int(mnist.test_labels[0]))
    assert by_one.compare().stages["max"].measured()["equivariance_residual"] > 0.1
    assert by_two.compare().stages["max"].measured()["equivariance_residual"] == 0
    assert "the residual is exactly 0 away from the border" in by_two.result()
    assert "exactly 0" not in by_one.result()
    for each in (by_one, by_two):
        change = each.compare().stages["max"].measured()["relative_change"]
        assert change > 0.1
        assert f"max pool {change:.2f}" in each.result()


def test_one_pixel_to_the_right_changes_the_pools_less_than_the_convolution(trained, mnist):
    """The measured figures of the design, over 200 test digits."""
    images = to_input(mnist.test_images[:200], trained.dtype)
    one_pixel = SweepSettings(dxs=(1,), dys=(0,))
    mean = sweep_many(trained, images, mnist.test_labels[:200], one_pixel).mean
    change = {stage: float(values[0, 0]) for stage, values in mean["relative_change"].items()}
    near = {"pixels": 0.70, "convolution": 0.50, "subsample": 0.50, "average": 0.45, "max": 0.42}
    assert {stage: change[stage] for stage in near} == pytest.approx(near, abs=0.05)
    assert change["pixels"] > change["convolution"] > change["average"] > change["max"]
    assert change["subsample"] > change["average"]
    residual = {stage: float(values[0, 0]) for stage, values in mean["equivariance_residual"].items()}
    assert residual["pixels"] == residual["convolution"] == 0
    assert residual["subsample"] > residual["max"] > 0
