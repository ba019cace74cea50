"""Forward and backward pass of one sample, as the panel shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnnviz import routing
from cnnviz._types import FloatArray
from cnnviz.datasets import to_input
from cnnviz.drawing.kept import kept
from cnnviz.inspect.receptive_field import INPUT, stage_index, stage_name, symbol_of
from cnnviz.layers import TIE_RULES, Layer, TieRule
from cnnviz.network import Gradients, Network, Trace
from cnnviz.quantities import format_many
from cnnviz.routing import FilterTerms, PoolRouting, Routes
from ui.choices import maybe
from ui.panels.scene import Scene, SceneRun
from ui.tasks import Context


@dataclass(frozen=True, slots=True)
class Trial:
    """Updates that were tried in the panel and have not touched the run.

    * `networks`: what each update made, the latest last; with the run's own rule for ties.
    * `losses`: loss before each update.
    """

    networks: tuple[Network, ...] = ()
    losses: tuple[float, ...] = ()

    @property
    def words(self) -> str:
        """How many updates there are, such as "2 trial updates"; "" for none."""
        count = len(self.networks)
        return format_many(count, "trial update") if count else ""

    def after(self, network: Network) -> Network:
        """Return what the updates have made of the run's network."""
        return self.networks[-1] if self.networks else network

    def undone(self) -> "Trial":
        """Return the trial without its latest update."""
        return Trial(self.networks[:-1], self.losses[:-1])


@dataclass(frozen=True, slots=True)
class PassChoices:
    """What is chosen in the panel and changes the pass.

    * `label`: class to differentiate for; None for the sample's own, or the run's guess where that
      is not known.
    * `rule`: rule for ties in all max pools; None keeps the network's own.
    """

    label: int | None = maybe(int)
    rule: TieRule | None = maybe(str)
    trial: Trial = Trial()


PassScene = Scene[PassChoices]


@dataclass(frozen=True, slots=True, eq=False)
class Pass(SceneRun):
    """All arrays of one backward pass.

    * `label`: class that is differentiated for.
    * `network`: with trial updates and the chosen rule for ties.
    * `rule`, `run_rule`: in force, and that of the run; None in a network without a max pool.
    * `x`: ndarray of shape (1, c, h, w).
    * `by_rule`: under each rule; empty without a max pool.
    """

    scene: PassScene
    label: int
    network: Network
    rule: TieRule | None
    run_rule: TieRule | None
    x: FloatArray
    trace: Trace
    gradients: Gradients
    by_rule: Mapping[str, Gradients]
    routings: Mapping[str, PoolRouting]
    _cache: dict[Any, Any] = field(default_factory=dict)

    @property
    def trial(self) -> Trial:
        """Updates that were tried before it."""
        return self.scene.choices.trial

    @property
    def counts_ties(self) -> bool:
        """Whether gradients behind a pool are sums over tied cells, and thus no slopes of the loss."""
        return any(
            each.rule == "all" and (each.routed["all"] != each.routed["first"]).any()
            for each in self.routings.values()
        )

    @property
    def ties_reach_input(self) -> bool:
        """Whether the gradient at the pixels is a matter of the rule for ties, and need not be a slope."""
        return any(not np.array_equal(each.input, self.gradients.input) for each in self.by_rule.values())

    def differs_by_rule_only(self, other: "Pass") -> bool:
        """Whether another pass is of the same weights, image and class, whatever its rule for ties."""
        is_same = self.network.params is other.network.params and self.label == other.label
        return is_same and np.array_equal(self.x, other.x)

    def layer(self, name: str) -> Layer:
        return self.network.layers[stage_index(self.network, name)][1]

    def before(self, name: str) -> str:
        """Stage that a layer reads."""
        return stage_name(self.network, stage_index(self.network, name) - 1)

    def values(self, stage: str) -> FloatArray:
        """Values of a stage, without the batch."""
        return (self.trace.inputs if stage == INPUT else self.trace.outputs[stage])[0]

    def gradient(self, stage: str) -> FloatArray:
        """Gradient at a stage, without the batch."""
        return (self.gradients.input if stage == INPUT else self.gradients.outputs[stage])[0]

    def symbol(self, stage: str) -> str:
        """Letter for a value of a stage in formulas: s for a logit, z for a sum before it."""
        return "s" if stage == self.network.layers[-1][0] else symbol_of(self.network, stage)

    def slope(self, stage: str) -> str:
        return f"∂L/∂{self.symbol(stage)}"

    def unit_name(self, layer: str, unit: int) -> str:
        """Name a unit of a dense layer, one of the last with the class that it speaks for."""
        if layer != self.network.layers[-1][0]:
            return f"unit {unit}"
        return f"unit {unit} (class {self.names[1 if self.has_one_logit else unit]})"

    @kept
    def routes(self, pool: str) -> Routes:
        """Ways of the gradient through a pool."""
        return self.routings[pool].routes()

    @kept
    def terms(self, layer: str, channel: int) -> FilterTerms:
        """Terms of a filter's gradient: one a window where a pool follows, else one a cell."""
        by = "window" if routing.pool_after(self.network, layer) else "position"
        return routing.filter_gradient_terms(self.network, self.trace, self.gradients, layer, channel, by=by)


