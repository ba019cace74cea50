"""Lab files: TOML in, a `Lab` out, or every mistake as a sentence with its line."""

import os
import re
import tomllib
from pathlib import Path

from cnnviz.errors import DataError
from cnnviz.experiment import Experiment
from cnnviz.files import printable, printable_name
from cnnviz.lab.entries import Mistake, Mistakes, Table
from cnnviz.lab.markup import FigureFile
from cnnviz.lab.model import MOST_STEPS, Lab, Section
from cnnviz.lab.reading_shows import read_show
from cnnviz.lab.reading_steps import read_step
from cnnviz.lab.settings import checked_settings
from cnnviz.lab.toml_lines import has_endless_key, lines_of
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

    * Raises DataError: if it cannot be read or has mistakes: the first few, each a sentence with
      its line.
    """
    name = printable_name(Path(path))
    lab, mistakes = check_lab(path)
    if lab is None or mistakes:
        rest = len(mistakes) - _MOST_SHOWN
        more = f" There are {rest} more: run cnnviz --lab-check {name}." if rest > 0 else ""
        raise DataError(" ".join(each.sentence(name) for each in mistakes[:_MOST_SHOWN]) + more)
    return lab


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
    experiment, from_roll_number = _experiment(table)
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


def _experiment(table: Table) -> tuple[Experiment, bool]:
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
