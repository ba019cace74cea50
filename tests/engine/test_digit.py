"""Drawings and photos become images like those of MNIST."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from cnnviz.datasets import load_mnist
from cnnviz.digit import find_ink, normalize_digit, shrink
from cnnviz.errors import ParameterError, ShapeError


@pytest.fixture(scope="module")
def digits():
    return load_mnist(tuple("0123456789")).test_images[:300, 0]


@pytest.fixture(scope="module")
def binary():
    return load_mnist(("0", "1"))


def enlarged(image, factor):
    side = (image.shape[1] * factor, image.shape[0] * factor)
    return np.asarray(Image.fromarray(image).resize(side, Image.Resampling.BICUBIC))


def center_of_mass(image):
    levels = image.astype(float)
    rows, columns = np.indices(image.shape)
    return (levels * rows).sum() / levels.sum(), (levels * columns).sum() / levels.sum()


def box_sides(image):
    rows, columns = np.nonzero(image)
    return rows.max() - rows.min() + 1, columns.max() - columns.min() + 1


def test_images_of_mnist_come_back_as_they_are(digits):
    for image in digits:
        np.testing.assert_array_equal(normalize_digit(image), image)


@pytest.mark.parametrize("factor", [2, 9, 10])
def test_size_and_place_in_the_drawing_do_not_matter(digits, factor):
    for image in digits[:40]:
        drawing = np.zeros((400, 330), np.uint8)
        large = np.kron(image, np.ones((factor, factor), np.uint8))
        drawing[100 : 100 + len(large), 20 : 20 + len(large)] = large
        np.testing.assert_array_equal(normalize_digit(drawing), image)


def _dots():
    pixels = np.zeros((19, 32), np.uint8)
    pixels[0, 0] = pixels[9, 31] = pixels[18, 11] = 255
    return pixels


SIDES = st.tuples(st.integers(1, 60), st.integers(1, 60))


@example(_dots())
@given(npst.arrays(np.uint8, SIDES, elements=st.sampled_from([0, 0, 0, 9, 255])))
def test_whatever_is_drawn_fits_the_box_and_is_centred(pixels):
    result = normalize_digit(pixels)
    assert result.shape == (28, 28)
    assert result.any() == pixels.any()
    if not pixels.any():
        return
    assert max(box_sides(result)) <= 20
    assert abs(int(result.max()) - int(pixels.max())) <= 1
    top, left = np.argwhere(result.any(axis=1))[0, 0], np.argwhere(result.any(axis=0))[0, 0]
    height, width = box_sides(result)
    for center, first, side in zip(center_of_mass(result), (top, left), (height, width), strict=True):
        # Where the frame leaves room; a digit with all its ink at one end touches the edge instead.
        assert 13.5 - 1e-9 <= center < 14.5 or first == 0 or first + side == 28


@pytest.mark.parametrize("size", [(28, 28), (32, 32), (20, 30), (8, 8), (1, 1), (64, 48)])
def test_any_frame(digits, size):
    result = normalize_digit(enlarged(digits[0], 8), *size)
    assert result.shape == size
    if min(size) >= 20:
        height, width = box_sides(result)
        assert height == round(size[0] * 20 / 28) or width == round(size[1] * 20 / 28)
        center = center_of_mass(result)
        assert abs(center[0] - size[0] / 2) <= 0.5
        assert abs(center[1] - size[1] / 2) <= 0.5


def test_neither_a_hairline_nor_a_dot_vanishes():
    drawing = np.zeros((1000, 1000), np.uint8)
    drawing[100:900, 500] = 255
    result = normalize_digit(drawing)
    assert result.max() == 255
    assert box_sides(result) == (20, 1)
    assert np.count_nonzero(normalize_digit(_dots())) >= 3


def paper_photo(image, rng, *, dark):
    """Photograph of a digit on paper (or in chalk on a board) in uneven light, with a grainy camera."""
    ink = enlarged(image, 12).astype(float) / 255
    rows, columns = np.indices(ink.shape) / len(ink)
    ground = 205 - 70 * columns - 30 * rows if dark else 40 + 25 * columns
    photo = ground * (1 - ink) + (40 if dark else 225) * ink + rng.normal(0, 4, ink.shape)
    return np.clip(photo, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("dark", [True, False], ids=["paper", "blackboard"])
def test_the_digit_in_a_photo_is_found_as_its_test_image_shows_it(binary, dark):
    rng = np.random.default_rng(8)
    images = binary.test_images[:40, 0]
    inks = [find_ink(paper_photo(image, rng, dark=dark)) for image in images]
    assert all(ink.is_dark == dark for ink in inks)
    own = [normalize_digit(ink.pixels) for ink in inks]
    likeness = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(own, images, strict=True)]
    assert np.median(likeness) > 0.9


def test_paper_is_exactly_zero_and_full_ink_exactly_255_and_ink_may_touch_the_border(digits):
    ink = find_ink(paper_photo(digits[3], np.random.default_rng(0), dark=True)).pixels
    assert (ink[enlarged(digits[3], 12) == 0] == 0).mean() > 0.995
    assert ink.max() == 255
    close = 255 - enlarged(digits[0], 10)[40:240, 40:240]
    for side in (close, np.ascontiguousarray(close[60:])):
        ink = find_ink(side)
        assert ink.is_dark
        assert ink.pixels[side < 60].mean() > 240
        assert ink.pixels[side == 255].mean() < 3


def test_inverting_a_clean_drawing_changes_nothing_unless_the_polarity_is_forced(digits):
    for image in digits[:20]:
        drawing = enlarged(image, 6)
        light, dark = find_ink(drawing), find_ink(255 - drawing)
        assert (light.is_dark, dark.is_dark) == (False, True)
        np.testing.assert_allclose(light.pixels.astype(int), dark.pixels, atol=2)  # halves round up
        wrong = find_ink(drawing, is_dark=True)
        assert wrong.is_dark
        assert not wrong.pixels[drawing > 128].any()


def test_specks_of_dust_are_left_out(digits):
    drawing = np.pad(enlarged(digits[0], 10), 60)
    dusty = drawing.copy()
    dusty[5:8, 5:8] = 255
    dusty[390:393, 380:384] = 255
    np.testing.assert_array_equal(find_ink(dusty).pixels, find_ink(drawing).pixels)


@pytest.mark.parametrize("level", [0, 7, 255])
def test_an_empty_sheet_has_no_ink(level):
    rng = np.random.default_rng(level)
    assert not find_ink(np.full((40, 30), level, np.uint8)).pixels.any()
    grain = np.clip(level + rng.normal(0, 3, (60, 50)), 0, 255).astype(np.uint8)
    assert not normalize_digit(find_ink(grain).pixels).any()


@given(npst.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_no_image_is_too_odd(pixels):
    for is_dark in (None, True, False):
        ink = find_ink(pixels, is_dark=is_dark)
        assert ink.pixels.shape == pixels.shape
        assert normalize_digit(ink.pixels).shape == (28, 28)


def test_shrinking_keeps_the_aspect_and_leaves_small_images_alone():
    small = np.zeros((10, 20), np.uint8)
    assert shrink(small) is small
    wide = np.tile(np.array([0, 200], np.uint8), (500, 2000))
    result = shrink(wide, 1000)
    assert result.shape == (125, 1000)
    assert (result == 100).all()


def test_what_is_no_image_is_refused():
    for wrong in (np.zeros((3, 3)), np.zeros((1, 3, 3), np.uint8), np.zeros((0, 3), np.uint8)):
        for function in (normalize_digit, find_ink, shrink):
            with pytest.raises(ShapeError):
                function(wrong)
    with pytest.raises(ParameterError, match="height"):
        normalize_digit(np.zeros((3, 3), np.uint8), 0)
