"""Drops hostile files on the window, or opens them, and looks whether the session is what it was."""

import json
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton

from soak.driven import FileDialogs, later, run
from soak.events import drop
from soak.hostile_child import memory
from soak.journal import tell
from soak.mutations import Hostile, mutant, order, specials
from soak.places import here
from soak.readers import LONGEST_MESSAGE, LONGEST_OF_LABS, MOST_MB
from soak.watching import ErrorWatch, TurnWatch

if TYPE_CHECKING:
    from ui.session import Session

_SETTLES_WITHIN = 30.0
_LOOKS = 12
_MENDED = ("loading", "training")
_GO_ON = ("discard", "open", "continue", "go on", "yes")


class Opener:
    """Opens one file after the other.

    Parameters
    ----------
    files : list of Hostile
    first : int
        Where to begin; those before have been opened, or have stopped the program.
    seconds : float
        After which no other is begun.
    """

    def __init__(self, files: list[Hostile], first: int, seconds: float) -> None:
        self._files, self._index = files, first
        self._end = time.monotonic() + seconds
        self._said: list[str] = []
        self._refused = self._taken = False
        self._calm = 0

    def begin(self, session: "Session") -> None:
        """Begin as soon as the data are there, with a network that has been trained a little."""
        self._session = session
        FileDialogs().install()
        self._watch = TurnWatch()
        session.state.noticeRaised.connect(lambda notice: self._hear(notice.text, notice.kind))
        self._listen_to_samples()
        later(100, self._answer)
        self._when(lambda: session.state.shown is not None, self._train)

    def _listen_to_samples(self) -> None:
        message = self._session.window.samples.message
        show = message.show_message

        def heard(text: str, kind: str = "info", *offers: Any, **other: Any) -> None:
            self._hear(text, kind)
            show(text, kind, *offers, **other)

        message.show_message = heard

    def _hear(self, text: str, kind: str) -> None:
        self._taken |= kind in ("success", "info")  # with a choice where something is to be asked
        if text and kind in ("error", "warning") and text not in self._said:
            self._said.append(text)
            self._refused |= kind == "error"  # with a warning a file may be taken

    def _train(self) -> None:
        """Train a step, so that there is something to lose."""
        run_id, step = self._session.state.run.run_id, self._session.state.run.step
        self._session.controller.step()
        self._when(
            lambda: (self._session.state.run.run_id, self._session.state.run.step) != (run_id, step),
            lambda: self._when(self._is_at_rest, self._open),
        )

    def _open(self) -> None:
        if self._index >= len(self._files) or time.monotonic() > self._end:
            tell("end", next=self._index)
            self._watch.end()
            self._session.ask_before_closing(False)
            self._session.window.close()
            return
        hostile = self._files[self._index]
        tell("open", index=self._index, file=hostile.kind, name=hostile.name)
        with self._watch.apart():
            self._before = self._fingerprint()
            self._said.clear()
            self._refused = self._taken = False
            (self._rss, _) = memory("VmRSS"), _forget_peak()
        self._watch.begin()
        if self._index % 2:
            drop(self._session.window, QPointF(400, 400), hostile.path)
        else:
            self._session.document.open(hostile.path)
        later(150, lambda: self._when(self._is_answered, self._look, _SETTLES_WITHIN))

    def _look(self) -> None:
        hostile = self._files[self._index]
        found: list[str] = []
        after, said = self._fingerprint(), list(self._said)
        if not self._is_still():
            found.append(f"not settled after {_SETTLES_WITHIN:.0f} s")
        if self._refused and after != self._before:
            changed = [name for name, value in after.items() if value != self._before[name]]
            found.append(f"refused, but {', '.join(changed)} changed: {said[0][:80]}")
        if len(said) > 1:
            found.append(f"{len(said)} messages: {' / '.join(text[:60] for text in said)}")
        if not said and not self._taken and after == self._before:
            found.append("neither taken nor refused: nothing was said")
        longest = LONGEST_OF_LABS if hostile.kind in ("lab", "course", "document") else LONGEST_MESSAGE
        found += [f"a message of {len(text)} letters" for text in said if len(text) > longest]
        if (extra := memory("VmHWM") - self._rss) > MOST_MB:
            found.append(f"{extra:.0f} MB")
        tell(
            "looked", file=hostile.kind, name=hostile.name, findings=found, mb=extra, worst=self._watch.worst
        )
        self._index += 1
        if self._taken or after != self._before:
            self._come_back()
        else:
            later(0, self._open)

    def _come_back(self) -> None:
        """Go on from the digits of the beginning."""
        for each in QApplication.topLevelWidgets():
            if each is not self._session.window and each.isVisible():
                each.close()
        self._session.controller.open_data(None)
        later(100, lambda: self._when(self._is_at_rest, self._train, _SETTLES_WITHIN))

    def _fingerprint(self) -> dict[str, Any]:
        state = self._session.state
        return {
            "data": None if state.dataset is None else state.dataset.sha256,
            "settings": repr(state.experiment),
            "run": (state.run.run_id, state.run.step),
            "weights": id(state.live),
            "sample": id(state.sample),
            "shift": repr(state.shift),
            "lab": self._lab(),
        }

    def _lab(self) -> str | None:
        """Return the checksum of the lab in front."""
        lab = self._session.lab.control.lab
        return None if lab is None else lab.sha256

    def _is_answered(self) -> bool:
        """Whether nothing is under way any more, and the file was taken or refused."""
        return self._is_still() and (bool(self._said) or self._taken or self._fingerprint() != self._before)

    def _is_still(self) -> bool:
        session = self._session
        idle = session.controller.is_idle and not session.document.restorer.is_busy
        # Before a question is answered, what it is about has only been put off.
        is_asked = isinstance(QApplication.activeModalWidget(), QMessageBox)
        return idle and not is_asked and str(session.state.run.status) not in _MENDED

    def _is_at_rest(self) -> bool:
        """Whether nothing has been under way for some looks: a course goes from one thing to the next."""
        self._calm = self._calm + 1 if self._is_still() else 0
        is_at_rest = self._calm >= _LOOKS
        self._calm = 0 if is_at_rest else self._calm  # whoever asks next has begun something else
        return is_at_rest

    def _answer(self) -> None:
        later(100, self._answer)
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            buttons = box.findChildren(QPushButton)
            wanted = (each for word in _GO_ON for each in buttons if word in each.text().lower())
            next(wanted, buttons[0]).click()

    def _when(self, condition: Callable[[], bool], act: Callable[[], object], seconds: float = 120.0) -> None:
        if condition() or seconds <= 0:
            act()
        else:
            later(30, lambda: self._when(condition, act, seconds - 0.03))


def _forget_peak() -> None:
    """Let the peak of memory be counted anew."""
    with open("/proc/self/clear_refs", "w") as file:  # noqa: PTH123 -- not a file of ours
        file.write("5")


def main() -> int:
    """Run the program."""
    options = json.loads(sys.argv[1])
    folder = here().files / f"window{options['first']}"
    numbers = order(options["seed"] + 1, options["count"])
    files = specials(folder / "special")
    files = [files[number] for number in order(options["seed"], len(files))]
    files += [mutant(number, options["seed"], folder) for number in numbers]
    ErrorWatch().install()
    return run(Opener(files, options["first"], options["seconds"]).begin)


if __name__ == "__main__":
    sys.exit(main())
