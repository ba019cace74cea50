"""Shifting images by whole pixels, and the ink that leaves the frame."""

import itertools

import numpy as np
import pytest

from cnnviz.errors import ParameterError, ShapeError
from cnnviz.translation import BACKGROUND, ink_lost, ink_lost_over, shift

DISTANCES = (-7, -6, -2, -1, 0, 1, 3, 5, 6, 9)


def shift_loop(image, dx, dy, fill):
    """Pixel by pixel: where does it come from, and is that inside the frame?"""
    moved = np.full(image.shape, fill)
    height, width = image.shape[-2:]
    for i, j in np.ndindex(height, width):
        if 0 <= i - dy < height and 0 <= j - dx < width:
            moved[..., i, j] = image[..., i - dy, j - dx]
    return moved


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("dx", "dy"), list(itertools.product(DISTANCES, DISTANCES)))
def test_filled_and_wrapped_shifts_equal_their_oracles(rng, dtype, dx, dy):
    images = rng.normal(size=(2, 1, 5, 6)).astype(dtype)
    kept = images.copy()
    filled, wrapped = shift(images, dx, dy), shift(images, dx, dy, "wrap")
    np.testing.assert_array_equal(filled, shift_loop(images, dx, dy, BACKGROUND).astype(dtype))
    np.testing.assert_array_equal(wrapped, np.roll(np.roll(images, dy, axis=2), dx, axis=3))
    assert filled.dtype == wrapped.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(images, kept)


def test_positive_shifts_go_right_and_down():
    image = np.zeros((3, 3))
    image[0, 0] = 1
    assert np.argwhere(shift(image, 2, 1, fill=0.0)).tolist() == [[1, 2]]
    assert np.argwhere(shift(image, -1, -1, "wrap")).tolist() == [[2, 2]]


@pytest.mark.parametrize("mode", ["fill", "wrap"])
def test_no_shift_gives_an_equal_array_of_its_own(rng, mode):
    image = rng.normal(size=(1, 4, 5))
    still = shift(image, 0, 0, mode)
    np.testing.assert_array_equal(still, image)
    assert not np.shares_memory(still, image)


def test_shifts_by_whole_pixels_add_up_in_a_wrapped_image(rng):
    image = rng.normal(size=(1, 4, 7))
    twice = shift(shift(image, 3, -2, "wrap"), 5, 1, "wrap")
    np.testing.assert_array_equal(twice, shift(image, 8, -1, "wrap"))


@pytest.mark.parametrize("background", [BACKGROUND, 0.0])
def test_ink_lost_equals_what_is_missing_after_the_shift(rng, background):
    ink = rng.random((1, 5, 6)) * (rng.random((1, 5, 6)) < 0.6)
    image = background + ink
    dxs = dys = np.array(DISTANCES)
    expected = [
        [1 - np.abs(shift_loop(image, dx, dy, background) - background).sum() / ink.sum() for dx in dxs]
        for dy in dys
    ]
    over = ink_lost_over(image, dxs, dys, background=background)
    np.testing.assert_allclose(over, expected, atol=1e-12)
    single = [[ink_lost(image, int(dx), int(dy), background=background) for dx in dxs] for dy in dys]
    np.testing.assert_allclose(single, expected, atol=1e-12)
    assert not ink_lost_over(image, dxs, dys, "wrap", background).any()


def test_ink_that_stays_in_the_frame_is_exactly_none_lost(rng):
    image = np.full((1, 8, 8), BACKGROUND)
    image[0, 3:5, 3:5] = rng.random((2, 2))
    assert ink_lost(image, 3, -3) == 0
    assert ink_lost(image, 4, 0) > 0
    assert ink_lost(image, 8, 0) == pytest.approx(1)
    assert ink_lost(np.full((1, 8, 8), BACKGROUND), 8, 8) == 0


def test_misuse_is_named():
    image = np.zeros((4, 4))
    with pytest.raises(ParameterError, match="'mode' parameter of shift must be one of 'fill', 'wrap'"):
        shift(image, 1, 0, "mirror")
    with pytest.raises(ParameterError, match=r"'dx' parameter of shift must be an int\. Got 0\.5"):
        shift(image, 0.5, 0)
    with pytest.raises(ShapeError, match=r"\(\.\.\., h, w\)"):
        shift(np.zeros(4), 1, 0)
    with pytest.raises(ParameterError, match="'dy' parameter of ink_lost"):
        ink_lost(image, 0, 1.5)
