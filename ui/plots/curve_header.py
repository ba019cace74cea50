"""The line above a curve plot: its title, the way back to the whole, the legend."""

from PySide6.QtWidgets import QHBoxLayout, QLabel

from ui.controls.buttons import IconButton
from ui.plots.curve_style import LegendEntry


class CurveHeader(QHBoxLayout):
    """Title at the left; at the right the entries of the legend and, while zoomed, a button before them.

    Parameters
    ----------
    title : str
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        label = QLabel(title)
        label.setProperty("role", "title")
        self.whole = IconButton("maximize", "Show the whole", "or double-click in the plot", "A")
        self.whole.setProperty("kind", "quiet")
        self.whole.hide()
        self._legend = QHBoxLayout()
        self._legend.setSpacing(0)
        self.addWidget(label)
        self.addStretch(1)
        self.addWidget(self.whole)
        self.addLayout(self._legend)

    def add_entry(self, entry: LegendEntry) -> None:
        """Add an entry at the end of the legend."""
        self._legend.addWidget(entry)
