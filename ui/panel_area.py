"""The middle of the window: panels as docks, tabbed at first, that can stand side by side."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabWidget, QWidget


class PanelArea(QMainWindow):
    """A dock area of its own, so that panels are not mixed with the docks at the edge of the window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # A QMainWindow is a window by default; here it is the middle of another.
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setDockNestingEnabled(True)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setDocumentMode(True)
        self._docks: list[QDockWidget] = []

    def add_panel(self, panel: QWidget, title: str, name: str) -> QDockWidget:
        """Add a panel as the last tab.

        Parameters
        ----------
        panel : QWidget
        title : str
            Shown on the tab.
        name : str
            Object name, under which the layout is saved.
        """
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(panel)
        dock.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable
            | QDockWidget.DockWidgetFeature.DockWidgetFloatable
        )
        self.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, dock)
        if self._docks:
            self.tabifyDockWidget(self._docks[-1], dock)
        self._docks.append(dock)
        return dock

    def show_panel(self, number: int) -> None:
        """Bring a panel to the front.

        Parameters
        ----------
        number : int
            Position in the order in which panels were added, from 0.
        """
        if 0 <= number < len(self._docks):
            dock = self._docks[number]
            dock.show()
            dock.raise_()
