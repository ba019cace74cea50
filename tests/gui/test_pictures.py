"""Pictures that carry their view: it comes back, trained again where it has to be, or it is said why not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace as replaced
from PIL import Image
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from cnnviz._types import ViewValue
from cnnviz.datasets import load_mnist
from cnnviz.document.archive import load_picture, png_texts
from cnnviz.document.types import Data, Document
from cnnviz.drawing import CellKey
from cnnviz.experiment import LAB5
from cnnviz.network import weights_checksum
from cnnviz.training import Trainer
from tests.gui.document_driving import begin_again, fork, restore, restored, told
from tests.gui.driving import (
    click,
    click_part,
    double_click,
    opened,
    part_center,
    save_picture,
    turn_wheel,
    type_into,
)
from tests.gui.view_rounds import (
    PANELS,
    THREE_DIGITS,
    Hands,
    choose,
    difference,
    picture,
    press,
    show,
    step_to,
)
from tests.gui.whole_window import come_to_rest, train
from tests.small_data import write_npz
from ui.panels.backprop.focus import StepKind
from ui.panels.backprop.panel import BackpropPanel
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.report import work as report_work
from ui.panels.report.panel import ReportPanel
from ui.panels.training.panel import TrainingPanel
from ui.panels.translation.panel import TranslationPanel
from ui.run import worker
from ui.session import Session
from ui.state import RunStatus, Sample

Key = Qt.Key

# Without a screen there is no order of windows, in which the dialog of training again could be the first.
pytestmark = pytest.mark.qt_log_ignore("does not support raise")


def _training(_bot: QtBot, session: Session) -> None:
    panel = session.window.panel(TrainingPanel)
    press(panel.curves.accuracy, Key.Key_Plus, Key.Key_Plus)
    click(panel.network.choices.controls["moment"].button("difference"))
    click_part(panel.results.matrix, CellKey("class", 1, 1))
    press(panel.speed.slider, Key.Key_Left, Key.Key_Left)


def _maps_at_a_pinned_cell(bot: QtBot, session: Session) -> None:
    panel = session.window.panel(FeatureMapsPanel)
    flow, arithmetic = panel.network.flow.view, panel.network.arithmetic
    for key, channel in (("conv1", 2), ("conv2", 3)):
        click_part(flow(f"{key} maps"), CellKey(channel, 3, 3))
    click(flow("fold relu1"))
    click_part(flow("dense1"), CellKey("class", 2, 0))
    click_part(flow("conv2"), CellKey("cell", 3, 5))
    click_part(arithmetic.view("inputs"), 1)
    click(panel.limits.button("fixed"))
    come_to_rest(bot, session)


def _maps_in_a_sweep(_bot: QtBot, session: Session) -> None:
    panel = session.window.panel(FeatureMapsPanel)
    shown = panel.network.flow.view("relu2")
    click(shown, spot := part_center(shown, CellKey("cell", 4, 4)))
    double_click(shown, spot.toPoint())
    press(panel, Key.Key_Escape)
    view = panel.network.arithmetic.view
    for _ in range(3):
        click(panel.network.flow.view("larger cells"))
    press(view("speed"), Key.Key_Right)
    for _ in range(7):
        click(view("step"))


def _a_filter(bot: QtBot, session: Session) -> None:
    panel = session.window.panel(FeatureMapsPanel)
    click(panel.pages.button("top_patches"))
    filter_view = panel.top_patches.filter
    choose(filter_view.view("layer"), "conv2")
    click_part(filter_view.view("filters"), 3)
    come_to_rest(bot, session)


def _translation_of_many_digits(bot: QtBot, session: Session) -> None:
    panel = session.window.panel(TranslationPanel)
    controls = panel.choices.controls
    press(panel, Key.Key_Right, Key.Key_Right, Key.Key_Up)
    click(controls["block"].button("2"))
    click(controls["pool_size"].button("3"))
    click(controls["pair"].button("difference"))
    click_part(panel.strip, "max_blur")
    come_to_rest(bot, session)
    click_part(panel.maps, CellKey((2, "tile"), 2, 2))
    click(panel.enlarge)
    click(controls["equivariance"].button("True"))
    choose(controls["measure"], "Cosine similarity")
    click(controls["many"].button("True"))
    type_into(controls["digits"], "3")
    click(panel.sweep.button)
    come_to_rest(bot, session)


def _a_lesson(bot: QtBot, session: Session) -> None:
    panel = session.window.panel(TranslationPanel)
    choose(panel.choices.controls["lesson"], "2 · Row of eight")
    come_to_rest(bot, session)
    click(panel.choices.controls["pair"].button("difference"))
    choose(panel.choices.controls["compared"], "all pools")


def _a_poke(bot: QtBot, session: Session) -> None:
    panel = session.window.panel(BackpropPanel)
    step_to(panel, StepKind.ROUTE, "pool1")
    click(panel.side.ties.view("rule").button("split"))
    choose(panel.side.ties.view("label"), "2")
    come_to_rest(bot, session)
    click_part(panel.stack.view("route"), CellKey("values", 1, 0))
    click(panel.side.pages.button("poke"))
    press(panel.side.poke.view("eps"), Key.Key_Right, Key.Key_Right)
    come_to_rest(bot, session)


def _an_update(bot: QtBot, session: Session) -> None:
    panel = session.window.panel(BackpropPanel)
    step_to(panel, StepKind.UPDATE)
    click(panel.header.cover)
    come_to_rest(bot, session)
    choose(panel.stack.view("parameter"), "conv2.weight")
    choose(panel.stack.view("filter of conv2"), "filter 2")
    choose(panel.stack.view("input of pool1"), "input 1")
    type_into(panel.stack.view("rate"), "0.25")
    click(panel.side.pages.button("check"))


def _report(bot: QtBot, session: Session) -> None:
    panel = session.window.panel(ReportPanel)
    click(panel.pages.button("translation"))
    press(panel.preview, Key.Key_PageDown)
    turn_wheel(panel.fields, -2)
    come_to_rest(bot, session)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of few digits, so that nothing in the background takes long."""
    return write_npz(tmp_path_factory.mktemp("data") / "digits.npz", (0, 1, 2), 600, 240)


