"""A colour bar in the unit of the numbers beside it, such as 10⁻⁴."""

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from cnnviz.notation import Notation
from cnnviz.quantities import format_power
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.scale_key import ColorBar
from ui.theme import Theme, follow_theme


class ScaledBar(QWidget):
    """Colour bar whose ends are short numbers, and the power of ten that they are multiplied with."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = ColorBar()
        self.unit = named(QLabel(), role="muted")
        fill(QHBoxLayout(self), self.bar, self.unit, 1, spacing=6)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        # Its own minimum would make three maps side by side wider than a small window.
        self.bar.setMinimumWidth(theme.px(86))

    def levels(self) -> tuple[float, float]:
        """Values of the first and of the last colour, in the unit shown."""
        return self.bar.scale.lo, self.bar.scale.hi

    def set_scale(self, colormap: str, levels: Sequence[float], exponent: int | None = None) -> None:
        """Show a scale.

        Parameters
        ----------
        colormap : {"signed", "sequential", "grey"}
        levels : sequence of two float
            Values of the first and of the last colour.
        exponent : int, optional
            Power of ten of the unit; chosen by the levels when None.
        """
        lo, hi = float(levels[0]), float(levels[1])
        if exponent is None:
            exponent = Notation.of(hi).exponent
        self.bar.set_scale(colormap, lo / 10.0**exponent, hi / 10.0**exponent)
        self.unit.setText(format_power(exponent))
        self.unit.setVisible(exponent != 0)
