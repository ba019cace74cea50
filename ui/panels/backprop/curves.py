"""The curves on which output, loss and gradient at the logit lie."""

import numpy as np
from numpy.typing import NDArray

from ui.panels.backprop.passes import Pass
from ui.panels.backprop.steps import StepKind
from ui.plots.plot_content import Dot, Line, PlotContent

_POINTS = 161


def curve_of(passed: Pass, kind: StepKind) -> tuple[str, str, PlotContent]:
    """Title, caption and curve of one of the first three steps.

    Parameters
    ----------
    passed : Pass
    kind : {OUTPUT, LOSS, LOGITS}

    Returns
    -------
    tuple of (str, str, PlotContent)
    """
    name = passed.names[passed.label]
    if kind is StepKind.LOSS:
        return "Loss", "against the probability of the label", _loss_curve(passed, name)
    unit = 0 if passed.has_one_logit else passed.label
    center = float(passed.trace.logits[0, unit])
    z = np.linspace(min(center - 3, -6), max(center + 3, 6), _POINTS)
    if kind is StepKind.OUTPUT:
        shown = passed.names[1] if passed.has_one_logit else name
        p = _probability(passed, z, 1 if passed.has_one_logit else passed.label)
        here = float(passed.probabilities[1 if passed.has_one_logit else passed.label])
        content = PlotContent(
            (Line("p", z, p),), (), (Dot(center, here),), _axis(passed), f"p of class {shown}", (0.0, 1.0)
        )
        return f"Probability of class {shown}", "against its logit", content
    loss = -_log_probability(passed, z)
    slope, here = float(passed.gradient(passed.network.layers[-1][0])[unit]), passed.gradients.loss
    tangent = here + slope * (z - center)
    lines = (Line("loss", z, loss), Line("tangent", z, tangent, "winner", "dashed"))
    content = PlotContent(lines, (), (Dot(center, here),), _axis(passed), "loss")
    return "Loss against the logit", "dashed: the tangent, its slope is ∂L/∂z", content


def _loss_curve(passed: Pass, name: str) -> PlotContent:
    here = float(passed.probabilities[passed.label])
    p = np.linspace(min(0.01, max(here, 1e-6)), 1.0, _POINTS)
    dot = Dot(here, passed.gradients.loss)
    return PlotContent((Line("loss", p, -np.log(p)),), (), (dot,), f"probability of class {name}", "loss")


def _axis(passed: Pass) -> str:
    return (
        "logit z"
        if passed.has_one_logit
        else f"logit of class {passed.names[passed.label]}, the others fixed"
    )


def _probability(passed: Pass, z: NDArray[np.float64], index: int) -> NDArray[np.float64]:
    if passed.has_one_logit:
        return 1.0 / (1.0 + np.exp(-z))
    return np.exp(z - np.logaddexp(z, _others(passed, index)))


def _log_probability(passed: Pass, z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of the probability of the label, as its logit varies."""
    if passed.has_one_logit:
        return -np.logaddexp(0.0, -z if passed.label == 1 else z)
    return z - np.logaddexp(z, _others(passed, passed.label))


def _others(passed: Pass, index: int) -> float:
    """Logarithm of the sum of the exponentials of the other logits."""
    others = np.delete(passed.trace.logits[0].astype(np.float64), index)
    return float(others.max() + np.log(np.exp(others - others.max()).sum()))
