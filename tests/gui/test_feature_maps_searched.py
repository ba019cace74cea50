"""What a filter looks for: patches and evidence say whose they are, and stand with nothing else."""

import pytest

from cnnviz.presets import LAB5
from tests.gui.backprop_desk import click_part
from tests.gui.feature_maps_panel import EXPERIMENTS, LEFT, Later, Opened


@pytest.fixture
def lab5(qtbot):
    return Opened(qtbot)


def scaled(network, factor):
    return network.with_params({name: factor * array for name, array in network.params.items()})


@pytest.fixture
def searched(lab5):
    lab5.look(lab5.network, step=200)
    lab5.qtbot.mouseClick(lab5.panel.pages.button("looks_for"), LEFT)
    assert lab5.panel.looks_for.picture.age == "Searched at step 200"
    return lab5


def test_patches_of_another_run_say_so_also_at_the_same_step(searched):
    view = searched.panel.looks_for
    searched.look(LAB5.build_network(), step=200, run_id=2)
    assert (
        view.picture.age
        == "Searched at step 200 of another run; the network shown is at step 200 of this one"
    )
    searched.qtbot.mouseClick(view.filter.view("search"), LEFT)
    assert view.picture.age == "Searched at step 200"


def test_the_same_moment_shown_again_is_the_same_moment(searched):
    searched.look(searched.network, step=200)
    assert searched.panel.looks_for.picture.age == "Searched at step 200"


def test_patches_stand_below_the_filter_that_they_are_of(qtbot):
    background = Later()
    desk = Opened(qtbot, background=background)
    qtbot.mouseClick(desk.panel.pages.button("looks_for"), LEFT)
    view = desk.panel.looks_for
    background.finish("looks-for")
    assert len(desk.patches("most")) == 8
    click_part(view.filter.view("filters"), 5)
    assert desk.patches("most") == ()  # those of filter 0 under "Filter 5" would be untrue
    background.finish("looks-for")
    assert view.picture.findings.excitation.channel == 5
    assert len(desk.patches("most")) == 8


def test_evidence_of_an_earlier_moment_does_not_stand_below_later_patches(qtbot):
    background = Later()
    desk = Opened(qtbot, background=background)
    qtbot.mouseClick(desk.panel.pages.button("looks_for"), LEFT)
    view = desk.panel.looks_for
    background.finish("looks-for")
    background.finish("class-evidence")
    assert view.evidence.maps.count == 2
    desk.look(scaled(desk.network, 2.0), step=50)
    qtbot.mouseClick(view.filter.view("search"), LEFT)
    background.finish("looks-for")
    qtbot.mouseClick(view.filter.view("cancel"), LEFT)
    assert view.picture.age == "Searched at step 50"
    assert view.evidence.maps.count == 0


def test_without_a_network_no_patches_are_shown(searched):
    view = searched.panel.looks_for
    assert len(searched.patches("most")) == 8
    searched.state.set_dataset(Opened(searched.qtbot, EXPERIMENTS["three blocks"]).dataset)
    assert searched.patches("most") == ()
    assert view.picture is None
