"""The report of a lab: the record of a student's work, printed with what was measured."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from msgspec import structs

from cnnviz.experiment import Experiment
from cnnviz.lab.judging import verdict_of
from cnnviz.lab.measures import MEASURES, filter_words
from cnnviz.lab.model import PARTS, Lab, Part, Section, Step
from cnnviz.lab.record import LabNumbers, LabRecord
from cnnviz.lab.results import HandIn, Whose
from cnnviz.mathematics import Equation
from cnnviz.quantities import format_count, format_many
from cnnviz.report.bench import STRONGEST
from cnnviz.report.blocks import Block, Document, Figure, Formula, Heading, Named, Table, Words, table
from cnnviz.report.equations import of_network

_OF_NO_STEP = ("layers", "two-images")  # names of tables and figures that training changes nothing about
_STRONGEST = " The strongest filter is the one of the first layer whose squared weights have the largest sum."


def lab_document(lab: Lab, handed: HandIn, record: LabRecord, numbers: LabNumbers, live: int = 0) -> Document:
    """Return the whole report of a lab; that of a lab that is graded carries the results.

    Each section has its parts, in which the questions of all its steps stand.

    * `record`: what was done, with figures, hypotheses that are not recorded yet and results that were told.
    * `numbers`: what was measured, with the parts of the report that show it.
    * `live`: steps of the run that a draft shows; 0 where all was measured.
    """
    page = _Pages(lab, handed, record, numbers, live)
    name, roll_number = handed.name, handed.roll_number
    whose = Whose(name, roll_number, "a report of free work")
    results = whose.to_json() if lab.is_free else handed.to_json()
    date = handed.time.partition(" ")[0]
    return Document(lab.title, name, roll_number, date, tuple(page.blocks()), results)


def heading_of(lab: Lab, section: Section) -> Heading:
    """Return the heading with which a section of the report begins."""
    return Heading(f"{lab.sections.index(section) + 1}  {section.title}", 1)


class _Pages:
    """What the report of a lab consists of."""

    def __init__(self, lab: Lab, handed: HandIn, record: LabRecord, numbers: LabNumbers, live: int) -> None:
        self._lab, self._handed, self._record, self._numbers = lab, handed, record, numbers
        self._live = live
        self._experiment: Experiment = handed.experiment
        self._equations: dict[str, Equation] = of_network(self._experiment.layers(), numbers.channels)
        told = {each.step for each in handed.measured}
        measured = {self._steps_of(step) for step in lab.steps if step.id in told}
        inserts = (each for step in lab.steps for each in record.step(step.id).inserts)
        captions = "".join(f" · {each.caption} " for each in inserts)
        inserted = {int(each.replace(",", "")) for each in re.findall(r" · step (\d[\d,]{,12}) ", captions)}
        #: The training steps of which there are numbers and figures.
        self._moments = ({run.steps for run in handed.runs} | measured | {live}) - {0} | inserted

    def blocks(self) -> Iterator[Block]:
        if len(self._moments) > 1:
            *first, last = map(format_count, sorted(self._moments))
            said = f"after {', '.join(first)} and {last} training steps"
            yield Words(f"This report shows the network {said}; each caption says which.")
        for section in self._lab.sections:
            yield heading_of(self._lab, section)
            steps = self._lab.of_section(section.id)
            for part, title in PARTS.items():
                told = [(step, list(self._part(step, part))) for step in steps]
                told = [(step, blocks) for step, blocks in told if blocks]
                if told:
                    yield Heading(title, 2)
                for step, blocks in told:
                    if len(told) > 1 or (part == "observations" and step.title != section.title):
                        yield Heading(step.title, 3)
                    yield from blocks
        if self._handed.runs:
            yield Heading("Appendix: how to measure this again", 1)
            yield from self._appendix()

    def _part(self, step: Step, part: Part) -> Iterator[Block]:
        """Yield what a step has to do with one part of the report."""
        if part != "observations":
            yield from self._words(step, part)
            return
        yield from self._measured(step)
        yield from self._words(step, part)
        number = self._lab.steps.index(step) + 1
        for place, insert in enumerate(self._record.step(step.id).inserts, start=1):
            words = re.sub(r"[^a-z0-9]+", "-", insert.title.lower()).strip("-")[:40]
            yield insert.block(f"inserted-{number}-{place}-{words}".rstrip("-"), step.title)
        yield from self._results(step)

    # --- words ----------------------------------------------------------------------------------------------

    def _words(self, step: Step, part: Part) -> Iterator[Block]:
        question = next((each for each in step.asked(self._experiment) if each.part == part), None)
        if question is None:
            return
        key, done = step.key_of(question), self._record.step(step.id)
        versions = self._handed.hypotheses.get(key, ()) if question.is_hypothesis else ()
        answer = self._handed.answers.get(key, "").strip()
        if not (versions or answer):
            yield Words(question.text, "missing")
            return
        yield Words(question.text)
        for number, version in enumerate(versions):
            yield Words(f"{'Edited' if number else 'Recorded'} {version.time}, {version.words}", "stamp")
            yield Words(version.text or "(deleted)", "student")
        if not question.is_hypothesis:
            yield Words(answer, "student")
        elif answer != (versions[-1].text.strip() if versions else ""):
            if done.is_pending:
                yield Words("Not recorded yet", "stamp")
            yield Words(answer or "(deleted)", "student")

    # --- what was measured ----------------------------------------------------------------------------------

    def _measured(self, step: Step) -> Iterator[Block]:
        found = [each.as_written for each in self._handed.measured if each.step == step.id]
        if not found:
            return
        if step.prediction is not None:
            yield Words(step.prediction.question)
            yield Words(_prediction(step, self._handed), "stamp")
        rows = [(each.title, each.words) for each in found]
        name = f"measured-{step.id}".replace(".", "-").replace("_", "-")
        numbers, told = self._numbers, self._record.step(step.id).found
        time = numbers.time or ("" if told is None else told.time)
        seed, steps = self._experiment.seed, self._steps_of(step)
        trained = format_many(steps, "training step")
        when = f"Measured {time} for the step “{step.title}”: seed {seed}, {trained}."
        when += _STRONGEST * any(filter_words(STRONGEST) in title for title, _ in rows)
        yield table(name, when, [("quantity", "text"), ("value", "text")], rows)
        is_of_network = step.prediction is None or MEASURES[step.prediction.truth.measure].is_of_network
        if step.id in numbers.reveals:
            yield from self._printed(numbers.reveals[step.id], steps * is_of_network)
        elif told is not None:
            yield from self._printed(told.blocks, told.step * is_of_network)

    def _results(self, step: Step) -> Iterator[Block]:
        numbers = self._numbers
        parts = numbers.parts.get(step.id, ())
        if parts and numbers.time and not step.measurements:  # whose table says it already
            yield Words(
                f"Measured {numbers.time} with CNNViz {numbers.versions.get('CNNViz', '')}: "
                f"{numbers.data_name} (SHA-256 {numbers.data_sha256[:12]}…), seed {numbers.experiment.seed}, "
                f"{format_many(numbers.steps, 'training step')}, test image {format_count(numbers.sample)}. "
                "All settings are in the appendix.",
                "stamp",
            )
        yield from self._printed(parts, self._live or self._steps_of(step))

    def _steps_of(self, step: Step) -> int:
        """Return how many training steps the network has behind it that a step shows; 0 for none."""
        own, found = replace(self._experiment, **step.show.settings), self._record.step(step.id).found
        told = 0 if found is None or self._numbers.time else found.step
        runs = self._handed.runs
        return next((e.steps for e in runs if replace(self._experiment, **e.settings) == own), told)

    def _printed(self, parts: Iterable[Block | Named], steps: int = 0) -> Iterator[Block]:
        """Yield what was measured; with steps a caption says them, where the report has also others."""
        said = format_many(steps, "training step") * (steps > 0 and len(self._moments) > 1)
        for each in parts:
            if isinstance(each, Figure | Table) and each.name not in _OF_NO_STEP and said not in each.caption:
                yield structs.replace(each, caption=f"{each.caption} After {said}.")
            elif not isinstance(each, Named):
                yield each
            elif each.name in self._equations:
                yield Formula(self._equations[each.name])

    def _appendix(self) -> Iterator[Block]:
        handed, lab = self._handed, self._lab
        yield from self._printed(self._numbers.appendix)
        if lab.is_free:
            return
        has_own = handed.seed_from_roll_number and handed.roll_number.strip()
        whose = ", from the roll number" if has_own else ""
        yield Words(
            f"Lab {lab.id}, version {lab.version}; classes {', '.join(handed.experiment.classes)} of "
            f"{handed.data.name}; seed {handed.experiment.seed}{whose}. The same lab, "
            "seed and versions give the same numbers, up to the last digits on another kind of processor."
        )
        rows = [
            (", ".join(f"{name} {value}" for name, value in run.settings.items()) or "those of the lab",
             format_count(run.steps), run.weights_sha256)
            for run in handed.runs
        ]  # fmt: skip
        caption = "The networks that were trained. The checksum is the SHA-256 of all weights."
        yield table("runs", caption, [("settings", "text"), ("steps", "text"), ("weights", "text")], rows)
        if not self._numbers.appendix:
            columns, programs = [("program", "text"), ("version", "text")], handed.versions.items()
            yield table("versions", "Versions of the programs that took part.", columns, programs)


def _prediction(step: Step, handed: HandIn) -> str:
    """Return the prediction of a step beside its result, or why there is none."""
    commitment = handed.predictions.get(step.id)
    verdict = None if commitment is None else verdict_of(step, commitment.answer, handed.measured)
    if step.prediction is None or verdict is None or commitment is None:
        shown_at = handed.given_up.get(step.id, "")
        none = "No prediction was made."
        return f"The result was shown {shown_at} without a prediction." if shown_at else none
    return (
        f"Predicted {commitment.time}, {commitment.words}: {verdict.predicted}. "
        f"Measured: {verdict.measured}. The prediction is {verdict.nearness}{verdict.limit}."
    )
