"""The findings about a course: as a CSV file to grade in, and as HTML to read, a page a student."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateError

from cnnviz.bundled import bundled, restore
from cnnviz.errors import CNNVizError
from cnnviz.lab.judging import VERDICTS
from cnnviz.lab.model import PARTS, Lab, Step
from cnnviz.lab.results import HandIn
from cnnviz.lab.verifying import Row
from cnnviz.quantities import format_many, format_plain
from cnnviz.spreadsheet import Cell
from cnnviz.spreadsheet import to_csv as rows_to_csv

OK, LOOK, NOT_COMPARABLE = "ok", "look at it", "not comparable"
UNREADABLE, MISSING = "unreadable", "missing"

COLUMNS: Sequence[str] = (
    "file", "name", "roll number", "lab", "verdict", "points", "points of", "words: points of",
    "to look at", "shared with others", "numbers that agree", "numbers in all", "numbers that differ",
    "late", "steps done", "steps in all", "answers", "questions", "class list", "notes",
)  # fmt: skip
"""Of every table; those of the steps of each lab follow, see `_step_cells`."""

_LONGEST_NAME, _LONGEST_CELL = 200, 30_000


def verdict_of(row: Row) -> str:
    """Return one of the words above: what there is to do about a row.

    Where only numbers of float32 networks differ, and another processor may be why, it is "not comparable".
    """
    if row.whose is None:
        return UNREADABLE if row.files else MISSING
    if row.handed is None or row.remarks or row.shared:
        return LOOK
    return NOT_COMPARABLE if row.grade is None or row.grade.not_comparable else OK


def to_csv(rows: Sequence[Row]) -> bytes:
    """Return the table as UTF-8 with a mark that spreadsheets know it by."""
    labs = _labs_of(rows)
    steps = [name for lab in labs for step in lab.steps for name, _ in _step_cells(lab, step, labs)]
    columns = [*COLUMNS, *steps]
    cells = [_cells(row, labs) for row in rows]
    return rows_to_csv([columns, *([each.get(name) for name in columns] for each in cells)], marked=True)


def _labs_of(rows: Sequence[Row]) -> list[Lab]:
    """Return the labs that hand-ins are of, in the order in which they come."""
    return list({row.lab.sha256: row.lab for row in rows if row.lab is not None}.values())


def _step_cells(
    lab: Lab, step: Step, labs: Sequence[Lab], row: Row | None = None
) -> Iterator[tuple[str, Cell]]:
    """Yield the columns of a step, of its prediction and its questions, and what a row has in them."""
    of_lab = "" if len(labs) == 1 else f"{lab.id} {lab.version} "
    if step.prediction is not None:
        found = None if row is None or row.grade is None else row.grade.steps.get(step.id)
        told = dict.fromkeys(("predicted", "measured", "prediction", "points"))
        if found is not None:
            verdict = found.verdict
            values = verdict.predicted, verdict.measured, VERDICTS[verdict.is_right], float(found.points)
            told = dict(zip(told, values, strict=True))
        yield from ((f"{of_lab}{step.id}: {name}", value) for name, value in told.items())
    for question in lab.asked(step):
        key = step.key_of(question)
        yield f"{of_lab}{key}: answer", row and row.handed and answer_of(row.handed, key)
        yield f"{of_lab}{key}: your points of {format_plain(question.points)}", None


def answer_of(handed: HandIn, key: str) -> str:
    """Return what a student has written under a `Step.key_of`: a hypothesis with the time of each version."""
    versions = handed.hypotheses.get(key, ())
    answer = handed.answers.get(key, "").strip()
    parts = [f"{each.time}: {each.text.strip()}" for each in versions]
    if answer and (not versions or answer != versions[-1].text.strip()):
        parts.append(answer)
    return "\n".join(parts)


def _cells(row: Row, labs: Sequence[Lab]) -> dict[str, Cell]:
    """Return what is known of a student, by column; the others stay empty."""
    handed, lab, grade, whose = row.handed, row.lab, row.grade, row.whose or row.listed
    cells: dict[str, Cell] = {
        "file": ", ".join(path.as_posix() for path in row.files),
        "verdict": verdict_of(row),
        "to look at": "; ".join(row.remarks),
        "shared with others": "; ".join(row.shared),
        "notes": row.reason,
    }
    if row.is_listed is not None:
        cells["class list"] = "on the list" if row.is_listed else "not on the list"
    if whose is not None:
        cells |= {"name": whose.name[:_LONGEST_NAME], "roll number": whose.roll_number[:_LONGEST_NAME]}
    if handed is not None:
        cells |= {"lab": f"{handed.lab.id} {handed.lab.version}", "steps done": len(handed.done)}
    if handed is not None and lab is not None:
        answered, asked = _answered(handed, lab)
        done = sum(step.id in handed.done for step in lab.steps)
        cells |= {"steps done": done, "steps in all": len(lab.steps), "answers": answered, "questions": asked}
        cells |= {name: cell for step in lab.steps for name, cell in _step_cells(lab, step, labs, row)}
    if grade is not None:
        cells |= {
            "points": float(grade.points),
            "points of": float(grade.most_points),
            "words: points of": float(grade.to_grade),
            "numbers that agree": grade.agree,
            "numbers in all": grade.numbers,
            "numbers that differ": "; ".join((*grade.differing, *grade.not_comparable)),
            "late": "; ".join(grade.late),
            "notes": "; ".join(grade.notes),
        }
    return {name: cell[:_LONGEST_CELL] if isinstance(cell, str) else cell for name, cell in cells.items()}


def _answered(handed: HandIn, lab: Lab) -> tuple[int, int]:
    """How many questions of a lab have an answer, and how many there are."""
    keys = [step.key_of(question) for step in lab.steps for question in lab.asked(step)]
    return sum(bool(answer_of(handed, key)) for key in keys), len(keys)


def summary(rows: Sequence[Row]) -> str:
    """Return how many hand-ins got each verdict, as a sentence."""
    verdicts = [verdict_of(row) for row in rows]
    parts = [f"{verdicts.count(each)} {each}" for each in (OK, LOOK, NOT_COMPARABLE, UNREADABLE)]
    count = len(rows) - verdicts.count(MISSING)
    lists = [row.is_listed for row in rows]
    if any(each is not None for each in lists):
        parts.append(f"{verdicts.count(MISSING)} missing, {lists.count(False)} not on the list")
    return f"{format_many(count, 'hand-in')}: {', '.join(parts)}."


_TEMPLATE = bundled("report/class.html.jinja")


def to_html(rows: Sequence[Row]) -> bytes:
    """Return a page for each student, then the answers of all; raises `CNNVizError` without its template."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    students, questions = [_student(row) for row in rows], list(_questions(rows))
    with contextlib.suppress(OSError, UnicodeDecodeError, TemplateError):
        template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
        text = template.render(summary=summary(rows), students=students, questions=questions)
        return text.encode("utf-8", "replace")
    raise CNNVizError(f"The template of the pages is missing or damaged; {restore('report')}.")


