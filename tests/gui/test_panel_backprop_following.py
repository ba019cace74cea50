"""The backprop panel follows network, sample, run and the size of the window, and hands over an update."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from cnnviz.experiment import LAB5
from cnnviz.routing import CellTarget, ParameterTarget, apply_update
from tests.gui.backprop_desk import Desk, lab5, two_blocks
from tests.gui.driving import click
from ui.panels.backprop.asks import PointAt, Poke, ShowFilter
from ui.panels.backprop.focus import StepKind, backward_steps
from ui.panels.backprop.header import POKE
from ui.panels.backprop.panel import BackpropPanel
from ui.session import Session
from ui.state import PinnedCell, RunStatus


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    made = Desk(qtbot, LAB5)
    made.show(lab5())
    return made


def logit_gradient(desk: Desk) -> float:
    return next(row.values[0] for row in desk.shown("numbers").content.numbers.rows if row.key == "d")


def column(desk: Desk, key: str) -> str:
    return desk.panel.side.inspect.page.leaves()[key].content.words


def test_another_sample_or_network_keeps_step_and_pinned_cell_and_shows_its_own(desk: Desk) -> None:
    desk.go_to(StepKind.LOGITS)
    first = logit_gradient(desk)
    desk.show(lab5(), 1)
    assert desk.panel.model.step.kind is StepKind.LOGITS
    assert logit_gradient(desk) == desk.gradients(lab5()).outputs["dense1"][0, 0]
    assert logit_gradient(desk) != first

    desk.go_to(StepKind.ROUTE)
    desk.state.set_pinned(PinnedCell("conv1", (0, 3, 4)))
    desk.show(two_blocks())
    assert len(desk.panel.header.bar.content.titles) == len(backward_steps(two_blocks()))
    assert desk.panel.model.step.kind is StepKind.ROUTE
    assert desk.panel.model.step.layer == "pool1"
    assert desk.panel.model.focus.pinned == ("conv1", (0, 3, 4))
    assert column(desk, "hint") == "Esc frees the pinned cell."


def test_a_pinned_cell_goes_along_into_the_filter_that_is_chosen(desk: Desk) -> None:
    desk.go_to(StepKind.FILTER)
    desk.state.set_pinned(PinnedCell("pool1", (2, 3, 4)))
    desk.panel.answer(ShowFilter("conv1", 5))
    assert desk.state.pinned == PinnedCell("pool1", (5, 3, 4))
    assert column(desk, "title").startswith("conv1, filter 5")
    assert desk.shown("filter").value == 5
    desk.state.set_pinned(PinnedCell("dense1", (0,)))
    desk.panel.answer(ShowFilter("conv1", 1))
    assert desk.state.pinned == PinnedCell("dense1", (0,))


def test_the_step_stays_with_the_filter_of_the_weight_that_is_checked_and_frames_it(desk: Desk) -> None:
    desk.go_to(StepKind.FILTER)
    desk.state.set_pinned(PinnedCell("pool1", (6, 3, 4)))
    for number in range(2):
        desk.panel.answer(Poke(ParameterTarget("conv1.weight", (number, 0, 1, 2))))
        desk.show(lab5(), 3 + number)
        assert desk.shown("filter").value == number == desk.state.pinned.index[0]
        assert ("selected", (1, 2, 1, 1)) in desk.shown("total").content.outlines
    desk.panel.answer(ShowFilter("conv1", 5))
    assert not desk.shown("total").content.outlines


def test_a_weight_that_another_network_has_not_is_let_go(desk: Desk) -> None:
    """Also of kernels of another size, and yet maps of the same."""
    for before, after in (
        (LAB5, replace(LAB5, filters=(2,))),
        (replace(LAB5, kernel_size=5, padding=2), replace(LAB5, padding=1)),
    ):
        network = before.build_network()
        desk.show(network)
        desk.go_to(StepKind.FILTER)
        last = tuple(side - 1 for side in network.params["conv1.weight"].shape)
        desk.panel.model.set_target(ParameterTarget("conv1.weight", last))
        desk.panel.answer(PointAt(weight=ParameterTarget("conv1.weight", last)))
        desk.settle()
        assert column(desk, "title").endswith(f", conv1.weight[{', '.join(map(str, last))}]")
        desk.show(after.build_network())
        assert "weight" not in column(desk, "title")


def test_a_cell_that_is_pinned_elsewhere_is_poked_when_the_panel_is_shown(desk: Desk) -> None:
    desk.panel.side.show_page(POKE)
    desk.panel.hide()
    desk.state.set_pinned(PinnedCell("conv1", (0, 3, 4)))
    desk.panel.show()
    model = desk.panel.model
    desk.bot.waitUntil(lambda: model.poked is not None)
    assert model.poked.poke.target == CellTarget("conv1", (0, 3, 4))


def test_before_there_is_a_network_the_panel_says_what_to_do(qtbot: QtBot) -> None:
    desk = Desk(qtbot, LAB5)
    assert desk.panel.empty.isVisible()
    assert "an image" in desk.panel.empty.text()


def test_passes_are_paced_while_training(desk: Desk) -> None:
    desk.state.update_run(status=RunStatus.TRAINING)
    before = desk.analysis.kinds.count("backprop.pass")
    for step in range(40):
        changed = {name: array + 1e-4 * step for name, array in lab5().params.items()}
        network = lab5().with_params(changed)
        desk.inspect_quickly(network, step)
    desk.settle()
    asked = desk.analysis.kinds.count("backprop.pass") - before
    assert 1 <= asked < 20
    assert desk.panel.model.passed.network.params["conv1.weight"][0, 0, 0, 0] == pytest.approx(
        lab5().params["conv1.weight"][0, 0, 0, 0] + 39e-4
    )
    desk.state.update_run(status=RunStatus.PAUSED)


# -- in the whole program ------------------------------------------------------------------------------------


@pytest.fixture
def panel(session: Session, qtbot: QtBot) -> Iterator[BackpropPanel]:
    shown = session.window.panel(BackpropPanel)
    QTest.keyClick(session.window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    if not shown.isVisible():
        session.window.panels.show_panel(3)
    qtbot.waitUntil(lambda: shown.isVisible() and shown.model.passed is not None)
    yield shown
    shown.work.cancel_tie_rate()


@pytest.mark.window
def test_adopting_an_update_continues_the_run_from_the_changed_weights(
    session: Session, panel: BackpropPanel, qtbot: QtBot
) -> None:
    before = session.state.live.network
    gradients = panel.model.passed.gradients
    panel.setFocus()
    QTest.keyClick(panel, Qt.Key.Key_End)
    assert panel.model.step.kind is StepKind.UPDATE
    qtbot.waitUntil(lambda: panel.stack.view("Apply the update").isEnabled())
    click(panel.stack.view("Apply the update"))
    qtbot.waitUntil(lambda: panel.stack.view("Adopt").isEnabled())
    assert session.state.live.network is before
    click(panel.stack.view("Adopt"))
    qtbot.waitUntil(lambda: session.state.live.network is not before)
    expected = apply_update(before, gradients, session.state.experiment.learning_rate)
    for name, array in expected.params.items():
        np.testing.assert_array_equal(session.state.live.network.params[name], array)
    qtbot.waitUntil(lambda: session.state.run.status in (RunStatus.READY, RunStatus.PAUSED))
