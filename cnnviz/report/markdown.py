"""The report as a folder: Markdown text, PNG figures, CSV tables."""

import contextlib
import csv
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

from cnnviz.errors import CNNVizError
from cnnviz.files import atomic_write_all, printable
from cnnviz.report.blocks import Block, Cell, Data, Document, Figure, Formula, Heading, Table, Words
from cnnviz.report.equations import EQUATIONS
from cnnviz.report.pdf import to_png

TEXT = "report.md"

# Everything that Markdown (CommonMark, GitHub's additions, maths in dollars) or HTML inside it could read as
# markup: signs that are special anywhere, and those that begin a list, a heading, a link or an emoji.
_SPECIAL = re.compile(
    r"[\\`*_\[\]<>#~|$&@^]|^[-+=]|(?<=\d)[.)](?=\s|$)|:(?=\S)|(?<=www)\.|-(?=-)", re.IGNORECASE
)


def write_folder(document: Document, folder: str | os.PathLike[str]) -> Path:
    """Write ``report.md``, its figures and its tables into a folder, which is made if need be.

    Figures are ``figure-NAME.png``, the numbers of tables and figures ``table-NAME.csv`` and
    ``figure-NAME.csv``. Other files in the folder stay as they are. All are written or none.

    Returns
    -------
    Path
        The Markdown file.

    Raises
    ------
    CNNVizError
        If something cannot be written.
    """
    target = Path(folder).expanduser()
    is_new = not os.path.lexists(target)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise CNNVizError(
            f"The folder {printable(target)} cannot be made: a file has this name. Choose another one."
        ) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "its name is not valid"
        raise CNNVizError(
            f"The folder {printable(target)} cannot be made ({reason}). Choose another folder."
        ) from error
    try:
        atomic_write_all({target / name: content for name, content in _files(document)})
    except BaseException:
        if is_new:
            with contextlib.suppress(OSError):
                target.rmdir()
        raise
    return target / TEXT


def _files(document: Document) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every file, the text last."""
    for figure in document.figures:
        yield f"figure-{figure.name}.png", to_png(figure)
        numbers = to_csv(figure.data) if figure.data is not None else figure.csv.encode("utf-8", "replace")
        if numbers:
            yield f"figure-{figure.name}.csv", numbers
    for table in document.tables:
        yield f"table-{table.name}.csv", to_csv(table.data)
    yield TEXT, to_markdown(document).encode("utf-8", "replace")


def to_markdown(document: Document) -> str:
    """Return the text of the report; every sign that could be markup is escaped in what a student typed."""
    head = (("Name", document.author), ("Roll number", document.roll_number), ("Date", document.date))
    lines = [f"# {escaped(document.title)}"]
    lines.append("  \n".join(f"{name}: {escaped(value) or '–'}" for name, value in head))
    lines += _blocks(document.blocks)
    return "\n\n".join(lines) + "\n"


def to_csv(data: Data) -> bytes:
    """Return numbers as a CSV file: UTF-8, full precision, a point before the decimals."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(data.header)
    writer.writerows([[_exact(cell) for cell in row] for row in data.rows])
    return out.getvalue().encode("utf-8", "replace")


def escaped(text: str) -> str:
    """Return words so that Markdown shows them as typed; line breaks become breaks."""
    lines = [_SPECIAL.sub(r"\\\g<0>", line.strip()) for line in text.splitlines()]
    # A blank line would end the paragraph: an unbreakable blank keeps it one.
    return "\\\n".join(line or "&nbsp;" for line in lines)


def _exact(cell: Cell) -> str:
    return repr(cell) if isinstance(cell, float) else str(cell)


def _blocks(blocks: tuple[Block, ...]) -> Iterator[str]:
    tables = figures = 0
    for block in blocks:
        match block:
            case Heading(text, level):
                yield f"{'#' * (level + 1)} {escaped(text)}"
            case Words(text, "code"):
                yield f"    {text}"
            case Words(text, "missing"):
                yield f"> *To be written:* {escaped(text)}"
            case Words(text, "stamp"):
                yield f"*{escaped(text)}*"
            case Words(text, _):
                yield escaped(text)
            case Table():
                tables += 1
                yield f"**Table {tables}.** {escaped(block.caption)} ([numbers](table-{block.name}.csv))"
                yield _table(block)
            case Figure():
                figures += 1
                has_numbers = block.data is not None or bool(block.csv)
                numbers = f" ([numbers](figure-{block.name}.csv))" if has_numbers else ""
                yield f"![Figure {figures}](figure-{block.name}.png)"
                yield f"**Figure {figures}.** {escaped(block.caption)}{numbers}"
            case Formula(name):
                yield f"$$\n{EQUATIONS[name].latex}\n$$"


def _table(table: Table) -> str:
    lines = [
        [_cell(name) for name in table.data.header],
        ["---" if each == "text" else "---:" for each in table.formats],
        *([_cell(text) for text in row] for row in table.shown),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    """Return the words of a cell, which has to be in one line."""
    return escaped(" ".join(text.split()))
