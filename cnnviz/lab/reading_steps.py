"""The steps of a lab file: what they say, ask and measure."""

from collections.abc import Sequence

from cnnviz.errors import ParameterError
from cnnviz.experiment import Experiment
from cnnviz.lab.entries import Table, listed
from cnnviz.lab.events import EVENTS
from cnnviz.lab.markup import Block, parse_text
from cnnviz.lab.measures import MEASURES, Measure, Parameter, Quantity
from cnnviz.lab.model import KINDS, Choice, Condition, Kind, Measurement, Prediction, Question, Step
from cnnviz.lab.reading_shows import read_show

_LONGEST_TEXT, _LONGEST_LINE = 8000, 600
_MOST_CHOICES, _MOST_MEASURED, _MOST_CONDITIONS = 10, 20, 10
_MOST_POINTS = 1000.0
_LONGEST_CLASS = 60
_NUMBERS: tuple[Quantity, ...] = ("number", "count", "percent")
_ANSWERS: dict[Kind, tuple[Quantity, ...]] = {
    "number": _NUMBERS, "choice": ("name",), "cell": ("cells",), "direction": _NUMBERS,
}  # fmt: skip
"""Quantities that can answer each kind of prediction."""


def read_step(table: Table, sections: Sequence[str], experiment: Experiment) -> Step:
    """Read one ``[[step]]``."""
    step_id = table.name("id")
    if step_id:
        table.what = f"step {step_id!r}"
    section = table.text("section", 40)
    if section and section not in sections:
        names = listed(sections, section) or "none"
        table.complain(
            f"the section {section!r} of {table.what} is none of the lab's ({names}); correct it",
            "section",
        )
    step = Step(
        id=step_id,
        section=section,
        title=table.text("title", 100),
        purpose=table.text("purpose", _LONGEST_LINE),
        text=_text(table),
        show=read_show(table.table("show"), experiment),
        prediction=_prediction(table.table("prediction")),
        measured=tuple(
            found
            for each in table.tables("measured", _MOST_MEASURED)
            if (found := _measurement(each)) is not None
        ),
        question=_question(table.table("question")),
        done_when=tuple(_condition(each) for each in table.tables("done_when", _MOST_CONDITIONS)),
        minutes=table.whole("minutes", 1, 240, 5),
    )
    _check_conditions(table, step)
    table.check_all_read()
    return step


def _text(table: Table) -> tuple[Block, ...]:
    if not table.has("text"):
        return ()
    try:
        return parse_text(table.text("text", _LONGEST_TEXT))
    except ParameterError as error:
        table.complain(f"in the text of {table.what} {error}; correct it", "text")
        return ()


def _prediction(table: Table | None) -> Prediction | None:
    if table is None:
        return None
    kind: Kind = table.choice("kind", KINDS)
    choices = tuple(_choice(each) for each in table.tables("choices", _MOST_CHOICES))
    if kind == "choice" and len(choices) < 2:
        table.complain(
            f"{table.what} is a choice, but has fewer than two 'choices'; write choices = "
            "[{ name = …, text = … }, …]",
            "choices",
        )
    truth = _measurement(table, kind)
    prediction = Prediction(
        kind=kind,
        question=table.text("question", _LONGEST_LINE),
        truth=Measurement("") if truth is None else truth,
        tolerance=table.number("tolerance", 0, 1e9, 0.0 if kind in ("choice", "cell") else None),
        choices=choices,
        stage=table.name("stage") if kind == "cell" else "",
        points=table.number("points", 0, _MOST_POINTS, 0.0),
        points_right=table.number("points_right", 0, _MOST_POINTS, 0.0),
    )
    table.check_all_read()
    return prediction


def _choice(table: Table) -> Choice:
    choice = Choice(table.text("name", 60), table.text("text", 200))
    table.check_all_read()
    return choice


def _question(table: Table | None) -> Question | None:
    if table is None:
        return None
    question = Question(
        table.text("text", _LONGEST_LINE),
        table.flag("hypothesis", False),
        table.number("points", 0, _MOST_POINTS, 0.0),
    )
    table.check_all_read()
    return question


def _condition(table: Table) -> Condition:
    kind = EVENTS[table.choice("event", tuple(EVENTS))]
    what = ""
    if kind.about and table.has("what"):
        what = table.choice("what", kind.about)
    condition = Condition(kind.name, table.whole("at_least", 1, 1_000_000, 1), what)
    table.check_all_read()
    return condition


def _check_conditions(table: Table, step: Step) -> None:
    for number, condition in enumerate(step.done_when):
        lacks = {"predicted": step.prediction is None, "words": step.question is None}
        if lacks.get(condition.event, False):
            part = "prediction" if condition.event == "predicted" else "question"
            table.complain_at(
                ("done_when", number),
                f"{table.what} waits for {condition.event!r}, but has no [step.{part}]; write one, or take "
                "the condition out",
            )


def _measurement(table: Table, kind: Kind | None = None) -> Measurement | None:
    """Read a measure and its parameters, None where it cannot be told which.

    * `kind`: kind of the prediction that it answers, and of which the table tells more; without
      one, nothing else stands in the table.
    """
    measure = MEASURES[table.choice("measure", tuple(MEASURES))]
    given = table.table("with")
    if table.value("measure") != measure.name:
        return None
    if kind is not None and not _can_answer(measure, kind):
        fitting = [each.name for each in MEASURES.values() if _can_answer(each, kind)]
        table.complain(
            f"the measure {measure.name!r} cannot answer a prediction of the kind {kind!r}; choose one of "
            f"{listed(fitting, measure.name)}",
            "measure",
        )
        return None
    parameters = {each.name: _parameter(given, each, table, measure) for each in measure.parameters}
    if given is not None:
        given.check_all_read()
    if kind is None:
        table.check_all_read()
    return Measurement(measure.name, parameters)


def _can_answer(measure: Measure, kind: Kind) -> bool:
    return measure.quantity in _ANSWERS[kind] and (kind != "direction" or measure.is_change)


def _parameter(given: Table | None, parameter: Parameter, table: Table, measure: Measure) -> int | str:
    if given is None:
        if parameter.default is None:
            table.complain(
                f"the measure {measure.name!r} needs {parameter.name!r}; write "
                f"with = {{ {parameter.name} = … }}",
                "measure",
            )
        return parameter.low if parameter.default is None else parameter.default
    if parameter.is_name:
        value = given.value(parameter.name)
        if isinstance(value, int) and not isinstance(value, bool):
            given.complain(
                f"{parameter.name!r} of {given.what} is a number, but a name was expected, in quotes; write "
                f'{parameter.name} = "{value}"',
                parameter.name,
            )
            return ""
        return given.text(parameter.name, _LONGEST_CLASS)
    if parameter.options:
        default = None if parameter.default is None else str(parameter.default)
        return given.choice(parameter.name, parameter.options, default)
    default = None if parameter.default is None else int(parameter.default)
    return given.whole(parameter.name, parameter.low, parameter.high, default)
