"""First steps, keys, and what the program is made of."""

from PySide6.QtWidgets import QMessageBox, QWidget

from cnnviz import __version__

_FIRST_STEPS = """
<h3>What to try first</h3>
<ol>
<li>Press <b>Train</b> and watch loss, accuracy and the filters change. Drag <b>Speed</b> down to see
single steps.</li> <li>Click digits on the left: the bars show what the network thinks of them.</li>
<li>When training ends, click a cell of the confusion matrix and look at the mistakes.</li> <li>Press
<b>Reset</b>, change one setting, train again and compare.</li> </ol> <h3>Keys</h3> <table
cellpadding="3"> <tr><td><b>Space</b></td><td>train, pause or continue</td></tr>
<tr><td><b>S</b></td><td>train one step</td></tr> <tr><td><b>E</b></td><td>one more epoch</td></tr>
<tr><td><b>Ctrl+R</b></td><td>reset to the same initial weights</td></tr>
<tr><td><b>Ctrl+Shift+R</b></td><td>new seed</td></tr> <tr><td><b>Ctrl+D</b></td><td>open data</td></tr>
<tr><td><b>Ctrl+O</b>, <b>Ctrl+S</b></td><td>open model, save model</td></tr> <tr><td><b>A</b> on a
curve</td><td>show the whole run again</td></tr> <tr><td><b>F11</b></td><td>presenter mode</td></tr>
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
