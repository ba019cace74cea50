"""Which moment of the run is shown, and its test result: a kept one at once, any other after repeating."""

from functools import partial

from PySide6.QtCore import QObject

from cnnviz.errors import ParameterError
from cnnviz.evaluation import Evaluation, evaluate
from cnnviz.history import History, Replay
from cnnviz.snapshots import Snapshot
from ui.controls.pace import single_shot
from ui.state import AppState, EvaluatedStep
from ui.tasks import TaskRunner

_KIND = "replay"


class Moments(QObject):
    """Shows moments, one at a time: asking for another one ends the repetition for the one before."""

    def __init__(self, state: AppState, tasks: TaskRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._tasks = state, tasks
        self._latest: tuple[History, Snapshot] | None = None  # the last one repeated, and its record
        state.historyReset.connect(self._forget)

    def show(self, step: int | None) -> None:
        """Show the network as it was at a step, or with None follow training again."""
        self._forget_wish()
        state = self._state
        if step is None:
            if state.live is not None:
                state.show_moment(state.live, follows_live=True)
            return
        kept = state.history.snapshots
        if not len(kept) or state.dataset is None:
            return
        step = min(max(step, kept[0].step), max(state.history.step, kept[0].step))
        near = self._near()
        at_hand = near if near is not None and near.step == step else kept.find(step)
        if at_hand is not None:
            state.show_moment(at_hand, follows_live=False)
        else:
            self._repeat(step)

    def _near(self) -> Snapshot | None:
        """Return the moment repeated last, if it is of this run."""
        if self._latest is None or self._latest[0] is not self._state.history:
            return None
        return self._latest[1]

    def _repeat(self, step: int) -> None:
        history, dataset = self._state.history, self._state.dataset
        assert dataset is not None
        try:
            replay = Replay.of(history, step, self._near())
        except ParameterError as error:
            self._on_failed(step, str(error))
            return
        self._state.awaited_step = step
        done, failed = partial(self._on_repeated, history), partial(self._on_failed, step)
        self._tasks.submit(_KIND, lambda context: replay.run(dataset, context.report), done, failed)

    def _on_repeated(self, history: History, snapshot: Snapshot) -> None:
        self._state.awaited_step = None
        self._latest = history, snapshot
        self._state.show_moment(snapshot, follows_live=False)

    def _on_failed(self, step: int, message: str) -> None:
        """Say why a step cannot be shown, and show the kept moment before it."""
        state = self._state
        state.awaited_step = None
        state.show_moment(state.history.snapshots.at(step), follows_live=False)
        state.raise_notice("run", "warning", message)

    def _forget_wish(self) -> None:
        self._tasks.cancel(_KIND)
        self._state.awaited_step = None

    def _forget(self) -> None:
        self._forget_wish()
        self._latest = None


_REST_MS = 150
_TEST = "moment-test"


class MomentTests(QObject):
    """Keeps the newest test result of the run, and has an earlier moment tested when one is shown.

    A moment is tested when the timeline has come to rest on it, in the background: a drag or a film passes
    over hundreds of them.
    """

    def __init__(self, state: AppState, background: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._background = state, background
        self._latest: EvaluatedStep | None = None
        self._rest = single_shot(self, self._test_shown, _REST_MS)
        state.momentChanged.connect(self._on_moment_changed)

    def reset(self) -> None:
        self.stop()
        self._latest = None
        self._state.set_evaluation(None)

    def stop(self) -> None:
        self._rest.stop()
        self._background.cancel(_TEST)

    def take(self, result: EvaluatedStep) -> None:
        """Take the newest result of the run; it is shown unless an earlier moment is looked at."""
        self._latest = result
        if self._state.follows_live:
            self._state.set_evaluation(result)

    def _on_moment_changed(self) -> None:
        if self._state.follows_live:
            self.stop()
            self._state.set_evaluation(self._latest)
        else:
            self._rest.start()

    def _test_shown(self) -> None:
        snapshot, dataset = self._state.shown, self._state.dataset
        if snapshot is None or dataset is None:
            return
        images, labels = dataset.test_images, dataset.test_labels

        def done(evaluation: Evaluation) -> None:
            if snapshot is self._state.shown and not self._state.follows_live:
                self._state.set_evaluation(EvaluatedStep(snapshot.step, evaluation, snapshot.origin))

        self._background.submit(_TEST, lambda _context: evaluate(snapshot.network, images, labels), done)
