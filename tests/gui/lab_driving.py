"""Steps that tests of the lab guide share."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from cnnviz.document.types import LAB_MEMBER
from cnnviz.drawing.page import leaves_of
from cnnviz.experiment import LAB5
from cnnviz.history import History
from cnnviz.lab.reading import parse_lab
from cnnviz.snapshots import Origin, Snapshot
from tests.gui import whole_window
from tests.gui.driving import show_window
from tests.gui.feature_maps_panel import Later
from tests.small_data import few_digits
from ui.lab.column import LabColumn
from ui.lab.controller import LabController
from ui.lab.guide import LabGuide
from ui.lab.prediction_card import PredictionCard
from ui.lab.revealing import Reveal, Revealer
from ui.panels.report.work import StudentWork
from ui.session import Session
from ui.state import AppState, RunStatus

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
    sitting = session.lab
    qtbot.waitUntil(lambda: sitting.control.lab is not None and sitting.column.isVisible())
    whole_window.rest(qtbot, session)
    return sitting


def is_open(session: Session, lab: str) -> bool:
    return getattr(session.lab.control.lab, "id", "") == lab


def await_verdict(qtbot: QtBot, session: Session) -> None:
    """Wait until the result of the step in front is told."""
    qtbot.waitUntil(lambda: session.lab.revealer.present().verdict is not None)
    whole_window.rest(qtbot, session)


def result(card: PredictionCard) -> dict[str, str]:
    """Return what a card says of a result, by the keys of its parts."""
    page = None if card.result.isHidden() else card.result.page
    return {leaf.key: leaf.graphic.words(leaf.content) for leaf in leaves_of(page.body)} if page else {}


class LabDesk:
    """A lab and its column, without the rest of the window; runs are said to be trained.

    What is measured comes when a test wants it.
    """

    END = 640

    def __init__(self, text: str = LAB) -> None:
        self._parent = QObject()
        self.state, self.later = AppState(LAB5), Later()
        self.state.set_dataset(few_digits())
        self.state.update_run(
            status=RunStatus.READY, run_id=1, total_steps=self.END, steps_per_epoch=self.END
        )
        self.work = StudentWork(self.state, self._parent)
        self.control = LabController(self.state, self.work, self._parent)
        self.revealer = Revealer(self.control, self.state, self.later, self._parent)
        self.lab, mistakes = parse_lab(text)
        assert self.lab is not None, mistakes

    def open(self) -> None:
        self.control.open(self.lab, LAB_MEMBER)

    def column(self, qtbot: QtBot) -> LabColumn:
        """Open the lab in a column that has the keyboard."""
        column = LabColumn(self.control, self.revealer, self.work, self.state, *[lambda *_: None] * 3)
        qtbot.addWidget(column)
        self.open()
        column.resize(300, 700)
        show_window(qtbot, column)
        return column

    def end_run(self, *, is_changed: bool = False, **settings: Any) -> None:
        """Let the run, or one of other settings, be at its end."""
        experiment = replace(LAB5, **settings)
        self.state.update_run(status=RunStatus.LOADING, step=0)
        self.state.set_settings(experiment, self.state.draft)
        origin = Origin(1, experiment, "MNIST", is_changed=is_changed)
        self.state.set_live(Snapshot(self.END, experiment.build_network(), origin=origin))
        self.state.reset_history(History())
        self.state.history.snapshots.add(self.state.live)
        self.state.update_run(status=RunStatus.FINISHED, step=self.END)
        self.control.note_shown()  # as the window does whenever a run has come to rest

    def told(self) -> Reveal:
        """Have measured what is asked for, and return what is said of it."""
        self.later.finish("lab-truth")
        return self.revealer.present()
