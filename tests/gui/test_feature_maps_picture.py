"""The picture of Filters & maps, computed and explained without a window, against plain forward passes."""

from dataclasses import replace

import numpy as np
import pytest

from cnnviz.datasets import to_input
from cnnviz.drawing import LIGHT, Box, Ground
from cnnviz.drawing.page import arranged
from cnnviz.inspect.receptive_field import INPUT
from cnnviz.network import forward_pass
from cnnviz.presets import LAB5
from tests.gui.feature_maps_panel import EXPERIMENTS, Asked, line_of, scene_of
from ui.panels.feature_maps.explain import Look, explain
from ui.panels.feature_maps.page import Contents
from ui.panels.feature_maps.picture import MapChoices, picture
from ui.panels.feature_maps.plan import Kind, plan_of
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


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_picture_holds_what_a_plain_pass_computes(name):
    scene = scene_of(name, index=3)
    seen, (outputs, probabilities) = picture(scene), plain_pass(scene)
    for column in seen.plan.columns:
        if column.kind is Kind.KERNELS:
            np.testing.assert_array_equal(seen.values(column), scene.snapshot.network.params[column.key])
        elif column.kind is not Kind.EVIDENCE:
            np.testing.assert_allclose(seen.values(column), outputs[column.stage], rtol=1e-6)
        lo, hi = seen.levels[column.key]
        assert lo <= seen.values(column).min()
        assert seen.values(column).max() <= hi
    np.testing.assert_allclose(seen.probabilities, probabilities, rtol=1e-5)
    assert seen.names == scene.dataset.classes
    assert seen.scene.snapshot is scene.snapshot


@pytest.mark.parametrize("chosen", [None, 0, 2])
def test_evidence_is_of_the_chosen_class_else_of_the_predicted_one(chosen):
    scene = scene_of("three blocks", choices=MapChoices(chosen))
    seen, (outputs, _) = picture(scene), plain_pass(scene)
    logits = outputs[seen.plan.output_stage]
    index = int(logits.argmax()) if chosen is None else chosen
    assert seen.evidence.class_index == index
    assert seen.evidence.logit == pytest.approx(float(logits[index]))
    bias = sum(seen.evidence.biases.values())
    assert seen.evidence.contributions.sum() + bias == pytest.approx(float(logits[index]), abs=1e-5)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_cell_is_explained_with_its_own_value(name):
    scene = scene_of(name)
    seen, (outputs, _) = picture(scene), plain_pass(scene)
    rng = np.random.default_rng(5)
    for stage, values in outputs.items():
        if seen.plan.column(stage) is None:
            continue
        cell = PinnedCell(stage, tuple(int(rng.integers(side)) for side in values.shape))
        for look in (Look(pointed=cell, under=cell), Look(pinned=cell)):
            explained = explain(seen, look)
            assert explained.cell == cell
            assert explained.is_pinned == (look.pinned is not None)
            said = next(row.number for row in explained.arithmetic.breakdown if row.is_total)
            assert said == pytest.approx(float(values[cell.index]), rel=1e-6)
            shown = explained.value_line.split(" · ")
            assert float(values[cell.index]) == pytest.approx(number_in(shown), rel=1e-4, abs=1e-12)


def number_in(parts):
    for part in parts:
        try:
            return float("".join(NUMBER.get(letter, letter) for letter in part))
        except ValueError:
            continue
    raise AssertionError(f"There is no number in {parts}.")


def test_equal_layers_have_the_very_same_plan():
    one, other = scene_of("lenet"), scene_of("lenet", seed=9)
    assert plan_of(one.snapshot.network) is plan_of(other.snapshot.network)
    assert plan_of(one.snapshot.network) is not plan_of(scene_of("lab5").snapshot.network)


def test_what_a_network_does_not_have_is_not_looked_at():
    seen = picture(scene_of())
    far = PinnedCell("conv9", (0, 0, 0))
    explained = explain(seen, Look((0, 99), far, far, far, ("conv9", 3), ("conv9", 1)))
    assert explained.look == Look((0, 7))
    assert explained.cell == PinnedCell("conv1", (7, 13, 13))


def test_the_map_of_a_pinned_cell_is_the_one_that_is_shown_and_stays_when_it_is_freed():
    seen = picture(scene_of())
    pinned = explain(seen, Look(pinned=PinnedCell("pool1", (5, 2, 3))))
    column = seen.plan.column("conv1")
    assert pinned.channel(column) == 5
    assert explain(seen, replace(pinned.look, pinned=None)).channel(column) == 5


