"""First steps, keys, and what the program is made of."""

import platform
from collections.abc import Callable, Iterator
from itertools import groupby, zip_longest

from PySide6.QtCore import qVersion
from PySide6.QtWidgets import QMessageBox, QWidget

from cnnviz import __version__
from ui.window.actions import ACTIONS

_FIRST_STEPS = """
<h2>What to try first</h2>
<p>The <b>lab guide</b> (Ctrl+L), the column at the right, leads through the whole exercise step by step:
predict, do, see, explain, hand in. To look round by yourself:</p>
<ol>
<li><b>Training</b>: press Train and watch loss, accuracy and filters change. Drag Speed down to see single
steps. Click a cell of the confusion matrix to see its images.</li>
<li><b>Filters &amp; maps</b>: move the pointer over a map; its arithmetic is written out. Click to pin
a cell.</li>
<li><b>Translation</b>: drag the image and compare what changes before and after pooling.</li>
<li><b>Backprop</b>: walk through the backward pass; poke a weight and compare with the gradient.</li>
<li><b>Timeline</b>: drag its handle, and every panel goes back to that moment. Train on from there.</li>
<li><b>Your own image</b>: draw one, drop an image file on the window, or paste an image.</li>
</ol>
<h2>Keys</h2>
"""

OTHER_KEYS = (
    ("Ctrl+V", "paste an image"),
    ("arrows", "move a pinned cell or the image (Shift: by 4)"),
    ("Esc", "free a pinned cell"),
    ("R", "put a moved image back"),
    ("Home, End", "on the timeline: start, live (arrows: one step, with Shift one kept moment)"),
    ("A", "on a curve: show the whole run"),
    ("+, −", "on a curve: zoom the steps (Alt: the other axis)"),
)
"""Keys that belong to a part of the window."""

_ABOUT = f"""
<h3>CNNViz {__version__}</h3>
<p>See inside a convolutional neural network while it learns.</p>
<p>CNNViz is free software under the MIT licence; Python {platform.python_version()}, Qt {qVersion()}.</p>
<p>What others have made of it (Qt and further packages, the MNIST digits, fonts, icons) is under licences of
its own.</p>
"""


def first_steps_page() -> str:
    """Return what to try first and all keys, as HTML."""
    return f"<h1>First steps and keys</h1>{_FIRST_STEPS}{_table([*_action_keys(), *OTHER_KEYS])}"


def show_about(parent: QWidget, show_licences: Callable[[], object]) -> None:
    """Show the version, and the way to the licences of all that is in the program."""
    box = QMessageBox(parent)
    box.setWindowTitle("About CNNViz")
    box.setText(_ABOUT)
    box.setStandardButtons(QMessageBox.StandardButton.Close)
    licences = box.addButton("Licences…", QMessageBox.ButtonRole.ActionRole)
    licences.setToolTip("Parts, versions, licences, and their texts")
    licences.clicked.connect(show_licences)
    box.open()
    box.finished.connect(box.deleteLater)


def _action_keys() -> Iterator[tuple[str, str]]:
    """Yield the keys of the actions, and what they do."""
    with_keys = [row for row in ACTIONS if row.key]
    for words, same in groupby(with_keys, lambda row: row.help or row.words[0].lower() + row.words[1:]):
        keys = [row.key for row in same]
        # Keys that do the same differ in their last letter.
        yield keys[0] + (f" … {keys[-1][-1]}" if len(keys) > 1 else ""), words


def _table(keys: list[tuple[str, str]]) -> str:
    """Return keys and what they do as HTML, in two columns."""
    half = (len(keys) + 1) // 2
    rows = zip_longest(keys[:half], keys[half:], fillvalue=("", ""))
    cells = ("".join(f"<td><b>{key}</b></td><td>{words}</td>" for key, words in row) for row in rows)
    return f'<table cellpadding="2">{"".join(f"<tr>{each}</tr>" for each in cells)}</table>'
