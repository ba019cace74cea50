"""What a student does in a lab: the record, its predictions and verdicts, and what is handed in."""

import json
import zlib

import msgspec
import numpy as np
import pytest

from cnnviz.covers import Secret
from cnnviz.datasets import to_input
from cnnviz.document.archive import from_json, to_json
from cnnviz.document.types import OwnImage as DrawnImage
from cnnviz.document.types import PinnedCell
from cnnviz.drawing import PAPER, Box, Drawing, Ground, to_svg
from cnnviz.errors import DataError, ParameterError
from cnnviz.lab.course import shipped_labs
from cnnviz.lab.events import Event, missing, result_was_shown
from cnnviz.lab.judging import checked_answer, judge, typed_number
from cnnviz.lab.measures import MEASURES, Measured, measure
from cnnviz.lab.model import PARTS, Condition, Measurement, Prediction, Question, seed_of
from cnnviz.lab.reading import load_lab
from cnnviz.lab.record import Commitment, Found, LabRecord, OwnImage, Version, Work, read_work, run_of
from cnnviz.lab.results import HandIn, Whose, checksum_of, hand_in_from_json, hand_in_of
from cnnviz.lab.showing import covered, picture_for, recalled, secrets_of
from cnnviz.lab.submissions import submissions
from cnnviz.layers import POOLS
from cnnviz.report.bench import Bench, trained
from cnnviz.report.blocks import Document, Figure, Insert, Words
from cnnviz.report.html import write_html
from cnnviz.report.pdf import write_folder, write_pdf
from tests.engine.document_cases import UNUSUAL
from tests.engine.lab_cases import LAB as SMALL_LAB
from tests.engine.lab_cases import honest, printed, read_hand_in
from tests.engine.report_cases import needs_poppler, poppler
from tests.processes import ROOT
from tests.replacing import replace
from tests.small_data import first_images

TIME = "2026-01-31 12:00"
GUESS = SMALL_LAB.step("guess")
EMPTY = LabRecord.of(SMALL_LAB)


@pytest.fixture(scope="module")
def bench() -> Bench:
    return trained(replace(SMALL_LAB.experiment, seed=3), first_images((0, 1), 60, 40))


def test_a_step_is_ticked_when_everything_was_done_and_not_before():
    step, record = GUESS, EMPTY
    assert missing(step, {}) == ("commit to your prediction", "open the panel Backprop", "write 3 words")
    moved = replace(step, done_when=(Condition("dragged"), Condition("sampled", 1), Condition("poked", 2)))
    wanted = ("move the image once", "choose one other sample", "check 2 numbers one by one")
    assert missing(moved, {}) == wanted
    record = record.predicted(step, Commitment(0.4, TIME))
    record = record.happened(step, Event("visited", what="training"), "12:01")
    record = record.wrote(step, "observations", "two words", "12:02")
    assert record.wrote(step, "observations", "two words", "12:04") is record, "the same changes nothing"
    assert not record.is_done("guess")
    done = record.step("guess")
    assert missing(step, done.counts, done.written) == ("open the panel Backprop", "write 3 words")
    record = record.happened(step, Event("visited", what="backprop"), "12:03")
    record = record.wrote(step, "observations", "now three words", "12:04")
    assert record.step("guess").done == "12:04"
    record = record.wrote(step, "observations", "one", "12:05")
    assert record.step("guess").done == "12:04", "what is done stays done"


def test_each_field_that_is_asked_for_is_filled_for_itself():
    """The words of one field do not count for another; what is asked of some networks only can wait."""
    about = Question("Of pools?", "description", network=("no pool",))
    asked = (Question("What?", "objective"), Question("Why?", "hypothesis"), about)
    step = replace(GUESS, done_when=(Condition("words", at_least=2),), questions=asked)
    record = EMPTY.wrote(step, "hypothesis", "many words in one field", "12:00")
    written = record.step("guess").written
    assert missing(step, {}) == ("write 2 words for “Objective” and “Hypothesis”",)
    assert missing(step, {}, written) == ("write 2 words for “Objective”",)
    assert not record.is_done("guess")
    record = record.wrote(step, "hypothesis", "", "12:01").wrote(step, "objective", "two words", "12:02")
    assert not record.is_done("guess"), "what was deleted again does not count"
    record = record.wrote(step, "hypothesis", "now both", "12:03")
    assert record.step("guess").missing(step) == ("record your hypothesis",)
    assert not record.is_done("guess")
    assert record.recorded(step, Version("now both", "12:04")).is_done("guess")


