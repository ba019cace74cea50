"""What a figure of a map has to say beside it: the agreement between maps and what sets figures."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from PySide6.QtGui import QColor

from cnnviz.quantities import format_power
from ui.controls.color_scale import ColorScale


@dataclass(frozen=True)
class MapLegend:
    """Colours, unit and marks of a map. Coordinates the map paints itself, in a figure of it alone.

    * `scale`: colours and their limits, of which a colour bar is to be drawn; None if colours stand
      for kinds.
    * `exponent`: the numbers in the cells are in units of ten to this power.
    * `kinds`: what single colours mean.
    * `marks`: outlines and signs that are to be seen, as for `MarkLegend`.
    """

    scale: ColorScale | None = None
    exponent: int = 0
    kinds: tuple[tuple[QColor, str], ...] = ()
    marks: tuple[tuple[str, str], ...] = ()

    @property
    def unit(self) -> str:
        """What the numbers in the cells are to be multiplied with, such as "× 10⁻⁴"; "" for 1."""
        return format_power(self.exponent)


@runtime_checkable
class HasMapLegend(Protocol):
    """A map, or a grid of maps, that can say what a figure of it needs."""

    def map_legend(self) -> MapLegend | None:
        """Colours, unit and marks of what is shown; None while there is nothing."""
        ...
