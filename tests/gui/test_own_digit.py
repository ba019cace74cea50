"""Images of one's own: drawn, opened and pasted in the whole window, and the board that they are drawn on."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from cnnviz.datasets import read_grayscale, to_input
from cnnviz.digit import find_ink, normalize_digit
from cnnviz.graphics.pictures import BOARD
from cnnviz.quantities import format_signed
from tests.gui.driving import choose_by_keys, click, show_window
from tests.gui.own_digit_driving import CONTROL, ONE, ZERO, open_board, paper, settle, stroke
from tests.gui.training_driving import train_to
from tests.gui.whole_window import rest
from ui.export.exporter import mime_data
from ui.panels.samples.drawing_pad import DrawingPad
from ui.panels.samples.pictures import picture_of_image, shortened
from ui.state import RunStatus


def test_a_drawn_one_is_read_as_a_one(qtbot, session):
    state, samples = session.state, session.window.samples
    train_to(qtbot, session, 1500)
    own = open_board(qtbot, session)
    assert not own.pad.is_led_by_key, "the mouse has led there"
    seen = []
    samples._loop.drew.connect(lambda: seen.append(samples.prediction.scene.sample))
    # The prediction is live while one draws.
    stroke(qtbot, own, ONE, lambda: qtbot.waitUntil(lambda: any(sample.index is None for sample in seen)))
    settle(qtbot, session)
    sample, network = state.sample, state.shown.network
    assert (sample.label, sample.index, sample.origin) == (None, None, "drawn")
    np.testing.assert_array_equal(sample.pixels[0], normalize_digit(own.pad.pixels()))
    assert samples.bars.content.predicted == bars_of(own).predicted == 1
    assert samples.said.text() == "Drawn · read as 1"
    assert own.known.text().startswith("This network knows 0 and 1: ")
    np.testing.assert_array_equal(own.side.view("Network sees").content.content.levels, sample.pixels[0])
    (high, wide), after = np.ptp(np.argwhere(sample.pixels[0]), axis=0) + 1, mass_of(sample.pixels[0])
    down, right = (format_signed(round(each)) for each in 28 * (after - mass_of(own.pad.pixels())))
    said = f"Ink scaled to {wide} × {high} pixels, its centre of mass moved by ({right}, {down})"
    assert own.side.view("scaled").content.content.words == f"{said} to the middle"
    shares = network.forward(to_input(sample.pixels[None], network.dtype)).class_probabilities[0]
    assert samples.bars.content.values == pytest.approx(shares.tolist())

    choose_by_keys(own.meant, "1")
    settle(qtbot, session, lambda current: current.label == 1)
    assert samples.own.isVisible()
    np.testing.assert_array_equal(samples.own.content.levels, sample.pixels[0])
    assert samples.said.text().startswith("Drawn · is 1 · correct · loss ")
    assert own.side.view("said").content.content.words.endswith(": correct")
    sample = state.sample
    click(own.clear_button)
    assert state.sample is sample, "clearing the board keeps the drawing"
    click(own.undo_button)
    settle(qtbot, session)
    assert (own.meant.choice(), state.sample.label) == ("1", 1), "brought back with its class"
    click(own.clear_button)
    sample = state.sample
    stroke(qtbot, own, ZERO)
    settle(qtbot, session, lambda current: current is not sample)
    assert samples.bars.content.predicted == 0
    drawn = state.sample
    own.accept()
    state.choose_test_image(3)
    chosen = state.sample
    click(samples.draw_button)
    assert state.sample is chosen, "until something is drawn"
    assert "Done chooses this one" in own.side.view("said").content.content.words
    stroke(qtbot, own, ONE)
    settle(qtbot, session)
    qtbot.keyClick(own, Qt.Key.Key_Escape)
    assert state.sample is chosen, "which Esc brings back"
    assert samples.own.isHidden()
    click(samples.draw_button)
    click(own.undo_button)
    settle(qtbot, session)
    state.choose_test_image(4)
    own.reject()
    assert state.sample.index == 4, "chosen while the window was open"
    open_board(qtbot, session)
    own.accept()
    assert np.array_equal(state.sample.pixels, drawn.pixels), "the drawing is looked at again"
    open_board(qtbot, session)
    while own.undo_button.isEnabled():
        click(own.undo_button)
    assert own.pad.is_blank()


def mass_of(levels):
    """Centre of mass, in sides of the image: row and column."""
    return np.average(np.argwhere(levels) + 0.5, axis=0, weights=levels[levels > 0]) / levels.shape


def bars_of(own):
    return own.side.view("bars").content.content


def test_a_drawing_is_undone_and_redone_by_key_the_page_in_front_is_the_sample_and_of_the_size_of_the_data(
    qtbot, session, tmp_path
):
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

    choose_by_keys(own.meant, "0")
    drawn, samples = state.sample, session.window.samples
    path = tmp_path / "zero.png"
    Image.fromarray(state.dataset.test_images[0, 0]).save(path)
    samples.open_image(path)
    settle(qtbot, session, lambda sample: sample.origin == "zero.png")
    choose_by_keys(own.meant, "1")
    opened = state.sample
    for page, sample, meant in (("draw", drawn, "0"), ("image", opened, "1")):
        click(own.choices.controls["page"].button(page))
        assert state.sample is sample
        assert (own.meant.choice(), sample.meant, samples.board[1]) == (meant, meant, "0")
    session.state.choose_test_image(3)
    assert bars_of(own).predicted is None
    click(own.choices.controls["page"].button("draw"))
    choose_by_keys(own.meant, "1")
    for classes, label in ((("1", "2"), 0), (("0", "2"), None), (("0", "1"), 1)):
        session.controller.edit(state.draft.with_classes(classes))
        rest(qtbot, session)
        assert np.array_equal(state.sample.pixels, drawn.pixels), "a drawing in front stays there"
        assert (state.sample.label, own.meant.choice()) == (label, "" if label is None else "1")
    own.close()
    assert state.sample.index == 0, "what was chosen before is of other classes"

    rng, labels = np.random.default_rng(1), np.arange(60) % 2
    images = rng.integers(0, 256, (60, 20, 16), dtype=np.uint8)
    path = tmp_path / "small.npz"
    np.savez(path, x_train=images, y_train=labels, x_test=images[:20], y_test=labels[:20])
    session.controller.open_data(path)
    qtbot.waitUntil(lambda: state.dataset.input_shape == (1, 20, 16))
    qtbot.waitUntil(lambda: state.run.status is RunStatus.READY and state.sample.pixels.shape == (1, 20, 16))
    own = open_board(qtbot, session)
    assert own.pad.is_blank()
    assert own.pad.pixels().shape == (280, 224)
    stroke(qtbot, own, ONE)
    settle(qtbot, session)
    assert state.sample.pixels.shape == (1, 20, 16)
    Image.fromarray(np.pad(np.full((90, 20), 255, np.uint8), 40)).save(tmp_path / "picture.png")
    samples.open_image(tmp_path / "picture.png")
    settle(qtbot, session, lambda sample: sample.origin == "picture.png")
    assert state.sample.pixels.shape == (1, 20, 16)


def test_pages_of_the_window_fit_a_small_screen_and_it_names_ten_classes(qtbot, session, theme):
    theme.set_scale(1.35)
    session.controller.edit(session.state.draft.with_classes(tuple("0123456789")))
    qtbot.waitUntil(
        lambda: session.window.samples._loop.is_current and len(session.state.dataset.classes) == 10
    )
    own = open_board(qtbot, session)
    said = "This network knows {}: whatever you draw, it takes it for one of these."
    assert own.known.text() == said.format("0, 1, 2, 3, 4, 5, 6, 7, 8 and 9")
    own.resize(own.minimumSize())
    for page in ("draw", "image"):
        click(own.choices.controls["page"].button(page))
        rest(qtbot, session)
        hint = own.layout().minimumSize()
        assert hint.width() <= own.width()
        assert hint.height() <= own.height()
    assert own.width() <= 1100
    assert own.height() <= 700
    own.close()


# -- opened, pasted, dropped ---------------------------------------------------------------------------------


def test_opened_pictures_are_cut_out_or_taken_pixel_by_pixel_and_what_is_none_changes_nothing(
    qtbot, session, tmp_path
):
    state, samples = session.state, session.window.samples
    image = state.dataset.test_images[3, 0]
    path = tmp_path / "digit.jpg"
    Image.fromarray(paper(image)).save(path)
    samples.open_image(path)
    settle(qtbot, session)
    own = samples.own_window()
    assert (own.page, own.choices.value.dark, state.sample.origin) == ("image", True, path.name)
    assert np.corrcoef(state.sample.pixels[0].ravel(), image.ravel())[0, 1] > 0.93
    automatic = state.sample.pixels
    click(own.choices.controls["dark"])
    qtbot.waitUntil(lambda: not np.array_equal(state.sample.pixels, automatic))
    wrong = normalize_digit(find_ink(read_grayscale(path), is_dark=False).pixels)
    np.testing.assert_array_equal(state.sample.pixels[0], wrong)
    click(own.choices.controls["dark"])
    click(own.choices.controls["fit"].button("whole"))
    whole = np.asarray(state.sample.pixels[0])
    rows = np.flatnonzero((whole > 100).any(axis=1))
    assert rows[-1] - rows[0] < 18, "the whole sheet is shown, so the digit is smaller"

    image = state.dataset.test_images[17, 0]
    path = tmp_path / "seventeen.png"
    Image.fromarray(image).save(path)
    samples.open_image(path)
    settle(qtbot, session, lambda sample: sample.origin == path.name)
    np.testing.assert_array_equal(state.sample.pixels[0], image)
    assert own.choices.value.fit == "whole"

    before = (state.sample, samples.prediction, state.shown)
    name = "a-rather-long-name-of-a-{}-picture.png"
    paths = {kind: tmp_path / name.format(kind) for kind in ("cut", "false", "missing", "folder")}
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 90), dtype=np.uint8)).save(paths["cut"])
    paths["cut"].write_bytes(paths["cut"].read_bytes()[:3000])
    paths["false"].write_text("This is text.")
    paths["folder"].mkdir()
    for path in paths.values():
        samples.open_image(path)
        qtbot.waitUntil(lambda path=path: shortened(path.name) in own.message.text())
        text = own.message.text()
        assert own.message.kind() == "error"
        assert text.endswith(".")
        assert text.count(". ") == 0, "one sentence"
        assert str(tmp_path) not in text
        assert (state.sample, samples.prediction, state.shown) == before


@pytest.mark.alone
def test_images_and_copied_files_are_pasted_and_text_only_where_one_types(qtbot, session, tmp_path):
    state, window = session.state, session.window
    clipboard = QApplication.clipboard()
    for fill in (lambda: clipboard.setText("no image"), clipboard.clear):
        fill()
        window.samples.message.clear()
        window.samples.grid.setFocus()
        qtbot.keyClick(window.samples.grid, Qt.Key.Key_V, CONTROL)
        assert "The clipboard holds no image" in window.samples.message.text()
        assert state.sample.index == 0
    window.samples_dock.hide()  # the lab guide stands in its place
    qtbot.keyClick(window, Qt.Key.Key_V, CONTROL)
    assert "The clipboard holds no image" in window.notices.text()
    window.samples_dock.show()
    window.samples.search.setText("1,000")
    qtbot.keyClick(window.samples.search, Qt.Key.Key_Return)
    assert (state.sample.index, window.samples.search.text()) == (1000, "")

    image = state.dataset.test_images[6, 0]
    sheet = np.ascontiguousarray(paper(image))
    rows, columns = sheet.shape
    clipboard.setImage(QImage(sheet.data, columns, rows, columns, QImage.Format.Format_Grayscale8).copy())
    window.samples.grid.setFocus()
    qtbot.keyClick(window.samples.grid, Qt.Key.Key_V, CONTROL)
    settle(qtbot, session)
    assert state.sample.origin == "pasted image"
    assert np.corrcoef(state.sample.pixels[0].ravel(), image.ravel())[0, 1] > 0.93

    path, pasted = tmp_path / "copied.png", state.sample
    Image.fromarray(paper(state.dataset.test_images[3, 0])).save(path)
    data = mime_data()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    data.setText("12")
    clipboard.setMimeData(data)
    window.activateWindow()
    window.samples.search.setFocus()
    qtbot.waitUntil(window.samples.search.hasFocus)
    qtbot.keyClick(window.samples.search, Qt.Key.Key_V, CONTROL)
    assert window.samples.search.text() == "12"
    assert state.sample is pasted, "a text field takes text, and nothing else happens"
    window.samples.grid.setFocus()
    qtbot.keyClick(window.samples.grid, Qt.Key.Key_V, CONTROL)
    settle(qtbot, session, lambda sample: sample.origin == "copied.png")


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


# -- the drawing board ---------------------------------------------------------------------------------------


LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def pad(qtbot):
    widget = DrawingPad(BOARD, "Board", focus=Qt.FocusPolicy.StrongFocus)
    qtbot.addWidget(widget)
    widget.set_brush(24, erases=False)
    widget.resize(420, 320)
    show_window(qtbot, widget)
    return widget


def test_a_stroke_follows_the_button_goes_on_beyond_the_edge_and_comes_back(qtbot, pad):
    qtbot.mouseMove(pad, QPoint(90, 90))
    qtbot.mouseMove(pad, QPoint(290, 90))
    assert pad.is_blank(), "no button is held"
    with qtbot.waitSignal(pad.drawn):
        stroke(qtbot, pad, [(0.5, 0.5), (1.2, 0.5), (1.2, 0.9), (0.5, 0.9)])
    rows = np.flatnonzero(pad.pixels()[:, 279] > 127)
    assert rows.min() < 140 < 252 < rows.max()
    assert 190 not in rows, "outside it leaves no ink"
    assert abs((pad.pixels()[:, 180] > 127).sum() - 2 * 24) <= 4


def test_the_eraser_and_the_right_button_take_ink_away(qtbot, pad):
    for erases, button in ((True, LEFT), (False, RIGHT)):
        pad.set_brush(24, erases=False)
        stroke(qtbot, pad, [(0.2, 0.5), (0.8, 0.5)])
        pad.set_brush(24, erases=erases)
        stroke(qtbot, pad, [(0.5, 0.3), (0.5, 0.7)], button=button)
        assert pad.pixels()[140, [70, 140, 210]].tolist() == [255, 0, 255]


def test_undo_and_redo_go_through_strokes_and_clearing(qtbot, pad):
    states = [pad.pixels()]
    for y in (0.2, 0.5, 0.8):
        stroke(qtbot, pad, [(0.2, y), (0.5, y), (0.8, y)])
        states.append(pad.pixels())
    pad.clear()
    states.append(pad.pixels())
    assert pad.is_blank()
    for state in reversed(states[:-1]):
        pad.undo()
        np.testing.assert_array_equal(pad.pixels(), state)
    pad.undo()
    for state in states[1:]:
        pad.redo()
        np.testing.assert_array_equal(pad.pixels(), state)
    assert (pad.can_undo(), pad.can_redo()) == (True, False)
    pad.undo()
    stroke(qtbot, pad, [(0.1, 0.1)])
    assert not pad.can_redo(), "a new stroke ends what could be redone"


def test_drawing_with_the_keyboard(qtbot, pad):
    qtbot.keyClick(pad, Qt.Key.Key_Right)
    assert pad.is_blank(), "the pen is up"
    for key in (Qt.Key.Key_Space, *[Qt.Key.Key_Down] * 10, Qt.Key.Key_Space):
        qtbot.keyClick(pad, key)
    rows, columns = np.nonzero(pad.pixels() > 127)
    assert rows.max() - rows.min() > 60
    assert columns.max() - columns.min() < 30
    before = pad.pixels()
    qtbot.keyClick(pad, Qt.Key.Key_Left)
    assert pad.pixels() is before
    pad.undo()
    assert pad.is_blank(), "one stroke, one undo"
    qtbot.keyClick(pad, Qt.Key.Key_Space)
    pad.undo()
    qtbot.keyClick(pad, Qt.Key.Key_Up)
    assert (pad.is_blank(), pad.can_undo(), pad.can_redo()) == (False, True, False), "a change of its own"
