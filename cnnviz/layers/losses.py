"""From logits to probabilities, classes and losses. One logit means two classes; `k` logits mean `k`.

Losses are computed from the logits themselves, never from rounded probabilities, so that neither a sure and
wrong answer gives log(0) nor a large logit overflows.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, IntArray
from cnnviz.errors import ParameterError, ShapeError
from cnnviz.layers.activations import sigmoid

Labels = NDArray[np.integer[Any]]


def softmax(logits: FloatArray) -> FloatArray:
    """Probabilities of `k` classes, `exp(logit) / sum of exp(logits)` in each row.

    Parameters
    ----------
    logits : ndarray of shape (n, k), float32 or float64

    Returns
    -------
    ndarray of the shape and dtype of `logits`; each row adds up to 1
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def class_probabilities(logits: FloatArray) -> FloatArray:
    """Probability of every class, also when there is one logit for two classes.

    Parameters
    ----------
    logits : ndarray of shape (n, k), float32 or float64

    Returns
    -------
    ndarray of shape (n, max(k, 2)), dtype of `logits`
    """
    if logits.shape[1] > 1:
        return softmax(logits)
    return np.concatenate([sigmoid(-logits), sigmoid(logits)], axis=1)


def predicted_classes(logits: FloatArray) -> IntArray:
    """Class with the largest probability; of equal ones the first.

    Parameters
    ----------
    logits : ndarray of shape (n, k), float32 or float64

    Returns
    -------
    ndarray of shape (n,), intp
    """
    if logits.shape[1] == 1:
        return (logits[:, 0] > 0).astype(np.intp)
    return logits.argmax(axis=1)


def losses_of_each(logits: FloatArray, labels: Labels) -> NDArray[np.float64]:
    """Cross-entropy of each sample: minus the log-probability that softmax gives the right class [1]_.

    With `d` the other logits minus that of the label, it is `log(1 + sum of exp(d))`: exact also where it is
    nearly 0, and never too large to compute. One logit `z` stands for the logits 0 and `z` [2]_.

    Parameters
    ----------
    logits : ndarray of shape (n, k), float32 or float64
    labels : integer ndarray of shape (n,)
        Each from 0 to k - 1; 0 or 1 for one logit.

    Returns
    -------
    ndarray of shape (n,), float64

    Raises
    ------
    ShapeError
        If the batch is empty or the shapes do not belong together.
    ParameterError
        If a label is no integer or no class.

    References
    ----------
    .. [1] Goodfellow, Bengio, Courville (2016), Deep Learning, section 6.2.2.3.
    .. [2] The same, section 6.2.2.2.
    """
    z, labels = _checked(logits, labels, "losses_of_each")
    if z.shape[1] == 1:
        z = np.concatenate([np.zeros_like(z), z], axis=1)
    each = np.arange(len(z))
    others = z - z[each, labels, None]
    others[each, labels] -= np.inf  # NaN where the logit itself has run away
    largest = np.maximum(others.max(axis=1), 0)
    sums = np.exp(others - largest[:, None]).sum(axis=1)
    # log(1 + s) where no other logit is larger; else the largest is taken out, so that exp cannot overflow.
    return np.where(largest > 0, largest + np.log(np.exp(-largest) + sums), np.log1p(sums))


def cross_entropy(logits: FloatArray, labels: Labels) -> float:
    """Mean of `losses_of_each`, which takes the same arguments and raises the same errors."""
    return float(losses_of_each(logits, labels).mean())


def cross_entropy_gradient(logits: FloatArray, labels: Labels) -> FloatArray:
    """Gradient of `cross_entropy`: `(probability - 1 for the label) / n`.

    Parameters
    ----------
    logits, labels
        As given to `losses_of_each`.

    Returns
    -------
    ndarray of the shape and dtype of `logits`
    """
    z, labels = _checked(logits, labels, "cross_entropy_gradient")
    if z.shape[1] == 1:
        return ((sigmoid(z) - labels[:, None]) / len(labels)).astype(logits.dtype, copy=False)
    d_logits = softmax(z)
    d_logits[np.arange(len(labels)), labels] -= 1
    d_logits /= len(labels)
    return d_logits.astype(logits.dtype, copy=False)


def _checked(logits: FloatArray, labels: Labels, operation: str) -> tuple[NDArray[np.float64], Labels]:
    """Return the logits in float64 and the labels as an array, or raise what is wrong with them."""
    labels = np.asarray(labels)
    if logits.ndim != 2 or logits.size == 0:
        raise ShapeError(f"{operation} needs logits of shape (n, k), n >= 1. Got {logits.shape} instead.")
    if labels.shape != logits.shape[:1]:
        raise ShapeError(f"{operation} needs labels of shape {logits.shape[:1]}. Got {labels.shape} instead.")
    if labels.dtype.kind not in "iu":
        raise ParameterError(f"{operation} needs integer labels. Got dtype {labels.dtype} instead.")
    classes = max(2, logits.shape[1])
    lowest, highest = int(labels.min()), int(labels.max())
    if lowest < 0 or highest >= classes:
        wrong = lowest if lowest < 0 else highest
        raise ParameterError(f"{operation} needs labels from 0 to {classes - 1}. Got {wrong} instead.")
    return logits.astype(np.float64, copy=False), labels
