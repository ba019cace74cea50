"""Whether a gradient and a finite difference agree, and if not, why.

Five verdicts are possible for one number of the network.

``"ok"``
    Between `-eps` and `+eps` the network stays on one linear piece (no max pool changes its winners, no ReLU
    its side), and gradient and central difference agree.
``"kink"``
    Something changes in between: the central difference mixes the slopes on either side. The check of all
    parameters pokes less until the kink is out of the way, and gives this verdict only where no poke down to
    `MIN_EPS` helps: there the loss itself has a kink, and no slope. A tie is a kink only where the tied cells
    move *differently*: at 0 all of them win, at `+eps` the one that rises fastest, at `-eps` the one that
    falls slowest.
``"tie_rule"``
    Nothing changes, yet the gradient is not the slope, because it comes from the rule ``"all"``. Take a
    window over blank background. Its patches are equal, so all its cells move alike when a weight is poked
    and stay tied: the maximum moves as each of them does, and its slope is that of any one. ``"first"`` takes
    one of them, ``"split"`` the mean of them, which is the same number. ``"all"`` takes their sum, and so
    counts the slope once for every tied cell. (The subgradients of a maximum are the averages of its winners'
    gradients, with weights that add up to 1 [1]_. The weights of ``"all"`` add up to the number of winners.)
    That is neither a kink nor a mistake but a property of the rule. The verdict is not given unless the same
    number agrees under ``"first"``, and the gradient itself with the sum over the tied cells that the rule
    promises, which is measured by finite differences, too: see `judge_rule`.
``"curvature"``
    Nothing changes, but `eps` is so large that the loss bends noticeably on the way: the central difference
    is off by about `eps ** 2 / 6` times the third derivative. Given to a single poke alone, and not unless
    the gradient agrees for `DEFAULT_EPS`, by which the check of all parameters pokes.
``"mismatch"``
    None of these: a mistake in the gradient.

In the laboratory's network (rule ``"all"``, no activation) the dense weights are ``"ok"``: the gradient
reaches them before it comes to the pool. The kernel weights are ``"tie_rule"``: on MNIST two windows in
three are tied, most over blank background, and the rule counts them up to four times.

References
----------
.. [1] Clarke (1990), Optimization and Nonsmooth Analysis, proposition 2.3.12.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, Params, Shape
from cnnviz.inspect.receptive_field import stage_values
from cnnviz.layers import Layer, Pool
from cnnviz.layers.losses import cross_entropy
from cnnviz.network import Gradients, Network
from cnnviz.routing._bench import Bench, Variants, run_variants, switched
from cnnviz.routing.pools import with_ties

Verdict = Literal["ok", "kink", "tie_rule", "curvature", "mismatch"]
VERDICTS: tuple[Verdict, ...] = ("ok", "kink", "tie_rule", "mismatch")
"""What a comparison at one `eps` may find."""

TOLERANCE = 1e-6
"""Largest relative error that counts as agreement."""

DEFAULT_EPS = 1e-5
"""Poke that balances the error of truncation, about eps ** 2, with that of rounding, about 1e-16 / eps."""

MIN_EPS = 1e-8
"""Smallest poke: rounding would leave nothing of the difference below it."""

# The errors of loss and gradient were measured at up to 1.2 times the estimate in `relative_error`.
_SAFETY = 2


def relative_error(
    bench: Bench, gradient: FloatArray, difference: FloatArray, eps: float
) -> NDArray[np.float64]:
    """Distance of gradients from finite differences, relative to the larger of the two.

    Very small gradients cannot be compared to six digits in float64, since

    * a central difference has the absolute error `u * (L + s * Z) / eps`, with `u` the rounding unit, `L` the
      loss, `Z` the largest logit, at least 1, and `s = sum of |dL/dlogit|`;
    * a gradient has the relative error `u / s`: it begins as the difference `s` of two numbers of the size
      of 1, a probability and a label.

    Where twice these errors are more than `TOLERANCE` of the gradient, the distance is compared with the
    smallest gradient for which they would not be.

    * Returns: 0 where both are 0.
    """
    unit = _SAFETY * np.finfo(np.float64).eps
    logits = bench.trace.logits
    loss = cross_entropy(logits, np.array([bench.label]))
    # 1 - p of the right class without subtracting from 1; with several logits, once more for the others.
    steepness = -float(np.expm1(-loss)) * min(logits.shape[1], 2)
    size = np.maximum(np.abs(gradient), np.abs(difference))
    difference_error = unit * (loss + steepness * max(1.0, float(np.abs(logits).max()))) / eps
    gradient_error = unit / max(steepness, np.finfo(np.float64).tiny) * size
    scale = np.maximum(size, (difference_error + gradient_error) / TOLERANCE)
    return np.abs(gradient - difference) / np.where(scale > 0, scale, 1)


def verdicts(
    bench: Bench, kinked: NDArray[np.bool_], error: NDArray[np.float64], first_error: NDArray[np.float64]
) -> NDArray[np.int8]:
    """Judge comparisons at one `eps`.

    ``"tie_rule"`` is a conjecture here, which `judge_rule` proves or refutes.

    * `kinked`: where winners or gates change.
    * `error`, `first_error`: relative error of the gradient under the network's own rule for ties and under
      ``"first"``.
    * Returns: places in `VERDICTS`.
    """
    explained = (first_error <= TOLERANCE) & has_rule_all(bench.network)
    return np.select(
        [kinked, error <= TOLERANCE, explained],
        [code_of("kink"), code_of("ok"), code_of("tie_rule")],
        code_of("mismatch"),
    ).astype(np.int8)


def code_of(verdict: Verdict) -> int:
    """Place of a verdict in `VERDICTS`."""
    return VERDICTS.index(verdict)


def has_rule_all(network: Network) -> bool:
    """Tell whether a max pool of the network gives the whole gradient to every tied cell."""
    return any(layer.tie_rule == "all" for _, layer in network.layers)


def first_gradients(bench: Bench) -> Gradients:
    """Gradients under the rule ``"first"``: those of the loss wherever tied cells stay tied."""
    if all(layer.tie_rule in (None, "first") for _, layer in bench.network.layers):
        return bench.gradients
    return with_ties(bench.network, "first").gradients(bench.trace.inputs, np.array([bench.label]))


# What a rule for ties should give, measured without the backward pass: by finite differences, too. A max pool
# is replaced by the linear map that its rule stands for. With the winners of the sample,
#
#     q_W = max of window W + sum over tied cells c of share(c) * (z_c - z_c of the sample),
#
# where the share is 1 for the first tied cell (``"first"``), 1 / ties for each (``"split"``), or 1 for each
# (``"all"``: the sum of the one-sided routes). At the sample this network has the loss of the real one, and
# its slope is the gradient that the rule promises, whatever backpropagation says.


@dataclass(frozen=True, slots=True, eq=False)
class FrozenPool(Layer):
    """A max pool whose winners no longer change."""

    frozen: Pool
    # `before`, `pooled`: shape (c, h, w). Its input and output for the sample.
    before: FloatArray
    pooled: FloatArray
    shares: FloatArray  # shape (c, h', w', k, k). How far the output moves with each cell of its window.

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape of the max pool's output."""
        return self.frozen.output_shape(input_shape)

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """Pooled values of the sample, moved as the shares say."""
        moved = self.frozen.windows(x - self.before)
        return self.pooled + np.einsum("nchwij,chwij->nchw", moved, self.shares)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """Not to be used: this layer judges backward passes and has none."""
        raise NotImplementedError


