"""Each kind of step in one or two sentences."""

from cnnviz.inspect.receptive_field import stage_index
from cnnviz.routing import pool_after
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.steps import Step, StepKind

_TIES = {
    "first": "Of tied cells the first gets it.",
    "all": "Each tied cell gets the whole gradient.",
    "split": "Tied cells share it equally.",
}
#: What the gradient of a window is multiplied with, where its pool has winners.
_PATCHES = {
    "first": "the patch of its winner",
    "all": "the sum of its winners' patches",
    "split": "the mean of its winners' patches",
}
_SENTENCES = {
    StepKind.LOGITS: (
        "Softmax and logarithm cancel: the gradient at each logit is its probability, less 1 for the label. "
        "They add up to 0."
    ),
    StepKind.DENSE: (
        "Each weight gets the gradient of its unit times the value that it was multiplied with on the way "
        "forwards."
    ),
    StepKind.UPDATE: (
        "Every weight takes a small step against its gradient. The training run is not touched unless you "
        "adopt the result."
    ),
}


def patch_words(passed: Pass, layer: str) -> str:
    """Say what the gradient of a window is multiplied with in the gradient of the filter before it."""
    name = pool_after(passed.network, layer)
    pool = None if name is None else passed.routings[name].pool
    rule = pool.tie_rule if pool is not None and pool.has_winners else None
    words = "the patches of its cells, by their shares" if rule is None else _PATCHES[rule]
    follows = passed.network.layers[stage_index(passed.network, layer) + 1][1]
    return f"{words}, times the slope φ′(z)" if follows.is_elementwise else words


def window_patches(passed: Pass, layer: str, kernel: int, place: tuple[int, ...]) -> str:
    """Say what the gradient of one window, or of one cell without a pool, is multiplied with.

    It is what `FilterTerms.patches` holds: the patch of a single winner, or several patches put together.
    """
    name = pool_after(passed.network, layer)
    if name is None:
        return "patch"
    routes = passed.routes(name)
    shares = routes.shares[routes.of_window((kernel, place[0], place[1]))]
    words = "patch"
    if len(shares) > 1:
        is_even = bool((shares == shares[0]).all())
        how = (
            f"{'sum' if shares[0] == 1 else 'mean'} of {len(shares)}"
            if is_even
            else f"{len(shares)} weighted"
        )
        words = f"{how} patches"
    follows = passed.network.layers[stage_index(passed.network, layer) + 1][1]
    return f"{words} · φ′(z)" if follows.is_elementwise else words


def sentence_of(passed: Pass, step: Step) -> str:
    """Say what happens in a step."""
    label = passed.names[passed.label]
    match step.kind:
        case StepKind.OUTPUT if passed.has_one_logit:
            return (
                "Forwards first: all layers end in one number z, and the sigmoid makes it the probability of "
                f"class {passed.names[1]}."
            )
        case StepKind.OUTPUT:
            return (
                "Forwards first: the last layer gives one logit a class, and the softmax turns them into "
                "probabilities."
            )
        case StepKind.LOSS:
            return (
                f"The loss is small when class {label} gets a probability near 1. All that follows asks how "
                "this number changes."
            )
        case StepKind.LOGITS if passed.has_one_logit:
            return (
                "Sigmoid and logarithm cancel: the gradient at the logit is the probability less the label."
            )
        case StepKind.ARRIVE:
            return _arrive(passed, step)
        case StepKind.ROUTE:
            return _route(passed, step)
        case StepKind.GATE:
            return _gate(passed, step)
        case StepKind.PASS:
            return f"The gradient goes back through the layer {step.layer}. {passed.layer(step.layer).about}"
        case StepKind.FILTER:
            return _filter(passed, step) + _of_rule(passed)
        case StepKind.INPUT:
            return _input(passed)
        case _:
            return _SENTENCES[step.kind]


def _arrive(passed: Pass, step: Step) -> str:
    if passed.layer(step.layer).has_filters:
        return (
            "Each cell was read through several weights of every filter; its gradient comes back through the "
            "same weights: the kernels slide over the map once more, turned by half."
        )
    return "The gradient goes back the way the value came: through the same weights, summed over all units."


def _route(passed: Pass, step: Step) -> str:
    pool = passed.routings[step.layer].pool
    return pool.about_gradient if pool.tie_rule is None else f"{pool.about_gradient} {_TIES[pool.tie_rule]}"


def _gate(passed: Pass, step: Step) -> str:
    layer = passed.layer(step.layer)
    text = (
        "The gradient is multiplied with the slope of the activation at the value that went forwards: "
        f"{layer.about_slope}."
    )
    return f"{text} Where it is 0 the gate is closed, and nothing goes through." if layer.has_gates else text


def _input(passed: Pass) -> str:
    if passed.ties_reach_input:
        end = "The end of the way: what arrives at each pixel. Red: positive, blue: negative."
        return f"{end} {pixels_at_ties(passed)}"
    return (
        "The end of the way: how the loss changes with each pixel. Red: a brighter pixel means more loss. "
        "Blue: less."
    )


def pixels_at_ties(passed: Pass) -> str:
    """Say where the gradient at the pixels is made by the rule for ties."""
    return (
        f"At pixels that tied windows read, the rule “{passed.rule}” has made it, and it need not be the "
        "slope of the loss."
    )


def _of_rule(passed: Pass) -> str:
    """Say that a gradient is no slope, where it is none."""
    if not passed.counts_ties:
        return ""
    return (
        " Windows are tied here, and “all” counts each of their tied cells: this is the rule's gradient, not "
        "the slope of the loss."
    )


def _filter(passed: Pass, step: Step) -> str:
    if passed.terms(step.layer, 0).by == "window":
        return (
            "One kernel is used everywhere, so its gradient is a sum: each window adds its gradient times "
            f"{patch_words(passed, step.layer)}."
        )
    return (
        "One kernel is used everywhere, so its gradient is a sum: each cell adds its gradient times the "
        "patch that the filter saw there."
    )
