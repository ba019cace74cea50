"""Widgets whose content can be taken back: what the buttons Undo and Redo ask of them."""

from ui.controls.undo import Undo


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
