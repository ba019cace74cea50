"""Colour maps, and the limits between which they are spread."""

import numpy as np
import pytest

from cnnviz.palette import GREYS, SEQUENTIAL, SIGNED, color_map, sequential_levels, signed_levels
from tests.oracles import luminance


def test_colour_maps_have_256_colours_and_cannot_be_changed() -> None:
    for name, table in (("signed", SIGNED), ("sequential", SEQUENTIAL), ("grey", GREYS)):
        assert color_map(name) is table
        assert table.shape == (256, 3)
        assert table.dtype == np.uint8
        with pytest.raises(ValueError, match="read-only"):
            table[0, 0] = 1
    with pytest.raises(ValueError, match="one of signed, sequential, grey"):
        color_map("jet")


def test_the_signed_map_goes_from_blue_through_white_to_red() -> None:
    assert SIGNED[0].tolist() == [0x21, 0x66, 0xAC]
    assert SIGNED[127].tolist() == SIGNED[128].tolist() == [0xF7, 0xF7, 0xF7]
    assert SIGNED[255].tolist() == [0xB2, 0x18, 0x2B]


def test_the_sequential_and_grey_maps_grow_lighter() -> None:
    for table in (SEQUENTIAL, GREYS):
        # Neighbours may differ by less than the rounding to whole numbers.
        values = [luminance("#" + "".join(f"{part:02X}" for part in row)) for row in table[::3].tolist()]
        assert np.all(np.diff(values) > 0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([-3.0, 1.0], (-3.0, 3.0)),
        ([0.0, 0.0], (-1.0, 1.0)),
        ([], (-1.0, 1.0)),
        ([np.nan, -np.inf, 0.5], (-0.5, 0.5)),
    ],
)
def test_signed_levels_are_symmetric(values: list[float], expected: tuple[float, float]) -> None:
    assert signed_levels(values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [([2.0, 5.0], (2.0, 5.0)), ([3.0, 3.0], (3.0, 4.0)), ([], (0.0, 1.0)), ([np.nan, 1.0, 2.0], (1.0, 2.0))],
)
def test_sequential_levels_always_rise(values: list[float], expected: tuple[float, float]) -> None:
    assert sequential_levels(values) == expected
