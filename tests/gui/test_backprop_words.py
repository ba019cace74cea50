"""Words and numbers on the screen: true of the network at hand, and unequal ones look unequal or carry ≈."""

import re
from dataclasses import replace
from decimal import Decimal, getcontext
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.datasets import Dataset
from cnnviz.drawing import LIGHT, Box, CellKey, Ground, Look, Text, drawn
from cnnviz.drawing.page import Page
from cnnviz.experiment import LAB5, Experiment
from cnnviz.graphics.curves import Curve, Curves
from cnnviz.graphics.heat_map import Looked
from cnnviz.graphics.ledger import LEDGER, Ledger, LedgerRow
from cnnviz.graphics.number_table import NUMBERS
from cnnviz.graphics.probabilities import Predictions, Probabilities
from cnnviz.graphics.stage_strip import STRIP, Stage, Strip
from cnnviz.history import LogLine
from cnnviz.layers import Activation, Conv2D, Dense, Flatten, MaxPool2D, Pool
from cnnviz.mathematics import plain
from cnnviz.network import Network
from cnnviz.palette import Color
from cnnviz.routing import Target
from tests.gui import backprop_desk
from tests.gui.backprop_desk import cells, cut, formula, lab5, leaves, now_at, numbers, pass_of
from tests.oracles import read_number as read
from tests.small_data import TWO_BLOCKS, first_images
from ui.panels.backprop.focus import Focus, Now, Step, StepKind, backward_steps, block_of
from ui.panels.backprop.formulas import formula_of, sentence_of, window_patches
from ui.panels.backprop.pages import inspect, page_of
from ui.panels.backprop.passes import Pass, preview_update
from ui.panels.training.log_table import log_values

POOLS = [("max", "first"), ("max", "all"), ("max", "split"), ("max_blur", "all"), ("max_blur", "split")]
POOLS += [("average", "all"), ("subsample", "all"), ("none", "all")]
ACTIVATIONS = ["none", "relu", "leaky_relu", "sigmoid", "tanh"]
ONE_BLOCK = replace(LAB5, filters=(3,))
BLOCKED = replace(TWO_BLOCKS, filters=(2, 3), hidden=(5,), classes=("4", "9"))
BLOCKS = {
    "one block": ONE_BLOCK,
    "two blocks": BLOCKED,
    "ten classes": replace(BLOCKED, classes=tuple("0123456789")),
}

PROJECTED = replace(LIGHT, scale=1.6)

ALL = pytest.mark.parametrize("activation", ACTIVATIONS)


def each_pair(blocks: list[str], pools: list[tuple[str, str]]) -> pytest.MarkDecorator:
    """Every pair of sizes, activations and pools, which has a third of all triples."""
    pairs = product(range(len(ACTIVATIONS)), range(len(pools)))
    cases = [(blocks[(a + p) % len(blocks)], ACTIVATIONS[a], *pools[p]) for a, p in pairs]
    return pytest.mark.parametrize(("blocks", "activation", "pool", "ties"), cases)


def passed_through(experiment: Experiment, *, is_deaf: bool = False, image: int = 3) -> Pass:
    """Pass of a digit through an untrained network; one that is deaf answers the same to every image."""
    data = first_images(experiment.classes, 40, 40)
    network = experiment.build_network(data.input_shape)
    if is_deaf:
        weights = 0 * network.params["dense2.weight"]
        network = network.with_params({**network.params, "dense2.weight": weights})
    return pass_of(network, image, data)


def made(blocks: str, activation: str, pool: str, ties: str) -> Pass:
    return passed_through(replace(BLOCKS[blocks], activation=activation, pool=pool, ties=ties))


def letter_of(passed: Pass, stage: str) -> str:
    """What a stage is called, told by what its layer is."""
    if stage == "input":
        return "x"
    layer = passed.layer(stage)
    if isinstance(layer, Conv2D | Dense):
        return "s" if stage == passed.network.layers[-1][0] else "z"
    if isinstance(layer, Pool):
        return "q"
    return "a" if isinstance(layer, Activation) else letter_of(passed, passed.before(stage))


def steps_of(passed: Pass, *kinds: StepKind) -> list[Step]:
    return [step for step in backward_steps(passed.network) if step.kind in kinds]


def maps_of(passed: Pass, step: Step) -> list[Any]:
    found = page_of(Now(passed, step, Focus())).leaves()
    return [card for key, card in found.items() if key.startswith("map ")]


