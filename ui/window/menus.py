"""Menus and keyboard shortcuts of the main window."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from ui.theme import bind_icon

PANELS = ("Training", "Filters && maps", "Translation", "Backprop", "Lab report")
THEMES = (("system", "Like the system"), ("light", "Light"), ("dark", "Dark"))


@dataclass(frozen=True, slots=True)
class MenuHandlers:
    """What each entry calls."""

    open_data: Callable[[], None]
    open_mnist: Callable[[], None]
    open_model: Callable[[], None]
    save_model: Callable[[], None]
    save_session: Callable[[], None]
    open_recent: Callable[[Path], None]
    recent_files: Callable[[], list[Path]]
    export_figure: Callable[[], None]
    copy_figure: Callable[[], None]
    insert_figure: Callable[[], None]
    export_report: Callable[[], None]
    train: Callable[[], None]
    step: Callable[[], None]
    stop: Callable[[], None]
    add_epoch: Callable[[], None]
    reset: Callable[[], None]
    new_seed: Callable[[], None]
    set_theme_mode: Callable[[str], None]
    set_presenter: Callable[[bool], None]
    show_panel: Callable[[int], None]
    move_panel_aside: Callable[[], None]
    gather_panels: Callable[[], None]
    show_help: Callable[[], None]
    show_about: Callable[[], None]


class Menus:
    """Builds the menus and keeps the actions whose state can change.

    Parameters
    ----------
    window : QMainWindow
        Gets the menus and the shortcuts.
    handlers : MenuHandlers
    """

    def __init__(self, window: QMainWindow, handlers: MenuHandlers) -> None:
        self._window = window
        self._handlers = handlers
        self._build_file_menu()
        self._build_run_menu()
        self._build_view_menu()
        self._build_help_menu()

    def show_theme_mode(self, mode: str) -> None:
        """Tick the theme that is in force."""
        for action in self.themes.actions():
            action.setChecked(action.data() == mode)

    def _build_file_menu(self) -> None:
        menu = self._window.menuBar().addMenu("&File")
        handlers = self._handlers
        self._add(
            menu,
            "&Open data…",
            handlers.open_data,
            "Ctrl+D",
            "Read an IDX folder, a Keras .npz or a folder of images",
            "folder-open",
        )
        self._add(
            menu,
            "Use &MNIST",
            handlers.open_mnist,
            "",
            "Go back to the MNIST digits that come with the program",
        )
        menu.addSeparator()
        self._add(
            menu,
            "Open m&odel or session…",
            handlers.open_model,
            "Ctrl+O",
            "Continue from a saved network, or bring a saved session or an exported picture back",
        )
        self.recent = menu.addMenu("Open &recent")
        self.recent.aboutToShow.connect(self._fill_recent)
        self._add(
            menu, "&Save model…", handlers.save_model, "Ctrl+S", "Save the network with its settings", "save"
        )
        self._add(
            menu,
            "Save s&ession…",
            handlers.save_session,
            "Ctrl+Shift+S",
            "Save settings, step, sample and view, to come back to this picture",
        )
        menu.addSeparator()
        self._add(
            menu,
            "&Export figure…",
            handlers.export_figure,
            "Ctrl+E",
            "Write a plot, panel or the window as a file",
            "image",
        )
        self._add(
            menu,
            "&Copy figure",
            handlers.copy_figure,
            "Ctrl+C",
            "Put the plot or panel with the focus on the clipboard",
            "copy",
        )
        self._add(
            menu,
            "&Insert figure into report",
            handlers.insert_figure,
            "Ctrl+I",
            "Put the plot or panel used last below the observations of the lab report",
            "plus",
        )
        self._add(
            menu,
            "Export &report…",
            handlers.export_report,
            "Ctrl+Shift+E",
            "Write the lab report as PDF, web page or folder",
            "file-text",
        )
        menu.addSeparator()
        self._add(menu, "&Quit", self._window.close, "Ctrl+Q", "Close the window")

    def _fill_recent(self) -> None:
        self.recent.clear()
        for path in self._handlers.recent_files():
            action = self.recent.addAction(path.name.replace("&", "&&"))
            action.setToolTip(str(path))
            action.triggered.connect(partial(self._handlers.open_recent, path))
        if self.recent.isEmpty():
            self.recent.addAction("No files yet").setEnabled(False)

    def _build_run_menu(self) -> None:
        menu = self._window.menuBar().addMenu("&Run")
        handlers = self._handlers
        self.train = self._add(
            menu, "&Train or pause", handlers.train, "", "Train, pause or continue", "play"
        )
        self._add(menu, "&Step", handlers.step, "S", "Train a single step", "step-forward")
        self._add(menu, "Sto&p", handlers.stop, "", "End this run here", "square")
        self._add(
            menu,
            "One more &epoch",
            handlers.add_epoch,
            "E",
            "Train as many more steps as one epoch has",
            "plus",
        )
        menu.addSeparator()
        self._add(
            menu,
            "&Reset to the same weights",
            handlers.reset,
            "Ctrl+R",
            "Back to the initial weights of the same seed",
            "rotate-ccw",
        )
        self._add(
            menu,
            "&New seed",
            handlers.new_seed,
            "Ctrl+Shift+R",
            "Other initial weights, other order of images",
            "dices",
        )

    def _build_view_menu(self) -> None:
        menu = self._window.menuBar().addMenu("&View")
        self.themes = QActionGroup(self._window)
        for mode, text in THEMES:
            action = menu.addAction(text)
            action.setData(mode)
            action.setCheckable(True)
            self.themes.addAction(action)
        self.themes.triggered.connect(self._on_theme_triggered)
        menu.addSeparator()
        for number, name in enumerate(PANELS):
            show = partial(self._handlers.show_panel, number)
            tooltip = f"Show the panel {name.replace('&&', '&')}"
            self._add(menu, f"&{number + 1} {name}", show, f"Ctrl+{number + 1}", tooltip)
        self._add(
            menu, "Put panel &beside the others", self._handlers.move_panel_aside, "Ctrl+B",
            "Show two panels side by side; their title bars can be dragged",
        )  # fmt: skip
        self._add(menu, "All panels as &tabs", self._handlers.gather_panels, "Ctrl+Shift+B", "Undo that")
        menu.addSeparator()
        self.presenter = menu.addAction("&Presenter mode")
        self.presenter.setCheckable(True)
        self.presenter.setShortcut(QKeySequence("F11"))
        self.presenter.setToolTip("Enlarge everything for a projector")
        self.presenter.toggled.connect(self._handlers.set_presenter)

    def _build_help_menu(self) -> None:
        menu = self._window.menuBar().addMenu("&Help")
        self._add(
            menu,
            "&First steps and keys",
            self._handlers.show_help,
            "F1",
            "What to try first, and all keys",
            "circle-question-mark",
        )
        self._add(menu, "&About CNNViz", self._handlers.show_about, "", "Version and licences")

    def _add(
        self,
        menu: QMenu,
        text: str,
        handler: Callable[[], object],
        keys: str,
        tooltip: str,
        icon_name: str = "",
    ) -> QAction:
        action = menu.addAction(text)
        action.setToolTip(tooltip)
        action.setStatusTip("")
        if keys:
            action.setShortcut(QKeySequence(keys))
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        if icon_name:
            bind_icon(action, icon_name)
        action.triggered.connect(lambda _checked=False: handler())
        return action

    def _on_theme_triggered(self, action: QAction) -> None:
        self._handlers.set_theme_mode(str(action.data()))
