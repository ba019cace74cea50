"""The cursor of a curve plot, and the box beside it with the values of all curves there."""

from collections.abc import Collection

from PySide6.QtCore import QPointF

from ui.controls.numbers import format_count, format_value
from ui.plots.plot_canvas import PlotCanvas
from ui.plots.plotted_curve import PlottedCurve
from ui.theme import Theme


class CurveCursor:
    """Stands at an abscissa, by the pointer or by the arrow keys.

    Parameters
    ----------
    canvas : PlotCanvas
        Draws the cursor and the box.
    x_label : str
        What the abscissa is called in the box.
    """

    def __init__(self, canvas: PlotCanvas, x_label: str) -> None:
        self._canvas = canvas
        self._x_label = x_label
        self._x: float | None = None

    def hide(self) -> None:
        """Stand nowhere."""
        self._x = None
        self._canvas.set_cross_x(None)
        self._canvas.readout.hide()

    def moved(self, direction: int, curves: Collection[PlottedCurve]) -> float | None:
        """Abscissa a little to the right (1) or to the left (-1), inside the curves; None without any."""
        (x_lo, x_hi), _ = self._canvas.view_range()
        stride = (x_hi - x_lo) / 100
        ends = [curve.ends for curve in curves if curve.is_shown]
        if not ends:
            return None
        x_lo, x_hi = max(x_lo, min(first for first, _ in ends)), min(x_hi, max(last for _, last in ends))
        start = x_hi + stride if self._x is None else self._x
        return min(max(start + direction * stride, x_lo), x_hi)

    def place(
        self, x: float, curves: Collection[PlottedCurve], theme: Theme, position: QPointF | None = None
    ) -> float | None:
        """Stand at the point nearest to an abscissa, and say the values there.

        Parameters
        ----------
        x : float
        curves : collection of PlottedCurve
        theme : Theme
        position : QPointF, optional
            Where the box belongs, in the scene; at the cursor when None.

        Returns
        -------
        float or None
            Abscissa of that point; None, and nothing is shown, if no curve has any.
        """
        found = [(curve, curve.nearest(x)) for curve in curves]
        points = [(curve, point) for curve, point in found if point is not None]
        if not points:
            self.hide()
            return None
        self._x = x
        step = min((point[0] for _, point in points), key=lambda each: abs(each - x))
        self._canvas.set_cross_x(step)
        rows = [
            (curve.style.color(theme, curve.role), self._row_label(curve, at, step), format_value(value))
            for curve, (at, value) in reversed(points)
        ]
        heading = f"{self._x_label} {format_count(round(step))}"
        self._canvas.show_readout(heading, rows, position or self._canvas.scene_point(step))
        return step

    def _row_label(self, curve: PlottedCurve, at: float, step: float) -> str:
        # A value from elsewhere, such as the last test, says where it is from.
        (x_lo, x_hi), _ = self._canvas.view_range()
        near = abs(at - step) <= 0.01 * (x_hi - x_lo)
        return curve.label if near else f"{curve.label} at {format_count(round(at))}"