def frozen_bench(bench: Bench) -> Bench:
    """Return the bench with all max pools frozen: its finite differences are what the rules promise."""
    layers: list[tuple[str, Layer]] = []
    for index, (name, layer) in enumerate(bench.network.layers):
        pool = layer.pool
        if pool is not None and pool.tie_rule is not None:
            before, pooled = (stage_values(bench.network, bench.trace, at)[0] for at in (index - 1, index))
            layer = FrozenPool(pool, before, pooled, pool.shares(before[None])[0])
        layers.append((name, layer))
    return replace(bench, network=replace(bench.network, layers=tuple(layers)))


def judge_rule(
    frozen: Bench, variants: Variants, gradient: FloatArray, eps: float
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Compare gradients with what the rules for ties promise.

    * `frozen`: what `frozen_bench` returned.
    * `variants`: each of the m numbers changed by `+eps`, and after them each by `-eps`.
    * `gradient`: shape (m,). What backpropagation says, under the network's own rules.
    * Returns: relative error of the gradients and of what the rule promises, shape (m,).
    * Returns: ``"tie_rule"`` where they agree; ``"kink"`` where they do not, because a gate switches within
      the poke when all tied cells push at it; else ``"mismatch"``. Shape (m,).
    """
    outcome = run_variants(frozen, variants)
    plus, minus = outcome.losses.reshape(2, -1)
    error = relative_error(frozen, gradient, (plus - minus) / (2 * eps), eps)
    verdict = np.select(
        [error <= TOLERANCE, switched(frozen, outcome)],
        [code_of("tie_rule"), code_of("kink")],
        code_of("mismatch"),
    )
    return error, verdict.astype(np.int8)
