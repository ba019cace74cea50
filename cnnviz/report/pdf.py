"""The report as a PDF, and its figures as PNG, set by Typst in a process of its own.

Nothing a student typed is ever part of the program that Typst runs: it arrives as JSON strings.
"""

import contextlib
import json
import os
import subprocess
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from cnnviz import __version__
from cnnviz._typesetter import END, TYPESET
from cnnviz.bundled import PROGRAM, bundled, restore
from cnnviz.errors import CNNVizError
from cnnviz.evaluation import CancelledError
from cnnviz.files import atomic_write, atomic_write_folder
from cnnviz.mathematics import typst as typst_math
from cnnviz.quantities import format_count
from cnnviz.report.blocks import Block, Document, Formula, Words, shortened, values_of
from cnnviz.spreadsheet import rows_in, to_csv

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
    """Write the report as a PDF, whole or not at all: selectable text, page numbers, vector figures."""
    atomic_write(path, to_pdf(document))


def to_pdf(document: Document) -> bytes:
    """Return the report as the bytes of a PDF file; raises as `typeset`, or without its template."""
    sheet = Sheet(_template(), _inputs(document) | {"results": document.results}, "pdf")
    return typeset([sheet], _SECONDS)[0][0]


def placed_pages(
    document: Document, dpi: float, seconds: float, cancelled: Callable[[], bool]
) -> tuple[list[bytes], list[tuple[int, float]]]:
    """Return the pages as PNG, and of each block on which, from 0, and at what share of it, that begins."""
    whole = Sheet(_template(), _inputs(document), "png", dpi)
    pages, (places,) = typeset([whole, replace(whole, format="places")], seconds, cancelled)
    return pages, [(page, share) for page, share in json.loads(places)]


def _inputs(document: Document) -> dict[str, str]:
    whose = document.author, document.roll_number
    report = {
        "title": document.title,
        "version": __version__,
        "running": [_line(document.title), "  ·  ".join(filter(None, map(_line, whose)))],
        "head": [["Name", document.author], ["Roll number", document.roll_number], ["Date", document.date]],
        "blocks": [_values(each) for each in document.blocks],
    }
    return {"report": json.dumps(report, ensure_ascii=False)}


def _line(words: str) -> str:
    """Return words for one line at the head of a page."""
    return shortened(" ".join(words.split()), _RUNNING_LETTERS)


def _reads_from_the_right(text: str) -> bool:
    """Whether the first letter that has a direction is of a script written from right to left."""
    kinds = (unicodedata.bidirectional(letter) for letter in text)
    return next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L"


@cache
def _template() -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        source = _TEMPLATE.read_text(encoding="utf-8")
        if source.rstrip().endswith("// end"):  # of half a template would come half a report
            return source
    raise CNNVizError(f"The template of the report is missing or damaged; {restore('report')}.")


def _values(block: Block) -> dict[str, Any]:
    match block:
        case Formula(equation):
            return values_of(block) | {"math": typst_math(equation.formula)}
        case Words(text):
            return values_of(block) | {"rtl": _reads_from_the_right(text)}
        case _:
            return values_of(block)


_ROOM = 256 << 20  # bytes that must be there before anything is set: a report takes up to half of them
_GLANCE_SECONDS = 0.1  # between looks whether it is still wanted
_GRACE_SECONDS = 10.0  # after which a process that nobody has ended ends itself
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # or Windows opens a console for it


@dataclass(frozen=True, slots=True)
class Sheet:
    """What Typst is to set."""

    source: str  # A program of Typst's
    inputs: dict[str, str]  # what the program finds in ``sys.inputs``
    format: Literal["pdf", "png", "places"]  # the last: the value that it calls so, as JSON
    dpi: float | None = None  # resolution of the pages as PNG


def typeset(
    sheets: Sequence[Sheet], seconds: float, cancelled: Callable[[], bool] = lambda: False
) -> list[list[bytes]]:
    """Set sheets in a process of its own.

    * `seconds`: after which the process is ended.
    * `cancelled`: asked several times a second; when it returns True the process is ended.
    * Returns: the pages of each sheet; the whole file of one that is set as PDF.
    * Raises CNNVizError: if it takes longer, Typst is not there or refuses it, or the process
      cannot be started.
    * Raises CancelledError: if `cancelled` returned True.
    * Raises MemoryError: if there is no room for Typst to work in.
    """
    order = {
        "sheets": [asdict(each) for each in sheets],
        "fonts": [str(each) for each in _FONTS],
        "room": _ROOM,
        "seconds": seconds + _GRACE_SECONDS,
    }
    # A lone surrogate is no text that any file could hold.
    content = json.dumps(order, ensure_ascii=False).encode("utf-8", "replace")
    answer = _answer_of(content, seconds, cancelled)
    head, _, rest = answer.partition(b"\n")
    found = cast("dict[str, Any]", json.loads(head))
    if "refused" in found:
        raise CNNVizError(cast("str", found["refused"]))
    if "sizes" not in found:
        raise MemoryError
    pages: list[list[bytes]] = []
    for sizes in cast("list[list[int]]", found["sizes"]):
        pages.append([])
        for size in sizes:
            pages[-1].append(rest[:size])
            rest = rest[size:]
    return pages


def _answer_of(content: bytes, seconds: float, cancelled: Callable[[], bool]) -> bytes:
    try:
        process = subprocess.Popen(
            [*PROGRAM, TYPESET],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=_NO_WINDOW,
        )
    except OSError as error:
        raise CNNVizError(
            f"The report could not be typeset: no process could be started ({error.strerror}). Close other "
            "programs, and try again."
        ) from error
    is_done, end = threading.Event(), time.monotonic() + seconds

    def watch() -> None:
        while not is_done.wait(_GLANCE_SECONDS):
            if cancelled() or time.monotonic() > end:
                process.kill()
                return

    watching = threading.Thread(target=watch, name="watching the typesetter", daemon=True)
    with process:
        try:
            watching.start()
            answer, _ = process.communicate(content)
        finally:
            is_done.set()
            process.kill()
            watching.join()
    if answer.endswith(END):
        return answer
    if cancelled():
        raise CancelledError("Typesetting was cancelled.")
    if time.monotonic() > end:
        raise CNNVizError(
            f"Typesetting was stopped after {format_count(round(seconds))} seconds: the report is "
            "too large. Remove its largest figure or table, and try again."
        )
    raise MemoryError  # the system has ended it, as it does when it has no memory left


def write_folder(document: Document, folder: str | os.PathLike[str]) -> None:
    """Write the figures and tables of a report into a new folder, whole or not at all.

    It holds ``figure-NAME.png``, the numbers of figures and tables as ``figure-NAME.csv`` and
    ``table-NAME.csv``, and the results as ``results.json``, where there are any.

    * Raises CNNVizError: if there is a file or folder of this name, or if it cannot be written.
    """
    atomic_write_folder(folder, dict(_files(document)))


def _files(document: Document) -> Iterator[tuple[str, bytes]]:
    figures = document.figures
    sheets = [Sheet(_PICTURE, {"svg": each.svg}, "png", 200.0) for each in figures]
    pictures = typeset(sheets, _SECONDS) if sheets else []
    for figure, pages in zip(figures, pictures, strict=True):
        yield f"figure-{figure.name}.png", pages[0]
        if figure.csv:  # of a report that was opened, perhaps, and so of anybody
            yield f"figure-{figure.name}.csv", to_csv(rows_in(figure.csv))
    for table in document.tables:
        yield f"table-{table.name}.csv", to_csv((table.data.header, *table.data.rows))
    if document.results:
        yield "results.json", document.results.encode("ascii")
