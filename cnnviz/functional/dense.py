"""The weighted sums of a fully connected layer."""

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.errors import ShapeError


def dense(x: FloatArray, weight: FloatArray, bias: FloatArray | None = None) -> FloatArray:
    """Weighted sums of all features, `x @ weight.T + bias`, one sample at a time.

    A matrix product over the whole batch would round a sample differently with its neighbours; the same
    product for each sample alone does not, so a prediction never depends on what else is in the batch.

    Parameters
    ----------
    x : ndarray of shape (n, d), float32 or float64
    weight : ndarray of shape (units, d), same dtype as `x`
    bias : ndarray of shape (units,), optional

    Returns
    -------
    ndarray of shape (n, units), same dtype as `x`

    Raises
    ------
    ShapeError
        If the number of features differs.
    """
    if x.ndim != 2 or weight.ndim != 2 or x.shape[1] != weight.shape[1]:
        raise ShapeError(
            f"dense needs x (n, d) and weight (units, d). Got {x.shape} and {weight.shape} instead."
        )
    out = np.matmul(x[:, None, :], weight.T)[:, 0]
    if bias is not None:
        out += bias
    return out