def test_a_map_is_looked_at_while_the_pointer_is_on_it_and_left_behind_with_it():
    seen = picture(scene_of())
    column, cell = seen.plan.column("pool1"), PinnedCell("conv1", (3, 4, 5))
    over = explain(seen, Look(pointed=cell, under=cell))
    assert (over.channel(column), over.look.channel(column.group)) == (3, 0)
    left = explain(seen, replace(over.look, under=None))
    assert left.channel(column) == 0
    assert left.cell == PinnedCell("conv1", (0, 4, 5))


def test_a_column_of_another_network_is_made_anew() -> None:
    contents = Contents()
    columns = [plan_of(replace(LAB5, padding=padding).build_network()).column("conv1") for padding in (0, 1)]
    made = [contents.of("head", each, None, (), lambda each=each: each.shape) for each in columns]
    assert made == [(8, 26, 26), (8, 28, 28)]


# -- what the columns show -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_column_shows_the_arrays_of_forward(name):
    asked = Asked(name)
    network, trace = asked.network, asked.trace
    for column in asked.picture.plan.columns:
        key = column.key
        match column.kind:
            case Kind.IMAGE:
                np.testing.assert_array_equal(asked.values(key), trace.inputs[0, 0])
            case Kind.KERNELS:
                weights = network.params[key]
                np.testing.assert_array_equal(asked.values(key), weights[0, 0])
                np.testing.assert_array_equal(asked.tiles(key), weights[:, 0])
            case Kind.MAPS:
                np.testing.assert_array_equal(asked.values(key), trace.outputs[key][0, 0])
                np.testing.assert_array_equal(asked.tiles(key), trace.outputs[key][0])
            case Kind.UNITS:
                shown = asked.shown(key).map
                np.testing.assert_array_equal(shown.values[~shown.blank], trace.outputs[key][0])
            case Kind.OUTPUT:
                outputs = asked.content(key).outputs
                np.testing.assert_array_equal(outputs.probabilities, trace.class_probabilities[0])
                if trace.logits.shape[1] > 1:
                    np.testing.assert_array_equal(outputs.logits, trace.logits[0])
            case Kind.EVIDENCE:
                assert asked.tiles(key).shape == network.shapes[column.stage]


def test_every_layer_but_flatten_has_a_column_and_colours_fit_its_values():
    asked = Asked("lenet")
    assert [column.key for column in asked.picture.plan.columns] == [
        "input", "conv1.weight", "conv1", "relu1", "pool1", "conv2.weight", "conv2", "relu2", "pool2",
        "evidence", "dense1", "relu3", "dense2",
    ]  # fmt: skip
    names = [asked.shown(key).map.colors.name for key in ("input", "conv1", "pool1")]
    assert names == ["grey", "signed", "sequential"]
    lo, hi = asked.levels("conv1")
    assert lo == -hi
    assert asked.levels("pool1") == (0.0, float(asked.trace.outputs["pool1"].max()))


@pytest.mark.parametrize(("name", "has_winners"), [("lab5", True), ("no pool, stride", False)])
def test_the_key_names_winners_where_there_are_some(name, has_winners):
    assert ("maximum" in [text for _, text in Asked(name).content("key").marks]) is has_winners


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


def test_another_class_may_be_chosen_for_the_evidence():
    asked = Asked(scene=scene_of("three blocks", choices=MapChoices(2)))
    assert asked.content("dense1").chosen == 2
    assert asked.leaves["class"].value == 2
    assert line_of(asked.content("logit"), "logit of 2") == float(asked.trace.logits[0, 2])
    weights = asked.network.params["dense1.weight"][2].reshape(asked.network.shapes["pool3"])
    np.testing.assert_allclose(asked.tiles("evidence"), weights * asked.trace.outputs["pool3"][0], rtol=1e-5)
    assert Asked("three blocks").content("dense1").chosen == int(asked.trace.logits[0].argmax())


def under(stage, *index):
    """Look at a cell with the pointer on it."""
    cell = PinnedCell(stage, index)
    return Look(pointed=cell, under=cell)


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
    assert asked.arithmetic.breakdown[0].number == str(pixel)


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
