"""What is handed in: results.json, and the same in the PDF, the page and the folder of a report."""

import json
import zlib

import numpy as np
import pytest

from cnnviz.errors import DataError
from cnnviz.lab.document import lab_document
from cnnviz.lab.measured import hand_in, measured_lab, seed_for
from cnnviz.lab.measures import measure
from cnnviz.lab.record import Found, LabRecord, OwnImage
from cnnviz.lab.results import HandIn, Whose, checksum_of, hand_in_from_json, hand_in_of
from cnnviz.lab.submissions import submissions
from cnnviz.layers import POOLS
from cnnviz.report.bench import trained
from cnnviz.report.blocks import Document
from cnnviz.report.html import write_html
from cnnviz.report.pdf import write_folder, write_pdf
from tests.engine.lab_cases import LAB, honest, printed, read_hand_in, small_data
from tests.engine.report_cases import needs_poppler, poppler
from tests.processes import ROOT
from tests.replacing import replace

HOSTILE = "</script><script>alert(1)</script> & \u2028 😀 'quote' \"quotes\" #eval"


@pytest.fixture(scope="module")
def handed() -> HandIn:
    found = honest(1)
    own = OwnImage.of(np.zeros((1, 28, 28), np.uint8), None, "drawn")
    return replace(found, name=HOSTILE, answers={"guess": HOSTILE}, own=own).sealed()


def test_results_of_before_a_setting_came_are_whole(handed):
    values = json.loads(handed.to_json())
    del values["experiment"]["stride"]
    values["checksum"] = checksum_of(values)
    again = hand_in_from_json(json.dumps(values))
    assert again.experiment == handed.experiment
    assert again.checksum == again.right_checksum
    values["answers"]["guess"] = "edited"
    edited = hand_in_from_json(json.dumps(values))
    assert edited.checksum != edited.right_checksum


def test_everything_that_is_promised_is_in_the_file(handed):
    values = json.loads(handed.to_json())
    assert values["experiment"]["seed"] == handed.experiment.seed
    assert values["lab"] == {"id": "small", "version": "1", "sha256": LAB.sha256}
    assert len(values["data"]["sha256"]) == len(values["runs"][0]["weights_sha256"]) == 64
    assert [run["settings"] for run in values["runs"]] == [{"pool": "average"}, {}]
    loss = next(each for each in values["measured"] if each["measure"] == "test_loss")
    assert (loss["unit"], loss["step"]) == ("nats", "guess")
    assert loss["value"] > 0
    assert values["predictions"]["guess"] == {
        "answer": 0.31, "time": "2026-01-31 10:05", "step": 0, "after_run": False, "seen": "",
    }  # fmt: skip
    assert "BLAS" in values["versions"]


def compare_names(schema: dict, value: object) -> None:
    """Look for parts that a schema does not name, and for those that it requires."""
    if isinstance(value, list):
        for each in value:
            compare_names(schema.get("items", {}), each)
    elif isinstance(value, dict):
        known, more = schema.get("properties", {}), schema.get("additionalProperties", {})
        assert set(schema.get("required", ())) <= value.keys(), schema
        for name, each in value.items():
            assert name in known or more is not False, name
            compare_names(known.get(name, more), each)


def test_the_published_schema_names_every_part(handed):
    schema = json.loads((ROOT / "resources/labs/results.schema.json").read_text())
    compare_names(schema, json.loads(handed.to_json()))


def test_pdf_page_and_folder_carry_the_results(handed, tmp_path):
    document = replace(printed(handed), results=handed.to_json())
    write_pdf(document, tmp_path / "a.pdf")
    write_html(document, tmp_path / "b.html")
    write_folder(document, tmp_path / "c")
    (tmp_path / "d.json").write_text(handed.to_json(), encoding="ascii")
    files = list(submissions([tmp_path]))
    assert [each.path.suffix for each in files] == [".pdf", ".html", ".json", ".json"]
    for each in files:
        assert hand_in_of(each.content, each.path).to_json() == handed.to_json(), each.path
    assert "<script>alert" not in (tmp_path / "b.html").read_text(encoding="utf-8")


