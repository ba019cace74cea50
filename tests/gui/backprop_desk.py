"""The backprop panel on a desk of its own, and its pages without a window."""

from collections.abc import Hashable
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from pytestqt.qtbot import QtBot

from cnnviz.datasets import Dataset, to_input
from cnnviz.drawing import LIGHT, Box, CellKey, Ground, Part
from cnnviz.experiment import LAB5, Experiment
from cnnviz.mathematics import plain
from cnnviz.network import Gradients, Network
from cnnviz.snapshots import Snapshot
from tests.gui.driving import PanelDesk, click, click_part, settle
from tests.small_data import TWO_BLOCKS, few_digits
from ui.panels.backprop.focus import Focus, Now, StepKind, backward_steps, first_focus
from ui.panels.backprop.formulas import formula_of
from ui.panels.backprop.pages import inspect, page_of
from ui.panels.backprop.panel import BackpropPanel
from ui.panels.backprop.passes import Pass, PassChoices, compute_pass
from ui.panels.scene import Scene
from ui.state import AppState, RunStatus, Sample, Shift
from ui.tasks import TaskRunner


@cache
def lab5() -> Network:
    """The laboratory's network, untrained."""
    return LAB5.build_network(few_digits().input_shape)


@cache
def two_blocks() -> Network:
    """Two blocks with ReLUs and a hidden layer, untrained."""
    return replace(TWO_BLOCKS, ties="first").build_network(few_digits().input_shape)


class Desk(PanelDesk):
    """The backprop panel, and hands to move it."""

    def __init__(self, qtbot: QtBot, experiment: Experiment, dataset: Dataset | None = None) -> None:
        self.dataset = few_digits() if dataset is None else dataset
        self.adopted: list[Snapshot] = []
        self.runs = SimpleNamespace(adopt=self.adopted.append)
        super().__init__(qtbot, experiment, self._built, (1140, 730))

    def _built(self, state: AppState, *runners: TaskRunner) -> BackpropPanel:
        state.set_dataset(self.dataset)
        state.update_run(status=RunStatus.PAUSED)
        panel = BackpropPanel(state, self.runs, *runners)
        # Drawing steps ahead of their time would take most of the time of most tests.
        panel._ahead.blockSignals(True)
        return panel

    def inspect(self, network: Network, sample: Sample, step: int = 0) -> None:
        """Show a network and a sample, as the program would."""
        self.state.set_sample(sample)
        self.state.set_live(Snapshot(step, network))
        if self.panel.isVisible():
            self.settle()

    def show(self, network: Network, index: int = 0, step: int = 0) -> None:
        image, label = self.dataset.test_images[index], int(self.dataset.test_labels[index])
        self.inspect(network, Sample(image, label, index), step)

    def settle(self) -> None:
        """Wait until no pass, preview or poke is under way, and what was asked for is drawn."""
        settle(self.bot, lambda: not self.is_busy() and self.panel.model.passed is not None)

    def is_busy(self) -> bool:
        return any(self.analysis.is_busy(f"backprop.{kind}") for kind in ("pass", "preview", "poke"))

    def go_to(self, kind: StepKind, layer: str = "") -> None:
        steps = self.panel.model.steps
        places = [n for n, step in enumerate(steps) if step.kind is kind and layer in ("", step.layer)]
        click_part(self.panel.header.bar, places[0])
        self.settle()

    def shown(self, key: str) -> Any:
        """Card or control of the step that is shown."""
        page = self.panel.stack.page
        return page.leaves()[key]

    def view(self, key: str) -> Any:
        return self.panel.stack.view(key)

    def choose_rule(self, rule: str) -> None:
        click(self.panel.side.ties.view("rule").button(rule))
        self.settle()

    def gradients(self, network: Network, label: int | None = None) -> Gradients:
        """What the engine says for the sample that is shown: the oracle."""
        sample = self.state.sample
        x = to_input(sample.pixels[np.newaxis], network.dtype)
        wanted = sample.label if label is None else label
        return network.gradients(x, np.array([wanted]))


def cell(row: int, col: int) -> CellKey:
    """Key of a cell of a map, by its place in what is shown."""
    return CellKey("cell", row, col)


def cut(leaf: Any, values: np.ndarray) -> np.ndarray:
    """The block of an array that a map shows."""
    return leaf.content.map.cut(values)


def cells(leaf: Any) -> np.ndarray:
    """Values of the block that a map shows."""
    return cut(leaf, leaf.content.map.values)


def value(leaf: Any, key: str) -> str:
    return next(row.text for row in leaf.content.rows if row.key == key)


# -- without a window ---------------------------------------------------------------------------------------


def pass_of(
    network: Network,
    index: int = 0,
    data: Dataset | None = None,
    sample: Sample | None = None,
    **choices: Any,
) -> Pass:
    """Pass of a test image, or of another sample, through a network."""
    data = data or few_digits()
    sample = sample or Sample(data.test_images[index], int(data.test_labels[index]), index)
    return compute_pass(Scene(data, Snapshot(0, network), sample, Shift(), PassChoices(**choices)))


def engine(passed: Pass, network: Network | None = None) -> Gradients:
    """Gradients as the engine computes them of the image, through another network where there is one."""
    network = network or passed.network
    x = to_input(passed.scene.sample.pixels[np.newaxis], network.dtype)
    return network.gradients(x, np.array([passed.label]))


def now_at(passed: Pass, kind: StepKind, layer: str = "", **focus: Any) -> Now:
    """What pages of a step are made of; of several steps of a kind the last one."""
    steps = [each for each in backward_steps(passed.network) if each.kind is kind]
    step = next(each for each in reversed(steps) if layer in ("", each.layer))
    return Now(passed, step, replace(first_focus(passed, Focus()), **focus))


def leaves(now: Now) -> dict[str, Any]:
    """Cards and controls of the page of a step."""
    return page_of(now).leaves()


def numbers(now: Now) -> dict[str, Any]:
    """Cards and controls of the column beside it."""
    return inspect.page(now).leaves()


def formula(now: Now) -> str:
    return plain(formula_of(now.passed, now.step, now.focus))


def part_of(leaf: Any, key: Hashable) -> Part:
    """A part of a card, where this has room."""
    part = leaf.graphic.draw(leaf.content, Ground(Box(0, 0, 420, 420), LIGHT)).part(key)
    assert part is not None, key
    return part
