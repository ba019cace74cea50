"""Names for the array types that the engine passes around."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.intp]
ByteArray = NDArray[np.uint8]
Shape = tuple[int, ...]
Params = dict[str, FloatArray]
