"""The facts that the lessons are about, and that each lesson measures what it says."""

import numpy as np
import pytest

from cnnviz.datasets import load_mnist, to_input
from cnnviz.functional import conv2d, max_pool2d_values
from cnnviz.presets import LAB5
from cnnviz.training import Trainer
from cnnviz.translation import (
    NEIGHBOURS,
    SweepSettings,
    compare,
    digit_lessons,
    sweep,
    sweep_many,
    toy_lessons,
    unchanged_shifts,
)

FIRST = [[0, 0, 0, 0, 1, 0], [0] * 6] * 3
SECOND = [[0] * 6, [0, 0, 0, 0, 1, 0]] * 3


@pytest.fixture(scope="session")
def mnist():
    return load_mnist()


@pytest.fixture(scope="session")
def trained(mnist):
    """The laboratory's network after one epoch."""
    trainer = Trainer(LAB5.build_network(), mnist, LAB5.train_config())
    trainer.advance(trainer.total_steps)
    return trainer.network


def lesson(name):
    return next(each for each in toy_lessons() if each.name == name)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_two_images_pool_to_exactly_the_same_for_any_filter(seed, dtype):
    rng = np.random.default_rng(seed)
    images = np.array([FIRST, SECOND], dtype=dtype)[:, None]
    convolved = conv2d(images, (rng.normal(size=(1, 1, 3, 3)) / 10).astype(dtype))
    pooled = max_pool2d_values(convolved, 2)
    assert (convolved[0] != convolved[1]).any()
    np.testing.assert_array_equal(pooled[0], pooled[1])


def test_the_lesson_of_the_dots_shows_the_two_images_and_says_what_it_found():
    dots = lesson("dots")
    assert dots.image[0].tolist() == FIRST
    assert dots.shifted[0].tolist() == SECOND
    stages = dots.compare().stages
    differ = {stage: int((pair.original != pair.moved).sum()) for stage, pair in stages.items()}
    assert differ["convolution"] == 8
    assert differ["max"] == 0
    assert dots.result() == (
        "The convolution maps differ in 8 of 16 cells, the pooled maps in 0 of 4 (largest difference 0)."
    )


def test_the_row_of_eight_pools_to_another_row():
    row = lesson("row")
    stages = row.compare().stages
    assert stages["pixels"].original[0, 0].tolist() == [0, 0, 1, 1, 0, 0, 1, 1]
    assert stages["max"].original[0, 0].tolist() == [0, 1, 0, 1]
    assert stages["max"].moved[0, 0].tolist() == [1, 1, 1, 1]
    assert "pools to [0, 1, 0, 1]" in row.result()
    assert "pools to [1, 1, 1, 1]" in row.result()


@pytest.mark.parametrize("row", range(6))
@pytest.mark.parametrize("column", range(6))
def test_three_of_eight_shifts_of_a_bright_cell_are_hidden_wherever_it_is(row, column):
    """Every cell of a 2x2 window is a corner of it: three neighbours share the window."""
    image = np.zeros((1, 6, 6))
    image[0, row, column] = 1
    hidden = unchanged_shifts(image, 2, background=0.0)
    assert len(hidden) == 3
    for dx, dy in NEIGHBOURS:
        same_window = (row // 2, column // 2) == ((row + dy) // 2, (column + dx) // 2)
        assert ((dx, dy) in hidden) == same_window


def test_in_larger_windows_it_depends_on_where_the_cell_is():
    counts = np.zeros((3, 3), dtype=int)
    for row, column in np.ndindex(3, 3):
        image = np.zeros((1, 9, 9))
        image[0, 3 + row, 3 + column] = 1
        counts[row, column] = len(unchanged_shifts(image, 3, background=0.0))
    assert counts.tolist() == [[3, 5, 3], [5, 8, 5], [3, 5, 3]]


def test_the_lesson_of_the_bright_cell_counts_what_it_saw():
    result = lesson("bright-cell").result()
    assert result.startswith("3 of the 8 one-pixel shifts")
    assert result.endswith("(+1, 0), (0, +1), (+1, +1).")


def test_results_are_measured_not_promised():
    """Another shift than the lesson's, and the sentence says another thing."""
    row, moved = lesson("row"), lesson("row")
    object.__setattr__(moved, "dx", 2)
    assert moved.result() != row.result()
    assert "Moved by 2 it is [1, 1, 0, 0, 1, 1, 0, 0] and pools to [1, 0, 1, 0]" in moved.result()


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


@pytest.mark.parametrize(("dx", "dy"), [(2, 0), (0, -2), (4, 2), (-6, 8)])
def test_whole_cells_leave_no_residual_for_any_pool(trained, mnist, dx, dy):
    for image in to_input(mnist.test_images[:10], trained.dtype):
        for stage, pair in compare(trained, image, dx, dy).stages.items():
            assert pair.measured()["equivariance_residual"] == 0, stage
            interior = pair.interior
            np.testing.assert_array_equal(
                pair.features()[1][:, interior], pair.expected()[:, interior], err_msg=stage
            )
            assert pair.measured()["relative_change"] > 0


def test_one_pixel_to_the_right_changes_the_pools_less_than_the_convolution(trained, mnist):
    """The measured figures of the design, over 400 test digits."""
    images = to_input(mnist.test_images[:400], trained.dtype)
    one_pixel = SweepSettings(dxs=(1,), dys=(0,))
    mean = sweep_many(trained, images, mnist.test_labels[:400], one_pixel).mean
    change = {stage: float(values[0, 0]) for stage, values in mean["relative_change"].items()}
    near = {"pixels": 0.70, "convolution": 0.50, "subsample": 0.50, "average": 0.45, "max": 0.42}
    assert {stage: change[stage] for stage in near} == pytest.approx(near, abs=0.05)
    assert change["pixels"] > change["convolution"] > change["average"] > change["max"]
    assert change["subsample"] > change["average"]
    residual = {stage: float(values[0, 0]) for stage, values in mean["equivariance_residual"].items()}
    assert residual["pixels"] == residual["convolution"] == 0
    assert residual["subsample"] > residual["max"] > 0


@pytest.mark.parametrize("each", toy_lessons(), ids=lambda each: each.name)
def test_small_images_can_be_swept_as_far_as_digits(each):
    """Far beyond their sides: everything has left the frame, or come back to where it was."""
    result = sweep(each.network, each.image, SweepSettings(background=each.background, mode=each.mode))
    change = result.values["relative_change"]["max"]
    assert change[13, 13] == 0
    if each.mode == "wrap":
        assert change[13, 13 + 8] == change[13 + 2, 13 - 8] == 0
    else:
        assert change[0, 0] == 1
        assert result.ink_lost[0, 0] == 1
