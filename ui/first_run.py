"""The first start on a computer opens the lab guide, and the first training begins in slow motion."""

from PySide6.QtCore import QObject, QSettings

from ui.controls.pace import single_shot
from ui.session import Session
from ui.settings import LAB_OPEN
from ui.state import RunStatus

_TRAINED = "training/seen"
#: Steps a second at the beginning, which can be counted, and at the end, which is full speed on any machine.
_FIRST, _LAST = 4.0, 20_000.0
_SECONDS = 9.0
_BEAT_MS = 100
_SAID = (
    "Your first training begins in slow motion, step by step, and speeds up by itself. Speed, below the "
    "settings, changes the pace."
)


class FirstRun(QObject):
    """Lets the first training that is asked for speed up, and says so; every later one is as usual.

    The time that counts is that of training, so that a pause is none of it. Whoever chooses a speed has it at
    once. What is trained again for somebody, as for a step of the guided lab, is not slowed.
    """

    def __init__(self, settings: QSettings, session: Session) -> None:
        super().__init__(session)
        self._settings, self._controller, self._state = settings, session.controller, session.state
        self._seconds = 0.0
        self._beat = single_shot(self, self._on_beat, _BEAT_MS)
        self._controller.trainingAsked.connect(self._begin)
        session.window.closing.connect(self._beat.stop)

    def _begin(self) -> None:
        self._controller.trainingAsked.disconnect(self._begin)
        self._settings.setValue(_TRAINED, True)
        if self._state.steps_per_second is not None:
            return  # who has chosen a speed has it
        self._state.set_speed(None, _FIRST)
        self._state.runChanged.connect(self._on_run_changed)
        self._state.speedChanged.connect(self._on_speed_changed)

    def _on_run_changed(self) -> None:
        status = self._state.run.status
        if status is not RunStatus.TRAINING:
            self._beat.stop()
        elif not self._beat.isActive():
            self._state.raise_notice("pace", "info", _SAID, "Full speed", self._end)
            self._beat.start()
        if status in (RunStatus.FINISHED, RunStatus.FAILED):
            self._end()

    def _on_beat(self) -> None:
        self._seconds += _BEAT_MS / 1000
        if self._seconds >= _SECONDS:
            self._end()
        else:
            self._beat.start()
            self._state.set_speed(None, _FIRST * (_LAST / _FIRST) ** (self._seconds / _SECONDS))

    def _end(self) -> None:
        self._state.set_speed(self._state.steps_per_second)

    def _on_speed_changed(self) -> None:
        """End where the pace does not rise any more: full speed is reached, or another was chosen."""
        if self._state.rising_pace is None:
            self._beat.stop()
            self._state.runChanged.disconnect(self._on_run_changed)
            self._state.speedChanged.disconnect(self._on_speed_changed)
            self._state.clear_notice("pace")


def begin_slowly(settings: QSettings, session: Session) -> None:
    """Let the first training speed up by itself, unless there was one on this computer."""
    if not settings.contains(_TRAINED):
        FirstRun(settings, session)


def welcome(settings: QSettings) -> None:
    """Let the lab guide be open at the first start on this computer."""
    if not settings.contains(LAB_OPEN):
        settings.setValue(LAB_OPEN, True)