def looked_at(passed: Pass, step: Step, window: tuple[int, ...]) -> Page:
    """What the column says of a window of a pool."""
    channels = ((block_of(passed.network, step.stage), window[0]),)
    return inspect.page(Now(passed, step, Focus(channels=channels, pinned=(step.layer, window))))


@each_pair([*BLOCKS], POOLS)
def test_each_formula_calls_a_value_what_all_others_call_it(
    blocks: str, activation: str, pool: str, ties: str
) -> None:
    """The left side names what the step gives; the pooled value is q, and p the probability alone."""
    passed = made(blocks, activation, pool, ties)
    for step in steps_of(passed, StepKind.ARRIVE, StepKind.ROUTE, StepKind.GATE, StepKind.INPUT):
        text = plain(formula_of(passed, step, Focus()))
        assert text.startswith(f"∂L/∂{letter_of(passed, step.stage)}"), (step, text)
        if step.kind is StepKind.ROUTE:
            assert "∂L/∂q" in text
            found = re.search(r"cell \((\d+), (\d+)\), (.) = ([+−\d.e]+)", text)
            assert found[3] == letter_of(passed, step.stage)
            value = passed.values(step.stage)[0, int(found[1]), int(found[2])]
            assert float(found[4].replace("−", "-")) == pytest.approx(float(value), rel=1e-3)
        if step.kind is StepKind.GATE:
            assert "∂L/∂a · φ′(z)" in text
    for step in steps_of(passed, StepKind.DENSE):
        source = passed.before(step.layer)
        text = plain(formula_of(passed, step, Focus()))
        assert f"∂L/∂{letter_of(passed, step.layer)} · {letter_of(passed, source)} = " in text
        assert maps_of(passed, step)[0].title == f"Input {letter_of(passed, source)}"
    for step in backward_steps(passed.network):
        assert "∂p" not in plain(formula_of(passed, step, Focus()))


def takers_by_hand(
    pool: str, ties: str, values: np.ndarray, window: tuple[int, int]
) -> list[tuple[int, int]]:
    """Cells of one map that get a part of the gradient of a window, all as much."""
    row, column = window
    cells = [(2 * row + a, 2 * column + b) for a in (0, 1) for b in (0, 1)]
    if pool != "max":
        return cells if pool == "average" else cells[:1]
    winners = [cell for cell in cells if values[cell] == max(values[each] for each in cells)]
    return winners[:1] if ties == "first" else winners


@each_pair(["one block", "two blocks"], [each for each in POOLS if each[0] not in ("max_blur", "none")])
def test_a_term_is_the_gradient_of_its_window_times_what_is_said(
    blocks: str, activation: str, pool: str, ties: str
) -> None:
    """Sum or mean of how many patches: built by hand as the words say, and multiplied."""
    passed = made(blocks, activation, pool, ties)
    conv = steps_of(passed, StepKind.FILTER)[-1].layer
    names = [name for name, _ in passed.network.layers]
    read = conv if activation == "none" else names[names.index(conv) + 1]
    pixels = np.pad(passed.values("input")[0], 1 if blocks == "two blocks" else 0)
    terms = passed.terms(conv, 1)
    values = passed.values(read)[1]
    z, layer = passed.values(conv)[1].astype(np.float64), passed.layer(read)
    slopes = np.ones(z.shape)
    if activation != "none":
        slopes = (layer.forward(z + 1e-6, {}) - layer.forward(z - 1e-6, {})) / 2e-6
    (step,) = (
        each for each in steps_of(passed, StepKind.ROUTE) if block_of(passed.network, each.stage) == conv
    )
    counts = set()
    for window in [(0, 0), (3, 5), (6, 6), (8, 4), (10, 10), *map(tuple, terms.places[:10].tolist())]:
        takers = takers_by_hand(pool, ties, values, window)
        words = window_patches(passed, conv, 1, window)
        patches = [slopes[i, j] * pixels[i : i + 3, j : j + 3] for i, j in takers]
        counts.add(len(takers))
        shown = looked_at(passed, step, (1, *window)).leaves()
        assert ("· φ′(z)" in words) is (activation != "none")
        if len(takers) == 1:
            assert words.startswith("patch")
            expected = patches[0]
        else:
            kind, _, number, *_ = words.split()
            assert kind in ("sum", "mean")
            assert int(number) == len(patches)
            expected = sum(patches) / (len(patches) if kind == "mean" else 1)
        np.testing.assert_allclose(terms.seen[window][0], expected, rtol=1e-6, atol=1e-9)
        if "patch" in shown:
            assert shown["patch"].tip.endswith(words)
            np.testing.assert_allclose(cells(shown["patch"]), expected, rtol=1e-6, atol=1e-9)
            product = passed.gradient(step.layer)[1][window] * expected
            np.testing.assert_allclose(cells(shown["term"]), product, rtol=1e-6, atol=1e-9)
    assert max(counts) > 1 or pool == "subsample" or ties == "first"
    of_gradient = passed.gradients.params[f"{conv}.weight"][1]
    arriving = passed.gradient(names[names.index(read) + 1])[1]
    np.testing.assert_allclose(np.tensordot(arriving, terms.seen, 2), of_gradient, rtol=1e-6, atol=1e-9)


