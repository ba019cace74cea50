"""Whatever was done before, a panel shows what one that is made now shows: nothing on it is left over."""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from cnnviz.presets import LAB5, PRESETS
from tests.gui.driving import PATIENCE, give_up_keyboard, opened, settle, show_window, take_pointer_away
from tests.gui.view_rounds import THREE_DIGITS, difference, rest
from tests.gui.whole_window import PANELS
from tests.small_data import write_npz
from ui.controls.message_bar import MessageBar
from ui.panels import registry
from ui.panels.contract import Panel, Services
from ui.panels.report.panel import ReportPanel
from ui.panels.samples import SamplesPanel
from ui.panels.timeline import TimelineBar
from ui.panels.translation.lesson_row import StatementBox
from ui.run.tasks import TaskRunner
from ui.session import Session
from ui.state import PinnedCell, Sample, Shift
from ui.theme import theme_manager
from ui.theme.tokens import SCALES

# -- what is done, by chance ---------------------------------------------------------------------------------


type Action = Callable[[QtBot, Session, random.Random], str]

NETWORKS = (
    replace(LAB5, classes=("0", "1"), seed=3),
    replace(LAB5, classes=("1", "2"), seed=3),
    THREE_DIGITS,
    replace(THREE_DIGITS, pool="average", activation="tanh"),
    replace(THREE_DIGITS, hidden=(6,), padding=0),
    replace(THREE_DIGITS, pool="none", stride=2),
)


