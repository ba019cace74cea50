"""Poke and Check all: the loss computed anew with one number changed, layer by layer in float64."""

import re
from collections.abc import Iterator

import numpy as np

from cnnviz.network import Network
from cnnviz.routing import CellTarget, ParameterTarget, PixelTarget, Target
from tests.gui.recomputed.computing import Values, near, read
from ui.panels.backprop import BackpropPanel
from ui.panels.backprop.check_page import CheckPage
from ui.panels.backprop.poke_page import PokePage
from ui.panels.backprop.side_column import CHECK, POKE

#: Parameters of a check that are poked anew: the first of the list.
_LISTED = 5
_EPS = 1e-5


def probes(panel: BackpropPanel) -> Iterator[str]:
    """Check the page of the right column that is in front."""
    passed, side = panel.model.passed, panel.side
    assert passed is not None
    if side.page() == POKE and panel.model.target is not None:
        yield from _poke(side.poke, _Losses(passed.network, passed.x, passed.label), panel.model.target)
    if side.page() == CHECK and side.check.result() is not None:
        yield from _check(side.check, _Losses(passed.network, passed.x, passed.label))


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


def _poke(page: PokePage, losses: _Losses, target: Target) -> Iterator[str]:
    if "plus" not in page.values.keys():  # noqa: SIM118 — a list of rows, no mapping
        yield f"nothing is said of {target}"
        return
    eps = page.eps.value()
    for row, by in (("plus", eps), ("minus", -eps)):
        yield from near(f"{target} at {by}", read(page.values.text(row)), losses.at(target, by), 1e-7)
    difference, gradient = (read(page.values.text(row)) for row in ("difference", "gradient"))
    if abs(difference) > 1e-6:  # below it the loss has no digits left for a difference
        yield from near(f"slope of {target}", difference, losses.slope(target, eps), 1e-4)
    if page.badge.text() == "agrees" and abs(difference) > 1e-6:
        yield from near(f"gradient of {target}", gradient, difference, 1e-3)
    curve = page.plot.content().lines[0]
    for place in (0, len(curve.x) // 2, len(curve.x) - 1):
        yield from near(f"curve of {target}", curve.y[place], losses.at(target, float(curve.x[place])), 1e-9)


def _check(page: CheckPage, losses: _Losses) -> Iterator[str]:
    column = page.summary.current
    for row in range(min(_LISTED, page.table.rowCount())):
        item = page.table.item(row, 0)
        assert item is not None
        named = re.fullmatch(r"(.+)\[(.+)\]", item.text())
        said = re.match(r"backprop (\S+), finite difference (\S+)", item.toolTip())
        if named is None or said is None:
            yield f"{item.text()!r} says {item.toolTip()!r}"
            continue
        target = ParameterTarget(named[1], tuple(map(int, named[2].split(", "))))
        found = losses.slope(target, _EPS)
        if abs(found) > 1e-5:
            yield from near(f"difference of {item.text()}", read(said[2]), found, 1e-3)
    counts = [page.summary.text(key, column) for key in page.summary.keys()[-5:]]
    checked = read(page.summary.text("checked", column))
    yield from near("verdicts", sum(map(read, counts)), checked)
