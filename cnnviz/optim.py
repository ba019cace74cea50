"""Optimisers: SGD with momentum and Adam, with PyTorch's formulas. They update parameters in place."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, Params
from cnnviz._validation import check_choice, check_float
from cnnviz.errors import ParameterError, ShapeError
from cnnviz.network import Gradients, Network

OPTIMIZERS = ("sgd", "adam")

State = dict[str, NDArray[Any]]
Views = Callable[[FloatArray], Params]

# Where gradients are exactly 0 (units that do not fire, pixels that are never on) a running mean decays until
# it is below the smallest normal number. There it stays, and processors take a hundred times as long for
# products with it. So it becomes 0, a little earlier still, while its product with a learning rate is a
# normal number, too: so small that no parameter above 1e-18 changes by a bit. When this is done depends on
# the steps alone, which are part of the state, so that a run that was interrupted stays the same run.
_FLUSH_EVERY = 32
_FLUSH_BELOW = 2**14  # times the smallest normal number


class Optimizer(ABC):
    """Turns gradients into updates and remembers what it needs between them.

    It acts on each number alone, so that all parameters may be one vector; names come in only where its state
    is handed out, by what views such a vector as parameters: ``views(vector)`` is a dict from name to array.

    * `learning_rate`: Step length, > 0. May be changed at any time.
    * Raises ParameterError: if `learning_rate` is not a finite number > 0.
    """

    # Names of the arrays that are remembered for the parameters.
    _slots: tuple[str, ...] = ()

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self._steps = 0
        self._memory: Params = {}

    @property
    def learning_rate(self) -> float:
        """Step length, > 0."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._learning_rate = check_float(value, "learning_rate", type(self).__name__, above=0.0)

    def update(self, param: FloatArray, gradient: FloatArray) -> None:
        """Change parameters in place; their dtype stays.

        * `param`: writable ndarray, the same each time.
        * `gradient`: ndarray of the same shape. Values that run away become inf or NaN, without a warning.
        """
        self._steps += 1
        with np.errstate(over="ignore", invalid="ignore"):
            self._update(param, gradient)
            if self._steps % _FLUSH_EVERY == 0:
                for array in self._memory.values():
                    array *= np.abs(array) >= np.finfo(array.dtype).smallest_normal * _FLUSH_BELOW

    @abstractmethod
    def _update(self, param: FloatArray, gradient: FloatArray) -> None:
        """Change parameters in place."""

    def state(self, views: Views) -> State:
        """Return copies of all that is remembered, by name ("steps", "momentum.conv1.weight", ...)."""
        arrays: State = {
            f"{slot}.{name}": view.copy()
            for slot, array in self._memory.items()
            for name, view in views(array).items()
        }
        return {"steps": np.array(self._steps)} | arrays

    def load_state(self, state: Mapping[str, NDArray[Any]], param: FloatArray, views: Views) -> None:
        """Go on from what `state` returned; the arrays are copied.

        * Raises ParameterError: if it is not the state of such an optimiser with such parameters. What was
          remembered before then stays.
        """
        kind = type(self).__name__
        steps = np.asarray(state.get("steps"))
        if steps.shape != () or steps.dtype.kind not in "iu" or steps < 0:
            raise ParameterError(f"The state of {kind} must hold 'steps', an int >= 0.")
        slots = {key.partition(".")[0] for key in state}
        memory: Params = {slot: np.zeros_like(param) for slot in self._slots if slot in slots}
        missing = {f"{slot}.{name}": view for slot in memory for name, view in views(memory[slot]).items()}
        for key, array in state.items():
            if key == "steps":
                continue
            view = missing.pop(key, None)
            if view is None or view.shape != array.shape or array.dtype.kind != "f":
                raise ParameterError(
                    f"The state of {kind} has {key!r} of shape {array.shape} and dtype {array.dtype}, which "
                    "belongs to no parameter of this network."
                )
            view[...] = array
        if missing:
            raise ParameterError(f"The state of {kind} lacks {next(iter(missing))!r}.")
        self._steps, self._memory = int(steps), memory

    def _remembered(self, slot: str, param: FloatArray) -> FloatArray:
        """Return what is remembered of parameters: zeros at first."""
        if slot not in self._memory:
            self._memory[slot] = np.zeros_like(param)
        return self._memory[slot]


class SGD(Optimizer):
    """Stochastic gradient descent with momentum: `v = momentum * v + g`, `p = p - learning_rate * v`.

    * `learning_rate`: Step length, > 0.
    * `momentum`: How much of the last step is kept, from 0 (plain gradient descent) to 1.
    * Raises ParameterError: if a value lies outside its range.
    * Source: Sutskever, Martens, Dahl, Hinton (2013), On the importance of initialization and momentum in
      deep learning; in the form of torch.optim.SGD, where the rate is not inside the velocity.
    """

    _slots = ("momentum",)

    def __init__(self, learning_rate: float, momentum: float = 0.0) -> None:
        super().__init__(learning_rate)
        self.momentum = check_float(momentum, "momentum", "SGD", minimum=0.0, maximum=1.0)

    def _update(self, param: FloatArray, gradient: FloatArray) -> None:
        step = gradient
        if self.momentum:
            step = self._remembered("momentum", param)
            step *= self.momentum
            step += gradient
        param -= self.learning_rate * step


class Adam(Optimizer):
    """Adam: the running mean of the gradient over the root of that of its square, corrected for their start.

    * `learning_rate`: Step length, > 0.
    * Source: Kingma, Ba (2015), Adam: A Method for Stochastic Optimization, arXiv:1412.6980, algorithm 1.
    """

    _slots = ("mean", "square")

    # How much of the two running means is kept at each step, and what is added to the root of the second.
    beta1, beta2, eps = 0.9, 0.999, 1e-8

    def _update(self, param: FloatArray, gradient: FloatArray) -> None:
        mean = self._remembered("mean", param)
        square = self._remembered("square", param)
        mean += (1 - self.beta1) * (gradient - mean)
        square *= self.beta2
        square += (1 - self.beta2) * gradient * gradient
        scale = np.sqrt(square)
        scale /= (1 - self.beta2**self._steps) ** 0.5
        scale += self.eps
        param -= self.learning_rate / (1 - self.beta1**self._steps) * mean / scale


def make_optimizer(name: str, learning_rate: float, momentum: float = 0.0) -> Optimizer:
    """Make an optimiser from its settings.

    * `learning_rate`: Step length, > 0.
    * `momentum`: For "sgd", from 0 to 1. "adam" has its own and ignores it.
    * Raises ParameterError: if the name is unknown or a value lies outside its range.
    """
    if check_choice(name, "optimizer", "make_optimizer", OPTIMIZERS) == "adam":
        return Adam(learning_rate)
    return SGD(learning_rate, momentum)


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
