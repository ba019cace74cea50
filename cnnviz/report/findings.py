"""What the lab has found, as the parts of a report: kept with the words, so that a report stays whole."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from cnnviz._validation import check_float, check_int
from cnnviz.drawing import is_plain
from cnnviz.errors import CNNVizError, DataError
from cnnviz.experiment import Experiment
from cnnviz.mathematics import Equation
from cnnviz.quantities import format_count, format_together, format_value
from cnnviz.report import equations, figures, tables
from cnnviz.report.blocks import Block, Data, Figure, Formula, Heading, Table, Words
from cnnviz.report.content import BACKPROP, GUIDES, MAX_WORDS, TRANSLATION, WORKING_PRINCIPLE
from cnnviz.report.inserts import data_from_dict, data_to_dict
from cnnviz.report.lab import LabResults
from cnnviz.translation import OUTPUT


@dataclass(frozen=True, slots=True)
class MeasuredWith:
    """Settings, data and image of a lab; its results are a function of them."""

    experiment: Experiment
    data_name: str
    data_sha256: str
    sample: int  # position among the test images of the one that was looked at closely


@dataclass(frozen=True, slots=True)
class Findings:
    """The measured parts of a report: headings, sentences, formulas, tables and figures."""

    measured_with: MeasuredWith
    time: str  # when it was measured, such as ``"2026-01-31 14:05"``
    version: str  # of CNNViz
    channels: int  # of the images
    steps: int  # training steps
    # `loss`, `accuracy`: on the test images, after training
    loss: float
    accuracy: float
    parts: Mapping[str, tuple[Block, ...]]  # what belongs to each demonstration, by the keys of `GUIDES`
    appendix: tuple[Block, ...]  # how to measure it again

    @property
    def origin(self) -> str:
        """When and with what it was measured, as a sentence."""
        used = self.measured_with
        return (
            f"Measured {self.time} with CNNViz {self.version}: {used.data_name} (SHA-256 "
            f"{used.data_sha256[:12]}…), seed {used.experiment.seed}, {format_count(self.steps)} training "
            f"steps, test image {format_count(used.sample)}. All settings stand in the appendix."
        )


def findings_of(results: LabResults, time: str) -> Findings:
    """Return the parts of a report that results of the lab are made of; `time`: when they were measured."""
    after = results.training.after
    return Findings(
        measured_with=MeasuredWith(
            results.experiment, results.data_name, results.data_sha256, results.sample.index
        ),
        time=time,
        version=dict(results.versions)["CNNViz"],
        channels=len(results.sample.pixels),
        steps=results.training.steps,
        loss=after.loss,
        accuracy=after.accuracy,
        parts={key: tuple(part(results)) for key, part in _PARTS.items()},
        appendix=tuple(_appendix(results)),
    )


def _working_principle(results: LabResults) -> Iterator[Block]:
    training, log_every = results.training, results.experiment.log_every
    yield Heading("Network and training", 3)
    yield Words(
        f"The network was trained for {format_count(training.steps)} steps on "
        f"{format_count(results.train_count)} images of the classes "
        f"{', '.join(results.experiment.classes)} ({results.data_name})."
        + (f" {results.data_conversion}" if results.data_conversion else "")
    )
    yield tables.layers_table(results)
    convolution = equations.of_network(training.network.layers, training.network.input_shape[0])[
        "convolution"
    ]
    yield Formula(convolution)
    yield Words(convolution.remark)
    yield Formula(equations.LOSS)
    yield figures.curves_figure(training, log_every)
    yield tables.log_table(training, log_every)
    yield Heading("Result on the test images", 3)
    yield tables.test_table(training)
    yield tables.confusion_table(training, results.experiment.classes)
    yield Heading("Filters and maps", 3)
    yield figures.filters_figure(training)
    yield figures.maps_figure(results)


def _translation(results: LabResults) -> Iterator[Block]:
    translation = results.translation
    yield Heading("Two small images", 3)
    yield Words(f"Measured: {translation.dots_result}")
    yield figures.dots_figure(translation.dots)
    yield Heading("An image that moves", 3)
    if results.backprop.routing is None:
        yield Words(equations.POOLS_BESIDE)
    yield Formula(equations.RELATIVE_CHANGE)
    name = results.experiment.classes[results.sample.label]
    image, pool_size = f"test image {results.sample.index}, a {name}", translation.digit[0].pool_size
    yield figures.shift_figure(translation.digit, image)
    yield figures.sweep_figure(translation.sweep, image, pool_size)
    yield Heading("Many images that move", 3)
    curves = {
        stage: curve for stage, curve in translation.curves["relative_change"].items() if stage != OUTPUT
    }
    yield figures.distance_figure(curves, translation.ink_lost, translation.digits, pool_size)
    yield tables.measures_table(translation)
    yield tables.output_table(translation)


def _backprop(results: LabResults) -> Iterator[Block]:
    backprop = results.backprop
    name = results.experiment.classes[results.sample.label]
    routing = backprop.routing
    named = equations.of_network(results.training.network.layers, backprop.filter_gradient.shape[0])
    activation = named.get("activation gradient")
    before = "convolution" if activation is None else "activation"
    yield Heading(f"From the pool back to the {before}" if routing else "Back to the convolution", 3)
    yield Words(
        f"One test image (number {results.sample.index}, class {name}) was sent through the trained network; "
        f"its loss is {format_value(backprop.loss, 4)}."
    )
    if routing is None:
        yield Words(equations.WITHOUT_POOL)
        yield figures.map_gradients_figure(backprop)
    else:
        yield Formula(named["pool gradient"])
        yield Words(named["pool gradient"].words)
        yield figures.routing_figure(backprop, routing)
        yield figures.route_maps_figure(backprop, routing)
        yield tables.rules_table(routing)
    if routing is not None and backprop.ties is not None:
        yield tables.ties_table(backprop, routing)
    if activation is not None:
        yield Heading("Through the activation", 3)
        yield Formula(activation)
        yield Words(activation.words)
    yield Heading("From the convolution to the filter", 3)
    yield Formula(named["filter gradient"])
    yield tables.terms_table(backprop)
    rate = format_value(results.experiment.learning_rate)
    before, after = format_together((backprop.loss, backprop.loss_after), 6)
    yield Words(
        f"One step against the gradient of this image alone (rate {rate}) "
        f"changes its loss from {before} to {after}."
    )
    yield Heading("Is the gradient right?", 3)
    yield Formula(equations.DIFFERENCE)
    yield tables.check_table(results)


def _appendix(results: LabResults) -> Iterator[Block]:
    yield Heading("Appendix: how to measure this again", 1)
    yield Words("The same command, seed and versions give the same numbers:")
    yield Words(results.command, "code")
    yield tables.settings_table(results)
    yield tables.versions_table(results)


_PARTS = {WORKING_PRINCIPLE: _working_principle, TRANSLATION: _translation, BACKPROP: _backprop}


LARGEST_FINDINGS = 8 << 20
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


def findings_to_dict(findings: Findings) -> dict[str, Any]:
    """Return findings as values that JSON can hold, with a checksum that tells of edits."""
    named = _equations(findings.measured_with, findings.channels)
    values: dict[str, Any] = {
        "measured_with": measured_with_to_dict(findings.measured_with),
        **{name: getattr(findings, name) for name in _PLAIN},
        "parts": {key: _blocks_to_list(blocks, named) for key, blocks in findings.parts.items()},
        "appendix": _blocks_to_list(findings.appendix, named),
    }
    return values | {"checksum": _checksum(values)}


def findings_from_dict(values: object) -> Findings:
    """Return the findings that `findings_to_dict` described.

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
        parts={key: _read_blocks(parts.get(key), named) for key in GUIDES},
        appendix=_read_blocks(entries.get("appendix"), named),
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


def _read_blocks(values: object, named: Mapping[str, Equation]) -> tuple[Block, ...]:
    if not isinstance(values, list) or len(cast("list[object]", values)) > _MOST_BLOCKS:
        raise _damaged()
    return tuple(_read_block(_mapping(each), named) for each in cast("list[object]", values))


def _read_block(entries: Mapping[str, object], named: Mapping[str, Equation]) -> Block:
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
    return _read_table(entries) if "table" in entries else _read_figure(entries)


def _read_table(entries: Mapping[str, object]) -> Table:
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


def _read_figure(entries: Mapping[str, object]) -> Figure:
    svg, data = _text(entries, "svg", LARGEST_FINDINGS), entries.get("data")
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
