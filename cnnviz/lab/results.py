"""What a student hands in, as a value: `results.json`, made, read back, and found in a PDF or HTML report.

Everything that a grader needs is in it, and everything that is needed to measure the numbers again. The
schema is ``resources/labs/results.schema.json``.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, cast

from cnnviz import __version__
from cnnviz.errors import CNNVizError, DataError
from cnnviz.experiment import Experiment
from cnnviz.files import printable_name
from cnnviz.lab.json_values import (
    as_count,
    as_text,
    count,
    flag,
    items,
    mapping,
    measured_from_dict,
    measured_to_dict,
    text,
)
from cnnviz.lab.measures import Measured
from cnnviz.lab.model import MOST_STEPS
from cnnviz.lab.own_pixels import OwnPixels
from cnnviz.lab.record import Commitment, commitment_from_dict, commitment_to_dict, own_from, versions_from
from cnnviz.reading import check_format, parse_json, read_bytes
from cnnviz.report.content import MAX_WORDS, Version, version_to_dict

FORMAT = "cnnviz-results"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One of the networks that were measured."""

    settings: Mapping[str, Any]  # settings that differ from those of the lab; empty for its own
    steps: int  # training steps
    weights_sha256: str


@dataclass(frozen=True, slots=True)
class StepMeasured:
    """A number that was measured for a step."""

    step: str
    measured: Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class HandIn:
    """The results of one student."""

    name: str
    roll_number: str
    time: str  # when it was written
    lab_id: str
    lab_version: str
    lab_sha256: str
    experiment: Experiment  # settings of the lab, with the student's seed
    seed_from_roll_number: bool  # whether the seed was to be made of the roll number
    data_name: str
    data_sha256: str
    runs: tuple[RunRecord, ...]
    measured: tuple[StepMeasured, ...]
    predictions: Mapping[str, Commitment] = field(default_factory=dict[str, Commitment])
    # when the result of a step was shown without a prediction
    given_up: Mapping[str, str] = field(default_factory=dict[str, str])
    answers: Mapping[str, str] = field(default_factory=dict[str, str])
    hypotheses: Mapping[str, tuple[Version, ...]] = field(default_factory=dict[str, tuple[Version, ...]])
    done: Mapping[str, str] = field(default_factory=dict[str, str])  # when each step was ticked
    own: OwnPixels | None = None  # the student's own image
    # of the programs that took part, and the kernels of the matrix products
    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    version: str = __version__  # of CNNViz
    checksum: str = ""  # SHA-256 of all else, as `sealed` computes it; "" before it is sealed

    def to_dict(self) -> dict[str, Any]:
        """Return the results as values that JSON can hold."""
        return {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "version": self.version,
            "name": self.name,
            "roll_number": self.roll_number,
            "time": self.time,
            "lab": {"id": self.lab_id, "version": self.lab_version, "sha256": self.lab_sha256},
            "experiment": self.experiment.to_dict(),
            "seed_from_roll_number": self.seed_from_roll_number,
            "data": {"name": self.data_name, "sha256": self.data_sha256},
            "runs": [run_to_dict(run) for run in self.runs],
            "measured": [step_measured_to_dict(each) for each in self.measured],
            "predictions": {step: commitment_to_dict(each) for step, each in self.predictions.items()},
            "given_up": dict(self.given_up),
            "answers": dict(self.answers),
            "hypotheses": {
                step: [version_to_dict(version) for version in versions]
                for step, versions in self.hypotheses.items()
            },
            "done": dict(self.done),
            "own": None if self.own is None else self.own.to_dict(),
            "versions": dict(self.versions),
            "checksum": self.checksum,
        }

    @property
    def right_checksum(self) -> str:
        """The checksum that belongs to the content: of its JSON, sorted and without blanks, in ASCII."""
        return checksum_of(self.to_dict())

    def sealed(self) -> Self:
        """Return the results with their checksum. It tells of edits, and is no proof against forgers."""
        return replace(self, checksum=self.right_checksum)

    def to_json(self) -> str:
        """Return the content of `results.json`, in pure ASCII."""
        return json.dumps(self.to_dict(), indent=1) + "\n"


def checksum_of(values: Mapping[str, Any]) -> str:
    """Return the checksum that belongs to the values of a `results.json`."""
    covered = {name: value for name, value in values.items() if name != "checksum"}
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def run_to_dict(run: RunRecord) -> dict[str, Any]:
    """Return a network that was measured as JSON holds it."""
    return {"settings": dict(run.settings), "steps": run.steps, "weights_sha256": run.weights_sha256}


def step_measured_to_dict(each: StepMeasured) -> dict[str, Any]:
    """Return a number that was measured for a step as JSON holds it."""
    return {"step": each.step, **measured_to_dict(each.measured)}


# --- reading the results of others: bounded, and never more than values -------------------------------------

LARGEST = 8 << 20
"""Letters of a `results.json`; one of LAB5 has some ten thousand."""

_MOST_MEASURED = 500


