"""The report as a PDF, and its figures as PNG, set by Typst.

Nothing a student typed is ever part of the program that Typst runs: it arrives as JSON strings.
"""

import contextlib
import json
import os
import unicodedata
from functools import cache
from typing import Any, Literal, cast

import numpy as np

from cnnviz import __version__
from cnnviz.bundled import bundled, restore
from cnnviz.errors import CNNVizError
from cnnviz.files import atomic_write
from cnnviz.mathematics import typst as typst_math
from cnnviz.report.blocks import Block, Document, Figure, Formula, Heading, Table, Words
from cnnviz.runtime import give_back_memory

_TEMPLATE = bundled("report/report.typ")
_FONTS = (bundled("fonts"), bundled("report/fonts"))
_RUNNING_LETTERS = 60
_REMEMBERED = 11  # documents, after which Typst has forgotten one that has not come again
#: Bytes that must be there before anything is set: a report takes up to half of them.
_ROOM = 256 << 20
_EPOCH = 0  # of the creation date: equal reports give equal files
_PICTURE = b"""#set page(width: auto, height: auto, margin: 0pt, fill: white)
#image(bytes(sys.inputs.svg), format: "svg")
"""


def write_pdf(document: Document, path: str | os.PathLike[str]) -> None:
    """Write the report as a PDF: selectable text, page numbers, vector figures.

    Raises
    ------
    CNNVizError
        If the file cannot be written; an existing one stays as it was.
    """
    atomic_write(path, to_pdf(document))


def to_pdf(document: Document) -> bytes:
    """Return the report as the bytes of a PDF file.

    Raises
    ------
    CNNVizError
        If the template is missing, or the typesetter fails.
    MemoryError
        If there is no room for the typesetter to work in.
    """
    return _compiled(_template(), _inputs(document) | {"results": document.results}, "pdf")[0]


def to_pages(document: Document, dpi: float) -> list[bytes]:
    """Return every page of the report as the bytes of a PNG file, for a preview.

    Raises
    ------
    CNNVizError
        As `to_pdf`.
    """
    return _compiled(_template(), _inputs(document), "png", dpi)


def to_png(figure: Figure, dpi: int = 200) -> bytes:
    """Return a figure as the bytes of a PNG file."""
    return _compiled(_PICTURE, {"svg": figure.svg}, "png", float(dpi))[0]


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


def _compiled(
    source: bytes, inputs: dict[str, str], kind: Literal["pdf", "png"], dpi: float | None = None
) -> list[bytes]:
    # A lone surrogate is no text that any file could hold.
    inputs = {name: text.encode("utf-8", "replace").decode() for name, text in inputs.items()}
    typst, fonts = _typesetter(), _fonts()
    np.empty(_ROOM, np.uint8)  # a MemoryError, where the typesetter would end the process
    try:
        result: Any = typst.compile(
            source, format=kind, font_paths=fonts, sys_inputs=inputs, ppi=dpi, timestamp=_EPOCH
        )
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # a panic of the typesetter is no `Exception`
        raise CNNVizError(
            f"The report could not be typeset ({error}). "
            f"If that happens to every report, {restore('report')}."
        ) from error
    _forget()
    pages = cast("list[bytes]", result) if isinstance(result, list) else [cast("bytes", result)]
    return [bytes(page) for page in pages]


def _forget() -> None:
    """Let Typst drop what it keeps for setting the same document again: 25 MB and more for each report.

    It has no other way to be told than by setting others.
    """
    for _ in range(_REMEMBERED):
        _typesetter().compile(b"", format="pdf", font_paths=_fonts())
    give_back_memory()


@cache
def _fonts() -> Any:
    return _typesetter().Fonts(font_paths=[str(each) for each in _FONTS])


def _typesetter() -> Any:
    """Return the module typst; all else goes on without it."""
    try:
        import typst
    except ImportError as error:
        raise CNNVizError(
            "PDF, Markdown and the preview need the package typst, which is not here (there is none for "
            "Windows on ARM). Export the report as HTML instead."
        ) from error
    return typst


def _shortened(words: str) -> str:
    """Return words for one line at the head of a page."""
    line = " ".join(words.split())
    return line if len(line) <= _RUNNING_LETTERS else f"{line[: _RUNNING_LETTERS - 1].rstrip()}…"


def _reads_from_the_right(text: str) -> bool:
    """Whether the first letter that has a direction is of a script written from right to left."""
    kinds = (unicodedata.bidirectional(letter) for letter in text)
    return next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L"


@cache
def _template() -> bytes:
    with contextlib.suppress(OSError):
        source = _TEMPLATE.read_bytes()
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
