"""Poke one number and see whether the loss does what the gradient says."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnviz.quantities import format_cell, format_signed, format_together, format_value
from cnnviz.routing import Kink, Poke, PokeCurve, Target
from ui.controls.labels import Badge, SectionTitle, WrapLabel
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.power_slider import PowerSlider
from ui.panels.backprop.focus import describe_target
from ui.plots.plot import Plot
from ui.plots.plot_content import Dot, Line, Marker, PlotContent
from ui.rows.value_list import ValueList, ValueRow
from ui.theme import Theme, follow_theme

_VERDICTS = {
    "ok": ("agrees", "success", "Gradient and finite difference agree."),
    "kink": (
        "kink",
        "warning",
        "Between −ε and +ε something switches: the finite difference mixes the slopes before and after it. "
        "The loss has a slope here, which a smaller ε measures.",
    ),
    "tie_rule": (
        "tie rule",
        "info",
        "Nothing switches, yet they differ: tied cells stay tied and move as one, so the loss has one slope, "
        "which “all” counts once for each of them. Under “first” the gradient is the slope; under “all” it "
        "is the sum over the tied cells, as this rule says.",
    ),
    "curvature": (
        "curved",
        "info",
        "The loss is a curve, and ε is so large that it bends on the way. Make ε smaller: the gradient then "
        "agrees.",
    ),
    "mismatch": ("differs", "danger", "Gradient and finite difference differ, and no kink explains it."),
}
_KINK_HERE = (
    "Right here something switches: the loss has one slope above and another below, and the finite "
    "difference is their mean, however small ε is."
)
_MARKED = 6
_EPS_LOWEST, _EPS_HIGHEST, EPS = -8, 0, 1e-4
_RANGE_LOWEST, _RANGE_HIGHEST, RANGE = -4, 2, 0.5


class PokePage(QWidget):
    """Target, ε, both sides of the comparison, and the loss over a range of pokes.

    Signals
    -------
    pokeRequested
        ε or the range has changed.
    """

    pokeRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._target: Target | None = None
        self._poke: Poke | None = None
        self._build_widgets()
        self._build_layout()
        self.eps.valueEdited.connect(self.pokeRequested)
        self.radius.valueEdited.connect(self.pokeRequested)
        self._show_nothing()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self.plot.setMinimumHeight(theme.px(140))

    def set_target(self, target: Target | None) -> None:
        """Name what is poked; its numbers follow with `set_poke`."""
        if target == self._target:
            return
        self._target = target
        self._title.set_caption("" if target is None else describe_target(target))
        self._show_nothing()

    def set_poke(self, result: Poke, curve: PokeCurve) -> None:
        """Show the outcome."""
        self._poke = result
        role = _VERDICTS[result.verdict][1]
        plus, minus = format_together((result.loss_plus, result.loss_minus), 9)
        central, gradient = format_together((result.central, result.gradient), 6, format_signed)
        self.values.set_rows(
            (
                ValueRow("plus", "loss at +ε", plus),
                ValueRow("minus", "loss at −ε", minus),
                ValueRow(
                    "difference",
                    "finite difference",
                    central,
                    tooltip="Central difference: (L(+ε) − L(−ε)) / 2ε",
                ),
                ValueRow("gradient", "backprop", gradient, "accent"),
                ValueRow(
                    "error",
                    "relative error",
                    format_value(result.relative_error, 2),
                    role,
                    "|gradient − difference| / the larger of the two",
                ),
            )
        )
        text, kind, says = _VERDICTS[result.verdict]
        says = _KINK_HERE if result.is_at_kink else says
        self.badge.set_badge(text, kind)
        self.badge.show()
        self.hint.set_text(says if not result.kinks else f"{says} {_kink_text(result.kinks[0])}")
        self.plot.set_content(_plot(result, curve))
        self._plot_title.set_caption(_kinks_text(curve))

    def poke(self) -> Poke | None:
        """Outcome that is shown."""
        return self._poke

    def _build_widgets(self) -> None:
        self._title = SectionTitle("Poke")
        self.badge = Badge()
        self.eps = PowerSlider("ε", _EPS_LOWEST, _EPS_HIGHEST, EPS)
        self.eps.slider.setToolTip("How far the number is changed, up and down")
        self.eps.slider.setAccessibleName("Size of the poke")
        self.values = named(ValueList(), "Finite difference and gradient")
        self.hint = WrapLabel("")
        self._plot_title = SectionTitle("Loss against the poke")
        tip = "Solid: the loss. Dashed: the tangent that the gradient promises. Orange: kinks"
        self.plot = named(Plot(), "Loss against the poke", tip)
        self.radius = PowerSlider("range ±", _RANGE_LOWEST, _RANGE_HIGHEST, RANGE)
        self.radius.slider.setToolTip("How far the plot reaches to either side")
        self.radius.slider.setAccessibleName("Range of the plot")

    def _build_layout(self) -> None:
        fill(
            QVBoxLayout(self),
            self._title,
            self.eps,
            self.values,
            self.badge,
            self.hint,
            self._plot_title,
            (self.plot, 1),
            self.radius,
            spacing=8,
        )

    def _show_nothing(self) -> None:
        self._poke = None
        self.values.set_rows(())
        self.badge.hide()
        self.hint.set_text(
            "Click any cell, pixel or weight: it is changed by ±ε and the loss is computed anew."
        )
        self.plot.set_content(PlotContent())
        self.plot.set_placeholder("Nothing is poked yet")
        self._plot_title.set_caption("")


def _plot(result: Poke, curve: PokeCurve) -> PlotContent:
    lines = (
        Line("loss", curve.values, curve.losses),
        Line("tangent", curve.values, curve.tangent, "text", "dashed"),
    )
    marked = sorted(curve.kinks, key=lambda kink: abs(kink.value))[:_MARKED]
    markers = [
        Marker(kink.value, _short_kink(kink.kind) if place == 0 else "") for place, kink in enumerate(marked)
    ]
    dots = [Dot(0.0, result.loss)]
    reach = float(curve.values[-1])
    if reach / 50 < result.eps <= reach:
        dots += [Dot(-result.eps, result.loss_minus, "muted"), Dot(result.eps, result.loss_plus, "muted")]
    return PlotContent(lines, tuple(markers), tuple(dots), "poke")


def _short_kink(kind: str) -> str:
    return "winner flips here" if kind == "winner" else "gate flips here"


def _kink_text(kink: Kink) -> str:
    what = "The winner changes" if kink.kind == "winner" else "A gate opens or closes"
    return f"{what} at {format_signed(kink.value)}, in {kink.layer}, {format_cell(kink.cell)}."


def _kinks_text(curve: PokeCurve) -> str:
    count = curve.kinked_intervals
    if not count:
        return "no kink in sight"
    return "1 kink" if count == 1 else f"kinks in {count} places"
