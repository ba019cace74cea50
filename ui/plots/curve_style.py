"""The looks of curves: thin and pale, strong, dashed with points, grey."""

import math
from dataclasses import dataclass

from PySide6.QtGui import QColor, QPen

from ui.theme import Theme
from ui.theme.plots import make_pen
from ui.theme.stylesheet import mix


@dataclass(frozen=True)
class CurveStyle:
    """Line of a kind of curve.

    * `width`: in pixels at scale 1.
    * `pale`: share of the ground in the colour.
    * `dashed`, `points`: whether the line is dashed, and whether its points are marked by diamonds.
    * `outliers`: share of the largest values that need not be in sight.
    * `reach`: the y axis reaches no farther for it than so many times what the other curves need: a
      run that is compared with and has diverged must not flatten them.
    * `layer`: higher layers lie over lower ones.
    """

    width: float
    pale: float = 0.0
    dashed: bool = False
    points: bool = False
    outliers: float = 0.0
    reach: float = math.inf
    layer: int = 0

    def color(self, theme: Theme, role: str) -> QColor:
        """Colour of the line. It is opaque: a translucent line that crosses itself is slow to draw."""
        return QColor(mix(getattr(theme, role), theme.surface, self.pale))

    def pen(self, theme: Theme, role: str, ratio: float = 1.0) -> QPen:
        """Pen of the line; `ratio` is the number of device pixels a logical pixel."""
        dashes = (3.0, 2.0) if self.dashed else ()
        return make_pen(self.color(theme, role), self.width * theme.scale * ratio, dashes)


GHOST_REACH = 3.0
CURVE_STYLES = {
    "raw": CurveStyle(1.0, pale=0.68, outliers=0.03, layer=0),
    "smooth": CurveStyle(2.0, layer=2),
    "test": CurveStyle(1.5, dashed=True, points=True, layer=3),
    "ghost": CurveStyle(1.5, pale=0.4, reach=GHOST_REACH, layer=1),
}
