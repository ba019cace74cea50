"""Finding the results in what students hand in: `results.json`, a PDF or an HTML report."""

import re
import zlib
from pathlib import Path

from cnnviz.errors import DataError
from cnnviz.files import printable_name
from cnnviz.lab.results import HandIn
from cnnviz.lab.results_reading import LARGEST, hand_in_from_json
from cnnviz.quantities import format_count
from cnnviz.reading import entries, read_bytes, status_of

ENDINGS = (".json", ".pdf", ".html", ".htm")
MOST_FILES = 5000
SCRIPT_ID = "cnnviz-results"
"""Id of the script element with the results in an HTML report."""

_LARGEST_FILE = 48 << 20
_MOST_ATTACHED = 20
_LONGEST_HEAD = 2000
_DEEPEST = 8
_MOST_MENTIONS, _LONGEST_TAG = 1000, 200
_STREAM = re.compile(rb"stream\r?\n")


def files_in(path: Path) -> list[Path]:
    """Return the files that may be hand-ins: the path itself, or those of its folder and the folders inside.

    A folder that holds nothing but hidden files, or links to elsewhere, has none.

    Raises
    ------
    DataError
        If there is no such path, or it holds more than `MOST_FILES`.
    """
    status_of(path, "give the path of a hand-in, or of a folder with hand-ins")
    found: list[Path] = []
    folders = [(path, 0)] if path.is_dir() else []
    if not folders:
        return [path]
    while folders:
        folder, depth = folders.pop()
        for entry in entries(folder, MOST_FILES):
            if entry.name.startswith(".") or entry.is_symlink():
                continue
            place = folder / entry.name
            if entry.is_dir() and depth < _DEEPEST:
                folders.append((place, depth + 1))
            elif entry.is_file() and place.suffix.lower() in ENDINGS:
                found.append(place)
        if len(found) > MOST_FILES:
            raise DataError(
                f"{printable_name(path)} holds more than {format_count(MOST_FILES)} reports, but one course "
                "was expected; choose its folder."
            )
    return sorted(found)


def read_hand_in(path: Path) -> HandIn:
    """Return the results in a file, whatever its name says of its kind.

    Raises
    ------
    DataError
        If it cannot be read, or holds no results: one sentence.
    """
    name = printable_name(path)
    content = read_bytes(path, _LARGEST_FILE, "ask for the file again")
    try:
        return hand_in_from_json(_text_in(content))
    except DataError as error:
        raise DataError(
            f"{name} cannot be graded because {str(error).rstrip('.')}; ask for the file again."
        ) from error


def _text_in(content: bytes) -> str:
    if content.startswith(b"%PDF-"):
        return _text_in_pdf(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError("it is neither a PDF nor a text") from error
    start = text[:1000].lstrip()
    if start.startswith("{"):
        return text
    if start.startswith("<"):
        return _text_in_html(text)
    raise DataError("it is " + ("empty" if not start else "neither JSON nor a report of CNNViz"))


def _text_in_html(text: str) -> str:
    """Return the content of the one script element with the id of the results."""
    starts: list[int] = []
    place = -1
    for _ in range(_MOST_MENTIONS):
        place = text.find(SCRIPT_ID, place + 1)
        if place < 0:
            break
        tag = text.rfind("<", max(place - _LONGEST_TAG, 0), place)
        end = text.find(">", place, place + _LONGEST_TAG)
        if tag >= 0 and end >= 0 and text[tag : tag + 7].lower() == "<script" and ">" not in text[tag:place]:
            starts.append(end + 1)
    if len(starts) != 1:
        raise DataError("the page carries no results" if not starts else "the page carries several results")
    end = text.find("</script", starts[0])
    if end < 0:
        raise DataError("the page is cut off inside its results")
    return text[starts[0] : end]


def _text_in_pdf(content: bytes) -> str:
    """Return the attached text: the stream of the one embedded file that is an object in JSON."""
    texts: list[str] = []
    position = 0
    for _ in range(_MOST_ATTACHED):
        position = content.find(b"/EmbeddedFile", position)
        if position < 0:
            break
        position += 1
        begin = _STREAM.search(content, position, position + _LONGEST_HEAD)
        # `/EmbeddedFiles` is the catalogue that lists them.
        if begin is None or content[position : position + 13] == b"EmbeddedFiles":
            continue
        unpacked = _unpacked(content, begin.end())
        if unpacked is not None and unpacked.lstrip().startswith(b"{"):
            texts.append(unpacked.decode("utf-8", "replace"))
    if len(texts) != 1:
        raise DataError("the PDF carries no results" if not texts else "the PDF carries several results")
    return texts[0]


def _unpacked(content: bytes, start: int) -> bytes | None:
    """Return a packed stream that begins at `start`; None where it is none, or larger than it may be."""
    unpacking = zlib.decompressobj()
    try:
        unpacked = unpacking.decompress(memoryview(content)[start : start + LARGEST], LARGEST + 1)
    except zlib.error:
        return None
    return unpacked if unpacking.eof and len(unpacked) <= LARGEST else None
