"""A student at random in the labs of the program: one sitting of several."""

import random
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton, QRadioButton

from cnnviz.lab.record import LabRecord
from soak.driven import FileDialogs, later, run
from soak.journal import tell
from soak.places import here
from soak.watching import ErrorWatch, TurnWatch
from ui.panels.report.fields import WordsField
from ui.state import PinnedCell

if TYPE_CHECKING:
    from ui.lab.guide import LabGuide
    from ui.session import Session

_PAUSE_MS = 60
_WORDS = ("the", "largest", "cell", "wins", "gets", "whole", "gradient", "while", "neighbours", "nothing")
_SIZES = ((1440, 900), (1100, 700), (900, 620))
_LABS = ("lab5", "lab5", "pooling", "fooling")
_OTHERS = ({"filters": (3,)}, {"classes": ("4", "9")}, {"ties": "split"}, {"seed": 7})


class Student:
    """Does something at random, looks whether all that was said is there still, and does the next thing.

    Parameters
    ----------
    seed, sitting : int
    seconds : float
        How long.
    """

    def __init__(self, seed: int, sitting: int, seconds: float) -> None:
        self._random = random.Random(1000 * seed + sitting)
        self._sitting, self._seconds = sitting, seconds
        self._moves = 0
        self._field: WordsField | None = None
        self._letters = ""  # that are still to be typed in it
        self._is_back = not sitting  # what the sitting before has left is in the window again
        self._known: dict[str, LabRecord] = {}
        self._memory = here().root / "said.json"
        self._moves_of = {
            self._write: 4, self._predict: 5, self._show_me: 5, self._go: 6, self._turn: 4, self._train: 3,
            self._resize: 1, self._change_settings: 1, self._other_lab: 1, self._type_roll_number: 1,
            self._drag: 2, self._panel: 2, self._put_away: 1, self._reset: 1,
        }  # fmt: skip

    def begin(self, session: "Session") -> None:
        """Begin as soon as the lab is there."""
        self._session = session
        session.document.restorer.finished.connect(self._on_restored)
        FileDialogs().install()
        self._watch = TurnWatch()
        later(50, self._answer)
        later(50, self._wait)

    @property
    def _lab(self) -> "LabGuide":
        return self._session.lab

    def _on_restored(self) -> None:
        self._is_back = True

    def _wait(self) -> None:
        if not self._is_back or self._session.state.shown is None or self._lab.control.lab is None:
            later(50, self._wait)
            return
        if self._sitting:
            self._compare_with_memory()
        self._watch.begin()
        self._end_at = time.monotonic() + self._seconds
        later(0, self._tick)

    def _tick(self) -> None:
        if time.monotonic() > self._end_at:
            self._end()
            return
        later(0 if self._letters else _PAUSE_MS, self._tick)
        if self._letters:
            self._type()
            return
        moves = list(self._moves_of)
        (move,) = self._random.choices(moves, list(self._moves_of.values()))
        self._watch.during = f"{move.__name__}, step {self._lab.control.number + 1}"
        tell("move", what=self._watch.during)
        self._moves += 1
        move()
        with self._watch.apart():
            self._look()

    # --- what holds -----------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Say what does not hold."""
        desk, column = self._lab.control, self._lab.column
        if desk.lab is None:
            return
        record = desk.record
        for text in _lost(self._known.get(record.key), record, desk.experiment.seed):
            tell("error", text=f"{text}, after {self._watch.during}", trace="")
        self._known[record.key] = record
        if msgspec.json.decode(msgspec.json.encode(record), type=LabRecord) != record:
            tell(
                "error",
                text=f"the record is another one when it is read, after {self._watch.during}",
                trace="",
            )
        state = self._session.state
        says = not column.mismatch.isHidden()
        is_quiet = str(state.run.status) == "loading" or (desk.mismatch == ("seed",) and state.is_untrained)
        if not is_quiet and says != bool(desk.mismatch):
            text = f"the guide says {says} of {desk.mismatch}, after {self._watch.during}"
            tell("error", text=text, trace="")

    def _compare_with_memory(self) -> None:
        """What the sitting before has said is there, and its results at once."""
        desk = self._lab.control
        values = msgspec.json.decode(self._memory.read_bytes(), type=list[LabRecord])
        kept = {record.key: record for record in values}
        self._known = kept
        for key, before in kept.items():
            now = desk.record if key == desk.record.key else self._session_record(key)
            seed = self._lab.control.experiment.seed  # which no prediction was made for since
            found = ["the record of a lab"] if now is None else _lost(before, now, seed)
            for text in found:
                tell("error", text=f"after a restart: {text}", trace="")
        verdict = self._lab.revealer.present().verdict
        if desk.step is not None and desk.done.prediction and desk.found(desk.step) and verdict is None:
            tell("error", text=f"after a restart the result of {desk.step.id} is not there", trace="")

    def _session_record(self, key: str) -> LabRecord | None:
        from ui.panels.report.panel import ReportPanel

        return self._session.window.panel(ReportPanel).work.work.records.get(key)

    # --- what is done ---------------------------------------------------------------------------------------

    def _write(self) -> None:
        if not self._lab.column.page.answers:
            return  # this step asks for no words
        field = self._lab.column.page.answers[-1].field
        if field.isVisible():
            field.moveCursor(field.textCursor().MoveOperation.End)
            words = self._random.choices(_WORDS, k=self._random.randint(1, 12))
            self._field, self._letters = field, f" {' '.join(words)}"

    def _type(self) -> None:
        """Type a letter, as hands do: the window comes to its turn after each, and may show another step."""
        answers = self._lab.column.page.answers
        if not answers or answers[-1].field is not self._field:
            self._letters = ""
            return
        letter, self._letters = self._letters[0], self._letters[1:]
        QTest.keyClick(answers[-1].field, letter)

    def _predict(self) -> None:
        step, card = self._lab.control.step, self._lab.column.page.prediction
        if step is None or step.prediction is None:
            return
        if step.prediction.kind == "number":
            card.number.setText(self._random.choice(("0", "1", "4", "0,5", "99.4", "many", "", "-1e3")))
        elif step.prediction.kind == "cell":
            cell = PinnedCell(
                step.prediction.stage, (0, self._random.randint(8, 9), self._random.randint(8, 9))
            )
            self._session.state.set_pinned(cell)
            self._lab.column.page.prediction.show_cell(cell.index)
        elif choices := card.choices.findChildren(QRadioButton):
            self._random.choice(choices).setChecked(True)
        card.commit.click()

    def _show_me(self) -> None:
        self._lab.column.show_me.click()

    def _go(self) -> None:
        column, lab = self._lab.column, self._lab.control.lab
        if self._random.random() < 0.3 and lab is not None:
            self._lab.control.go_to(self._random.choice(lab.steps).id)
        else:
            self._random.choice((column.next, column.next, column.back)).click()

    def _turn(self) -> None:
        key = self._random.choice((Qt.Key.Key_PageDown, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp))
        QTest.keyClick(self._session.window.samples.grid, key)

    def _train(self) -> None:
        self._session.controller.train()

    def _reset(self) -> None:
        self._session.controller.reset()

    def _resize(self) -> None:
        self._session.window.resize(*self._random.choice(_SIZES))

    def _change_settings(self) -> None:
        changes = self._random.choice(_OTHERS)
        self._session.controller.edit(replace(self._session.state.draft, **changes))

    def _other_lab(self) -> None:
        self._lab.open(self._random.choice(_LABS))

    def _type_roll_number(self) -> None:
        field = self._lab.column.page.who.roll_number
        if field.isVisible() and len(field.text()) < 6:
            QTest.keyClicks(field, self._random.choice("0123456789"))

    def _drag(self) -> None:
        from ui.panels.translation.panel import TranslationPanel

        canvas = self._session.window.panel(TranslationPanel).image
        if canvas.isVisible():
            QTest.keyClick(canvas, self._random.choice((Qt.Key.Key_Left, Qt.Key.Key_Right)))

    def _panel(self) -> None:
        self._session.window.panels.show_panel(self._random.randrange(5))

    def _put_away(self) -> None:
        self._lab.column.close_button.click()
        later(150, self._lab.enter)

    def _answer(self) -> None:
        """Answer what is asked before a network is lost."""
        later(50, self._answer)
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            wanted = self._random.choice(("discard", "cancel"))
            buttons = box.findChildren(QPushButton)
            next((each for each in buttons if wanted in each.text().lower()), buttons[0]).click()

    def _end(self) -> None:
        self._lab.control.finish()
        self._look()
        records = list(self._known.values())
        self._memory.write_bytes(msgspec.json.encode(records))
        predicted = sum(step.prediction is not None for each in records for step in each.steps.values())
        done = sum(bool(step.done) for each in records for step in each.steps.values())
        said = f"{predicted} predictions, {done} steps done in {len(records)} labs"
        self._watch.end()
        tell("end", moves=self._moves, worst=round(self._watch.worst, 3), said=said)
        self._session.ask_before_closing(False)
        self._session.window.close()


