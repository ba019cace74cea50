"""What a panel owes the window, and what it is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFrame, QWidget

from cnnviz._types import View
from ui.panels.analysis import Analysis
from ui.panels.drawn import TellsDrawn
from ui.state import AppState

_REQUEST = "Requested"


@dataclass(frozen=True, slots=True)
class Services:
    """What panels are built with; each takes what it needs.

    * `state`: to read and to follow, never to write.
    * `analysis`, `background`: where quick things are computed, for which a pointer waits, and long
      ones.
    * `typesetting`: where pages of the report are set.
    * `files`: where files are written that were asked for.
    """

    state: AppState
    analysis: Analysis
    background: Analysis
    typesetting: Analysis
    files: Analysis


class Panel(TellsDrawn, QFrame):
    """A panel of the window: a row of `ui.panels.registry`.

    It draws the state and never writes it: what it wants is a signal whose name ends with "Requested", which
    the session joins to the controller. It says what it has drawn (`drawn`), for captions and sessions, and
    keeps the choices made in it (`view_state`, `restore_view`).
    """

    def view_state(self) -> View:
        """Return what the user has chosen in the panel, by name; the defaults as well."""
        raise NotImplementedError

    def restore_view(self, view: View) -> None:
        """Choose as `view_state` said, now or when there is what the choices are about."""
        raise NotImplementedError

    def areas(self) -> Mapping[str, QWidget]:
        """Return parts that keys lead to besides the panel itself, by their names; here none."""
        return {}

    def openers(self) -> Mapping[QWidget, Callable[[], object]]:
        """Return what brings a part to the front that may be behind another; here there is none."""
        return {}


def requests_of(kind: type[QObject]) -> list[str]:
    """Return the names of the signals by which a part of the window asks for something."""
    own = [each for each in kind.__mro__ if not each.__module__.startswith("PySide6")]
    found = {name for each in own for name, value in vars(each).items() if isinstance(value, Signal)}
    return sorted(name for name in found if name.endswith(_REQUEST))


def connect_requests(part: QObject, slots: Mapping[str, Callable[..., Any]]) -> None:
    """Join everything that a part of the window may ask for to what answers it.

    * Raises LookupError: if nothing answers one of its requests: a misspelt name would else be
      silence.
    """
    for name in requests_of(type(part)):
        if name not in slots:
            raise LookupError(f"Nothing answers the signal {name} of {type(part).__name__}.")
        getattr(part, name).connect(slots[name])
