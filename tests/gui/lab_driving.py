"""Steps that tests of the lab guide share."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from cnnviz.datasets import to_input
from tests.gui import whole_window
from ui.lab.guide import LabGuide
from ui.session import Session

LAB = """
id = "small"
version = "1"
title = "A small lab"
purpose = "Try the guide."
preset = "lab5"
[start]
panel = "training"
[[section]]
id = "one"
title = "Section one"
[[section]]
id = "two"
title = "Section two"
[[step]]
id = "think"
section = "one"
title = "Think"
purpose = "Say something."
text = "Some **strong** words."
done_when = [{ event = "words", at_least = 3 }]
[step.show]
panel = "training"
moment = "start"
[step.question]
text = "What do you expect?"
part = "hypothesis"
[[step]]
id = "field"
section = "one"
title = "Predict"
purpose = "Say a number."
text = "Count the pixels."
done_when = [{ event = "predicted" }, { event = "visited", what = "feature_maps" }]
[step.show]
panel = "feature_maps"
moment = "end"
sample = 3
[step.prediction]
kind = "number"
question = "How long is the side?"
measure = "receptive_field"
with = { stage = "pool1" }
tolerance = 0
[step.reveal]
picture = "field"
with = { stage = "pool1", sample = 3 }
[[step.reveal.why]]
text = "It is {value}."
[[step.measured]]
measure = "test_accuracy"
[[step]]
id = "way"
section = "two"
title = "Choose"
purpose = "Say a direction."
text = "One update."
done_when = [{ event = "predicted" }, { event = "finished" }]
[step.show]
panel = "training"
[step.prediction]
kind = "direction"
question = "What does one update do to the loss of this image?"
measure = "update_loss_change"
with = { sample = 3 }
tolerance = 0
"""


def open_lab(qtbot: QtBot, session: Session, folder: Path, text: str = LAB) -> LabGuide:
    """Open a lab file in the window, as a drop does, and wait until its first step is in front."""
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    session.document.open(path)
    sitting = session.lab.guide
    qtbot.waitUntil(lambda: sitting.control.lab is not None and sitting.column.isVisible())
    whole_window.rest(qtbot, session)
    return sitting


def press(button: object) -> None:
    """Click a button with the mouse."""
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def accuracy_words(session: Session) -> str:
    """Return the share of the test images that are read correctly, counted one by one, as it is written."""
    data, shown = session.state.dataset, session.state.shown
    network = shown.network
    right = np.mean(network.predict(to_input(data.test_images, network.dtype)) == data.test_labels)
    return f"{100 * right:.2f} %"
