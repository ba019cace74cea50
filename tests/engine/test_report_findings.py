"""What was measured, kept with a report: it comes back as it was, and nothing else is taken for it."""

import copy
import json
from dataclasses import replace

import pytest

from cnnviz.drawing import is_plain
from cnnviz.errors import CNNVizError
from cnnviz.presets import LAB5, LENET
from cnnviz.report import Report, build_document, findings_of, run_lab
from cnnviz.report.blocks import Figure, Heading, Words
from cnnviz.report.findings import _checksum, findings_from_dict, findings_to_dict
from cnnviz.report.html import to_html
from tests.engine.report_cases import QUICK, small_data, small_findings

LENET_OF_TWO = replace(LENET, classes=("0", "1"), filters=(2, 3), hidden=(5,), epochs=1)


def kept() -> dict:
    return json.loads(json.dumps(findings_to_dict(small_findings())))


def sealed(values: dict) -> dict:
    """Return values with the checksum that belongs to them: as somebody who knows the program would."""
    content = {name: each for name, each in values.items() if name != "checksum"}
    return content | {"checksum": _checksum(content)}


@pytest.mark.parametrize(
    "experiment",
    [
        None,
        LENET_OF_TWO,
        replace(LENET_OF_TWO, pool="max_blur"),
        replace(LENET_OF_TWO, pool="none", stride=2),
    ],
)
def test_findings_come_back_as_they_were(experiment):
    findings = small_findings()
    if experiment is not None:
        findings = findings_of(run_lab(experiment, small_data(), QUICK), "2026-01-31 10:00")
    again = findings_from_dict(json.loads(json.dumps(findings_to_dict(findings))))
    assert again == findings
    assert build_document(Report(), again) == build_document(Report(), findings)


def test_each_measured_part_says_when_and_with_what_it_was_measured():
    blocks = build_document(Report(), small_findings()).blocks
    after = [blocks[n + 1] for n, block in enumerate(blocks) if block == Heading("Measured", 2)]
    assert len(after) == 3
    for stamp in after:
        assert isinstance(stamp, Words)
        assert stamp.text.startswith("Measured 2026-01-31 10:00 with CNNViz ")
        for words in (small_data().sha256[:12], "seed 0", "400 training steps", "test image 3"):
            assert words in stamp.text


def harmed(change) -> dict:
    values = copy.deepcopy(kept())
    change(values, values["parts"]["working_principle"])
    return values


def figure(part: list[dict]) -> dict:
    return next(block for block in part if block.get("figure") == "filters")


def redrawn(part: list[dict], old: str, new: str) -> None:
    """Replace the first of something in a drawing."""
    drawn = figure(part)
    assert old in drawn["svg"]
    drawn["svg"] = drawn["svg"].replace(old, new, 1)


def table(part: list[dict]) -> dict:
    return next(block for block in part if "table" in block)


def test_numbers_that_were_edited_are_refused():
    values = harmed(lambda values, _: values.update(accuracy=1.0))
    with pytest.raises(CNNVizError, match="not as they were written"):
        findings_from_dict(values)
    assert findings_from_dict(sealed(values)).accuracy == 1.0, "the checksum tells of edits, no more"


@pytest.mark.parametrize(
    "change",
    [
        lambda values, _: values.update(accuracy=2.0),
        lambda values, _: values.update(steps="many"),
        lambda values, _: values.update(channels=10**9),
        lambda values, _: values.update(time="x" * 1000),
        lambda values, _: values["parts"].pop("backprop"),
        lambda _, part: part.append(7),
        lambda _, part: part.extend([{"heading": "x", "level": 1}] * 300),
        lambda _, part: part.append({"heading": "x", "level": 4}),
        lambda _, part: part.append({"words": "x", "kind": "student"}),
        lambda _, part: part.append({"formula": '#eval("1")'}),
        lambda _, part: table(part)["formats"].pop(),
        lambda _, part: table(part).update(formats=["<b>"] * 3),
        lambda _, part: table(part)["data"]["rows"].append([1]),
        lambda _, part: table(part)["data"]["rows"].append(["x", "x", 1.5]),
        lambda _, part: table(part).update(table="../x"),
        lambda _, part: redrawn(part, "<title>", "<script>1</script><title>"),
        lambda _, part: redrawn(part, "<rect ", '<rect onclick="x" '),
        lambda _, part: redrawn(part, "<svg", "<!DOCTYPE x><svg"),
        lambda _, part: redrawn(part, 'fill="', 'fill="url(//x.y/z)'),
        lambda _, part: figure(part).update(width=99),
    ],
)  # fmt: skip
def test_what_is_no_findings_is_refused(change):
    with pytest.raises(CNNVizError):
        findings_from_dict(sealed(harmed(change)))


def test_every_drawing_of_a_report_is_plain_and_what_leads_out_of_one_is_not():
    figures = build_document(Report(), small_findings()).figures
    assert len(figures) >= 9
    assert all(is_plain(each.svg) for each in figures)
    svg = next(each.svg for each in figures if each.name == "filters")
    for old, new in (
        ("<rect", "<image"),
        ('fill="', 'style="'),
        ("<svg ", '<svg xmlns:x="http://www.w3.org/1999/xlink" '),
        ("</svg>", '<a href="x">y</a></svg>'),
        ("</svg>", "</svg><!-- -->"),
        ('fill="', 'fill="u&#114;l(x)'),
    ):
        assert old in svg
        assert not is_plain(svg.replace(old, new, 1)), new


def test_words_in_findings_are_words_in_html():
    values = harmed(lambda _, part: part.insert(0, {"words": "<script>alert(1)</script>", "kind": "program"}))
    document = build_document(Report(), findings_from_dict(sealed(values)))
    assert "<script>alert" not in to_html(document)
    assert any(isinstance(block, Figure) for block in document.blocks)


@pytest.mark.parametrize(("pool", "size"), [("max", 2), ("average", 3), ("none", 2)])
def test_figures_of_moved_images_name_what_they_depend_on(pool: str, size: int) -> None:
    experiment = replace(LAB5, filters=(2,), pool=pool, pool_size=size)
    results = run_lab(experiment, small_data(), QUICK)
    figures = {
        each.name: each
        for each in findings_of(results, "2026-01-31 10:00").parts["translation"]
        if isinstance(each, Figure)
    }
    name = experiment.classes[results.sample.label]
    for key in ("shifted-digit", "shift-sweep", "change-against-shift"):
        caption = figures[key].caption
        assert "elative to a blank image" in caption
        assert f"{size} × {size}" in caption
        is_of_one = key != "change-against-shift"
        assert (f"test image {results.sample.index}, a {name}" in caption) is is_of_one
    for key in ("shift-sweep", "change-against-shift"):
        table = figures[key].data
        assert table is not None
        assert all(
            "relative_change" in column for column in table.header if column not in ("dx", "dy", "ink_lost")
        )
