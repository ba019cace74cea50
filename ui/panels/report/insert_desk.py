"""Putting figures and tables in, moving them, taking them out and bringing them back."""

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from cnnviz.errors import CNNVizError
from cnnviz.report import Insert
from cnnviz.report.content import GUIDES
from ui.controls.segmented import SegmentedControl
from ui.panels.report.asking import AskingBar
from ui.panels.report.fields import DemonstrationFields
from ui.panels.report.insert_choice import InsertChoice
from ui.panels.report.writing import Writing

_BRING_BACK = "Bring it back"


class InsertDesk(QObject):
    """Does what the menu and the list of figures and tables ask for, and says what can be undone.

    * `pages`: which demonstration is shown.
    """

    demonstrationWanted = Signal(str)  # this one is to be shown: something in it has changed

    def __init__(
        self,
        writing: Writing,
        pages: SegmentedControl,
        fields: DemonstrationFields,
        message: AskingBar,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._writing, self._pages, self._fields, self._message = writing, pages, fields, message
        fields.insert.chosen.connect(self._on_chosen)
        fields.inserts.wordsEdited.connect(self._on_words_edited)
        fields.inserts.raiseRequested.connect(self._on_raise_requested)
        fields.inserts.lowerRequested.connect(self._on_lower_requested)
        fields.inserts.removeRequested.connect(self._on_remove_requested)
        writing.insertsChanged.connect(self.show_inserts)

    def add(self, insert: Insert, key: str) -> bool:
        """Put something into a demonstration; return whether the same is there already.

        * Raises CNNVizError: if there are too many.
        """
        was_there = self._writing.has_same(key, insert)
        self._writing.add_insert(key, insert)
        return was_there

    @Slot()
    def show_inserts(self) -> None:
        """List those of the demonstration that is shown."""
        self._fields.inserts.set_inserts(self._writing.inserts(self._pages.current()))

    @Slot(object, str)
    def _on_chosen(self, choice: InsertChoice, words: str) -> None:
        choice.make(partial(self._put, self._pages.current(), words), self._complain)

    def _put(self, key: str, words: str, insert: Insert) -> None:
        try:
            is_twice = self.add(replace(insert, words=words), key)
        except CNNVizError as error:
            self._complain(str(error))
            return
        if is_twice:
            self._message.show_message(
                f"{insert.title} is in this list twice now, with the same settings at the same step.", "info"
            )

    def _complain(self, text: str) -> None:
        self._message.show_message(text, "error")

    @Slot(int, str)
    def _on_words_edited(self, place: int, words: str) -> None:
        self._writing.set_insert_words(self._pages.current(), place, words)

    @Slot(int)
    def _on_raise_requested(self, place: int) -> None:
        self._writing.raise_insert(self._pages.current(), place)

    @Slot(int)
    def _on_lower_requested(self, place: int) -> None:
        self._writing.raise_insert(self._pages.current(), place + 1)

    @Slot(int)
    def _on_remove_requested(self, place: int) -> None:
        self._writing.remove_insert(self._pages.current(), place)
        self._offer_back("")

    def _offer_back(self, too: str) -> None:
        """Say what was taken out last, if anything was, and offer to bring it back."""
        removed = self._writing.last_removed
        if removed is None:
            return
        key, insert = removed
        place = (
            "the report" if key == self._pages.current() else f"demonstration {list(GUIDES).index(key) + 1}"
        )
        text = f"{insert.title} was{too} taken out of {place}."
        self._message.ask(text, _BRING_BACK, self._bring_back, "info")

    def _bring_back(self) -> None:
        removed = self._writing.last_removed
        try:
            self._writing.bring_back()
        except CNNVizError as error:
            self._message.show_message(str(error), "error")
            return
        if removed is not None:
            self.demonstrationWanted.emit(removed[0])
        self._offer_back(" also")
