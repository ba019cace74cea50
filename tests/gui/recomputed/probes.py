"""Poke and Check all: the loss computed anew with one number changed, layer by layer in float64."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnviz.drawing.page import Card
from cnnviz.network import Network
from cnnviz.routing import CellTarget, ParameterTarget, PixelTarget, Target
from tests.gui.recomputed.computing import Values, near, read
from ui.page_view import PageView
from ui.panels.backprop import BackpropPanel
from ui.panels.backprop.side_column import CHECK, POKE

#: Parameters of a check that are poked anew: the first of the list.
_LISTED = 5
#: Where a kink is nearer than the first of these, the check pokes less.
_EPS = (1e-5, 1e-6, 1e-7, 1e-8)


def probes(panel: BackpropPanel) -> Iterator[str]:
    """Check the page of the right column that is in front."""
    passed, side = panel.model.passed, panel.side
    assert passed is not None
    losses = _Losses(passed.network, passed.x, passed.label)
    if side.page() == POKE and panel.model.target is not None:
        yield from _poke(_cards(side.poke), panel.model.eps, losses, panel.model.target)
    if side.page() == CHECK and "parameters" in _cards(side.check):
        yield from _check(_cards(side.check), losses)


def text_of(card: Any, key: str, column: int = 0) -> str:
    """Return the text of a row of numbers."""
    return next(row.texts[column] for row in card.content.rows if row.key == key)


def _cards(page: PageView) -> dict[str, Any]:
    """Return what the views in sight show."""
    assert page.page is not None
    return {key: page.view(key).content for key, leaf in page.page.leaves().items() if isinstance(leaf, Card)}


class _Losses:
    """The loss of one sample where one number is changed."""

    def __init__(self, network: Network, image: Values, label: int) -> None:
        self._network, self._image, self._label = network, image.reshape(1, *network.input_shape), label

    def slope(self, target: Target, eps: float) -> float:
        return (self.at(target, eps) - self.at(target, -eps)) / (2 * eps)

    def at(self, target: Target, by: float) -> float:
        x = self._image.astype(np.float64)
        if isinstance(target, PixelTarget):
            x[0][target.index] += by
        for name, layer in self._network.layers:
            own = {key: self._changed(f"{name}.{key}", target, by) for key in layer.parameter_names}
            x = np.array(layer.forward(x, own))
            if isinstance(target, CellTarget) and target.layer == name:
                x[0][target.index] += by
        logits = np.array([0.0, x[0, 0]]) if x.shape[1] == 1 else x[0]
        return float(np.logaddexp.reduce(logits) - logits[self._label])

    def _changed(self, name: str, target: Target, by: float) -> Values:
        values = self._network.params[name].astype(np.float64)
        if isinstance(target, ParameterTarget) and target.name == name:
            values[target.index] += by
        return values


def _poke(cards: dict[str, Any], eps: float, losses: _Losses, target: Target) -> Iterator[str]:
    outcome = cards.get("outcome of the poke")
    if outcome is None:
        yield f"nothing is said of {target}"
        return
    for row, by in (("plus", eps), ("minus", -eps)):
        yield from near(f"{target} at {by}", read(text_of(outcome, row)), losses.at(target, by), 1e-7)
    difference, gradient = (read(text_of(outcome, row)) for row in ("difference", "gradient"))
    if abs(difference) > 1e-6:  # below it the loss has no digits left for a difference
        yield from near(f"slope of {target}", difference, losses.slope(target, eps), 1e-4)
    if cards["badge"].content.words == "agrees" and abs(difference) > 1e-6:
        yield from near(f"gradient of {target}", gradient, difference, 1e-3)
    curve = cards["loss"].content.curves[0]
    for place in (0, len(curve.x) // 2, len(curve.x) - 1):
        yield from near(f"curve of {target}", curve.y[place], losses.at(target, float(curve.x[place])), 1e-9)


def _check(cards: dict[str, Any], losses: _Losses) -> Iterator[str]:
    outcome = cards["outcome"]
    column = outcome.content.current
    for entry in cards["parameters"].content.rows[:_LISTED]:
        named = re.fullmatch(r"(.+)\[(.+)\]", entry.name)
        said = re.match(r"backprop (\S+), finite difference (\S+)", entry.tip)
        if named is None or said is None:
            yield f"{entry.name!r} says {entry.tip!r}"
            continue
        target = ParameterTarget(named[1], tuple(map(int, named[2].split(", "))))
        faults = [
            [*near(f"difference of {entry.name}", read(said[2]), losses.slope(target, eps), 1e-3)]
            for eps in _EPS
        ]
        if abs(losses.slope(target, _EPS[0])) > 1e-5 and all(faults):
            yield from faults[0]
    counts = [row.texts[column] for row in outcome.content.rows[-5:]]
    yield from near("verdicts", sum(map(read, counts)), read(text_of(outcome, "checked", column)))
