"""How weights start."""

from typing import Any, Literal

import numpy as np

from cnnviz._types import FloatArray, Shape

Init = Literal["he", "glorot", "lab5"]
INITS: tuple[Init, ...] = ("he", "glorot", "lab5")


def draw_weight(
    init: Init, shape: Shape, rng: "np.random.Generator", dtype: np.dtype[np.floating[Any]]
) -> FloatArray:
    """Draw a weight array from a normal distribution around 0.

    Parameters
    ----------
    init : {"he", "glorot", "lab5"}
        Standard deviation `sqrt(2 / fan_in)` [1]_, `sqrt(2 / (fan_in + fan_out))` [2]_, or the laboratory
        exercise's: 1/10 for kernels and `1 / fan_in` for dense weights.
    shape : tuple of int
        `(out, in)` or `(f, c, k, k)`. One output sees `fan_in` inputs, one input reaches `fan_out` outputs.
    dtype : numpy.dtype
        The numbers are drawn in float64 and rounded to this.

    Returns
    -------
    ndarray of the given shape and dtype

    References
    ----------
    .. [1] He, Zhang, Ren, Sun (2015), Delving Deep into Rectifiers, arXiv:1502.01852.
    .. [2] Glorot, Bengio (2010), Understanding the difficulty of training deep feedforward neural networks.
    """
    fan_in = int(np.prod(shape[1:]))
    fan_out = shape[0] * int(np.prod(shape[2:]))
    if init == "lab5":
        # Divided, as in the exercise, and not scaled by a rounded 1/10: the bits are the same.
        return (rng.standard_normal(shape) / (10 if len(shape) == 4 else fan_in)).astype(dtype)
    variance = 2 / fan_in if init == "he" else 2 / (fan_in + fan_out)
    return (rng.standard_normal(shape) * variance**0.5).astype(dtype)
