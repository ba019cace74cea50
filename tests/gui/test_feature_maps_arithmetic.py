"""Cells and columns of Filters & maps against plain forward passes: asked of pages, most without a window."""

from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from cnnviz.datasets import to_input
from cnnviz.drawing import LIGHT, Box, CellKey, Ground, Table, to_svg
from cnnviz.drawing.page import Card, Choice, arranged, draw_card, page_drawn
from cnnviz.graphics.columns import Kind
from cnnviz.inspect.receptive_field import INPUT
from cnnviz.layers import Flatten
from cnnviz.network import forward_pass
from cnnviz.quantities import format_signed
from tests.gui.feature_maps_panel import EXPERIMENTS, Asked, Opened, line_of, scene_of, strong
from tests.gui.page_rules import assert_has_room
from tests.oracles import read_number
from ui.panels.feature_maps.arithmetic import PinCell, PointAtTerm, Written, page
from ui.panels.feature_maps.asks import Choose, StepSweep
from ui.panels.feature_maps.explain import Gaze, explain, logit_ledger
from ui.panels.feature_maps.picture import Picture, picture
from ui.panels.feature_maps.view import View
from ui.state import PinnedCell
from ui.theme import tokens

EVERY = pytest.mark.parametrize("name", EXPERIMENTS)


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
    assert evidence.logit == pytest.approx(float(logits[index])) == line
    weights = asked.network.params["dense1.weight"][index].reshape(asked.network.shapes["pool3"])
    np.testing.assert_allclose(asked.tiles("evidence"), weights * outputs["pool3"], rtol=1e-5)


@EVERY
def test_every_cell_is_explained_with_its_own_value(name):
    scene = scene_of(name)
    shown, (outputs, _) = picture(scene), plain_pass(scene)
    rng = np.random.default_rng(5)
    for stage, values in ((key, each) for key, each in outputs.items() if shown.plan.column(key)):
        cell = PinnedCell(stage, tuple(int(rng.integers(side)) for side in values.shape))
        for look in (under(stage, *cell.index), Gaze(pinned=cell)):
            explained = explain(shown, look)
            assert explained.cell == cell
            assert explained.is_pinned == (look.pinned is not None)
            said = next(row.number for row in explained.arithmetic.ledger.rows if row.is_total)
            assert said == pytest.approx(float(values[cell.index]), rel=1e-6)
            told = read_number(explained.arithmetic.number)
            assert told == pytest.approx(float(values[cell.index]), rel=6e-4, abs=1e-12)


def test_what_a_network_does_not_have_is_not_looked_at() -> None:
    shown = picture(scene_of())
    far = PinnedCell("conv9", (0, 0, 0))
    view = View(channels=(("1", 99),), pointed="conv9", pointed_index=(0, 0, 0), sweep="conv9", sweep_place=3)
    explained = explain(shown, Gaze(view, far, far, ("conv9", 1)))
    assert explained.look == Gaze(View(channels=(("0", 0), ("1", 7))))
    assert explained.cell == PinnedCell("conv1", (7, 13, 13))


# -- what the columns show -----------------------------------------------------------------------------------


@EVERY
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
    assert ("winner" in [text for _, text in Asked(name).content("key")]) is has_winners


@EVERY
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
    """Gaze at a cell with the pointer on it."""
    cell = PinnedCell(stage, index)
    return Gaze(View(pointed=stage, pointed_index=index), under=cell)


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


def test_a_pinned_flattened_feature_is_shown_as_the_cell_it_was_and_its_map_stays_when_it_is_freed():
    shown = picture(scene_of())
    pinned = explain(shown, Gaze(pinned=PinnedCell("flatten", (169 + 13 * 2 + 4,))))
    assert pinned.cell == PinnedCell("pool1", (1, 2, 4))
    for each in (pinned, explain(shown, replace(pinned.look, pinned=None))):
        assert each.channel(shown.plan.column("conv1")) == 1


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


# -- arithmetic ----------------------------------------------------------------------------------------------


@cache
def seen(name: str = "lab5") -> Picture:
    """A picture with weights that are not tiny."""
    scene = scene_of(name)
    return picture(replace(scene, snapshot=replace(scene.snapshot, network=strong(scene.snapshot.network))))


def now_at(name: str, stage: str, *cell: int, part: int = 0, covers: bool = False, **more) -> Written:
    look = Gaze(pinned=PinnedCell(stage, cell), part=(stage, part), covers=covers)
    arithmetic = explain(seen(name), look).arithmetic
    assert arithmetic is not None
    return Written(arithmetic, **more)


def content(now: Written, key: str):
    return page(now).leaves()[key].content


