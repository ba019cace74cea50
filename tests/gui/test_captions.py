"""Captions name the run, the moment and the image that were drawn, not those that are in force by now."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.gui.whole_window import rest, show_panel, train
from ui.cells.confusion_matrix import ConfusionMatrix
from ui.export.figures import caption_of, file_name_of
from ui.export.sheet import Figure
from ui.panels.backprop.asks import Contrast, SetLabel, SetRule
from ui.panels.backprop.steps import StepKind
from ui.session import Session


def panel_of(session: Session, number: int) -> QWidget:
    """Return a panel by its number."""
    return session.window.panels.panels()[number]


def new_run(qtbot: QtBot, session: Session, **changes: object) -> None:
    """Begin a run with other settings, and wait until it is shown."""
    state = session.state
    run_id = state.run.run_id
    session.controller.begin_run(replace(state.experiment, **changes))
    qtbot.waitUntil(lambda: state.run.run_id > run_id)
    rest(qtbot, session)


def test_patches_of_another_run_say_so(qtbot: QtBot, session: Session) -> None:
    train(qtbot, session, 50)
    maps = show_panel(qtbot, session, 1)
    maps.show_page("looks_for")
    looks_for = maps.looks_for
    rest(qtbot, session, lambda: looks_for.picture.averages is not None)
    step = session.state.shown.step
    new_run(qtbot, session, seed=7)
    train(qtbot, session, 60)
    rest(qtbot, session)
    for part in (looks_for.most, looks_for.evidence.maps):
        caption = caption_of(session.state, part)
        assert "seed 0" in caption
        assert f"step {step:,}" in caption.split(" · ")
        assert f"{len(session.state.dataset.test_labels):,} test images" in caption
        assert "test image " not in caption
    page = caption_of(session.state, maps)
    assert "seed 7" in page.split(" · ")
    assert f"patches of step {step:,} of another run (seed 0)" in page
    assert f"step {step:,} of another run" in looks_for.picture.age
    assert "seed 7" in caption_of(session.state, looks_for.filters).split(" · ")


def test_patches_of_another_run_at_the_same_step_say_so_too(qtbot: QtBot, session: Session) -> None:
    maps = show_panel(qtbot, session, 1)
    maps.show_page("looks_for")
    rest(qtbot, session, lambda: maps.looks_for.picture.averages is not None)
    new_run(qtbot, session, seed=3)
    assert "seed 0" in caption_of(session.state, maps.looks_for.least)


def test_many_digits_are_no_test_image(qtbot: QtBot, session: Session) -> None:
    panel = show_panel(qtbot, session, 2)
    sweep = panel.sweep
    rest(qtbot, session, lambda: panel.sweep.swept is not None)
    assert "test image 0" in caption_of(session.state, sweep.map)
    panel.choices.controls["many"].button("True").click()
    panel.choices.controls["digits"].valueEdited.emit(20)
    sweep.button.click()
    rest(qtbot, session, lambda: panel.sweep.swept is not None)
    for part in (sweep.map, sweep.curves):
        caption = caption_of(session.state, part)
        assert "the first 20 test images" in caption
        assert "test image 0" not in caption
        assert "image0" not in file_name_of(Figure(part, "Sweep", "plot"), session.state)
    assert "test image 0" in caption_of(session.state, panel.strip)

    new_run(qtbot, session, seed=5)  # at step 0 as before
    rest(qtbot, session, lambda: "another run (seed 0)" in sweep.note.text())
    assert "seed 0" in caption_of(session.state, sweep.map).split(" · ")
    assert "seed 5" in caption_of(session.state, panel.strip).split(" · ")
    assert "sweep of step 0 of another run (seed 0)" in caption_of(session.state, panel)


def test_curves_reach_to_their_end_whichever_moment_is_shown(qtbot: QtBot, session: Session) -> None:
    train(qtbot, session, 300)
    state, window, training = session.state, session.window, panel_of(session, 0)
    last = state.run.step
    session.controller.on_moment_requested(state.history.snapshots[1].step)
    qtbot.waitUntil(lambda: state.shown.step != last)
    rest(qtbot, session, lambda: state.evaluation.step == state.shown.step)
    loss = caption_of(state, training.curves.loss)
    assert f"step {last:,}" in loss.split(" · ")
    assert f"step {state.shown.step:,} is marked" in loss
    assert "image" not in loss
    assert f"step {last:,}" in caption_of(state, training.log).split(" · ")
    filters = caption_of(state, training.filters.grid).split(" · ")
    assert filters == ["lab5, classes 0, 1", "seed 0", f"step {state.shown.step:,}"]
    assert f"run up to step {last:,}" in caption_of(state, window.timeline.track)


def test_test_results_say_of_which_step_they_are(qtbot: QtBot, session: Session) -> None:
    train(qtbot, session, 100)
    state, training = session.state, panel_of(session, 0)
    tested = state.evaluation.step
    session.controller.on_step_requested()
    qtbot.waitUntil(lambda: state.shown.step > tested)
    if state.evaluation.step == tested:
        matrix = training.findChild(ConfusionMatrix)
        assert f"step {tested:,}" in caption_of(state, matrix).split(" · ")
        assert f"test results of step {tested:,}" in caption_of(state, training)


def test_a_compared_moment_is_named(qtbot: QtBot, session: Session) -> None:
    train(qtbot, session, 100)
    window, state = session.window, session.state
    window.timeline.toggles.compare.click()
    qtbot.waitUntil(lambda: "compared with step 0" in caption_of(state, window.compare.maps))
    new_run(qtbot, session, seed=2)
    qtbot.waitUntil(
        lambda: "compared with step 0 of another run (seed 0)" in caption_of(state, window.compare.maps)
    )
    assert "seed 2" in caption_of(state, window.compare.maps).split(" · ")


@pytest.mark.parametrize("updates", [1, 2])
def test_an_adopted_network_is_not_that_of_its_seed(qtbot: QtBot, session: Session, updates: int) -> None:
    train(qtbot, session, 20)
    step = session.state.shown.step
    model = show_panel(qtbot, session, 3).model
    network = session.state.shown.network
    for _ in range(updates):
        network = network.with_params({name: 0.5 * value for name, value in network.params.items()})
    note = f"after {updates} trial update{'s' if updates > 1 else ''} at step {step:,}"
    origin = replace(session.state.shown.origin, note=note)
    run_id = session.state.run.run_id
    session.controller.on_adopt_requested(replace(session.state.shown, network=network, origin=origin))
    qtbot.waitUntil(lambda: session.state.run.run_id > run_id)
    rest(qtbot, session, lambda: model.passed.scene.snapshot is session.state.shown)
    assert note in caption_of(session.state, panel_of(session, 3)).split(" · ")
    assert note in caption_of(session.state, panel_of(session, 0).filters.grid).split(" · ")


def test_gradients_say_what_they_depend_on(qtbot: QtBot, session: Session) -> None:
    """The class that the loss asks for, the rule for ties, and the pool where it is not the network's own."""
    panel = show_panel(qtbot, session, 3)
    model = panel.model
    rest(qtbot, session, lambda: model.passed is not None)

    def caption() -> list[str]:
        return caption_of(session.state, panel).split(" · ")

    assert "loss for class 1, ties: all" in caption()
    panel.answer(SetLabel(0))
    panel.answer(SetRule("split"))
    rest(qtbot, session, lambda: (model.passed.label, model.passed.rule) == (0, "split"))
    assert "loss for class 0, ties: split" in caption()
    model.go_to(next(place for place, step in enumerate(model.steps) if step.kind is StepKind.ROUTE))
    panel.answer(Contrast("average"))
    assert "loss for class 0, ties: split, routed as by average pooling" in caption()
    new_run(qtbot, session, pool="average")
    rest(qtbot, session, lambda: model.passed.rule is None)
    assert not any("ties" in part for part in caption())