def test_what_was_done_on_the_network_of_another_seed_counts_only_in_steps_that_are_ticked():
    click = replace(
        SMALL_LAB.step("click"), done_when=(Condition("pinned", at_least=2), Condition("visited"))
    )
    record = EMPTY.happened(click, Event("pinned", what="conv1 (0, 8, 8)", among="conv1"), TIME)
    record = record.happened(click, Event("visited", what="training"), TIME)
    record = record.happened(replace(GUESS, done_when=(Condition("poked"),)), Event("poked"), TIME)
    after = record.on_another_network()
    assert after.step("click").missing(click) == ("click 2 cells of a map",)
    assert after.step("guess") == record.step("guess")
    assert after.on_another_network() is after


def test_the_same_result_keeps_its_time_and_another_takes_its_place():
    truth, experiment = GUESS.prediction.truth, SMALL_LAB.experiment
    first = Found((Measured.of("guess", truth, 0.25),), "12:00", 30, experiment)
    record = EMPTY.revealed(GUESS, "12:00", first)
    assert record.revealed(GUESS, "12:05", replace(first, time="12:05")) is record
    other = Found((Measured.of("guess", truth, 0.5),), "12:05", 30, experiment)
    again = record.revealed(GUESS, "12:05", other).step("guess")
    assert (again.found, again.revealed) == (other, "12:00")


def test_the_first_prediction_counts_and_none_after_the_reveal():
    record = EMPTY.predicted(GUESS, Commitment(0.4, TIME))
    assert record.predicted(GUESS, Commitment(0.5, TIME)).step("guess").prediction.answer == 0.4
    late = EMPTY.revealed(GUESS, "12:00").predicted(GUESS, Commitment(0.5, TIME))
    assert late.step("guess").prediction is None


@pytest.mark.parametrize(
    ("done_when", "counts", "is_at_end", "expected"),
    [
        ((Condition("predicted"), Condition("finished")), {}, False, False),
        ((Condition("predicted"), Condition("finished")), {}, True, True),
        ((Condition("finished"),), {"finished": 1}, False, False),  # it may have been another network
        ((Condition("slowed"), Condition("steps", 20)), {"slowed": 1, "steps": 20}, False, False),
        ((Condition("slowed"), Condition("steps", 20)), {"slowed": 1, "steps": 90}, True, True),
        ((Condition("predicted"), Condition("swept")), {}, True, False),
        ((Condition("predicted"), Condition("swept")), {"swept": 1}, True, True),
        ((Condition("dragged", 2),), {"dragged": 1}, True, False),
        ((Condition("checked_gradient"),), {"checked_gradient": 1}, False, False),
    ],
)
def test_a_prediction_is_late_once_the_window_has_shown_its_result(done_when, counts, is_at_end, expected):
    step = replace(GUESS, done_when=done_when)
    assert result_was_shown(step, counts, is_at_end=is_at_end) == expected