@ALL
def test_an_activation_is_called_a_gate_only_where_it_shuts(activation: str) -> None:
    passed = made("two blocks", activation, "max", "first")
    for step in steps_of(passed, StepKind.GATE):
        said = sentence_of(passed, step)
        maps = maps_of(passed, step)
        hatched = [card.content.map.hatched for card in maps]
        assert ("gate" in said) is (activation == "relu")
        assert any(each is not None and each.any() for each in hatched) is (activation == "relu")
        if activation in ("sigmoid", "tanh"):
            assert "1 where" not in said + maps[0].tip
            assert {"sigmoid": "a × (1 − a)", "tanh": "1 − a²"}[activation] in maps[0].tip


def test_formulas_are_written_where_no_gradient_comes() -> None:
    passed = passed_through(replace(BLOCKED, ties="first"), is_deaf=True)
    assert all(plain(formula_of(passed, step, Focus())) for step in backward_steps(passed.network))


# -- numbers of a formula, read back -------------------------------------------------------------------------


getcontext().prec = 60

#: What is 1 less than this has been rounded by double precision in its fifth figure.
FINEST = 1e-11

Case = tuple[int, int, float, int]


@cache
def small_network(outputs: int) -> Network:
    layers = {"conv1": Conv2D(2, 3), "pool1": MaxPool2D(2), "flatten": Flatten(), "dense1": Dense(outputs)}
    return Network.build(list(layers.items()), (1, 8, 8), seed=1, dtype="float32")


def answer_of(outputs: int, label: int, scale: float, seed: int) -> Pass:
    """A pass of a random image through a network that is the surer of its answer, the larger `scale`."""
    network = small_network(outputs)
    weights = (network.params["dense1.weight"] * scale).astype(np.float32)
    network = network.with_params({**network.params, "dense1.weight": weights})
    pixels = np.random.default_rng(seed).integers(0, 256, (1, 8, 8), dtype=np.uint8)
    names = tuple(str(number) for number in range(max(outputs, 2)))
    part = pixels[np.newaxis], np.array([label])
    return pass_of(network, data=Dataset(*part, *part, names))


def parts_of(passed: Pass, kind: StepKind) -> list[str]:
    """Parts of a formula between its equals signs, as Python writes them."""
    text = formula(now_at(passed, kind)).replace("−", "-")
    return [part.strip() for part in text.split("   ")[0].split(" = ")]


def value(text: str) -> Decimal:
    """What a sum, difference, product or quotient of numbers comes to."""
    return eval(re.sub(r"(?<![\w.])(\d[\d.]*(?:e-?\d+)?)", r'Decimal("\1")', text.replace(" · ", " * ")))


def unit_of(text: str) -> Decimal:
    """The last place of a number, or of what is added to 1 or taken from it."""
    number = text.split(" ")[-1]
    mantissa, _, exponent = number.partition("e")
    return Decimal(10) ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


cases = st.tuples(st.sampled_from([1, 2, 10]), st.integers(0, 1), st.floats(0.01, 60), st.integers(0, 30))


