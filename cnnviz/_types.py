"""Names for the array types that the engine passes around."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.intp]
ByteArray = NDArray[np.uint8]
Shape = tuple[int, ...]
Params = dict[str, FloatArray]

type ViewValue = str | int | float | bool | tuple[int | float, ...] | None
"""One choice in a panel."""

type View = Mapping[str, ViewValue]
"""The choices made in one panel, by name."""
