"""A line for a few whole numbers, such as ``8, 16``."""

import re

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit

from ui.theme import repolish


class IntListField(QLineEdit):
    """Numbers separated by commas or spaces, each within limits; an empty line is an empty list.

    * `limits`: smallest and largest number.
    * `counts`: fewest and most numbers.
    """

    valuesEdited = Signal(tuple)
    messageChanged = Signal(str)

    def __init__(self, limits: tuple[int, int], counts: tuple[int, int]) -> None:
        super().__init__()
        self._limits = limits
        self._counts = counts
        self._values: tuple[int, ...] = ()
        self._subject = "This field"
        self._message = ""
        self.editingFinished.connect(self._on_editing_finished)

    def values(self) -> tuple[int, ...]:
        """Return the last valid numbers."""
        return self._values

    def set_values(self, values: tuple[int, ...]) -> None:
        """Show other numbers."""
        self._values = tuple(values)
        self.setText(", ".join(str(value) for value in values))
        self._set_message("")

    def set_subject(self, subject: str) -> None:
        """Name the field in messages."""
        self._subject = subject

    def _on_editing_finished(self) -> None:
        values = self._parse()
        if values is None:
            low, high = self._limits
            fewest, most = self._counts
            example = ", ".join(str(value) for value in (8, 16)[: max(most, 1)])
            self._set_message(
                f"{self._subject} takes {fewest} to {most} whole numbers from {low} to {high}, for "
                f"example {example}."
            )
            return
        self._set_message("")
        if values != self._values:
            self._values = values
            self.valuesEdited.emit(values)

    def _parse(self) -> tuple[int, ...] | None:
        words = [word for word in re.split(r"[,;\s]+", self.text().strip()) if word]
        if not all(re.fullmatch(r"[0-9]{1,6}", word) for word in words):
            return None
        values = tuple(int(word) for word in words)
        low, high = self._limits
        fewest, most = self._counts
        valid = fewest <= len(values) <= most and all(low <= value <= high for value in values)
        return values if valid else None

    def _set_message(self, message: str) -> None:
        if message == self._message:
            return
        self._message = message
        self.setProperty("invalid", bool(message))
        repolish(self)
        self.messageChanged.emit(message)
