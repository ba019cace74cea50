"""Does one thing again and again in the whole program, and measures what it holds after each time."""

import gc
import json
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton
from shiboken6 import getAllValidWrappers

from soak import samples, slopes
from soak.doings import DOINGS
from soak.driven import FileDialogs, later, run
from soak.journal import tell
from soak.places import here
from soak.watching import ErrorWatch, TurnWatch

if TYPE_CHECKING:
    from ui.session import Session

_SETTLES_MS, _FEWEST = 150, 3
_SETTLES_WITHIN = 120.0


class Cycler:
    """Goes through some doings.

    Parameters
    ----------
    names : list of str
        Keys of `DOINGS`.
    times : float
        How often, by the usual number.
    seconds : float
        For all of them together; each is done a few times at least.
    """

    def __init__(self, names: list[str], times: float, seconds: float) -> None:
        self._names, self._times = names, times
        self._end = time.monotonic() + seconds
        self._number, self._until = 0, self._end

    def _begin_doing(self) -> None:
        """Give the next doing its share of the time."""
        self._number = 0
        now = time.monotonic()
        self._until = now + (self._end - now) / max(len(self._names), 1)

    def begin(self, session: "Session") -> None:
        """Begin as soon as the data are there."""
        self._session = session
        FileDialogs().install()
        self._watch = TurnWatch()
        later(50, self._answer)
        self._when_still(self._start)

    def _start(self) -> None:
        self._begin_doing()
        self._next()

    def _next(self) -> None:
        if not self._names:
            tell("end")
            self._watch.end()
            self._session.ask_before_closing(False)
            self._session.window.close()
            return
        name = self._names[0]
        doing, usual = DOINGS[name]
        if self._number >= usual * self._times or (
            self._number >= _FEWEST and time.monotonic() > self._until
        ):
            self._names.pop(0)
            self._begin_doing()
            later(0, self._next)
            return
        self._watch.during = f"{name}, time {self._number + 1}"
        number, self._number = self._number, self._number + 1
        settles: int | None = None
        try:
            settles = doing(self._session, number)
        finally:
            later(settles or _SETTLES_MS, lambda: self._when_still(self._measure))

    def _measure(self) -> None:
        with self._watch.apart():
            gc.collect()
            # In one call: a thread that makes a tuple fails if a list of all objects is there meanwhile.
            (objects,) = map(len, map(gc.get_objects, (None,)))
            values = {
                "rss": slopes.rss_mb(),
                "objects": objects,
                "widgets": len(QApplication.allWidgets()),
                # Those that Python knows: asked for its children, a window would hold on to what Python has
                # made for each of Qt's own, also when they have gone.
                "children": sum(isinstance(each, QObject) for each in getAllValidWrappers()),
                "files": slopes.descriptors(),
                "threads": slopes.threads(),
            }
        tell("sample", doing=self._names[0], number=self._number, worst=self._watch.worst, **values)
        self._next()

    def _when_still(self, act: Callable[[], object], seconds: float = _SETTLES_WITHIN) -> None:
        session = self._session
        still = (
            session.state.shown is not None
            and session.controller.is_idle
            and session.controller.files.is_idle
            and not session.document.restorer.is_busy
            and str(session.state.run.status) not in ("loading", "training")
        )
        if still or seconds <= 0:
            act()
        else:
            later(30, lambda: self._when_still(act, seconds - 0.03))

    def _answer(self) -> None:
        later(50, self._answer)
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            buttons = box.findChildren(QPushButton)
            wanted = (each for each in buttons if "discard" in each.text().lower())
            next(wanted, buttons[0]).click()


def main() -> int:
    """Run the program."""
    options = json.loads(sys.argv[1])
    samples.write_all(here().files)
    ErrorWatch().install()
    cycler = Cycler(options["names"], options["times"], options["seconds"])
    return run(cycler.begin, arguments=("--epochs", "1"))


if __name__ == "__main__":
    sys.exit(main())