@given(cases)
def test_each_formula_comes_out_with_its_numbers_as_printed(case: Case) -> None:
    """Loss, probability, its gradient, and the gradient of a weight."""
    passed = answer_of(*case)
    *_, quotient, p = parts_of(passed, StepKind.OUTPUT)
    power = re.search(r"e\^([^)]*)\)", quotient)
    found = 1 / (1 + value(power[1]).exp()) if power else value(quotient)
    assert abs(found - value(p)) <= 2 * unit_of(p)

    _, _, factors, product = parts_of(passed, StepKind.DENSE)[:4]
    assert abs(value(factors) - value(product)) <= 2 * unit_of(product)

    _, _, logarithm, loss = parts_of(passed, StepKind.LOSS)
    p = value(logarithm.removeprefix("-ln "))
    if passed.gradients.loss >= FINEST:
        assert abs(-p.ln() - value(loss)) <= 2 * unit_of(loss)
        assert value(loss) > 0

    *_, difference, gradient = parts_of(passed, StepKind.LOGITS)
    if abs(passed.gradient("dense1")).min() >= FINEST:
        assert abs(value(difference) - value(gradient)) <= 2 * unit_of(gradient)


@pytest.mark.parametrize("outputs", [1, 10])
def test_a_very_sure_probability_has_one_spelling_on_a_page(outputs: int) -> None:
    for seed in range(12):
        passed = answer_of(outputs, 0, 40.0, seed)
        passed = answer_of(outputs, int(passed.probabilities.argmax()), 40.0, seed)
        for kind in (StepKind.OUTPUT, StepKind.LOSS, StepKind.LOGITS):
            now = now_at(passed, kind)
            rows = {row.key: row.text for row in numbers(now)["numbers of the cell"].content.rows}
            if outputs > 1 or passed.label == 1:
                assert rows["p"] in formula(now), (seed, kind)
            if kind is StepKind.LOGITS:
                assert formula(now).endswith(rows["gradient"])


@pytest.mark.parametrize("scale", [3.0, 8.0, 40.0])
def test_a_probability_stands_in_full_in_its_cell(scale: float) -> None:
    """Beside it, nothing says a power of ten: 0.00573 is not "5.73"."""
    for seed in range(6):
        passed = answer_of(1, 0, scale, seed)
        table = leaves(now_at(passed, StepKind.LOSS))["numbers"].content
        (text,) = next(row.texts[0] for row in table.numbers.rows if row.key == "p")
        texts = drawn(NUMBERS, table, 600, LIGHT).texts()
        assert text in texts
        assert not any("10" in each for each in texts if each not in (text, "10"))
        p = float(passed.probabilities[1])
        assert float(value(text.replace("−", "-"))) == pytest.approx(p, rel=0.06)
        assert (text == "1") == (p == 1 and passed.probabilities[0] == 0)


@pytest.mark.parametrize(("width", "look"), [(576, LIGHT), (900, LIGHT), (1130, PROJECTED)])
def test_all_numbers_of_a_row_are_written_as_large_and_none_is_missing(width: float, look: Look) -> None:
    """Also where a probability near 1, which takes the most figures, stands beside tiny ones."""
    surest = []
    for seed in range(12):
        passed = answer_of(10, 0, 40.0, seed)
        surest.append(float(passed.probabilities.max()))
        for kind in (StepKind.OUTPUT, StepKind.LOSS, StepKind.LOGITS):
            table = leaves(now_at(passed, kind))["numbers"].content
            drawing = drawn(NUMBERS, table, width, look)
            written = [mark for mark in drawing.all_marks() if isinstance(mark, Text)]
            for row in table.numbers.rows:
                boxes = [drawing.part(CellKey(row.key, 0, place)).box for place in range(10)]
                cells = [[mark for mark in written if box.has(mark.x, mark.y)] for box in boxes]
                assert [len(cell) for cell in cells] == [1] * 10, (seed, row.key)
                assert len({mark.font for (mark,) in cells}) == 1, (seed, row.key)
    assert any(1 - 1e-3 < p < 1 for p in surest)


def assert_told_apart(values, texts) -> None:
    """Unequal values have unequal texts, or both are marked; equal ones have equal texts."""
    for one, text in zip(values, texts, strict=True):
        for other, other_text in zip(values, texts, strict=True):
            if one == other:
                assert text == other_text
            elif text != other_text and read(text) != read(other_text):
                assert (read(text) < read(other_text)) == (one < other) or "≈" in text + other_text
            else:
                assert "≈" in text + other_text or text != other_text
                assert text.startswith(("≈", "1 ")) or text == "0"


def near(values: list[float]) -> list[float]:
    """The same numbers, each with a near neighbour."""
    return [each for value in values for each in (value, value * (1 + 3e-7))]


any_size = st.floats(-3, 3, width=32) | st.floats(0, 2**-20, width=32)
near_numbers = st.lists(any_size, min_size=2, max_size=5).map(near)
weights = st.lists(st.floats(2**-20, 1, width=32), min_size=3, max_size=5)
shares = weights.map(lambda each: (np.array(each) / np.sum(each)).tolist())