def values(now: Written, key: str):
    return content(now, key).map.values


def stages(name: str) -> list[tuple[str, tuple[int, ...]]]:
    """All stages with the last cell of each."""
    network = seen(name).network
    return [("input", (0, 0, 0))] + [
        (stage, tuple(side - 1 for side in network.shapes[stage]))
        for stage, layer in network.layers
        if not isinstance(layer, Flatten)
    ]


@EVERY
@pytest.mark.parametrize("room", [Box(0, 0, 1108, 170), Box(0, 0, 790, 150)])
def test_all_of_a_page_has_room_and_nothing_covers_another(name: str, room: Box) -> None:
    for stage, cell in stages(name):
        now = now_at(name, stage, *cell, is_pinned=True, sweeps=True)
        assert page(now) == page(now)
        for leaf, box in assert_has_room(page(now), room):
            if isinstance(leaf, Card):
                parts = draw_card(leaf, Ground(box, LIGHT)).parts
                assert all(part.box.width > 0 for part in parts if hasattr(part, "box"))
            if isinstance(leaf, Choice) or leaf.is_live:
                assert leaf.title, leaf.key
        words = draw_card(page(now).leaves()["title"], Ground(room, LIGHT)).texts()
        shown = now.arithmetic
        assert words == [shown.name, f"= {shown.number}", shown.formula]
        line = page(replace(now, sees="sees rows 1–2")).leaves()["title"]
        words = [*words[:2], "sees rows 1–2", shown.formula]
        for count in (4, 3, 2):  # what has no room is left out, not cut
            wide = sum(LIGHT.font(font).width(each) + 6 for each, font, _ in line.content.versions[4 - count])
            found = draw_card(line, Ground(Box(0, 0, wide, 20), LIGHT)).texts()
            assert found == words[:count] == [each for each, *_ in line.content.versions[4 - count]]
        svg = to_svg(page_drawn(page(now), room, LIGHT))
        assert "Sweep" not in svg


def test_on_a_projector_every_product_has_its_number() -> None:
    look = tokens.scaled(tokens.LIGHT, tokens.projected(1440, 900), projects=True)
    body = page(now_at("lab5", "conv1", 0, 13, 13)).body
    tables = {leaf.key: (leaf, box) for leaf, box in arranged(body, Box(0, 0, 1392, 260), look)}
    for key in ("patch", "kernel", "products"):
        leaf, box = tables[key]
        assert len([text for text in draw_card(leaf, Ground(box, look)).texts() if "." in text]) == 9, key


def test_a_convolution_is_written_out_with_its_padding_told_apart() -> None:
    now, own = now_at("wide kernel", "conv1", 0, 12, 9), seen("wide kernel")
    padded = np.pad(own.trace.inputs[0, 0], 2)
    patch, kernel = padded[12:17, 9:14], own.network.params["conv1.weight"][0, 0]
    np.testing.assert_array_equal(values(now, "patch"), patch)
    np.testing.assert_array_equal(values(now, "kernel"), kernel)
    np.testing.assert_array_equal(values(now, "products"), patch * kernel)
    bias, value = float(own.network.params["conv1.bias"][0]), float(own.trace.outputs["conv1"][0, 0, 12, 9])
    terms, ledger = content(now, "running"), content(now, "sum")
    assert terms.ends[-1] == pytest.approx(value)
    assert "bias" in terms.say(25)
    assert line_of(ledger, "= conv1") == value
    assert line_of(ledger, "25 products") + bias == pytest.approx(value)
    after = float(own.trace.outputs["leaky_relu1"][0, 0, 12, 9])
    assert line_of(ledger, "→ leaky_relu1") == after
    patch = content(now_at("wide kernel", "conv1", 0, 0, 0), "patch")
    assert "padding" in patch.map.note(1, 4)
    assert "padding" not in patch.map.note(2, 2)
    assert patch.map.hatched.sum() == 25 - 9


def test_products_keep_their_decimals_from_one_cell_of_a_map_to_the_next() -> None:
    notations = {content(now_at("lab5", "conv1", 0, row, 13), "products").map.notation for row in range(26)}
    assert len(notations) == 1


def test_what_is_pointed_at_is_marked_in_all_tables_and_in_the_sum() -> None:
    now = now_at("lenet", "conv2", 0, 5, 6, part=3)
    ask = content(now, "products").map.point(1, 2)
    assert ask == PointAtTerm(3 * 9 + 5)
    shown = page(replace(now, term=ask.term))
    for key in ("patch", "kernel", "products"):
        assert shown.marked[key] == (("term", (1, 2, 1, 1)),)
    assert shown.marked["running"] == 32
    assert shown.body == page(now).body  # nothing is drawn anew
    patch, weight = values(now, "patch")[1, 2], values(now, "kernel")[1, 2]
    assert np.float32(patch * weight) == content(now, "running").values[32]
    assert "patch" not in page(replace(now, term=5)).marked  # of another input channel


