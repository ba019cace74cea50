"""The words of the report as they grow: every change is kept in the draft file within half a second."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from cnnviz.errors import CNNVizError
from cnnviz.report import Demonstration, Insert, Report, Version
from cnnviz.report.content import MAX_WORDS
from cnnviz.report.guides import GUIDES
from cnnviz.report.inserts import MOST_INSERTS
from ui.panels.report.draft import Draft, load_draft, save_draft

_SAVE_MS = 500
_RETRY_MS = 3000


class Writing(QObject):
    """Holds the draft and is the only one to change it.

    Parameters
    ----------
    path : Path
        File of the draft.
    step : callable
        Returns the training step of the run on the screen, for stamps.
    parent : QObject

    Attributes
    ----------
    problem : str
        What was wrong with the draft that was found, or "".

    Signals
    -------
    changed
        Something in the report is different now.
    insertsChanged
        Among that, figures or tables from the screen.
    saveFailed(str)
        The draft could not be written, and why. It is tried again until it can be.
    savedAgain
        It could be, after a failure.
    """

    changed = Signal()
    insertsChanged = Signal()
    saveFailed = Signal(str)
    savedAgain = Signal()

    def __init__(self, path: Path, step: Callable[[], int], parent: QObject) -> None:
        super().__init__(parent)
        self._path, self._step = path, step
        self._draft, self.problem = load_draft(path)
        self._removed: list[tuple[str, int, Insert]] = []  # the newest last
        self._is_kept = True
        self._failure = ""
        self._save_timer = QTimer(self)
        self._save_timer.setSingleShot(True)
        self._save_timer.timeout.connect(self._save)

    @property
    def words(self) -> Report:
        """The report as typed."""
        return self._draft.report

    @property
    def report(self) -> Report:
        """The report as it would be written now; an empty date is today's."""
        words = self._draft.report
        today = datetime.now().astimezone().date().isoformat()
        return words if words.date.strip() else replace(words, date=today)

    def set_head(self, name: str, text: str) -> None:
        """Change title, author, roll number or date."""
        self._take(replace(self._draft, report=replace(self._draft.report, **{name: text})))

    def set_words(self, key: str, name: str, words: str) -> None:
        """Change a field of a demonstration; a hypothesis is pending until it is recorded.

        Raises
        ------
        CNNVizError
            If a field would hold more than `MAX_WORDS` letters.
        """
        if len(words) > MAX_WORDS:
            raise CNNVizError(
                f"A field holds {MAX_WORDS:,} letters at most; what was added last was left out."
            )
        if name == "hypothesis":
            self._take(replace(self._draft, pending=self._draft.pending | {key: words}))
        else:
            self._put(replace(self.words.demonstration(key), **{name: words}))

    def set_has_run(self) -> None:
        """Remember that results of the lab have been seen."""
        self._take(replace(self._draft, has_run=True))

    # --- hypothesis ---------------------------------------------------------------------------------------

    def versions(self, key: str) -> tuple[Version, ...]:
        """Return what was recorded, oldest first."""
        return self.words.demonstration(key).hypothesis

    def hypothesis(self, key: str) -> str:
        """Return what stands in the field: what was typed last, else what was recorded last."""
        versions = self.versions(key)
        return self._draft.pending.get(key, versions[-1].text if versions else "")

    def is_pending(self, key: str) -> bool:
        """Whether the field says something else than the record."""
        versions = self.versions(key)
        return self.hypothesis(key).strip() != (versions[-1].text.strip() if versions else "")

    def unrecorded(self) -> dict[str, str]:
        """Return what was typed and is not recorded yet, by demonstration."""
        return {key: self.hypothesis(key) for key in GUIDES if self.is_pending(key)}

    def record(self, key: str) -> None:
        """Record the hypothesis as it stands, with time and step."""
        if not self.is_pending(key):
            return
        version = Version(self.hypothesis(key), now(), self._step(), self._draft.has_run)
        changed = self.words.demonstration(key).record(version)
        pending = {name: text for name, text in self._draft.pending.items() if name != key}
        self._take(replace(self._draft, report=self.words.with_demonstration(changed), pending=pending))

    def record_all(self) -> None:
        """Record every hypothesis that is not."""
        for key in GUIDES:
            self.record(key)

    # --- figures and tables from the screen -----------------------------------------------------------------

    def inserts(self, key: str) -> tuple[Insert, ...]:
        """Return what was put into a demonstration, in its order."""
        return self.words.demonstration(key).inserts

    def add_insert(self, key: str, insert: Insert) -> None:
        """Put something in, after what is there.

        Raises
        ------
        CNNVizError
            If a demonstration has too many of them.
        """
        self._set_inserts(key, (*self._with_room(key), insert))

    def has_same(self, key: str, insert: Insert) -> bool:
        """Whether a figure or table that shows the same, at the same step, is in a demonstration."""
        return any(each.shows_same(insert) for each in self.inserts(key))

    def raise_insert(self, key: str, place: int) -> None:
        """Let a figure or table change places with the one before it."""
        inserts = list(self.inserts(key))
        if 0 < place < len(inserts):
            inserts[place - 1], inserts[place] = inserts[place], inserts[place - 1]
            self._set_inserts(key, tuple(inserts))

    def remove_insert(self, key: str, place: int) -> None:
        """Take a figure or table out; `bring_back` undoes it."""
        inserts = self.inserts(key)
        if 0 <= place < len(inserts):
            self._removed = [*self._removed[1 - MOST_INSERTS :], (key, place, inserts[place])]
            self._set_inserts(key, inserts[:place] + inserts[place + 1 :])

    @property
    def last_removed(self) -> tuple[str, Insert] | None:
        """Demonstration and figure or table that `bring_back` would put back."""
        return (self._removed[-1][0], self._removed[-1][2]) if self._removed else None

    def bring_back(self) -> None:
        """Put back what was taken out last, in its place; again, what was taken out before.

        Raises
        ------
        CNNVizError
            If there is no room for it any more.
        """
        if not self._removed:
            return
        key, place, insert = self._removed[-1]
        inserts = self._with_room(key)
        self._removed.pop()
        self._set_inserts(key, (*inserts[:place], insert, *inserts[place:]))

    def _with_room(self, key: str) -> tuple[Insert, ...]:
        """Return what is in a demonstration, if one more fits."""
        inserts = self.inserts(key)
        if len(inserts) >= MOST_INSERTS:
            raise CNNVizError(
                f"A demonstration takes {MOST_INSERTS} figures and tables at most. Take some out first."
            )
        return inserts

    def _set_inserts(self, key: str, inserts: tuple[Insert, ...]) -> None:
        self._put(replace(self.words.demonstration(key), inserts=inserts))
        self.insertsChanged.emit()

    # --- keeping ------------------------------------------------------------------------------------------

    def save(self) -> bool:
        """Write the draft now, if anything was changed; return whether the file is what stands here."""
        self._save_timer.stop()
        if not self._is_kept:
            self._save()
        return self._is_kept

    def _put(self, demonstration: Demonstration) -> None:
        self._take(replace(self._draft, report=self.words.with_demonstration(demonstration)))

    def _take(self, draft: Draft) -> None:
        self._draft = draft
        self._is_kept = False
        self._save_timer.start(_SAVE_MS)
        self.changed.emit()

    @Slot()
    def _save(self) -> None:
        try:
            save_draft(self._path, self._draft)
        except CNNVizError as error:
            self._save_timer.start(_RETRY_MS)
            if self._failure != str(error):  # once is enough for one cause
                self._failure = str(error)
                self.saveFailed.emit(self._failure)
            return
        self._is_kept = True
        if self._failure:
            self._failure = ""
            self.savedAgain.emit()


def now() -> str:
    """Return local date and time for a stamp."""
    return datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
