"""The picture of Filters & maps, computed and explained without a window, against plain forward passes."""

from dataclasses import replace

import numpy as np
import pytest

from cnnviz.datasets import to_input
from cnnviz.inspect.receptive_field import INPUT
from cnnviz.network import forward_pass
from cnnviz.presets import LAB5
from cnnviz.snapshots import Origin, Snapshot
from tests.gui.feature_maps_panel import EXPERIMENTS, digits
from ui.panels.feature_maps.explain import Look, explain
from ui.panels.feature_maps.page import Contents
from ui.panels.feature_maps.picture import MapChoices, picture
from ui.panels.feature_maps.plan import Kind, plan_of
from ui.panels.scene import Scene
from ui.state import PinnedCell, Sample, Shift

NUMBER = {"∞": "inf", "−": "-"}


def scene_of(name="lab5", index=0, choices=None, **changes):
    experiment = replace(EXPERIMENTS[name], **changes)
    data, network = digits(experiment.classes), experiment.build_network()
    sample = Sample(data.test_images[index], int(data.test_labels[index]), index)
    origin = Origin(1, experiment, data.name)
    return Scene(data, Snapshot(7, network, origin=origin), sample, Shift(), choices or MapChoices())


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
