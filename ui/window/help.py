"""First steps, keys, and what the program is made of."""

from PySide6.QtWidgets import QMessageBox, QWidget

from cnnviz import __version__

_FIRST_STEPS = """
<h3>What to try first</h3>
<ol>
<li><b>Training</b>: press Train and watch loss, accuracy and filters change. Drag Speed down to see single
steps. Click a cell of the confusion matrix to see its images.</li>
<li><b>Filters &amp; maps</b>: move the pointer over a map; its arithmetic is written out. Click to pin
a cell.</li>
<li><b>Translation</b>: drag the digit and compare what changes before and after pooling.</li>
<li><b>Backprop</b>: walk through the backward pass; poke a weight and compare with the gradient.</li>
<li><b>Timeline</b>: drag its handle, and every panel goes back to that moment. Train on from there.</li>
<li><b>Your own digit</b>: draw one, drop an image file on the window, or paste an image.</li>
</ol>
<h3>Keys</h3>
<table cellpadding="2">
<tr><td><b>Space</b></td><td>train, pause or continue</td>
<td><b>Ctrl+1 … 5</b></td><td>panels</td></tr>
<tr><td><b>S</b></td><td>train one step</td>
<td><b>Ctrl+B</b></td><td>put the panel beside the others</td></tr>
<tr><td><b>E</b></td><td>one more epoch</td>
<td><b>F11</b></td><td>presenter mode</td></tr>
<tr><td><b>Ctrl+R</b></td><td>reset to the same weights</td>
<td><b>Ctrl+D</b></td><td>open data</td></tr>
<tr><td><b>Ctrl+Shift+R</b></td><td>new seed</td>
<td><b>Ctrl+O, Ctrl+S</b></td><td>open, save model</td></tr>
<tr><td><b>Ctrl+E, Ctrl+C</b></td><td>export, copy figure</td>
<td><b>Ctrl+Shift+S</b></td><td>save session</td></tr>
<tr><td><b>Ctrl+I</b></td><td>insert figure into the report</td>
<td><b>Ctrl+Shift+E</b></td><td>export report</td></tr>
<tr><td><b>arrows</b></td><td>move a pinned cell or the digit (Shift: by 4)</td>
<td><b>Esc</b></td><td>free a pinned cell</td></tr>
<tr><td><b>Home, End</b></td><td>on the timeline: start, live (arrows: one moment)</td>
<td><b>Ctrl+V</b></td><td>paste an image</td></tr>
<tr><td><b>R</b></td><td>put a moved digit back</td>
<td><b>A</b></td><td>on a curve: show the whole run</td></tr>
</table>
"""

_ABOUT = f"""
<h3>CNNViz {__version__}</h3>
<p>See inside a convolutional neural network while it learns.</p>
<p>CNNViz is free software under the MIT licence. MNIST: Y. LeCun, C. Cortes, C. J. C. Burges, CC BY-SA 3.0.
Fonts Inter and JetBrains Mono: SIL Open Font License. Icons: Lucide, ISC licence.</p>
"""


def show_help(parent: QWidget) -> None:
    """Show what to try first and all keys."""
    _show(parent, "First steps and keys", _FIRST_STEPS)


def show_about(parent: QWidget) -> None:
    """Show version and licences."""
    _show(parent, "About CNNViz", _ABOUT)


def _show(parent: QWidget, title: str, text: str) -> None:
    box = QMessageBox(parent)
    box.setWindowTitle(title)
    box.setText(text)
    box.setStandardButtons(QMessageBox.StandardButton.Close)
    box.open()
    box.finished.connect(box.deleteLater)
