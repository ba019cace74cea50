"""What a step says of its result: a picture of the student's own network, and the sentences that are true.

Each sentence has conditions over measured facts, and is shown where they hold. A condition is ``fact sign
other``: the name of a fact, one of ``== != < <= > >=``, and a number, a name in double quotes or another
fact. It is taken apart and compared; nothing is evaluated.
"""

import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cnnviz.drawing.page import Page
from cnnviz.errors import DataError, ParameterError
from cnnviz.files import printable
from cnnviz.lab.measures import MEASURES, Measured, Quantified, value_words
from cnnviz.lab.model import Step
from cnnviz.lab.pictures import PICTURES, Case, figure_of
from cnnviz.lab.record import StepRecord
from cnnviz.report.bench import Bench
from cnnviz.report.blocks import Figure, Words

type Facts = Mapping[str, Any]
"""What is known, by name: a number, a text, or None for what is not defined."""

_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<=": operator.le, ">=": operator.ge, "<": operator.lt,
    ">": operator.gt,
}  # fmt: skip
_NAME = r"[A-Za-z][A-Za-z0-9_.-]*"
_CONDITION = re.compile(
    rf"\s*(?P<fact>{_NAME})\s*(?P<sign>[=!<>]=|[<>])\s*(?:(?P<number>[+-]?\d{{1,15}}(?:\.\d{{1,15}})?)|"
    rf'(?P<other>{_NAME})|"(?P<text>[^"]*)")\s*'
)
_BRACES = re.compile(r"\{([^{}]*)\}")
_MOST_SHOWN = 2
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Comparison:
    """One condition; `other` is a number, a text, or with `is_fact` the name of another fact."""

    fact: str
    sign: str
    other: float | str
    is_fact: bool

    @classmethod
    def of(cls, text: str) -> "Comparison | None":
        """Return what a condition says; None where it says nothing."""
        found = _CONDITION.fullmatch(text)
        if found is None:
            return None
        other = float(found["number"]) if found["number"] else found["other"] or found["text"]
        return cls(found["fact"], found["sign"], other, is_fact=found["other"] is not None)

    @property
    def names(self) -> tuple[str, ...]:
        """The facts that it is about."""
        return (self.fact, str(self.other)) if self.is_fact else (self.fact,)

    def holds(self, facts: Facts) -> bool:
        """Whether it is true; nothing is true of what is not known."""
        value, other = facts.get(self.fact), facts.get(str(self.other)) if self.is_fact else self.other
        return value is not None and other is not None and _SIGNS[self.sign](value, other)


def explanation(
    reasons: Sequence[tuple[str, Sequence[str]]], facts: Facts, write: Callable[[str], str]
) -> str:
    """Return the first two sentences whose conditions hold; `write` gives the value of a fact in words."""
    true = [
        _BRACES.sub(lambda found: write(found[1]), text)
        for text, conditions in reasons
        if all(each is not None and each.holds(facts) for each in map(Comparison.of, conditions))
        and all(facts.get(name) is not None for name in _BRACES.findall(text))
    ]
    return " ".join(true[:_MOST_SHOWN])


def mistakes_in(
    text: str,
    conditions: Sequence[str],
    known: Mapping[str, Quantified],
    listed: Callable[[Collection[str], str], str],
) -> Iterator[str]:
    """Yield what is wrong with a sentence and its conditions, each to follow "in …".

    * `known`: the facts that there are.
    * `listed`: these and the one that is wrong to what stands in the message.
    """
    for name in _BRACES.findall(text):
        if name not in known:
            yield f"{{{printable(name, _LONGEST)}}} is no fact, but one of {listed(known, name)} was expected"
    if any(brace in _BRACES.sub("", text) for brace in "{}"):
        yield "a brace is alone, but the name of a fact in braces was expected, such as {value}"
    for condition in conditions:
        found, said = Comparison.of(condition), f"the condition {printable(condition, _LONGEST)!r}"
        if found is None:
            yield (
                f"{said} cannot be read, but a fact, one of {' '.join(_SIGNS)} and a number, a fact or a "
                'name in quotes were expected, such as "value >= 0.5"'
            )
            continue
        unknown = next((each for each in found.names if each not in known), None)
        if unknown is not None:
            yield f"{said} asks for {unknown!r}, but one of {listed(known, unknown)} was expected"
            continue
        quantities = (known[each].quantity for each in found.names)
        kinds = {of if of in ("name", "cells") else "number" for of in quantities}
        kinds |= set() if found.is_fact else {"name" if isinstance(found.other, str) else "number"}
        if len(kinds) > 1 or "cells" in kinds or (kinds == {"name"} and found.sign not in ("==", "!=")):
            yield (
                f"{said} cannot be true or false, but numbers compared with numbers, or names by == or !=, "
                "were expected"
            )


type Results = Mapping[str, Sequence[Measured]]


@dataclass(frozen=True, slots=True)
class Explained:
    """The picture of a step, and why its result is what it is."""

    page: Page | None = None
    facts: Facts = MappingProxyType({})
    blocks: tuple[Figure | Words, ...] = ()  # the same for the report: the picture, or why there is none


def known_facts(step: Step, earlier: Iterable[Step]) -> dict[str, Quantified]:
    """Return the facts that sentences of a step can speak of, by name.

    `value` is what the prediction is compared with; a measure of the step that is measured once has its own
    name; then there are those of the picture. Of an earlier step both begin with its id and a full stop.
    """
    found = _by_name(step, earlier, lambda each: [MEASURES[one.measure] for one in each.measurements])
    return {**found, **({} if step.reveal is None else PICTURES[step.reveal.picture].facts)}


def _by_name[T](step: Step, earlier: Iterable[Step], of: Callable[[Step], Iterable[T]]) -> dict[str, T]:
    """Return what there is of each of `Step.measurements`, by the name of its fact."""
    found: dict[str, T] = {}
    for each in (step, *earlier):
        measures = [one.measure for one in each.measured]
        names = [name if measures.count(name) == 1 else "" for name in measures]
        names = names if each.prediction is None else ["value", *names]
        begin = "" if each is step else f"{each.id}."
        found |= {f"{begin}{name}": one for name, one in zip(names, of(each), strict=False) if name}
    return found


def explain(
    step: Step, bench: Bench, results: Results, earlier: Iterable[Step], done: StepRecord
) -> Explained:
    """Return the picture of a step and its sentences that are true, given all results and what was done."""
    reveal, measured = step.reveal, results.get(step.id, ())
    if reveal is None or not measured:
        return Explained()
    earlier = tuple(earlier)
    facts = _by_name(step, earlier, lambda each: [one.value for one in results.get(each.id, ())])
    page, picture, blocks = None, PICTURES[reveal.picture], list[Figure | Words]()
    answer = None if done.prediction is None else done.prediction.answer
    cell = None if done.found is None else done.found.cell
    case = Case(bench, measured[0].measure, measured[0].value, answer, cell)
    try:
        page, shown = picture.made(case, reveal.parameters)
        facts |= shown
        blocks.append(figure_of(step.id, picture, page))
    except (ParameterError, DataError) as error:
        blocks.append(Words(f"There is no picture: {str(error)[:1].lower()}{str(error)[1:]}"))
    known = known_facts(step, earlier)
    why = explanation(
        [(each.text, each.when) for each in reveal.why], facts,
        lambda name: value_words(known[name], facts[name]),
    )  # fmt: skip
    return Explained(page, facts, (*blocks, *map(Words, filter(None, [why]))))
