"""What a student hands in, as a value: `results.json`, made, read back, and found in a PDF or HTML report.

Everything that a grader needs is in it, and everything that is needed to measure the numbers again. The
schema is ``resources/labs/results.schema.json``.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from cnnviz import __version__
from cnnviz.errors import DataError
from cnnviz.experiment import Experiment
from cnnviz.files import printable_name
from cnnviz.lab.model import MOST_STEPS
from cnnviz.lab.record import Commitment, Measured, Moment, Name, OwnImage, RunRecord, Version
from cnnviz.reading import Head, check_format, flaw_in_words, parse_json
from cnnviz.report.blocks import Kept, Prose

FORMAT = "cnnviz-results"
FORMAT_VERSION = 1

type _Of[T] = Annotated[dict[Name, T], Meta(max_length=5 * MOST_STEPS)]
type _Person = Annotated[str, Meta(max_length=1000)]


class OfLab(Kept, frozen=True):
    """Which lab."""

    id: Name
    version: Name
    sha256: Name


class OfData(Kept, frozen=True):
    """Which data."""

    name: Name
    sha256: Name


class HandIn(Kept, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """The results of one student. What is written about a step stands under `Step.key_of`."""

    format: Literal["cnnviz-results"] = FORMAT
    format_version: Literal[1] = FORMAT_VERSION
    version: Name = __version__  # of CNNViz
    name: _Person
    roll_number: _Person
    time: Moment  # when it was written
    lab: OfLab
    experiment: Experiment  # settings of the lab, with the student's seed
    seed_from_roll_number: bool  # whether the seed was to be made of the roll number
    data: OfData
    runs: Annotated[tuple[RunRecord, ...], Meta(max_length=MOST_STEPS)]
    measured: Annotated[tuple[Measured, ...], Meta(max_length=500)]
    predictions: _Of[Commitment] = {}
    given_up: _Of[Moment] = {}  # when the result of a step was shown without a prediction
    answers: _Of[Prose] = {}
    hypotheses: _Of[Annotated[tuple[Version, ...], Meta(max_length=200)]] = {}
    done: _Of[Moment] = {}  # when each step was ticked
    own: OwnImage | None = None  # the student's own image
    # of the programs that took part, and the kernels of the matrix products
    versions: Annotated[dict[Name, Name], Meta(max_length=50)] = {}
    checksum: Name = ""  # SHA-256 of all else, as `sealed` computes it; "" before that, or where it is wrong

    def to_dict(self) -> dict[str, Any]:
        """Return the results as values that JSON can hold."""
        return cast("dict[str, Any]", json.loads(msgspec.json.encode(self)))

    def sealed(self) -> Self:
        """Return the results with their checksum. It tells of edits, and is no proof against forgers."""
        return replace(self, checksum=checksum_of(self.to_dict()))

    def to_json(self) -> str:
        """Return the content of `results.json`, in pure ASCII."""
        return json.dumps(self.to_dict(), indent=1) + "\n"


class Whose(Kept, frozen=True, forbid_unknown_fields=False):
    """What a report that carries nothing to be graded says in place of results: what it is, and whose."""

    name: _Person
    roll_number: _Person
    without_results: Literal["a draft", "a report of free work"]
    format: Literal["cnnviz-results"] = FORMAT
    format_version: Literal[1] = FORMAT_VERSION

    def to_json(self) -> str:
        """Return it in the place of `HandIn.to_json`, in pure ASCII."""
        return json.dumps(msgspec.to_builtins(self), indent=1) + "\n"


def checksum_of(values: Mapping[str, Any]) -> str:
    """Return the checksum of the values of a `results.json`: as JSON, sorted and without blanks, in ASCII."""
    covered = {name: value for name, value in values.items() if name != "checksum"}
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


# --- reading the results of others: bounded, and never more than values -------------------------------------

LARGEST = 8 << 20
"""Letters of a `results.json`; one of LAB5 has some ten thousand."""


def hand_in_from_json(content: str) -> HandIn | Whose:
    """Return the results in a text, or whose it is; raises `DataError` with a clause, to follow "because"."""
    if len(content) > LARGEST:
        raise DataError("it is too large")
    try:
        values = parse_json(content, LARGEST, finite=True)
    except ValueError as error:
        raise DataError("what it holds is no JSON, so it is damaged or cut off") from error
    entries = cast("dict[str, object]", values) if isinstance(values, dict) else {}
    try:
        foreign = DataError("it holds no results of CNNViz")
        check_format(msgspec.convert(entries, Head), FORMAT, FORMAT_VERSION, foreign)
        json.dumps(entries, ensure_ascii=False).encode()  # half a letter could never be written again
        if "without_results" in entries:
            return msgspec.convert(entries, Whose)
        handed = msgspec.convert(entries, HandIn)
    except UnicodeError as error:
        raise DataError("it holds letters that are none") from error
    except msgspec.ValidationError as error:
        raise DataError(flaw_in_words(error, "content")) from error
    return handed if handed.checksum == checksum_of(entries) else replace(handed, checksum="")


# --- finding them in a report -------------------------------------------------------------------------------

SCRIPT_ID = "cnnviz-results"
"""Id of the script element with the results in an HTML report."""

LARGEST_FILE = 48 << 20
"""Bytes of a file that is looked at."""

_WHAT_TO_HAND_IN = "ask for the PDF or HTML file as CNNViz exported it, or for its results.json"
_WITHOUT_RESULTS = (
    "carries no results: it was printed again, merged or made smaller, or is no report of CNNViz; "
    f"{_WHAT_TO_HAND_IN}"
)
_MOST_ATTACHED = 20
_SCRIPT = re.compile(rf"<script[^<>]{{0,200}}{SCRIPT_ID}[^<>]{{0,200}}>", re.IGNORECASE)
_EMBEDDED = re.compile(rb"/EmbeddedFile(?!s).{0,2000}?stream\r?\n", re.DOTALL)  # with s: the list of them


def hand_in_of(content: bytes, path: Path) -> HandIn | Whose:
    """Return the results in a file, whatever its name, or whose it is, or raise `DataError`."""
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
    starts = [tag.end() for tag in _SCRIPT.finditer(text)]
    if not starts:
        raise DataError(f"the page {_WITHOUT_RESULTS}")
    if len(starts) > 1:
        raise DataError(f"the page carries several results; {_WHAT_TO_HAND_IN}")
    end = text.find("</script", starts[0])
    if end < 0:
        raise DataError("the page is cut off inside its results")
    return text[starts[0] : end]


def _text_in_pdf(content: bytes) -> str:
    """Return the attached text: the stream of the one embedded file that is an object in JSON."""
    texts: list[str] = []
    for begin in islice(_EMBEDDED.finditer(content), _MOST_ATTACHED):
        unpacked = unpacked_stream(memoryview(content)[begin.end() : begin.end() + LARGEST], LARGEST)
        if unpacked is None:  # short ones are not packed
            unpacked = content[begin.end() : content.find(b"endstream", begin.end())][:LARGEST]
        if unpacked.lstrip().startswith(b"{"):
            texts.append(unpacked.decode("utf-8", "replace"))
    if not texts and b"%%EOF" not in content[-1024:]:
        raise DataError("the PDF is cut off")
    if not texts:
        raise DataError(f"the PDF {_WITHOUT_RESULTS}")
    if len(texts) > 1:
        raise DataError(f"the PDF carries several results, as one does that was merged; {_WHAT_TO_HAND_IN}")
    return texts[0]


def unpacked_stream(packed: bytes | memoryview, most: int) -> bytes | None:
    """Return a stream of a PDF; None where it is not packed as those of CNNViz, or larger than it may be."""
    unpacking = zlib.decompressobj()
    try:
        unpacked = unpacking.decompress(packed, most + 1)
    except zlib.error:
        return None
    return unpacked if unpacking.eof and len(unpacked) <= most else None
