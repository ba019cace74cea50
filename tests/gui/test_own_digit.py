"""Images of one's own in the whole window: drawn and opened, and read by the network."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from cnnviz.datasets import to_input
from cnnviz.digit import normalize_digit
from tests.gui.own_digit_driving import CONTROL, ONE, ZERO, click, open_board, settle, stroke, train
from tests.gui.whole_window import choose_preset, rest
from ui.state import RunStatus


def test_a_drawn_one_is_read_as_a_one(qtbot, session):
    state, samples = session.state, session.window.samples
    train(qtbot, session)
    own = open_board(qtbot, session)
    seen = []
    samples._loop.drew.connect(lambda: seen.append(samples.prediction.scene.sample))
    # The prediction is live while one draws.
    stroke(qtbot, own, ONE, lambda: qtbot.waitUntil(lambda: any(sample.index is None for sample in seen)))
    settle(qtbot, session)
    sample = state.sample
    assert (sample.label, sample.index, sample.origin) == (None, None, "drawn")
    np.testing.assert_array_equal(sample.pixels[0], normalize_digit(own.pad.pixels()))
    assert samples.bars.content.predicted == 1
    assert samples.verdict() == "Drawn · read as 1"
    assert bars_of(own).predicted == 1
    np.testing.assert_array_equal(own.side.view("Network sees").content.content.levels, sample.pixels[0])
    network = state.shown.network
    np.testing.assert_array_equal(
        samples.prediction.trace.inputs, to_input(sample.pixels[None], network.dtype)
    )
    shares = network.forward(to_input(sample.pixels[None], network.dtype)).class_probabilities[0]
    assert samples.bars.content.values == pytest.approx(shares.tolist())

    click(qtbot, own.clear_button)
    assert state.sample is sample, "clearing the board keeps the drawing"
    stroke(qtbot, own, ZERO)
    settle(qtbot, session, lambda current: current is not sample)
    assert samples.bars.content.predicted == 0
    drawn = state.sample
    session.controller.on_sample_requested(3)
    click(qtbot, samples.draw_button)
    assert state.sample is drawn, "the drawing is looked at again"
    click(qtbot, own.undo_button)
    assert own.pad.is_blank()


def bars_of(own):
    return own.side.view("bars").content.content


def test_undo_and_redo_by_key(qtbot, session):
    state = session.state
    own = open_board(qtbot, session)
    stroke(qtbot, own, ONE)
    settle(qtbot, session)
    first = state.sample.pixels
    stroke(qtbot, own, [(0.3, 0.85), (0.7, 0.85)])
    settle(qtbot, session, lambda sample: not np.array_equal(sample.pixels, first))
    second = state.sample.pixels
    qtbot.keyClick(own, Qt.Key.Key_Z, CONTROL)
    qtbot.waitUntil(lambda: np.array_equal(state.sample.pixels, first))
    qtbot.keyClick(own, Qt.Key.Key_Z, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: np.array_equal(state.sample.pixels, second))
    qtbot.keyClick(own, Qt.Key.Key_Z, CONTROL)
    qtbot.keyClick(own, Qt.Key.Key_Z, CONTROL)
    assert own.pad.is_blank()
    qtbot.keyClick(own, Qt.Key.Key_Z, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    settle(qtbot, session, lambda sample: np.array_equal(sample.pixels, first))


def test_the_page_in_front_is_the_sample(qtbot, session, tmp_path):
    state, samples = session.state, session.window.samples
    own = open_board(qtbot, session)
    stroke(qtbot, own, ONE)
    settle(qtbot, session)
    drawn = state.sample
    path = tmp_path / "zero.png"
    Image.fromarray(state.dataset.test_images[0, 0]).save(path)
    samples.open_image(path)
    settle(qtbot, session, lambda sample: sample.origin == "zero.png")
    opened = state.sample
    for page, sample in (("draw", drawn), ("image", opened)):
        click(qtbot, own.choices.controls["page"].button(page))
        assert state.sample is sample
    session.controller.on_sample_requested(3)
    assert bars_of(own).predicted is None
    own.close()


def test_data_of_another_size(qtbot, session, tmp_path):
    rng = np.random.default_rng(1)
    arrays = {
        "x_train": rng.integers(0, 256, (60, 20, 16), dtype=np.uint8),
        "y_train": np.arange(60) % 2,
        "x_test": rng.integers(0, 256, (20, 20, 16), dtype=np.uint8),
        "y_test": np.arange(20) % 2,
    }
    path = tmp_path / "small.npz"
    np.savez(path, **arrays)
    state, samples = session.state, session.window.samples
    own = open_board(qtbot, session)
    stroke(qtbot, own, ONE)
    settle(qtbot, session)
    session.controller.open_data(path)
    qtbot.waitUntil(lambda: state.dataset.input_shape == (1, 20, 16))
    qtbot.waitUntil(lambda: state.run.status is RunStatus.READY and state.sample.pixels.shape == (1, 20, 16))
    pad = own.pad
    assert pad.is_blank()
    assert pad.pixels().shape == (280, 224)
    stroke(qtbot, own, ONE)
    settle(qtbot, session)
    assert state.sample.pixels.shape == (1, 20, 16)
    picture = tmp_path / "picture.png"
    Image.fromarray(np.pad(np.full((90, 20), 255, np.uint8), 40)).save(picture)
    samples.open_image(picture)
    settle(qtbot, session, lambda sample: sample.origin == "picture.png")
    assert state.sample.pixels.shape == (1, 20, 16)


@pytest.mark.parametrize("presenter", [False, True])
@pytest.mark.parametrize("size", [(1100, 700), (1440, 900)])
def test_samples_stay_usable_in_small_windows(qtbot, session, theme, size, presenter):
    window, samples = session.window, session.window.samples
    own = open_board(qtbot, session)
    stroke(qtbot, own, ONE)
    settle(qtbot, session)
    own.close()
    theme.set_presenter(presenter)
    session.controller.on_draft_requested(session.state.draft.with_classes(tuple("0123456789")))
    window.resize(*size)
    state = session.state
    qtbot.waitUntil(lambda: session.window.samples.is_current and len(state.dataset.classes) == 10)
    rest(qtbot, session)  # the words below the bars take one line or two
    needed = samples.minimumSizeHint().height()
    available = size[1] - window.menuBar().height() - window.timeline.height() - window.statusBar().height()
    assert needed <= available
    assert samples.grid.height() >= theme.theme.px(60)
    assert samples.draw_button.height() >= samples.draw_button.minimumSizeHint().height()
    assert samples.rect().contains(samples.bars.geometry())


def test_pages_fit_their_window(qtbot, session, theme):
    own = open_board(qtbot, session)
    state = session.state
    session.controller.on_draft_requested(state.draft.with_classes(tuple("0123456789")))
    qtbot.waitUntil(lambda: session.window.samples.is_current and len(state.dataset.classes) == 10)
    for presenter in (False, True):
        theme.set_presenter(presenter)
        own.resize(own.minimumSize())
        for page in ("draw", "image"):
            click(qtbot, own.choices.controls["page"].button(page))
            rest(qtbot, session)
            hint = own.layout().minimumSize()
            assert hint.width() <= own.width()
            assert hint.height() <= own.height()
        assert own.width() <= 1100
        assert own.height() <= 700


def test_the_board_says_what_the_network_can_tell_apart(qtbot, session):
    session.window.samples.draw()
    known = session.window.samples.own_window().known
    said = "This network knows {}: whatever is drawn, it takes it for one of these."
    assert known.text() == said.format("0 and 1")
    choose_preset(qtbot, session, "lenet")
    assert known.text() == said.format("0, 1, 2, 3, 4, 5, 6, 7, 8 and 9")
    session.window.samples.own_window().close()
