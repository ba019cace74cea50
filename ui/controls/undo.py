"""Going back and forth between states of something that is edited."""


class Undo[State]:
    """Remembers states before each change.

    * `most`: how many changes can be taken back.
    """

    def __init__(self, most: int = 100) -> None:
        self._most = most
        self._before: list[State] = []
        self._after: list[State] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._before)

    @property
    def can_redo(self) -> bool:
        """Whether a change was taken back."""
        return bool(self._after)

    def record(self, state: State) -> None:
        """Remember the state before a change that begins; what was taken back is forgotten."""
        self._before.append(state)
        del self._before[: -self._most]
        self._after.clear()

    def undo(self, state: State) -> State:
        """Return the state before the last change; `state` is the present one, for `redo`.

        * Raises IndexError: if there is none.
        """
        self._after.append(state)
        return self._before.pop()

    def redo(self, state: State) -> State:
        """Return the state after the change that was taken back; `state` is the present one.

        * Raises IndexError: if there is none.
        """
        self._before.append(state)
        return self._after.pop()

    def clear(self) -> None:
        """Forget everything."""
        self._before.clear()
        self._after.clear()


class Undoable[State]:
    """Mixed into a widget that edits something, before the class of Qt.

    It is plain Python without an ``__init__``, so that Qt's is the only one. The widget has an `_undo`, and
    says what its state is (`_state`) and how it goes back to one (`_restore`).
    """

    _undo: Undo[State]

    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return self._undo.can_undo

    def can_redo(self) -> bool:
        """Whether a change was taken back."""
        return self._undo.can_redo

    def undo(self) -> None:
        """Take back the last change."""
        if self._undo.can_undo:
            self._restore(self._undo.undo(self._state()))

    def redo(self) -> None:
        """Make again the change that was taken back."""
        if self._undo.can_redo:
            self._restore(self._undo.redo(self._state()))

    def _state(self) -> State:
        raise NotImplementedError

    def _restore(self, state: State) -> None:
        raise NotImplementedError
