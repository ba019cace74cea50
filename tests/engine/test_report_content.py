"""The words of a report: recorded hypotheses, JSON there and back, and what the document makes of them."""

import json
import re
from dataclasses import replace

import pytest

from cnnviz.errors import CNNVizError
from cnnviz.presets import LAB5
from cnnviz.report import Report, Version, build_document
from cnnviz.report.blocks import Words
from cnnviz.report.content import GUIDES, Shown
from tests.engine.report_cases import hostile_report


def test_a_later_hypothesis_never_replaces_the_recorded_one():
    first = Version("99 % will be right", "2026-01-31 10:00", 0)
    later = Version("97 % will be right", "2026-01-31 10:30", 12_665, after_run=True)
    demonstration = Report().demonstrations[0].record(first).record(later)
    assert demonstration.hypothesis == (first, later)
    document = build_document(Report().with_demonstration(demonstration), None)
    texts = [block.text for block in document.blocks if isinstance(block, Words)]
    assert "Recorded 2026-01-31 10:00, before any result had been shown" in texts
    assert "Edited 2026-01-31 10:30, after results of this lab had been shown" in texts
    assert texts.index(first.text) < texts.index(later.text)


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (Version("high", "", 12_665), "results of 12,665 steps of training had been shown"),
        (
            Version("high", "", 0, shown=Shown("2026-01-31 09:58")),
            "results of training had been shown at 09:58",
        ),
        (
            Version("high", "", 0, shown=Shown("2026-01-31 09:58", "2026-01-30 14:03")),
            "results of this lab had been shown at 2026-01-30 14:03",
        ),
    ],
)
def test_a_grader_reads_what_was_known_when_a_hypothesis_was_written(version, said):
    demonstration = Report().demonstrations[0].record(replace(version, time="2026-01-31 10:00"))
    document = build_document(Report().with_demonstration(demonstration), None)
    stamp = next(
        block.text for block in document.blocks if isinstance(block, Words) and block.kind == "stamp"
    )
    assert stamp == f"Recorded 2026-01-31 10:00, after {said}"
    kept = Report().with_demonstration(demonstration)
    assert Report.from_dict(json.loads(json.dumps(kept.to_dict()))) == kept


def test_saying_the_same_again_is_no_edit():
    first = Version("so be it", "2026-01-31 10:00", 0)
    demonstration = Report().demonstrations[0].record(first)
    assert demonstration.record(Version(" so be it\n", "2026-01-31 11:00", 9)) == demonstration


def test_deleting_a_hypothesis_is_an_edit_too():
    demonstration = Report().demonstrations[0].record(Version("a", "t", 0)).record(Version("", "u", 1))
    assert [version.text for version in demonstration.hypothesis] == ["a", ""]


def test_nothing_written_shows_the_guiding_questions():
    missing = [
        block.text for block in build_document(Report(), None).blocks
        if isinstance(block, Words) and block.kind == "missing"
    ]  # fmt: skip
    assert len(missing) == 5 * len(GUIDES)
    assert not Report().has_words
    assert hostile_report().has_words


@pytest.mark.parametrize(
    ("pool", "absent"),
    [("none", ("pooled", "window", "ties", "tied", "maximum")), ("average", ("ties", "tied", "maximum"))],
)
def test_the_guiding_questions_ask_of_nothing_that_the_network_has_not(pool, absent):
    document = build_document(Report(), None, experiment=replace(LAB5, pool=pool))
    asked = [each.text for each in document.blocks if isinstance(each, Words) and each.kind == "missing"]
    assert len(asked) == 5 * len(GUIDES)
    words = set(re.findall(r"\w+", " ".join(asked[-5:] if pool == "average" else asked)))
    assert not words & set(absent)


def test_json_there_and_back():
    report = hostile_report()
    assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report


@pytest.mark.parametrize(
    "damage",
    [
        lambda values: values.update(format="something"),
        lambda values: values.update(version=99),
        lambda values: values.pop("title"),
        lambda values: values.update(author=7),
        lambda values: values.update(demonstrations="none"),
        lambda values: values["demonstrations"].append(3),
        lambda values: values["demonstrations"][0].update(hypothesis=[{"text": "x"}]),
        lambda values: values["demonstrations"][0]["hypothesis"][0].update(step=-1),
        lambda values: values["demonstrations"][0].update(objective="x" * 300_000),
    ],
)
def test_a_damaged_report_is_one_sentence(damage):
    values = hostile_report().to_dict()
    damage(values)
    with pytest.raises(CNNVizError) as caught:
        Report.from_dict(values)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("values", [None, [], "report", 3])
def test_what_is_no_report_is_refused(values):
    with pytest.raises(CNNVizError):
        Report.from_dict(values)
