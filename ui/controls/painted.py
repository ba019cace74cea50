"""Widgets that paint themselves, and those whose height follows from their width."""

from typing import override

from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme import LIGHT, Theme


class PaintedWidget(QWidget):
    """Widget that paints itself in the colours of the theme.

    A kind of it takes its fonts in `_restyle`, and ends its ``__init__`` with ``follow_theme(self)``, when
    there is something to restyle. It need not see to being repainted when it gets or loses the keyboard: Qt
    does that for every widget that takes it.
    """

    _theme = LIGHT

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._restyle(theme)
        self.updateGeometry()
        self.update()

    def _restyle(self, theme: Theme) -> None: ...


def height_for_width() -> QSizePolicy:
    """Return the size policy of a widget whose height follows from its width."""
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    return policy


class WrappedWidget(PaintedWidget):
    """Painted widget whose height follows from its width, as that of wrapped text does.

    Docks, splitters and grids do not ask for a height that goes with the width; a minimum they respect. So
    it claims that height when its width changes; a kind of it calls `_claim_height` when its content does.
    """

    #: Width in pixels, at scale 1, up to which a widget has not been laid out yet.
    _LEAST_WIDTH = 40

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(height_for_width())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._claim_height()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Claim what changed out of sight: there, Qt tells of the first change of a layout only."""
        super().showEvent(event)
        self._claim_height()

    def _claim_height(self) -> None:
        height = self.heightForWidth(self.width()) if self.width() > self._theme.px(self._LEAST_WIDTH) else 0
        if height != self.minimumHeight():
            self.setMinimumHeight(height)
