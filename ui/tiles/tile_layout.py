"""How tiles of equal size share an area."""

import math
from collections.abc import Iterator


def arrangements(count: int, wide: float, high: float, gap: float) -> Iterator[tuple[int, float, float]]:
    """Return every number of columns for so many tiles, with the room that it leaves for each of them."""
    for columns in range(1, count + 1):
        rows = math.ceil(count / columns)
        yield columns, (wide - (columns - 1) * gap) / columns, (high - (rows - 1) * gap) / rows
