"""Types that the engine passes around."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import cnnviz

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.intp]
ByteArray = NDArray[np.uint8]
Shape = tuple[int, ...]
Params = dict[str, FloatArray]

Progress = Callable[[float], None]
"""Is told which share of the work is done, from 0 to 1, again and again; what it raises ends the work."""

type ViewValue = str | int | float | bool | tuple[int | float, ...] | None
"""One choice in a panel."""

type View = Mapping[str, ViewValue]
"""The choices made in one panel, by name."""


class Pictured:
    """Base of what `cnnviz.show` has a picture of. What draws it is loaded when a notebook asks for it."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Leave the numbers out, which are thousands: dataclasses here have ``repr=False``."""
        return f"<{type(self).__name__}>"

    def _repr_svg_(self) -> str:
        return cnnviz.show(self)._repr_svg_()  # pyright: ignore[reportPrivateUsage] # notebooks ask for it
