"""The picture of Filters & maps, computed and explained without a window, against plain forward passes."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from cnnviz.datasets import to_input
from cnnviz.drawing import LIGHT, Box, Ground
from cnnviz.drawing.page import arranged
from cnnviz.experiment import LAB5
from cnnviz.graphics.columns import Kind, plan_of
from cnnviz.inspect.receptive_field import INPUT
from cnnviz.network import forward_pass
from tests.gui.feature_maps_panel import EXPERIMENTS, Asked, View, line_of, scene_of
from ui.panels.feature_maps.explain import Look, explain
from ui.panels.feature_maps.page import Contents
from ui.panels.feature_maps.picture import picture
from ui.state import PinnedCell

NUMBER = {"∞": "inf", "−": "-"}


def plain_pass(scene):
    """Outputs of all layers by the bare functions, and the class probabilities by hand."""
    network = scene.snapshot.network
    image = to_input(scene.sample.pixels[np.newaxis], network.dtype)
    outputs = forward_pass(network.layers, network.params, image)
    logits = outputs[-1][0].astype(np.float64)
    chance = 1 / (1 + np.exp(-logits[0])) if len(logits) == 1 else None
    powers = np.exp(logits - logits.max())
    probabilities = powers / powers.sum() if chance is None else np.array([1 - chance, chance])
    names = [name for name, _ in network.layers]
    found = {name: out[0] for name, out in zip(names, outputs[-len(names) :], strict=True)}
    return {INPUT: image[0], **found}, probabilities


@pytest.mark.parametrize("chosen", [None, 0, 2])
def test_evidence_is_of_the_chosen_class_else_of_the_predicted_one(chosen):
    scene = scene_of("three blocks", choices=View(class_index=chosen))
    asked, (outputs, _) = Asked(scene=scene), plain_pass(scene)
    logits = outputs[asked.picture.plan.output_stage]
    index = int(logits.argmax()) if chosen is None else chosen
    evidence, line = asked.picture.evidence, line_of(asked.content("logit"), f"logit of {index}")
    assert evidence.class_index == asked.content("dense1").chosen == index
    assert asked.leaves["class"].value == chosen
    assert evidence.logit == pytest.approx(float(logits[index])) == line
    bias = sum(evidence.biases.values())
    assert evidence.contributions.sum() + bias == pytest.approx(float(logits[index]), abs=1e-5)
    weights = asked.network.params["dense1.weight"][index].reshape(asked.network.shapes["pool3"])
    np.testing.assert_allclose(asked.tiles("evidence"), weights * outputs["pool3"], rtol=1e-5)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_cell_is_explained_with_its_own_value(name):
    scene = scene_of(name)
    seen, (outputs, _) = picture(scene), plain_pass(scene)
    rng = np.random.default_rng(5)
    for stage, values in outputs.items():
        if seen.plan.column(stage) is None:
            continue
        cell = PinnedCell(stage, tuple(int(rng.integers(side)) for side in values.shape))
        for look in (under(stage, *cell.index), Look(pinned=cell)):
            explained = explain(seen, look)
            assert explained.cell == cell
            assert explained.is_pinned == (look.pinned is not None)
            said = next(row.number for row in explained.arithmetic.ledger.rows if row.is_total)
            assert said == pytest.approx(float(values[cell.index]), rel=1e-6)
            shown = explained.value_line.split(" · ")
            assert float(values[cell.index]) == pytest.approx(number_in(shown), rel=6e-4, abs=1e-12)


def number_in(parts):
    for part in parts:
        try:
            return float("".join(NUMBER.get(letter, letter) for letter in part))
        except ValueError:
            continue
    raise AssertionError(f"There is no number in {parts}.")


def test_what_a_network_does_not_have_is_not_looked_at_and_equal_layers_have_the_very_same_plan() -> None:
    seen = picture(scene_of())
    far = PinnedCell("conv9", (0, 0, 0))
    view = View(channels=(("1", 99),), pointed="conv9", pointed_index=(0, 0, 0), sweep="conv9", sweep_place=3)
    explained = explain(seen, Look(view, far, far, ("conv9", 1)))
    assert explained.look == Look(View(channels=(("0", 0), ("1", 7))))
    assert explained.cell == PinnedCell("conv1", (7, 13, 13))

    one, other = scene_of("lenet"), scene_of("lenet", seed=9)
    assert plan_of(one.snapshot.network) is plan_of(other.snapshot.network)
    assert plan_of(one.snapshot.network) is not plan_of(scene_of("lab5").snapshot.network)

    contents = Contents()
    columns = [plan_of(replace(LAB5, padding=padding).build_network()).column("conv1") for padding in (0, 1)]
    made = [contents.of("head", each, None, (), lambda each=each: each.shape) for each in columns]
    assert made == [(8, 26, 26), (8, 28, 28)]


def test_the_map_of_a_pinned_cell_stays_and_one_under_the_pointer_is_left_behind_with_it():
    seen = picture(scene_of())
    pinned = explain(seen, Look(pinned=PinnedCell("pool1", (5, 2, 3))))
    column = seen.plan.column("conv1")
    assert pinned.channel(column) == 5
    assert explain(seen, replace(pinned.look, pinned=None)).channel(column) == 5

    column = seen.plan.column("pool1")
    over = explain(seen, under("conv1", 3, 4, 5))
    assert (over.channel(column), over.look.view.channel(column.group)) == (3, 0)
    left = explain(seen, replace(over.look, under=None))
    assert left.channel(column) == 0
    assert left.cell == PinnedCell("conv1", (0, 4, 5))


# -- what the columns show -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_column_shows_what_a_plain_pass_computes(name):
    scene = scene_of(name, index=3)
    asked, (outputs, probabilities) = Asked(scene=scene), plain_pass(scene)
    assert (asked.picture.names, asked.picture.scene.snapshot) == (scene.dataset.classes, scene.snapshot)
    for column in asked.picture.plan.columns:
        key, same = column.key, partial(np.testing.assert_allclose, rtol=1e-6)
        lo, hi = asked.picture.levels[key]
        if not column.within((lo, hi)).is_open:
            assert lo <= asked.picture.values(column).min()
            assert asked.picture.values(column).max() <= hi
        match column.kind:
            case Kind.IMAGE:
                same(asked.values(key), outputs[INPUT][0])
            case Kind.FILTERS:
                weights = asked.network.params[key]
                same(asked.values(key), weights[0, 0])
                same(asked.tiles(key), weights[:, 0])
            case Kind.MAPS:
                same(asked.values(key), outputs[key][0])
                same(asked.tiles(key), outputs[key])
            case Kind.UNITS:
                shown = asked.shown(key).map
                same(shown.values[~shown.blank], outputs[key])
            case Kind.OUTPUT:
                np.testing.assert_allclose(asked.content(key).values, probabilities, rtol=1e-5)
                if len(outputs[key]) > 1:
                    same(asked.content(key).logits, outputs[key])
            case Kind.EVIDENCE:
                assert asked.tiles(key).shape == asked.network.shapes[column.stage]


@pytest.mark.parametrize(("name", "has_winners"), [("lab5", True), ("no pool, stride", False)])
def test_the_key_names_winners_where_there_are_some(name, has_winners):
    assert ("maximum" in [text for _, text in Asked(name).content("key")]) is has_winners


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_evidence_and_biases_add_up_to_the_logit(name):
    asked = Asked(name)
    ledger, logits = asked.content("logit"), asked.trace.logits[0]
    bias = line_of(ledger, "biases" if EXPERIMENTS[name].hidden else "bias")
    logit = logits[0] if len(logits) == 1 else logits.max()
    curved = [row.number for row in ledger.rows if row.label == "curvature"]
    evidence = line_of(ledger, "evidence")
    assert asked.tiles("evidence").sum() == pytest.approx(evidence, rel=1e-5, abs=1e-6)
    assert evidence + bias + sum(curved) == pytest.approx(float(logit), rel=1e-5, abs=1e-5)
    assert next(row for row in ledger.rows if row.is_total).number == float(logit)
    assert bool(curved) == (name == "average, tanh")


def under(stage, *index):
    """Look at a cell with the pointer on it."""
    cell = PinnedCell(stage, index)
    return Look(View(pointed=stage, pointed_index=index), under=cell)


def test_a_cell_lights_up_every_earlier_stage_in_all_maps_that_are_read():
    asked, field = Asked("lenet", under("conv2", 0, 5, 6)), ((4, 5, 3, 3),)
    assert asked.outlined("pool1", "receptive") == field
    assert asked.marked("pool1", "receptive") == dict.fromkeys(range(8), field)
    assert asked.outlined("conv1", "receptive") == ((8, 10, 6, 6),)
    assert asked.outlined("relu1", "receptive") == ((8, 10, 6, 6),)
    # What comes later is not read, and a cell feeds its own map only.
    assert asked.outlined("pool2", "receptive") == ()
    assert asked.marked("relu2", "feeds") == {0: ((5, 6, 1, 1),)}
    assert asked.marked("pool2", "feeds") == {0: ((2, 3, 1, 1),)}


def test_a_pixel_shows_the_cells_it_feeds():
    asked = Asked(look=under("input", 0, 10, 4))
    assert asked.outlined("conv1", "feeds") == ((8, 2, 3, 3),)
    assert set(asked.marked("conv1", "feeds")) == set(range(8))
    pixel = int(asked.picture.scene.sample.pixels[0, 10, 4])
    assert asked.arithmetic.ledger.rows[0].number == str(pixel)


def test_the_winners_of_a_window_are_outlined_where_all_are_tied():
    scene = scene_of()
    blank = replace(scene, sample=replace(scene.sample, pixels=np.zeros_like(scene.sample.pixels)))
    won = Asked(look=under("pool1", 0, 3, 4), scene=blank).outlined("conv1", "winner")
    assert set(won) == {(row, col, 1, 1) for row in (6, 7) for col in (8, 9)}


def test_a_pinned_flattened_feature_is_shown_as_the_cell_it_was():
    seen = explain(picture(scene_of()), Look(pinned=PinnedCell("flatten", (169 + 13 * 2 + 4,))))
    assert seen.cell == PinnedCell("pool1", (1, 2, 4))


@pytest.mark.parametrize("ratio", [1.25, 1.5, 1.75])
def test_maps_and_their_colour_bars_end_together_at_any_scale(ratio):
    asked = Asked(ratio=ratio)
    for leaf, box in arranged(asked.page.body, Box(0, 0, 1140, 560), LIGHT):
        if leaf.key in ("input", "conv1", "pool1"):
            ground = Ground(Box(0, 0, box.width, box.height), LIGHT, ratio=ratio)
            drawing = leaf.graphic.draw(leaf.content, ground)
            drawn, bar = drawing.parts[0].grid.box.width, drawing.part("colors").box.width
            assert abs(drawn - bar) <= 1
            assert drawn > 100
