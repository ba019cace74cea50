"""The very first training on a computer, in slow motion."""

from PySide6.QtCore import QObject, QSettings, Slot

from ui.session import Session
from ui.state import RunStatus

_TRAINED = "training/seen"
_PACE = 20
"""Steps a second: each one can be seen, and the curves move."""
_SAID = (
    f"The first training on this computer is in slow motion, {_PACE} steps a second, so that you see what "
    "single steps do. Speed, below the settings, changes the pace at any moment."
)


class FirstRun(QObject):
    """Lets the first training begin slowly, and says so; every later one, and every later start, is as usual.

    Parameters
    ----------
    settings : QSettings
        Remembers that there was one.
    session : Session
        Also the parent.
    """

    def __init__(self, settings: QSettings, session: Session) -> None:
        super().__init__(session)
        self._settings, self._session = settings, session
        session.controller.on_speed_requested(_PACE)
        session.state.runChanged.connect(self._on_run_changed)

    @Slot()
    def _on_run_changed(self) -> None:
        state = self._session.state
        if state.run.status is not RunStatus.TRAINING:
            return
        state.runChanged.disconnect(self._on_run_changed)
        self._settings.setValue(_TRAINED, True)
        if state.steps_per_second == _PACE:
            state.raise_notice("pace", "info", _SAID, "Full speed", self._hurry)
            state.speedChanged.connect(self._on_speed_changed)

    def _hurry(self) -> None:
        self._session.controller.on_speed_requested(None)

    @Slot()
    def _on_speed_changed(self) -> None:
        self._session.state.speedChanged.disconnect(self._on_speed_changed)
        self._session.state.clear_notice("pace")


def begin_slowly(settings: QSettings, session: Session) -> None:
    """Slow the first training down, unless there was one on this computer."""
    if not settings.contains(_TRAINED):
        FirstRun(settings, session)
