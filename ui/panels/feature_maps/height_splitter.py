"""The border between the maps and the arithmetic below them."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QWidget

from cnnviz.layers import Conv2D
from ui.panels.feature_maps.plan import Plan
from ui.theme import Theme

_USUAL_SHARE, _LARGEST_SHARE = 0.18, 0.45
"""Of the height, what the tables of the arithmetic get in a large window, and what they may take in all."""


class HeightSplitter(QSplitter):
    """Gives the lower part what its tables need, until the user moves the border."""

    def __init__(self, upper: QWidget, lower: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._is_shared_by_user = False
        self._share: tuple[Plan | None, Theme] | None = None
        self.setChildrenCollapsible(False)
        self.setHandleWidth(1)
        self.addWidget(upper)
        self.addWidget(lower)
        self.setStretchFactor(0, 1)
        self.setStretchFactor(1, 0)
        self.splitterMoved.connect(self._on_moved)

    def choice(self) -> tuple[int, int] | None:
        """Heights that the user has given to the parts; None if the user has not moved the border."""
        upper, lower = self.sizes()
        return (upper, lower) if self._is_shared_by_user else None

    def choose(self, heights: tuple[int, int] | None) -> None:
        """Divide the height as `choice` said."""
        self._is_shared_by_user = heights is not None
        if heights is not None:
            self.setSizes(heights)
        elif self._share is not None:
            self.share(*self._share)

    def share(self, plan: Plan | None, theme: Theme) -> None:
        """Divide the height for the kernels of a network, if the user has not done so."""
        self._share = plan, theme
        if self._is_shared_by_user:
            return
        layers = () if plan is None else plan.layers
        kernels = [layer.kernel_size for _, layer in layers if isinstance(layer, Conv2D)]
        rows = max(kernels, default=3)
        total = self.height()
        tables = min(max(rows * theme.px(24), theme.px(112)), theme.px(190))
        wanted = theme.px(62) + max(tables, round(_USUAL_SHARE * total))
        wanted = min(wanted, round(_LARGEST_SHARE * total))
        self.setSizes([max(total - wanted, 1), wanted])

    def _on_moved(self, _position: int, _index: int) -> None:
        self._is_shared_by_user = True
