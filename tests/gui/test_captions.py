"""Captions name what was drawn, not what is in force by now; window and report use the same names."""

import re
from types import SimpleNamespace

import numpy as np
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cnnviz.drawing import to_csv
from cnnviz.experiment import LENET
from cnnviz.graphics.translation import stage_keys, stage_title, stages_of
from cnnviz.network import weights_checksum
from cnnviz.report.figures import distance_figure
from cnnviz.routing import apply_update
from cnnviz.translation import Curve
from tests.gui.document_driving import begin_again
from tests.gui.driving import click
from tests.gui.whole_window import rest, show_panel, train
from ui.export.figures import Figure, caption_of, file_name_of, tables_of
from ui.panels.backprop.asks import Choose, SetLabel, SetRule
from ui.panels.backprop.focus import StepKind
from ui.panels.training.panel import TrainingPanel
from ui.session import Session
from ui.state import PinnedCell, Shift


def is_swept(panel: QWidget) -> bool:
    """Whether the sweep of the Translation panel is that of its choices."""
    swept, view = panel.sweep.swept, panel.view
    return swept is not None and (swept.key.relative, swept.key.pool_size) == (view.relative, view.pool_size)


def test_a_figure_of_translation_names_the_choices_and_the_images_it_depends_on(
    qtbot: QtBot, session: Session
) -> None:
    """Pictures of other numbers have other captions; what a part does not depend on is not named."""
    panel, state = show_panel(qtbot, session, 2), session.state
    state.set_shift(Shift(2, 1))
    figures = {
        "maps": panel.maps,
        "strip": panel.strip,
        "winners": panel.winners,
        "sweep": panel.sweep.map,
        "curves": panel.sweep.curves,
        "image": panel.image,
        "answer": panel.predictions,
        "panel": panel,
    }
    captions: list[dict[str, str]] = []
    for changes, depend in (
        ({}, ""),
        ({"relative": False}, "maps strip sweep curves panel"),
        ({"pool_size": 3}, "maps strip winners sweep curves panel"),
        ({"stage": "subsample"}, "maps sweep panel"),
        ({"equivariance": True}, "maps panel"),
        ({"channel": 3}, "winners panel"),
        ({"pair": "difference"}, "maps panel"),
        ({"measure": "cosine_similarity"}, "sweep curves panel"),
        ({"measure": "probability_change"}, "sweep curves panel"),
    ):
        before = panel.view
        panel.choices.choose(**changes)
        rest(qtbot, session, lambda: is_swept(panel))
        captions.append({name: caption_of(state, widget) for name, widget in figures.items()})
        panel.choices.take(before)
        others = {name for name in figures if captions[-1][name] != captions[0][name]}
        assert others == set(depend.split()), changes
    at_first, raw, pooled, *_, of_class = captions
    assert "raw" in raw["sweep"]
    assert "pool 3 × 3" in pooled["curves"]
    assert "sweep, Relative change of Max pooling · relative to a blank image" in at_first["sweep"]
    assert "for class 1" in of_class["curves"]
    assert "blank" not in of_class["curves"], "probabilities know no features"
    numbers = to_csv(tables_of(panel.sweep.map), raw["sweep"]).decode()
    assert raw["sweep"] in numbers.splitlines()[0]

    sweep = panel.sweep
    rest(qtbot, session, lambda: is_swept(panel))
    assert "test image 0" in caption_of(state, sweep.map)
    panel.choices.controls["many"].button("True").click()
    panel.choices.controls["digits"].valueEdited.emit(3)
    sweep.button.click()
    rest(qtbot, session, lambda: panel.sweep.swept is not None)
    for part in (sweep.map, sweep.curves):
        assert "the first 3 test images" in caption_of(state, part)
        assert "test image 0" not in caption_of(state, part)
        assert "image0" not in file_name_of(Figure(part, "Sweep", "plot"), state)
    assert "test image 0" in caption_of(state, panel.strip)

    begin_again(qtbot, session, seed=5)  # at step 0 as before
    rest(qtbot, session, lambda: "another run (seed 0)" in sweep.note.text())
    assert "seed 0" in caption_of(state, sweep.map).split(" · ")
    assert "seed 5" in caption_of(state, panel.strip).split(" · ")
    assert "sweep of step 0 of another run (seed 0)" in caption_of(state, panel)


def test_a_figure_of_filters_and_maps_names_filter_class_and_cell_and_patches_whose_they_are(
    qtbot: QtBot, session: Session
) -> None:
    maps, state = show_panel(qtbot, session, 1), session.state
    assert "conv1, filter 0" in caption_of(state, maps)
    assert "evidence for class 1" in caption_of(state, maps).split(" · ")
    maps.network.select_channel(1, 5)
    maps.choices.choose(relative=True)
    state.set_pinned(PinnedCell("pool1", (5, 2, 3)))
    rest(qtbot, session)
    caption = caption_of(state, maps)
    assert "conv1, filter 5" in caption
    assert "evidence for class 1, relative to a blank image" in caption
    assert "cell pool1, filter 5, row 2, column 3" in caption
    maps.show_page("top_patches")
    top_patches = maps.top_patches
    rest(qtbot, session, lambda: top_patches.provenance() is not None and not top_patches.picture.under_way)
    patches = top_patches.patches.view
    for part in (top_patches.filter.view("kernel"), patches("most"), patches("least")):
        assert "conv1, filter 5" in caption_of(state, part)
    evidence = top_patches.evidence.view
    assert "pool1, all filters" in caption_of(state, evidence("evidence"))
    click(evidence("scope").button("one"))
    click(evidence("is_relative"))
    assert "pool1, filter 5 · relative to a blank image" in caption_of(state, evidence("evidence"))

    begin_again(qtbot, session, seed=7)
    rest(qtbot, session)
    assert "seed 7" in caption_of(state, patches("least")), "searched again in the network that is shown"
    train(qtbot, session, 60)
    rest(qtbot, session)
    for part in (patches("most"), evidence("evidence")):
        caption = caption_of(state, part)
        assert {"seed 7", "step 0"} <= set(caption.split(" · "))
        assert f"{len(state.dataset.test_labels):,} test images" in caption
        assert "test image " not in caption
    assert "patches of step 0" in caption_of(state, maps)
    assert patches("most").accessibleName().startswith("Excited it most at step 0,")
    assert "seed 7" in caption_of(state, top_patches.filter.view("filters")).split(" · ")