@needs_poppler
def test_other_programs_find_the_attachment(handed, tmp_path):
    write_pdf(replace(Document("A report", "", "", "", ()), results=handed.to_json()), tmp_path / "a.pdf")
    poppler("pdfdetach", "-save", "1", "-o", tmp_path / "out.json", tmp_path / "a.pdf")
    assert (tmp_path / "out.json").read_text() == handed.to_json()


def test_a_report_that_is_not_graded_says_whose_it_is(tmp_path):
    """So that nobody counts as missing who has handed in a draft or free work."""
    whose = Whose("Ada", "21-CS-0001", "a draft")
    document = Document("A report", "", "", "", (), whose.to_json())
    write_pdf(document, tmp_path / "a.pdf")
    write_html(document, tmp_path / "b.html")
    for name in ("a.pdf", "b.html"):
        assert read_hand_in(tmp_path / name) == whose


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"hello", "no report of CNNViz; ask for the PDF or HTML"),
        (b"{}", "no results of CNNViz"),
        (b'{"format": "cnnviz-results", "format_version": 99}', "newer CNNViz"),
        (b'{"format": "cnnviz-results", "format_version": 1}', "missing required field name"),
        (b"{" + b'"a":{' * 100_000, "no JSON"),
        (b"{" + b" " * (9 << 20), "too large"),
        (b"<html><script id=cnnviz-results>{}</html>", "cut off"),
        (b"%PDF-1.7 /Type/EmbeddedFile stream\n\x00\x01", "cut off"),
        (b"%PDF-1.7\n%%EOF\n", "carries no results"),
    ],
)
def test_what_is_no_hand_in_gets_one_sentence(tmp_path, content, said):
    (path := tmp_path / "x.pdf").write_bytes(content)
    with pytest.raises(DataError, match=said) as caught:
        read_hand_in(path)
    assert str(caught.value).startswith("x.pdf ")
    assert len(str(caught.value)) < 300


def test_a_packed_flood_is_refused(tmp_path):
    path, packed = tmp_path / "x.pdf", zlib.compress(b"{" * (40 << 20), 1)
    path.write_bytes(b"%PDF-1.7\n1 0 obj<</Type/EmbeddedFile>>stream\n" + packed)
    with pytest.raises(DataError, match="cut off"):
        read_hand_in(path)


def test_letters_that_are_none_are_refused(handed):
    for change in ({"seed_from_roll_number": "\ud800"}, {"answers": {"guess": "\ud800"}}):
        values = json.loads(handed.to_json()) | change
        values["checksum"] = checksum_of(values)
        with pytest.raises(DataError, match="letters that are none"):
            hand_in_from_json(json.dumps(values))


def test_a_table_says_when_a_result_was_measured_and_not_when_it_was_exported():
    step, data, seed = LAB.step("guess"), small_data(), seed_for(LAB, "7")
    numbers = replace(measured_lab(LAB, data, seed), time="2026-01-31 11:30")

    def said_of(record: LabRecord) -> str:
        document = lab_document(LAB, hand_in(LAB, record, numbers), record, numbers)
        return next(table.caption for table in document.tables if table.name == "measured-guess")

    bench = trained(LAB.experiment_of(step, seed), data)
    measured = tuple(measure(step.id, each, bench) for each in step.measurements)
    found = Found(measured, "2026-01-31 10:20", bench.step, bench.experiment)
    said = said_of(LabRecord.of(LAB).revealed(step, found.time, found))
    assert said.startswith(f"Measured 2026-01-31 10:20 in the step “{step.title}”, seed ")
    assert said_of(LabRecord.of(LAB)).startswith(f"Measured 2026-01-31 11:30 for the step “{step.title}”")
    first, *others = found.measured
    other = replace(found, measured=(replace(first, value=first.value * 2), *others))
    said = said_of(LabRecord.of(LAB).revealed(step, found.time, other))
    assert said.startswith("Measured 2026-01-31 11:30 for the step")
    assert said.endswith("At 2026-01-31 10:20 the step showed the result of another network.")


def test_a_stage_goes_by_its_name_in_the_window(handed):
    tables = {table.name: table for table in printed(handed).tables}
    assert tables["measured-guess"].data.rows[0][0].startswith("change of “Max pooling” by the shift")
    (named,) = [row[1] for row in tables["measured-pick"].data.rows if "changes least" in row[0]]
    assert named in {POOLS[kind].title for kind in POOLS}
