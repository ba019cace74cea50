"""Finding the results in what students hand in: `results.json`, a PDF or an HTML report."""

import re
import zlib
from pathlib import Path

from cnnviz.errors import DataError
from cnnviz.files import printable_name
from cnnviz.lab.results import HandIn
from cnnviz.lab.results_reading import LARGEST, hand_in_from_json
from cnnviz.reading import read_bytes

SCRIPT_ID = "cnnviz-results"
"""Id of the script element with the results in an HTML report."""

LARGEST_FILE = 48 << 20
"""Bytes of a file that is looked at."""

_WHAT_TO_HAND_IN = "ask for the PDF or HTML file as CNNViz exported it, or for its results.json"
_MOST_ATTACHED = 20
_LONGEST_HEAD = 2000
_DEEPEST = 8
_MOST_MENTIONS, _LONGEST_TAG = 1000, 200
_STREAM = re.compile(rb"stream\r?\n")


def read_hand_in(path: Path) -> HandIn:
    """Return the results in a file, whatever its name says of its kind.

    * Raises DataError: if it cannot be read, or holds no results: one sentence.
    """
    return hand_in_of(read_bytes(path, LARGEST_FILE, "ask for the file again"), path)


def hand_in_of(content: bytes, path: Path) -> HandIn:
    """Return the results in the content of a file.

    * Raises DataError: if it holds none: one sentence with the name of the file.
    """
    try:
        return hand_in_from_json(_text_in(content))
    except DataError as error:
        name, reason = printable_name(path), str(error).rstrip(".")
        remedy = "" if ";" in reason else "; ask for the file again"
        raise DataError(f"{name} cannot be graded because {reason}{remedy}.") from error


def _text_in(content: bytes) -> str:
    if content.startswith(b"%PDF-"):
        return _text_in_pdf(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"it is no report of CNNViz; {_WHAT_TO_HAND_IN}") from error
    start = text[:1000].lstrip()
    if start.startswith("{"):
        return text
    if start.startswith("<"):
        return _text_in_html(text)
    raise DataError("it is empty" if not start else f"it is no report of CNNViz; {_WHAT_TO_HAND_IN}")


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
    if not starts:
        raise DataError(f"the page carries no results: it was not exported by CNNViz; {_WHAT_TO_HAND_IN}")
    if len(starts) > 1:
        raise DataError(f"the page carries several results; {_WHAT_TO_HAND_IN}")
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
    if not texts:
        raise DataError(
            "the PDF carries no results: it was printed again, merged or made smaller, which leaves them "
            f"out, or is no report of CNNViz; {_WHAT_TO_HAND_IN}"
        )
    if len(texts) > 1:
        raise DataError(f"the PDF carries several results, as one does that was merged; {_WHAT_TO_HAND_IN}")
    return texts[0]


def _unpacked(content: bytes, start: int) -> bytes | None:
    """Return a packed stream that begins at `start`; None where it is none, or larger than it may be."""
    unpacking = zlib.decompressobj()
    try:
        unpacked = unpacking.decompress(memoryview(content)[start : start + LARGEST], LARGEST + 1)
    except zlib.error:
        return None
    return unpacked if unpacking.eof and len(unpacked) <= LARGEST else None
