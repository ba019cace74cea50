"""What becomes of the winners of max-pooling windows."""

import numpy as np
import pytest

from cnnviz.errors import ParameterError, ShapeError
from cnnviz.translation import WinnerChange, compare, winner_map


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
    for kind, count in winners.counts.items():
        assert count.single == expected_counts[kind, False]
        assert count.tied == expected_counts[kind, True]
    assert sum(count.total for count in winners.counts.values()) == winners.category.size


def test_an_unmoved_image_keeps_every_winner(rng, binary_network):
    image = rng.normal(size=binary_network.input_shape)
    winners = compare(binary_network, image, 0, 0).winners
    assert (winners.category == WinnerChange.SAME).all()
    assert not winners.change.any()


def test_a_peak_that_stays_in_its_window_moves_with_an_equal_value():
    """One dot, no filter in the way: before and after the same value wins in another cell."""
    original = np.zeros((1, 4, 4))
    original[0, 0, 0] = 1
    moved = np.zeros((1, 4, 4))
    moved[0, 1, 1] = 1
    winners = winner_map(original, moved)
    assert winners.category[0].tolist() == [[WinnerChange.MOVED, WinnerChange.SAME], [WinnerChange.SAME] * 2]
    assert winners.tied[0].tolist() == [[False, True], [True, True]]
    assert winners.counts[WinnerChange.MOVED].single == 1
    assert winners.counts[WinnerChange.SAME].tied == 3


def test_misfits_are_named():
    with pytest.raises(ShapeError, match="two maps of the same shape"):
        winner_map(np.zeros((1, 4, 4)), np.zeros((1, 4, 5)))
    with pytest.raises(ShapeError, match="at least 5 x 5"):
        winner_map(np.zeros((1, 4, 4)), np.zeros((1, 4, 4)), 5)
    with pytest.raises(ParameterError, match="'size' parameter of winner_map"):
        winner_map(np.zeros((1, 4, 4)), np.zeros((1, 4, 4)), 0)
