"""Reading `results.json` of others: bounded, and never more than values."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from cnnviz import __version__
from cnnviz.errors import CNNVizError, DataError
from cnnviz.experiment import Experiment
from cnnviz.lab.json_values import as_count, as_text, count, flag, items, mapping, text
from cnnviz.lab.measured_json import measured_from_dict
from cnnviz.lab.model import MOST_STEPS
from cnnviz.lab.record import commitment_from_dict, own_from, versions_from
from cnnviz.lab.results import FORMAT, FORMAT_VERSION, HandIn, RunRecord, StepMeasured, checksum_of
from cnnviz.reading import check_format, parse_json
from cnnviz.report.content import MAX_WORDS

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
    return tuple(_measured(each) for each in items(entries.get("measured"), "measured", _MOST_MEASURED))


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


def _measured(values: object) -> StepMeasured:
    entries = mapping(values, "measured")
    return StepMeasured(text(entries, "step"), measured_from_dict(entries))
