"""What a guided lab says of a result: verdicts, conditions, sentences, pictures."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from cnnviz.document.types import PinnedCell
from cnnviz.drawing import LIGHT, PAPER, Box, Look
from cnnviz.drawing.page import Page, broken, page_drawn
from cnnviz.errors import DataError, ParameterError
from cnnviz.experiment import LAB5, LENET
from cnnviz.graphics.columns import plan_of
from cnnviz.lab.course import find_lab
from cnnviz.lab.document import lab_document
from cnnviz.lab.explaining import explanation, mistakes_in
from cnnviz.lab.judging import closeness, judge
from cnnviz.lab.measured import hand_in, measured_lab, told_so_far
from cnnviz.lab.measures import Measured
from cnnviz.lab.model import Prediction
from cnnviz.lab.pictures import PICTURES, Case, Fact, figure_of
from cnnviz.lab.reading import load_lab, parse_lab
from cnnviz.lab.record import Commitment, Found, LabRecord
from cnnviz.layers import TIE_RULES
from cnnviz.report.bench import Bench, trained
from cnnviz.report.blocks import Figure, Words
from scripts.reveals import sentences
from tests.engine.lab_cases import SMALL
from tests.engine.report_cases import small_data
from tests.oracles import read_power
from tests.small_data import first_images

SHIPPED = ("lab5", "pooling", "fooling")

# --- verdicts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("measure", "tolerance", "answer", "value", "words"),
    [
        ("test_accuracy", 0.5, 99.25, 99.62, "Right, within 0.5 {}: you said 99.25 %; it is 99.62 %"),
        ("test_accuracy", 0.5, 97.0, 99.62, "{good} 2.62 {} off. You said 97 %; it is 99.62 %"),
        ("test_accuracy", 0.5, 85.0, 99.62, "Not close: 14.62 {} off. You said 85 %; it is 99.62 %"),
        ("test_accuracy", 8.0, 27.0, 39.0, "Close: 12 {} off. You said 27 %; it is 39 %"),
        ("filter_change", 0.3, 0.7, 0.97, "Right, within 0.3: you said 0.7; it is 0.97"),
        ("filter_change", 0.3, 0.5, 0.97, "Not close: 0.47 off. You said 0.5; it is 0.97"),
        ("hardest_probability", 0.1, 0.2, 0.003, "Not close: 0.197 off. You said 0.2; it is 0.003"),
        ("hardest_probability", 0.1, 0.8, 0.95, "Close: 0.15 off. You said 0.8; it is 0.95"),
        ("test_mistakes", 0, 66, 72, "Close: 6 images off. You said 66 images; it is 72 images"),
        ("test_mistakes", 0, 1, 8, "Not right: 7 images off. You said 1 image; it is 8 images"),
        ("test_mistakes", 0, 5, 4, "Not right: 1 image off. You said 5 images; it is 4 images"),
        ("test_loss", 0.01, 0.05, 0.0, "Not close: 0.05 {} off. You said 0.05 {}; it is 0 {}"),
    ],
)
def test_a_verdict_knows_near_from_far(measure, tolerance, answer, value, words):
    asked = Prediction("number", "How many?", measure, tolerance=tolerance)
    verdict = judge(asked, answer, Measured.of("x", asked.truth, value))
    unit = "percentage points" if measure == "test_accuracy" else "nats"
    assert verdict.words == words.replace("{}", unit).replace("{good}", "Close, a good estimate: only")
    close = closeness(asked, value)
    assert (verdict.nearness == "close") == (tolerance < abs(answer - value) <= close)
    assert close == float(f"{close:.2g}"), "judged by the limit that is told"


@pytest.mark.parametrize(
    ("answer", "value", "words"),
    [
        ("down", -0.25, "Right: it shrinks (−0.25 nats)"),
        ("up", -0.25, "Not right: you said it grows; it shrinks (−0.25 nats)"),
        ("up", None, "Measured: not defined"),
    ],
)
def test_a_verdict_on_a_direction_is_right_or_not(answer, value, words):
    asked = Prediction("direction", "Which way?", "update_loss_change", {"sample": 0})
    assert judge(asked, answer, Measured.of("x", asked.truth, value)).words == words


# --- conditions and sentences -------------------------------------------------------------------------------

FACTS = {"tied": 65.0, "other": 12.0, "rule": "all", "lost": None}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("tied > 64.9", True), ("tied>=65", True), ("tied < other", False), ("other <= tied", True),
        ('rule == "all"', True), ('rule != "all"', False), ('rule == "first"', False), ("lost == 0", False),
        ("lost != 0", False), ("tied > lost", False), ("nothing > 0", False), ("tied > -1.5", True),
        ("tied + 1 > 0", False), ("__import__('os') == 0", False), ("tied > 1e3", False),
    ],
)  # fmt: skip
def test_a_condition_compares_facts(condition, holds):
    assert bool(explanation([("Yes.", [condition])], FACTS, str)) is holds


def test_the_first_two_sentences_that_are_true_are_shown():
    reasons = [
        ("Not known: {lost}.", []), ("No.", ["tied > 1", "tied > 99"]), ("One {tied}.", ["tied > 1"]),
        ("Two.", []), ("Three.", []),
    ]  # fmt: skip
    assert explanation(reasons, FACTS, lambda name: f"<{name}>") == "One <tied>. Two."
    assert explanation(reasons[:2], FACTS, str) == ""


KNOWN = {
    "share": Fact("percent", "%"), "count": Fact("count"), "size": Fact("number"),
    "rule": Fact("name"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "when", "said"),
    [
        ("{shar} is much.", [], "{shar} is no fact"),
        ("A brace { is alone.", [], "a brace is alone"),
        ("x", ["share ~ 3"], "cannot be read"),
        ("x", ["shar > 3"], "asks for 'shar'"),
        ("x", ["rule > 3"], "cannot be true or false"),
        ("x", ['rule < "all"'], "cannot be true or false"),
    ],
)
def test_a_mistake_in_a_sentence_is_told(text, when, said):
    (mistake,) = mistakes_in(text, when, KNOWN, lambda names, _wrong: ", ".join(names))
    assert said in mistake


REVEAL = """
[step.reveal]
picture = "winner-changes"
[[step.reveal.why]]
when = ["pooled < convolution", "test_loss > 0"]
text = "From {convolution} to {value}."

