"""Numbers in the cells of a map: what differs looks different, and nothing is written without room."""

import numpy as np
import pytest

from cnnviz.drawing import LIGHT, Cells, Colors, cell_numbers
from cnnviz.quantities import ALMOST


def written(values: list[list[float]], side: float, *, is_window: bool) -> list[str]:
    """What stands in the cells of a map, a mark above a number before it."""
    array = np.array(values)
    groups = np.zeros(array.shape, int) if is_window else None
    grid = Cells(*array.shape, 0, 0, side)
    texts = [""] * array.size
    for text in cell_numbers(array, Colors.of("signed", array), grid, LIGHT, groups):
        row, col = grid.at(text.x, text.y)
        texts[row * array.shape[1] + col] += text.words
    return texts if any(texts) else []


def test_unequal_values_of_a_window_look_unequal_and_equal_ones_equal() -> None:
    window = [[-0.352, -0.353], [-0.352, -0.3]]
    assert len(set(written(window, 90, is_window=False))) == 2
    texts = written(window, 90, is_window=True)
    assert sorted(texts.count(text) for text in set(texts)) == [1, 1, 2]


def test_where_there_is_no_room_for_the_difference_the_cell_says_so() -> None:
    texts = written([[-0.352, -0.3521], [-0.9, -0.1]], 48, is_window=True)
    assert sum(text.startswith(ALMOST) for text in texts) == 2
    assert not any(
        text.startswith(ALMOST) for text in written([[-0.35, -0.35], [-0.9, -0.1]], 48, is_window=True)
    )


@pytest.mark.parametrize(("side", "text"), [(90, "+0.35210"), (50, "≈+0.35"), (44, "≈+0.35"), (35, "≈+0.4")])
def test_a_mark_costs_no_figure_where_there_is_room_above_the_number(side: int, text: str) -> None:
    texts = written([[0.3521, 0.35212], [0.9, 0.1]], side, is_window=True)
    assert texts[0] == text


def test_without_room_for_a_figure_nothing_is_written() -> None:
    values = [[0.041, 0.032], [-0.043, 0.0]]
    assert written(values, 60, is_window=False) == ["+0.041", "+0.032", "−0.043", "0"]
    assert written(values, 45, is_window=False) == ["+0.04", "+0.03", "−0.04", "0"]
    assert written(values, 35, is_window=False) == []
