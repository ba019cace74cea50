"""What a rule for ties should give, measured without the backward pass: by finite differences, too.

A max pool is replaced by the linear map that its rule stands for. With the winners of the sample,

    q_W = max of window W + sum over tied cells c of share(c) * (z_c - z_c of the sample),

where the share is 1 for the first tied cell (``"first"``), 1 / ties for each (``"split"``), or 1 for each
(``"all"``: the sum of the one-sided routes). At the sample this network has the loss of the real one, and its
slope is the gradient that the rule promises, whatever backpropagation says.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, Params, Shape
from cnnviz.inspect.receptive_field import stage_values
from cnnviz.layers import Layer, Pool
from cnnviz.routing._bench import Bench, Outcome, Variants, run_variants
from cnnviz.routing._patterns import changed_from_base
from cnnviz.routing.agreement import TOLERANCE, code_of, relative_error


@dataclass(frozen=True, slots=True, eq=False)
class FrozenPool(Layer):
    """A max pool whose winners no longer change.

    Attributes
    ----------
    before, pooled : ndarray of shape (c, h, w) and (c, h', w')
        Its input and output for the sample.
    shares : ndarray of shape (c, h', w', k, k)
        How far the output moves with each cell of its window.
    """

    pool: Pool
    before: FloatArray
    pooled: FloatArray
    shares: FloatArray

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape of the max pool's output."""
        return self.pool.output_shape(input_shape)

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """Pooled values of the sample, moved as the shares say."""
        moved = self.pool.windows(x - self.before)
        return self.pooled + np.einsum("nchwij,chwij->nchw", moved, self.shares)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """Not to be used: this layer judges backward passes and has none."""
        raise NotImplementedError


def frozen_bench(bench: Bench) -> Bench:
    """Return the bench with all max pools frozen: its finite differences are what the rules promise."""
    layers: list[tuple[str, Layer]] = []
    for index, (name, layer) in enumerate(bench.network.layers):
        if isinstance(layer, Pool) and layer.tie_rule is not None:
            before, pooled = (stage_values(bench.network, bench.trace, at)[0] for at in (index - 1, index))
            layer = FrozenPool(layer, before, pooled, layer.shares(before[None])[0])
        layers.append((name, layer))
    return replace(bench, network=replace(bench.network, layers=tuple(layers)))


@dataclass(frozen=True, slots=True, eq=False)
class RuleJudgement:
    """What became of the conjecture that differences come from the rule for ties; parallel arrays.

    Attributes
    ----------
    error : ndarray of shape (m,)
        Relative error of the gradients and of what the rule promises.
    verdict : ndarray of shape (m,), int8
        ``"tie_rule"`` where they agree; ``"kink"`` where they do not, because a gate switches within the poke
        when all tied cells push at it; else ``"mismatch"``.
    outcome : Outcome
        What became of the pokes of the frozen network: all those by `+eps`, then those by `-eps`.
    """

    error: NDArray[np.float64]
    verdict: NDArray[np.int8]
    outcome: Outcome


def judge_rule(frozen: Bench, variants: Variants, gradient: FloatArray, eps: float) -> RuleJudgement:
    """Compare gradients with what the rules for ties promise.

    Parameters
    ----------
    frozen : Bench
        What `frozen_bench` returned.
    variants : Variants
        Each of the m numbers changed by `+eps`, and after them each by `-eps`.
    gradient : ndarray of shape (m,)
        What backpropagation says, under the network's own rules.
    """
    outcome = run_variants(frozen, variants)
    plus, minus = outcome.losses.reshape(2, -1)
    error = relative_error(frozen, gradient, (plus - minus) / (2 * eps), eps)
    switched = np.zeros(outcome.losses.shape, dtype=bool)
    for pattern in outcome.patterns:
        switched |= changed_from_base(frozen.states, pattern).reshape(len(switched), -1).any(axis=1)
    verdict = np.select(
        [error <= TOLERANCE, switched.reshape(2, -1).any(axis=0)],
        [code_of("tie_rule"), code_of("kink")],
        code_of("mismatch"),
    )
    return RuleJudgement(error, verdict.astype(np.int8), outcome)