def test_input_channels_can_be_looked_at_one_by_one() -> None:
    own, now = seen("lenet"), now_at("lenet", "conv2", 0, 5, 6, part=3)
    patch = np.pad(own.trace.outputs["pool1"][0], ((0, 0), (1, 1), (1, 1)))[:, 5:8, 6:9]
    kernel = own.network.params["conv2.weight"][0]
    tiles = content(now, "inputs")
    np.testing.assert_array_equal(tiles.tiles.maps, patch * kernel)
    assert tiles.tiles.asks(3) == Choose("part", 3)
    np.testing.assert_array_equal(values(now, "patch"), patch[3])
    np.testing.assert_array_equal(values(now, "kernel"), kernel[3])
    alone = float((patch[3] * kernel[3]).sum())
    assert line_of(content(now, "sum"), "input 3 alone") == pytest.approx(alone, rel=1e-5)


def test_pools_and_activations_are_written_out() -> None:
    now = now_at("average, sigmoid", "pool1", 0, 4, 5)
    value = seen("average, sigmoid").trace.outputs["pool1"][0, 0, 4, 5]
    assert values(now, "products").sum() == pytest.approx(value)
    assert values(now, "kernel").sum() == pytest.approx(1.0)
    said = content(now, "running").say(values(now, "products").size - 1)
    assert said.endswith(f"running sum {format_signed(float(value), 5)}")

    now, trace = now_at("wide kernel", "leaky_relu1", 0, 3, 3), seen("wide kernel").trace
    x, y = (float(trace.outputs[stage][0, 0, 3, 3]) for stage in ("conv1", "leaky_relu1"))
    assert content(now, "graph").dots == ((x, y, "accent"),)
    assert line_of(content(now, "sum"), "= leaky_relu1") == y

    ledger, own = content(now_at("lab5", "pool1", 0, 6, 7), "sum"), seen()
    weight = own.network.params["dense1.weight"][0].reshape(8, 13, 13)[0, 6, 7]
    assert line_of(ledger, "× weight") == weight
    evidence = weight * own.trace.outputs["pool1"][0, 0, 6, 7]
    assert line_of(ledger, "evidence for logit") == pytest.approx(evidence)


def test_a_dense_unit_shows_its_largest_terms_and_the_rest() -> None:
    now, own = now_at("lab5", "dense1", 0), seen()
    products = own.network.params["dense1.weight"][0] * own.trace.outputs["flatten"][0]
    order = np.argsort(-np.abs(products), kind="stable")
    terms = content(now, "running")
    np.testing.assert_array_equal(terms.values[:12], products[order[:12]])
    assert terms.ends[-1] == pytest.approx(own.trace.logits[0, 0], abs=1e-12)
    rows = [row.number for row in content(now, "sum").rows]
    assert line_of(content(now, "sum"), "1,340 others") == pytest.approx(products[order[12:]].sum())
    assert sum(rows[:3]) == pytest.approx(rows[3]) == own.trace.logits[0, 0]
    told, beside = content(now, "sum").texts, logit_ledger(own).texts
    assert (told[2:4], told[3]) == (beside[1:3], now.arithmetic.number), "once on a screen, whoever writes it"
    params = {name: (-9 if "dense" in name else 1) * each for name, each in own.network.params.items()}
    snapshot = replace(own.scene.snapshot, network=own.network.with_params(params))
    sure = logit_ledger(picture(replace(own.scene, snapshot=snapshot)))
    assert any(text.startswith("1 − ") for text in sure.texts), "what is not 1 does not say so"
    source = tuple(int(axis) for axis in np.unravel_index(order[0], (8, 13, 13)))
    assert terms.press(0) == PinCell(PinnedCell("pool1", source))
    assert terms.press(12) is None  # the rest has no place


