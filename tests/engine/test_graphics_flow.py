"""The drawing of the network: it shows what the network computes, and what belongs together lights up."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from cnnviz.datasets import load_mnist, to_input
from cnnviz.drawing import LIGHT, Box, CellKey, Drawing, Ground, Line, Part, Rect, Text
from cnnviz.experiment import LAB5, LENET, Experiment
from cnnviz.graphics.cells import ends_of, short_scale
from cnnviz.graphics.columns import EVIDENCE, Kind, plan_of, unit_grid
from cnnviz.graphics.flow import FLOW, ShowCell
from cnnviz.graphics.network_stages import Flow, flow_of, montage

EXPERIMENTS = {
    "lab5": LAB5,
    "lenet": LENET,
    "no pool": replace(LAB5, pool="none", stride=2),
    "softmax": replace(LAB5, output="softmax", activation="relu", filters=(3,)),
    "hidden": replace(LAB5, hidden=(12,), activation="tanh", pool="average"),
    "many filters": replace(LAB5, filters=(40,)),
}
EACH = pytest.mark.parametrize("name", EXPERIMENTS)
SIZES = (520, 260), (640, 400), (1700, 760)


@cache
def image():
    return load_mnist().test_images[0]


def flow(experiment: Experiment) -> Flow:
    return flow_of(experiment.build_network().forward(image()[None]), experiment.classes, 1)


def drawn(shown: Flow, size: tuple[int, int] = (640, 400), hovered: object = None) -> Drawing:
    return FLOW.draw(shown, Ground(Box(0, 0, *size), LIGHT, hovered))


def stage(shown: Flow, key: str):
    return next(each for each in shown.stages if each.column.key == key)


def lit_lines(drawing: Drawing) -> int:
    return sum(isinstance(mark, Line) and mark.ink == "accent" for mark in drawing.marks)


@EACH
def test_every_stage_is_shown_with_what_the_network_computes(name: str) -> None:
    shown, experiment = flow(EXPERIMENTS[name]), EXPERIMENTS[name]
    network = shown.network
    trace = network.forward(to_input(image()[None], network.dtype))
    for each in shown.stages:
        if each.kind is Kind.MAPS:
            np.testing.assert_allclose(each.values, trace.outputs[each.column.stage][0], rtol=1e-5)
        elif each.kind is Kind.UNITS:
            values = each.values[~np.isnan(each.values)]
            np.testing.assert_allclose(values, trace.outputs[each.column.stage][0], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(shown.probabilities, trace.class_probabilities[0], rtol=1e-5)
    has_products = any(each.column.key == EVIDENCE for each in shown.stages)
    assert has_products == (not experiment.hidden)
    if has_products:
        place = int(np.argmax(shown.logits))
        total = sum(stage(shown, EVIDENCE).sums[:-1]) + network.params[f"{network.layers[-1][0]}.bias"][place]
        assert total == pytest.approx(float(shown.logits[place]), rel=1e-4)


@EACH
@pytest.mark.parametrize("size", SIZES)
def test_it_fits_and_says_how_many_maps_are_shown(name: str, size: tuple[int, int]) -> None:
    shown = flow(EXPERIMENTS[name])
    drawing = drawn(shown, size)
    tiles = [part for part in drawing.parts if isinstance(part.key, tuple) and isinstance(part.key[0], int)]
    columns = {key[0] for key in (part.key for part in tiles)}
    for n in columns - {len(shown.stages)}:
        count, all_ = len({p.key for p in tiles if p.key[0] == n}), len(shown.stages[n].values)
        texts = drawing.texts()
        assert count == all_ or f"{count} of {all_}" in texts or f"{count}/{all_}" in texts
    left_out = {n for n, each in enumerate(shown.stages) if not each.column.is_activation} - columns
    assert not left_out, "only activations may be left out"
    of_maps = {part.key for part in tiles if part.key[0] == 2}
    assert name != "lab5" or len(of_maps) == 8, "the network of the exercise is whole"


@pytest.mark.parametrize("size", [(512, 310), (591, 480), (761, 210)])
def test_each_column_has_its_heading_and_its_scale_and_none_touches_another(size: tuple[int, int]) -> None:
    shown = flow(LENET)
    drawing = drawn(shown, size)
    titles = {title for each in shown.stages for title in (each.title, each.title.rstrip(" 0123456789"))}
    texts = [mark for mark in drawing.all_marks() if isinstance(mark, Text)]
    heads = sorted(
        (mark.x, mark.font.width(mark.words), mark.words) for mark in texts if mark.words in titles
    )
    assert [word.split()[0] for *_, word in heads].count("Filters") == 2
    assert {"Input", "pool1", "pool2"} <= {word for *_, word in heads}, "as in Filters & maps"
    assert len(heads) >= 8, "all but activations"
    assert sum(mark.words.startswith(("±", "0–")) for mark in texts) >= 7
    assert all(x + width + 2 <= after for (x, width, _), (after, *_) in pairwise(heads))


@pytest.mark.parametrize(("wide", "is_there"), [(460, True), (360, False)])
def test_filters_bear_their_numbers_where_there_is_room(wide: int, is_there: bool) -> None:
    assert ("5" in drawn(flow(LAB5), (wide, 420)).texts()) is is_there


@pytest.mark.parametrize("experiment", [LAB5, LENET], ids=["lab5", "lenet"])
def test_in_the_room_that_a_projector_gives_every_filter_is_shown(experiment: Experiment) -> None:
    shown = flow(experiment)
    keys = {part.key for part in drawn(shown, (565, 488)).parts}
    for n, each in enumerate(shown.stages):
        assert each.column.is_activation or {(n, k) for k in range(len(each.values))} <= keys


def test_pointing_lights_up_what_is_read_and_what_is_fed_and_fades_the_rest() -> None:
    shown = flow(LAB5)  # image, filters, maps, pooled maps, products
    assert lit_lines(drawn(shown)) == 0
    pooled = drawn(shown, hovered=(3, 5))
    assert lit_lines(pooled) == 5, "image, filter, map, pooled map, products, unit"
    faded = [mark for mark in pooled.marks if isinstance(mark, Rect) and mark.alpha == 0.75]
    assert len(faded) == 4 * 7
    assert lit_lines(drawn(shown, hovered=(0, 0))) == 8 * 5
    assert lit_lines(drawn(shown, hovered=("class", 1))) == 8 * 5
    deep = flow(LENET)
    keys = [each.column.key for each in deep.stages]
    first, second = keys.index("pool1"), keys.index("pool2")
    half = lit_lines(drawn(deep, (1700, 760), (first, 0)))
    assert half > lit_lines(drawn(deep, (1700, 760), (second, 0))) > 8


def test_pointing_at_a_cell_outlines_what_it_is_computed_from_and_what_it_feeds() -> None:
    shown = flow(LAB5)
    assert shown.fields("pool1", (2, 6, 7))["conv1"] == ("receptive", (12, 14, 2, 2))
    assert shown.fields("pool1", (2, 6, 7))["input"] == ("receptive", (12, 14, 4, 4))
    assert shown.fields("conv1", (2, 12, 14))["pool1"] == ("feeds", (6, 7, 1, 1))
    there = drawn(shown, hovered=CellKey((3, 2), 6, 7))
    hidden = drawn(replace(shown, hides_fields=True), hovered=CellKey((3, 2), 6, 7))
    assert len(there.marks) == len(hidden.marks) + 4, "image, map, pooled map, products"


def test_the_heading_of_each_column_says_what_it_shows() -> None:
    shown = flow(LAB5)
    told = [part.tip for part in drawn(shown).parts if isinstance(part, Part) and part.key[0] == "head"]
    assert [text.partition(":")[0] for text in told] == [each.title for each in shown.stages]
    assert "What each cell of pool1 adds to the chosen logit" in told[-1]


@EACH
def test_pressing_goes_on_to_a_cell_of_the_network(name: str) -> None:
    shown = flow(EXPERIMENTS[name])
    drawing = drawn(shown, (1700, 760))
    for part in drawing.parts:
        if part.key[0] in ("head", "scale"):
            continue
        part = part.find(CellKey(part.key, 0, 0)) if hasattr(part, "grid") else part
        assert isinstance(part.ask, ShowCell)
        shape = ({"input": shown.network.input_shape} | dict(shown.network.shapes))[part.ask.stage]
        assert len(part.ask.index) == len(shape)
        assert all(0 <= index < side for index, side in zip(part.ask.index, shape, strict=True))
        assert part.tip


def test_the_map_that_moves_the_logit_most_is_named_and_its_sum_underlaid() -> None:
    shown = flow(LAB5)
    most = int(np.argmax(np.abs(stage(shown, EVIDENCE).values.sum(axis=(1, 2)))))
    drawing, told = drawn(shown, (1000, 500)), f"for 1, most: map {most}"
    assert told in drawing.texts()
    (under,) = [m.box for m in drawing.all_marks() if isinstance(m, Rect) and m.fill == "accent_soft"]
    (part,) = [p for p in drawing.parts if isinstance(p, Part) and "moves the logit most" in p.tip]
    assert (part.key, part.box.y) == ((4, most), pytest.approx(under.y, abs=1))
    assert told not in drawn(replace(shown, covered=frozenset({Kind.EVIDENCE})), (1000, 500)).texts()


def test_what_is_covered_is_neither_seen_nor_said() -> None:
    shown = replace(flow(LAB5), covered=frozenset({Kind.MAPS, Kind.EVIDENCE}), hides_output=True)
    drawing = drawn(shown)
    assert drawing.texts().count("?") == 3 * 8
    assert "covered" in drawing.texts()
    assert not any(
        share in text for share in shown.outputs.texts for text in (*drawing.texts(), FLOW.words(shown))
    )
    assert {part.ask for part in drawing.parts if part.key in ((2, 0), (3, 0))} == {None}
    assert [table.title for table in FLOW.tables(shown)] == ["input", "conv1.weight"]


def test_slices_of_a_filter_stand_in_a_grid_and_units_too() -> None:
    kernels = np.arange(2 * 5 * 9.0).reshape(2, 5, 3, 3)
    tiles = montage(kernels)
    assert tiles.shape == (2, 7, 11)
    np.testing.assert_array_equal(tiles[:, 4:, 4:7], kernels[:, 4])
    assert np.isnan(tiles[:, 3]).all()
    for count in (1, 7, 12, 128, 512):
        rows, cols = unit_grid(count)
        assert rows * cols >= count
        assert (rows - 1) * cols < count


def test_the_sums_of_all_maps_are_numbers_of_one_kind() -> None:
    shown = flow(LAB5)
    stages = [replace(each, sums=(0.012, -3e-5, 0.0021)) if each.sums else each for each in shown.stages]
    small = replace(shown, stages=tuple(stages), logits=np.array([0.01407]))
    assert small.written[:3] == ["+0.0120", "0.0000", "+0.0021"]
    early = (0.0044, 0.0093, 0.0008, -0.0021, 0.0006, 0.0098, 0.0003, 0.0007, 0.0001)  # the last is the bias
    stages = [replace(each, sums=early) if each.sums else each for each in shown.stages]
    begun = replace(shown, stages=tuple(stages), logits=np.array([sum(early)]))
    assert begun.written == [f"{each:+.4f}".replace("-", "−") for each in (*early, sum(early))]
    digits = to_input(load_mnist(LAB5.classes).test_images[[24, 27, 34]], np.float64)
    for each in digits:
        told = flow_of(LAB5.build_network().forward(each[None]), LAB5.classes).written[-1]
        assert told.strip("+−0."), "parts of four decimals do not add up to it, but it is not 0"
    texts = [mark for mark in drawn(begun).all_marks() if isinstance(mark, Text)]
    ends = {(mark.x, mark.anchor) for mark in texts if mark.words in begun.written[:8]}
    assert [anchor for _, anchor in ends] == ["end"], "their decimals line up"


def test_evidence_is_on_a_scale_on_which_it_is_seen_and_the_key_says_that_some_is_beyond() -> None:
    random = np.random.default_rng(0)
    column = plan_of(LAB5.build_network()).column(EVIDENCE)
    values = random.standard_t(1.5, (8, 13, 13))  # a few values are far larger than the others
    values[:, :4] = 0.0
    colors, known = column.colors(values), np.abs(values[values != 0])
    assert (known > colors.hi).mean() == pytest.approx(0.02, abs=0.002)
    assert colors.lo == -colors.hi
    assert column.within((colors.lo, colors.hi)) == colors, "fixed limits are said the same way"
    assert all(text.startswith(sign) for text, sign in zip(ends_of(colors), "≤≥", strict=True))
    assert short_scale(colors).startswith("> ±")
    shown = flow(LAB5)
    evidence = stage(shown, EVIDENCE).colors
    assert short_scale(evidence) in drawn(shown).texts()
    assert column.colors(np.zeros((8, 13, 13))).hi == 1.0
