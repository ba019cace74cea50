"""Whatever was done before, a panel shows what one that is made now shows: nothing on it is left over.

A long random use of the whole window: actions that take a chance, and say what they have done. After each of
them a part of the window is compared, pixel by pixel, with a part of the same kind that was made for this one
look, from the present state and the choices that the first one says it has made.
"""

import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from cnnviz.experiment import LAB5, PRESETS
from cnnviz.layers import TIE_RULES
from cnnviz.routing import Target
from cnnviz.translation import MEASURES
from tests.gui.document_driving import new_run
from tests.gui.driving import PATIENCE, give_up_keyboard, opened, settle, show_window, take_pointer_away
from tests.gui.recomputed import untrue
from tests.gui.view_rounds import THREE_DIGITS, difference
from tests.gui.whole_window import PANELS, come_to_rest
from tests.small_data import write_npz
from ui.controls.message_bar import MessageBar
from ui.panels import registry
from ui.panels.backprop.asks import SetLabel, SetRule
from ui.panels.backprop.header import CHECK, INSPECT, POKE
from ui.panels.backprop.panel import BackpropPanel
from ui.panels.contract import Panel, Services
from ui.panels.feature_maps.asks import Choose
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.report.panel import ReportPanel
from ui.panels.samples.panel import SamplesPanel
from ui.panels.timeline.bar import TimelineBar
from ui.panels.training.panel import TrainingPanel
from ui.panels.translation.panel import TranslationPanel
from ui.session import Session
from ui.state import PinnedCell, Reference, Sample, Shift
from ui.tasks import TaskRunner
from ui.theme import theme_manager
from ui.theme.tokens import SCALES

type Action = Callable[[QtBot, Session, random.Random], str]

NETWORKS = (
    replace(LAB5, classes=("0", "1"), seed=3),
    replace(LAB5, classes=("1", "2"), seed=3),
    THREE_DIGITS,
    replace(THREE_DIGITS, pool="average", activation="tanh"),
    replace(THREE_DIGITS, hidden=(6,), padding=0),
    replace(THREE_DIGITS, pool="none", stride=2),
)


