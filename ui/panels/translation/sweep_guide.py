"""Decides when sweeps are measured and which of them may be shown."""

from PySide6.QtCore import QObject, Signal, Slot

from cnnviz.datasets import Dataset
from ui.controls.pace import single_shot
from ui.panels.analysis import Analysis
from ui.panels.drawn import moment_of
from ui.panels.scene import Scene
from ui.panels.translation.picture import subject_of
from ui.panels.translation.subject import Subject
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
    """

    failed = Signal(str)

    def __init__(
        self, column: SweepColumn, analysis: Analysis, background: Analysis, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._column = column
        self._subject: Subject | None = None
        self._dataset: Dataset | None = None
        self._view = View()
        self._key = SweepKey(1, 2, True, False)
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
        return self._many if self._view.many else self._one

    def look_at(self, scene: Scene[View], *, is_training: bool) -> None:
        """Show what belongs to a scene, and have measured what is missing."""
        subject, view, dataset = subject_of(scene), scene.choices, scene.dataset
        self._subject, self._view, self._dataset = subject, view, dataset
        self._key = SweepKey(view.block, view.pool_size, view.relative, scene.shift.wrap)
        is_toy = subject.lesson is not None
        self._column.source.set_available(0 if is_toy else len(dataset.test_labels))
        self._show()
        if not is_training:
            self._request()
        elif not self._timer.isActive():
            self._timer.start()

    def is_measured(self) -> bool:
        """Whether many digits have been measured, or are being measured, with the choices in force."""
        found, subject = self._many, self._subject
        if not self._view.many or found is None or subject is None:
            return self._view.many and self._column.source.is_running()
        is_same = found.key == self._key and found.origin is self._dataset
        return (is_same and found.network is subject.network) or self._column.source.is_running()

    def measure(self) -> None:
        """Have many digits measured, as the button does."""
        self._on_measure_requested()

    def forget_digits(self) -> None:
        """Drop what was measured on other data."""
        self._on_cancel_requested()
        self._many = None

    def _show(self) -> None:
        found, subject, note = self.swept, self._subject, ""
        if found is not None and subject is not None:
            origin = self._dataset if self._view.many else subject.origin
            is_of_it = found.origin is origin and found.key == self._key
            if not (is_of_it and found.network.is_like(subject.network)):
                found, note = None, _OTHER_SETTINGS if self._view.many else ""
            elif found.network is not subject.network:
                measured, shown = found.snapshot, subject.snapshot
                note = f"network of {moment_of(measured.step, measured.origin, shown.origin)}"
        if found is None and self._view.many and self._column.source.is_running():
            note = "Measuring…"
        self._column.show_sweep(found, None if subject is None else subject.network, note)

    @Slot()
    def _request(self) -> None:
        subject, found = self._subject, self._one
        if subject is None or not self._column.isVisible():
            return
        is_there = (
            found is not None
            and found.origin is subject.origin
            and found.network is subject.network
            and found.key == self._key
        )
        if not is_there:
            self._sweeps.request_one(subject, self._key)

    def _on_one_swept(self, found: Swept) -> None:
        self._one = found
        if self._column.isVisible() and not self._view.many:
            self._show()

    def _on_many_swept(self, found: Swept) -> None:
        self._column.source.set_progress(None)
        if found.origin is self._dataset:
            self._many = found
            self._show()

    def _on_sweep_failed(self, message: str, many: bool) -> None:
        if many:
            self._column.source.set_progress(None)
        self.failed.emit(message)

    @Slot()
    def _on_measure_requested(self) -> None:
        subject, dataset, source = self._subject, self._dataset, self._column.source
        if subject is None or dataset is None or subject.lesson is not None:
            return
        source.set_progress(0.0)
        digits = min(self._view.digits, len(dataset.test_labels))
        self._sweeps.request_many(subject, dataset, digits, self._key, source.set_progress)
        self._show()

    @Slot()
    def _on_cancel_requested(self) -> None:
        self._sweeps.cancel_many()
        self._column.source.set_progress(None)
        self._show()