def compute_pass(scene: PassScene, _context: Context | None = None) -> Pass:
    """Run the sample forwards and backwards, under each rule for ties that there is."""
    chosen = scene.choices
    network = chosen.trial.after(scene.snapshot.network)
    rules: list[TieRule] = [each.tie_rule for _, each in network.layers if each.tie_rule is not None]
    run_rule = rules[0] if rules else None
    rule = run_rule if run_rule is None or chosen.rule is None else chosen.rule
    x = to_input(scene.sample.pixels[np.newaxis], network.dtype)
    label = scene.sample.label if chosen.label is None else chosen.label
    if label is None or label >= len(scene.classes):
        label = int(scene.snapshot.network.predict(x)[0])
    labels = np.array([label])
    by_rule: dict[str, Gradients] = {}
    if run_rule is not None:
        by_rule = {each: routing.with_ties(network, each).gradients(x, labels) for each in TIE_RULES}
    own = network if rule is None else routing.with_ties(network, rule)
    trace = own.forward(x)
    gradients = own.gradients(x, labels) if rule is None else by_rule[rule]
    routings = {name: routing.pool_routing(own, trace, gradients, name) for name in own.pools}
    passed = Pass(scene, label, own, rule, run_rule, x, trace, gradients, by_rule, routings)
    for name in routings:
        passed.routes(name)  # found here, so that nobody waits for them when the step is shown
    return passed


# -- one more update ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """The network after one more step of gradient descent.

    * `passed`: pass whose gradients were used.
    * `network`: with the run's own rule for ties, so that it can be adopted.
    * `expected`: change of the loss that the slope alone promises: minus rate times the product of the
      slope (the gradient under ``"first"``) and the direction of the step (the gradient under the
      rule in force).
    * `product`: the same with that gradient in place of the slope.
    """

    passed: Pass
    rate: float
    network: Network
    loss: float
    expected: float
    product: float
    probabilities: FloatArray

    def applied(self) -> Trial:
        """Return the trial with this step taken."""
        trial, loss = self.passed.trial, self.passed.gradients.loss
        return Trial((*trial.networks, self.network), (*trial.losses, loss))


def preview_update(passed: Pass, rate: float) -> Preview:
    """Take one step on a copy and look at what it does to the sample."""
    base = passed.trial.after(passed.scene.snapshot.network)
    network = routing.apply_update(base, passed.gradients, rate)
    gradients = network.gradients(passed.x, np.array([passed.label]))
    probabilities = network.forward(passed.x).class_probabilities[0]
    taken = passed.gradients.params

    def promised(slopes: Mapping[str, FloatArray]) -> float:
        """Change of the loss if these are its slopes."""
        products = (slopes[name].astype(np.float64) * step for name, step in taken.items())
        return -rate * sum(float(each.sum()) for each in products)

    with np.errstate(over="ignore", invalid="ignore"):
        both = promised(passed.by_rule.get("first", passed.gradients).params), promised(taken)
    return Preview(passed, rate, network, gradients.loss, *both, probabilities)
