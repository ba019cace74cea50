"""The place of the lab guide at the right of the window."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from ui.theme import Theme

WIDTH = 330
"""Of the lab guide, in pixels at scale 1."""
_MOST = 0.45  # of the width of the window


class LabDock(QDockWidget):
    """Holds the lab guide; hidden until a lab is wanted.

    * `window`: at whose right edge it stands; also the parent.
    * `shown(bool)`: it has come into sight, or was put away.
    * `messages`: messages of the guide, by names for screen readers.
    """

    shown = Signal(bool)

    def __init__(self, window: QMainWindow) -> None:
        super().__init__("Lab guide", window)
        self.setObjectName("lab_dock")
        self.setTitleBarWidget(QWidget())
        self.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self)
        window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self.messages: dict[str, QWidget] = {}
        self.hide()

    def areas(self) -> dict[str, QWidget]:
        """Return where F6 leads to here: the guide, and what it has to say."""
        return {"Lab guide": self.widget() or self, **self.messages}

    @property
    def room(self) -> int:
        """Width that it takes, in pixels; 0 while it is out of sight."""
        content: QWidget | None = self.widget()
        return 0 if content is None or self.isHidden() else content.minimumWidth()

    def fit(self, theme: Theme, width: int) -> None:
        """Be as wide as the theme asks for, but leave the larger part of a window to the panels."""
        content: QWidget | None = self.widget()
        if content is not None:
            content.setFixedWidth(min(theme.px(WIDTH), round(_MOST * width)))

    def set_shown(self, shown: bool) -> None:
        """Bring the lab guide into sight, or put it away."""
        if self.isHidden() == shown:
            self.setVisible(shown)
            self.shown.emit(shown)
