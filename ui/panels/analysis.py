"""How a panel has something computed in the background without knowing any thread.

A panel is given an `Analysis` (the application's task runner). The functions it hands over are plain engine
code: they touch no widget and no state that can change. Results arrive as calls in the GUI thread.
"""

from collections.abc import Callable
from typing import Any, Protocol


class Context(Protocol):
    """What a function that runs in the background may know of the outside."""

    @property
    def cancelled(self) -> bool:
        """Whether the result is no longer wanted."""
        ...

    def report(self, fraction: float) -> None:
        """Tell how much is done, from 0 to 1; raises `CancelledError` when the result is no longer wanted."""
        ...


class Analysis(Protocol):
    """Runs functions in the background, in order; of one `kind` only the newest counts."""

    def submit(
        self,
        kind: str,
        function: Callable[[Context], Any],
        on_done: Callable[[Any], None],
        on_failed: Callable[[str], None] | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> None:
        """Run `function`; an unfinished one of the same `kind` is cancelled and forgotten."""
        ...

    def cancel(self, kind: str) -> None:
        """Forget the unfinished function of this kind, if there is one."""
        ...

    def is_busy(self, kind: str) -> bool:
        """Return whether a function of this kind is waiting or running."""
        ...


class LatestOnly:
    """Keeps at most one function under way and, of those asked for meanwhile, only the newest.

    Unlike `Analysis.submit` it lets the running function finish, so that a stream of requests faster
    than the answers (a drag, training at full speed) still gets answers, each as fresh as possible.

    * `kind`: name of this stream of requests.
    * `on_done`: called with each result.
    * `on_failed`: called with the text of an error.
    """

    def __init__(
        self,
        analysis: Analysis,
        kind: str,
        on_done: Callable[[Any], None],
        on_failed: Callable[[str], None] | None = None,
    ) -> None:
        self._analysis = analysis
        self._kind = kind
        self._on_done = on_done
        self._on_failed = on_failed
        self._next: Callable[[Context], Any] | None = None

    def request(self, function: Callable[[Context], Any]) -> None:
        """Have `function` run as soon as the one under way is done."""
        if self._analysis.is_busy(self._kind):
            self._next = function
        else:
            self._submit(function)

    def finish_with(self, function: Callable[[Context], Any]) -> None:
        """Have `function` run last, behind what is under way: no answer may come any more to wait for."""
        self._submit(function)

    def _submit(self, function: Callable[[Context], Any]) -> None:
        self._next = None
        self._analysis.submit(self._kind, function, self._done, self._failed)

    def _done(self, result: Any) -> None:
        try:
            self._on_done(result)
        finally:
            self._go_on()

    def _failed(self, message: str) -> None:
        if self._on_failed is not None:
            self._on_failed(message)
        self._go_on()

    def _go_on(self) -> None:
        if self._next is not None and not self._analysis.is_busy(self._kind):
            self._submit(self._next)
