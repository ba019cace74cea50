"""The first start opens the lab guide; the first training, and what a class is shown, begins slowly."""

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
_SAID = "Training begins in slow motion, step by step, and speeds up by itself."
_WHERE = " Speed, below the settings, changes the pace."


class SlowStart(QObject):
    """Lets the first training on this computer speed up, and each new run in presenter mode, and says so.

    The time that counts is that of training, so that a pause is none of it. Whoever chooses a speed has it at
    once. What is trained again for somebody, as for a step of the guided lab, is not slowed.
    """

    def __init__(self, settings: QSettings, session: Session) -> None:
        super().__init__(session)
        self._settings, self._session, self._state = settings, session, session.state
        self._seconds, self._said = 0.0, ""
        self._beat = single_shot(self, self._on_beat, _BEAT_MS)
        session.controller.trainingAsked.connect(self._begin)
        session.window.closing.connect(self._beat.stop)

    def _begin(self) -> None:
        state, presents = self._state, self._session.window.is_presenting
        is_first = not self._settings.contains(_TRAINED)
        self._settings.setValue(_TRAINED, True)
        is_new = state.is_untrained or state.waits_for_new_run
        if not (is_first or (presents and is_new)) or state.rising_pace or state.steps_per_second is not None:
            return  # who has chosen a speed has it
        self._said, self._seconds = _SAID if presents else _SAID + _WHERE, 0.0
        state.set_speed(None, _FIRST)
        state.runChanged.connect(self._on_run_changed)
        state.speedChanged.connect(self._on_speed_changed)

    def _on_run_changed(self) -> None:
        status = self._state.run.status
        if status is not RunStatus.TRAINING:
            self._beat.stop()
        elif not self._beat.isActive():
            self._state.raise_notice("pace", "info", self._said, "Full speed", self._end)
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


def welcome(settings: QSettings) -> None:
    """Let the lab guide be open at the first start on this computer."""
    if not settings.contains(LAB_OPEN):
        settings.setValue(LAB_OPEN, True)
