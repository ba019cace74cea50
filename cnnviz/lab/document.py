"""The report of a guided lab: what was measured, what was predicted, and the words of the student."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from cnnviz.errors import ParameterError
from cnnviz.lab.judging import Verdict, checked_answer, compared, judge
from cnnviz.lab.measures import Measured
from cnnviz.lab.model import Lab, Step
from cnnviz.lab.record import Found, StepRecord
from cnnviz.lab.results import HandIn
from cnnviz.quantities import format_count
from cnnviz.report.blocks import Block, Document, Heading, Table, Words, data
from cnnviz.report.document import hypothesis_blocks

_NOTHING: Mapping[str, StepRecord] = MappingProxyType({})
_RIGHT = {True: "right", False: "not right", None: "not to be judged"}


def lab_document(
    lab: Lab, handed: HandIn, measured: str = "", shown: Mapping[str, StepRecord] = _NOTHING
) -> Document:
    """Return the whole report of a lab; it carries the results.

    * `measured`: when its numbers were measured, if that is to be said.
    * `shown`: what was done in the steps, with the results that were shown there and when.
    """
    blocks: list[Block] = []
    for number, section in enumerate(lab.sections, start=1):
        blocks.append(Heading(f"{number}  {section.title}", 1))
        for step in lab.of_section(section.id):
            done = shown.get(step.id)
            blocks += Heading(step.title, 2), Words(step.purpose)
            blocks += _measured(step, handed, measured, None if done is None else done.found)
            blocks += _words(step, handed)
    blocks += _appendix(lab, handed)
    date = handed.time.partition(" ")[0]
    return Document(lab.title, handed.name, handed.roll_number, date, tuple(blocks), handed.to_json())


def _measured(step: Step, handed: HandIn, time: str, shown: Found | None) -> Iterator[Block]:
    found = [each.measured for each in handed.measured if each.step == step.id]
    if not found:
        return
    yield Heading("Measured", 3)
    verdict = verdict_of(step, handed)
    if step.prediction is not None:
        yield Words(step.prediction.question)
        commitment = handed.predictions.get(step.id)
        if verdict is None or commitment is None:
            shown_at = handed.given_up.get(step.id, "")
            how = f"The result was shown {shown_at} without a prediction."
            yield Words(how if shown_at else "No prediction was made.", "stamp")
        else:
            yield Words(
                f"Predicted {commitment.when.time}, {commitment.when.words}: {verdict.predicted}. "
                f"Measured: {verdict.measured}. The prediction is {_RIGHT[verdict.is_right]}.",
                "stamp",
            )
    rows = [(each.measure.title_of(each.measurement), each.words) for each in found]
    yield Table(
        f"measured-{step.id}", _when(step, handed, time, shown),
        data(("quantity", "value"), rows), ("text", "text"),
    )  # fmt: skip


def _when(step: Step, handed: HandIn, time: str, shown: Found | None) -> str:
    """Say when the numbers of a step were measured: when they were first shown, if they were."""
    seed = f"seed {handed.experiment.seed}"
    plain = f"Measured{f' {time}' if time else ''} for the step “{step.title}”, {seed}."
    if shown is None:
        return plain
    known = [each.measured for each in handed.measured if each.step == step.id]
    were = [shown.measured, *shown.besides]
    if [each.measurement for each in were] == [each.measurement for each in known] and all(
        compared(step.id, *pair, shown.experiment.dtype).agrees for pair in zip(were, known, strict=True)
    ):
        again = f", and with the same result {time} for the report" if time else ""
        return f"Measured {shown.time} in the step “{step.title}”{again}, {seed}."
    return f"{plain} What the step showed {shown.time} was of another network."


def _words(step: Step, handed: HandIn) -> Iterator[Block]:
    if step.question is None:
        return
    yield Heading("In the student's words", 3)
    versions = handed.hypotheses.get(step.id, ())
    answer = handed.answers.get(step.id, "").strip()
    if versions or answer:
        yield Words(step.question.text)
    yield from hypothesis_blocks(versions)
    if versions and answer == versions[-1].text.strip():
        return
    yield Words(answer, "student") if answer else Words(step.question.text, "missing")


def verdict_of(step: Step, handed: HandIn) -> Verdict | None:
    """Return the prediction of a step beside its result; None where there is none that fits."""
    commitment = handed.predictions.get(step.id)
    if step.prediction is None or commitment is None:
        return None
    truth = next(
        (each.measured for each in handed.measured if each.step == step.id),
        Measured(step.prediction.truth, None),
    )
    try:
        return judge(step.prediction, checked_answer(step.prediction, commitment.answer), truth)
    except ParameterError:
        return None


def _appendix(lab: Lab, handed: HandIn) -> Iterator[Block]:
    yield Heading("Appendix: how to measure this again", 1)
    seed = f"{handed.experiment.seed}"
    whose = ", made of the roll number" if handed.seed_from_roll_number else ""
    yield Words(
        f"Lab {lab.id}, version {lab.version}; classes {', '.join(handed.experiment.classes)} of "
        f"{handed.data_name}; seed {seed}{whose}. The same lab, "
        "seed and versions give the same numbers, up to the last digits on another kind of processor."
    )
    rows = [
        (", ".join(f"{name} {value}" for name, value in run.settings.items()) or "those of the lab",
         format_count(run.steps), run.weights_sha256)
        for run in handed.runs
    ]  # fmt: skip
    yield Table(
        "runs", "The networks that were trained. The checksum is the SHA-256 of all weights.",
        data(("settings", "steps", "weights"), rows), ("text", "text", "text"),
    )  # fmt: skip
    yield Table(
        "versions", "Versions of the programs that took part.",
        data(("program", "version"), list(handed.versions.items())), ("text", "text"),
    )  # fmt: skip
