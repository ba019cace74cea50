"""Lab files: TOML in, a `Lab` out, or every mistake as a sentence with its line."""

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, cast

from cnnviz._types import View
from cnnviz._validation import shown
from cnnviz.document.types import as_view
from cnnviz.errors import DataError, ParameterError
from cnnviz.experiment import Experiment
from cnnviz.files import printable, printable_name
from cnnviz.lab.entries import Mistake, Mistakes, Table, has_endless_key, lines_of, listed
from cnnviz.lab.events import EVENTS
from cnnviz.lab.markup import Block, FigureFile, parse_text
from cnnviz.lab.measures import MEASURES, Measure, Parameter, Quantity
from cnnviz.lab.model import (
    END,
    KINDS,
    MOST_STEPS,
    PANELS,
    START,
    Choice,
    Condition,
    Kind,
    Lab,
    Measurement,
    Prediction,
    Question,
    Section,
    Show,
    Step,
)
from cnnviz.lab.views import mistake_in
from cnnviz.presets import PRESETS
from cnnviz.reading import read_bytes

_LARGEST = 128 << 10
_MOST_SECTIONS = 12
_MOST_SHOWN = 3
_ROLL_NUMBER = "roll number"
_REMEDY = "choose a lab file (.toml)"
_SYNTAX = re.compile(r"^(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


def load_lab(path: str | os.PathLike[str]) -> Lab:
    """Read a lab file.

    * Raises DataError: if it cannot be read or has mistakes: the first few, each a sentence with its line.
    """
    name = printable_name(Path(path))
    lab, mistakes = check_lab(path)
    if lab is None or mistakes:
        raise DataError(refused(name, mistakes))
    return lab


def refused(name: str, mistakes: Sequence[Mistake]) -> str:
    """Return why a lab cannot be done: its first few mistakes, each a sentence."""
    rest = len(mistakes) - _MOST_SHOWN
    more = f" There are {rest} more: run cnnviz --lab-check {name}." if rest > 0 else ""
    return " ".join(each.sentence(name) for each in mistakes[:_MOST_SHOWN]) + more


def check_lab(path: str | os.PathLike[str]) -> tuple[Lab | None, list[Mistake]]:
    """Return the lab in a file, None where it has mistakes, and all of these in the order of their lines.

    Figures that are not beside the file are mistakes, too.

    * Raises DataError: if the file cannot be read at all.
    """
    place = Path(path)
    content = read_bytes(place, _LARGEST, _REMEDY)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return None, [Mistake(line, "a letter is not in UTF-8, as TOML needs it; save the file as UTF-8")]
    lab, mistakes = parse_lab(text)
    if lab is not None:
        mistakes = _missing_figures(lab, place.parent)
    return (None if mistakes else lab), mistakes


def parse_lab(text: str) -> tuple[Lab | None, list[Mistake]]:
    """Return the lab that a text describes, None where it has mistakes, and all of these by their lines."""
    try:
        if has_endless_key(text):
            raise ValueError("nested too deeply")
        values = tomllib.loads(text)
        mistakes = Mistakes(lines_of(text))
    except tomllib.TOMLDecodeError as error:
        return None, [_of_syntax(error, text)]
    except (RecursionError, ValueError):  # ValueError: a number of thousands of digits
        return None, [Mistake(1, "it is nested too deeply, or a number in it is too long; write it simpler")]
    lab = _read(Table(values, (), "the lab", mistakes), text)
    found = sorted(set(mistakes.found))
    return (None if found else lab), found


def _of_syntax(error: tomllib.TOMLDecodeError, text: str) -> Mistake:
    """Return what `tomllib` says, with its line in front as in all other mistakes."""
    found = _SYNTAX.match(str(error))
    end = text.rstrip("\n").count("\n") + 1
    line = int(found["line"]) if found and found["line"] else end
    what = printable(found["what"] if found else str(error), 100)
    where = f" at column {found['column']}" if found and found["column"] else " at its end"
    return Mistake(line, f"this is no TOML ({what[:1].lower()}{what[1:]}{where}); correct the line")


def _read(table: Table, source: str) -> Lab:
    lab_id, version = table.name("id"), table.name("version")
    title, purpose = table.text("title", 100), table.text("purpose", 1000)
    experiment, from_roll_number = _lab_experiment(table)
    start = table.table("start", "[start]")
    sections = tuple(_section(each) for each in table.tables("section", _MOST_SECTIONS, "a [[section]]"))
    names = [section.id for section in sections]
    steps = tuple(
        read_step(each, names, experiment) for each in table.tables("step", MOST_STEPS, "a [[step]]")
    )
    lab = Lab(
        id=lab_id,
        version=version,
        title=title,
        purpose=purpose,
        experiment=experiment,
        seed_from_roll_number=from_roll_number,
        start=read_show(start, experiment, allows_settings=False),
        sections=sections,
        steps=steps,
        source=source,
    )
    _check_whole(table, lab)
    table.check_all_read()
    return lab


def _check_whole(table: Table, lab: Lab) -> None:
    if not lab.steps:
        table.complain("the lab has no step, but at least one was expected; write [[step]] with id, title, …")
    if not lab.sections:
        table.complain("the lab has no section, but its steps need one; write [[section]] with id and title")
    for kind, ids in (("step", [step.id for step in lab.steps]), ("section", [s.id for s in lab.sections])):
        for number, each in enumerate(ids):
            if each and each in ids[:number]:
                table.complain_at(
                    (kind, number, "id"),
                    f"the id {each!r} is that of an earlier {kind}, but each needs its own; choose another",
                )


def _section(table: Table) -> Section:
    section = Section(table.name("id"), table.text("title", 100))
    table.check_all_read()
    return section


def _lab_experiment(table: Table) -> tuple[Experiment, bool]:
    """Return the settings of the lab, and whether the seed is made of the roll number."""
    preset = PRESETS[table.choice("preset", tuple(PRESETS), "lab5")]
    settings = table.table("settings", "[settings]")
    if settings is None:
        return preset, False
    changes = dict(settings.entries())
    from_roll_number = changes.get("seed") == _ROLL_NUMBER
    if from_roll_number:
        del changes["seed"]
    return checked_settings(settings, changes, preset), from_roll_number


def _missing_figures(lab: Lab, folder: Path) -> list[Mistake]:
    lines = lines_of(lab.source)
    return [
        Mistake(
            lines[("step", number, "text")],
            f"the figure {block.name!r} of step {step.id!r} is not in the folder of the lab; put it there",
        )
        for number, step in enumerate(lab.steps)
        for block in step.text
        if isinstance(block, FigureFile) and not (folder / block.name).is_file()
    ]


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
            f"the section {section!r} of {table.what} is none of the lab's ({names}); correct it", "section"
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


_FARTHEST = 64
_NOT_HERE = ("classes", "seed")
_LATEST = 10**9


def read_show(table: Table | None, experiment: Experiment, *, allows_settings: bool = True) -> Show:
    """Read a table ``[start]`` or ``[step.show]``; None gives a window that stays as it is.

    * `allows_settings`: whether it may change some of them.
    """
    if table is None:
        return Show()
    show = Show(
        panel=table.choice("panel", PANELS, "training") if table.has("panel") else "",
        settings=_changed(table, experiment) if allows_settings else {},
        moment=_moment(table),
        sample=table.whole("sample", 0, 1_000_000) if table.has("sample") else None,
        shift=_shift(table.table("shift")),
        pinned=_pinned(table.table("pinned")),
        views=_views(table.table("views")),
    )
    table.check_all_read()
    return show


def _changed(table: Table, experiment: Experiment) -> Mapping[str, Any]:
    settings = table.table("settings")
    if settings is None:
        return {}
    changes = dict(settings.entries())
    for name in _NOT_HERE:
        if name in changes:
            settings.complain(
                f"{name!r} cannot change within a lab, for all its numbers are of the same data and seed; "
                "take it out, or set it in [settings]",
                name,
            )
            del changes[name]
    changed = checked_settings(settings, changes, experiment)
    return {name: getattr(changed, name) for name in changes if hasattr(changed, name)}


def _moment(table: Table) -> Any:
    value = table.value("moment")
    if value is None or value in (START, END):
        return value
    if isinstance(value, str):
        return table.choice("moment", (START, END))
    return table.whole("moment", 0, _LATEST)


def _shift(table: Table | None) -> tuple[int, int, bool] | None:
    if table is None:
        return None
    shift = (
        table.whole("dx", -_FARTHEST, _FARTHEST, 0),
        table.whole("dy", -_FARTHEST, _FARTHEST, 0),
        table.flag("wrap", False),
    )
    table.check_all_read()
    return shift


def _pinned(table: Table | None) -> tuple[str, tuple[int, ...]] | None:
    if table is None:
        return None
    stage, index = table.name("stage"), table.value("index")
    entries = cast("list[Any]", index) if isinstance(index, list) else []
    if not 1 <= len(entries) <= 3 or not all(type(each) is int and 0 <= each < 10_000 for each in entries):
        table.complain(
            "'index' of a pinned cell is missing or no list, but [filter, row, column] or [unit] was "
            "expected, counted from 0; write for example index = [0, 5, 5]",
            "index",
        )
    table.check_all_read()
    return stage, tuple(entries)


def _views(table: Table | None) -> dict[str, View]:
    if table is None:
        return {}
    views: dict[str, View] = {}
    for name, value in table.entries():
        if name not in PANELS:
            table.complain(
                f"{name!r} is no panel, but one of {', '.join(PANELS)} was expected; correct it", name
            )
            continue
        choices = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
        mistakes = {choice: mistake_in(name, choice, each) for choice, each in choices.items()}
        for choice, mistake in mistakes.items():
            if mistake:
                table.complain_at((name, choice), mistake)
        if any(mistakes.values()):
            continue
        try:
            views[name] = as_view(cast("object", value))
        except ParameterError as error:
            table.complain(f"the view of {name!r} cannot be used, for {error}; correct it", name)
    return views


def checked_settings(table: Table, changes: dict[str, Any], experiment: Experiment) -> Experiment:
    """Return an experiment with some settings changed; each that is wrong is noted and left out."""
    known = {each.name for each in fields(Experiment)}
    # The output before the classes, for more than two of them need a softmax.
    for name, value in sorted(changes.items(), key=lambda each: each[0] == "classes"):
        if name not in known:
            table.complain(
                f"{printable(name, 40)!r} is no setting of an experiment, which has "
                f"{listed(sorted(known), name)}; correct the name",
                name,
            )
            continue
        if mistake := _wrong_kind(name, value, getattr(experiment, name)):
            table.complain(mistake, name)
            continue
        given = tuple(cast("list[Any]", value)) if isinstance(value, list) else value
        try:
            experiment = replace(experiment, **{name: given})
        except (ParameterError, TypeError) as error:
            reason = (
                str(error).rstrip(".") if isinstance(error, ParameterError) else "it is of the wrong type"
            )
            table.complain(f"the setting {name!r} cannot be used: {reason}; correct it", name)
    return experiment


def _wrong_kind(name: str, value: object, usual: object) -> str:
    """Return what is wrong with a setting that is no list where one was expected, or of numbers; or ""."""
    if not isinstance(usual, tuple):
        return ""
    if not isinstance(value, list):
        return f"the setting {name!r} is {shown(value)}, but a list was expected; write {name} = […]"
    entries = cast("list[object]", value)
    if name != "classes" or all(isinstance(each, str) for each in entries):
        return ""
    names = ", ".join(f'"{printable(str(each), 20)}"' for each in entries[:10])
    return (
        "the setting 'classes' has numbers or other values, but the names of classes were expected, in "
        f"quotes; write classes = [{names}]"
    )
