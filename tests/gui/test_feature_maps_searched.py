"""What a filter looks for says whose it is; nothing in Filters & maps is left over from elsewhere."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from cnnviz.drawing import LIGHT, Box, CellKey, to_svg
from cnnviz.drawing.page import page_drawn
from cnnviz.quantities import format_value
from cnnviz.snapshots import Origin, Snapshot
from tests.gui.driving import click, click_part, settle
from tests.gui.feature_maps_panel import EXPERIMENTS, AtOnce, Later, Opened, digits, scaled, strong
from tests.gui.page_rules import assert_has_room
from tests.oracles import read_number
from ui.panels.feature_maps.filter_pages import (
    FilterPicture,
    LookAtPatch,
    ShowFilter,
    filter_page,
    patches_page,
)
from ui.panels.feature_maps.top_patches import TopPatchesView
from ui.state import PinnedCell


def moment(name: str = "lab5", step: int = 40, run_id: int = 1, factor: float = 1.0) -> Snapshot:
    experiment = EXPERIMENTS[name]
    network = scaled(strong(experiment.build_network()), factor)
    return Snapshot(step, network, origin=Origin(run_id, experiment, "MNIST"))


class Desk:
    """The page out of sight, so that it searches when it is told to."""

    def __init__(self, qtbot, name: str = "lab5", background: AtOnce | Later | None = None) -> None:
        self.data, self.snapshot = digits(EXPERIMENTS[name].classes), moment(name)
        self.search = TopPatchesView(background or AtOnce(), lambda _ask: None)
        qtbot.addWidget(self.search)
        self.search.show_network(self.snapshot, self.data)

    @property
    def picture(self) -> FilterPicture | None:
        return self.search.picture

    def patches(self, kind: str = "most") -> tuple:
        return patches_page(self.picture).leaves()[kind].content.patches

    def filter_leaves(self) -> dict:
        return filter_page(self.picture, 0.25).leaves()


@pytest.fixture
def desk(qtbot) -> Desk:
    """Return the exercise after its search."""
    desk = Desk(qtbot)
    desk.search.begin()
    return desk


def test_patches_are_those_that_were_found_and_say_of_how_many_images_they_are(desk: Desk) -> None:
    images, found, counts = desk.data.test_images, desk.picture.findings.excitation, list[int]()
    for kind, patches, word in (("most", found.most, "strongest"), ("least", found.least, "weakest")):
        for shown, patch in zip(desk.patches(kind), patches, strict=True):
            image, (row, col), count = images[patch.image, 0], (patch.row, patch.column), patch.images_count
            np.testing.assert_array_equal(shown.image, image)
            np.testing.assert_array_equal(shown.pixels, image[row : row + 3, col : col + 3])
            assert shown.ask == LookAtPatch(patch.image, PinnedCell("conv1", (0, row, col)))
            assert shown.count == count
            assert (f"Found as the {word} patch of {count} images" in shown.tip) is (count > 1)
            assert "only" not in shown.tip
            counts.append(count)
    assert max(counts) > min(counts) == 1


def test_patches_say_of_which_moment_and_run_they_are_and_can_be_renewed(desk: Desk) -> None:
    search, before = desk.search, desk.picture.findings
    search.show_network(moment(step=90, factor=2.0), desk.data)
    assert desk.picture.findings is before
    assert patches_page(desk.picture).leaves()["most"].title == "Excited it most at step 40"
    search.begin()
    assert patches_page(desk.picture).leaves()["most"].title == "Excites it most"
    most, most_before = desk.picture.findings.excitation.most[0], before.excitation.most[0]
    assert most.value == pytest.approx(2 * most_before.value)
    search.show_network(moment(step=90, run_id=2), desk.data)
    assert desk.picture.findings is None, "patches of another network would be untrue beside this filter"
    search.begin()
    search.show_network(moment(step=90, run_id=2), digits(EXPERIMENTS["three blocks"].classes))
    assert desk.picture.findings is None, "nor are those of other data true"
    search.show_network(None, desk.data)
    assert search.picture is None


def test_patches_stand_below_the_filter_that_they_are_of_and_a_search_can_be_stopped(qtbot) -> None:
    background = Later()
    desk = Desk(qtbot, background=background)
    desk.search.begin()
    background.finish("looks-for")
    assert len(desk.patches()) == 8
    desk.search.choose("conv1", 5)
    assert desk.patches() == ()  # those of filter 0 under "Filter 5" would be untrue
    desk.search.show_network(moment(step=50, factor=2.0), desk.data)
    desk.search.begin()
    background.finish("looks-for")
    assert desk.picture.findings.excitation.channel == 5
    desk.search.begin()
    desk.search.answer(desk.filter_leaves()["cancel"].asks)
    assert background.cancelled_kinds == ["looks-for"]
    assert {"search", "cancel"} & desk.filter_leaves().keys() == {"search"}


def test_deeper_layers_show_patches_as_large_as_their_receptive_field(qtbot) -> None:
    desk = Desk(qtbot, "three blocks")
    desk.search.choose("conv2", 3)
    desk.search.begin()
    assert desk.patches()[0].pixels.shape == (8, 8)
    assert "8 × 8 pixels" in patches_page(desk.picture).leaves()["key"].content.words
    assert desk.patches()[0].ask.cell.index[0] == 3
    assert desk.filter_leaves()["layer"].asked("conv1") == ShowFilter("conv1", 0)


@pytest.mark.parametrize("is_found", [True, False])
def test_all_of_the_pages_has_room_is_made_alike_and_says_what_can_be_done(qtbot, is_found: bool) -> None:
    background = AtOnce() if is_found else Later()
    desk = Desk(qtbot, "three blocks", background)
    desk.search.begin()
    picture = desk.picture
    assert patches_page(picture) == patches_page(picture)
    assert filter_page(picture, 0.25) == filter_page(picture, 0.25)
    for page, room in (
        (patches_page(picture), Box(0, 0, 560, 360)),
        (filter_page(picture, 0.25), Box(0, 0, 216, 480)),
    ):
        assert_has_room(page, room)
        assert "Cancel" not in to_svg(page_drawn(page, room, LIGHT))
    leaves = desk.filter_leaves()
    found = {"search", "cancel", "progress"} & leaves.keys()
    assert found == ({"search"} if is_found else {"cancel", "progress"})
    kernel, network = leaves["kernel"].content.map.values, desk.snapshot.network
    np.testing.assert_array_equal(kernel, network.params["conv1.weight"][0, 0])
    assert leaves["filters"].content.tiles.asks(2) == ShowFilter("conv1", 2)
    if not is_found:
        assert "Searching" in patches_page(picture).leaves()["most"].content.empty


# -- in a window ---------------------------------------------------------------------------------------------


def test_another_filter_is_searched_at_once_and_a_patch_makes_its_image_the_sample_and_pins_the_cell(
    lab5: Opened,
) -> None:
    view, pages = lab5.panel.top_patches, lab5.panel.pages
    lab5.look(moment().network, step=40)
    click(pages.button("top_patches"))
    click_part(view.filter.view("filters"), 5)
    assert view.picture.findings.excitation.channel == 5
    click(pages.button("network"))
    np.testing.assert_array_equal(lab5.values("conv1"), lab5.trace.outputs["conv1"][0, 5])
    click(pages.button("top_patches"))
    patch = lab5.patches("least")[2]
    click_part(view.patches.view("least"), 2)
    assert lab5.state.sample.index == patch.ask.image
    assert lab5.pins == [patch.ask.cell]
    right = Qt.Key.Key_Right
    for key in (right, right, right, Qt.Key.Key_Left, Qt.Key.Key_Return):
        lab5.key(key, view.patches.view("most"))
    assert lab5.state.sample.index == lab5.patches("most")[1].ask.image


# -- nothing is left over ------------------------------------------------------------------------------------


def test_a_pin_from_before_the_first_picture_shows_its_map(qtbot):
    analysis = Later()
    desk = Opened(qtbot, analysis=analysis)
    desk.state.set_pinned(PinnedCell("conv1", (7, 4, 5)))
    analysis.finish("feature-maps")
    assert desk.is_told_pinned()
    where = "conv1 · filter 7, row 4, column 5"
    assert desk.title.startswith(where)
    assert desk.outlined("conv1", "selected") == ((4, 5, 1, 1),)
    np.testing.assert_array_equal(desk.values("conv1"), desk.trace.outputs["conv1"][0, 7])
    largest = read_number(desk.line("conv1").removeprefix("map 7 (of 8), max "))
    assert largest == pytest.approx(desk.trace.outputs["conv1"][0, 7].max(), rel=0.05)
    tiles = desk.content("conv1 maps").tiles
    assert tiles.said[7] == pytest.approx(largest, rel=0.05)
    assert tiles.say_cell(7, 4, 5).endswith(format_value(tiles.said[7], 4))
    assert desk.line("conv1.weight") == "filter 7 (of 8)"


# -- classes -------------------------------------------------------------------------------------------------


def test_a_class_that_another_network_does_not_have_is_chosen_no_longer(qtbot):
    experiment = replace(EXPERIMENTS["three blocks"], classes=tuple("01234567"))
    desk = Opened(qtbot, experiment, size=(2000, 720))
    click_part(desk.map("dense1"), CellKey("class", 7, 0))
    assert desk.panel.view.class_index == 7
    assert desk.line("evidence").startswith("map 0, for 7;")
    other = Opened(qtbot, EXPERIMENTS["three blocks"])
    desk.dataset = other.dataset
    desk.state.set_dataset(other.dataset)
    desk.look(other.network, run_id=2)
    assert desk.content("dense1").chosen == int(desk.trace.logits[0].argmax())


# -- units ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("factor", "unit"), [(1.0, ""), (1e-4, "× 10⁻⁵"), (1e7, "× 10⁶")])
def test_the_head_of_a_map_of_numbers_says_their_power_of_ten(lab5, factor, unit):
    lab5.look(scaled(lab5.network, factor), step=3)
    lab5.panel.network.enlarge("conv1")
    lab5.zoom(12)
    assert lab5.line("conv1").partition(", max")[0] == f"map 0 (of 8) {unit}".strip()
    largest = float(np.abs(lab5.trace.outputs["conv1"][0, 0]).max())
    assert 0.02 <= largest / 10.0 ** lab5.shown("conv1").map.notation.exponent < 1e4
    lab5.panel.network.enlarge(None)
    settle(lab5.qtbot)
    assert lab5.line("conv1").partition(", max")[0] == "map 0 (of 8)"  # no numbers are written here
