"""The report as one HTML file that needs nothing but itself."""

import base64
import contextlib
import os
from collections.abc import Iterator
from functools import cache
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateError
from markupsafe import Markup

from cnnviz import __version__
from cnnviz.bundled import bundled, restore
from cnnviz.errors import CNNVizError
from cnnviz.files import atomic_write
from cnnviz.mathematics import mathml
from cnnviz.report.blocks import Document, Figure, Formula, Heading, Table, Words

_TEMPLATE = bundled("report/report.html.jinja")


def write_html(document: Document, path: str | os.PathLike[str]) -> None:
    """Write the report as one HTML file, whole or not at all: vectors, MathML, nothing from outside."""
    atomic_write(path, to_html(document).encode("utf-8", "replace"))


def to_html(document: Document) -> str:
    """Return the report as HTML text, in which nothing typed is markup, or raise `CNNVizError`."""
    # No sign in the results can end the element that they stand in.
    results = Markup(document.results.translate({ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}))
    head = (("Name", document.author), ("Roll number", document.roll_number), ("Date", document.date))
    with contextlib.suppress(OSError, UnicodeDecodeError, TemplateError):
        blocks = list(_blocks(document))
        text = _template().render(
            document=document, head=head, blocks=blocks, results=results, version=__version__
        )
        if text.rstrip().endswith("</html>"):  # and not, of half a template, half a report
            return text
    raise CNNVizError(f"The template of the report is missing or damaged; {restore('report')}.")


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))


def _blocks(document: Document) -> Iterator[dict[str, Any]]:
    tables = figures = 0
    for block in document.blocks:
        match block:
            case Heading(text, level):
                yield {"type": "heading", "text": text, "level": level}
            case Words(text, kind):
                yield {"type": "words", "text": text, "kind": kind}
            case Table():
                tables += 1
                yield {"type": "table", "number": tables} | _table(block)
            case Figure():
                figures += 1
                yield {"type": "figure", "number": figures} | _figure(block)
            case Formula(equation):
                opening = '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block" '
                math = f'{opening}alttext="{equation.words}">{mathml(equation.formula)}</math>'
                yield {"type": "formula", "mathml": Markup(math)}


def _figure(figure: Figure) -> dict[str, Any]:
    words = {"caption": figure.caption, "own": figure.own_caption}
    if figure.from_screen:
        # As a picture of its own: names in it may be those of another, and nothing in it can run.
        data = base64.b64encode(figure.svg.encode("utf-8", "replace")).decode("ascii")
        return words | {"svg": "", "data": data, "width": f"{100 * figure.width:.0f}%"}
    # Drawn by this part of the program, its texts escaped there; its title tells it, and the caption follows.
    return words | {"svg": Markup(figure.svg.strip()), "data": "", "width": "100%"}


def _table(table: Table) -> dict[str, Any]:
    rows = table.shown
    deep = -(-len(rows) // table.columns) if rows else 1
    return {
        "caption": table.caption,
        "own": table.own_caption,
        "header": table.data.header,
        "alignments": ["left" if each == "text" else "right" for each in table.formats],
        "parts": [rows[start : start + deep] for start in range(0, max(len(rows), 1), deep)],
    }
