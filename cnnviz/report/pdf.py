"""The report as a PDF, and its figures as PNG, set by Typst in a process of its own.

Nothing a student typed is ever part of the program that Typst runs: it arrives as JSON strings.
"""

import contextlib
import json
import os
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

from cnnviz import __version__
from cnnviz._chunks import Cancelled, never
from cnnviz.bundled import bundled, restore
from cnnviz.errors import CNNVizError
from cnnviz.files import atomic_write
from cnnviz.mathematics import typst as typst_math
from cnnviz.report.blocks import Block, Document, Figure, Formula, Heading, Table, Words
from cnnviz.report.typesetting import Sheet, typeset

_TEMPLATE = bundled("report/report.typ")
_FONTS = (bundled("fonts"), bundled("report/fonts"))
_RUNNING_LETTERS = 60
_SECONDS = 180.0
"""How long setting a report may take: ten times what one with everything in it takes on a slow computer."""
PREVIEW_SECONDS = 30.0
"""Likewise for a preview, which is set anew after each pause in typing."""
_PICTURE = """#set page(width: auto, height: auto, margin: 0pt, fill: white)
#let drawing = image(bytes(sys.inputs.svg), format: "svg")
#context {
  let size = measure(drawing)
  assert(calc.max(size.width, size.height) <= 120cm, message: "a figure is wider or higher than 120 cm")
  drawing
}
"""


def write_pdf(document: Document, path: str | os.PathLike[str]) -> None:
    """Write the report as a PDF: selectable text, page numbers, vector figures.

    * Raises CNNVizError: if the file cannot be written; an existing one stays as it was.
    """
    atomic_write(path, to_pdf(document))


def to_pdf(document: Document) -> bytes:
    """Return the report as the bytes of a PDF file.

    * Raises CNNVizError: if the template is missing, or the typesetter is, fails or takes too long.
    * Raises MemoryError: if there is no room for the typesetter to work in.
    """
    sheet = Sheet(_template(), _inputs(document) | {"results": document.results}, "pdf")
    return typeset([sheet], _FONTS, _SECONDS, never)[0][0]


def to_pages(
    document: Document, dpi: float, seconds: float = _SECONDS, cancelled: Cancelled = never
) -> list[bytes]:
    """Return every page of the report as the bytes of a PNG file, for a preview.

    * `seconds`: how long it may take.
    * `cancelled`: asked several times a second; when it returns True the work stops.
    * Raises CNNVizError: as `to_pdf`.
    * Raises CancelledError: if `cancelled` returned True.
    """
    return typeset([Sheet(_template(), _inputs(document), "png", dpi)], _FONTS, seconds, cancelled)[0]


def picture_of(svg: str, dpi: int, seconds: float) -> bytes:
    """Return a drawing as the bytes of a PNG file, if that takes at most so long; raises as `to_pdf`."""
    return typeset([Sheet(_PICTURE, {"svg": svg}, "png", float(dpi))], _FONTS, seconds, never)[0][0]


def to_pngs(figures: Sequence[Figure], dpi: int = 200) -> list[bytes]:
    """Return figures as the bytes of PNG files; raises as `to_pdf`."""
    sheets = [Sheet(_PICTURE, {"svg": each.svg}, "png", float(dpi)) for each in figures]
    return [pages[0] for pages in typeset(sheets, _FONTS, _SECONDS, never)] if sheets else []


def _inputs(document: Document) -> dict[str, str]:
    report = {
        "title": document.title,
        "author": document.author,
        "version": __version__,
        "running": [_shortened(document.title), _shortened(document.author)],
        "head": [
            ["Name", document.author],
            ["Roll number", document.roll_number],
            ["Date", document.date],
        ],
        "blocks": [_block(block) for block in document.blocks],
    }
    return {"report": json.dumps(report, ensure_ascii=False)}


def _shortened(words: str) -> str:
    """Return words for one line at the head of a page."""
    line = " ".join(words.split())
    return line if len(line) <= _RUNNING_LETTERS else f"{line[: _RUNNING_LETTERS - 1].rstrip()}…"


def _reads_from_the_right(text: str) -> bool:
    """Whether the first letter that has a direction is of a script written from right to left."""
    kinds = (unicodedata.bidirectional(letter) for letter in text)
    return next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L"


@cache
def _template() -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        source = _TEMPLATE.read_text(encoding="utf-8")
        if source.strip():  # of an empty one would come an empty page
            return source
    raise CNNVizError(f"The template of the report is missing; {restore('report')}.")


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Heading(text, level):
            return {"type": "heading", "text": text, "level": level}
        case Words(text, kind):
            return {"type": "words", "text": text, "kind": kind, "rtl": _reads_from_the_right(text)}
        case Table():
            return {
                "type": "table",
                "caption": block.caption,
                "own": block.own_caption,
                "header": list(block.data.header),
                "alignments": ["left" if each == "text" else "right" for each in block.formats],
                "rows": block.shown,
                "times": block.columns,
            }
        case Figure():
            words = {"caption": block.caption, "own": block.own_caption}
            return {"type": "figure", **words, "svg": block.svg, "width": block.width}
        case Formula(equation):
            return {"type": "formula", "math": typst_math(equation.formula), "words": equation.words}
