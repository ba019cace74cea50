"""Every measure against plain arithmetic, and the values it must take in clear cases."""

import math

import numpy as np
import pytest

from cnnviz.errors import ParameterError, ShapeError
from cnnviz.translation import (
    BACKGROUND,
    STAGES,
    Axis,
    StageGrid,
    WinnerChange,
    compare,
    cosine_similarity,
    ink_lost,
    relative_change,
    shift,
    winner_map,
)
from cnnviz.translation.measures import relative_to, unexplained


def equivariance_residual(reference, moved, grid, dx, dy):
    return float(relative_to(reference, unexplained(reference, moved, grid, dx, dy))[0])


def lost(image, dx, dy, background=BACKGROUND):
    return float(ink_lost(image, np.array([dx]), np.array([dy]), background=background)[0, 0])


def norm(values):
    return math.sqrt(math.fsum(float(value) ** 2 for value in np.ravel(values)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1e-12, 1.0, 1e12])
def test_unchanged_features_are_exactly_unchanged_and_without_features_nothing_is_defined(rng, dtype, size):
    reference = (size * rng.normal(size=(3, 5, 5))).astype(dtype)
    assert relative_change(reference, reference.copy()) == 0
    assert cosine_similarity(reference, reference.copy()) == 1
    assert relative_change(reference, -reference) == pytest.approx(2)
    assert cosine_similarity(reference, -reference) == -1
    assert cosine_similarity(reference, 7 * reference) == pytest.approx(1)
    nothing = np.zeros_like(reference)
    assert relative_change(reference, nothing) == 1
    assert np.isnan(relative_change(nothing, reference))
    assert np.isnan([cosine_similarity(nothing, reference), cosine_similarity(reference, nothing)]).all()
    assert np.isnan(equivariance_residual(nothing, reference, StageGrid.of_pixels(5, 5), 0, 0))


def test_equivariance_residual_by_hand():
    """Two cells of stride 2 side by side; the image moved by one cell to the right."""
    grid = StageGrid(Axis(1, 2, 0, 1), Axis(3, 2, 0, 3))
    reference = np.array([[[3.0, 4.0, 0.0]]])
    size = 5.0
    assert equivariance_residual(reference, np.array([[[9.0, 3.0, 4.0]]]), grid, 2, 0) == 0
    assert equivariance_residual(reference, np.array([[[9.0, 3.0, 6.0]]]), grid, 2, 0) == 2 / size
    # Half a cell: cell 1 should lie between 3 and 4, cell 2 between 4 and 0; cell 0 has no left neighbour.
    moved = np.array([[[9.0, 4.5, 2.0]]])
    assert equivariance_residual(reference, moved, grid, 1, 0) == 1 / size
    assert np.isnan(equivariance_residual(reference, moved, grid, 6, 0))
    assert np.isnan(equivariance_residual(reference, moved, grid, 0, 1))


def test_features_are_relative_to_a_blank_image(rng, binary_network):
    """With a constant added to all pixels and all blank pixels, a linear stage sees the same ink."""
    ink = rng.random(binary_network.input_shape)
    dark = compare(binary_network, ink - 0.5, 1, 0, background=-0.5).stages
    bright = compare(binary_network, ink + 3, 1, 0, background=3.0).stages
    for stage in STAGES:
        if stage in dark:
            assert dark[stage].measured() == pytest.approx(bright[stage].measured(), rel=1e-9)
    raw = dark["convolution"].measured(relative=False)["relative_change"]
    assert raw != pytest.approx(bright["convolution"].measured(relative=False)["relative_change"], rel=0.1)


def test_a_comparison_holds_what_the_shift_made(rng, binary_network):
    image = rng.random(binary_network.input_shape) - 0.5
    comparison = compare(binary_network, image, 2, -1)
    pixels = comparison.stages["pixels"]
    np.testing.assert_array_equal(pixels.original, image)
    np.testing.assert_array_equal(pixels.moved, shift(image, 2, -1))
    np.testing.assert_array_equal(pixels.blank, np.full(image.shape, -0.5))
    assert comparison.ink_lost > 0
    measured = pixels.measured()
    assert measured["relative_change"] == pytest.approx(norm(pixels.moved - image) / norm(image + 0.5))
    np.testing.assert_array_equal(pixels.interior, np.pad(np.ones((8, 7), bool), ((0, 1), (2, 0))))
    np.testing.assert_array_equal(
        pixels.expected()[:, pixels.interior], pixels.features()[1][:, pixels.interior]
    )


