"""One step down the gradient, and the gradient at the image."""

import numpy as np

from cnnviz._types import FloatArray
from cnnviz._validation import check_float, check_int
from cnnviz.errors import ShapeError
from cnnviz.network import Gradients, Network
from cnnviz.routing._bench import one_sample


def apply_update(network: Network, gradients: Gradients, learning_rate: float) -> Network:
    """Take one step of plain gradient descent, `w - learning_rate * dL/dw`, on a copy.

    Parameters
    ----------
    network : Network
        Stays as it is.
    gradients : Gradients
        What `network.gradients` returned.
    learning_rate : float
        Step length, > 0.

    Returns
    -------
    Network
        Equal to what `cnnviz.optim.SGD` without momentum would make of it, to the bit.

    Raises
    ------
    ShapeError
        If the gradients belong to another network.
    ParameterError
        If `learning_rate` is not a finite number > 0.

    References
    ----------
    .. [1] Goodfellow, Bengio, Courville (2016), Deep Learning, algorithm 8.1.
    """
    rate = check_float(learning_rate, "learning_rate", "apply_update", above=0.0)
    given = {name: gradient.shape for name, gradient in gradients.params.items()}
    if given != {name: array.shape for name, array in network.params.items()}:
        raise ShapeError("The gradients belong to another network: their names or shapes differ.")
    with np.errstate(over="ignore", invalid="ignore"):
        return network.with_params(
            {name: network.params[name] - rate * gradient for name, gradient in gradients.params.items()}
        )


@np.errstate(over="ignore", invalid="ignore")
def saliency(network: Network, x: FloatArray, label: int) -> FloatArray:
    """Gradient of the loss at each pixel: where the image would have to change to change the loss.

    Parameters
    ----------
    network : Network
    x : ndarray of shape (c, h, w) or (1, c, h, w)
        One sample.
    label : int
        Index of its class.

    Returns
    -------
    ndarray of the sample's shape (c, h, w), in the network's dtype
        Signed: where it is positive, a brighter pixel increases the loss.

    Raises
    ------
    ShapeError
        If `x` is not one sample of the network's input.
    ParameterError
        If there is no such class.

    References
    ----------
    .. [1] Simonyan, Vedaldi, Zisserman (2014), Deep Inside Convolutional Networks, arXiv:1312.6034 (there of
       the class score, and without the sign).
    """
    check_int(label, "label", "saliency", 0, network.classes_count - 1)
    return network.gradients(one_sample(network, x), np.array([label])).input[0]
