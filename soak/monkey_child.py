"""The monkey's process: the whole program, and random hands."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication, QWidget

from soak import slopes
from soak.choosing import Monkey
from soak.driven import FileDialogs, later, on_line, run
from soak.events import Event, play, read_log
from soak.journal import tell
from soak.places import here
from soak.watching import ErrorWatch, TurnWatch
from ui.panels.report.inserts import InsertList

if TYPE_CHECKING:
    from ui.session import Session

_SAMPLE_EVERY = 25
_COUNT_EVERY = 250


class Player:
    """Plays one event after the other, until there are no more.

    Parameters
    ----------
    options : argparse.Namespace
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._dialogs = FileDialogs()
        self._done = 0
        self._stop = False
        self._playing_at: int | None = None
        self._log = Path(options.log).open("w", encoding="utf-8", buffering=1)  # noqa: SIM115 -- to the end
        self._replayed = iter(read_log(Path(options.replay))) if options.replay else None

    def begin(self, session: "Session") -> None:
        """Begin as soon as the data are there."""
        self._session = session
        self._dialogs.install()
        self._watch = TurnWatch()
        self._monkey = Monkey(self._options.seed, here().files)
        on_line(lambda _line: setattr(self, "_stop", True))
        guard = session.window.close_guard
        # Everything is asked as ever, but the window stays.
        session.window.close_guard = lambda: guard() and False
        self._wait_for_data()

    def _wait_for_data(self) -> None:
        if self._session.state.shown is None:
            later(50, self._wait_for_data)
            return
        tell("ready")
        self._watch.begin()
        later(0, self._tick)

    def _tick(self) -> None:
        if self._is_busy:
            later(self._options.pace, self._tick)
            return
        if self._stop or self._done >= self._options.events:
            self._end()
            return
        with self._watch.apart():
            event = self._next()
            if event is None:
                self._end()
                return
            self._sample()
        # First of all, for the event may open a dialog with an event loop of its own.
        later(self._options.pace, self._tick)
        outer, self._playing_at = self._playing_at, QThread.currentThread().loopLevel()
        try:
            if self._done == self._options.inject:
                raise RuntimeError("injected by the trial")
            play(event)
        finally:
            self._playing_at = outer

    @property
    def _is_busy(self) -> bool:
        """Whether an event is still being played, which lets Qt do what it has to do meanwhile.

        One that has opened a dialog, with an event loop of its own, is played until that is answered. In any
        other loop inside the first one the window waits for itself, and takes nothing from hands.
        """
        level = QThread.currentThread().loopLevel()
        asks = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        return self._playing_at == level or (level > 1 and not asks)

    def _next(self) -> Event | None:
        if self._replayed is not None:
            event = next(self._replayed, None)
        else:
            event = self._monkey.next(self._session.state.run.status == "training")
        if event is not None:
            self._done += 1
            self._log.write(event.to_json() + "\n")
            self._dialogs.answer = event.answer
            self._watch.during = f"event {self._done}: {event}"
        return event

    def _sample(self) -> None:
        if self._done % _SAMPLE_EVERY:
            return
        values: dict[str, float] = {"rss": round(slopes.rss_mb(), 1), "threads": slopes.threads()}
        if not self._done % _COUNT_EVERY:
            lists = self._session.window.findChildren(InsertList)  # as long as the hands make them
            rows = sum(len(each.findChildren(QWidget)) for each in lists)
            values["widgets"] = len(QApplication.allWidgets()) - rows
            values["files"] = slopes.descriptors()
        tell("sample", event=self._done, **values)

    def _end(self) -> None:
        self._watch.end()
        tell("end", events=self._done, worst=round(self._watch.worst, 3), turns=self._watch.turns)
        self._session.ask_before_closing(False)
        self._close()

    def _close(self) -> None:
        """Close the window, after whatever is open in front of it."""
        front = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if front is None:
            self._session.window.close()
            return
        front.close()
        later(20, self._close)


def main() -> int:
    """Run the trial."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--pace", type=int, default=8)
    parser.add_argument("--log", required=True)
    parser.add_argument("--replay", default="")
    parser.add_argument("--inject", type=int, default=-1)
    options = parser.parse_args()
    ErrorWatch().install()
    return run(Player(options).begin, arguments=("--epochs", "200"))


if __name__ == "__main__":
    sys.exit(main())
