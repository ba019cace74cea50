"""The report as a folder: Markdown text, PNG figures, CSV tables."""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from cnnviz.errors import CNNVizError
from cnnviz.files import atomic_write, atomic_write_folder, printable
from cnnviz.mathematics import latex
from cnnviz.report.blocks import Block, Data, Document, Figure, Formula, Heading, Table, Words
from cnnviz.report.pdf import to_pngs
from cnnviz.spreadsheet import rows_in, to_csv

TEXT = "report.md"
RESULTS = "results.json"
_INSIDE = re.compile(r"report-[0-9a-f]{12}")
_OWN_FILE = re.compile(r"figure-.*\.(png|csv)|table-.*\.csv|results\.json")

# Everything that Markdown (CommonMark, GitHub's additions, maths in dollars) or HTML inside it could read as
# markup: signs that are special anywhere, and those that begin a list, a heading, a link or an emoji.
_SPECIAL = re.compile(
    r"[\\`*_\[\]<>#~|$&@^]|^[-+=]|(?<=\d)[.)](?=\s|$)|:(?=\S)|(?<=www)\.|-(?=-)", re.IGNORECASE
)


def write_folder(document: Document, folder: str | os.PathLike[str]) -> Path:
    """Write ``report.md`` into a folder, which is made if need be, with its figures and tables beside it.

    These have a folder of their own, ``report-CHECKSUM``: ``figure-NAME.png``, and the numbers of tables and
    figures as ``table-NAME.csv`` and ``figure-NAME.csv``; with them the results as ``results.json``, where
    there are any. A report that is there is replaced in one step, when its text comes to refer to another
    such folder; whoever reads finds the old report or the new one, even after a crash. Other files in the
    folder stay as they are.

    Returns
    -------
    Path
        The Markdown file.

    Raises
    ------
    CNNVizError
        If something cannot be written.
    """
    target, is_there = _place(folder)
    files = dict(_files(document))
    inside = f"report-{_checksum(files)}"
    text = to_markdown(document, f"{inside}/").encode("utf-8", "replace")
    if is_there:
        _replace_report(target, inside, files, text)
    else:
        atomic_write_folder(target, {f"{inside}/{name}": each for name, each in files.items()} | {TEXT: text})
    return target / TEXT


def _place(folder: str | os.PathLike[str]) -> tuple[Path, bool]:
    """Return where the folder is to be and whether it is there; if not, the one above it is made."""
    try:
        target = Path(folder).expanduser()
        if target.is_dir():
            return target, True
        target.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(target):
            raise FileExistsError
    except FileExistsError as error:
        raise CNNVizError(
            f"The folder {printable(folder)} cannot be made: a file has this name. Choose another one."
        ) from error
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: an unknown ~user
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "its name is not valid"
        raise CNNVizError(
            f"The folder {printable(folder)} cannot be made ({reason}). Choose another folder."
        ) from error
    return target, False


def _replace_report(target: Path, inside: str, files: Mapping[str, bytes], text: bytes) -> None:
    try:
        if (target / inside).is_dir():  # the same report was written before
            for name, content in files.items():
                atomic_write(target / inside / name, content)
        else:
            atomic_write_folder(target / inside, files)
        atomic_write(target / TEXT, text)
    finally:
        _remove_superseded(target)


def _remove_superseded(target: Path) -> None:
    """Remove figures and tables of reports that are no longer there, or never came to be."""
    text = b""
    with contextlib.suppress(OSError):
        with contextlib.suppress(FileNotFoundError):
            text = (target / TEXT).read_bytes().replace(b"\0", b"")  # somebody may have saved it as UTF-16
        for inside in target.iterdir():
            if (
                _INSIDE.fullmatch(inside.name)
                and inside.name.encode() not in text
                and not inside.is_symlink()
            ):
                for file in inside.iterdir():
                    if _OWN_FILE.fullmatch(file.name):
                        file.unlink()
                with contextlib.suppress(OSError):  # somebody keeps files of his own in it
                    inside.rmdir()


def _files(document: Document) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every file but the text."""
    figures = document.figures
    for figure, picture in zip(figures, to_pngs(figures), strict=True):
        yield f"figure-{figure.name}.png", picture
        if figure.data is not None:
            yield f"figure-{figure.name}.csv", _csv(figure.data)
        elif figure.csv:  # of a report that was opened, perhaps, and so of anybody
            yield f"figure-{figure.name}.csv", to_csv(rows_in(figure.csv))
    for table in document.tables:
        yield f"table-{table.name}.csv", _csv(table.data)
    if document.results:
        yield RESULTS, document.results.encode("ascii")


def _csv(data: Data) -> bytes:
    return to_csv((data.header, *data.rows))


def _checksum(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:12]


def to_markdown(document: Document, inside: str = "") -> str:
    """Return the text of the report; every sign that could be markup is escaped in what a student typed.

    Parameters
    ----------
    document : Document
    inside : str
        What the names of figures and tables begin with, such as ``"folder/"``.
    """
    head = (("Name", document.author), ("Roll number", document.roll_number), ("Date", document.date))
    lines = [f"# {escaped(document.title)}"]
    lines.append("  \n".join(f"{name}: {escaped(value) or '–'}" for name, value in head))
    lines += _blocks(document.blocks, inside)
    return "\n\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return words so that Markdown shows them as typed; line breaks become breaks."""
    lines = [_SPECIAL.sub(r"\\\g<0>", line.strip()) for line in text.splitlines()]
    # A blank line would end the paragraph: an unbreakable blank keeps it one.
    return "\\\n".join(line or "&nbsp;" for line in lines)


def _blocks(blocks: tuple[Block, ...], inside: str) -> Iterator[str]:
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
                numbers = f"([numbers]({inside}table-{block.name}.csv))"
                yield f"**Table {tables}.** {_caption(block)} {numbers}"
                yield _table(block)
            case Figure():
                figures += 1
                has_numbers = block.data is not None or bool(block.csv)
                numbers = f" ([numbers]({inside}figure-{block.name}.csv))" if has_numbers else ""
                yield f"![Figure {figures}]({inside}figure-{block.name}.png)"
                yield f"**Figure {figures}.** {_caption(block)}{numbers}"
            case Formula(equation):
                yield f"$$\n{latex(equation.formula)}\n$$"


def _caption(block: Table | Figure) -> str:
    """Return the student's caption, if there is one, and below it that of the program."""
    return escaped("\n".join(filter(None, (" ".join(block.own_caption.split()), block.caption))))


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
