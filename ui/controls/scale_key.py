"""What the keys of a colour scale have in common."""

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from cnnviz.quantities import format_signed, format_value
from ui.controls.color_scale import ColorScale
from ui.controls.painted import PaintedWidget


class ScaleKey(PaintedWidget):
    """Shows the colours of a scale and the numbers at its ends.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scale = ColorScale()
        self._ramp = QImage()

    @property
    def scale(self) -> ColorScale:
        """Scale shown."""
        return self._scale

    def set_scale(self, colormap: str, lo: float, hi: float) -> None:
        """Show a scale.

        Parameters
        ----------
        colormap : {"signed", "sequential", "grey"}
        lo, hi : float
            Values of the first and of the last colour.
        """
        scale = ColorScale(colormap, lo, hi)
        if scale == self._scale:
            return
        other_colors, before = scale.name != self._scale.name, self.sizeHint()
        self._scale = scale
        if other_colors:
            self._ramp = self._make_ramp()
        self._describe()
        # A scale that follows what is learnt changes many times a second, its width hardly ever.
        if self.sizeHint() != before:
            self.updateGeometry()
        self.update()

    def texts(self) -> tuple[str, str]:
        """Numbers at the ends."""
        write = format_signed if self._scale.name == "signed" else format_value
        return write(self._scale.lo, 2), write(self._scale.hi, 2)

    def _make_ramp(self) -> QImage:
        """Picture of all colours, the first at the left."""
        return self._scale.to_image(np.linspace(self._scale.lo, self._scale.hi, 256)[None, :])

    def _describe(self) -> None:
        lo, hi = self.texts()
        self.setAccessibleName(f"Colour scale from {lo} to {hi}")