def train_up_to(qtbot: QtBot, session: Session, step: int) -> None:
    """Train up to a step, in a run of as many epochs as that takes."""
    run = session.state.run
    session.controller.train_to(step, step // run.steps_per_epoch + 1)
    qtbot.waitUntil(lambda: session.state.run.step >= step)
    come_to_rest(qtbot, session)


def begin(qtbot: QtBot, session: Session, how: Callable[[], object]) -> None:
    """Begin another run; it is trained as far as the run before, so that equal steps mean nothing."""
    step = session.state.run.step
    with new_run(qtbot, session):
        how()
    come_to_rest(qtbot, session)
    train_up_to(qtbot, session, max(step, 1))


# --- the application's state ----------------------------------------------------------------------------


def another_sample(_bot: QtBot, session: Session, chance: random.Random) -> str:
    dataset = session.state.dataset
    index = chance.randrange(len(dataset.test_labels))
    session.state.choose_test_image(index)
    return f"sample {index}"


def own_sample(_bot: QtBot, session: Session, chance: random.Random) -> str:
    pixels = np.random.default_rng(chance.randrange(100)).integers(0, 256, (1, 28, 28), dtype=np.uint8)
    sample = Sample(pixels, chance.choice([None, 0]), origin="drawn")
    session.state.set_sample(sample)
    return f"own image of label {sample.label}"


def another_moment(_bot: QtBot, session: Session, chance: random.Random) -> str:
    step = chance.choice([None, *session.state.history.snapshots.steps])
    session.controller.show_moment(step)
    return f"moment {step}"


def more_training(qtbot: QtBot, session: Session, chance: random.Random) -> str:
    step = session.state.run.step + chance.randrange(1, 5)
    session.controller.show_moment(None)
    train_up_to(qtbot, session, step)
    return f"train to {step}"


def another_run(qtbot: QtBot, session: Session, chance: random.Random) -> str:
    experiment = replace(chance.choice(NETWORKS), seed=chance.randrange(3))
    begin(qtbot, session, lambda: session.controller.begin(experiment))
    return f"run of seed {experiment.seed}, classes {experiment.classes}, {experiment.pool}"


def another_preset(qtbot: QtBot, session: Session, chance: random.Random) -> str:
    """Put a preset into the form, and start with it or leave it waiting there."""
    name, starts = chance.choice(list(PRESETS)), chance.random() < 0.5
    session.controller.choose_preset(name)
    if starts:
        begin(qtbot, session, session.controller.reset)
    return f"preset {name}{', started' if starts else ''}"


def branch(qtbot: QtBot, session: Session, chance: random.Random) -> str:
    """Train on from an earlier moment, so that the run so far stays as a grey curve."""
    step = chance.choice(list(session.state.history.snapshots.steps))
    session.controller.show_moment(step)
    come_to_rest(qtbot, session)
    if session.state.follows_live:
        return "no branch"
    begin(qtbot, session, session.controller.fork)
    return f"branch at {step}"


def another_reference(_bot: QtBot, session: Session, chance: random.Random) -> str:
    snapshot = chance.choice([None, session.state.shown])
    session.state.set_reference(None if snapshot is None else Reference(snapshot, session.state.run.run_id))
    return f"reference {snapshot and snapshot.step}"


def another_shift(_bot: QtBot, session: Session, chance: random.Random) -> str:
    shift = Shift(chance.randrange(-5, 6), chance.randrange(-5, 6))
    session.state.set_shift(shift)
    return str(shift)


def another_pin(_bot: QtBot, session: Session, chance: random.Random) -> str:
    shown = session.state.shown
    stages = {name: shape for name, shape in shown.network.shapes.items() if len(shape) == 3}
    name = chance.choice(list(stages))
    cell = PinnedCell(name, tuple(chance.randrange(side) for side in stages[name]))
    chosen = None if chance.random() < 0.3 else cell
    session.state.set_pinned(chosen)
    return f"pin {chosen}"


def another_theme(_bot: QtBot, _session: Session, chance: random.Random) -> str:
    mode = chance.choice(["light", "dark"])
    theme_manager().set_mode(mode)
    return mode


def another_scale(_bot: QtBot, _session: Session, chance: random.Random) -> str:
    scale = chance.choice(SCALES[:2])  # with larger ones a part is in sight, and texts stand at its edges
    theme_manager().set_scale(scale)
    return f"scale {scale}"


# --- choices in the panels ------------------------------------------------------------------------------


def chosen(
    kind: type[TrainingPanel] | type[TranslationPanel], name: str, options: Sequence[object]
) -> Action:
    """Return the action that makes a choice of a panel."""

    def choose(_bot: QtBot, session: Session, chance: random.Random) -> str:
        option, panel = chance.choice(options), session.window.panel(kind)
        (panel.network if isinstance(panel, TrainingPanel) else panel).choices.choose(**{name: option})
        return f"{name} {option}"

    return choose


def another_class(_bot: QtBot, session: Session, chance: random.Random) -> str:
    shown = session.state.shown
    index = chance.randrange(shown.network.classes_count)
    session.window.panel(FeatureMapsPanel).network.answer(Choose("class_index", index))
    return f"evidence of class {index}"


def another_rule(_bot: QtBot, session: Session, chance: random.Random) -> str:
    rule = chance.choice(TIE_RULES)
    session.window.panel(BackpropPanel).model.answer(SetRule(rule))
    return f"rule {rule}"


def another_label(_bot: QtBot, session: Session, chance: random.Random) -> str:
    shown = session.state.shown
    label = chance.randrange(shown.network.classes_count)
    session.window.panel(BackpropPanel).model.answer(SetLabel(label))
    return f"label {label}"


def another_step(_bot: QtBot, session: Session, chance: random.Random) -> str:
    model = session.window.panel(BackpropPanel).model
    index = chance.randrange(max(len(model.steps), 1))
    model.go_to(index)
    return f"step {index} of the backward pass"


def another_page(_bot: QtBot, session: Session, chance: random.Random) -> str:
    page = chance.choice([INSPECT, POKE, CHECK])
    session.window.panel(BackpropPanel).side.pages.button(page).click()
    return f"page {page}"


def another_target(_bot: QtBot, session: Session, chance: random.Random) -> str:
    """Poke a parameter, a pixel or a cell."""
    panel = session.window.panel(BackpropPanel)
    if panel.model.passed is None:  # it was never in sight: there is nothing that could be pressed
        return "nothing to poke"
    network = panel.model.passed.network
    shapes = {"input": network.input_shape, **network.shapes}
    shapes |= {name: array.shape for name, array in network.params.items()}
    name = chance.choice(list(shapes))
    place = tuple(chance.randrange(side) for side in shapes[name])
    panel.side.show_page(POKE)
    panel.model.set_target(Target(name, place))
    return f"poke {name}{place}"


def check_all(qtbot: QtBot, session: Session, _chance: random.Random) -> str:
    panel = session.window.panel(BackpropPanel)
    panel.side.show_page(CHECK)
    if not panel.isVisible():
        return "page check"
    panel.side.check.view("check").click()
    qtbot.waitUntil(lambda: panel.work.now().progress is None)
    return "check all"


def another_sweep(qtbot: QtBot, session: Session, chance: random.Random) -> str:
    """Sweep one image, or a few: what is shown then."""
    panel, many = session.window.panel(TranslationPanel), chance.random() < 0.7
    panel.choices.choose(many=many, digits=chance.randrange(2, 5))
    if many and panel.isVisible():
        come_to_rest(qtbot, session)
        panel.sweep.measure()
        qtbot.waitUntil(panel.sweep.is_measured)
        qtbot.waitUntil(lambda: not panel.sweep.is_running)
    return f"sweep of {panel.view.digits} images" if many else "sweep of one image"


def run_the_lab(qtbot: QtBot, session: Session, _chance: random.Random) -> str:
    report = session.window.panel(ReportPanel)
    report.run_lab()
    qtbot.waitUntil(lambda: not report.cancel.isVisibleTo(report))
    return f"lab: {report.status.text()}"


def another_chapter(_bot: QtBot, session: Session, chance: random.Random) -> str:
    report = session.window.panel(ReportPanel)
    key = chance.choice([step.id for step in report.work.lab.steps])
    report.show_step(key)
    return f"chapter {key}"


def another_filter(_bot: QtBot, session: Session, chance: random.Random) -> str:
    choice = chance.choice(["all", "misclassified", "0"])
    field = session.window.samples.filter
    field.set_choice(choice)
    field.choiceEdited.emit(choice)
    return f"samples {choice}"


ACTIONS: tuple[Action, ...] = (
    another_sample, own_sample, another_moment, more_training, another_run, another_preset, branch,
    another_reference, another_shift, another_pin, another_theme, another_scale,
    chosen(TrainingPanel, "moment", ["before", "now", "difference"]), another_class, another_rule,
    another_label, another_step, another_page,
    chosen(TranslationPanel, "stage", ["pixels", "convolution", "max", "average", "max_blur", "subsample"]),
    another_chapter, another_filter, another_target,
    check_all, chosen(TranslationPanel, "measure", list(MEASURES)), another_sweep, run_the_lab,
)  # fmt: skip


# --- a part made now ------------------------------------------------------------------------------------


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
        return TimelineBar(session.state, session.controller)
    if name == "samples":
        samples = SamplesPanel(session.state, runners[0], lambda: None)
        front = session.window.samples
        samples.filter.set_choice(front.filter.choice())
        samples.filter.choiceEdited.emit(front.filter.choice())
        return samples
    services = Services(session.state, session.controller, *runners, lambda: None)
    panel = registry.PANELS[PANELS.index(name)].build(services)
    if isinstance(panel, ReportPanel):
        panel.work.begin(session.window.panel(ReportPanel).work.work)
    return panel


@contextmanager
def made_now(qtbot: QtBot, session: Session, name: str) -> Iterator[QWidget]:
    """Make a part of the window as it is, in a window of its own of the same size."""
    front = part_of(session, name)
    runners = [TaskRunner(name) for name in ("analysis", "background", "typesetting", "files")]
    ground = QWidget()
    part = another(session, name, runners)
    layout = QHBoxLayout(ground)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(part)
    ground.resize(front.size())
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
        delete(ground)  # or hundreds of panels that nobody sees would follow what is done


def measure_again(qtbot: QtBot, session: Session) -> None:
    """Measure what only a button measures anew: a panel that is made now knows no older values."""
    panel = session.window.panel(TranslationPanel)
    if panel.isVisible() and panel.view.many and not panel.sweep.is_measured():
        panel.sweep.measure()
        come_to_rest(qtbot, session)


def picture_of(qtbot: QtBot, part: QWidget) -> QImage:
    """Return what a part shows, without what was said for once."""
    for message in part.findChildren(MessageBar):
        message.clear()
    take_pointer_away(part.window())  # a field under it has another border
    settle(qtbot, parts=[part])
    return part.grab().toImage()


@pytest.mark.slow
@pytest.mark.typesets
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.qt_log_ignore("does not support raise")
def test_nothing_is_left_over_from_what_was_done_before(qtbot, tmp_path, seed):
    chance, done, faults = random.Random(seed), [], []
    data = write_npz(tmp_path / "digits.npz", (0, 1, 2))
    with opened(qtbot, tmp_path / "window.ini", data, NETWORKS[0]) as session:
        train_up_to(qtbot, session, 2)
        for count in range(COUNT):
            name = chance.choice(PARTS)
            session.window.panels.show_panel(PANELS.index(name) if name in PANELS else 0)
            come_to_rest(qtbot, session)
            done.append(chance.choice(ACTIONS)(qtbot, session, chance))
            come_to_rest(qtbot, session)
            faults += [f"{count} {name} after {done[-3:]}: {fault}" for fault in untrue(session, name)]
            measure_again(qtbot, session)
            seen = picture_of(qtbot, part_of(session, name))
            with made_now(qtbot, session, name) as fresh:
                expected = picture_of(qtbot, fresh)
            apart = difference(seen, expected)
            if apart:
                faults.append(f"{count} {name} after {done[-3:]}: {apart}")
                seen.save(str(tmp_path / f"{count}-seen.png"))
                expected.save(str(tmp_path / f"{count}-expected.png"))
    assert not faults, "\n".join(faults)