def hand_in_from_json(content: str) -> HandIn:
    """Return the results in a text.

    * Raises DataError: if it holds none, is damaged, or was written by a newer version; the message
      is a clause, to follow "because".
    """
    if len(content) > LARGEST:
        raise DataError("it is too large")
    try:
        values = parse_json(content, LARGEST, finite=True)
    except ValueError as error:
        raise DataError("what it holds is no JSON, so it is damaged or cut off") from error
    entries = cast("dict[str, object]", values) if isinstance(values, dict) else {}
    check_format(entries, FORMAT, FORMAT_VERSION, "it holds no results of CNNViz")
    try:
        handed = _hand_in(mapping(cast("object", values), "results"))
    except CNNVizError as error:
        raise DataError(str(error).rstrip(".")) from error
    is_whole = handed.checksum == checksum_of(entries)
    if is_whole and (handed.version != __version__ or _is_within(entries, handed.to_dict())):
        # What an earlier version wrote lacks the settings that have come since, and is whole nevertheless.
        return handed.sealed()
    # Titles, units and parts that are not known here are not read, and may be what was edited.
    is_hidden = is_whole or handed.checksum == handed.right_checksum
    return replace(handed, checksum="") if is_hidden else handed


def _is_within(given: object, known: object) -> bool:
    """Whether all that is given is known; what is missing is that of an earlier program."""
    if isinstance(given, dict) and isinstance(known, dict):
        entries, others = cast("dict[str, object]", given), cast("dict[str, object]", known)
        return all(name in others and _is_within(each, others[name]) for name, each in entries.items())
    if isinstance(given, list) and isinstance(known, list | tuple):
        items_given, items_known = cast("list[object]", given), cast("list[object]", known)
        return len(items_given) == len(items_known) and all(map(_is_within, items_given, items_known))
    return given == known


def _hand_in(entries: dict[str, object]) -> HandIn:
    lab, data = mapping(entries.get("lab"), "lab"), mapping(entries.get("data"), "data")
    predictions, answers, hypotheses, done = (
        mapping(entries.get(name), name, MOST_STEPS)
        for name in ("predictions", "answers", "hypotheses", "done")
    )
    given_up = mapping(entries.get("given_up", {}), "given_up", MOST_STEPS)
    return HandIn(
        name=text(entries, "name", 1000),
        roll_number=text(entries, "roll_number", 1000),
        time=text(entries, "time"),
        lab_id=text(lab, "id"),
        lab_version=text(lab, "version"),
        lab_sha256=text(lab, "sha256"),
        experiment=Experiment.from_dict(mapping(entries.get("experiment"), "experiment")),
        seed_from_roll_number=flag(entries, "seed_from_roll_number"),
        data_name=text(data, "name"),
        data_sha256=text(data, "sha256"),
        runs=runs_from(entries),
        measured=measured_from(entries),
        predictions={step: commitment_from_dict(each) for step, each in predictions.items()},
        given_up={step: as_text(each, "given_up") for step, each in given_up.items()},
        answers={step: as_text(each, "answers", MAX_WORDS) for step, each in answers.items()},
        hypotheses={step: versions_from(each) for step, each in hypotheses.items()},
        done={step: as_text(each, "done") for step, each in done.items()},
        own=own_from(entries.get("own")),
        versions=versions_of(entries),
        version=text(entries, "version"),
        checksum=text(entries, "checksum"),
    )


def runs_from(entries: Mapping[str, object]) -> tuple[RunRecord, ...]:
    """Return the networks that were measured; raises `CNNVizError` if they are damaged."""
    return tuple(_run(each) for each in items(entries.get("runs"), "runs", MOST_STEPS))


def measured_from(entries: Mapping[str, object]) -> tuple[StepMeasured, ...]:
    """Return the numbers that were measured; raises `CNNVizError` if they are damaged."""
    return tuple(
        StepMeasured(text(each, "step"), measured_from_dict(each))
        for values in items(entries.get("measured"), "measured", _MOST_MEASURED)
        for each in (mapping(values, "measured"),)
    )


def versions_of(entries: Mapping[str, object]) -> dict[str, str]:
    """Return the versions of the programs that took part; raises `CNNVizError` if they are damaged."""
    named = mapping(entries.get("versions"), "versions")
    return {name: as_text(each, "versions") for name, each in named.items()}


def _run(values: object) -> RunRecord:
    entries = mapping(values, "runs")
    settings = mapping(entries.get("settings"), "settings")
    if not all(isinstance(each, str | int | float | bool) for each in settings.values()):
        # Lists of sizes are the only others.
        settings = {name: _plain(each) for name, each in settings.items()}
    return RunRecord(settings, count(entries, "steps"), text(entries, "weights_sha256"))


def _plain(value: object) -> Any:
    if isinstance(value, str | int | float | bool):
        return value
    return tuple(as_count(each, "settings") for each in items(value, "settings", 10))


# --- finding them in a report -------------------------------------------------------------------------------

SCRIPT_ID = "cnnviz-results"
"""Id of the script element with the results in an HTML report."""

LARGEST_FILE = 48 << 20
"""Bytes of a file that is looked at."""

_WHAT_TO_HAND_IN = "ask for the PDF or HTML file as CNNViz exported it, or for its results.json"
_MOST_ATTACHED = 20
_LONGEST_HEAD = 2000
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
