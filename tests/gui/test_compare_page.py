"""The comparison of two moments, asked of its page without a window."""

from dataclasses import replace

import numpy as np
import pytest

from cnnviz.drawing import LIGHT, Box, to_svg
from cnnviz.drawing.page import CARD, Card, Choice, arranged, page_drawn
from cnnviz.presets import LAB5, LENET
from cnnviz.snapshots import Snapshot
from ui.panels.compare.page import Compared, ShowWeights, largest_weight, page_of

WIDE, NARROW = Box(0, 0, 1400, 220), Box(0, 0, 660, 150)


def compared(preset=LAB5, layer="conv1", **choices) -> Compared:
    then = Snapshot(0, preset.build_network())
    now = Snapshot(1500, replace(preset, seed=1).build_network())
    found = Compared(then, now, layer, **choices)
    return replace(found, largest=largest_weight(then, now, layer, found.part))


def card(found: Compared, key: str) -> Card:
    leaf = page_of(found, True, "").leaves()[key]
    assert isinstance(leaf, Card)
    return leaf


@pytest.mark.parametrize(("preset", "layer"), [(LAB5, "conv1"), (LAB5, "dense1"), (LENET, "conv2")])
@pytest.mark.parametrize("room", [WIDE, NARROW])
def test_everything_has_room_and_is_made_twice_alike(preset, layer, room) -> None:
    found = compared(preset, layer)
    page = page_of(found, room is WIDE, "")
    assert page == page_of(found, room is WIDE, "")
    places = list(arranged(page.body, room, LIGHT))
    assert all(room.joined(box.inset(0.01)) == room and box.width > 0 for _, box in places)
    for leaf, box in places:
        wide, _ = leaf.least(LIGHT)
        assert wide <= box.width + 0.01 or leaf.key == "title", leaf.key
    drawing = page_drawn(page, room, LIGHT)
    assert "Weights at A" in drawing.texts()
    assert to_svg(drawing).count("<text") == len(drawing.texts())


def test_one_scale_for_all_or_a_scale_of_its_own_for_the_difference() -> None:
    for own in (False, True):
        found = compared(own_scale=own)
        then, now, difference = (card(found, key).content.tiles for key in ("then", "now", "difference"))
        np.testing.assert_array_equal(difference.maps, now.maps - then.maps)
        assert then.colors == now.colors
        assert (difference.colors == then.colors) is not own


def test_captions_name_both_moments_and_the_change_of_all_parameters() -> None:
    found = compared()
    assert card(found, "then").caption == "step 0"
    assert card(replace(found, is_ours=False), "then").caption == "step 0 of an earlier run"
    assert card(replace(found, is_live=True), "now").caption == "step 1,500, live"
    assert {line.split(":")[0] for line in card(found, "difference").tip.split("\n") if ": " in line} >= {
        "conv1.weight", "dense1.weight", "dense1.bias", "all parameters",
    }  # fmt: skip
    assert card(found, "difference").caption.startswith("conv1.weight by ")
    (table,) = CARD.tables(card(found, "now"))
    assert table.header[:2] == ("map", "row")


def test_a_layer_of_several_sets_of_weights_lets_one_be_chosen() -> None:
    part = page_of(compared(LENET, "dense1"), True, "").leaves()["part"]
    assert isinstance(part, Choice)
    assert (part.options[1], part.asked(1)) == ((1, "unit 1"), ShowWeights("dense1", 1))
    assert "part" not in page_of(compared(), True, "").leaves(), "of one input channel there is no choice"


def test_what_is_covered_is_not_on_the_page() -> None:
    page = page_of(compared(), True, "Predict first.")
    assert {"then", "now", "difference"}.isdisjoint(page.leaves())
    assert "Predict first." in page_drawn(page, WIDE, LIGHT).texts()