[step.question]
text = "Why?"
"""
WITH_REVEAL = SMALL.replace('\n[step.question]\ntext = "Why?"\n', REVEAL, 1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", ""),
        ('"winner-changes"', '"winner-change"', "'picture' of 'reveal' of step 'guess' is 'winner-change'"),
        ("{value}", "{valu}", "in sentence 1 of 'reveal' of step 'guess' {valu} is no fact, but one of"),
        ("test_loss > 0", "click.value > 0", "asks for 'click.value'"),  # which comes later
        ('"winner-changes"', '"winner-changes"\nwith = { dx = 99 }', "'dx' of 'with' of 'reveal'"),
        ('"winner-changes"', '"window"', "the picture 'window' needs 'filter'"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_reveal_has_its_step_and_what_to_do(old, new, said):
    text = WITH_REVEAL.replace(old, new, 1)
    lab, mistakes = parse_lab(text)
    if not said:
        assert mistakes == []
        assert lab.step("guess").reveal.parameters == {"dx": 1, "dy": 0, "sample": 0}
        return
    assert lab is None
    (mistake,) = (each for each in mistakes if said in each.text)
    assert text.splitlines()[mistake.line - 1].strip()
    assert "correct it" in mistake.text or "write with" in mistake.text


def test_a_step_without_a_prediction_has_nothing_to_reveal():
    _, mistakes = parse_lab(SMALL + '\n[[step]]\nid = "z"\nsection = "all"\ntitle = "Z"\npurpose = "Z"\n'
                            '[step.reveal]\npicture = "dots"\n')  # fmt: skip
    assert any("has no result to explain; write a [step.prediction]" in each.text for each in mistakes)


# --- pictures -----------------------------------------------------------------------------------------------


def lenet() -> Bench:
    experiment = replace(LENET, classes=tuple("0123456789"), filters=(2, 3), hidden=(5,), epochs=1)
    return trained(experiment, first_images(range(10), 8, 40))


def small(**changes: object) -> Bench:
    experiment = replace(LAB5, filters=(3,), log_every=50, **changes)
    return trained(experiment, small_data())


def untrained() -> Bench:
    data = small_data()
    return Bench(LAB5, data, LAB5.build_network(data.input_shape), 0)


NETWORKS = {
    "lab5": small, "average": lambda: small(pool="average"),
    "blur": lambda: small(pool="max_blur", ties="split"),
    "none": lambda: small(pool="none", stride=2, activation="relu", padding=1),
    "lenet": lenet, "untrained": untrained,
}  # fmt: skip
PARAMETERS = {
    "filter": 0, "row": 3, "column": 4, "sample": 3, "stage": "max", "dx": 2, "dy": 0, "digits": 12,
}  # fmt: skip


@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_has_its_picture_or_a_sentence_why_not(network):
    bench = NETWORKS[network]()
    made, refused = 0, list[str]()
    for name, picture in PICTURES.items():
        values = {each.name: PARAMETERS[each.name] for each in picture.parameters}
        if name == "field":
            values["stage"] = bench.pool or "pool1"
        try:
            page, facts = picture.made(Case(bench, "test_accuracy", 50.0, 60.0), values)
        except (ParameterError, DataError) as error:
            refused.append(str(error))
            continue
        made += 1
        assert facts.keys() == picture.facts.keys()
        assert all(value is None or isinstance(value, str) or np.isfinite(value) for value in facts.values())
        figure = figure_of("a.step_b", picture, page)
        assert figure.is_measured
        for look, width in ((LIGHT, 300), (PAPER, 480)):
            drawing = page_drawn(page, Box(0, 0, width, page.body.height(width, look)), look)
            assert len(drawing.texts()) > 0
        assert broken(page.body, 288, LIGHT).least(LIGHT)[0] <= 288, f"{name} fits into the guide"
    assert all(each.endswith(".") for each in refused)
    assert made >= {"untrained": 12, "average": 13, "none": 10}.get(network, 12)


def test_a_picture_of_the_first_pool_is_made_of_small_maps_and_refused_for_another_stage():
    case = Case(bench := small(kernel_size=9, stride=4), "change", 0.5)
    assert bench.network.shapes[bench.pool][1:] == (2, 2)
    assert PICTURES["field"].made(case, {"stage": bench.pool, "sample": 0})
    with pytest.raises(ParameterError, match="the first pool of a network, which 'conv1' is not here"):
        PICTURES["field"].made(case, {"stage": "conv1", "sample": 0})


def test_a_picture_shows_the_cell_that_the_student_pinned_and_names_it():
    bench = small()
    last = bench.network.shapes[bench.pool][0] - 1
    inner, border = PinnedCell(bench.pool, (0, 1, 2)), PinnedCell(bench.pool, (0, 0, 2))
    found = {}
    pooled = np.abs(bench.passed(0).trace.outputs[bench.pool][0][:, 1:-1, 1:-1])
    channel, row, column = np.unravel_index(int(pooled.argmin()), pooled.shape)
    tiny = PinnedCell(bench.pool, (int(channel), int(row) + 1, int(column) + 1))
    assert pooled.min() < 0.01, "it would have a unit of its own"
    for cell in (None, inner, border, tiny, PinnedCell(stage="conv1", index=(0, 3, 3))):
        page, _ = PICTURES["field"].made(
            Case(bench, "change", 0.5, cell=cell), {"stage": bench.pool, "sample": 0}
        )
        found[cell] = page_drawn(page, Box(0, 0, 480, 400), LIGHT).texts()
        filters = {inner: 0, border: 0, tiny: int(channel)}  # without padding no square is cut
        assert f"conv1, filter {filters.get(cell, last)}" in found[cell]
        for card in page.leaves().values():
            shown = card.content.map
            assert shown.decimals == -1 or shown.notation.unit == card.caption, "numbers are in its unit"
    assert {"1", "2"} <= set(found[inner])


def test_a_cell_has_the_colour_that_it_has_in_filters_and_maps() -> None:
    bench = small()
    passed, plan = bench.passed(3), plan_of(bench.network)
    first, pool = bench.network.filter_layers[0], bench.pool
    weights = bench.network.params[f"{first}.weight"]
    own = {stage: plan.column(stage).colors(passed.trace.outputs[stage][0]) for stage in (first, pool)}
    own["kernel"] = plan.column(f"{first}.weight").colors(weights)
    at = {"filter": 0, "row": 4, "column": 4, "sample": 3}
    for name, values, cards in (
        ("field", {"stage": pool, "sample": 3}, {first: first, pool: pool}),
        ("window", at, {"Sums": first, "Filter": "kernel"}),
        ("routes", at, {"Values": first}),
    ):
        page, _ = PICTURES[name].made(Case(bench, "change", 0.5), values)
        for title, stage in cards.items():
            shown = next(card for key, card in page.leaves().items() if key.startswith(title))
            assert shown.content.map.colors == own[stage], (name, title)


def test_of_many_misread_images_some_are_shown_and_the_title_says_so():
    bench = small()
    page, facts = PICTURES["mistakes"].made(Case(bench, "test_accuracy", 50.0), {})
    counts = bench.evaluation.confusion
    rows = [card for card in page.body.items if "read as" in card.title]
    assert facts["mistakes"] == sum(counts[i, j] for i, j in ((0, 1), (1, 0))) > 4
    most = 10 // len(rows)
    for card in rows:
        count = counts[int(card.title[0]), int(card.title[11])]
        assert (f": {most} of" in card.title) == (count > most)
        assert card.title.endswith(f": {most} of {count}") or count <= most
        assert len(card.content.tiles.maps) == min(count, most)


def test_the_sentence_on_the_way_of_the_filters_is_of_the_steepest_part_of_the_curve():
    page, facts = PICTURES["way"].made(Case(small(), "filter_change", 1.0), {})
    line = page.body.items[0].content.curves[0]
    heights = np.interp(np.linspace(0, line.x[-1], 11), line.x, line.y)
    steepest = int(np.diff(heights).argmax())
    assert facts["fast_from"] == 100 * round(steepest * line.x[-1] / 1000)


def texts_of(page: Page, wide: float, look: Look) -> list[str]:
    """What a page says that has to do with so much width."""
    body = broken(page.body, wide, look)
    return page_drawn(replace(page, body=body), Box(0, 0, wide, body.height(wide, look)), look).texts()


@pytest.mark.parametrize(("wide", "look"), [(288, LIGHT), (340, PAPER)])
def test_products_that_are_to_be_compared_have_their_numbers_and_a_sum(wide, look):
    for seed in range(3):
        where = {"filter": 0, "row": 4, "column": 4, "sample": 0}
        page, facts = PICTURES["window"].made(Case(small(seed=seed), "window_winner", None), where)
        texts = texts_of(page, wide, look)
        first, second, end = texts.index("Products, winner"), texts.index("Products, next"), len(texts)
        for start, stop, total in ((first, second, facts["largest"]), (second, end, facts["next"])):
            *cells, _, plus, _, minus, said, added = filter(None, texts[start + 1 : stop])
            assert len(cells) == 9
            assert said == "sum"
            numbers = [float(each.replace("−", "-")) for each in (plus, minus, added)]
            assert numbers[0] + numbers[1] == pytest.approx(numbers[2], abs=1e-9)
            assert numbers[2] == pytest.approx(total, abs=1e-3)


@pytest.mark.parametrize(("wide", "look"), [(288, LIGHT), (340, PAPER)])
@pytest.mark.parametrize(
    ("name", "title"), [("window", "Sums"), ("routes", "Values of the window, filter 0")]
)
def test_of_the_numbers_that_decide_which_cell_wins_none_looks_like_the_largest(name, title, wide, look):
    bench = small()
    windows = (
        bench.passed(3).trace.outputs["conv1"][0, 0].reshape(13, 2, 13, 2).swapaxes(1, 2).reshape(169, 4)
    )
    gaps = np.diff(np.sort(windows))[:, -1]
    closest = np.argsort(np.where(gaps > 1e-6, gaps, np.inf))[:4].tolist()
    assert gaps[closest].max() < 0.003
    for place in closest:
        where = {"filter": 0, "row": place // 13, "column": place % 13, "sample": 3}
        page, _ = PICTURES[name].made(Case(bench, "window_winner", None), where)
        texts = texts_of(page, wide, look)
        cells = list(filter(None, texts[texts.index(title) + 1 :]))[:4]
        assert cells.count(cells[int(windows[place].argmax())]) == 1, cells


def test_what_was_predicted_is_drawn_beside_what_was_measured():
    bench, picture = small(), PICTURES["learning"]
    texts = [
        page_drawn(picture.made(Case(bench, measure, 50.0, 60.0), {})[0], Box(0, 0, 300, 200), LIGHT).texts()
        for measure in ("test_accuracy", "test_loss")
    ]
    assert ("you" in texts[0], "you" in texts[1]) == (True, False)


@pytest.mark.parametrize("network", [small, lenet])
def test_loss_before_and_after_an_update_are_told_apart_on_an_axis_that_says_its_unit(network):
    bench = network()
    page, _ = PICTURES["step"].made(Case(bench, "update_loss_change", -0.1), {"sample": 3})
    passed = bench.passed(3)
    change = passed.loss_after - float(passed.gradients.loss)
    apart = []
    for card in page.leaves().values():
        (x0, y0), (x1, y1) = (dot[:2] for dot in card.content.dots)
        (low, high), end = card.content.y_range, float(card.content.xs[-1])
        unit = 10.0 ** read_power(card.caption)
        assert (y1 - y0) * unit == pytest.approx(change, rel=1e-9), "true to scale"
        apart.append((x1 - x0) / end > 0.08 and abs(y1 - y0) / (high - low) > 0.02)
    assert any(apart)


def test_what_the_rule_for_ties_makes_of_a_result_is_told_only_where_it_does() -> None:
    bench, at = small(), {"sample": 0}
    for ties, is_told in (("all", True), ("first", False)):
        _, facts = PICTURES["step"].made(Case(small(ties=ties), "update_loss_change", -0.1), at)
        assert (facts["product"] < facts["expected"] < 0) is is_told
        row, col = np.argwhere(bench.passed(0).routing.tied[0] == is_told)[0].tolist()
        where = at | {"filter": 0, "row": row, "column": col}
        page, _ = PICTURES["routes"].made(Case(bench, "window_receivers", 1.0), where)
        titles = [title for title in page.leaves() if title.startswith("Share")]
        told = [f"Share, rule “{rule}”" for rule in TIE_RULES]
        assert titles == (told if is_told else ["Share of the gradient"])


# --- the report ---------------------------------------------------------------------------------------------


def test_the_report_shows_the_picture_and_says_why():
    lab, mistakes = parse_lab(WITH_REVEAL.replace('settings = { pool = "average" }', ""))
    assert mistakes == []
    record = LabRecord.of(lab).predicted(lab.step("guess"), Commitment(0.4, "2026-01-31 10:00"))
    numbers = measured_lab(lab, small_data(), 3, with_results=True, record=record)
    handed = hand_in(lab, record, numbers)
    blocks = lab_document(lab, handed, record, numbers).blocks
    place = [getattr(each, "name", "") for each in blocks].index("reveal-guess")
    assert isinstance(blocks[place], Figure)
    assert blocks[place + 1] == Words(blocks[place + 1].text)
    assert blocks[place + 1].text.startswith("From 0.")
    # Where nothing was measured for the report the sentence that was told stands there.
    bare = structs.replace(numbers, reveals={})
    measured = tuple(each for each in numbers.measured if each.step == "guess")
    found = Found(measured, "2026-01-31 10:01", 10, lab.experiment, blocks=(Words("Because it is so."),))
    told = record.revealed(lab.step("guess"), found.time, found)
    assert Words("Because it is so.") in lab_document(lab, handed, told, bare).blocks
    # A draft says of a result that was told of which step it is, beside a run that has gone on.
    so_far = told_so_far(lab, told, lab.experiment)
    document = lab_document(lab, hand_in(lab, told, so_far), told, so_far, 25)
    assert document.blocks[0].text.startswith("This report shows the network after 10 and 25 training")
    assert document.tables[0].caption.endswith(", 10 training steps.")


def test_a_result_of_an_earlier_step_is_a_fact():
    question = '[step.question]\ntext = "What do you expect?"\n'
    reveal = """[step.reveal]
