"""One step down the gradient."""

import numpy as np

from cnnviz._validation import check_float
from cnnviz.errors import ShapeError
from cnnviz.network import Gradients, Network


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
