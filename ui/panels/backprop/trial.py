"""What one more update would do."""

from dataclasses import dataclass

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.network import Network
from cnnviz.routing import apply_update
from ui.panels.backprop.passes import Pass, Trial


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """The network after one more step of gradient descent.

    * `passed`: pass whose gradients were used.
    * `network`: with the run's own rule for ties, so that it can be adopted.
    * `loss`: loss of the sample after the step.
    * `expected`: what the slope alone promises: the loss before, less rate times the product of the
      slope (the gradient under ``"first"``) and the direction of the step (the gradient under the
      rule in force).
    * `probabilities`: ndarray of shape (k,).
    """

    passed: Pass
    rate: float
    network: Network
    loss: float
    expected: float
    probabilities: FloatArray

    def applied(self) -> Trial:
        """Return the trial with this step taken."""
        trial, loss = self.passed.trial, self.passed.gradients.loss
        return Trial((*trial.networks, self.network), (*trial.losses, loss))


def preview_update(passed: Pass, rate: float) -> Preview:
    """Take one step on a copy and look at what it does to the sample.

    * `rate`: learning rate, > 0.
    """
    base = passed.trial.after(passed.scene.snapshot.network)
    network = apply_update(base, passed.gradients, rate)
    gradients = network.gradients(passed.x, np.array([passed.label]))
    probabilities = network.forward(passed.x).class_probabilities[0]
    slopes = passed.by_rule.get("first", passed.gradients).params
    with np.errstate(over="ignore", invalid="ignore"):
        product = sum(
            float((slopes[name].astype(np.float64) * step).sum())
            for name, step in passed.gradients.params.items()
        )
    return Preview(
        passed, rate, network, gradients.loss, passed.gradients.loss - rate * product, probabilities
    )


def undone(trial: Trial) -> Trial:
    """Return a trial without its latest update."""
    return Trial(trial.networks[:-1], trial.losses[:-1])