_HANDS: tuple[dict[str, Hands], ...] = (
    {"training": _training, "feature_maps": _maps_at_a_pinned_cell, "report": _report},
    {"feature_maps": _a_filter, "translation": _translation_of_many_digits, "backprop": _a_poke},
    {"translation": _a_lesson, "feature_maps": _maps_in_a_sweep, "backprop": _an_update},
)


def test_a_picture_brings_back_what_was_chosen(
    qtbot: QtBot, tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {}
    monkeypatch.setattr(report_work, "now", lambda: "2026-01-31 10:00")  # since when there have been results
    with opened(qtbot, tmp_path / "window.ini", data, THREE_DIGITS) as session:
        train(qtbot, session, 60)
        save_picture(session, tmp_path / "usual.png")
        for hands in _HANDS:
            restore(qtbot, session, tmp_path / "usual.png")
            for panel, choose_in in hands.items():
                show(qtbot, session, panel)
                usual = picture(session)
                choose_in(qtbot, session)
                come_to_rest(qtbot, session)
                assert picture(session) != usual
            for panel, choose_in in hands.items():
                show(qtbot, session, panel)
                path = tmp_path / f"{choose_in.__name__}.png"
                seen[panel, path] = picture(session)
                save_picture(session, path)
    (tmp_path / "fresh").mkdir()  # or the document without a name would be opened again
    with opened(qtbot, tmp_path / "fresh" / "window.ini", data, replace(LAB5, seed=5)) as fresh:
        train(qtbot, fresh, 7)
        for (panel, path), then in seen.items():
            restore(qtbot, fresh, path)
            assert fresh.window.panels.front == PANELS.index(panel)
            now = picture(fresh)
            assert not difference(now, then), path.name
            save_picture(fresh, tmp_path / "again.png")
            first, again = load_picture(path), load_picture(tmp_path / "again.png")
            assert again.seen.views == first.seen.views
            assert again == first


def test_views_of_another_shape_leave_the_defaults_and_a_view_waits_until_its_panel_is_shown(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    for panel in PANELS:
        show(qtbot, session, panel)
    usual = session.document.picture()
    other = {
        name: {key: _of_another_kind(value) for key, value in view.items()} | {"colour of the moon": "pale"}
        for name, view in usual.seen.views.items()
    }
    other["hologram"] = {"depth": 3}
    path = write_picture(tmp_path / "a.png", replaced(usual, seen=replaced(usual.seen, views=other)))
    restore(qtbot, session, path)
    for panel in PANELS:
        show(qtbot, session, panel)
    assert not session.window.notices.text()
    assert session.document.picture().seen.views == usual.seen.views

    panel = session.window.panel(BackpropPanel)
    show(qtbot, session, "backprop")
    step_to(panel, StepKind.LOSS)
    show(qtbot, session, "training")
    save_picture(session, path)
    kept = session.document.picture()
    step_to(panel, StepKind.UPDATE)
    begin_again(qtbot, session, seed=77)
    restore(qtbot, session, path)
    views = session.document.picture().seen.views  # nobody has looked at the panel yet
    assert views["backprop"] == kept.seen.views["backprop"]
    show(qtbot, session, "backprop")
    assert panel.model.step.kind is StepKind.LOSS


def _of_another_kind(value: ViewValue) -> ViewValue:
    match value:
        case bool() | int() | float():
            return "moon"
        case str():
            return 7.5
        case tuple():
            return True
        case None:
            return 1.5, -2.0, 3.0


# -- had again, or not ---------------------------------------------------------------------------------------


def write_picture(path: Path, document: Document) -> Path:
    Image.new("L", (8, 8)).save(path, pnginfo=png_texts(document))
    return path


def test_a_moment_of_a_long_run_comes_back(qtbot, session, tmp_path, monkeypatch):
    """Of a long run few moments are on record; one at which it was paused is, and comes back all the same."""
    monkeypatch.setattr(worker, "_SNAPSHOTS_PER_RUN", 100)
    state = session.state
    step = state.run.steps_per_epoch // worker._SNAPSHOTS_PER_EPOCH
    train(qtbot, session, step)
    train(qtbot, session, 3 * step)
    session.controller.show_moment(step)
    come_to_rest(qtbot, session)
    path = tmp_path / "early.png"
    save_picture(session, path)
    begin_again(qtbot, session, seed=77)
    restore(qtbot, session, path)
    assert (state.shown.step, state.run.step) == (step, 3 * step)


def test_a_moment_at_hand_is_shown_without_training_a_drawn_image_comes_back_and_the_words_stay(
    qtbot, session, tmp_path
):
    train(qtbot, session, 200)
    path = tmp_path / "a.png"
    save_picture(session, path)
    run_id = session.state.run.run_id
    session.state.choose_test_image(9)
    restore(qtbot, session, path)
    assert session.state.run.run_id == run_id
    assert session.state.sample.index == 0

    pixels = np.random.default_rng(1).integers(0, 256, (1, 28, 28), dtype=np.uint8)
    session.state.set_sample(Sample(pixels, 1, None, "drawn"))
    save_picture(session, path)
    session.state.choose_test_image(3)
    writing = session.document.writing
    writing.set_head("author", "Ada")
    restore(qtbot, session, path)
    sample = session.state.sample
    np.testing.assert_array_equal(sample.pixels, pixels)
    assert (sample.label, sample.index, sample.origin) == (1, None, "drawn")
    assert writing.work.author == "Ada"
    assert session.document.path is None

    state = session.state
    session.controller.show_moment(126)
    session.controller.fork()  # which changes nothing: it is the same run
    qtbot.waitUntil(lambda: state.run.run_id > run_id and state.run.step > 126)
    session.controller.pause()
    come_to_rest(qtbot, session)
    save_picture(session, path)
    saved = load_picture(path)
    begin_again(qtbot, session, seed=3)
    restore(qtbot, session, path)
    assert weights_checksum(state.live.network) == saved.run.weights_sha256


def test_other_data_and_other_weights_are_told_and_training_again_can_be_cancelled(qtbot, session, tmp_path):
    usual = session.document.picture()
    for changes, words in (
        ({"data": Data(name="elsewhere", sha256="00" * 32)}, "other data (elsewhere)"),
        ({"seen": replaced(usual.seen, weights_sha256="00" * 32)}, "cannot be brought back"),
    ):
        path = write_picture(tmp_path / "a.png", replaced(usual, **changes))
        assert not restored(qtbot, session, lambda path=path: session.document.open(path))
        assert words in told(session)
        assert session.state.run.status is RunStatus.READY

    far = replaced(
        usual,
        run=replaced(usual.run, step=2_000_000, epochs=200, weights_sha256=""),
        seen=replaced(usual.seen, step=2_000_000, weights_sha256=""),
    )
    path = write_picture(tmp_path / "far.png", far)
    run_id, restorer = session.state.run.run_id, session.document.restorer
    with qtbot.waitSignal(restorer.finished) as done:
        session.document.open(path)
        qtbot.waitUntil(lambda: "of 2,000,000 steps trained again" in told(session))
        session.window.notices.action_button().click()
    assert done.args == [False]
    qtbot.waitUntil(lambda: session.controller.is_idle)
    assert not restorer.is_busy
    assert told(session) == "Opening far.png was cancelled. Nothing has changed."
    assert (session.state.run.run_id, session.state.run.status) == (run_id, RunStatus.READY)


def _forked(qtbot: QtBot, session: Session) -> None:
    train(qtbot, session, 700)
    fork(qtbot, session, 504, 0.001, 610)


def _changed_later(qtbot: QtBot, session: Session) -> None:
    """Look at a moment before the change: that one can be had again, but not what the run became."""
    train(qtbot, session, 126)
    session.controller.edit(replace(session.state.experiment, learning_rate=0.01))
    train(qtbot, session, 300)
    session.controller.show_moment(63)
    come_to_rest(qtbot, session)


@pytest.mark.parametrize("change", [_forked, _changed_later])
def test_a_picture_of_another_network_than_its_settings_give_says_so_before_it_shows_anything(
    qtbot, session, tmp_path, change
):
    change(qtbot, session)
    state, path = session.state, tmp_path / "fork.png"
    save_picture(session, path)
    saved = load_picture(path)
    session.controller.begin(LAB5)
    qtbot.waitUntil(lambda: state.run.status is RunStatus.READY)
    come_to_rest(qtbot, session)
    before, run_id = session.document.picture(), state.run.run_id
    assert not restored(qtbot, session, lambda: session.document.open(path))
    assert "The network of fork.png cannot be brought back" in told(session)
    assert (state.run.run_id, session.document.picture()) == (run_id, before)
    assert restored(qtbot, session, lambda: session.window.notices.action_button().click())
    assert "not the one that it was saved with" in told(session)
    assert (state.experiment, state.run.step) == (saved.experiment, saved.run.step)
    trainer = Trainer(LAB5.build_network(), load_mnist(("0", "1")), saved.experiment)
    np.testing.assert_array_equal(trainer.advance(saved.run.step).losses, state.history.losses)
