"""Each kind of step in one or two sentences."""

from cnnviz.inspect.receptive_field import stage_index
from cnnviz.layers import TIE_WORDS
from cnnviz.routing import pool_after
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.steps import Step, StepKind


def sentence_of(passed: Pass, step: Step) -> str:
    """Say what happens in a step."""
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
                f"The loss is small when class {passed.names[passed.label]} gets a probability near 1. All "
                "that follows asks how this number changes."
            )
        case StepKind.LOGITS if passed.has_one_logit:
            return (
                "Sigmoid and logarithm cancel: the gradient at the logit is the probability less the label."
            )
        case StepKind.LOGITS:
            return (
                "Softmax and logarithm cancel: the gradient at each logit is its probability, less 1 for the "
                "label. They add up to 0."
            )
        case StepKind.DENSE:
            return (
                "Each weight gets the gradient of its unit times the value that it was multiplied with on "
                "the way forwards."
            )
        case StepKind.ARRIVE if passed.layer(step.layer).has_filters:
            return (
                "Each cell was read through several weights of every filter; its gradient comes back through "
                "the same weights: the kernels slide over the map once more, turned by half."
            )
        case StepKind.ARRIVE:
            return (
                "The gradient goes back the way the value came: through the same weights, summed over all "
                "units."
            )
        case StepKind.ROUTE:
            pool = passed.routings[step.layer].pool
            tied = "" if pool.tie_rule is None else f" {TIE_WORDS[pool.tie_rule].tied}"
            return f"{pool.about_gradient}{tied}"
        case StepKind.GATE:
            layer = passed.layer(step.layer)
            closed = " Where it is 0 the gate is closed, and nothing goes through." if layer.has_gates else ""
            return (
                "The gradient is multiplied with the slope of the activation at the value that went "
                f"forwards: {layer.about_slope}.{closed}"
            )
        case StepKind.PASS:
            return f"The gradient goes back through the layer {step.layer}. {passed.layer(step.layer).about}"
        case StepKind.FILTER:
            is_window = passed.terms(step.layer, 0).by == "window"
            patches = patch_words(passed, step.layer) if is_window else "the patch that the filter saw there"
            rule = (
                " Some windows have several equal maxima. With “all” each of them gets the whole gradient, "
                "so this sum is what the rule gives, not the slope of the loss."
            )
            return (
                "One kernel is used everywhere, so its gradient is a sum: each "
                f"{'window' if is_window else 'cell'} adds its gradient times {patches}."
                f"{rule if passed.counts_ties else ''}"
            )
        case StepKind.INPUT if passed.ties_reach_input:
            end = "The end of the way: what arrives at each pixel. Red: positive, blue: negative."
            return f"{end} {pixels_at_ties(passed)}"
        case StepKind.INPUT:
            return (
                "The end of the way: how the loss changes with each pixel. Red: a brighter pixel means more "
                "loss. Blue: less."
            )
        case StepKind.UPDATE:
            return (
                "Every weight takes a small step against its gradient. The training run is not touched "
                "unless you adopt the result."
            )


def pixels_at_ties(passed: Pass) -> str:
    """Say where the gradient at the pixels is made by the rule for ties."""
    return (
        f"At pixels that tied windows read, the rule “{passed.rule}” has made it, and it need not be the "
        "slope of the loss."
    )


def patch_words(passed: Pass, layer: str) -> str:
    """Say what the gradient of a window is multiplied with in the gradient of the filter before it."""
    name = pool_after(passed.network, layer)
    pool = None if name is None else passed.routings[name].pool
    rule = pool.tie_rule if pool is not None and pool.has_winners else None
    words = "the patches of its cells, by their shares" if rule is None else TIE_WORDS[rule].patches
    return f"{words}, times the slope φ′(z)" if _is_activated(passed, layer) else words


def window_patches(passed: Pass, layer: str, kernel: int, place: tuple[int, ...]) -> str:
    """Say what the gradient of one window, or of one cell without a pool, is multiplied with.

    It is what `FilterTerms.patches` holds: the patch of a single winner, or several patches put together.
    """
    name = pool_after(passed.network, layer)
    if name is None:
        return "patch"
    routes, words = passed.routes(name), "patch"
    shares = routes.shares[routes.of_window((kernel, place[0], place[1]))]
    if len(shares) > 1:
        is_even, how = bool((shares == shares[0]).all()), "sum" if shares[0] == 1 else "mean"
        words = f"{f'{how} of {len(shares)}' if is_even else f'{len(shares)} weighted'} patches"
    return f"{words} · φ′(z)" if _is_activated(passed, layer) else words


def _is_activated(passed: Pass, layer: str) -> bool:
    return passed.network.layers[stage_index(passed.network, layer) + 1][1].is_elementwise
