"""The report as one HTML file that needs nothing but itself."""

import base64
import contextlib
import os
from functools import cache
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateError
from markupsafe import Markup

from cnnviz import __version__
from cnnviz.bundled import bundled, restore
from cnnviz.errors import CNNVizError
from cnnviz.files import atomic_write
from cnnviz.mathematics import mathml
from cnnviz.report.blocks import Block, Document, Figure, Formula, values_of

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
        blocks = [_values(each) for each in document.blocks]
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


def _values(block: Block) -> dict[str, Any]:
    match block:
        case Formula(equation):
            opening = '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block" '
            math = f'{opening}alttext="{equation.words}">{mathml(equation.formula)}</math>'
            return values_of(block) | {"mathml": Markup(math)}
        case Figure() if block.from_screen:
            # As a picture of its own: names in it may be those of another, and nothing in it can run.
            picture = base64.b64encode(block.svg.encode("utf-8", "replace")).decode("ascii")
            return values_of(block) | {"picture": picture}
        case Figure():
            # Drawn by this part of the program, its texts escaped there; its title tells it.
            return values_of(block) | {"svg": Markup(block.svg.strip())}
        case _:
            return values_of(block)
