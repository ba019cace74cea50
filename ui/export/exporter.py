"""Exporting and copying figures from anywhere in the window: by menu, key and context menu."""

from collections.abc import Callable
from pathlib import Path
from typing import override

from PySide6.QtCore import QByteArray, QEvent, QMimeData, QObject, QPoint, QSettings, Qt, Signal, Slot
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QDockWidget, QMenu, QWidget

from cnnviz.errors import CNNVizError
from cnnviz.session_state import SessionState
from ui.export.figures import caption_of, figures_of, panel_at, panel_title, plot_at
from ui.state import AppState
from ui.widgets.log_table import LogTable


class FigureExporter(QObject):
    """Knows which figure is meant, opens the dialog, and fills the clipboard.

    Parameters
    ----------
    window : QWidget
        The main window; also the parent.
    docks : callable
        Returns the docks that hold panels, in their order.
    state : AppState
    settings : QSettings
    session : callable
        Returns what a PNG shall carry, or None.
    """

    #: A figure has been written to this file.
    exported = Signal(Path)

    def __init__(
        self,
        window: QWidget,
        docks: Callable[[], list[QDockWidget]],
        state: AppState,
        settings: QSettings,
        session: Callable[[], SessionState | None],
    ) -> None:
        super().__init__(window)
        self._window, self._docks, self._state = window, docks, state
        self._settings, self._session = settings, session

    def watch(self, widget: QWidget) -> None:
        """Offer the context menu on a panel and everything in it."""
        widget.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QContextMenuEvent) and isinstance(watched, QWidget):
            self._show_menu(watched, event.globalPos())
            return True
        return False

    def export(self, widget: QWidget | None = None) -> None:
        """Open the dialog for the plot or panel that `widget` is in; by default that with the keyboard."""
        # Imported here: the window starts sooner without it.
        from ui.export.dialog import ExportDialog

        panel, plot = self.meant(widget)
        figures = figures_of(self._window, panel, plot)
        dialog = ExportDialog(figures, self._state, self._settings, self._session(), self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.exported.connect(self.exported)
        dialog.open()

    def copy(self, widget: QWidget | None = None) -> None:
        """Put the plot or panel that `widget` is in on the clipboard: picture, SVG and caption."""
        from ui.export.formats import to_image, to_svg
        from ui.export.sheet import Sheet

        focus = QApplication.focusWidget()
        if widget is None and isinstance(focus, LogTable):
            focus.copy_selection()  # with the focus in a table, Ctrl+C means its rows
            return
        panel, plot = self.meant(widget)
        figure = figures_of(self._window, panel, plot)[0]
        data = QMimeData()
        try:
            data.setImageData(to_image(Sheet(figure), 2))
            data.setData("image/svg+xml", QByteArray(to_svg(Sheet(figure))))
        except CNNVizError as error:
            self._state.raise_notice("window", "error", str(error))
            return
        data.setText(f"{figure.title}: {caption_of(self._state)}")
        QGuiApplication.clipboard().setMimeData(data)

    def meant(self, widget: QWidget | None) -> tuple[QWidget | None, QWidget | None]:
        """Return panel and plot that are meant: those of `widget`, of the focus, or the panel in front."""
        widget = QApplication.focusWidget() if widget is None else widget
        panel, plot = panel_at(widget), plot_at(widget)
        return (self.front_panel() if panel is None else panel), plot

    def front_panel(self) -> QWidget | None:
        """The first panel that is in sight."""
        for dock in self._docks():
            panel = dock.widget()
            if panel is not None and panel.isVisible() and not panel.visibleRegion().isEmpty():
                return panel
        return None

    def _show_menu(self, watched: QWidget, place: QPoint) -> None:
        under = watched.childAt(watched.mapFromGlobal(place)) or watched
        menu = self.menu_for(under)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def menu_for(self, widget: QWidget) -> QMenu:
        """Return the context menu of a place in a panel: what the widget itself offers, and the figures."""
        menu = QMenu(self._window)
        own = plot_at(widget)
        if own is not None and own.actions():
            menu.addActions(own.actions())
            menu.addSeparator()
        self._target = widget
        for text, slot, keys in (
            ("Export figure…", self._on_export_chosen, "Ctrl+E"),
            ("Copy figure", self._on_copy_chosen, "Ctrl+C"),
        ):
            action = QAction(f"{text}\t{keys}", menu)
            action.triggered.connect(slot)
            menu.addAction(action)
        panel = panel_at(widget)
        menu.setAccessibleName(panel_title(panel) if panel is not None else "Figure")
        return menu

    @Slot()
    def _on_export_chosen(self) -> None:
        self.export(self._target)

    @Slot()
    def _on_copy_chosen(self) -> None:
        self.copy(self._target)
