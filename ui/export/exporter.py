"""Exporting and copying figures from anywhere in the window: by menu, key and context menu."""

from collections.abc import Callable
from functools import partial
from typing import override

from PySide6.QtCore import QByteArray, QEvent, QMimeData, QObject, QPoint, QSettings, Qt
from PySide6.QtGui import QContextMenuEvent, QImage, QMouseEvent, QStandardItem, QStandardItemModel, QWindow
from PySide6.QtWidgets import QApplication, QDockWidget, QMenu, QMenuBar, QWidget
from shiboken6 import isValid

from cnnviz.document.types import Document
from cnnviz.errors import CNNVizError
from ui.controls.keyboard import follow_keyboard
from ui.export.figures import Figure, caption_of, figures_of, panel_at, panel_title, plot_at, title_of
from ui.panels.samples.drawing_pad import DrawingPad
from ui.state import AppState
from ui.tasks import TaskRunner
from ui.window.actions import action_row
from ui.window.main_window import MainWindow
from ui.window.panel_area import panel_of


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
        self._whole = Figure(window, "Whole window", "window")
        self._parts: list[QWidget] = []
        self._choosers: dict[QWidget, QWidget | None] = {}  # with what is meant there
        self._used: QWidget | None = None
        self._shown: QWidget | None = None  # a panel that came into sight after that was used
        self._focused: QWidget | None = None
        follow_keyboard(self._on_focus_changed)

    def watch(self, part: QWidget) -> None:
        """Offer the context menu on a part of the window and everything in it, and note when it is used."""
        self._parts.append(part)
        part.installEventFilter(self)
        self._watch_window_of(part)

    def watch_chooser(self, part: QWidget, plot: QWidget | None = None) -> None:
        """Offer the context menu on a part in which is chosen what the others show.

        Without the menu it is not the part that is meant, although it has the keyboard.

        * `plot`: what is meant wherever in the part the menu is asked for.
        """
        self._choosers[part] = plot
        part.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QContextMenuEvent) and isinstance(watched, QWidget):
            place = event.globalPos()
            under = watched.childAt(watched.mapFromGlobal(place)) or watched
            # There the right button wipes, and the menu comes by its key.
            wipes = isinstance(under, DrawingPad)
            if not (wipes and event.reason() == QContextMenuEvent.Reason.Mouse):
                menu = self.menu_for(self._choosers.get(watched) or under)
                menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
                menu.popup(place)
            return True
        if isinstance(event, QMouseEvent) and isinstance(watched, QWindow):
            if event.type() == QEvent.Type.MouseButtonPress:
                self._note_press(watched, event.position().toPoint())
        elif event.type() == QEvent.Type.Show and not event.spontaneous() and isinstance(watched, QWidget):
            # A panel that comes into sight is the one meant; it may be in a window of its own now.
            self._watch_window_of(watched)
            if watched in self._panels.panels():
                self.show(watched)
        return False

    def show(self, panel: QWidget | None) -> None:
        """Take a panel that was asked for as the one meant, or what was used last, if that is in it."""
        self._shown = panel

    def _note_use(self, widget: QWidget | None) -> None:
        """Note what was clicked or got the keyboard; a plot stays the one meant while its panel is set up."""
        parts = () if widget is None else filter(isValid, self._parts)
        if widget is None or not any(part is widget or part.isAncestorOf(widget) for part in parts):
            return
        used = self._used if self._used is not None and isValid(self._used) else None
        plot = plot_at(used)
        is_control = plot is not None and plot.isVisible() and plot_at(widget) is None
        if not (is_control and panel_at(widget) is panel_at(used)):
            self._used = widget
        self._shown = None

    def export(self, widget: QWidget | None = None) -> None:
        """Open the dialog for the plot or panel that `widget` is in; by default that used last."""
        # Imported here: the window starts sooner without it.
        from ui.export.dialog import ExportDialog

        dialog = ExportDialog(
            self.figures(widget), self._state, self._settings, self._picture, self._files, self._window
        )
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def insert(self, widget: QWidget | None = None) -> None:
        """Put the plot or panel that `widget` is in into the lab report."""
        panel, plot = self.meant(widget)
        if plot is not None:
            self._insert(Figure(plot, title_of(plot), "plot"))
        elif panel is not None:
            self._insert(Figure(panel, f"{panel_title(panel)} panel", "panel"))

    def copy(self, widget: QWidget | None = None) -> None:
        """Put the plot or panel that `widget` is in on the clipboard: picture, SVG and caption."""
        from ui.export.formats import draw_svg, to_image

        figure = self._figures_meant(widget)[0]
        try:
            drawing = figure.drawing()
            is_window = figure.kind == "window"
            image = to_image(drawing, self._window.devicePixelRatioF() if is_window else 2)
        except CNNVizError as error:
            self._complain(str(error))
            return
        text = f"{figure.title}: {caption_of(self._state, figure.widget)}"
        if is_window:
            _fill_clipboard(image, text, b"")
            return
        svg = draw_svg(drawing, figure.title)
        self._files.submit(
            "copy", lambda _context: svg(), partial(_fill_clipboard, image, text), self._complain
        )

    def meant(self, widget: QWidget | None) -> tuple[QWidget | None, QWidget | None]:
        """Return panel and plot that are meant: those of `widget`, or used last, or the panel in front."""
        if widget is None:
            used, shown = (
                each if each is not None and isValid(each) and each.isVisible() else None
                for each in (self._used, self._shown)
            )
            widget = used if shown is None or (used is not None and shown.isAncestorOf(used)) else shown
        panel, plot = panel_at(widget), plot_at(widget)
        return (self._panels.front_panel if panel is None else panel), plot

    def figures(self, widget: QWidget | None = None) -> list[Figure]:
        """List what can be exported: what is meant by `widget` first (see `meant`), then all other panels."""
        meant = self._figures_meant(widget)
        first = meant[0].widget
        others = [
            each
            for part in (*self._parts, *self._choosers)
            if isValid(part) and part is not panel_at(first) and self._choosers.get(part) is None
            for each in figures_of(part)
        ]
        plots = (plot for plot in self._choosers.values() if plot is not None and plot is not first)
        others += [Figure(plot, title_of(plot), "plot", title_of(plot)) for plot in plots]
        window = [] if meant[0].kind == "window" else [self._whole]
        return [*meant, *(each for each in others if not each.is_empty), *window]

    def _figures_meant(self, widget: QWidget | None) -> list[Figure]:
        return figures_of(*self.meant(widget)) or [self._whole]

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

    def _watch_window_of(self, part: QWidget) -> None:
        handle = part.window().windowHandle()
        if handle is not None:  # it is there when the window is first shown
            handle.installEventFilter(self)  # for one that is watched already: no second time

    def _note_press(self, handle: QWindow, place: QPoint) -> None:
        """Note what was clicked: most plots leave the keyboard where it is."""
        for window in {part.window() for part in self._parts if isValid(part)}:
            if window.windowHandle() is handle:
                under = window.childAt(place)
                self._note_use(panel_of(under) if isinstance(under, QDockWidget) else under)

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        # A menu or another window gives the keyboard back later to what had it, which is no use of that.
        if new is None or new is self._focused or isinstance(new, QMenuBar):
            return
        windows = {part.window() for part in self._parts if isValid(part)}
        if new.window() not in windows:
            return
        self._focused = new
        # By a click the keyboard may come to what is around the thing clicked, which is noted already.
        if QApplication.mouseButtons() == Qt.MouseButton.NoButton:
            self._note_use(new)


def _fill_clipboard(image: QImage, text: str, svg: bytes) -> None:
    data = mime_data()
    data.setImageData(image)
    if svg:
        data.setData("image/svg+xml", QByteArray(svg))
    data.setText(text)
    QApplication.clipboard().setMimeData(data)


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
