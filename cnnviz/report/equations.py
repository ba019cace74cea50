"""The equations of the report; those of a layer say what this layer has, and no more."""

from collections.abc import Sequence

from cnnviz.layers import Layer
from cnnviz.mathematics import Equation, Frac, Norm, Prime, Sub, Text, partial

LOSS = Equation(
    "Cross-entropy: the loss of an image is minus the logarithm of the probability of its class.",
    ("L = −ln ~", Sub("p", "y")),
)
RELATIVE_CHANGE = Equation(
    "Relative change of the features under a shift T; features are taken relative to a blank image.",
    (
        "r ( T ) =",
        Frac(Norm((Prime("F"), "( T x ) −", Prime("F"), "( x )")), Norm((Prime("F"), "( x )"))),
        ", ~~",
        Prime("F"),
        "( x ) = F ( x ) − F (",
        Text("blank"),
        ")",
    ),
)
DIFFERENCE = Equation(
    "The check: measure the loss with a parameter a little larger and a little smaller.",
    (partial("L", "w"), "≈", Frac("L ( w + ε ) − L ( w − ε )", "2 ε")),
)

WITHOUT_POOL = (
    "This network has no pool, so no cells win or lose: every cell of the map has a gradient of its own."
)
POOLS_BESIDE = (
    "This network has no pool. What this section says about pools is what they would make of its maps; the "
    "answers are those of the network without a pool."
)


def of_network(layers: Sequence[tuple[str, Layer]], channels: int) -> dict[str, Equation]:
    """Return the equations of a report: of first convolution, activation behind it, and first pool."""
    found: dict[str, Equation | None] = {"loss": LOSS, "relative change": RELATIVE_CHANGE}
    found["difference"] = DIFFERENCE
    letter = "x"
    for place, (_, layer) in enumerate(layers):
        if layer.has_filters and "convolution" not in found:
            found["convolution"] = layer.equation(channels)
            found["filter gradient"] = layer.gradient_equation(channels)
            for _, follows in layers[place + 1 : place + 2]:
                if follows.is_elementwise:
                    found["activation gradient"] = follows.gradient_equation(channels)
        if layer.pool is not None and "pool gradient" not in found:
            found["pool gradient"] = layer.gradient_equation(channels, letter)
        letter = layer.symbol or letter
    return {name: equation for name, equation in found.items() if equation is not None}
