"""Which moment of the run is shown: a kept one at once, any other when the run was repeated up to it."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Slot

from cnnviz.errors import ParameterError
from cnnviz.history import History
from cnnviz.replay import Replay
from cnnviz.snapshots import Snapshot
from ui.run.tasks import TaskRunner
from ui.state import AppState

_KIND = "replay"


class Moments(QObject):
    """Shows moments, one at a time: asking for another one ends the repetition for the one before.

    * `tasks`: where runs are repeated, with nobody waiting behind them.
    """

    def __init__(self, state: AppState, tasks: TaskRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._tasks = state, tasks
        self._latest: tuple[History, Snapshot] | None = None  # the last one repeated, and its record
        state.historyReset.connect(self._forget)

    def show(self, step: int | None, then: Callable[[], object] = lambda: None) -> None:
        """Show the network as it was at a step, or with None follow training again; then go on."""
        self._forget_wish()
        state = self._state
        if step is None:
            if state.live is not None:
                state.show_moment(state.live, follows_live=True)
            then()
            return
        kept = state.history.snapshots
        if not len(kept) or state.dataset is None:
            then()
            return
        step = min(max(step, kept[0].step), max(state.history.step, kept[0].step))
        at_hand = self._at_hand(step)
        if at_hand is not None:
            state.show_moment(at_hand, follows_live=False)
            then()
        else:
            self._repeat(step, then)

    def _at_hand(self, step: int) -> Snapshot | None:
        near = self._near()
        if near is not None and near.step == step:
            return near
        return self._state.history.snapshots.find(step)

    def _near(self) -> Snapshot | None:
        """Return the moment repeated last, if it is of this run."""
        if self._latest is None or self._latest[0] is not self._state.history:
            return None
        return self._latest[1]

    def _repeat(self, step: int, then: Callable[[], object]) -> None:
        history, dataset = self._state.history, self._state.dataset
        assert dataset is not None
        try:
            replay = Replay.of(history, step, self._near())
        except ParameterError as error:
            self._on_failed(step, then, str(error))
            return
        self._state.await_moment(step)
        self._tasks.submit(
            _KIND,
            lambda context: replay.run(dataset, context.report),
            partial(self._on_repeated, history, then),
            partial(self._on_failed, step, then),
        )

    def _on_repeated(self, history: History, then: Callable[[], object], snapshot: Snapshot) -> None:
        self._state.await_moment(None)
        self._latest = history, snapshot
        self._state.show_moment(snapshot, follows_live=False)
        then()

    def _on_failed(self, step: int, then: Callable[[], object], message: str) -> None:
        """Say why a step cannot be shown, and show the kept moment before it."""
        state = self._state
        state.await_moment(None)
        state.show_moment(state.history.snapshots.at(step), follows_live=False)
        state.raise_notice("run", "warning", message)
        then()

    def _forget_wish(self) -> None:
        self._tasks.cancel(_KIND)
        self._state.await_moment(None)

    @Slot()
    def _forget(self) -> None:
        self._forget_wish()
        self._latest = None
