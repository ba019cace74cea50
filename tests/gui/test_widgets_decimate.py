import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ui.plots.decimate import MinMaxPyramid
from ui.plots.plot_range import SteadyRange, extent, nice_ceil


def columns(x: np.ndarray, y: np.ndarray, lo: float, hi: float, count: int) -> list[tuple[float, float]]:
    """Lowest and highest value in each of some columns of pixels, by brute force."""
    edges = np.linspace(lo, hi, count + 1)
    found = []
    for left, right in itertools.pairwise(edges):
        inside = y[(x >= left) & (x <= right)]
        found.append(
            (float(np.nanmin(inside)), float(np.nanmax(inside))) if inside.size else (np.nan, np.nan)
        )
    return found


def test_a_short_curve_is_returned_as_it_is() -> None:
    x, y = np.arange(10.0), np.arange(10.0) ** 2
    shown = MinMaxPyramid(x, y).view(0, 9, 100)
    np.testing.assert_array_equal(shown[0], x)
    np.testing.assert_array_equal(shown[1], y)


@pytest.mark.parametrize("count", [5_000, 100_000, 1_000_003])
def test_a_long_curve_keeps_every_peak_and_the_order_of_x(count: int) -> None:
    rng = np.random.default_rng(count)
    x, y = np.arange(count, dtype=float), rng.normal(size=count)
    peaks = rng.choice(count, 40, replace=False)
    y[peaks] = np.arange(100, 140)
    shown_x, shown_y = MinMaxPyramid(x, y).view(0, count - 1, 300)
    assert shown_x.size <= 4 * 300 + 4
    assert np.all(np.diff(shown_x) >= 0)
    assert shown_y.max() == 139
    assert shown_y.min() == y.min()
    assert (shown_x[0], shown_x[-1]) == (0, count - 1)


@given(
    seed=st.integers(0, 10_000),
    count=st.integers(2_000, 60_000),
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    bins=st.integers(20, 400),
)
@settings(max_examples=60)
def test_the_band_drawn_covers_the_data_and_exceeds_it_by_no_more_than_a_neighbouring_run(
    seed: int, count: int, ends: tuple[float, float], bins: int
) -> None:
    rng = np.random.default_rng(seed)
    x, y = np.arange(count, dtype=float), rng.normal(size=count).cumsum()
    lo, hi = sorted(np.round(np.array(ends) * (count - 1)))
    shown_x, shown_y = MinMaxPyramid(x, y).view(lo, hi, bins)
    inside = y[int(lo) : int(hi) + 1]
    assert shown_y.min() <= inside.min()
    assert shown_y.max() >= inside.max()
    assert shown_x.size <= 4 * bins + 4
    assert np.all(np.diff(shown_x) >= 0)
    # Runs at the ends may reach beyond the view, but only by their own length.
    run = int(np.ceil((hi - lo + 2) / bins)) * 2 + 16
    around = y[max(int(lo) - run, 0) : int(hi) + run + 1]
    assert around.min() <= shown_y.min()
    assert shown_y.max() <= around.max()


def test_zooming_in_shows_the_points_themselves_and_one_beyond_each_end() -> None:
    x = np.arange(100_000.0)
    shown_x, shown_y = MinMaxPyramid(x, np.sin(x)).view(500.5, 510.5, 300)
    np.testing.assert_array_equal(shown_x, np.arange(500.0, 512.0))
    np.testing.assert_array_equal(shown_y, np.sin(shown_x))


@pytest.mark.parametrize("part", [1, 7, 500, 3001])
def test_extending_is_the_same_as_building_at_once(part: int) -> None:
    rng = np.random.default_rng(0)
    count = 20_000 if part > 1 else 3_000
    x, y = np.arange(count, dtype=float), rng.normal(size=count)
    grown = MinMaxPyramid()
    for start in range(0, count, part):
        grown.extend(x[start : start + part], y[start : start + part])
    whole = MinMaxPyramid(x, y)
    for lo, hi, bins in ((0, count, 100), (100, count / 2, 30), (count - 50, count, 200)):
        for a, b in zip(grown.view(lo, hi, bins), whole.view(lo, hi, bins), strict=True):
            np.testing.assert_array_equal(a, b)


def test_the_band_is_that_of_each_column_of_pixels() -> None:
    rng = np.random.default_rng(3)
    x, y = np.arange(64_000.0), rng.normal(size=64_000)
    shown = MinMaxPyramid(x, y).view(0, 63_999, 1000)
    for (low, high), (shown_low, shown_high) in zip(
        columns(x, y, 0, 63_999, 20), columns(*shown, 0, 63_999, 20), strict=True
    ):
        assert shown_low == pytest.approx(low, abs=0.6)
        assert shown_high == pytest.approx(high, abs=0.6)


def test_gaps_do_not_hide_their_neighbours() -> None:
    y = np.full(10_000, np.nan)
    y[5_000] = 3.0
    shown_x, shown_y = MinMaxPyramid(np.arange(10_000), y).view(0, 9_999, 50)
    assert np.nanmax(shown_y) == 3.0
    assert np.isnan(shown_y).sum() > 90
    assert abs(shown_x[np.nanargmax(shown_y)] - 5_000) <= 10_000 / 50


def test_x_must_rise_and_go_with_y() -> None:
    curve = MinMaxPyramid([0, 1], [0, 0])
    with pytest.raises(ValueError, match="must rise"):
        curve.extend([0.5], [0])
    with pytest.raises(ValueError, match="must rise"):
        curve.extend([3, 2], [0, 0])
    with pytest.raises(ValueError, match="as many x as y"):
        curve.extend([2, 3], [0])
    assert curve.size == 2


@pytest.mark.parametrize(
    ("value", "expected"), [(0.7, 0.8), (1.0, 1.0), (1.01, 1.2), (23.0, 25.0), (9e-5, 1e-4)]
)
def test_round_numbers_above(value: float, expected: float) -> None:
    assert nice_ceil(value) == pytest.approx(expected)


def test_the_extent_leaves_out_gaps_and_a_share_of_the_largest() -> None:
    values = np.concatenate([np.linspace(0, 1, 1000), [np.nan, np.inf, 50.0]])
    assert extent(values) == (0, 50)
    low, high = extent(values, 0.01) or (None, None)
    assert low == 0
    assert high == pytest.approx(0.99, abs=0.02)
    assert extent(np.array([np.nan])) is None


def test_an_axis_keeps_still_while_data_grow_inside_it() -> None:
    axis = SteadyRange()
    ranges = [axis.update(0.0, high, 0.0, None) for high in np.linspace(1.0, 8.0, 400)]
    changes = sum(a != b for a, b in itertools.pairwise(ranges))
    assert all(
        low == 0 and high >= wanted
        for (low, high), wanted in zip(ranges, np.linspace(1, 8, 400), strict=True)
    )
    assert changes <= 8


def test_an_axis_shrinks_only_when_it_is_far_too_large() -> None:
    axis = SteadyRange()
    first = axis.update(0.0, 10.0, 0.0, None)
    assert axis.update(0.0, 5.0, 0.0, None) == first
    assert axis.update(0.0, 1.0, 0.0, None)[1] < 2


def test_fixed_ends_are_kept() -> None:
    low, high = SteadyRange().update(0.93, 0.99, None, 1.0)
    assert high == 1.0
    assert 0.85 <= low <= 0.93
