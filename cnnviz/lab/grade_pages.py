"""The hand-ins of a course to read and print, as one HTML file: a page a student, answers side by side."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateError

from cnnviz.bundled import bundled, restore
from cnnviz.errors import CNNVizError
from cnnviz.lab.grade_table import answer_of, labs_of, summary, verdict_of
from cnnviz.lab.model import Lab
from cnnviz.lab.verifying import Row
from cnnviz.quantities import format_plain

_LONGEST = 30_000
_TEMPLATE = bundled("report/class.html.jinja")


def to_html(rows: Sequence[Row], title: str = "Hand-ins") -> bytes:
    """Return one page for each student, then the answers of all to each question; no answer is markup.

    * Raises CNNVizError: if the template is missing or damaged.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    students, questions = [_student(row) for row in rows], list(_questions(rows))
    with contextlib.suppress(OSError, UnicodeDecodeError, TemplateError):
        template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
        text = template.render(title=title, summary=summary(rows), students=students, questions=questions)
        return text.encode("utf-8", "replace")
    raise CNNVizError(f"The template of the pages is missing or damaged; {restore('report')}.")


def _name(row: Row) -> str:
    if row.handed is not None and row.handed.name.strip():
        return row.handed.name
    if row.listed is not None:
        return row.listed.name
    return row.files[0].name if row.files else "–"


def _student(row: Row) -> dict[str, Any]:
    files = ", ".join(path.as_posix() for path in row.files)
    grade = row.grade
    about = [files, row.reason, *(() if grade is None else (*grade.late, *grade.notes))]
    if grade is not None:
        about.append(
            f"{format_plain(grade.points)} of {format_plain(grade.most_points)} points for predictions"
        )
    source = row.handed or row.listed
    return {
        "name": _name(row),
        "roll": "" if source is None else source.roll_number,
        "verdict": verdict_of(row),
        "about": ". ".join(each.rstrip(".") for each in about if each),
        "remarks": [each.reason for each in row.remarks],
        "steps": [] if row.lab is None else list(_steps(row, row.lab)),
    }


def _steps(row: Row, lab: Lab) -> Iterator[dict[str, str]]:
    handed, grade = row.handed, row.grade
    for step in lab.steps:
        if handed is None or (step.prediction is None and step.question is None):
            continue
        found = None if grade is None else grade.steps.get(step.id)
        yield {
            "title": step.title,
            "predicted": "" if found is None else found.predicted,
            "measured": "" if found is None else found.measured,
            "points": "" if found is None else format_plain(found.points),
            "answer": "" if step.question is None else answer_of(handed, step)[:_LONGEST],
            "of": "" if step.question is None else format_plain(step.question.points),
        }


def _questions(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    for lab in labs_of(rows):
        for step in lab.steps:
            if step.question is not None:
                of_lab = [row for row in rows if row.lab is not None and row.lab.sha256 == lab.sha256]
                answers = [
                    (_name(row), answer_of(row.handed, step)[:_LONGEST]) for row in of_lab if row.handed
                ]
                yield {"title": step.title, "text": step.question.text, "answers": answers}
