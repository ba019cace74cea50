"""Times in a hand-in that cannot be: no clock of a student goes like that, wherever the student travels.

A clock may be set back by an hour in autumn, and by more than a day over the date line. What honest times may
do because of that is no remark, though a forger may do the same.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from cnnviz.files import printable
from cnnviz.lab.model import Lab
from cnnviz.lab.results import HandIn

_FIRST = datetime(2026, 1, 1)
"""There was no CNNViz before."""

_FORM = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d", re.ASCII)
_WORLD = timedelta(hours=26)
"""So far apart are the clocks of the world."""

_HOUR, _MINUTES = timedelta(minutes=65), timedelta(minutes=10)
"""So far a clock is set back in autumn, with some minutes for being wrong; and these alone."""

_YEAR = timedelta(days=366)
_FEWEST = 3
_LONGEST = 40

type _Moment = tuple[str, datetime]
"""What was done, as words, and when."""


def impossible_times(handed: HandIn, lab: Lab | None, now: datetime | None = None) -> Iterator[str]:
    """Yield what is wrong with the times of a hand-in, as clauses.

    * `lab`: the lab that it is of, if it is known.
    * `now`: when it is looked at; this moment by default.
    """
    written = dict(_times(handed))
    read = {what: time for what, text in written.items() if (time := read_time(text)) is not None}
    wrong = [what for what in written if what not in read]
    if wrong:
        text = printable(written[wrong[0]], _LONGEST)
        yield f"{wrong[0]} has a time that the program does not write ({text!r})"
    early = [what for what, time in read.items() if time < _FIRST]
    if early:
        yield f"{early[0]} is dated {written[early[0]]}, before there was a CNNViz"
    end = read.pop(_WHOLE, None)
    if end is None:
        return
    if end > (now or datetime.now()) + _YEAR:
        yield f"{_WHOLE} is dated {written[_WHOLE]}, more than a year from now"
    yield from _after(read, written, end)
    yield from _out_of_order(handed, lab, read)


_WHOLE = "the hand-in"


def _times(handed: HandIn) -> Iterator[tuple[str, str]]:
    yield _WHOLE, handed.time
    for step, commitment in handed.predictions.items():
        yield _prediction(step), commitment.when.time
    for step, time in handed.given_up.items():
        yield f"the result without a prediction in {_named(step)}", time
    for step, versions in handed.hypotheses.items():
        for number, version in enumerate(versions, start=1):
            yield f"version {number} of the hypothesis in {_named(step)}", version.time
    for step, time in handed.done.items():
        yield _done(step), time


def _named(step: str) -> str:
    return printable(step, _LONGEST)


def _prediction(step: str) -> str:
    return f"the prediction in {_named(step)}"


def _done(step: str) -> str:
    return f"the end of {_named(step)}"


def read_time(text: str) -> datetime | None:
    """Return a time as the program writes it; None for any other text."""
    if not _FORM.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _after(read: dict[str, datetime], written: dict[str, str], end: datetime) -> Iterator[str]:
    """Yield what is dated after the hand-in that holds it."""
    late = {what: time - end for what, time in read.items() if time > end}
    # Whoever sets the clock back does so after several things, not for one of them alone.
    allowed = _MINUTES if len(late) == 1 and len(read) >= _FEWEST else _WORLD
    for what, delay in late.items():
        if delay > allowed:
            yield f"{what} is dated {written[what]}, after the hand-in that holds it"
            return


def _out_of_order(handed: HandIn, lab: Lab | None, read: dict[str, datetime]) -> Iterator[str]:
    """Yield what is dated before that which has to come first."""
    delays: dict[str, timedelta] = {}
    for step in () if lab is None else lab.steps:
        first, last = read.get(_prediction(step.id)), read.get(_done(step.id))
        if first and last and any(each.event == "predicted" for each in step.done_when):
            delays[step.id] = first - last
    # A clock that is set back once goes wrong in one step, or in few.
    late = [step for step, delay in delays.items() if delay > _HOUR]
    if any(delays[step] > _WORLD for step in late) or len(late) > 1:
        yield f"{_prediction(late[0])} is dated after the end of that step, which waits for it"
    for step, versions in handed.hypotheses.items():
        times = [time for each in versions if (time := read_time(each.time)) is not None]
        if any(two + _WORLD < one for one, two in pairwise(times)):
            yield f"the versions of the hypothesis in {_named(step)} are not in the order of their times"
