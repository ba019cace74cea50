"""Whatever was done before, a panel shows what one that is made now shows: nothing on it is left over.

A long random use of the whole window. After each action the panel in front is compared, pixel by pixel, with
a panel of the same kind that was made for this one look, from the present state and the choices that the
first one says it has made.
"""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from cnnviz.presets import LAB5
from tests.gui.driving import PATIENCE, give_up_keyboard, opened, settle, show_window
from tests.gui.view_rounds import THREE_DIGITS, difference, rest
from tests.small_data import write_npz
from ui.controls.statement_box import StatementBox
from ui.panels.backprop import BackpropPanel
from ui.panels.contract import Panel, Services
from ui.panels.registry import PANELS
from ui.panels.translation import TranslationPanel
from ui.run.tasks import TaskRunner
from ui.session import Session
from ui.state import PinnedCell, Shift
from ui.theme import theme_manager

ACTIONS = int(os.environ.get("CNNVIZ_ACTIONS", "25"))
#: Numbers of the panels that are drawn from a picture of a scene. The training and the backprop panel are not
#: yet: their plots keep ranges of their own.
COMPARED = (1, 2)
NETWORKS = (
    replace(LAB5, classes=("0", "1"), seed=3),
    replace(LAB5, classes=("1", "2"), seed=3),
    THREE_DIGITS,
    replace(THREE_DIGITS, pool="average", activation="tanh"),
    replace(THREE_DIGITS, hidden=(6,), padding=0),
)

type Action = Callable[[QtBot, Session, random.Random], str]


@contextmanager
def made_now(qtbot: QtBot, session: Session, number: int, folder: Path) -> Iterator[Panel]:
    """Make a panel as the one in front is, in a window of its own of the same size."""
    front = session.window.panels.panels()[number]
    runners = [TaskRunner(name) for name in ("analysis", "background", "files", "keeping")]
    ground = QWidget()
    panel = PANELS[number].build(Services(session.state, *runners, folder / "draft.json"))
    layout = QHBoxLayout(ground)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(panel)
    ground.resize(front.size())
    qtbot.addWidget(ground)
    view = front.view_state()
    show_window(qtbot, ground)
    try:
        settle(qtbot, lambda: all(each.is_idle for each in runners), parts=runners)
        panel.restore_view(view)
        give_up_keyboard()
        settle(qtbot, lambda: all(each.is_idle for each in runners), parts=runners)
        yield panel
    finally:
        ground.hide()
        for runner in runners:
            assert runner.close(PATIENCE)
            runner.deleteLater()
        ground.close()


def picture_of(qtbot: QtBot, panel: Panel) -> QImage:
    """Return what a panel shows, without the room that longer words have taken before."""
    for box in panel.findChildren(StatementBox):
        box.reset_height()
    settle(qtbot, parts=[panel])
    return panel.grab().toImage()