def test_winners_are_outlined_ties_explained_and_who_gets_the_gradient_can_be_covered() -> None:
    scene = scene_of()
    blank = replace(scene, sample=replace(scene.sample, pixels=np.zeros_like(scene.sample.pixels)))
    asked = Asked(look=Gaze(pinned=PinnedCell("pool1", (0, 3, 4))), scene=blank)
    won = {(row, col, 1, 1) for row in (6, 7) for col in (8, 9)}
    assert set(asked.outlined("conv1", "winner")) == won
    tied = Written(asked.arithmetic)
    assert len(content(tied, "window").outlines) == 4
    np.testing.assert_array_equal(values(tied, "shares"), np.ones((2, 2)))
    note = content(tied, "note").words
    assert "4 of 4 cells share the maximum" in note
    assert "“all”" in note
    now = now_at("lab5", "pool1", 0, 6, 6)
    window = seen().trace.outputs["conv1"][0, 0, 12:14, 12:14]
    np.testing.assert_array_equal(values(now, "window"), window)
    winner = np.unravel_index(window.argmax(), (2, 2))
    assert content(now, "window").outlines == (("winner", (*winner, 1, 1)),)
    assert "the winner" in content(now, "window").map.note(*winner)
    covered = page(replace(now, why_covered="Guess first.")).leaves()
    assert covered["covered"].content.words == "Guess first."
    assert not {"shares", "note"} & covered.keys()


def test_of_a_covered_cell_only_what_it_can_be_worked_out_from_is_shown() -> None:
    first, pooled = (page(now_at("lab5", *at, covers=True)).leaves() for at in
                     (("conv1", 0, 4, 10), ("pool1", 0, 4, 4)))  # fmt: skip
    assert first["products"].content.is_covered
    assert not first["patch"].content.is_covered
    assert "running" not in first
    assert not first["sum"].content.rows
    assert "window" not in pooled
    for leaves in (first, pooled):
        assert "= ?" in leaves["title"].content.words


def test_the_sweep_has_its_controls_beside_the_title() -> None:
    leaves = page(now_at("lab5", "conv1", 0, 1, 1, is_pinned=True, sweeps=True, speed=2)).leaves()
    assert {"pinned", "free", "play", "step", "end", "speed"} <= leaves.keys()
    assert leaves["free"].asked(None) == PinCell(None)
    assert leaves["step"].asked(None) == StepSweep()
    assert leaves["speed"].asked(5) == Choose("sweep_speed", 5)
    assert leaves["speed"].tip == "Speed of the sweep: 4 cells a second"
    assert not {"pinned", "free", "end"} & page(now_at("lab5", "conv1", 0, 1, 1)).leaves().keys()


def test_while_a_cell_is_pinned_its_arithmetic_stays_the_same_with_the_pointer() -> None:
    look = Gaze(pinned=PinnedCell("pool1", (0, 5, 5)))
    before = explain(seen(), look)
    over = PinnedCell("conv1", (0, 4, 3))
    after = explain(seen(), replace(look, view=View(pointed="conv1", pointed_index=(0, 4, 3)), under=over))
    assert after.arithmetic is before.arithmetic
    assert page(Written(after.arithmetic)) == page(Written(before.arithmetic))


# -- in a window ---------------------------------------------------------------------------------------------


def test_an_example_is_there_before_anything_is_pointed_at_and_the_pointer_marks_a_product_in_the_sum(
    lab5: Opened,
) -> None:
    assert lab5.panel.network.marked_cell() == PinnedCell("conv1", (0, 13, 13))
    assert lab5.arithmetic.view("products").isVisible()
    assert lab5.outlined("input", "receptive") == ((13, 13, 3, 3),)
    assert lab5.outlined("conv1", "window") == ((12, 12, 2, 2),), "not as what it reads"
    assert [name for name, _ in lab5.flow.page.leaves()["key"].content].count("window") == 1
    view = lab5.arithmetic.view("products")
    lab5.point_at(view, CellKey("cell", 1, 2))
    assert lab5.arithmetic.page.marked["running"] == 5
    lab5.leave()
    assert not lab5.arithmetic.page.marked


def test_a_patch_is_copied_as_a_table_and_its_cells_are_reached_by_keys(lab5: Opened, monkeypatch) -> None:
    lab5.click("conv1", 12, 12)
    table = lab5.arithmetic.view("patch")
    table.setFocus()
    maps = lab5.trace.outputs["conv1"][0]
    for values in (lab5.trace.inputs[0, 0, 12:15, 12:15], maps):
        lab5.key(Qt.Key.Key_C, table, Qt.KeyboardModifier.ControlModifier)
        copied = [line.split("\t") for line in QGuiApplication.clipboard().text().split("\n")]
        np.testing.assert_array_equal(np.array(copied, float), values.reshape(-1, values.shape[-1]))
        monkeypatch.setattr(table, "tables", lambda: [Table.of_cells("of several", maps)])
    for _ in range(2):
        lab5.key(Qt.Key.Key_Down, table)
    assert table.spoken_value().startswith("row 1, column 0: ")
    assert lab5.arithmetic.page.marked["kernel"] == (("term", (1, 0, 1, 1)),)