@pytest.mark.parametrize("size", [1, 2, 3])
def test_categories_equal_a_plain_loop(rng, size):
    """Four values only, so that ties, moves and changes are all common."""
    original, moved = rng.integers(0, 4, size=(2, 3, 7, 8)).astype("float64")
    winners = winner_map(original, moved, size)
    expected_counts = {(kind, tied): 0 for kind in WinnerChange for tied in (False, True)}
    assert winners.category.shape == (3, 7 // size, 8 // size)
    for c, i, j in np.ndindex(winners.category.shape):
        before, after = (
            maps[c, i * size : (i + 1) * size, j * size : (j + 1) * size] for maps in (original, moved)
        )
        first, second = before.ravel().tolist(), after.ravel().tolist()
        tied = first.count(max(first)) > 1 or second.count(max(second)) > 1
        if max(first) != max(second):
            kind = WinnerChange.CHANGED
        elif first.index(max(first)) == second.index(max(second)):
            kind = WinnerChange.SAME
        else:
            kind = WinnerChange.MOVED
        expected_counts[kind, tied] += 1
        assert winners.category[c, i, j] == kind
        assert winners.tied[c, i, j] == tied
        assert winners.change[c, i, j] == max(second) - max(first)
        assert winners.original_winner[c, i, j] == first.index(max(first))
        assert winners.moved_winner[c, i, j] == second.index(max(second))
        shown = winners.window(c, i, j)
        np.testing.assert_array_equal(shown[0], before)
        np.testing.assert_array_equal(shown[1], after)
    for kind, counts in winners.counts().items():
        assert counts == (expected_counts[kind, False], expected_counts[kind, True])
    assert sum(map(sum, winners.counts().values())) == winners.category.size


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
@pytest.mark.parametrize("dx", DISTANCES)
def test_filled_and_wrapped_shifts_equal_their_oracles(rng, dtype, dx):
    images = rng.normal(size=(2, 1, 5, 6)).astype(dtype)
    kept = images.copy()
    for dy in DISTANCES:
        filled, wrapped = shift(images, dx, dy), shift(images, dx, dy, "wrap")
        np.testing.assert_array_equal(filled, shift_loop(images, dx, dy, BACKGROUND).astype(dtype))
        np.testing.assert_array_equal(wrapped, np.roll(np.roll(images, dy, axis=2), dx, axis=3))
        assert filled.dtype == wrapped.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(images, kept)
        assert not any(np.shares_memory(each, images) for each in (filled, wrapped))


@pytest.mark.parametrize("background", [BACKGROUND, 0.0])
def test_ink_lost_equals_what_is_missing_after_the_shift(rng, background):
    ink = rng.random((1, 5, 6)) * (rng.random((1, 5, 6)) < 0.6)
    image = background + ink
    dxs = dys = np.array(DISTANCES)
    expected = [
        [1 - np.abs(shift_loop(image, dx, dy, background) - background).sum() / ink.sum() for dx in dxs]
        for dy in dys
    ]
    over = ink_lost(image, dxs, dys, background=background)
    np.testing.assert_allclose(over, expected, atol=1e-12)
    single = [[lost(image, int(dx), int(dy), background) for dx in dxs] for dy in dys]
    np.testing.assert_allclose(single, expected, atol=1e-12)
    assert not ink_lost(image, dxs, dys, "wrap", background).any()


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: relative_change(np.zeros((1, 2, 2)), np.zeros((1, 2, 3))), ShapeError, r"Got \(1, 2, 3\)"),
        (lambda: winner_map(np.zeros((1, 4, 4)), np.zeros((1, 4, 5))), ShapeError, "maps of the same shape"),
        (lambda: winner_map(*np.zeros((2, 1, 4, 4)), 5), ShapeError, "at least 5 x 5"),
        (lambda: winner_map(*np.zeros((2, 1, 4, 4)), 0), ParameterError, "'size' parameter of winner_map"),
        (lambda: shift(np.eye(4), 1, 0, "mirror"), ParameterError, "'mode' .* one of 'fill', 'wrap'"),
        (lambda: shift(np.eye(4), 0.5, 0), ParameterError, r"'dx' parameter of shift .* int\. Got 0\.5"),
        (lambda: shift(np.zeros(4), 1, 0), ShapeError, r"\(\.\.\., h, w\)"),
    ],
)
def test_misuse_is_named(call, error, said):
    with pytest.raises(error, match=said):
        call()