def test_curves_results_compared_moments_gradients_and_an_adopted_network_say_what_they_depend_on(
    qtbot: QtBot, session: Session
) -> None:
    train(qtbot, session, 300)
    state, window = session.state, session.window
    training = window.panel(TrainingPanel)
    last = state.run.step
    session.controller.show_moment(state.history.snapshots[1].step)
    qtbot.waitUntil(lambda: state.shown.step != last)
    rest(qtbot, session, lambda: state.evaluation.step == state.shown.step)
    loss = caption_of(state, training.curves.loss)
    assert f"step {last:,}" in loss.split(" · ")
    assert f"step {state.shown.step:,} is marked" in loss
    assert "image" not in loss
    assert f"step {last:,}" in caption_of(state, training.log).split(" · ")
    network = training.network
    said = caption_of(state, network.view).split(" · ")
    assert said[:3] == ["lab5, classes 0, 1", "seed 0", f"step {state.shown.step:,}"]
    assert "test image 0" in said[-1]
    click(network.choices.controls["moment"].button("difference"))
    rest(qtbot, session, lambda: "filters minus step 0" in caption_of(state, network.view).split(" · "))
    assert f"run up to step {last:,}" in caption_of(state, window.timeline.track)

    session.controller.show_moment(None)
    rest(qtbot, session, lambda: state.evaluation.step == last)
    session.controller.step()
    qtbot.waitUntil(lambda: network.provenance().step > last)
    matrix, whole = caption_of(state, training.results.matrix), caption_of(state, training)
    if state.evaluation.step == last:  # still
        assert f"step {last:,}" in matrix.split(" · ")
        assert f"test results of step {last:,}" in whole

    window.timeline.compare.click()
    qtbot.waitUntil(lambda: "compared with step 0" in caption_of(state, window.compare))
    assert "weights of conv1" in caption_of(state, window.compare).split(" · ")
    begin_again(qtbot, session, seed=2)
    qtbot.waitUntil(
        lambda: "compared with step 0 of another run (seed 0)" in caption_of(state, window.compare)
    )
    assert "seed 2" in caption_of(state, window.compare).split(" · ")

    panel = show_panel(qtbot, session, 3)
    model = panel.model
    note, run_id = f"after 1 trial update at step {state.shown.step:,}", state.run.run_id
    expected = apply_update(state.live.network, model.passed.gradients, state.experiment.learning_rate)
    panel.header.go_to(len(model.steps) - 1)
    for key in ("Apply the update", "Adopt"):
        qtbot.waitUntil(lambda key=key: panel.stack.view(key).isEnabled())
        click(panel.stack.view(key))
    qtbot.waitUntil(lambda: state.run.run_id > run_id)
    rest(qtbot, session, lambda: model.passed.scene.snapshot is state.shown)
    assert weights_checksum(state.live.network) == weights_checksum(expected)
    show_panel(qtbot, session, 0)
    rest(qtbot, session, lambda: note in caption_of(state, network.view).split(" · "))
    show_panel(qtbot, session, 3)

    def caption() -> list[str]:
        return caption_of(state, panel).split(" · ")

    assert note in caption()
    # The class that the loss asks for, the rule for ties, and the pool where it is not the network's own.
    assert "loss for class 1, ties: all" in caption()
    panel.answer(SetLabel(0))
    panel.answer(SetRule("split"))
    rest(qtbot, session, lambda: (model.passed.label, model.passed.rule) == (0, "split"))
    assert "loss for class 0, ties: split" in caption()
    model.go_to(next(place for place, step in enumerate(model.steps) if step.kind is StepKind.ROUTE))
    panel.answer(Choose("contrast", "average"))
    assert "loss for class 0, ties: split, routed as by average pooling" in caption()
    begin_again(qtbot, session, pool="average")
    rest(qtbot, session, lambda: model.passed.rule is None)
    assert not any("ties" in part for part in caption())


# -- screen and paper ----------------------------------------------------------------------------------------


def test_stages_have_one_name_and_one_colour() -> None:
    network = LENET.build_network()
    stages = [stage for stage in stage_keys(network, 1) if stage != "activation"]
    colors = {each.key: each.color.light for each in stages_of(network, 1, 2)}
    for stage in stages:
        curves = {"relative_change": {stage: Curve(np.arange(-2, 3), np.ones(5), np.zeros(5))}}
        swept = SimpleNamespace(ink_lost=np.zeros((1, 5)), digits=1)
        svg = distance_figure(SimpleNamespace(curves=curves, swept=swept, pool_size=2)).svg
        assert set(re.findall(r'<polyline [^>]*stroke="(#\w+)"', svg)) == {colors[stage]}
        assert f">{stage_title(network, 1, stage)}</text>" in svg
    assert len({colors[stage] for stage in stages}) == len(stages)
