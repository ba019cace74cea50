"""How weights start."""

from math import prod
from typing import Any, Literal

import numpy as np

from cnnviz._types import Params, Shape
from cnnviz.setting import one_of

Init = Literal["he", "glorot", "lab5"]


def init_field() -> Any:
    """A field of a layer that says how its weights start."""
    return one_of(
        (("lab5", "exercise"), ("he", "He"), ("glorot", "Glorot")),
        "he",
        taken="init",
        title="Start weights",
        tip="Spread of the random initial weights. Exercise: N(0, 1)/10 for filters, N(0, 1)/inputs for "
        "dense units. He suits ReLU, Glorot suits tanh and sigmoid.",
    )


def drawn(
    init: Init, shapes: dict[str, Shape], rng: "np.random.Generator", dtype: np.dtype[np.floating[Any]]
) -> Params:
    """Draw the weights of a layer from a normal distribution around 0; its bias starts at 0.

    Parameters
    ----------
    init : {"he", "glorot", "lab5"}
        Standard deviation `sqrt(2 / fan_in)` [1]_, `sqrt(2 / (fan_in + fan_out))` [2]_, or the laboratory
        exercise's: 1/10 for kernels and `1 / fan_in` for dense weights.
    shapes : dict
        Of "weight", `(out, in)` or `(f, c, k, k)`, and of "bias" if there is one. One output sees `fan_in`
        inputs, one input reaches `fan_out` outputs.
    dtype : numpy.dtype
        The numbers are drawn in float64 and rounded to this.

    References
    ----------
    .. [1] He, Zhang, Ren, Sun (2015), Delving Deep into Rectifiers, arXiv:1502.01852.
    .. [2] Glorot, Bengio (2010), Understanding the difficulty of training deep feedforward neural networks.
    """
    shape = shapes["weight"]
    fan_in, fan_out = prod(shape[1:]), shape[0] * prod(shape[2:])
    numbers = rng.standard_normal(shape)
    if init == "lab5":
        # Divided, as in the exercise, and not scaled by a rounded 1/10: the bits are the same.
        numbers = numbers / (10 if len(shape) == 4 else fan_in)
    else:
        numbers = numbers * (2 / fan_in if init == "he" else 2 / (fan_in + fan_out)) ** 0.5
    params: Params = {"weight": numbers.astype(dtype)}
    return params | ({"bias": np.zeros(shapes["bias"], dtype)} if "bias" in shapes else {})