def test_the_same_thing_again_counts_once_and_a_step_may_wait_for_a_certain_one():
    wanted = (Condition("walked", 2), Condition("dragged", what="2, 0"))
    step, record = replace(GUESS, done_when=wanted), EMPTY
    for name, what in (("walked", "loss"), ("walked", "loss"), ("dragged", "1, 0"), ("walked", "loss")):
        record = record.happened(step, Event(name, what=what), TIME)
    told = ("open 2 steps of the backward pass", "move the image to (dx, dy) = (2, 0)")
    assert missing(step, record.step("guess").counts) == told
    for number in range(200):
        record = record.happened(step, Event("dragged", what=f"{number}, 1"), TIME)
    for name, what in (("walked", "output"), ("dragged", "2, 0")):
        record = record.happened(step, Event(name, what=what), TIME)
    record = record.happened(step, Event("pinned", what="pool1: 0, 1, 2", among="pool1"), TIME)
    assert record.step("guess").counts["pinned:pool1"] == 1, "of which a lab may ask for one"
    assert len(record.step("guess").counts) <= 100, "a record is read again"


def test_a_step_shows_what_it_needs_of_earlier_ones():
    lab, way = SMALL_LAB, SMALL_LAB.step("way")
    asking = replace(lab.steps[-1], recall=("guess", "way"))
    measured = Measured.of("guess", GUESS.prediction.truth, 0.25)
    record = EMPTY.predicted(GUESS, Commitment(0.5, TIME)).recorded(way, Version("It stays.", TIME))
    record = record.revealed(GUESS, TIME, Found((measured,), TIME, 60, lab.experiment))
    (first, told), (second, said) = recalled(lab, record, asking)
    assert (first, second) == ("1  Guess", f"{lab.steps.index(way) + 1}  {way.title}")
    assert told == f"Not close: 0.25 off. You said 0.5; it is {measured.words}", "in a line"
    assert said == "“It stays.”"


def test_runs_of_other_settings_have_other_names():
    classes = tuple(name * 9 for name in "abcdefghij")
    runs = [replace(UNUSUAL, classes=classes, padding=padding) for padding in range(5)]
    assert len(set(map(run_of, runs))) == 5


def test_a_record_survives_json():
    lab, click, way = SMALL_LAB, SMALL_LAB.step("click"), SMALL_LAB.step("way")
    record = replace(EMPTY, place="click", own=OwnImage.of(np.zeros((1, 28, 28), np.uint8), 1))
    record = record.predicted(GUESS, Commitment(0.25, "12:00", 5, after_run=True))
    record = record.predicted(click, Commitment((0, 8, 8), TIME)).predicted(way, Commitment("down", TIME))
    record = record.recorded(way, Version("déjà vu 日本", "12:00", 7, after_run=True))
    truth = Measured.of("guess", GUESS.prediction.truth, 0.25)
    drawn = Figure("reveal-guess", "Drawn.", to_svg(Drawing(Ground(Box(0, 0, 9, 9), PAPER)), "Drawn", "pt"))
    found = Found((truth,), "12:10", 30, lab.experiment, blocks=(drawn, Words("Because.")))
    record = record.revealed(GUESS, "12:10", found).looked_at(click, "12:11")
    record = record.with_inserts(click, (Insert("A", "of step 3", "12:12", drawn.svg),))
    work = Work("Ada", records={record.key: record}).with_shown(lab.experiment, "12:00")
    kept = read_work(json.loads(msgspec.json.encode(work)))
    assert kept == work
    again = kept.record(lab)
    assert again.step("click").prediction.answer == (0, 8, 8)
    assert (again.lab_id, again.lab_version) == (lab.id, lab.version)
    assert again.own.label == 1
    # A picture that this program does not draw is taken out.
    values = json.loads(msgspec.json.encode(work).replace(b"<svg ", b"<svg onload='x' "))
    assert read_work(values).record(lab).step("guess").found == replace(found, blocks=())


def test_a_document_of_many_labs_stays_readable_and_none_with_work_gives_way():
    work, said = Work(), EMPTY.wrote(GUESS, "observations", "seen", TIME)
    for number in range(60):
        work = work.with_record(replace(said if number < 49 else EMPTY, lab_id=f"{number}"))
        assert read_work(msgspec.to_builtins(work)) == work
    with pytest.raises(ParameterError, match="50 labs"):
        work.with_record(replace(said, lab_id="59")).with_record(EMPTY)


