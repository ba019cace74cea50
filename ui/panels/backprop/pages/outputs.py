"""The first steps: output, loss, and the gradient at the logits."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cnnviz.drawing import Colors, Share
from cnnviz.drawing.kept import kept
from cnnviz.drawing.page import Card, Page, across, down
from cnnviz.graphics.curves import CURVES, Curve, Curves
from cnnviz.graphics.heat_map import HEAT_MAP, HeatMap, Looked
from cnnviz.graphics.number_table import NUMBERS, NumberRow, Numbers, NumberTable
from cnnviz.quantities import format_signed, format_value, probability_of, rest_of
from cnnviz.routing import Target
from ui.panels.backprop.asks import PointAt, Poke
from ui.panels.backprop.focus import Now, StepKind
from ui.panels.backprop.passes import Pass

_ROWS = {
    "s": ("logit s", "Output of the last layer; click a logit to check it"),
    "p": ("probability p", "Sigmoid or softmax of the logits"),
    "y": ("label y", "1 for the class that is differentiated for, 0 for the others"),
    "d": ("∂L/∂s = p − y", "Gradient of the loss at each logit"),
}
_VISIBLE = {StepKind.OUTPUT: "sp", StepKind.LOSS: "py", StepKind.LOGITS: "pyd"}
#: What a student may work out from the rest: covered until it is asked for.
_RESULTS = {StepKind.OUTPUT: "p", StepKind.LOSS: "", StepKind.LOGITS: "d"}
_POINTS = 161
_FIGURES = 4
_SURE, _REST_OF_SURE = ">0.99", 1e-2  # said of a probability whose figures have no room


def page(now: Now) -> Page:
    """The sample, a table of logits, probabilities, label and gradient, and a curve on which they lie."""
    passed, kind = now.passed, now.step.kind
    covered = _RESULTS[kind] if now.focus.is_covered else ""
    column = 0 if passed.has_one_logit else passed.label
    table = NumberTable(_numbers(passed, kind, now.step.stage), column, covered)
    title, caption, curves = curve_of(passed, kind)
    if now.focus.is_covered:  # where it lies on the curve tells it, too, and so does a tangent
        caption = "" if kind is StepKind.LOGITS else caption
        curves = replace(curves, curves=curves.curves[:1], dots=())
    tip = "Point at the curve, or use the left and right arrow keys, to read its values"
    is_own = passed.label == passed.scene.sample.label
    what = "label" if is_own else "loss for class"
    label = f"{passed.scene.sample.name}, {what} {passed.names[passed.label]}"
    numbers = Card("numbers", NUMBERS, table, tip="One column a class", room=None, is_live=True)
    sample = Card("sample", HEAT_MAP, Looked(_image(passed)), "Sample", label)
    curve = Card("curve", CURVES, curves, title, caption, tip, is_live=True)
    if passed.has_one_logit:  # beside so few numbers there is room
        return Page(across(down(numbers, sample, room=244, gap=14), curve, gap=24))
    return Page(
        down(numbers, across(replace(sample, room=Share(1)), replace(curve, room=Share(2)), gap=24), gap=14)
    )


@kept
def _image(passed: Pass) -> HeatMap:
    return HeatMap(passed.values("input")[0], Colors("grey", -0.5, 0.5), lines=False)


@kept
def _numbers(passed: Pass, kind: StepKind, stage: str) -> Numbers:
    logits, p = passed.trace.logits[0].astype(np.float64), passed.trace.probabilities[0].astype(np.float64)
    y, names = (np.arange(len(logits)) == passed.label).astype(np.float64), passed.names
    if passed.has_one_logit:
        y, names = np.array([float(passed.label)]), (passed.names[1],)
    gradient = passed.gradient(passed.network.layers[-1][0]).astype(np.float64)
    values, shares = {"s": logits, "p": p, "y": y, "d": gradient}, Colors("sequential", 0.0, 1.0)
    rows = tuple(
        NumberRow(
            row,
            *_ROWS[row],
            values[row],
            shares if row in "py" else Colors.of("signed", values[row], np.ones(1)),  # 0.01 alone is pale
            _texts(passed, row, values[row]),
        )
        for row in _VISIBLE[kind]
    )
    press, point = lambda unit: Poke(Target(stage, (unit,))), lambda unit: PointAt(stage, (unit,))
    return Numbers(names, rows, press, point)


def _texts(passed: Pass, row: str, values: NDArray[np.float64]) -> tuple[list[str], ...]:
    """The numbers of a row: in full, for nothing beside them says a power of ten, and ever shorter."""
    numbers: list[float] = values.tolist()
    if row != "p":
        write = format_value if row == "y" else format_signed
        return tuple([write(value, figures) for value in numbers] for figures in range(_FIGURES, 0, -1))
    shares = passed.probabilities.tolist()
    places = range(len(shares) - len(values), len(shares))  # one logit stands for the second of two classes

    def written(figures: int, most: float = 0.0) -> list[str]:
        return [
            _SURE if 0 < rest_of(shares, place) < most else probability_of(shares, place, figures)
            for place in places
        ]

    return (*map(written, range(_FIGURES, 1, -1)), written(2, _REST_OF_SURE), written(1, _REST_OF_SURE))


@kept
def curve_of(passed: Pass, kind: StepKind) -> tuple[str, str, Curves]:
    """Title, caption and curve of one of the steps."""
    name, label, one = passed.names[passed.label], passed.label, passed.has_one_logit
    if kind is StepKind.LOSS:
        here = max(math.exp(-passed.gradients.loss), float(np.finfo(np.float64).tiny))
        way = np.linspace(0.0, 1.0, _POINTS) ** 3  # close together where the curve is steep
        p = way + (1 - way) * min(0.01, here)
        dots, axis = ((here, passed.gradients.loss, "accent"),), f"probability of class {name}"
        curves = Curves((Curve("loss", p, -np.log(p)),), (), axis, "loss", dots=dots)
        return "Loss", f"against the {axis}", curves
    unit, place = (0, 1) if one else (label, label)
    center = float(passed.trace.logits[0, unit])
    axis = "logit s" if one else f"logit of class {name}, the others fixed"
    z = np.linspace(min(center - 3, -6), max(center + 3, 6), _POINTS)
    if kind is StepKind.OUTPUT:
        p = np.exp(z - np.logaddexp(z, 0.0 if one else _others(passed, place)))
        dots = ((center, float(passed.probabilities[place]), "accent"),)
        whose = f"class {passed.names[place]}"
        curves = Curves((Curve("p", z, p),), (), axis, f"p of {whose}", dots=dots, y_range=(0.0, 1.0))
        return f"Probability of {whose}", "against its logit", curves
    loss = np.logaddexp(0.0, (-z if label == 1 else z) if one else _others(passed, label) - z)
    slope, here = float(passed.gradient(passed.network.layers[-1][0])[unit]), passed.gradients.loss
    lines = Curve("loss", z, loss), Curve("tangent", z, here + slope * (z - center), "winner", "dashed")
    curves = Curves(lines, (), axis, "loss", dots=((center, here, "accent"),))
    return "Loss against the logit", "dashed: the tangent, its slope is ∂L/∂s", curves


def _others(passed: Pass, index: int) -> float:
    """Logarithm of the sum of the exponentials of the other logits."""
    others = np.delete(passed.trace.logits[0].astype(np.float64), index)
    return float(others.max() + np.log(np.exp(others - others.max()).sum()))
