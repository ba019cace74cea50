"""An optimiser for parameters that lie in one vector: one update for all, a memory with all their names."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz.engines import Engine
from cnnviz.errors import ParameterError
from cnnviz.optim import Optimizer

_ALL = "parameters"

State = Mapping[str, NDArray[Any]]


class VectorOptimizer:
    """Updates an engine's parameters with its gradient.

    * `rule`: must not be used for anything else.
    """

    def __init__(self, rule: Optimizer, engine: Engine) -> None:
        self.rule, self._engine = rule, engine
        self._vectors, self._gradients = {_ALL: engine.vector}, {_ALL: engine.gradient}

    def update(self) -> None:
        """Change the engine's parameters in place."""
        self.rule.update(self._vectors, self._gradients)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return what `Optimizer.state` would for single parameters: "steps", "momentum.conv1.weight", ..."""
        named: dict[str, NDArray[Any]] = {}
        for key, array in self.rule.state().items():
            slot, _, name = key.partition(".")
            if name:
                views = self._engine.views(array)
                named |= {f"{slot}.{parameter}": view.copy() for parameter, view in views.items()}
            else:
                named[key] = array
        return named

    def load_state(self, state: State) -> None:
        """Go on from what `state` returned.

        * Raises ParameterError: if it is not the state of such an optimiser with these parameters.
        """
        joined: dict[str, NDArray[Any]] = {}
        filled: dict[str, dict[str, NDArray[Any]]] = {}
        for key, array in state.items():
            slot, _, name = key.partition(".")
            if not name:
                joined[key] = array
                continue
            if slot not in filled:
                joined[f"{slot}.{_ALL}"] = np.zeros_like(self._engine.vector)
                filled[slot] = self._engine.views(joined[f"{slot}.{_ALL}"])
            view = filled[slot].pop(name, None)
            if view is None or view.shape != array.shape or array.dtype.kind != "f":
                raise ParameterError(
                    f"The state of the optimiser has {key!r} of shape {array.shape}, which belongs to no "
                    "parameter of this network."
                )
            view[...] = array
        missing = [f"{slot}.{name}" for slot, views in filled.items() for name in views]
        if missing:
            raise ParameterError(f"The state of the optimiser lacks {missing[0]!r}.")
        self.rule.load_state(joined)
