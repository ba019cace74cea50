"""Test results that belong to the moment that is shown, also when that is an earlier one."""

from PySide6.QtCore import QObject, Slot

from cnnviz.evaluation import Evaluation, evaluate
from cnnviz.snapshots import Snapshot
from ui.controls.pace import single_shot
from ui.panels.analysis import Analysis
from ui.state import AppState, EvaluatedStep

_REST_MS = 150
_KIND = "moment-test"


class MomentTests(QObject):
    """Keeps the newest test result of the run, and has an earlier moment tested when one is shown.

    A moment is tested when the timeline has come to rest on it, in the background: a drag or a film passes
    over hundreds of them.
    """

    def __init__(self, state: AppState, background: Analysis, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._background = background
        self._latest: EvaluatedStep | None = None
        self._rest = single_shot(self, self._test_shown, _REST_MS)
        state.momentChanged.connect(self._on_moment_changed)

    def reset(self) -> None:
        """Forget everything: a new run begins."""
        self.stop()
        self._latest = None
        self._state.set_evaluation(None)

    def stop(self) -> None:
        """Test no more."""
        self._rest.stop()
        self._background.cancel(_KIND)

    def take(self, result: EvaluatedStep) -> None:
        """Take the newest result of the run; it is shown unless an earlier moment is looked at."""
        self._latest = result
        if self._state.follows_live:
            self._state.set_evaluation(result)

    @Slot()
    def _on_moment_changed(self) -> None:
        if self._state.follows_live:
            self.stop()
            self._state.set_evaluation(self._latest)
        else:
            self._rest.start()

    @Slot()
    def _test_shown(self) -> None:
        snapshot, dataset = self._state.shown, self._state.dataset
        if snapshot is None or dataset is None:
            return
        images, labels = dataset.test_images, dataset.test_labels

        def work(_context: object) -> tuple[Snapshot, Evaluation]:
            return snapshot, evaluate(snapshot.network, images, labels)

        self._background.submit(_KIND, work, self._on_tested)

    def _on_tested(self, result: tuple[Snapshot, Evaluation]) -> None:
        snapshot, evaluation = result
        if snapshot is self._state.shown and not self._state.follows_live:
            self._state.set_evaluation(EvaluatedStep(snapshot.step, evaluation, snapshot.origin))
