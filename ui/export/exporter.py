"""Exporting and copying figures from anywhere in the window: by menu, key and context menu."""

from collections.abc import Callable
from functools import partial
from typing import override

from PySide6.QtCore import QEvent, QMimeData, QObject, QSettings, Qt
from PySide6.QtGui import QContextMenuEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from shiboken6 import isValid

from cnnviz.document.types import Document
from cnnviz.errors import CNNVizError
from ui.export.figures import (
    Figure,
    Screenshot,
    caption_of,
    figures_of,
    panel_at,
    panel_title,
    plot_at,
    title_of,
)
from ui.panels.contract import Panel
from ui.panels.samples.drawing_pad import DrawingPad
from ui.state import AppState
from ui.tasks import TaskRunner
from ui.window.actions import action_row
from ui.window.main_window import MainWindow

_NOTHING = "There is no figure here yet. Train or measure something first, or choose another panel."


class FigureExporter(QObject):
    """Knows which figure is meant, opens the dialog, and fills the clipboard.

    * `picture`: returns what a PNG shall carry, or None.
    * `insert`: puts a figure into the lab report.
    """

    def __init__(
        self,
        window: MainWindow,
        state: AppState,
        settings: QSettings,
        picture: Callable[[QWidget], Document | None],
        insert: Callable[[Figure], None],
        files: TaskRunner,
    ) -> None:
        super().__init__(window)
        self._window, self._panels, self._state = window, window.panels, state
        self._settings, self._picture, self._insert = settings, picture, insert
        self._files, self._complain = files, partial(state.raise_notice, "window", "error")
        self._parts: list[QWidget] = []

    def watch(self, part: QWidget) -> None:
        """Offer the context menu on a part of the window and everything in it."""
        self._parts.append(part)
        part.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QContextMenuEvent) and isinstance(watched, QWidget):
            place = event.globalPos()
            under = watched.childAt(watched.mapFromGlobal(place)) or watched
            # There the right button wipes, and the menu comes by its key.
            wipes = isinstance(under, DrawingPad)
            if not (wipes and event.reason() == QContextMenuEvent.Reason.Mouse):
                menu = self.menu_for(under)
                menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
                menu.popup(place)
            return True
        return False

    def export(self, widget: QWidget | None = None) -> None:
        """Open the dialog for the plot or panel that `widget` is in; by default that with the keyboard."""
        # Imported here: the window starts sooner without it.
        from ui.export.dialog import ExportDialog

        figures = self.figures(widget)
        does = self._settings, self._picture, self._insert, self._files
        dialog = ExportDialog(figures, self._state, *does, self._window)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def insert(self, widget: QWidget | None = None) -> None:
        """Put the plot or panel that `widget` is in into the lab report."""
        panel, plot = self.meant(widget)
        if plot is not None:
            self._insert(Figure(plot, title_of(plot)))
        elif panel is not None:
            self._insert(Figure(panel, f"{panel_title(panel)} panel"))

    def copy(self, widget: QWidget | None = None) -> None:
        """Put the plot or panel that `widget` is in on the clipboard: picture and caption."""
        from ui.export.formats import to_image

        if not (figures := figures_of(*self.meant(widget))):
            self._complain(_NOTHING)
            return
        figure, data = figures[0], mime_data()
        try:
            data.setImageData(to_image(figure.drawing(), 2))
        except CNNVizError as error:
            self._complain(str(error))
            return
        data.setText(f"{figure.title}: {caption_of(self._state, figure.widget)}")
        QApplication.clipboard().setMimeData(data)

    def meant(self, widget: QWidget | None) -> tuple[QWidget | None, QWidget | None]:
        """Return panel and plot that are meant: those of `widget`, or where the keyboard is, or in front."""
        place = QApplication.focusWidget() if widget is None else widget
        panel, plot = panel_at(place), plot_at(place)
        if widget is None and panel in (None, self._window.samples):
            return self._panels.front_panel, None  # samples and timeline only choose what the others show
        return (self._panels.front_panel if panel is None else panel), plot

    def figures(self, widget: QWidget | None = None) -> list[Figure]:
        """List what to export: what is meant by `widget` (see `meant`), all other panels, the window."""
        panel, plot = self.meant(widget)
        others = (part for part in self._parts if part is not panel and isValid(part))
        # Beside the panels, what is closed may show another run than the rest.
        opened = (part for part in others if isinstance(part, Panel) or part.isVisibleTo(self._window))
        found = (each for part in opened for each in figures_of(part) if each.widget is not plot)
        return [*figures_of(panel, plot), *found, Screenshot(self._window, "Whole window")]

    def menu_for(self, widget: QWidget) -> QMenu:
        """Return the context menu of a place in a panel: what the widget itself offers, and the figures."""
        menu = QMenu(self._window)
        own = plot_at(widget)
        if own is not None and own.actions():
            menu.addActions(own.actions())
            menu.addSeparator()

        def choose(act: Callable[[QWidget], None]) -> None:
            if isValid(widget):
                act(widget)

        for name, act in (("export", self.export), ("copy", self.copy), ("insert", self.insert)):
            row = action_row(name)
            key = f"\t{row.key}"
            taken = any(each.text().endswith(key) for each in menu.actions())  # with the focus there
            label = row.label + "…" * row.text.endswith("…")
            action = menu.addAction(label + ("" if taken else key))
            action.triggered.connect(partial(choose, act))
        panel = panel_at(widget)
        menu.setAccessibleName(panel_title(panel) if panel is not None else "Figure")
        return menu


def mime_data() -> QMimeData:
    """Return empty data that may be filled and put on the clipboard.

    The clipboard outlives the interpreter, and reads and frees what it holds then: `QMimeData()` would be an
    object with methods in Python, and end the program by a segmentation fault. This one is made by Qt.
    """
    model = QStandardItemModel()
    model.appendRow(QStandardItem())
    data = model.mimeData([model.index(0, 0)])
    data.clear()
    return data
