"""The words of the report as they grow."""

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from operator import or_

from PySide6.QtCore import QObject, Signal

from cnnviz.clock import now, today
from cnnviz.errors import CNNVizError
from cnnviz.lab.measured import LabNumbers
from cnnviz.lab.record import LabRecord
from cnnviz.quantities import format_count
from cnnviz.report import Demonstration, Findings, Insert, Report, Version
from cnnviz.report.content import GUIDES, MAX_WORDS, Shown
from cnnviz.report.inserts import LONGEST_WORDS, MOST_INSERTS
from ui.panels.report.draft import Draft

_SAVE_MS = 500
_RETRY_MS = 3000


class Writing(QObject):
    """Holds the draft and is the only one to change it.

    * `step`: returns the training step of the run on the screen, for stamps.
    """

    changed = Signal()  # something in the report is different now
    insertsChanged = Signal()  # among that, figures or tables from the screen
    opened = Signal()  # it is another report from now on
    headChanged = Signal()  # title, author, roll number or date are different now

    def __init__(self, step: Callable[[], int], parent: QObject) -> None:
        super().__init__(parent)
        self._step = step
        self.draft = Draft()
        self._removed: list[tuple[str, int, Insert]] = []  # the newest last

    def begin(self, draft: Draft) -> None:
        """Put another report in the place of this one."""
        self._removed = []
        self._take(draft)
        self.headChanged.emit()
        self.opened.emit()

    @property
    def words(self) -> Report:
        """The report as typed."""
        return self.draft.report

    @property
    def report(self) -> Report:
        """The report as it would be written now; an empty date is today's."""
        words = self.draft.report
        return words if words.date.strip() else replace(words, date=today())

    def set_head(self, name: str, text: str) -> None:
        """Change title, author, roll number or date."""
        self._take(replace(self.draft, report=replace(self.draft.report, **{name: text})))
        self.headChanged.emit()

    def set_words(self, key: str, name: str, words: str) -> None:
        """Change a field of a demonstration; a hypothesis is pending until it is recorded.

        * Raises CNNVizError: if a field would hold more than `MAX_WORDS` letters.
        """
        if len(words) > MAX_WORDS:
            raise CNNVizError(
                f"A field holds {format_count(MAX_WORDS)} letters at most; what was added last was left out."
            )
        if name == "hypothesis":
            self._take(replace(self.draft, pending=self.draft.pending | {key: words}))
        else:
            self._put(replace(self.words.demonstration(key), **{name: words}))

    def set_findings(self, findings: Findings) -> None:
        """Keep what the lab has found, which has been seen from now on."""
        self._take(replace(self.draft, measured=findings.measured_with, findings=findings))
        self.note_shown(findings.measured_with.experiment.classes, Shown(lab=now()))

    # --- what has been seen -------------------------------------------------------------------------------

    def shown_of(self, classes: tuple[str, ...]) -> Shown:
        """Return which results about some classes have been on the screen."""
        return self.draft.shown.get(classes, Shown())

    def note_shown(self, classes: tuple[str, ...], shown: Shown) -> None:
        """Remember that results about some classes are on the screen; the first time of each kind stays."""
        known = self.shown_of(classes)
        if known | shown != known:
            self._take(replace(self.draft, shown=self.draft.shown | {classes: known | shown}))

    def version(self, text: str, classes: tuple[str, ...] | None = None) -> Version:
        """Return words as they are written now, with what has been on the screen before.

        * `classes`: that the words are about; None for any.
        """
        known = [each for about, each in self.draft.shown.items() if classes in (None, about)]
        shown = reduce(or_, known, Shown())
        return Version(text, now(), self._step(), bool(shown), shown)

    # --- guided labs --------------------------------------------------------------------------------------

    @property
    def lab(self) -> str:
        """Id of the guided lab in front, `OWN_LAB` for one that does not come with the program, or ""."""
        return self.draft.lab

    def lab_record(self, key: str) -> LabRecord | None:
        """Return what was done in a lab; None where nothing was."""
        return self.draft.labs.get(key)

    def set_lab(self, lab: str, record: LabRecord) -> None:
        """Keep what was done in a lab, which is the one in front from now on.

        * `lab`: as `Draft.lab` has it.
        """
        self._take(replace(self.draft, lab=lab, labs=self.draft.labs | {record.key: record}))

    def set_lab_numbers(self, key: str, numbers: LabNumbers) -> None:
        """Keep the numbers of a guided lab in the place of others; `key` says what they are a function of."""
        self._take(replace(self.draft, numbers={key: numbers}))

    # --- hypothesis ---------------------------------------------------------------------------------------

    def versions(self, key: str) -> tuple[Version, ...]:
        """Return what was recorded, oldest first."""
        return self.words.demonstration(key).hypothesis

    def hypothesis(self, key: str) -> str:
        """Return what stands in the field: what was typed last, else what was recorded last."""
        versions = self.versions(key)
        return self.draft.pending.get(key, versions[-1].text if versions else "")

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
        version = self.version(self.hypothesis(key))
        changed = self.words.demonstration(key).record(version)
        pending = {name: text for name, text in self.draft.pending.items() if name != key}
        self._take(replace(self.draft, report=self.words.with_demonstration(changed), pending=pending))

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

        * Raises CNNVizError: if a demonstration has too many of them.
        """
        self._set_inserts(key, (*self._with_room(key), insert))

    def has_same(self, key: str, insert: Insert) -> bool:
        """Whether a figure or table that shows the same, at the same step, is in a demonstration."""
        return any(each.shows_same(insert) for each in self.inserts(key))

    def set_insert_words(self, key: str, place: int, words: str) -> None:
        """Change the student's own caption of a figure or table."""
        inserts = list(self.inserts(key))
        inserts[place] = replace(inserts[place], words=words[:LONGEST_WORDS])
        self._set_inserts(key, tuple(inserts))

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

        * Raises CNNVizError: if there is no room for it any more.
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

    def _put(self, demonstration: Demonstration) -> None:
        self._take(replace(self.draft, report=self.words.with_demonstration(demonstration)))

    def _take(self, draft: Draft) -> None:
        self.draft = draft
        self.changed.emit()