def _lost(before: LabRecord | None, now: LabRecord, seed: int) -> list[str]:
    """Return what of a record is not in a later one.

    * `seed`: of the network that a prediction made meanwhile is about; no other's result counts.
    """
    if before is None:
        return []
    lost: list[str] = []
    for step_id, was in before.steps.items():
        step = now.step(step_id)
        if was.prediction is not None and step.prediction != was.prediction:
            lost.append(f"the prediction of {step_id} has changed")
        if was.shown and step.shown != was.shown:
            lost.append(f"since when the result of {step_id} was shown has changed")
        made = step.prediction if was.prediction is None else None
        if made is not None and was.shown_of(seed) and not made.after_run:
            lost.append(f"that the result of {step_id} was shown before its prediction is not recorded")
        if was.revealed and step.revealed != was.revealed:
            lost.append(f"the time of the reveal of {step_id} has changed")
        if was.found is not None and step.found is None:
            lost.append(f"the result of {step_id} has gone")
        if was.done and step.done != was.done:
            lost.append(f"the tick of {step_id} has gone")
        for part, words in was.written.items():
            if not step.said(part).startswith(words):
                lost.append(f"words of {step_id} have gone")
        if step.hypothesis[: len(was.hypothesis)] != was.hypothesis:
            lost.append(f"a hypothesis of {step_id} has gone")
    return lost


def main() -> int:
    """Run the program."""
    ErrorWatch().install()
    student = Student(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
    return run(student.begin)


if __name__ == "__main__":
    sys.exit(main())
