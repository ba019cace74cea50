"""Lab files: TOML in, a `Lab` out, or every mistake as a sentence with its line."""

import os
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

import msgspec
from msgspec import Struct, inspect, structs

from cnnviz._validation import shown
from cnnviz.document.types import ViewOfPanel
from cnnviz.errors import DataError, ParameterError
from cnnviz.experiment import PRESETS, Experiment
from cnnviz.files import printable, printable_name
from cnnviz.lab.events import EVENTS
from cnnviz.lab.explaining import known_facts, mistakes_in
from cnnviz.lab.markup import FigureFile, parse_text
from cnnviz.lab.measures import MEASURES, Measure, Parameter, Quantity
from cnnviz.lab.model import PANELS, Condition, Kind, Lab, LabFile, Measurement, Prediction, Show, Step
from cnnviz.lab.pictures import PICTURES, RevealPicture
from cnnviz.lab.toml_lines import ENDLESS_KEY, Mistake, Place, line_at, lines_of
from cnnviz.lab.views import mistake_in
from cnnviz.quantities import format_plain
from cnnviz.reading import read_bytes
from cnnviz.report.results import RESULTS

_LARGEST = 128 << 10
_MOST_SHOWN = 3
_ROLL_NUMBER = "roll number"
_REMEDY = "choose a lab file (.toml)"
_SYNTAX = re.compile(r"^(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


def load_lab(path: str | os.PathLike[str]) -> Lab:
    """Read a lab file, or raise `DataError` with the first few mistakes, each a sentence with its line."""
    lab, mistakes = check_lab(path)
    if lab is None or mistakes:
        raise DataError(refused(printable_name(Path(path)), mistakes))
    return lab


def refused(name: str, mistakes: Sequence[Mistake]) -> str:
    """Return why a lab cannot be done: its first few mistakes, each a sentence."""
    rest = len(mistakes) - _MOST_SHOWN
    more = f" There are {rest} more: run cnnviz --lab-check {name}." if rest > 0 else ""
    return " ".join(each.sentence(name) for each in mistakes[:_MOST_SHOWN]) + more


def check_lab(path: str | os.PathLike[str]) -> tuple[Lab | None, list[Mistake]]:
    """Return the lab in a file, None where it or its figures have mistakes, and these by their lines."""
    place = Path(path)
    content = read_bytes(place, _LARGEST, _REMEDY)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return None, [Mistake(line, "a letter is not in UTF-8, as TOML needs it; save the file as UTF-8")]
    lab, mistakes = parse_lab(text)
    lines, remedy = {} if lab is None else lines_of(text), "is not in the folder of the lab; put it there"
    mistakes += [
        Mistake(lines["step", number, "text"], f"the figure {block.name!r} of step {step.id!r} {remedy}")
        for number, step in enumerate(() if lab is None else lab.steps)
        for block in step.blocks
        if isinstance(block, FigureFile) and not (place.parent / block.name).is_file()
    ]
    return (None if mistakes else lab), mistakes


def parse_lab(text: str) -> tuple[Lab | None, list[Mistake]]:
    """Return the lab that a text describes, None where it has mistakes, and all of these by their lines."""
    try:
        if ENDLESS_KEY.search(text):
            raise ValueError("nested too deeply")
        values = tomllib.loads(text)
        reader = _Reader(lines_of(text))
    except tomllib.TOMLDecodeError as error:
        return None, [_of_syntax(error, text)]
    except (RecursionError, ValueError):  # ValueError: a number of thousands of digits
        return None, [Mistake(1, "it is nested too deeply, or a number in it is too long; write it simpler")]
    lab = reader.lab(values, text)
    found = sorted(set(reader.mistakes))
    return (None if found else lab), found


def _of_syntax(error: tomllib.TOMLDecodeError, text: str) -> Mistake:
    """Return what `tomllib` says, with its line in front as in all other mistakes."""
    found = _SYNTAX.match(str(error))
    line = int(found["line"]) if found and found["line"] else text.rstrip("\n").count("\n") + 1
    what = printable(found["what"] if found else str(error), 100)
    where = f" at column {found['column']}" if found and found["column"] else " at its end"
    return Mistake(line, f"this is no TOML ({what[:1].lower()}{what[1:]}{where}); correct the line")


_NUMBERS: tuple[Quantity, ...] = ("number", "count", "percent")
_ANSWERS: dict[Kind, tuple[Quantity, ...]] = {
    "number": _NUMBERS, "choice": ("name",), "cell": ("cells",), "direction": _NUMBERS,
}  # fmt: skip
"""Quantities that can answer each kind of prediction."""

_type_info, _fields = cache(inspect.type_info), cache(structs.fields)  # which look at the annotations anew
_NOT_HERE = ("classes", "seed")
_LONGEST_NAME, _LONGEST_CLASS = 40, 60
_MOST_LISTED, _MOST_NEAR = 12, 3


class _Reader:
    """Reads the tables of a file, type by type; each mistake is noted with its line."""

    def __init__(self, lines: dict[Place, int]) -> None:
        self._lines = lines
        self.mistakes: list[Mistake] = []
        self._experiment = PRESETS["lab5"]

    def complain(self, place: Place, text: str) -> None:
        """Note a mistake."""
        self.mistakes.append(Mistake(line_at(self._lines, place), text))

    # --- the lab --------------------------------------------------------------------------------------------

    def lab(self, values: dict[str, Any], source: str) -> Lab | None:
        """Return the lab that a file describes; None where that cannot be told."""
        changed, preset = values.get("settings"), values.get("preset")
        if isinstance(preset, str):
            self._experiment = PRESETS.get(preset, self._experiment)
        changes = dict(cast("dict[str, Any]", changed)) if isinstance(changed, dict) else {}
        from_roll_number = changes.get("seed") == _ROLL_NUMBER
        if from_roll_number:
            del changes["seed"]
        self._experiment = self._changed(changes, ("settings",))
        file = self._table(LabFile, values, (), "the lab")
        for kind, article in (("step", "id, title, …"), ("section", "id and title")):
            if not values.get(kind):
                self.complain(
                    (),
                    f"the lab has no {kind}, but at least one was expected; write [[{kind}]] with {article}",
                )
        if file is None:
            return None
        step_ids, sections = [each.id for each in file.steps], [each.id for each in file.sections]
        steps: list[Step] = []
        for number, step in enumerate(file.steps):
            if step.section not in sections:
                names = _listed(sections, step.section) or "none"
                self.complain(
                    ("step", number, "section"),
                    f"the section {step.section!r} of step {step.id!r} is none of the lab's ({names}); "
                    "correct it",
                )
            for place, earlier in enumerate(step.recall):
                if earlier not in step_ids[:number]:
                    self.complain(
                        ("step", number, "recall", place),
                        f"step {step.id!r} recalls {earlier!r}, which is no earlier step; correct it",
                    )
            steps.append(self._explained(step, file.steps[:number], ("step", number)))
        for kind, ids in (("step", step_ids), ("section", sections)):
            for number, each in enumerate(ids):
                if each in ids[:number]:
                    self.complain(
                        (kind, number, "id"),
                        f"the id {each!r} is that of an earlier {kind}, but each needs its own; "
                        "choose another",
                    )
        if file.start.settings:
            self.complain(("start", "settings"), "[start] takes no 'settings'; set them in [settings]")
        given: dict[str, Any] = {**structs.asdict(file), "steps": tuple(steps)}
        return Lab(
            **given, experiment=self._experiment, seed_from_roll_number=from_roll_number, source=source
        )

    # --- tables of any type ---------------------------------------------------------------------------------

    def _table[T: Struct](self, of: type[T], values: object, place: Place, what: str) -> T | None:
        """Return what a table describes; None where a mistake in it leaves that open."""
        if not isinstance(values, dict):
            self._wrong(place, what, values, f"a table, such as [{place[-1]}]")
            return None
        entries = cast("dict[str, Any]", values)
        if of is Step and isinstance(entries.get("id"), str):
            what = f"step {printable(entries['id'], _LONGEST_NAME)!r}"
        known = {each.encode_name: each for each in _fields(of)}
        self._require_known(place, entries, sorted(known), what)
        given: dict[str, Any] = {}
        is_whole, needs_tolerance = True, entries.get("kind") not in ("choice", "cell")
        for name, field in known.items():
            kind = _type_info(field.type)
            if name in entries:
                found = self._value(kind, field.type, entries[name], (*place, name), what)
                if found is not _WRONG:
                    given[field.name] = found
                elif field.required:
                    is_whole = False
            elif field.required or (of is Prediction and name == "tolerance" and needs_tolerance):
                is_whole = False
                missing = f"{name!r} of {what} is missing, but {_expected(kind)} was expected"
                self.complain(place, f"{missing}; write {name} = …")
        return self._checked(of(**given), place, what, entries) if is_whole else None

    def _value(self, kind: inspect.Type, of: Any, value: object, place: Place, what: str) -> Any:
        """Return an entry of a table as its type has it, or `_WRONG`."""
        kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
        table = next((each.cls for each in kinds if isinstance(each, inspect.StructType)), None)
        if table is not None:
            found = self._table(table, value, place, f"{place[-1]!r} of {what}")
            return _WRONG if found is None else found
        if isinstance(kind, inspect.VarTupleType) and isinstance(kind.item_type, inspect.StructType):
            return self._tables(kind, kind.item_type.cls, value, place, what)
        try:
            found = msgspec.convert(value, of)
        except msgspec.ValidationError:
            self._wrong(place, f"{place[-1]!r} of {what}", value, _expected(kind, value))
            return _WRONG
        return found.strip() if isinstance(found, str) else found

    def _tables(self, kind: inspect.VarTupleType, of: Any, value: object, place: Place, what: str) -> Any:
        """Return a list of tables, of which one may stand for a list of one."""
        entries, places = [value], [place]
        if isinstance(value, list):
            entries = cast("list[object]", value)
            places = [(*place, number) for number in range(len(entries))]
        value, name = cast("object", value), place[-1]
        if not all(isinstance(each, dict) for each in entries):
            self._wrong(place, f"{name!r} of {what}", value, f"a list of tables, such as [[{name}]]")
            return _WRONG
        if kind.max_length is not None and len(entries) > kind.max_length:
            found = f"{len(entries)} entries long"
            self._wrong(place, f"{name!r} of {what}", value, f"at most {kind.max_length} entries", found)
            return _WRONG
        read = [
            self._table(
                of, each, each_place, f"{name} {number} of {what}" if what != "the lab" else f"a [[{name}]]"
            )
            for number, (each, each_place) in enumerate(zip(entries, places, strict=True), start=1)
        ]
        return tuple(read) if None not in read else _WRONG

    def _require_known(
        self, place: Place, given: Mapping[str, Any], known: Collection[str], owner: str
    ) -> None:
        for name in given:
            if name not in known:
                self.complain(
                    (*place, name),
                    f"{printable(name, _LONGEST_NAME)!r} is no entry of {owner}, which may have "
                    f"{_listed(known, name)}; correct the name or take it out",
                )

    def _is_one_of(self, options: Collection[str], value: str, place: Place, what: str) -> bool:
        """Return whether a value is one of some, and note where it is not."""
        if value not in options:
            self._wrong(place, f"{place[-1]!r} of {what}", value, f"one of {_listed(options, value)}")
        return value in options

    def _wrong(self, place: Place, what: str, value: object, expected: str, found: str = "") -> None:
        said = found or (
            f"{len(value)} letters long" if isinstance(value, str) and len(value) > 100 else shown(value)
        )
        self.complain(place, f"{what} is {said}, but {expected} was expected; correct it")

    # --- what no type says ----------------------------------------------------------------------------------

    def _checked(self, read: Any, place: Place, what: str, given: dict[str, Any]) -> Any:
        """Return what was read with its defaults, or None where it makes no sense."""
        match read:
            case Show():
                views = self._views(read.views, (*place, "views"))
                settings = self._settings_of(read, place)
                return structs.replace(read, views=views, settings=settings)
            case Measurement():
                parameters = self._parameters("measure", read.measure, read.parameters, place, what)
                return None if parameters is None else structs.replace(read, parameters=parameters)
            case Prediction():
                return self._prediction(read, place, what)
            case Condition():
                if self._is_one_of(EVENTS, read.event, (*place, "event"), what) and read.what:
                    about = EVENTS[read.event].about or (read.what,)
                    self._is_one_of(about, read.what, (*place, "what"), what)
            case Step():
                self._check_step(read, place, what, given)
            case _:
                pass
        return read

    def _check_step(self, step: Step, place: Place, what: str, given: dict[str, Any]) -> None:
        try:
            parse_text(step.text)
        except ParameterError as error:
            self.complain((*place, "text"), f"in the text of {what} {error}; correct it")
        if "{filter}" in step.text and step.show.filter is None:
            self.complain((*place, "text"), f"the text of {what} names {{filter}}; say which in [step.show]")
        lacks = {"predicted": "prediction" not in given, "words": not given.get("question")}
        for number, condition in enumerate(step.done_when):
            if lacks.get(condition.event, False):
                part = "prediction" if condition.event == "predicted" else "question"
                self.complain(
                    (*place, "done_when", number),
                    f"{what} waits for {condition.event!r}, but has no [step.{part}]; write one, or take "
                    "the condition out",
                )
        for number, question in enumerate(step.questions):
            for other in step.questions[:number]:
                kinds = set(question.network) & set(other.network)
                if question.part == other.part and (kinds or not (question.network and other.network)):
                    self.complain(
                        (*place, "question", number, "part"),
                        f"{what} asks for {question.part!r} twice, but a step has one question for each "
                        "part; put them together, or let 'network' say which is for which",
                    )
        for number, result in enumerate(step.results):
            for name in result.show:
                if name not in RESULTS:
                    self.complain(
                        (*place, "result", number, "show"),
                        f"there is no result {printable(name, _LONGEST_NAME)!r}, but one of "
                        f"{_listed(RESULTS, name)} was expected; correct it",
                    )

    def _prediction(self, read: Prediction, place: Place, what: str) -> Prediction | None:
        if read.kind == "choice" and len(read.choices) < 2:
            self.complain(
                (*place, "choices"),
                f"{what} is a choice, but has fewer than two 'choices'; write choices = "
                "[{ name = …, text = … }, …]",
            )
        measure = MEASURES.get(read.measure)
        if measure is not None and not _can_answer(measure, read.kind):
            fitting = [each.name for each in MEASURES.values() if _can_answer(each, read.kind)]
            self.complain(
                (*place, "measure"),
                f"the measure {measure.name!r} cannot answer a prediction of the kind {read.kind!r}; "
                f"choose one of {_listed(fitting, measure.name)}",
            )
            return None
        parameters = self._parameters("measure", read.measure, read.parameters, place, what)
        return None if parameters is None else structs.replace(read, parameters=parameters)

    def _explained(self, step: Step, earlier: tuple[Step, ...], place: Place) -> Step:
        """Return a step whose picture has all of its parameters; check what its sentences speak of."""
        reveal, place, what = step.reveal, (*place, "reveal"), f"'reveal' of step {step.id!r}"
        if reveal is None:
            return step
        if step.prediction is None:
            self.complain(
                place, f"{what} has no result to explain; write a [step.prediction], or take it out"
            )
            return step
        picture = PICTURES.get(reveal.picture)
        asked = () if picture is None else [each.name for each in picture.parameters]
        shared = {name: value for name, value in step.prediction.parameters.items() if name in asked}
        found = self._parameters("picture", reveal.picture, {**shared, **reveal.parameters}, place, what)
        if found is None:
            return step
        known = known_facts(step, earlier)
        for number, reason in enumerate(reveal.why):
            for mistake in mistakes_in(reason.text, reason.when, known, _listed):
                self.complain(
                    (*place, "why", number), f"in sentence {number + 1} of {what} {mistake}; correct it"
                )
        return structs.replace(step, reveal=structs.replace(reveal, parameters=found))

    def _parameters(
        self, kind: Literal["measure", "picture"], name: str, given: dict[str, Any], place: Place, what: str
    ) -> dict[str, Any] | None:
        """Return the parameters of a measure or a picture with its defaults; None where one is wrong."""
        table: Mapping[str, Measure | RevealPicture] = MEASURES if kind == "measure" else PICTURES
        if not self._is_one_of(table, name, (*place, kind), what):
            return None
        measure = table[name]
        known, owner = {each.name: each for each in measure.parameters}, f"'with' of {what}"
        before = len(self.mistakes)
        self._require_known((*place, "with"), given, known, owner)
        found = {key: given.get(key, each.default) for key, each in known.items()}
        for key, value in found.items():
            expected = _parameter_expected(known[key], value)
            if value is None:
                self.complain(
                    (*place, kind),
                    f"the {kind} {measure.name!r} needs {key!r}; write with = {{ {key} = … }}",
                )
            elif expected:
                self._wrong((*place, "with", key), f"{key!r} of {owner}", value, expected)
        return found if len(self.mistakes) == before else None

    def _views(self, views: dict[str, dict[str, Any]], place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, choices in views.items():
            if name not in PANELS:
                self.complain(
                    (*place, name),
                    f"{printable(name, _LONGEST_NAME)!r} is no panel, but one of {', '.join(PANELS)} was "
                    "expected; correct it",
                )
                continue
            mistakes = {choice: mistake_in(name, choice, each) for choice, each in choices.items()}
            for choice, mistake in mistakes.items():
                if mistake:
                    self.complain((*place, name, choice), mistake)
            try:
                found[name] = msgspec.convert(choices, ViewOfPanel)
            except msgspec.ValidationError as error:
                if not any(mistakes.values()):
                    self.complain(
                        (*place, name), f"the view of {name!r} cannot be used ({error}); correct it"
                    )
        return found

    def _settings_of(self, show: Show, place: Place) -> Mapping[str, Any]:
        """Return what a step changes of the settings of the lab."""
        changes = dict(show.settings)
        for name in _NOT_HERE:
            if name in changes:
                self.complain(
                    (*place, "settings", name),
                    f"{name!r} cannot change within a lab, for all its numbers are of the same data and "
                    "seed; take it out, or set it in [settings]",
                )
                del changes[name]
        changed = self._changed(changes, (*place, "settings"))
        return {name: getattr(changed, name) for name in changes if hasattr(changed, name)}

    def _changed(self, changes: dict[str, Any], place: Place) -> Experiment:
        """Return the experiment with some settings changed; each that is wrong is noted and left out."""
        experiment = self._experiment
        known = {each.name for each in fields(Experiment)}
        # The output before the classes, for more than two of them need a softmax.
        for name, value in sorted(changes.items(), key=lambda each: each[0] == "classes"):
            if name not in known:
                self.complain(
                    (*place, name),
                    f"{printable(name, _LONGEST_NAME)!r} is no setting of an experiment, which has "
                    f"{_listed(sorted(known), name)}; correct the name",
                )
                continue
            try:
                experiment = replace(experiment, **{name: value})
            except ParameterError as error:
                remedy = "correct it"
                if name == "classes" and isinstance(value, list):  # numbers, most likely
                    entries = cast("list[object]", value)[:10]
                    listed = ", ".join(f'"{printable(str(each), 20)}"' for each in entries)
                    remedy = f"write classes = [{listed}]"
                reason = str(error).rstrip(".")
                self.complain((*place, name), f"the setting {name!r} cannot be used: {reason}; {remedy}")
        return experiment


_WRONG: Any = object()
"""In the place of a value that is wrong."""


def _can_answer(measure: Measure, kind: Kind) -> bool:
    return measure.quantity in _ANSWERS[kind] and (kind != "direction" or measure.is_change)


def _listed(names: Collection[str], wrong: object) -> str:
    """Return names for a message: of many, those that look like the wrong one."""
    if len(names) <= _MOST_LISTED:
        return ", ".join(names)
    near = get_close_matches(shown(wrong).strip("'")[:_LONGEST_NAME], names, _MOST_NEAR, 0.0)
    return f"the {len(names)} names in the guide, such as {', '.join(near)}"


def _parameter_expected(parameter: Parameter, value: object) -> str:
    """Return what was expected of a parameter that is wrong; "" where it is right."""
    if parameter.is_name:
        is_right = isinstance(value, str) and 0 < len(value.strip()) <= _LONGEST_CLASS
        such = shown(value) if type(value) is int else "7"
        return "" if is_right else f'a name of at most {_LONGEST_CLASS} letters in quotes, such as "{such}",'
    if value in parameter.options:
        return ""
    if parameter.options and not parameter.high:
        return f"one of {_listed(parameter.options, value)}"
    if type(value) is int and parameter.low <= value <= parameter.high:
        return ""
    names = "".join(f', or "{each}"' for each in parameter.options)
    return f"a whole number from {parameter.low} to {parameter.high}{names}"


def _expected(kind: inspect.Type, value: object = None) -> str:
    """Return what a type asks for, in the place of a value."""
    match kind:
        case inspect.UnionType(types):
            fitting = [each for each in types if not isinstance(each, inspect.NoneType)]
            texts = [each for each in fitting if isinstance(each, inspect.StrType | inspect.LiteralType)]
            return _expected((texts if texts and not isinstance(value, int) else fitting)[0], value)
        case inspect.StrType():
            if isinstance(value, str) and kind.pattern is not None and len(kind.pattern) > 2:
                return "a name of letters, digits, '-', '_' and '.'"
            return "a text" if kind.max_length is None else f"a text of at most {kind.max_length} letters"
        case inspect.LiteralType():
            return f"one of {_listed(list(map(str, kind.values)), value)}"
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return f"a whole number from {kind.ge} to {kind.le}"
        case inspect.FloatType():
            return f"a number from {format_plain(kind.ge or 0)} to {format_plain(kind.le or 0)}"
        case inspect.VarTupleType(item):
            return f"a list of at most {kind.max_length} entries, each {_expected(item)},"
        case _:
            return "a table"
