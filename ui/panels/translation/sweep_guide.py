"""Decides when sweeps are measured and which of them may be shown."""

from PySide6.QtCore import QObject, Signal, Slot

from ui.controls.pace import single_shot
from ui.panels.analysis import Analysis
from ui.panels.drawn import moment_of
from ui.panels.scene import Scene
from ui.panels.translation.picture import subject_of
from ui.panels.translation.sweep_column import SweepColumn
from ui.panels.translation.sweeping import SweepKey, Sweeps, Swept
from ui.panels.translation.view import View

_PAUSE_MS = 1000
"""Between two sweeps while training runs: one for every snapshot would cost too much."""
_OTHER_SETTINGS = "Measured with other settings: press Start again."


class SweepGuide(QObject):
    """Keeps the sweep column up to date with what is looked at.

    Parameters
    ----------
    column : SweepColumn
    analysis, background : Analysis
    parent : QObject, optional

    Signals
    -------
    failed : str
        What went wrong.
    manySwept
        The sweep over many digits is measured.
    """

    failed = Signal(str)
    manySwept = Signal()

    def __init__(
        self, column: SweepColumn, analysis: Analysis, background: Analysis, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._column = column
        self._scene: Scene[View] | None = None  # what is looked at
        self._one: Swept | None = None
        self._many: Swept | None = None
        self._sweeps = Sweeps(
            analysis, background, self._on_one_swept, self._on_many_swept, self._on_sweep_failed
        )
        self._timer = single_shot(self, self._request, _PAUSE_MS)
        column.source.measureRequested.connect(self._on_measure_requested)
        column.source.cancelRequested.connect(self._on_cancel_requested)

    @property
    def swept(self) -> Swept | None:
        """The sweep that was measured last: that of the image, or of many digits."""
        return self._many if self._is_of_many else self._one

    def look_at(self, scene: Scene[View], *, is_training: bool) -> None:
        """Show what belongs to a scene, and have measured what is missing."""
        self._scene = scene
        is_toy = subject_of(scene).lesson is not None
        self._column.source.set_available(0 if is_toy else len(scene.dataset.test_labels))
        self._show()
        if not is_training:
            self._request()
        elif not self._timer.isActive():
            self._timer.start()

    def is_measured(self) -> bool:
        """Whether many digits have been measured, or are being measured, with the choices in force."""
        is_there = self._scene is not None and _is_there(self._many, self._scene, many=True)
        return self._is_of_many and (is_there or self._column.source.is_running())

    def measure(self) -> None:
        """Have many digits measured, as the button does."""
        self._on_measure_requested()

    def forget_digits(self) -> None:
        """Drop what was measured on other data."""
        self._on_cancel_requested()
        self._many = None

    @property
    def _is_of_many(self) -> bool:
        """Whether the sweep of many digits is chosen."""
        return self._scene is not None and self._scene.choices.many

    def _show(self) -> None:
        scene, found, note = self._scene, self.swept, ""
        if scene is None:
            return
        subject, many = subject_of(scene), scene.choices.many
        if found is not None:
            if not (_is_of(found, scene, many=many) and found.network.is_like(subject.network)):
                found, note = None, _OTHER_SETTINGS if many else ""
            elif found.network is not subject.network:
                measured, shown = found.snapshot, subject.snapshot
                note = f"network of {moment_of(measured.step, measured.origin, shown.origin)}"
        if found is None and many and self._column.source.is_running():
            note = "Measuring…"
        self._column.show_sweep(found, scene.choices, note)

    @Slot()
    def _request(self) -> None:
        scene = self._scene
        if scene is not None and self._column.isVisible() and not _is_there(self._one, scene, many=False):
            self._sweeps.request_one(subject_of(scene), _key_of(scene))

    def _on_one_swept(self, found: Swept) -> None:
        self._one = found
        if self._column.isVisible() and not self._is_of_many:
            self._show()

    def _on_many_swept(self, found: Swept) -> None:
        self._column.source.set_progress(None)
        if self._scene is not None and found.origin is self._scene.dataset:
            self._many = found
            self._show()
            self.manySwept.emit()

    def _on_sweep_failed(self, message: str, many: bool) -> None:
        if many:
            self._column.source.set_progress(None)
        self.failed.emit(message)

    @Slot()
    def _on_measure_requested(self) -> None:
        scene, source = self._scene, self._column.source
        if scene is None or subject_of(scene).lesson is not None:
            return
        source.set_progress(0.0)
        self._sweeps.request_many(
            subject_of(scene), scene.dataset, _digits_of(scene), _key_of(scene), source.set_progress
        )
        self._show()

    @Slot()
    def _on_cancel_requested(self) -> None:
        self._sweeps.cancel_many()
        self._column.source.set_progress(None)
        self._show()


def _key_of(scene: Scene[View]) -> SweepKey:
    view = scene.choices
    return SweepKey(view.block, view.pool_size, view.relative, scene.shift.wrap)


def _digits_of(scene: Scene[View]) -> int:
    """How many images are to be measured: the chosen number, or all there are."""
    return min(scene.choices.digits, len(scene.dataset.test_labels))


def _is_of(found: Swept, scene: Scene[View], *, many: bool) -> bool:
    """Whether a sweep is of these images, with the choices of a scene; of whichever network."""
    origin, digits = (scene.dataset, _digits_of(scene)) if many else (subject_of(scene).origin, 1)
    return found.origin is origin and found.key == _key_of(scene) and found.digits == digits


def _is_there(found: Swept | None, scene: Scene[View], *, many: bool) -> bool:
    """Whether a sweep is the one that belongs to a scene."""
    if found is None or found.network is not subject_of(scene).network:
        return False
    return _is_of(found, scene, many=many)