@given(near_numbers)
@settings(max_examples=60)
def test_columns_of_the_log(values: list[float]) -> None:
    shown = log_values([LogLine(place, abs(value), 1.0, 1) for place, value in enumerate(values)])
    texts = [row.texts[0] for row in shown.rows]
    assert_told_apart(list(map(abs, values)), texts)


@given(shares, shares)
@settings(max_examples=60)
def test_probabilities_before_and_after(first: list[float], second: list[float]) -> None:
    count = min(len(first), len(second)) - 1
    before, after = ([*each[:count], sum(each[count:])] for each in (first, second))
    names = [str(number) for number in range(count + 1)]
    shown = Predictions(tuple(names), np.array(before), np.array(after))
    for place, line in enumerate(shown.say().split("\n")):
        texts = re.fullmatch(r"class \d+: original (.*), shifted (.*)", line)
        assert texts
        assert_told_apart((before[place], after[place]), texts.groups())
    for place, texts in enumerate(shown.texts(longest=8)):
        assert_told_apart((before[place], after[place]), texts)


def test_a_probability_near_0_or_1_reads_as_none_of_these_and_alike_however_many_classes_are_shown() -> None:
    shares = np.full(10, 1e-9)
    shares[3] = 1 - 9e-9
    bars = Probabilities(tuple(map(str, range(10))), tuple(shares.tolist()))
    few = replace(bars, most=3)
    assert {few.say(row) for row in few.shown} <= {bars.say(row) for row in bars.shown}
    assert few.shown == [0, 1, 3]
    assert not any(re.search(r"probability [01](,|$)", bars.say(row)) for row in bars.shown)


def texts_in(leaf, side: float = 400) -> list[str]:
    """Numbers of a map, cell by cell, where it is so large."""
    drawing = leaf.graphic.draw(leaf.content, Ground(Box(0, 0, side, side), LIGHT))
    texts = [mark for mark in drawing.all_marks() if isinstance(mark, Text) and mark.font.is_mono]
    _, _, rows, cols = leaf.content.map.shown
    boxes = [drawing.part(CellKey("cell", row, col)).box for row, col in np.ndindex(rows, cols)]
    return ["".join(text.words for text in texts if box.has(text.x, text.y)) for box in boxes]


def after_a_step(rate: float, scale: float = 1.0, **focus) -> Now:
    """The update of LAB5, as it is previewed."""
    network = LAB5.build_network()
    network = network.with_params({name: array * scale for name, array in network.params.items()})
    passed = pass_of(network)
    return replace(now_at(passed, StepKind.UPDATE, rate=rate, **focus), preview=preview_update(passed, rate))


@pytest.mark.parametrize("parameter", ["conv1.weight", "dense1.weight"])
def test_weights_before_and_after_an_update(parameter: str) -> None:
    """A step of LAB5 changes the weights of a kernel by some millionths."""
    shown = leaves(after_a_step(LAB5.learning_rate, parameter=parameter))
    first, last = shown["map 0"], shown["map 2"]
    assert all(texts_in(first)), "there is room for the numbers"
    assert (cells(first) != cells(last)).any()
    rows = zip(cells(first).ravel().tolist(), cells(last).ravel().tolist(), strict=True)
    for values, texts in zip(rows, zip(texts_in(first), texts_in(last), strict=True), strict=True):
        assert not any("≈" in text for text in texts)
        if parameter == "conv1.weight":  # its cells have room for the difference
            assert_told_apart(values, texts)


@pytest.mark.parametrize(
    ("experiment", "layer", "unit", "name"),
    [(ONE_BLOCK, "dense1", 0, "unit 0 (class 1)"), (BLOCKED, "dense1", 1, "unit 1"),
     (BLOCKED, "dense2", 1, "unit 1 (class 9)")],
)  # fmt: skip
def test_a_unit_that_speaks_for_a_class_is_named_with_it(experiment, layer, unit, name) -> None:
    now = now_at(passed_through(experiment), StepKind.DENSE, layer, units=((layer, unit),))
    assert f"{layer}, {name}" in [getattr(each, "caption", "") for each in leaves(now).values()]


