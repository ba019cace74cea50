"""The equations of the report, each in the three languages that its files need."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Equation:
    """One displayed equation.

    Attributes
    ----------
    words : str
        What it says, read aloud.
    typst, latex, mathml : str
        The same formula for PDF, Markdown and HTML.
    """

    words: str
    typst: str
    latex: str
    mathml: str


def _row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def _i(name: str) -> str:
    return f"<mi>{name}</mi>"


def _o(sign: str) -> str:
    return f"<mo>{sign}</mo>"


def _n(number: str) -> str:
    return f"<mn>{number}</mn>"


def _sub(base: str, index: str) -> str:
    return f"<msub>{base}{index}</msub>"


def _frac(top: str, bottom: str) -> str:
    return f"<mfrac>{top}{bottom}</mfrac>"


def _norm(inside: str) -> str:
    return _row(_o("‖"), inside, _o("‖"))


def _partial(of: str, by: str) -> str:
    return _frac(_row(_o("∂"), of), _row(_o("∂"), by))


_IJ = _row(_i("i"), _o(","), _i("j"))
_AB = _row(_i("a"), _o(","), _i("b"))
_SHIFTED_IJ = _row(_i("i"), _o("+"), _i("a"), _o(","), _i("j"), _o("+"), _i("b"))
_SUM_AB = f"<munder>{_o('∑')}{_AB}</munder>"
_FEATURE = f"<msup>{_i('F')}{_o('′')}</msup>"
_OF_TX = _row(_o("("), _i("T"), _i("x"), _o(")"))
_OF_X = _row(_o("("), _i("x"), _o(")"))

EQUATIONS: Mapping[str, Equation] = MappingProxyType(
    {
        "convolution": Equation(
            "Convolution: every cell of a map is the sum of a patch of the input times the filter.",
            "z_(f,i,j) = sum_(a,b) w_(f,a,b) thin x_(i+a, j+b)",
            r"z_{f,i,j} = \sum_{a,b} w_{f,a,b}\, x_{i+a,\,j+b}",
            _row(
                _sub(_i("z"), _row(_i("f"), _o(","), _IJ)), _o("="), _SUM_AB,
                _sub(_i("w"), _row(_i("f"), _o(","), _AB)), _sub(_i("x"), _SHIFTED_IJ),
            ),
        ),
        "loss": Equation(
            "Cross-entropy: the loss of an image is minus the logarithm of the probability of its class.",
            "L = - log p_y",
            r"L = -\log p_y",
            _row(_i("L"), _o("="), _o("−"), _i("log"), "<mspace width='0.17em'/>", _sub(_i("p"), _i("y"))),
        ),
        "relative_change": Equation(
            "Relative change of the features under a shift T; features are taken relative to a blank image.",
            'r(T) = norm(F\'(T x) - F\'(x)) / norm(F\'(x)), quad F\'(x) = F(x) - F("blank")',
            r"r(T) = \frac{\lVert F'(Tx) - F'(x) \rVert}{\lVert F'(x) \rVert},"
            r"\qquad F'(x) = F(x) - F(\mathrm{blank})",
            _row(
                _i("r"), _o("("), _i("T"), _o(")"), _o("="),
                _frac(_norm(_row(_FEATURE, _OF_TX, _o("−"), _FEATURE, _OF_X)), _norm(_row(_FEATURE, _OF_X))),
                _o(","), "<mspace width='1.5em'/>", _FEATURE, _OF_X, _o("="), _i("F"), _OF_X, _o("−"),
                _i("F"), _o("("), "<mtext>blank</mtext>", _o(")"),
            ),
        ),
        "pool_gradient": Equation(
            "Max pooling passes the gradient of a window on to its winner; all other cells get 0.",
            "(partial L) / (partial z_c) = cases(display((partial L) / (partial p_W)) quad "
            "&\"if \" c \"wins in its window \" W, 0 &\"otherwise\")",
            r"\frac{\partial L}{\partial z_c} = \begin{cases} \dfrac{\partial L}{\partial p_W} & \text{if } "
            r"c \text{ wins in its window } W \\ 0 & \text{otherwise} \end{cases}",
            _row(
                _partial(_i("L"), _sub(_i("z"), _i("c"))), _o("="),
                # Braces grow only where there is a font for mathematics; blanks at edges are lost.
                _row(
                    "<mpadded voffset='-0.3em'><mo stretchy='false' style='font-size: 280%'>{</mo></mpadded>",
                    "<mtable displaystyle='true'><mtr><mtd>", _partial(_i("L"), _sub(_i("p"), _i("W"))),
                    "</mtd><mtd><mtext>if\u00a0</mtext>", _i("c"),
                    "<mtext>\u00a0wins in its window\u00a0</mtext>", _i("W"), "</mtd></mtr><mtr><mtd>",
                    _n("0"), "</mtd><mtd><mtext>otherwise</mtext></mtd></mtr></mtable>",
                ),
            ),
        ),
        "filter_gradient": Equation(
            "The gradient of a filter: the patches under the winners, each times the gradient that arrives.",
            "(partial L) / (partial w_(f,a,b)) = sum_(i,j) (partial L) / (partial z_(f,i,j)) "
            "thin x_(i+a, j+b)",
            r"\frac{\partial L}{\partial w_{f,a,b}} = \sum_{i,j} \frac{\partial L}{\partial z_{f,i,j}}\,"
            r" x_{i+a,\,j+b}",
            _row(
                _partial(_i("L"), _sub(_i("w"), _row(_i("f"), _o(","), _AB))), _o("="),
                f"<munder>{_o('∑')}{_IJ}</munder>",
                _partial(_i("L"), _sub(_i("z"), _row(_i("f"), _o(","), _IJ))), _sub(_i("x"), _SHIFTED_IJ),
            ),
        ),
        "difference": Equation(
            "The check: the loss is measured with a parameter a little larger and a little smaller.",
            "(partial L) / (partial w) approx (L(w + epsilon) - L(w - epsilon)) / (2 epsilon)",
            r"\frac{\partial L}{\partial w} \approx "
            r"\frac{L(w + \varepsilon) - L(w - \varepsilon)}{2\varepsilon}",
            _row(
                _partial(_i("L"), _i("w")), _o("≈"),
                _frac(
                    _row(_i("L"), _o("("), _i("w"), _o("+"), _i("ε"), _o(")"), _o("−"),
                         _i("L"), _o("("), _i("w"), _o("−"), _i("ε"), _o(")")),
                    _row(_n("2"), _i("ε")),
                ),
            ),
        ),
    }
)  # fmt: skip
"""Equations by name."""


def mathml(name: str) -> str:
    """Return an equation as a complete MathML element."""
    equation = EQUATIONS[name]
    return (
        f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block" alttext="{equation.words}">'
        f"{equation.mathml}</math>"
    )
