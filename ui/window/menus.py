"""Menus and keyboard shortcuts of the main window, made from the table of actions."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from ui.controls.tips import wrapped
from ui.state import AppState, RunStatus
from ui.theme import bind_icon
from ui.window.actions import ACTIONS, MENUS, ActionRow


class Menus(QObject):
    """One action for each row of the table, in the menus of a window and for its buttons.

    * `window`: gets the menus and the shortcuts; also the parent.
    * `state`: says what can be asked for.
    """

    def __init__(self, window: QMainWindow, state: AppState) -> None:
        super().__init__(window)
        self._state = state
        self._status: RunStatus | None = None
        self._actions: dict[str, QAction] = {}
        self._listings: dict[str, QMenu] = {}
        self._groups: dict[str, QActionGroup] = {}
        menus = {title: window.menuBar().addMenu(title) for title in MENUS}
        for row in ACTIONS:
            self._add(menus[row.menu], row)
        state.runChanged.connect(self._on_run_changed)
        self._on_run_changed()

    def draw_icons(self) -> None:
        """Draw what only opened menus show; the first frame of the window does not wait for it."""
        for row in ACTIONS:
            if row.icon and not row.listing:
                bind_icon(self._actions[row.name], row.icon)

    def action(self, name: str) -> QAction:
        """Return the action of a row."""
        return self._actions[name]

    @property
    def status(self) -> RunStatus:
        """Status of the run, on which it depends what can be asked for."""
        return self._state.run.status

    def listed(self, name: str) -> list[QAction]:
        """Return what stands in a submenu now."""
        menu = self._listings[name]
        menu.aboutToShow.emit()
        return [each for each in menu.actions() if each.isEnabled()]

    def connect_to(self, parts: Mapping[str, object]) -> None:
        """Let each action do what its row says.

        * `parts`: what the names in front of the dots of handlers stand for.
        * Raises AttributeError: if there is no such method: at once, not when the action is
          asked for.
        """
        for row in ACTIONS:
            handler, action = _method(row.handler, parts), self._actions[row.name]
            if row.listing:
                menu, listing = self._listings[row.name], _method(row.listing, parts)
                menu.aboutToShow.connect(partial(_fill, menu, listing, handler))
            elif row.is_checkable and not row.group:
                action.toggled.connect(handler)
            else:
                given = () if row.argument is None else (row.argument,)
                action.triggered.connect(lambda _checked=False, handler=handler, given=given: handler(*given))

    def choose(self, group: str, argument: object) -> None:
        """Tick the one of a group that is in force, and do nothing else."""
        for row in ACTIONS:
            if row.group == group:
                self._actions[row.name].setChecked(row.argument == argument)

    def _add(self, menu: QMenu, row: ActionRow) -> None:
        if row.starts_section and not menu.isEmpty():
            menu.addSeparator()
        if row.listing:
            listing = self._listings[row.name] = menu.addMenu(row.text)
            self._actions[row.name] = listing.menuAction()
            return
        action = self._actions[row.name] = menu.addAction(row.text)
        action.setToolTip(row.tooltip)
        action.setStatusTip("")
        action.setCheckable(row.is_checkable)
        if row.key:
            action.setShortcuts([QKeySequence(key) for key in (row.key, row.other_key) if key])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        if row.group:
            if row.group not in self._groups:
                self._groups[row.group] = QActionGroup(self)
            self._groups[row.group].addAction(action)

    @Slot()
    def _on_run_changed(self) -> None:
        status = self._state.run.status
        if status is not self._status:
            self._status = status
            for row in ACTIONS:
                self._actions[row.name].setEnabled(status in row.enabled)


def _method(path: str, parts: Mapping[str, object]) -> Callable[..., Any]:
    part, _, name = path.partition(".")
    method = getattr(parts.get(part), name, None)
    if not callable(method):
        raise AttributeError(f"There is no method {path}, which an action is to call.")
    return method


def _fill(menu: QMenu, listing: Callable[[], list[Path]], handler: Callable[[Path], object]) -> None:
    menu.clear()
    for path in listing():
        action = menu.addAction(path.name.replace("&", "&&"))
        action.setToolTip(wrapped(str(path)))
        action.triggered.connect(partial(handler, path))
    if menu.isEmpty():
        menu.addAction("No files yet").setEnabled(False)