@pytest.mark.parametrize(
    ("measure", "typed", "number"),
    [
        ("parameters", "1,425", 1425),
        ("parameters", "12 665", 12665),
        ("probability", "1,425", 1.425),
        ("probability", "40 %", 0.4),
        ("probability", "1e-4", 1e-4),
        ("probability", "−3", -3.0),
        ("test_accuracy", " 99,5 % ", 99.5),
        ("test_loss", "0,02", 0.02),
    ],
)
def test_a_number_is_read_as_a_student_means_it(measure, typed, number):
    prediction = Prediction("number", "How much?", measure)
    assert typed_number(prediction, typed) == number


@pytest.mark.parametrize(
    ("measure", "typed"),
    [
        ("parameters", ""),
        ("parameters", "1,23,456"),
        ("test_loss", "40 %"),
        ("probability", "nan"),
        ("probability", "2e12"),
    ],
)
def test_what_is_no_number_gets_a_sentence(measure, typed):
    prediction = Prediction("number", "How much?", measure)
    with pytest.raises(ParameterError, match=r"\.$"):
        typed_number(prediction, typed)


@pytest.mark.parametrize(
    ("step", "answer", "value", "right"),
    [
        ("click", (0, 8, 8), ((0, 8, 8), (0, 9, 9)), True),
        ("pick", "max", "max", True),
        ("pick", "max_blur", "max", False),
    ],
)
def test_cells_and_choices_are_judged(step, answer, value, right):
    prediction = SMALL_LAB.step(step).prediction
    verdict = judge(prediction, answer, Measured.of(step, prediction.truth, value))
    assert (verdict.is_right, bool(verdict.predicted), bool(verdict.measured)) == (right, True, True)


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        ("guess", "much"), ("guess", float("nan")), ("guess", True), ("guess", 1e300), ("click", 3),
        ("click", (1, 2)), ("click", (0, -1, 0)), ("way", "left"), ("pick", "min"),
    ],
)  # fmt: skip
def test_an_answer_that_does_not_fit_is_refused(step, answer):
    with pytest.raises(ParameterError, match="expected here"):
        checked_answer(SMALL_LAB.step(step).prediction, answer)


def test_every_measure_measures_something_and_says_it_with_its_unit(bench):
    values = {"filter": 0, "row": 4, "column": 4, "sample": 3, "dx": 1, "digits": 9, "class": "1"}
    assert len(MEASURES) > 25
    for each in MEASURES.values():
        given = {one.name: values.get(one.name, one.default) for one in each.parameters}
        chosen = -1 if each.name == "residual" else 0
        given |= {one.name: one.options[chosen] for one in each.parameters if given[one.name] is None}
        found = measure("x", Measurement(each.name, given), bench)
        assert "{" not in found.title
        assert found.words
        if found.value is not None and each.unit and each.quantity == "number":
            assert found.words.endswith(each.unit)


def test_measures_agree_with_the_plain_numbers(bench):
    def value(name, **parameters):
        return measure("x", Measurement(name, parameters), bench).value

    images = bench.dataset.test_images
    assert len(images) == 40
    read = bench.network.predict(to_input(images))
    wrong = int((read != bench.dataset.test_labels).sum())
    assert value("test_mistakes") == wrong
    assert value("test_accuracy") == pytest.approx(100 * (1 - wrong / 40))
    assert value("receptive_field", stage="pool1") == 4
    assert value("dots_cells_changed", stage="max") == 0
    maps = bench.network.forward(bench.image(3)[None]).outputs["conv1"][0, 0]
    window = maps[8:10, 8:10]
    (winner,) = value("window_winner", filter=0, row=4, column=4, sample=3)
    assert maps[winner[1:]] == window.max()
    weights, of = bench.network.params["conv1.weight"], {"row": 4, "column": 4, "sample": 3}
    strongest = max(range(len(weights)), key=lambda place: np.linalg.norm(weights[place]))
    named = measure("x", Measurement("cell_value", {"stage": "pool1", "filter": "strongest", **of}), bench)
    assert named.value == value("cell_value", stage="pool1", filter=strongest, **of)
    assert "at the strongest filter, row 4" in named.title
    assert value("own_probability", **{"class": "0"}) is None, "there is no own image"
    assert value("residual", stage="max", dx=2, dy=0, sample=3) == 0
    changes = [value("change", stage="max", dx=1, dy=0, sample=sample) for sample in range(30)]
    assert value("mean_change", stage="max", dx=1, dy=0, digits=30) == pytest.approx(np.mean(changes))
    moved = np.zeros_like(images)
    moved[..., 6:] = images[..., :-6]
    flips = bench.network.predict(to_input(moved)) != read
    assert 0 < flips.sum() < 40
    assert value("decision_flips", dx=6, dy=0, digits=40) == pytest.approx(100 * flips.mean())
    assert value("decision_flips", dx=6, dy=0, digits=1000) == pytest.approx(100 * flips.mean())


