"""Findings as values that JSON can hold, and back: bounded, and never more than values.

Numbers come back bit by bit. Drawings are let through only as this program draws them, equations by name.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from cnnviz._validation import check_float, check_int
from cnnviz.drawing import is_plain
from cnnviz.errors import CNNVizError, DataError
from cnnviz.experiment import Experiment
from cnnviz.report import equations
from cnnviz.report.blocks import Block, Data, Figure, Formula, Heading, Table, Words
from cnnviz.report.content import MAX_WORDS
from cnnviz.report.equations import Equation
from cnnviz.report.findings import Findings, MeasuredWith
from cnnviz.report.guides import GUIDES
from cnnviz.report.inserts import data_from_dict, data_to_dict

LARGEST = 8 << 20
"""Letters of findings as JSON; those of LeNet with all its maps have some hundred thousand."""

_MOST_BLOCKS = 200
_MOST_ROWS, _MOST_COLUMNS = 500, 20  # of a table; the largest that is measured has some dozens
_MOST_NUMBERS = 20_000, 100  # rows and columns of the numbers behind a figure, which are on no page
_LONGEST_NAME = 200
_PLAIN = ("time", "version", "channels", "steps", "loss", "accuracy")
_OWNER = "what was measured"
_FORMATS = ("text", "count", "percent", "value", *map(str, range(10)))


def measured_with_to_dict(used: MeasuredWith) -> dict[str, Any]:
    """Return what was measured with as values that JSON can hold."""
    data = {"data_name": used.data_name[:_LONGEST_NAME], "data_sha256": used.data_sha256}
    return {"experiment": used.experiment.to_dict(), **data, "sample": used.sample}


def measured_with_from_dict(values: object) -> MeasuredWith:
    """Return what `measured_with_to_dict` described; raises `CNNVizError` if it is damaged."""
    entries = _mapping(values)
    name, checksum = (_text(entries, key, _LONGEST_NAME) for key in ("data_name", "data_sha256"))
    sample = check_int(entries.get("sample"), "sample", _OWNER, minimum=0)
    return MeasuredWith(Experiment.from_dict(_mapping(entries.get("experiment"))), name, checksum, sample)


def to_dict(findings: Findings) -> dict[str, Any]:
    """Return findings as values that JSON can hold, with a checksum that tells of edits."""
    named = _equations(findings.measured_with, findings.channels)
    values: dict[str, Any] = {
        "measured_with": measured_with_to_dict(findings.measured_with),
        **{name: getattr(findings, name) for name in _PLAIN},
        "parts": {key: _blocks_to_list(blocks, named) for key, blocks in findings.parts.items()},
        "appendix": _blocks_to_list(findings.appendix, named),
    }
    return values | {"checksum": _checksum(values)}


def from_dict(values: object) -> Findings:
    """Return the findings that `to_dict` described.

    * Raises CNNVizError: if they are damaged, or were edited.
    """
    entries = _mapping(values)
    if entries.get("checksum") != _checksum({name: entries[name] for name in entries if name != "checksum"}):
        raise DataError("The lab report is damaged: its measured numbers are not as they were written.")
    used = measured_with_from_dict(entries.get("measured_with"))
    channels = check_int(entries.get("channels"), "channels", _OWNER, minimum=1, maximum=10_000)
    named, parts = _equations(used, channels), _mapping(entries.get("parts"))
    return Findings(
        measured_with=used,
        time=_text(entries, "time", _LONGEST_NAME),
        version=_text(entries, "version", _LONGEST_NAME),
        channels=channels,
        steps=check_int(entries.get("steps"), "steps", _OWNER, minimum=0),
        loss=check_float(entries.get("loss"), "loss", _OWNER),
        accuracy=check_float(entries.get("accuracy"), "accuracy", _OWNER, minimum=0.0, maximum=1.0),
        parts={key: _blocks(parts.get(key), named) for key in GUIDES},
        appendix=_blocks(entries.get("appendix"), named),
    )


def _checksum(values: Mapping[str, Any]) -> str:
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _equations(used: MeasuredWith, channels: int) -> Mapping[str, Equation]:
    return equations.of_network(used.experiment.layers(), channels)


def _blocks_to_list(blocks: Iterable[Block], named: Mapping[str, Equation]) -> list[dict[str, Any]]:
    return [_block_to_dict(block, named) for block in blocks]


def _block_to_dict(block: Block, named: Mapping[str, Equation]) -> dict[str, Any]:
    match block:
        case Heading(text, level):
            return {"heading": text, "level": level}
        case Words(text, kind):
            return {"words": text, "kind": kind}
        case Formula(equation):
            return {"formula": next(name for name, each in named.items() if each == equation)}
        case Table():
            table = {"caption": block.caption, "formats": list(block.formats), "columns": block.columns}
            return {"table": block.name, **table, "data": data_to_dict(block.data)}
        case Figure():
            data = None if block.data is None else data_to_dict(block.data)
            figure = {"caption": block.caption, "svg": block.svg, "width": block.width}
            return {"figure": block.name, **figure, "data": data}


def _blocks(values: object, named: Mapping[str, Equation]) -> tuple[Block, ...]:
    if not isinstance(values, list) or len(cast("list[object]", values)) > _MOST_BLOCKS:
        raise _damaged()
    return tuple(_block(_mapping(each), named) for each in cast("list[object]", values))


def _block(entries: Mapping[str, object], named: Mapping[str, Equation]) -> Block:
    if "heading" in entries:
        level = check_int(entries.get("level"), "level", _OWNER, minimum=1, maximum=3)
        return Heading(_text(entries, "heading"), level)
    if "words" in entries:
        kind = _text(entries, "kind")
        if kind not in ("program", "code"):
            raise _damaged()
        return Words(_text(entries, "words"), kind)
    if "formula" in entries:
        name = _text(entries, "formula")
        if name not in named:
            raise _damaged()
        return Formula(named[name])
    return _table(entries) if "table" in entries else _figure(entries)


def _table(entries: Mapping[str, object]) -> Table:
    data = data_from_dict(entries.get("data"), _MOST_ROWS, _MOST_COLUMNS)
    formats = entries.get("formats")
    if not isinstance(formats, list) or len(cast("list[object]", formats)) != len(data.header):
        raise _damaged()
    given = tuple(str(each) for each in cast("list[object]", formats))
    columns = list(zip(*data.rows, strict=True)) or [()] * len(given)
    for how, cells in zip(given, columns, strict=True):
        if how not in _FORMATS or (how == "count" and not all(_is_whole(cell) for cell in cells)):
            raise _damaged()
    count = check_int(entries.get("columns"), "columns", _OWNER, minimum=1, maximum=10)
    return Table(_name(entries, "table"), _text(entries, "caption"), data, given, count)


def _is_whole(cell: object) -> bool:
    return isinstance(cell, str | int) or (isinstance(cell, float) and cell.is_integer())


def _figure(entries: Mapping[str, object]) -> Figure:
    svg, data = _text(entries, "svg", LARGEST), entries.get("data")
    if not is_plain(svg):
        raise DataError("The lab report is damaged: a measured figure in it is no drawing of this program.")
    numbers: Data | None = None if data is None else data_from_dict(data, *_MOST_NUMBERS)
    width = check_float(entries.get("width"), "width", _OWNER, minimum=0.1, maximum=1.0)
    return Figure(_name(entries, "figure"), _text(entries, "caption"), svg, width, numbers)


def _name(entries: Mapping[str, object], key: str) -> str:
    """Return a name that is part of names of files."""
    name = _text(entries, key, _LONGEST_NAME)
    if not name or not all(sign.isascii() and (sign.isalnum() or sign == "-") for sign in name):
        raise _damaged()
    return name


def _mapping(values: object) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise _damaged()
    return cast("dict[str, Any]", values)


def _text(entries: Mapping[str, object], name: str, longest: int = MAX_WORDS) -> str:
    value = entries.get(name)
    if not isinstance(value, str) or len(value) > longest:
        raise _damaged()
    return value


def _damaged() -> CNNVizError:
    return DataError("The lab report is damaged: what was measured is not to be read.")