def _name(row: Row) -> str:
    names = (each.name for each in (row.whose, row.listed) if each is not None and each.name.strip())
    return next(names, row.files[0].name if row.files else "–")


def _student(row: Row) -> dict[str, Any]:
    files = ", ".join(path.as_posix() for path in row.files)
    grade = row.grade
    about = [files, row.reason, *(() if grade is None else (*grade.late, *grade.notes))]
    if grade is not None and row.handed is not None and row.lab is not None:
        answered, asked = _answered(row.handed, row.lab)
        about.append(
            f"{format_plain(grade.points)} of {format_plain(grade.most_points)} points for predictions; "
            f"{answered} of {asked} questions are answered"
        )
    source = row.whose or row.listed
    return {
        "name": _name(row),
        "roll": "" if source is None else source.roll_number,
        "verdict": verdict_of(row),
        "about": ". ".join(each.rstrip(".") for each in about if each),
        "remarks": [*row.remarks, *row.shared],
        "steps": [] if row.lab is None or row.handed is None else list(_steps(row, row.handed, row.lab)),
    }


def _steps(row: Row, handed: HandIn, lab: Lab) -> Iterator[tuple[str, ...]]:
    """Yield title, prediction, result, points, answer and points of the answer, a line for each question."""
    for step in lab.steps:
        asked, told = lab.asked(step), ("", "", "")
        found = None if row.grade is None else row.grade.steps.get(step.id)
        if found is not None:
            points = f"{format_plain(found.points)}, {VERDICTS[found.verdict.is_right]}"
            told = found.verdict.predicted, found.verdict.measured, points
        if step.prediction is not None and not asked:
            yield step.title, *told, "", ""
        for question in asked:
            part = f": {PARTS[question.part]}" if len(asked) > 1 else ""
            said = answer_of(handed, step.key_of(question))[:_LONGEST_CELL]
            yield f"{step.title}{part}", *told, said, format_plain(question.points)
            told = "", "", ""


def _questions(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    for lab in _labs_of(rows):
        for step in lab.steps:
            for question in lab.asked(step):
                of_lab = [row for row in rows if row.lab is not None and row.lab.sha256 == lab.sha256]
                key = step.key_of(question)
                answers = [
                    (_name(row), answer_of(row.handed, key)[:_LONGEST_CELL]) for row in of_lab if row.handed
                ]
                yield {"title": step.title, "text": question.text, "answers": answers}