def test_a_small_sum_and_a_large_gradient_share_a_unit_in_which_both_are_short() -> None:
    shown = leaves(now_at(pass_of(lab5()), StepKind.FILTER, terms=1))
    first, whole = shown["sum"], shown["total"]
    assert first.content.map.notation == whole.content.map.notation
    for leaf in (first, whole):
        texts = leaf.graphic.draw(leaf.content, Ground(Box(0, 0, 160, 160), LIGHT)).texts()
        assert sum("." in text and bool(text.strip("+−0.")) for text in texts) >= 9, "none reads as 0"
        assert not any("," in text or len(text) > 8 for text in texts), texts


def test_losses_and_a_weight_before_and_after_the_smallest_step() -> None:
    now = after_a_step(1e-7, 20, weight=Target("conv1.weight", (0, 0, 1, 1)))
    for card in (leaves(now)["outcome"], inspect.page(now).leaves()["numbers of the cell"]):
        before, after = backprop_desk.value(card, "before"), backprop_desk.value(card, "after")
        assert before != after or before.startswith("≈"), (before, after)


@pytest.mark.parametrize("network", [lab5(), backprop_desk.two_blocks()])
def test_the_numbers_of_every_map_of_backprop_are_its_values_in_the_unit_of_its_key(network) -> None:
    """One number of decimals and one power of ten for a map, wherever it stands beside others."""
    passed, count = pass_of(network, 1), 0
    for step in backward_steps(network):
        now = replace(now_at(passed, step.kind, step.layer, terms=2), preview=preview_update(passed, 1e-4))
        for leaf in leaves(now).values():
            texts = texts_in(leaf, 500) if isinstance(getattr(leaf, "content", None), Looked) else []
            if not any(texts):
                continue
            shown, unit = leaf.content.map, 10.0**leaf.content.map.notation.exponent
            drawing = leaf.graphic.draw(leaf.content, Ground(Box(0, 0, 500, 500), LIGHT))
            assert not shown.has_key or any("× 10" in each for each in drawing.texts()) is (unit != 1)
            blank = np.zeros(shown.values.shape, bool) if shown.blank is None else shown.blank
            known = zip(cells(leaf).ravel().tolist(), texts, cut(leaf, blank).flat, strict=True)
            known = [(value, text) for value, text, is_blank in known if not is_blank]
            assert all(text for _, text in known), (step.title, leaf.title)
            decimals = {len(text.partition(".")[2]) for _, text in known if text != "0"}
            assert len(decimals) <= 1, (step.title, leaf.title, texts)
            for value, text in known:
                assert (text == "0") == (value == 0)
                exactness = 0.51 * unit * 10.0 ** -max(decimals, default=0)
                assert read(text) * unit == pytest.approx(value, abs=exactness)
            count += 1
    assert count > 10


def test_values_of_several_lines_beside_the_cursor() -> None:
    x, values = np.arange(3.0), [0.46712, 0.46718, 0.4671, 0.5]
    lines = tuple(Curve(f"line{place}", x, np.full(3, value)) for place, value in enumerate(values))
    read_there = sorted((name, text) for _, name, text in Curves(lines).read(1.0))
    assert_told_apart(values, [text for _, text in read_there])


def test_stages_have_three_figures_and_what_is_no_number_a_dash() -> None:
    keys = ("pixels", "conv", "max", "average", "blur")
    values = (0.4671, 0.4678, 0.46711, 0.0, 1.4)
    stages = tuple(Stage(key, key, Color("#7A4FC9", "#B394F5"), "") for key in keys)
    strip = drawn(STRIP, Strip(stages, tuple((each, float("nan")) for each in values), "conv"), 900, LIGHT)
    tips = [strip.part(key).tip for key in keys]
    told = [tip.split("original by ")[1].split(",")[0] for tip in tips]
    assert told == ["0.467", "0.468", "0.467", "0", "1.4"]
    assert set(told) <= set(strip.texts())
    assert all("from the moved original by –" in tip for tip in tips)


def test_parts_that_differ_by_rounding_only_leave_the_labels_their_room() -> None:
    """The sum of evidence and a bias of 0, as added in another order."""
    for evidence in (7.655186067018001, 7.655186067018001e-4):
        parts = LedgerRow("evidence", evidence, adds=True), LedgerRow("bias", 0.0, adds=True)
        ledger = Ledger((*parts, LedgerRow("logit", float(np.nextafter(evidence, 0)), is_total=True)))
        assert "evidence" in drawn(LEDGER, ledger, LEDGER.size(ledger, LIGHT).width, LIGHT).texts()
        first, _zero, last = ledger.texts
        assert first == last
        assert len(first) <= 10