picture = "step"
[[step.reveal.why]]
when = ["guess.value != value"]
text = "Here {value}, earlier {guess.value}."
"""
    lab, mistakes = parse_lab(SMALL.replace(question, reveal + question))
    assert mistakes == []
    numbers = measured_lab(lab, small_data(), 3, with_results=True)
    words = [each for each in numbers.reveals["way"] if isinstance(each, Words)]
    values = {each.step: each.words for each in reversed(numbers.measured)}
    assert words == [Words(f"Here {values['way']}, earlier {values['guess']}.")]


# --- whether it is true -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_every_prediction_of_the_labs_is_explained_and_what_they_say_is_true(name):
    """For few images; `scripts/reveals.py` does the same for all and any number of students."""
    lab = load_lab(find_lab(Path(name)))
    asked = [step for step in lab.steps if step.prediction is not None]
    assert asked
    assert all(step.reveal is not None and step.reveal.why for step in asked)
    told = list(sentences(lab, "7", first_images(lab.experiment.classes, 1000, 100)))
    assert len(told) > 1
    assert [each for each in told if not each[2]] == []


def test_a_sentence_that_is_not_true_would_be_found():
    lab = load_lab(find_lab(Path("fooling")))
    step = lab.step("train")
    why = step.reveal.why[0], structs.replace(step.reveal.why[1], when=())
    step = structs.replace(step, reveal=structs.replace(step.reveal, why=why))
    lab, data = structs.replace(lab, steps=(step,)), first_images(lab.experiment.classes, 1000, 200)
    assert [each[2] for each in sentences(lab, "7", data)] == [True, False]
