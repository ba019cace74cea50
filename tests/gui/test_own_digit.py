"""Images of one's own in the whole window: drawn and edited, kept and read."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from cnnviz.datasets import to_input
from cnnviz.digit import normalize_digit
from tests.gui.driving import show_window
from tests.gui.own_digit_driving import (
    CONTROL,
    LEFT,
    ONE,
    ZERO,
    click,
    open_board,
    settle,
    stroke,
    train,
)
from tests.gui.whole_window import choose_preset, rest
from ui.controls.labels import WrapLabel
from ui.panels.samples.own_samples import OwnSamples
from ui.panels.samples.pixel_page import PixelPage
from ui.rows.prediction_bars import most_probable
from ui.state import RunStatus, Sample


@pytest.mark.window
@pytest.mark.parametrize("in_window", [True])
def test_a_drawn_one_is_read_as_a_one_in_a_real_window(qtbot, session, in_window):
    check_drawing(qtbot, session)


def test_a_drawn_one_is_read_as_a_one(qtbot, session):
    check_drawing(qtbot, session)


def check_drawing(qtbot, session):
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
    np.testing.assert_array_equal(sample.pixels[0], normalize_digit(own.draw_page.pad.pixels()))
    assert samples.bars.predicted() == 1
    assert samples.verdict() == "Drawn · read as 1"
    assert own.outcome.bars.predicted() == 1
    np.testing.assert_array_equal(own.pair.seen.values, sample.pixels[0])
    network = state.shown.network
    np.testing.assert_array_equal(
        samples.prediction.trace.inputs, to_input(sample.pixels[None], network.dtype)
    )

    click(qtbot, own.draw_page.clear)
    assert state.sample is sample, "clearing the board keeps the drawing"
    stroke(qtbot, own, ZERO)
    settle(qtbot, session, lambda current: current is not sample)
    assert samples.bars.predicted() == 0
    assert samples.tools.strip.count == 2
    strip = samples.tools.strip
    qtbot.mouseClick(strip, LEFT, pos=strip.tile_rect(1).center().toPoint())
    assert state.sample is sample
    assert strip.current() == 1
    qtbot.waitUntil(lambda: samples.bars.predicted() == 1)
    click(qtbot, own.draw_page.undo_button)
    assert own.draw_page.pad.is_blank()


def test_undo_and_redo_by_key_belong_to_one_drawing(qtbot, session):
    state, strip = session.state, session.window.samples.tools.strip
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
    assert strip.count == 1
    qtbot.keyClick(own, Qt.Key.Key_Z, CONTROL)
    qtbot.keyClick(own, Qt.Key.Key_Z, CONTROL)
    assert own.draw_page.pad.is_blank()
    qtbot.keyClick(own, Qt.Key.Key_Z, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    settle(qtbot, session, lambda sample: np.array_equal(sample.pixels, first))
    assert strip.count == 1, "back again it is still the same drawing"


def test_editing_pixels_of_a_test_image_makes_an_own_one(qtbot, session):
    state, samples = session.state, session.window.samples
    session.controller.on_sample_requested(26)
    original = state.sample
    click(qtbot, samples.tools.edit)
    own = samples.own_window()
    page, editor = own.pixel_page, own.pixel_page.editor
    np.testing.assert_array_equal(editor.pixels(), original.pixels[0])
    assert state.sample is original, "looking changes nothing"
    page.value.setFocus()
    page.value.selectAll()
    qtbot.keyClicks(page.value, "77")
    qtbot.keyClick(page.value, Qt.Key.Key_Return)
    # Four equal pixels in one pooling window: a tie.
    for row, col in ((10, 10), (10, 11), (11, 10), (11, 11)):
        qtbot.mouseClick(editor, LEFT, pos=editor.cell_rect(row, col).center().toPoint())
    settle(qtbot, session)
    sample = state.sample
    assert (sample.label, sample.index, sample.origin) == (None, None, "edited #26")
    expected = original.pixels[0].copy()
    expected[10:12, 10:12] = 77
    np.testing.assert_array_equal(sample.pixels[0], expected)
    np.testing.assert_array_equal(original.pixels, state.dataset.test_images[26])
    rows, cols = page.around()
    np.testing.assert_array_equal(page.magnifier.values, expected[rows, cols])
    assert samples.tools.strip.count == 1, "one edit, one image"

    click(qtbot, page.restore)
    qtbot.waitUntil(lambda: np.array_equal(state.sample.pixels, original.pixels))
    # Another sample in the main window comes into the editor.
    session.controller.on_sample_requested(3)
    np.testing.assert_array_equal(editor.pixels(), state.dataset.test_images[3, 0])


def test_the_magnifier_follows_the_pointer_to_the_corners(qtbot):
    page = PixelPage()
    qtbot.addWidget(page)
    qtbot.addWidget(page.surroundings)
    pixels = np.arange(28 * 28, dtype=np.int64).reshape(28, 28).astype(np.uint8)
    page.set_pixels(pixels, "#0")
    page.resize(600, 500)
    show_window(qtbot, page)
    for row, col, top, left in ((12, 9, 9, 6), (0, 0, 0, 0), (27, 26, 21, 21)):
        qtbot.mouseMove(page.editor, page.editor.cell_rect(row, col).center().toPoint())
        np.testing.assert_array_equal(page.magnifier.values, pixels[top : top + 7, left : left + 7])
        assert (page.where.text(), page.where.caption()) == (
            f"Row {row}, column {col}",
            f"value {pixels[row, col]}",
        )


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
    assert samples.tools.strip.count == 1
    session.controller.open_data(path)
    qtbot.waitUntil(lambda: state.dataset.input_shape == (1, 20, 16))
    qtbot.waitUntil(lambda: state.run.status is RunStatus.READY and state.sample.pixels.shape == (1, 20, 16))
    assert samples.tools.strip.count == 0, "images of the other size wait until they fit again"
    pad = own.draw_page.pad
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
    click(qtbot, samples.tools.edit)
    assert own.pixel_page.editor.shape == (20, 16)
    session.controller.open_data(None)
    qtbot.waitUntil(lambda: state.dataset.input_shape == (1, 28, 28))
    qtbot.waitUntil(lambda: samples.tools.strip.count == 1)


def test_ten_own_images_are_kept_newest_first():
    own = OwnSamples()
    keys = [own.new_key() for _ in range(12)]
    for key in keys:
        own.put(key, Sample(np.full((1, 2, 2), key, np.uint8)))
    kept = [int(sample.pixels[0, 0, 0]) for sample in own.of_shape((1, 2, 2))]
    assert kept == keys[:1:-1]
    own.put(keys[5], Sample(np.zeros((1, 2, 2), np.uint8)))
    changed = [int(sample.pixels[0, 0, 0]) for sample in own.of_shape((1, 2, 2))]
    assert changed == [0 if key == keys[5] else key for key in kept], "it keeps its place"
    assert own.of_shape((1, 3, 3)) == []


def test_bars_of_the_most_probable_classes():
    probabilities = np.array([0.05, 0.3, 0.0, 0.2, 0.25, 0.1, 0.1])
    assert most_probable(probabilities, None, 4) == [1, 3, 4, 5]
    assert most_probable(probabilities, 2, 4) == [1, 2, 3, 4], "the true class is always among them"
    assert most_probable(probabilities, 2, 10) == list(range(7))


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
    assert samples.tools.height() >= samples.tools.minimumSizeHint().height()
    assert samples.rect().contains(samples.bars.geometry())


def test_pages_fit_their_window(qtbot, session, theme):
    own = open_board(qtbot, session)
    state = session.state
    session.controller.on_draft_requested(state.draft.with_classes(tuple("0123456789")))
    qtbot.waitUntil(lambda: session.window.samples.is_current and len(state.dataset.classes) == 10)
    for presenter in (False, True):
        theme.set_presenter(presenter)
        own.resize(own.minimumSize())
        for page in ("draw", "image", "pixels"):
            click(qtbot, own.switch.button(page))
            rest(qtbot, session)
            hint = own.layout().minimumSize()
            assert hint.width() <= own.width()
            assert hint.height() <= own.height()
        assert own.width() <= 1100
        assert own.height() <= 700


def test_the_board_says_what_the_network_can_tell_apart(qtbot, session):
    session.window.samples.draw()
    page = session.window.samples.own_window().draw_page
    said = "This network knows {}: whatever is drawn, it takes it for one of these."
    assert page.findChild(WrapLabel).text() == said.format("0 and 1")
    choose_preset(qtbot, session, "lenet")
    assert page.findChild(WrapLabel).text() == said.format("0, 1, 2, 3, 4, 5, 6, 7, 8 and 9")
    session.window.samples.own_window().close()
