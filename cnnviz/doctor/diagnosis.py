"""All facts in their order, for the terminal and for the clipboard."""

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import cast

from cnnviz.clock import now
from cnnviz.doctor.contents import data, fonts, guide
from cnnviz.doctor.engine import blas, gradients, training
from cnnviz.doctor.fact import Check, Fact, found
from cnnviz.doctor.surroundings import display, libraries, packages, program, system
from cnnviz.doctor.window import window
from cnnviz.output import Output

_ALL_WELL = "Everything is as it should be."


def run() -> int:
    """Print the diagnosis while it is made; return 0 if all is well, else 1."""
    terminal = cast(object, sys.stdout)
    if isinstance(terminal, io.TextIOWrapper):
        terminal.reconfigure(errors="replace")  # it need not know every sign
    output, last = Output(), ""
    for last in _lines(window):
        output.say(last)
    return 0 if last == _ALL_WELL else 1


def diagnosis(seen: Iterable[Fact], go_on: Callable[[], object] = lambda: None) -> str:
    """Return the diagnosis as a text, for a program whose window is open.

    Parameters
    ----------
    seen : iterable of Fact
        What is known of that window, in place of another that would be tried.
    go_on : callable
        Called between two facts; an exception of its own ends the work.
    """
    lines: list[str] = []
    for line in _lines(lambda: seen):
        lines.append(line)
        go_on()
    return "\n".join(lines) + "\n"


def _lines(of_window: Check) -> Iterator[str]:
    yield f"CNNViz doctor, {now()}"
    problems = 0
    for fact in _facts(of_window):
        yield fact.line
        problems += not fact.is_fine
    if problems:
        yield f"Problems: {problems}. See what stands beside PROBLEM."
    else:
        yield _ALL_WELL


def _facts(of_window: Check) -> Iterator[Fact]:
    checks = {
        "program": program,
        "system": system,
        "system libraries": libraries,
        "packages": packages,
        "fonts": fonts,
        "user guide": guide,
        "MNIST": data,
        "BLAS": blas,
        "training": training,
        "gradients": gradients,
        "display": display,
        "window": of_window,
    }
    for name, check in checks.items():
        yield from found(name, check)
