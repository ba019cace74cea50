"""Plain functions on a background thread, the newest request of a kind replacing older ones.

They touch no widget and no state that can change. Results arrive as calls in the GUI thread.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt, QThread, Signal, Slot

from cnnviz.errors import NO_THREAD, in_words
from cnnviz.evaluation import CancelledError

_log = logging.getLogger(__name__)

_LEAST = 0.005  # of a task that is told: the window is busy with no more than 200 of them


@dataclass(eq=False, slots=True)
class Context:
    """A task, which its function may ask whether it is still wanted, and tell how far it is.

    * `answer`: tells the handler of a name, which is one of those above.
    * `cancelled`: whether the result is no longer wanted, so that the task is to stop soon.
    """

    kind: str
    function: Callable[["Context"], Any]
    on_done: Callable[[Any], None]
    on_failed: Callable[[str], None] | None
    on_progress: Callable[[float], None] | None
    answer: Callable[["Context", str, object], object]
    cancelled: bool = False
    told: float = -1.0

    def report(self, fraction: float) -> None:
        """Tell how much is done, from 0 to 1.

        * Raises CancelledError: if the task was cancelled, so that reporting is also the place
          to stop.
        """
        if self.cancelled:
            raise CancelledError("The task was cancelled.")
        if self.on_progress is not None and (abs(fraction - self.told) >= _LEAST or fraction >= 1):
            self.told = fraction
            self.answer(self, "on_progress", fraction)


class _TaskWorker(QObject):
    """Runs tasks on its thread, in the order in which they were handed over."""

    #: A task, the name of the handler that is to be told, and what.
    answered = Signal(object, str, object)

    @Slot()
    def end(self) -> None:
        """End the thread; everything that was handed over before is done by now."""
        QThread.currentThread().quit()

    @Slot(object)
    def run(self, task: Context) -> None:
        if task.cancelled:
            return
        try:
            result = task.function(task)
        except BaseException as error:  # noqa: BLE001 -- whatever ends a task, even a panic of foreign code
            if isinstance(error, CancelledError) and task.cancelled:
                return
            text = in_words(error)
            if not text:
                _log.error("Task %s failed", task.kind, exc_info=error)
            text = text or f"An internal error stopped this ({error}). Try it again."
            self.answered.emit(task, "on_failed", text)
        else:
            self.answered.emit(task, "on_done", result)


class TaskRunner(QObject):
    """Hands functions to a background thread, which begins with the first, and results to handlers here."""

    #: Nothing is waiting or running any more; whether the last task has succeeded.
    becameIdle = Signal(bool)

    _submitted = Signal(object)
    _endRequested = Signal()

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._current: dict[str, Context] = {}
        self._worker = _TaskWorker()
        self._thread = QThread(self)
        self._thread.setObjectName(name)
        self._worker.moveToThread(self._thread)
        self._submitted.connect(self._worker.run)
        self._endRequested.connect(self._worker.end)
        # Queued also from this thread, for a function that found none to run on.
        self._worker.answered.connect(self._on_answered, Qt.ConnectionType.QueuedConnection)
        self._closed = False

    def submit(
        self,
        kind: str,
        function: Callable[[Context], Any],
        on_done: Callable[[Any], None],
        on_failed: Callable[[str], None] | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> None:
        """Run `function` in the background; an unfinished one of its `kind` is cancelled and forgotten."""
        self.cancel(kind)
        if self._closed:
            return
        answer = self._worker.answered.emit
        task = self._current[kind] = Context(kind, function, on_done, on_failed, on_progress, answer)
        self._thread.start()  # if it does not run yet
        if self._thread.isRunning():  # the system may have none to give
            self._submitted.emit(task)
        else:
            answer(task, "on_failed", NO_THREAD)

    def cancel(self, kind: str) -> None:
        task = self._current.pop(kind, None)
        if task is not None:
            task.cancelled = True

    def is_busy(self, kind: str) -> bool:
        return kind in self._current

    @property
    def is_idle(self) -> bool:
        return not self._current

    def close(self, milliseconds: int = 1500) -> bool:
        """Cancel everything and end the thread; return whether it ended in time."""
        self._closed = True
        for kind in list(self._current):
            self.cancel(kind)
        self._thread.quit()
        return self._thread.wait(milliseconds)

    def finish(self, milliseconds: int) -> bool:
        """Do all that was handed over, then end the thread; return whether it ended in time.

        Handlers are called before this returns.
        """
        self._endRequested.emit()
        ended = self._thread.wait(milliseconds)
        self._closed = True
        QCoreApplication.sendPostedEvents(self)
        return ended

    @Slot(object, str, object)
    def _on_answered(self, task: Context, handler: str, value: object) -> None:
        if self._current.get(task.kind) is not task:
            return  # it is not wanted any more
        has_ended = handler != "on_progress"
        if has_ended:
            del self._current[task.kind]
        if (tell := getattr(task, handler)) is not None:
            tell(value)
        if has_ended and self.is_idle:
            self.becameIdle.emit(handler == "on_done")


class LatestOnly:
    """Keeps at most one function under way and, of those asked for meanwhile, only the newest.

    Unlike `TaskRunner.submit` it lets the running function finish, so that a stream of requests faster
    than the answers (a drag, training at full speed) still gets answers, each as fresh as possible.
    """

    def __init__(
        self,
        analysis: TaskRunner,
        kind: str,
        on_done: Callable[[Any], None],
        on_failed: Callable[[str], None] | None = None,
    ) -> None:
        self._analysis, self._kind = analysis, kind
        self._on_done, self._on_failed = on_done, on_failed
        self._next: Callable[[Context], Any] | None = None

    @property
    def has_newer(self) -> bool:
        """Whether what was asked for last still waits for what is under way."""
        return self._next is not None

    def request(self, function: Callable[[Context], Any]) -> None:
        """Have `function` run as soon as the one under way is done."""
        if self._analysis.is_busy(self._kind):
            self._next = function
        else:
            self.submit(function)

    def submit(self, function: Callable[[Context], Any]) -> None:
        """Have `function` run behind what is under way, whose answer nobody waits for any more."""
        self._next = None
        handlers = (partial(self._ended, each) for each in (self._on_done, self._on_failed))
        self._analysis.submit(self._kind, function, *handlers)

    def _ended(self, handler: Callable[[Any], None] | None, answer: Any) -> None:
        try:
            if handler is not None:
                handler(answer)
        finally:
            if self._next is not None and not self._analysis.is_busy(self._kind):
                self.submit(self._next)
