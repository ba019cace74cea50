"""Images of one's own in the whole window: drawn, opened, pasted, dropped and edited."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication

from cnnviz.datasets import to_input
from cnnviz.digit import find_ink, normalize_digit
from tests.gui.driving import show_window
from ui.panels.samples.own_samples import OwnSamples
from ui.panels.samples.pictures import picture_of_image, shortened
from ui.panels.samples.pixel_page import PixelPage
from ui.panels.samples.wording import most_probable
from ui.state import RunStatus, Sample

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier

#: A one, a little slanted, and a zero, on a board whose sides are 1.
ONE = [(0.56 - 0.003 * i, 0.15 + 0.018 * i) for i in range(40)]
ZERO = [(0.5 + 0.22 * np.sin(t), 0.5 - 0.32 * np.cos(t)) for t in np.linspace(0, 2 * np.pi, 50)]


def click(qtbot, button):
    assert button.isEnabled()
    qtbot.mouseClick(button, LEFT)


def train(qtbot, session, steps=2500):
    click(qtbot, session.window.run_bar.train)
    qtbot.waitUntil(lambda: session.state.run.step >= steps, timeout=60_000)
    if session.state.run.status is RunStatus.TRAINING:
        click(qtbot, session.window.run_bar.train)
    qtbot.waitUntil(lambda: session.state.run.status is not RunStatus.TRAINING, timeout=30_000)


def open_board(qtbot, session):
    """Press Draw and return the window with the board."""
    click(qtbot, session.window.samples.tools.draw)
    own = session.window.samples.own_window()
    qtbot.waitUntil(own.isVisible)
    return own


def stroke(qtbot, own, points):
    pad = own.draw_page.pad
    rect = pad.board_rect()
    places = [
        QPointF(rect.left() + x * rect.width(), rect.top() + y * rect.height()).toPoint() for x, y in points
    ]
    qtbot.mousePress(pad, LEFT, pos=places[0])
    for place in places[1:]:
        qtbot.mouseMove(pad, place)
        qtbot.wait(2)
    qtbot.mouseRelease(pad, LEFT, pos=places[-1])


def settle(qtbot, session, is_new=lambda sample: sample.index is None):
    """Wait until what is drawn has become the sample and has been computed."""
    state = session.state
    qtbot.waitUntil(lambda: is_new(state.sample), timeout=10_000)
    qtbot.wait(60)
    qtbot.waitUntil(lambda: state.inspection and state.inspection.sample is state.sample, timeout=10_000)


def paper(image, factor=11):
    """A dark digit on a larger light sheet, not in its middle."""
    large = np.asarray(Image.fromarray(image).resize((28 * factor, 28 * factor), Image.Resampling.BICUBIC))
    sheet = np.full((28 * factor + 150, 28 * factor + 320), 232, np.uint8)
    sheet[90 : 90 + len(large), 40 : 40 + len(large)] = 232 - (large.astype(int) * 200 // 255)
    return sheet


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
    state.inspectionChanged.connect(lambda: seen.append(state.inspection.sample))
    stroke(qtbot, own, ONE)
    assert sum(sample.index is None for sample in seen) >= 2, "the prediction is live while one draws"
    settle(qtbot, session)
    sample = state.sample
    assert (sample.label, sample.index, sample.origin) == (None, None, "drawn")
    np.testing.assert_array_equal(sample.pixels[0], normalize_digit(own.draw_page.pad.pixels()))
    assert samples.bars.predicted() == 1
    assert samples.verdict() == "Drawn · read as 1"
    assert own.outcome.bars.predicted() == 1
    np.testing.assert_array_equal(own.pair.seen.values, sample.pixels[0])
    network = state.shown.network
    np.testing.assert_array_equal(state.inspection.trace.inputs, to_input(sample.pixels[None], network.dtype))

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


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp"])
def test_a_photo_of_a_digit_is_cut_out_inverted_and_centred(qtbot, session, tmp_path, suffix):
    state, samples = session.state, session.window.samples
    image = state.dataset.test_images[3, 0]
    sheet = paper(image)
    path = tmp_path / f"digit.{suffix}"
    Image.fromarray(sheet).save(path)
    samples.open_image(path)
    settle(qtbot, session)
    own = samples.own_window()
    assert own.page() == "image"
    assert own.image_page.is_dark_ink()
    assert state.sample.origin == path.name
    likeness = np.corrcoef(state.sample.pixels[0].ravel(), image.ravel())[0, 1]
    assert likeness > 0.93
    if suffix != "png":
        return
    automatic = state.sample.pixels
    click(qtbot, own.image_page.dark)
    qtbot.waitUntil(lambda: not np.array_equal(state.sample.pixels, automatic))
    wrong = normalize_digit(find_ink(sheet, is_dark=False).pixels)
    np.testing.assert_array_equal(state.sample.pixels[0], wrong)
    click(qtbot, own.image_page.dark)
    click(qtbot, own.image_page.fit.button("whole"))
    whole = np.asarray(state.sample.pixels[0])
    rows = np.flatnonzero((whole > 100).any(axis=1))
    assert rows[-1] - rows[0] < 18, "the whole sheet is shown, so the digit is smaller"
    assert samples.tools.strip.count == 1


def test_a_picture_of_the_right_size_is_taken_pixel_by_pixel(qtbot, session, tmp_path):
    image = session.state.dataset.test_images[17, 0]
    path = tmp_path / "seventeen.png"
    Image.fromarray(image).save(path)
    session.window.samples.open_image(path)
    settle(qtbot, session)
    np.testing.assert_array_equal(session.state.sample.pixels[0], image)
    assert session.window.samples.own_window().image_page.chosen_fit() == "whole"


@pytest.mark.parametrize("kind", ["cut short", "no image", "missing", "folder"])
def test_a_file_that_is_no_image_gets_one_sentence_and_nothing_is_lost(qtbot, session, tmp_path, kind):
    state, samples = session.state, session.window.samples
    path = tmp_path / "a-rather-long-name-of-a-damaged-picture.png"
    if kind == "cut short":
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 90), dtype=np.uint8)).save(path)
        path.write_bytes(path.read_bytes()[:3000])
    elif kind == "no image":
        path.write_text("This is text.")
    elif kind == "folder":
        path.mkdir()
    before = (state.sample, state.inspection, state.shown)
    samples.open_image(path)
    qtbot.waitUntil(lambda: bool(samples.message.text()), timeout=10_000)
    text = samples.message.text()
    assert samples.message.kind() == "error"
    assert text.endswith(".")
    assert text.count(". ") == 0, "one sentence"
    assert shortened(path.name) in text
    assert str(tmp_path) not in text
    assert (state.sample, state.inspection, state.shown) == before
    assert samples.tools.strip.count == 0


def put_into_clipboard(**content):
    data = QMimeData()
    if "image" in content:
        data.setImageData(content["image"])
    if "file" in content:
        data.setUrls([QUrl.fromLocalFile(str(content["file"]))])
    if "text" in content:
        data.setText(content["text"])
    QGuiApplication.clipboard().setMimeData(data)


def as_image(pixels):
    rows = np.ascontiguousarray(pixels)
    return QImage(
        rows.data, rows.shape[1], rows.shape[0], rows.shape[1], QImage.Format.Format_Grayscale8
    ).copy()


def test_pasting_an_image(qtbot, session):
    state, window = session.state, session.window
    image = state.dataset.test_images[6, 0]
    put_into_clipboard(image=as_image(paper(image)))
    window.samples.grid.setFocus()
    qtbot.keyClick(window.samples.grid, Qt.Key.Key_V, CONTROL)
    settle(qtbot, session)
    assert state.sample.origin == "pasted image"
    assert np.corrcoef(state.sample.pixels[0].ravel(), image.ravel())[0, 1] > 0.93


def test_pasting_a_copied_file_and_pasting_into_a_text_field(qtbot, session, tmp_path):
    state, window = session.state, session.window
    path = tmp_path / "copied.png"
    Image.fromarray(paper(state.dataset.test_images[3, 0])).save(path)
    put_into_clipboard(file=path, text="12")
    window.activateWindow()
    window.samples.search.setFocus()
    qtbot.waitUntil(window.samples.search.hasFocus)
    qtbot.keyClick(window.samples.search, Qt.Key.Key_V, CONTROL)
    assert window.samples.search.text() == "12"
    assert state.sample.index == 0, "a text field takes text, and nothing else happens"
    window.samples.grid.setFocus()
    qtbot.keyClick(window.samples.grid, Qt.Key.Key_V, CONTROL)
    settle(qtbot, session)
    assert state.sample.origin == "copied.png"


def test_pasting_nothing_says_what_to_do(qtbot, session):
    put_into_clipboard(text="no image")
    session.window.samples.grid.setFocus()
    qtbot.keyClick(session.window.samples.grid, Qt.Key.Key_V, CONTROL)
    assert "The clipboard holds no image" in session.window.samples.message.text()
    assert session.state.sample.index == 0


def test_dropping_a_file_on_any_part_of_the_window(qtbot, session, tmp_path):
    state, window = session.state, session.window
    path = tmp_path / "dropped.png"
    Image.fromarray(paper(state.dataset.test_images[5, 0])).save(path)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(500, 400), copy, data, LEFT, none)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    drop = QDropEvent(QPointF(500, 400), copy, data, LEFT, none)
    QApplication.sendEvent(window, drop)
    settle(qtbot, session)
    assert state.sample.origin == "dropped.png"
    text = QMimeData()
    text.setText("a word")
    refused = QDragEnterEvent(QPoint(500, 400), copy, text, LEFT, none)
    QApplication.sendEvent(window, refused)
    assert not refused.isAccepted()


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
    qtbot.waitUntil(lambda: state.dataset.input_shape == (1, 20, 16), timeout=20_000)
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
    qtbot.waitUntil(lambda: state.dataset.input_shape == (1, 28, 28), timeout=20_000)
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


def test_transparent_parts_of_a_pasted_image_are_paper(qapp):
    image = QImage(40, 30, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    for y in range(5, 25):
        image.setPixelColor(20, y, Qt.GlobalColor.black)
    picture = picture_of_image(image, "pasted image")
    assert picture.size == (30, 40)
    assert picture.dark_ink
    assert picture.pixels[0, 0] == 255
    assert (picture.pixels[5:25, 20] == 0).all()
    huge = picture_of_image(QImage(3000, 1500, QImage.Format.Format_Grayscale8), "pasted image")
    assert huge.size == (1500, 3000)
    assert max(huge.pixels.shape) <= 512


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
    qtbot.waitUntil(
        lambda: state.inspection is not None and len(state.inspection.probabilities) == 10, timeout=20_000
    )
    qtbot.waitUntil(lambda: samples.bars.height() >= samples.bars.minimumSizeHint().height())
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
    qtbot.waitUntil(
        lambda: state.inspection is not None and len(state.inspection.probabilities) == 10, timeout=20_000
    )
    for presenter in (False, True):
        theme.set_presenter(presenter)
        own.resize(own.minimumSize())
        for page in ("draw", "image", "pixels"):
            click(qtbot, own.switch.button(page))
            qtbot.wait(20)
            hint = own.layout().minimumSize()
            assert hint.width() <= own.width()
            assert hint.height() <= own.height()
        assert own.width() <= 1100
        assert own.height() <= 700