def train(qtbot: QtBot, session: Session, step: int) -> None:
    """Train up to a step, in a run of as many epochs as that takes."""
    run = session.state.run
    session.controller.train_to(step, step // run.steps_per_epoch + 1)
    qtbot.waitUntil(lambda: session.state.run.step >= step)
    rest(qtbot, session)


def begin(qtbot: QtBot, session: Session, how: Callable[[], object]) -> None:
    """Begin another run; it is trained as far as the run before, so that equal steps mean nothing."""
    run_id, step = session.state.run.run_id, session.state.run.step
    how()
    qtbot.waitUntil(lambda: session.state.run.run_id > run_id)
    rest(qtbot, session)
    train(qtbot, session, max(step, 1))


def another_sample(_bot: QtBot, session: Session, chance: random.Random) -> str:
    dataset = session.state.dataset
    assert dataset is not None
    index = chance.randrange(len(dataset.test_labels))
    session.controller.on_sample_requested(index)
    return f"sample {index}"


def own_sample(_bot: QtBot, session: Session, chance: random.Random) -> str:
    pixels = np.random.default_rng(chance.randrange(100)).integers(0, 256, (1, 28, 28), dtype=np.uint8)
    sample = Sample(pixels, chance.choice([None, 0]), origin="drawn")
    session.controller.on_own_sample_requested(sample)
    return f"own image of label {sample.label}"


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
    experiment = replace(chance.choice(NETWORKS), seed=chance.randrange(3))
    begin(qtbot, session, lambda: session.controller.begin_run(experiment))
    return f"run of seed {experiment.seed}, classes {experiment.classes}, {experiment.pool}"


def another_preset(qtbot: QtBot, session: Session, chance: random.Random) -> str:
    """Put a preset into the form, and start with it or leave it waiting there."""
    name, starts = chance.choice(list(PRESETS)), chance.random() < 0.5
    session.window.run_bar.presetRequested.emit(name)
    if starts:
        begin(qtbot, session, session.controller.on_reset_requested)
    return f"preset {name}{', started' if starts else ''}"


def branch(qtbot: QtBot, session: Session, chance: random.Random) -> str:
    """Train on from an earlier moment, so that the run so far stays as a grey curve."""
    step = chance.choice(list(session.state.history.snapshots.steps))
    session.controller.on_moment_requested(step)
    rest(qtbot, session)
    if session.state.follows_live:
        return "no branch"
    begin(qtbot, session, session.controller.on_fork_requested)
    return f"branch at {step}"


def another_reference(_bot: QtBot, session: Session, chance: random.Random) -> str:
    snapshot = chance.choice([None, session.state.shown])
    session.controller.on_reference_requested(snapshot)
    return f"reference {snapshot and snapshot.step}"


def another_shift(_bot: QtBot, session: Session, chance: random.Random) -> str:
    shift = Shift(chance.randrange(-5, 6), chance.randrange(-5, 6), chance.random() < 0.3)
    session.state.set_shift(shift)
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


def another_scale(_bot: QtBot, _session: Session, chance: random.Random) -> str:
    scale = chance.choice(SCALES[:2])  # with larger ones a part is in sight, and texts stand at its edges
    theme_manager().set_scale(scale)
    return f"scale {scale}"


def another_filter(_bot: QtBot, session: Session, chance: random.Random) -> str:
    choice = chance.choice(["all", "misclassified", "0"])
    field = session.window.samples.filter
    field.set_choice(choice)
    field.choiceEdited.emit(choice)
    return f"samples {choice}"


ACTIONS: tuple[Action, ...] = (
    another_sample, own_sample, another_moment, more_training, another_run, another_preset, branch,
    another_reference, another_shift, another_pin, another_theme, another_scale, another_filter,
)  # fmt: skip


# -- what is shown then --------------------------------------------------------------------------------------


COUNT = int(os.environ.get("CNNVIZ_ACTIONS", "12"))
SEEDS = [int(seed) for seed in os.environ.get("CNNVIZ_SEED", "1").split()]
PARTS = (*PANELS, "samples", "timeline")


def part_of(session: Session, name: str) -> QWidget:
    window = session.window
    beside: dict[str, QWidget] = {"samples": window.samples, "timeline": window.timeline}
    return beside[name] if name in beside else window.panels.panels()[PANELS.index(name)]


def another(session: Session, name: str, runners: list[TaskRunner]) -> QWidget:
    """Make a part of the window anew; what it keeps besides the state is the session's."""
    if name == "timeline":
        return TimelineBar(session.state)
    if name == "samples":
        samples, front = SamplesPanel(session.state, runners[0]), session.window.samples
        samples.filter.set_choice(front.filter.choice())
        samples.filter.choiceEdited.emit(front.filter.choice())
        return samples
    session.window.panel(ReportPanel).save_draft()
    services = Services(session.state, *runners, session.workspace.draft)
    return registry.PANELS[PANELS.index(name)].build(services)


@contextmanager
def made_now(qtbot: QtBot, session: Session, name: str) -> Iterator[QWidget]:
    """Make a part of the window as it is, in a window of its own of the same size."""
    front = part_of(session, name)
    runners = [TaskRunner(name) for name in ("analysis", "background", "typesetting", "files", "keeping")]
    ground = QWidget()
    part = another(session, name, runners)
    layout = QHBoxLayout(ground)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(part)
    ground.resize(front.size())
    qtbot.addWidget(ground)
    view = front.view_state() if isinstance(front, Panel) else None
    show_window(qtbot, ground)
    try:
        settle(qtbot, lambda: all(each.is_idle for each in runners), parts=runners)
        if isinstance(part, Panel) and view is not None:
            part.restore_view(view)
        if isinstance(part, SamplesPanel):
            scrolled = session.window.samples.grid.bar.value()
            part.grid.bar.setValue(scrolled)
        give_up_keyboard()
        settle(qtbot, lambda: all(each.is_idle for each in runners), parts=runners)
        yield part
    finally:
        ground.hide()
        for runner in runners:
            assert runner.close(PATIENCE)
            runner.deleteLater()
        ground.close()


def picture_of(qtbot: QtBot, part: QWidget) -> QImage:
    """Return what a part shows: without the room that longer words have taken, and what was said for once."""
    for box in part.findChildren(StatementBox):
        box.reset_height()
    for message in part.findChildren(MessageBar):
        message.clear()
    take_pointer_away(part.window())  # a field under it has another border
    settle(qtbot, parts=[part])
    return part.grab().toImage()


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.qt_log_ignore("does not support raise")
def test_nothing_is_left_over_from_what_was_done_before(qtbot: QtBot, tmp_path: Path, seed: int) -> None:
    chance, done, faults = random.Random(seed), [], []
    data = write_npz(tmp_path / "digits.npz", (0, 1, 2))
    with opened(qtbot, tmp_path / "window.ini", data, NETWORKS[0]) as session:
        train(qtbot, session, 2)
        for count in range(COUNT):
            name = chance.choice(PARTS)
            session.window.panels.show_panel(PANELS.index(name) if name in PANELS else 0)
            rest(qtbot, session)
            done.append(chance.choice(ACTIONS)(qtbot, session, chance))
            rest(qtbot, session)
            seen = picture_of(qtbot, part_of(session, name))
            with made_now(qtbot, session, name) as fresh:
                expected = picture_of(qtbot, fresh)
            apart = difference(seen, expected)
            if apart:
                faults.append(f"{count} {name} after {done[-3:]}: {apart}")
                seen.save(str(tmp_path / f"{count}-seen.png"))
                expected.save(str(tmp_path / f"{count}-expected.png"))
    assert not faults, "\n".join(faults)
