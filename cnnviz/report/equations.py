"""The equations of the report; those of a layer say what this layer has, and no more."""

from collections.abc import Sequence
from dataclasses import dataclass

from cnnviz.layers import Activation, Conv2D, Layer, MaxBlurPool2D, Pool
from cnnviz.mathematics import Cases, Frac, Node, Norm, Prime, Sub, Sum, Text, partial


@dataclass(frozen=True, slots=True)
class Equation:
    """One displayed equation; `words`: what it says, read aloud."""

    words: str
    formula: Node


LOSS = Equation(
    "Cross-entropy: the loss of an image is minus the logarithm of the probability of its class.",
    ("L = − log ~", Sub("p", "y")),
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
    "The check: the loss is measured with a parameter a little larger and a little smaller.",
    (partial("L", "w"), "≈", Frac("L ( w + ε ) − L ( w − ε )", "2 ε")),
)

_TAKERS = {
    "first": "to its winner, the first of tied ones",
    "all": "to its winners, the whole of it to each",
    "split": "to its winners, n of them, in equal parts",
}

WITHOUT_POOL = (
    "This network has no pool, in which cells could win or be left out: every cell of the map has a gradient "
    "of its own."
)
POOLS_BESIDE = (
    "This network has no pool. What is said of pools here is said of what they would make of its maps; the "
    "answers are those of the network as it is."
)


def of_network(layers: Sequence[tuple[str, Layer]], channels: int) -> dict[str, Equation]:
    """Return all equations of a report by their names.

    * `layers`: of the network; the equations are of its first convolution, the activation behind
      that and the first pool, if it has them.
    * `channels`: of the images.
    """
    plain = [layer for _, layer in layers]
    conv = next((layer for layer in plain if isinstance(layer, Conv2D)), None)
    pool = next((layer for layer in plain if isinstance(layer, Pool)), None)
    found = {"loss": LOSS, "relative change": RELATIVE_CHANGE, "difference": DIFFERENCE}
    if conv is not None:
        found["convolution"] = convolution(conv, channels)
        found["filter gradient"] = filter_gradient(conv, channels)
        for follows in plain[plain.index(conv) + 1 :][:1]:
            if isinstance(follows, Activation):
                found["activation gradient"] = activation_gradient(follows)
    if pool is not None:
        before = next((layer.symbol for layer in reversed(plain[: plain.index(pool)]) if layer.symbol), "x")
        found["pool gradient"] = pool_gradient(pool, before)
    return found


def convolution(layer: Conv2D, channels: int) -> Equation:
    """What a convolution computes; `channels`: of its input."""
    over, weight = _kernel(channels)
    bias: Node = (Sub("b", "f"), "+") if layer.bias else ()
    formula = (Sub("z", "f , i , j"), "=", bias, Sum(over), weight, "~", _pixel(layer, channels))
    parts = "a patch of the input" if channels == 1 else "the same patch of all input maps"
    added = ", plus the bias of the filter" if layer.bias else ""
    return Equation(
        f"Convolution: every cell of a map is the sum of {parts} times the filter{added}.", formula
    )


def pool_gradient(pool: Pool, before: str) -> Equation:
    """Where a pool sends the gradient of its windows, under its rule for ties.

    * `before`: letter for what the pool reads; see `Layer.symbol`.
    """
    slope: Node = (partial("L", Sub(before, "c")), "=")
    arriving: Node = partial("L", Sub("q", "W"))
    if pool.tie_rule is None:
        share = (Sum("W"), Sub("s", "W , c"), "~", arriving)
        return Equation(
            "The pool passes the gradient of each window W on to its cells c, by their weights s.",
            (slope, share),
        )
    takers = _TAKERS[pool.tie_rule]
    words, window = f"Max pooling passes the gradient of each window W on {takers}.", "W"
    if isinstance(pool, MaxBlurPool2D):
        words = (
            "The blur passes the gradient of each cell W of the output on to the windows V under it, by its "
            f"weights k, and each window passes what it gets on {takers}."
        )
        window, arriving = "V", (Sum("W"), Sub("k", "W , V"), "~", arriving)
    if pool.tie_rule == "split":
        arriving = (Frac("1", Sub("n", window)), "~", arriving)
    winner = "first winner" if pool.tie_rule == "first" else "winner"
    if window == "V" or pool.step < pool.size:
        # The windows overlap, and a cell may win several of them.
        won = Sum((window, Text(f" with {winner} "), "c"))
        return Equation(f"{words} Cells that win no window get 0.", (slope, won, arriving))
    article = "the" if pool.tie_rule == "first" else "a"
    condition: Node = (Text("if "), "c", Text(f" is {article} {winner} of its window "), window)
    return Equation(
        f"{words} All other cells get 0.", (slope, Cases(((arriving, condition), ("0", Text("otherwise")))))
    )


def activation_gradient(layer: Activation) -> Equation:
    """How an activation passes the gradient of its output on to its input."""
    place = "f , i , j"
    z, slope = Sub("z", place), Prime("φ")
    return Equation(
        f"The activation a = φ(z) is {layer.formula}. It multiplies the gradient with its slope: "
        f"{layer.about_slope}.",
        (partial("L", z), "=", slope, "(", z, ")", "~", partial("L", Sub("a", place))),
    )


def filter_gradient(layer: Conv2D, channels: int) -> Equation:
    """The gradient of a filter; `channels`: of its input."""
    _, weight = _kernel(channels)
    return Equation(
        "The gradient of a filter: every cell of its map adds the gradient that arrives, times the patch it "
        "was computed from.",
        (
            partial("L", weight),
            "=",
            Sum("i , j"),
            partial("L", Sub("z", "f , i , j")),
            "~",
            _pixel(layer, channels),
        ),
    )


def remarks(layer: Conv2D) -> str:
    """What the formulas of a convolution leave unsaid."""
    padding = " Outside the map x is 0." if layer.padding else ""
    return (
        "The filter is not turned over: in mathematics this is a cross-correlation, which networks call a "
        f"convolution.{padding}"
    )


def _kernel(channels: int) -> tuple[Node, Node]:
    """Indices of a kernel that are summed over, and one of its weights."""
    over = "a , b" if channels == 1 else "c , a , b"
    return over, Sub("w", f"f , {over}")


def _pixel(layer: Conv2D, channels: int) -> Node:
    """Value that a weight is multiplied with."""
    step = "" if layer.stride == 1 else f"{layer.stride} "
    back = f" − {layer.padding}" if layer.padding else ""
    place = f"{step}i + a{back} , {step}j + b{back}"
    return Sub("x", place if channels == 1 else f"c , {place}")