def test_seeds_differ_from_student_to_student_and_not_from_typing_to_typing():
    assert seed_of("21-CS-0147") == seed_of(" 21-cs-0147\t") == seed_of("２１-CS-0147")
    seeds = {seed_of(f"21-CS-{number:04d}") for number in range(500)}
    assert len(seeds) > 497
    assert all(0 <= seed <= 999_999 for seed in seeds)
    assert seed_of("21-CS-0147") == 721_895, "a seed of a published rule never changes"


def test_show_me_is_a_view(bench):
    lab, data, step = SMALL_LAB, bench.dataset, GUESS
    view = picture_for(step.show, lab.experiment_of(step, 5), data)
    assert from_json(to_json(view)) == view
    seen = view.seen
    assert (seen.panel, seen.shift.dx, view.experiment.pool) == ("translation", 1, "average")
    assert seen.views["translation"]["pair"] == "sides"
    pinned = PinnedCell(stage="conv1", index=(0, 8, 8))
    chosen = picture_for(replace(step.show, pinned=pinned), view.experiment, data, view, chosen=5).seen
    assert (chosen.pinned.index, chosen.views["translation"]["channel"]) == ((5, 8, 8), 5)
    end = picture_for(replace(step.show, moment="end"), lab.experiment_of(step, 5), data, view)
    assert end.seen.step == end.run.step == 60
    back = picture_for(replace(step.show, moment="start"), lab.experiment_of(step, 5), data, end)
    assert (back.seen.step, back.run.step) == (0, 60), "looking back does not untrain"
    views = {"training": {"results.cell": (0, 1), "filters.moment": "now"}}
    drawn = replace(view, seen=replace(view.seen, sample=DrawnImage(), views=views))
    others = replace(drawn, experiment=replace(view.experiment, classes=("4", "9")))
    found = [picture_for(step.show, view.experiment, data, each).seen for each in (drawn, others)]
    assert [each.sample for each in found] == [DrawnImage(), 0], "a digit of other classes says nothing"
    kept = [each.views["training"].get("results.cell") for each in found]
    assert kept == [(0, 1), None], "nor does a kind of mistakes that another network made"


LAB = load_lab(shipped_labs()["lab5"])
WHEN = "2026-01-31 14:05"


def at(
    record: LabRecord, front: str, *, ties: str = "all", at_end: bool = False, lab=LAB, shown=()
) -> dict[Secret, str]:
    """Return what is covered with a step in front and a run under a rule for ties."""

    def is_run_of(step):
        return lab.experiment_of(step).ties == ties

    def is_at_end(step):
        return at_end and is_run_of(step)

    found = covered(
        lab, record, lab.step(front), is_run_of=is_run_of, is_at_end=is_at_end,
        is_shown=lambda step: step.id in shown, is_begun=record.has_work,
    )  # fmt: skip
    return dict(found)


def test_every_measure_but_two_says_where_it_can_be_read():
    always_seen = {name for name, each in MEASURES.items() if not each.secrets}
    assert always_seen == {"training_steps", "parameters"}
    for path in shipped_labs().values():
        assert all(secrets_of(step) for step in load_lab(path).steps if step.prediction is not None)


