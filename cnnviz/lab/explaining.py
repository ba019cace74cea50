"""What a step says of its result: a picture of the student's own network, and the sentences that are true."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cnnviz.drawing.page import Page
from cnnviz.errors import DataError, ParameterError
from cnnviz.lab.measures import MEASURES, Measured, Quantified, value_words
from cnnviz.lab.model import Step
from cnnviz.lab.pictures import PICTURES, Case, figure_of
from cnnviz.lab.reasons import Facts, explanation
from cnnviz.lab.record import StepRecord
from cnnviz.report.bench import Bench
from cnnviz.report.blocks import Figure, Words

type Known = Mapping[str, Quantified]
type Results = Mapping[str, Sequence[Measured]]


@dataclass(frozen=True, slots=True)
class Explained:
    """The picture of a step, and why its result is what it is."""

    page: Page | None = None
    problem: str = ""  # why there is no picture, as a sentence
    why: str = ""
    facts: Facts = MappingProxyType({})
    figure: Callable[[], Figure] | None = None

    @property
    def blocks(self) -> tuple[Figure | Words, ...]:
        """The same for the report."""
        said = [Words(text) for text in (self.problem, self.why) if text]
        return (*(() if self.figure is None else (self.figure(),)), *said)


def known_facts(step: Step, earlier: Iterable[Step]) -> dict[str, Quantified]:
    """Return the facts that sentences of a step can speak of, by name.

    `value` is what the prediction is compared with; a measure of the step that is measured once has its own
    name; then there are those of the picture. Of an earlier step both begin with its id and a full stop.
    """
    found: dict[str, Quantified] = dict(_measures(step))
    found |= {f"{each.id}.{name}": how for each in earlier for name, how in _measures(each)}
    picture = None if step.reveal is None else PICTURES.get(step.reveal.picture)
    return found if picture is None else {**found, **picture.facts}


def _measures(step: Step) -> Iterable[tuple[str, Quantified]]:
    """Yield the names of what a step measures, in the order of `Step.measurements`; "" for none."""
    names = [each.measure for each in step.measured]
    if step.prediction is not None:
        yield "value", MEASURES[step.prediction.measure]
    yield from ((name, MEASURES[name]) for name in names if names.count(name) == 1)


def _values(step: Step, measured: Sequence[Measured]) -> dict[str, Any]:
    found = {each.measure: each.value for each in measured[0 if step.prediction is None else 1 :]}
    if step.prediction is not None and measured:
        found["value"] = measured[0].value
    return {name: found.get(name) for name, _ in _measures(step)}


def explain(
    step: Step, bench: Bench, results: Results, earlier: Iterable[Step], done: StepRecord
) -> Explained:
    """Return the picture of a step and its sentences that are true.

    * `results`: what was measured, by step; of earlier steps those whose results belong to it.
    * `done`: what the student predicted and looked at.
    """
    reveal, measured = step.reveal, results.get(step.id, ())
    if reveal is None or not measured:
        return Explained()
    earlier = tuple(earlier)
    facts = _values(step, measured)
    facts |= {
        f"{each.id}.{name}": value
        for each in earlier
        for name, value in _values(each, results.get(each.id, ())).items()
    }
    page, problem, picture = None, "", PICTURES.get(reveal.picture)
    answer = None if done.prediction is None else done.prediction.answer
    looked = None if done.found is None else done.found.looked
    if picture is not None:
        try:
            page, shown = picture.made(
                Case(bench, measured[0].measure, measured[0].value, answer, looked), reveal.parameters
            )
            facts |= shown
        except (ParameterError, DataError) as error:
            problem = f"There is no picture: {str(error)[:1].lower()}{str(error)[1:]}"
    known = known_facts(step, earlier)
    why = explanation(
        [(each.text, each.when) for each in reveal.why], facts,
        lambda name: value_words(known[name], facts[name]),
    )  # fmt: skip
    figure = None if page is None or picture is None else lambda: figure_of(step.id, picture, page)
    return Explained(page, problem, why, facts, figure)
