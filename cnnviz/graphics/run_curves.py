"""The curves of a training run, loss and accuracy, beside those of an earlier run; their legend."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cnnviz.drawing import Drawing, Graphic, Ground, Ink, Look, Share, Size
from cnnviz.drawing.look import DARK, LIGHT
from cnnviz.drawing.marks import Line, Part, Rect
from cnnviz.graphics.curves import GHOST_REACH, Curve, Curves, Marker, diamond, round_up
from cnnviz.history import Curve as Points
from cnnviz.history import EvaluationPoint, History
from cnnviz.palette import DASHES, Color

EACH, MEAN, TESTS, BEFORE = "each step", "running mean", "test images", "earlier run"
"""Names of the curves."""
LOSS, ACCURACY = "Loss", "Accuracy"
"""Titles of their plots."""
_OUTLIERS = 0.03  # share of the largest losses of single steps that need not be in sight
_SAMPLE = 4096  # of more values than these some are taken to find it
_BEGINNING = 0.02  # of the planned end: before that the curves would be a dot at the left end


def _pale(role: str, on_light: float, on_dark: float) -> Color:
    """Opaque, as a translucent line that crosses itself is slow to draw."""
    return Color(LIGHT.mixed(role, "surface", on_light), DARK.mixed(role, "surface", on_dark))


_EACH_INK, _BEFORE_INK = _pale("accent", 0.68, 0.6), _pale("text", 0.4, 0.3)


@dataclass(frozen=True, eq=False)
class Run:
    """What the curves are made of.

    * `ghost`: An earlier run, of which the running means are shown.
    * `planned`: Steps that the run is to have; 0 for no plan.
    * `moment`: Step that is marked.
    * `tested`: Tests that are shown in place of those on record.
    """

    history: History
    ghost: History | None = None
    planned: int = 0
    moment: int | None = None
    tested: tuple[EvaluationPoint, ...] = ()

    @property
    def ghost_said(self) -> str:
        """What is to be said of the earlier run."""
        return "an earlier run" if self.ghost is None else f"an earlier run, {self.ghost.described}"

    def end(self) -> float:
        """Right end of the axis: the planned one, but at the very beginning; an earlier run may go on."""
        last = float(self.history.step) if len(self.history.losses) else 0.0
        if last > self.planned:
            return round_up(max(last, 1.0))
        if 0 < last < _BEGINNING * self.planned:
            return round_up(max(last, _BEGINNING / 20 * self.planned))
        return float(max(self.planned, 1))

    def markers(self) -> tuple[Marker, ...]:
        """The step that is marked."""
        return () if self.moment is None else (Marker(float(self.moment)),)

    def plot(self, curves: Sequence[Curve], y_range: tuple[float, float]) -> Curves:
        """Make a plot of some curves."""
        return Curves(
            tuple(curves), self.markers(), "step", y_range=_roomy(y_range), x_range=_roomy((0.0, self.end()))
        )

    def tests(self, name: str) -> Curve:
        """Curve of what was measured on the test images."""
        found = self.tested or self.history.tests
        values = np.array([getattr(point, name) for point in found], dtype=np.float64)
        steps = np.array([point.step for point in found], dtype=np.float64)
        return Curve(TESTS, steps, values, "winner", "dashed", 1.5, has_dots=True, short="test")

    def before(self, mean: Points) -> Curve:
        """Running mean of the earlier run, in grey."""
        return Curve(
            BEFORE, mean.steps, mean.values, _BEFORE_INK, "solid", 1.5, name_ink="muted", short="earlier",
            about=self.ghost_said,
        )  # fmt: skip


def loss_plot(run: Run, *, has_steps: bool = True) -> Curves:
    """Loss of each step, mean over as many steps as a line of the log has, test images, an earlier run."""
    history = run.history
    mean = history.loss_curve(history.log_every)
    own = Curve(MEAN, mean.steps, mean.values, "accent", width=2.0, short="mean")
    curves = [own, run.tests("loss")]
    if run.ghost is not None:
        curves.insert(0, run.before(run.ghost.loss_curve(run.ghost.log_every)))
    if has_steps:
        each = Curve(
            EACH, history.steps, history.losses, _EACH_INK, width=1.0, name_ink="muted", short="step"
        )
        curves.insert(0, each)
    tops = {curve.name: _top(curve) for curve in curves}
    needed = max((top for name, top in tops.items() if name != BEFORE), default=0.0)
    top = max(needed, min(tops.get(BEFORE, 0.0), GHOST_REACH * needed if needed else math.inf))
    return run.plot(curves, (0.0, round_up(top) or 1.0))


def accuracy_plot(run: Run) -> Curves:
    """Mean share of right predictions, test images, an earlier run; the axis begins a little below all."""
    mean = _mean_accuracy(run.history)
    own = Curve(MEAN, mean.steps, mean.values, "original", width=2.0, short="mean")
    curves = [own, run.tests("accuracy")]
    if run.ghost is not None:
        curves.insert(0, run.before(_mean_accuracy(run.ghost)))
    low = min((float(curve.y.min()) for curve in curves if curve.y.size), default=0.0)
    # In tenths, so that the axis moves in steps and not with every point.
    return run.plot(curves, (max(math.floor(low * 10 - 0.5) / 10, 0.0), 1.0))


def first_mean(history: History) -> int:
    """Step from which on there are running means of accuracy: the first few would only stretch the axis."""
    return history.first_step + history.log_every // 10


def _mean_accuracy(history: History) -> Points:
    mean = history.accuracy_curve(history.log_every)
    settled = mean.steps >= first_mean(history)
    return Points(mean.steps[settled], mean.values[settled])


def _top(curve: Curve) -> float:
    """Largest value that should be in sight."""
    y = curve.y[:: max(curve.y.size // _SAMPLE, 1)] if curve.name == EACH else curve.y
    y = y[np.isfinite(y)]
    if not y.size:
        return 0.0
    return float(np.quantile(y, 1 - _OUTLIERS) if curve.name == EACH else y.max())


def _roomy(ends: tuple[float, float]) -> tuple[float, float]:
    """With a margin, so that neither a line along an end nor a dot at it is cut in half."""
    margin = 0.02 * (ends[1] - ends[0])
    return ends[0] - margin, ends[1] + margin


# -- their names --------------------------------------------------------------------------------------------


class Named(NamedTuple):
    """How a curve is called, also where room is short, and how its line looks."""

    name: str
    short: str
    ink: Ink
    style: str
    width: float
    has_dots: bool
    about: str = ""

    @classmethod
    def of(cls, curve: Curve) -> "Named":
        """Entry of a curve: without its points, as these keep coming."""
        look = curve.ink, curve.style, curve.width, curve.has_dots
        return cls(curve.name, curve.short or curve.name, *look, curve.about)


@dataclass(frozen=True)
class Legend:
    """Title, and the curves that are named."""

    title: str
    curves: tuple[Named, ...]


def _draw_legend(legend: Legend, ground: Ground) -> Drawing:
    """Write the title, and a piece of each line before its name, which is shorter where room is short."""
    drawing, look, px = Drawing(ground), ground.look, ground.px
    lines = _legend_lines(legend)
    fitting = (each for each in lines if _legend_width(legend, each, look) <= ground.box.width)
    called = next(fitting, lines[-1])
    title, *entries = ground.box.columns(Share(1), *_name_widths(called, look))
    drawing.write(title, legend.title, "strong")
    for curve, words, box in zip(legend.curves, called, entries, strict=True):
        y = box.y
        if curve.name == ground.hovered:
            edge = "focus" if ground.has_focus else ""
            drawing.add(Rect(box.inset(1), "" if edge else "hover", edge, 2, px(4)))
        piece, name = box.cut(left=px(4), right=px(4)).columns(px(10), Share(1), gap=px(6))
        line = ((piece.left, y), (piece.right, y))
        drawing.add(Line(line, curve.ink, max(curve.width * look.scale, px(2)), DASHES[curve.style]))
        if curve.has_dots:
            drawing.add(diamond((piece.x, y), px(3.5), curve.ink))
        drawing.write(name, words, "small", "muted")
        drawing.parts.append(Part(curve.name, box, curve.about or curve.name))
    return drawing


def _legend_lines(legend: Legend) -> list[tuple[str, ...]]:
    """What the curves are called, from the longest line to the shortest."""
    return list(zip(*(curve[:2] for curve in legend.curves), strict=True)) or [()]


def _name_widths(called: Iterable[str], look: Look) -> list[float]:
    return [look.font("small").width(each) + look.px(26) for each in called]


def _legend_width(legend: Legend, called: Iterable[str], look: Look) -> float:
    return look.font("strong").width(legend.title) + look.px(6) + sum(_name_widths(called, look))


def _legend_size(legend: Legend, look: Look) -> Size:
    """No name may be missing."""
    lines, high = _legend_lines(legend), look.font("strong").line + look.px(4)
    wide, least = (_legend_width(legend, each, look) for each in (lines[0], lines[-1]))
    return Size(wide, high, least, high)


LEGEND = Graphic(
    _draw_legend,
    _legend_size,
    words=lambda legend: ", ".join(curve.name for curve in legend.curves),
    height=lambda legend, _width, look: _legend_size(legend, look).height,
)