def train(qtbot: QtBot, session: Session, step: int) -> None:
    """Train up to a step, in a run of as many epochs as that takes."""
    run = session.state.run
    session.controller.train_to(step, step // run.steps_per_epoch + 1)
    qtbot.waitUntil(lambda: session.state.run.step >= step)
    rest(qtbot, session)


# --- actions --------------------------------------------------------------------------------------------


def another_sample(_bot: QtBot, session: Session, chance: random.Random) -> str:
    dataset = session.state.dataset
    assert dataset is not None
    index = chance.randrange(len(dataset.test_labels))
    session.controller.on_sample_requested(index)
    return f"sample {index}"


def another_moment(_bot: QtBot, session: Session, chance: random.Random) -> str:
    step = chance.choice([None, *session.state.history.snapshots.steps])
    session.controller.on_moment_requested(step)
    return f"moment {step}"


def more_training(qtbot: QtBot, session: Session, chance: random.Random) -> str:
    step = session.state.run.step + chance.randrange(1, 5)
    session.controller.on_moment_requested(None)
    train(qtbot, session, step)
    return f"train to {step}"


def another_run(qtbot: QtBot, session: Session, chance: random.Random) -> str:
    """Begin with other settings; it is trained as far as the run before, so that equal steps mean nothing."""
    experiment = replace(chance.choice(NETWORKS), seed=chance.randrange(3))
    run_id, step = session.state.run.run_id, session.state.run.step
    session.controller.begin_run(experiment)
    qtbot.waitUntil(lambda: session.state.run.run_id > run_id)
    rest(qtbot, session)
    train(qtbot, session, max(step, 1))
    return f"run of seed {experiment.seed}, classes {experiment.classes}, {experiment.pool}"


def another_shift(_bot: QtBot, session: Session, chance: random.Random) -> str:
    shift = Shift(chance.randrange(-5, 6), chance.randrange(-5, 6), chance.random() < 0.3)
    session.controller.on_shift_requested(shift)
    return str(shift)


def another_pin(_bot: QtBot, session: Session, chance: random.Random) -> str:
    shown = session.state.shown
    assert shown is not None
    stages = {name: shape for name, shape in shown.network.shapes.items() if len(shape) == 3}
    name = chance.choice(list(stages))
    cell = PinnedCell(name, tuple(chance.randrange(side) for side in stages[name]))
    chosen = None if chance.random() < 0.3 else cell
    session.controller.on_pin_requested(chosen)
    return f"pin {chosen}"


def another_theme(_bot: QtBot, _session: Session, chance: random.Random) -> str:
    mode = chance.choice(["light", "dark"])
    theme_manager().set_mode(mode)
    return mode


def another_rule(_bot: QtBot, session: Session, chance: random.Random) -> str:
    rule = chance.choice(["first", "all", "split"])
    session.window.panel(BackpropPanel).model.set_rule(rule)
    return f"rule {rule}"


def another_label(_bot: QtBot, session: Session, chance: random.Random) -> str:
    shown = session.state.shown
    assert shown is not None
    label = chance.randrange(shown.network.classes_count)
    session.window.panel(BackpropPanel).model.set_label(label)
    return f"label {label}"


def another_step(_bot: QtBot, session: Session, chance: random.Random) -> str:
    model = session.window.panel(BackpropPanel).model
    index = chance.randrange(max(len(model.steps), 1))
    model.go_to(index)
    return f"step {index} of the backward pass"


def another_stage(_bot: QtBot, session: Session, chance: random.Random) -> str:
    stage = chance.choice(["pixels", "convolution", "max", "average", "blur"])
    session.window.panel(TranslationPanel).choices.choose(stage=stage)
    return f"stage {stage}"


def another_limit(_bot: QtBot, session: Session, chance: random.Random) -> str:
    relative = chance.random() < 0.5
    session.window.panel(TranslationPanel).choices.choose(relative=relative)
    return f"relative {relative}"


ALL: tuple[Action, ...] = (
    another_sample, another_moment, more_training, another_run, another_shift, another_pin, another_theme,
    another_rule, another_label, another_step, another_stage, another_limit,
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("seed", [int(os.environ.get("CNNVIZ_SEED", "1"))])
@pytest.mark.qt_log_ignore("does not support raise")
def test_nothing_is_left_over_from_what_was_done_before(qtbot: QtBot, tmp_path: Path, seed: int) -> None:
    chance, done, faults = random.Random(seed), [], []
    data = write_npz(tmp_path / "digits.npz", (0, 1, 2))
    with opened(qtbot, tmp_path / "window.ini", data, NETWORKS[0]) as session:
        train(qtbot, session, 2)
        for count in range(ACTIONS):
            number = chance.choice(COMPARED)
            session.window.panels.show_panel(number)
            rest(qtbot, session)
            done.append(chance.choice(ALL)(qtbot, session, chance))
            rest(qtbot, session)
            front = session.window.panels.panels()[number]
            seen = picture_of(qtbot, front)
            with made_now(qtbot, session, number, tmp_path) as fresh:
                apart = difference(seen, picture_of(qtbot, fresh))
                if apart:
                    fault = f"{count} {PANELS[number].name} after {done[-3:]}: {apart}"
                    faults.append(fault)
                    seen.save(str(tmp_path / f"{count}-seen.png"))
    assert not faults, "\n".join(faults)
