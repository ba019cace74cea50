"""The kernel of a lesson's own network, shown and named."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from cnnviz.layers import Conv2D
from cnnviz.network import Network
from cnnviz.quantities import format_power
from ui.cells.linked_map import CopiedMap
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.theme import Theme, follow_theme

_CELL = 38
"""Side of a cell in pixels at scale 1: room for a sign and two decimals."""


class KernelCard(QWidget):
    """Weights of the one filter of a network as a small map with numbers.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = named(QLabel(), role="caption")
        self.map = CopiedMap()
        self.map.set_alignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._layout = fill(QVBoxLayout(self), self.title, self.map, 1, spacing=2)
        follow_theme(self)

    def show_network(self, network: Network) -> None:
        """Show the first filter of a network; nothing of one whose filter passes the image on as it is."""
        name, layer = next((name, layer) for name, layer in network.layers if isinstance(layer, Conv2D))
        weights = network.params[f"{name}.weight"][0, 0]
        self.setVisible(weights.size > 1)
        side = layer.kernel_size
        about = f"The lesson's own kernel, {side} × {side}"
        tip = f"{about}: drawn at random once for this lesson; the network of the run takes no part in it"
        named(self.map, about, tip)
        self.map.set_values(weights, "signed")
        self.title.setText(f"{about} {format_power(self.map.number_exponent)}".rstrip())
        self._fit()

    def set_theme(self, theme: Theme) -> None:
        """Scale the map."""
        self._cell = theme.px(_CELL)
        self._fit()

    def _fit(self) -> None:
        rows, cols = self.map.shape
        self.map.setFixedSize(max(cols, 1) * self._cell, max(rows, 1) * self._cell)
