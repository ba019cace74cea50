"""Menus and shortcuts of the main window, made from the table of actions, and what Help shows."""

import platform
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial, reduce
from itertools import groupby
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QObject, qVersion
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QMessageBox, QWidget

from cnnviz import __version__
from ui.controls.tips import wrapped
from ui.guide.chapters import place_of
from ui.state import AppState
from ui.theme import bind_icon
from ui.window.actions import ACTIONS, MENUS, ActionRow, as_read


class Menus(QObject):
    """One action for each row of the table, in the menus of a window and for its buttons."""

    def __init__(self, window: QMainWindow, state: AppState) -> None:
        super().__init__(window)
        self.state = state
        self._actions: dict[str, QAction] = {}
        self._groups = defaultdict[str, QActionGroup](partial(QActionGroup, self))
        menus = {title: window.menuBar().addMenu(title) for title in MENUS}
        for row in ACTIONS:
            self._add(menus[row.menu], row)
        window.addActions(list(self._actions.values()))  # or keys would go with the menu bar
        state.runChanged.connect(self._on_run_changed)
        self._on_run_changed()

    def draw_icons(self) -> None:
        """Draw what only opened menus show; the first frame of the window does not wait for it."""
        for row in ACTIONS:
            if row.icon and not row.listing:
                bind_icon(self._actions[row.name], row.icon)

    def action(self, name: str) -> QAction:
        return self._actions[name]

    def connect_to(self, session: object, rows: Iterable[ActionRow]) -> None:
        """Let actions do what their rows say; a method that is not there is an error at once."""
        for row in rows:
            handler, action = _method(row.handler, session), self._actions[row.name]
            if row.listing:
                menu, listing = cast("QMenu", action.menu()), _method(row.listing, session)
                menu.aboutToShow.connect(partial(_fill, menu, listing, handler))
            elif row.is_checkable and not row.group:
                action.toggled.connect(handler)
            else:
                given = () if row.argument is None else (row.argument,)
                action.triggered.connect(lambda _checked=False, handler=handler, given=given: handler(*given))

    def _add(self, menu: QMenu, row: ActionRow) -> None:
        if row.starts_section and not menu.isEmpty():
            menu.addSeparator()
        if row.listing:
            self._actions[row.name] = menu.addMenu(row.text).menuAction()
            return
        action = self._actions[row.name] = menu.addAction(row.text)
        action.setToolTip(row.tooltip)
        action.setCheckable(row.is_checkable)
        action.setAutoRepeat(not row.is_checkable)  # a key that is held does not switch on and off
        if row.key:
            action.setShortcuts([QKeySequence(key) for key in (row.key, row.other_key) if key])
        if row.group:
            self._groups[row.group].addAction(action)

    def _on_run_changed(self) -> None:
        for row in ACTIONS:
            self._actions[row.name].setEnabled(self.state.run.status in row.enabled)


def _method(path: str, session: object) -> Callable[..., Any]:
    method = reduce(lambda part, name: getattr(part, name, None), path.split("."), session)
    if not callable(method):
        raise AttributeError(f"There is no method {path}, which an action is to call.")
    return method


def _fill(menu: QMenu, listing: Callable[[], list[Path]], handler: Callable[[Path], object]) -> None:
    menu.clear()
    menu.setToolTipsVisible(True)  # their folders
    for path in listing():
        action = menu.addAction(path.name.replace("&", "&&"))
        action.setToolTip(wrapped(str(path)))
        action.triggered.connect(partial(handler, path))
    if menu.isEmpty():
        menu.addAction("No recent documents since the last New").setEnabled(False)


_FIRST_STEPS = """
<h2>What to try first</h2>
<p>The <b>lab guide</b> (Ctrl+L), the column at the right, leads you through the whole exercise step by step:
predict, do, see, explain, hand in. To look round by yourself:</p>
<ol>
<li><b>Network</b>: press Train and watch loss, accuracy and filters change. Drag Speed down to see single
steps. Click a cell of the confusion matrix to see its images.</li>
<li><b>Filters &amp; maps</b>: move the pointer over a map; you see its arithmetic. Click to pin
a cell.</li>
<li><b>Translation</b>: drag the image and compare what changes before and after pooling.</li>
<li><b>Backprop</b>: go through the backward pass; check a gradient by its finite difference.</li>
<li><b>Timeline</b>: drag its handle, and every panel goes back to that moment. Train on from there.</li>
<li><b>Your own image</b>: draw one, drop an image file on the window, or paste an image.</li>
</ol>
<h2>Keys</h2>
"""

OTHER_KEYS = (
    ("Ctrl+V", "paste an image"),
    ("arrows", "move a pinned cell or the image (Shift: by 4)"),
    ("← ↑, → ↓", "on the samples: the previous image, the next"),
    ("V", "cover what is computed, to predict it first"),
    ("−, 0, +", "in the report: smaller pages, as wide as there is room, larger"),
    ("Esc, Del", "free a pinned cell (in presenter mode Del alone)"),
    ("R", "put a moved image back"),
    ("Home, End", "on the timeline: start, live (arrows: one step, with Shift one kept moment)"),
    ("A", "on a curve: show the whole run"),
    ("+, −", "in Filters & maps: enlarge a map, back to all layers; on a curve: zoom (Alt: the other axis)"),
)
"""Keys that belong to a part of the window."""

_ABOUT = f"""
<h3>CNNViz {__version__}</h3>
<p>See inside a convolutional neural network while it learns.</p>
<p>CNNViz is free software under the MIT licence; Python {platform.python_version()}, Qt {qVersion()}.</p>
<p>Parts made by others (Qt and more packages, the MNIST digits, fonts, icons) have their own licences.</p>
"""


def all_keys() -> dict[str, list[tuple[str, str]]]:
    """Return by menu each key and what it does, and those of parts of the window; keys of panels are one."""
    keys = defaultdict[str, list[tuple[str, str]]](list)
    with_keys = [row for row in ACTIONS if row.key]
    for words, same in groupby(with_keys, lambda row: row.help or row.words[0].lower() + row.words[1:]):
        first, *others = same
        # Keys that do the same differ in their last letter.
        key = first.key + (f" … {others[-1].key[-1]}" if others else "")
        keys[as_read(first.menu)].append((key, words))
    return keys | {"Parts of the window": list(OTHER_KEYS)}


def first_steps_page() -> str:
    """Return what to try first and all keys, as HTML."""
    rows = "".join(
        f'<tr><td colspan="2"><b>{group}</b></td></tr>'
        + "".join(
            f'<tr><td>{key}</td><td><a name="{place_of(does)}">{does}</a></td></tr>' for key, does in keys
        )
        for group, keys in all_keys().items()
    )
    return f'<h1>First steps and keys</h1>{_FIRST_STEPS}<table cellpadding="2">{rows}</table>'


def show_about(parent: QWidget, show_licences: Callable[[], object]) -> None:
    """Show the version, and the way to the licences of all that is in the program."""
    box = QMessageBox(parent)
    box.setWindowTitle("About CNNViz")
    box.setText(_ABOUT)
    box.setStandardButtons(QMessageBox.StandardButton.Close)
    licences = box.addButton("Licences…", QMessageBox.ButtonRole.ActionRole)
    licences.setToolTip("Parts, licences, and their texts")
    licences.clicked.connect(show_licences)
    box.open()
    box.finished.connect(box.deleteLater)
