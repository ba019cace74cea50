"""A guided lab in the report: what was done in it, and the numbers that it asks for."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter

from cnnviz.datasets import Dataset
from cnnviz.experiment import Experiment
from cnnviz.lab.document import lab_document
from cnnviz.lab.measured import LabNumbers, hand_in, measured_lab, nothing_measured, own_pixels, seed_for
from cnnviz.lab.model import Lab
from cnnviz.lab.record import LabRecord
from cnnviz.quantities import format_count
from cnnviz.report import Findings, Report, build_document
from cnnviz.report.blocks import Document, to_be_written
from cnnviz.report.content import DEFAULT_TITLE, Demonstration
from ui.panels.analysis import Context
from ui.panels.report.lab_run import LabRun
from ui.panels.report.writing import Writing


@dataclass(frozen=True, slots=True, eq=False)
class Guided:
    """A guided lab as it stands; `dataset`: with the classes of the lab."""

    lab: Lab
    record: LabRecord
    dataset: Dataset


@dataclass(frozen=True, slots=True)
class Gaps:
    """What a report lacks."""

    # where something is still to be written: headings of the part and of the place in it
    places: tuple[tuple[str, str], ...]
    is_unmeasured: bool  # whether its numbers are lost
    has_no_figures: bool = False  # whether it is of a guided lab and holds no figure

    @property
    def text(self) -> str:
        """What is lacking, in a line; "" where nothing is."""
        said = ["The numbers have to be measured again."] if self.is_unmeasured else []
        if len(self.places) == 1:
            said.append(f"Still to be written – {': '.join(self.places[0])}.")
        elif self.places:
            said.append(f"{format_count(len(self.places))} places are still to be written.")
        if self.has_no_figures:
            said.append("The report has no figure.")
        return " ".join(said)

    @property
    def listed(self) -> str:
        """All places, a line for each part; "" where the text names them all."""
        if len(self.places) < 2:
            return ""
        parts = groupby(self.places, key=itemgetter(0))
        return "\n".join(f"{part}: {', '.join(name for _, name in places)}" for part, places in parts)


class Composer:
    """Puts the report together of words, findings and the numbers of a guided lab.

    * `lab`: what running the demonstrations has measured.
    * `guided`: returns the guided lab that goes into the report, or None; its argument says whether
      the report is final, so that what is to be recorded is recorded.
    * `show_step`: brings a step of the guided lab into sight, by its title.
    """

    def __init__(self, writing: Writing, lab: LabRun) -> None:
        self._writing, self._lab = writing, lab
        self.show_step: Callable[[str], None] = lambda _title: None
        self.guided: Callable[[bool], Guided | None] = lambda _is_final: None

    def composed(self, *, is_final: bool) -> Callable[[], Document]:
        """Return the function that puts together the report as it stands now.

        * `is_final`: whether it is to be handed in; a preview shows hypotheses that are not
          recorded yet, and of a guided lab only what has been measured already.
        """
        guided, words, findings = self.guided(is_final), self._writing.report, self._lab.findings
        unrecorded = {} if is_final else self._writing.unrecorded()
        numbers = None if guided is None else self._numbers(guided, words.roll_number)
        experiment = self._lab.experiment
        return lambda: document_of(words, findings, unrecorded, guided, numbers, experiment)

    def measuring(self) -> Callable[[Context], tuple[str, LabNumbers]] | None:
        """Return the function that measures the guided lab; None where nothing is to be measured.

        What it returns is to be given to `keep`.
        """
        guided = self.guided(True)
        if guided is None:
            return None
        seed = seed_for(guided.lab, self._writing.report.roll_number)
        key = _key(guided, seed)
        if key in self._writing.draft.numbers:
            return None

        def measure(context: Context) -> tuple[str, LabNumbers]:
            numbers = measured_lab(
                guided.lab, guided.dataset, seed, own_pixels(guided.record.own, guided.dataset),
                progress=context.report, cancelled=lambda: context.cancelled,
            )  # fmt: skip
            return key, numbers

        return measure

    def keep(self, key: str, numbers: LabNumbers) -> None:
        """Keep what `measuring` has measured with the report."""
        self._writing.set_lab_numbers(key, numbers)

    @property
    def name(self) -> str:
        """What a file with the report is called, without its ending: a hundred of them lie in one folder."""
        guided = self.guided(False)
        lab = "lab5" if guided is None else guided.lab.id
        whose = "-".join(re.findall(r"\w+", self._writing.report.roll_number))
        return "-".join(filter(None, (lab, whose, "report")))

    def status(self) -> str:
        """Return what the guided lab has to do with the report, as a sentence; "" without one."""
        guided = self.guided(False)
        if guided is None:
            return ""
        measured = "" if self._lab.findings is None else ", with what was measured for it"
        return (
            f"The report begins with the guided lab “{guided.lab.title}” as you have done it; its "
            "numbers are measured again when you export it. Each demonstration that you write in here is "
            f"added{measured}."
        )

    def gaps(self) -> Gaps:
        """Find what is still to be written or measured."""
        guided, words = self.guided(False), self._writing.report
        numbers = None if guided is None else self._numbers(guided, words.roll_number)
        findings, unrecorded = self._lab.findings, self._writing.unrecorded()
        document = document_of(words, findings, unrecorded, guided, numbers, self._lab.experiment)
        places = tuple((part, name) for part, names in to_be_written(document) for name in names)
        return Gaps(places, self._lab.is_lost, has_no_figures=guided is not None and not document.figures)

    def _numbers(self, guided: Guided, roll_number: str) -> LabNumbers:
        """Return what was measured, or numbers without any where nothing was."""
        seed = seed_for(guided.lab, roll_number)
        known = self._writing.draft.numbers.get(_key(guided, seed))
        return nothing_measured(guided.lab, seed) if known is None else known


def document_of(
    report: Report,
    findings: Findings | None,
    unrecorded: Mapping[str, str],
    guided: Guided | None,
    numbers: LabNumbers | None,
    experiment: Experiment,
) -> Document:
    """Return the report with the guided lab first, and of the demonstrations those that hold something.

    * `findings`: what running the demonstrations has found.
    * `unrecorded`: hypotheses that were typed but not recorded yet, by the key of their demonstration.
    * `guided`: the guided lab; without one the report is of the demonstrations alone.
    * `numbers`: what it has measured.
    * `experiment`: settings of the network that the demonstrations are about.
    """
    if guided is None or numbers is None:
        return build_document(report, findings, unrecorded, experiment=experiment)
    lab, who = guided.lab, {"name": report.author, "roll_number": report.roll_number}
    handed = hand_in(lab, guided.record, numbers, guided.dataset, **who)
    document = lab_document(lab, handed, numbers.time, guided.record.steps)
    kept = tuple(
        each for each in report.demonstrations if each.key in unrecorded or each != Demonstration(each.key)
    )
    rest = build_document(
        replace(report, demonstrations=kept),
        findings if kept else None,
        unrecorded,
        experiment=experiment,
        first=len(lab.sections) + 1,
        asks=False,
    )
    title = lab.title if report.title == DEFAULT_TITLE else report.title
    return replace(document, title=title, date=report.date, blocks=(*document.blocks, *rest.blocks))


def _key(guided: Guided, seed: int) -> str:
    """Return a checksum of all that the numbers of a guided lab are a function of, but the versions."""
    own = own_pixels(guided.record.own, guided.dataset)
    digest = hashlib.sha256(f"{guided.lab.sha256} {seed} {guided.dataset.sha256} {own is None}".encode())
    digest.update(b"" if own is None else own.tobytes())
    return digest.hexdigest()
