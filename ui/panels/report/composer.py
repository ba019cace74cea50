"""The report: the work of a student in the lab in front, printed."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from cnnviz.lab.document import lab_document
from cnnviz.lab.measured import hand_in
from cnnviz.lab.model import PARTS, Lab, Question, Step
from cnnviz.lab.record import LabNumbers, LabRecord
from cnnviz.quantities import format_count
from cnnviz.report.blocks import Document
from ui.panels.report.measuring import Measuring
from ui.panels.report.work import StudentWork


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """What a report lacks."""

    lab: Lab
    places: tuple[tuple[Step, Question], ...]  # where something is still to be written
    is_unmeasured: bool  # whether its numbers are lost
    has_no_figures: bool  # whether it holds no figure, and none will come

    @property
    def text(self) -> str:
        """What is lacking, in a line; "" where nothing is."""
        said = ["The numbers have to be measured again."] if self.is_unmeasured else []
        if len(self.places) == 1:
            said.append(
                f"Still to be written – {self._section(self.places[0])}: {self._name(self.places[0])}."
            )
        elif self.places:
            said.append(f"{format_count(len(self.places))} places are still to be written.")
        if self.has_no_figures:
            said.append("The report has no figure.")
        return " ".join(said)

    @property
    def listed(self) -> str:
        """All places, a line for each section; "" where the text names them all."""
        if len(self.places) < 2:
            return ""
        sections = groupby(self.places, key=self._section)
        return "\n".join(f"{section}: {', '.join(map(self._name, places))}" for section, places in sections)

    def _section(self, place: tuple[Step, Question]) -> str:
        sections = self.lab.sections
        return next(
            f"{number}  {each.title}"
            for number, each in enumerate(sections, 1)
            if each.id == place[0].section
        )

    def _name(self, place: tuple[Step, Question]) -> str:
        step, question = place
        is_alone = len(self.lab.of_section(step.section)) == 1
        return PARTS[question.part] if is_alone else f"{PARTS[question.part]} of “{step.title}”"


class Composer:
    """Puts the report together of the record and what was measured."""

    def __init__(self, work: StudentWork, measuring: Measuring) -> None:
        self._work, self._measuring = work, measuring
        #: Takes the record of a report that is handed in, and returns it with what belongs to that.
        self.handed_in: Callable[[LabRecord], LabRecord] = lambda record: record

    def composed(self, *, is_final: bool) -> Callable[[], Document]:
        """Return the function that puts together the report as it stands now.

        * `is_final`: whether it is to be handed in.
        """
        lab, work, record = self._work.lab, self._work.work, self._work.record
        if is_final:
            record = self.handed_in(record)
        numbers = self._measuring.numbers or LabNumbers(self._measuring.experiment)

        def compose() -> Document:
            handed = hand_in(lab, record, numbers, name=work.author, roll_number=work.roll_number)
            return lab_document(lab, handed, record, numbers, title=work.title.strip(), date=work.day)

        return compose

    @property
    def name(self) -> str:
        """What a file with the report is called, without its ending: a hundred of them lie in one folder."""
        lab = "lab5" if self._work.lab.is_free else self._work.lab.id
        whose = "-".join(re.findall(r"\w+", self._work.work.roll_number))
        return "-".join(filter(None, (lab, whose, "report")))

    def gaps(self) -> Gaps:
        """Find what is still to be written or measured."""
        lab, record = self._work.lab, self._work.record
        has_figures = any(step.results or record.step(step.id).inserts for step in lab.steps)
        return Gaps(lab, tuple(self._work.gaps()), self._measuring.is_lost, not has_figures)
