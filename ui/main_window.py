"""The main window: menus, run controls, samples, panels, status."""

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QStatusBar, QWidget

from ui.panel_area import PanelArea
from ui.panels.samples import SamplesPanel
from ui.panels.training import TrainingPanel
from ui.run_bar import RunBar
from ui.run_status import RunStatusBar
from ui.state import AppState
from ui.theme import Theme, follow_theme

_LAYOUT_VERSION = 1


class MainWindow(QMainWindow):
    """Builds the parts and arranges them; what they ask for is connected by the application.

    Signals
    -------
    closing
        The window is about to close.
    """

    closing = Signal()

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("main")
        self.setWindowTitle("CNNViz")
        self.setMinimumSize(1100, 700)
        self._build_parts(state)
        self._arrange()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the edges."""
        self.samples_dock.setMinimumWidth(theme.px(216))
        self.samples_dock.setMaximumWidth(theme.px(420))

    def restore_layout(self, settings: QSettings) -> None:
        """Take size and arrangement from the last session."""
        geometry = settings.value("window/geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(1440, 900)
        for name, part in (("window/docks", self), ("window/panels", self.panels)):
            saved = settings.value(name)
            if saved is not None:
                part.restoreState(saved, _LAYOUT_VERSION)

    def save_layout(self, settings: QSettings) -> None:
        """Remember size and arrangement."""
        settings.setValue("window/geometry", self.saveGeometry())
        settings.setValue("window/docks", self.saveState(_LAYOUT_VERSION))
        settings.setValue("window/panels", self.panels.saveState(_LAYOUT_VERSION))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let the application stop what is running before anything is torn down."""
        self.closing.emit()
        super().closeEvent(event)

    def _build_parts(self, state: AppState) -> None:
        self.run_bar = RunBar(state)
        self.samples = SamplesPanel(state)
        self.training = TrainingPanel(state)
        self.panels = PanelArea()
        self.run_status = RunStatusBar(state)

    def _arrange(self) -> None:
        self.menuBar().setCornerWidget(self.run_bar, Qt.Corner.TopRightCorner)
        self.samples_dock = QDockWidget("Samples", self)
        self.samples_dock.setObjectName("samples_dock")
        self.samples_dock.setTitleBarWidget(QWidget())
        self.samples_dock.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        self.samples_dock.setWidget(self.samples)
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self.samples_dock)
        self.panels.add_panel(self.training, "Training", "training_dock")
        self.setCentralWidget(self.panels)
        bar = QStatusBar()
        bar.setSizeGripEnabled(False)
        bar.addPermanentWidget(self.run_status, 1)
        self.setStatusBar(bar)