def test_the_step_in_front_covers_what_it_asks_for_until_it_is_answered():
    empty = LabRecord.of(LAB)
    assert at(empty, "dots")[Secret.SHIFT] == "Covered until you predict in step 7 of the lab."
    predicted = empty.predicted(LAB.step("dots"), Commitment(1.0, WHEN))
    given_up = empty.given_up(LAB.step("dots"), WHEN)
    for record in (predicted, given_up):
        assert Secret.SHIFT not in at(record, "dots")
        assert Secret.SHIFT in at(record, "one-pixel"), "which asks anew"
    assert not at(empty, "dots", shown={"dots"}), "a report has shown it, or the window before"
    assert Secret.SHIFT in at(empty, "dots", shown={"one-pixel"})


def test_what_is_still_to_be_written_comes_in_the_order_of_the_lab():
    record = LabRecord.of(LAB)
    gaps = [(step.id, question.part) for step, question in record.gaps(LAB, LAB.experiment)]
    order = [(step.id, part) for step in LAB.steps for part in PARTS]
    assert gaps == sorted(gaps, key=order.index)
    assert len(gaps) == sum(len(LAB.asked(step)) for step in LAB.steps)
    written = record.wrote(LAB.step("sweep"), "description", "Image 3.", WHEN)
    left = list(written.gaps(LAB, LAB.experiment))
    assert len(left) == len(gaps) - 1
    assert (LAB.step("sweep"), "description") not in [(step, question.part) for step, question in left]


def test_what_is_met_on_the_way_is_covered_before_its_step_comes():
    empty = LabRecord.of(LAB)
    assert not at(empty, "objective"), "nobody is doing the lab yet"
    found = [Secret.FILTERS in at(empty, "slow", at_end=at_end) for at_end in (False, True)]
    assert found == [False, True], "the change of the filters is covered at the end of the run alone"
    begun = empty.wrote(LAB.step("objective"), "hypothesis", "It will learn.", WHEN)
    ahead = {Secret.FLIPS, Secret.SHARES, Secret.UPDATE}
    assert set(at(begun, "objective")) == {Secret.TEST, *ahead}
    answered = begun.predicted(LAB.step("full"), Commitment(98.0, WHEN))
    assert at(answered, "field").keys() == {Secret.FIELD, *ahead}
    assert Secret.TEST in at(answered, "field", ties="first"), "that of the other run is to be predicted"
    # A later step about the same run does not cover what an earlier one has uncovered.
    lab = replace(LAB, steps=(*LAB.steps, replace(LAB.step("full"), id="again")))
    record = LabRecord.of(lab).predicted(lab.step("full"), Commitment(98.0, WHEN))
    assert Secret.TEST not in at(record, "full", at_end=True, lab=lab)


HOSTILE = "</script><script>alert(1)</script> & \u2028 😀 'quote' \"quotes\" #eval"


@pytest.fixture(scope="module")
def handed() -> HandIn:
    found = honest(1)
    own = OwnImage.of(np.zeros((1, 28, 28), np.uint8), None, "drawn")
    return replace(found, name=HOSTILE, answers={"guess": HOSTILE}, own=own).sealed()


def test_everything_that_is_promised_is_in_the_file(handed):
    values = json.loads(handed.to_json())
    assert values["experiment"]["seed"] == handed.experiment.seed
    assert values["lab"] == {"id": "small", "version": "1", "sha256": SMALL_LAB.sha256}
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


def test_a_stage_goes_by_its_name_in_the_window(handed):
    tables = {table.name: table for table in printed(handed).tables}
    assert tables["measured-guess"].data.rows[0][0].startswith("change of “Max pooling” by the shift")
    (named,) = [row[1] for row in tables["measured-pick"].data.rows if "changes least" in row[0]]
    assert named in {POOLS[kind].title for kind in POOLS}
