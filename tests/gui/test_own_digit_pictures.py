"""Images of one's own in the whole window: opened, pasted and dropped."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication

from cnnviz.digit import find_ink, normalize_digit
from tests.gui.own_digit_driving import CONTROL, click, paper, settle
from ui.export.clipboard import mime_data
from ui.panels.samples.pictures import picture_of_image, shortened


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
    assert own.page == "image"
    assert own.choices.value.dark
    assert state.sample.origin == path.name
    likeness = np.corrcoef(state.sample.pixels[0].ravel(), image.ravel())[0, 1]
    assert likeness > 0.93
    if suffix != "png":
        return
    automatic = state.sample.pixels
    click(qtbot, own.choices.controls["dark"])
    qtbot.waitUntil(lambda: not np.array_equal(state.sample.pixels, automatic))
    wrong = normalize_digit(find_ink(sheet, is_dark=False).pixels)
    np.testing.assert_array_equal(state.sample.pixels[0], wrong)
    click(qtbot, own.choices.controls["dark"])
    click(qtbot, own.choices.controls["fit"].button("whole"))
    whole = np.asarray(state.sample.pixels[0])
    rows = np.flatnonzero((whole > 100).any(axis=1))
    assert rows[-1] - rows[0] < 18, "the whole sheet is shown, so the digit is smaller"


def test_a_picture_of_the_right_size_is_taken_pixel_by_pixel(qtbot, session, tmp_path):
    image = session.state.dataset.test_images[17, 0]
    path = tmp_path / "seventeen.png"
    Image.fromarray(image).save(path)
    session.window.samples.open_image(path)
    settle(qtbot, session)
    np.testing.assert_array_equal(session.state.sample.pixels[0], image)
    assert session.window.samples.own_window().choices.value.fit == "whole"


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
    before = (state.sample, samples.prediction, state.shown)
    samples.open_image(path)
    qtbot.waitUntil(lambda: bool(samples.message.text()))
    text = samples.message.text()
    assert samples.message.kind() == "error"
    assert text.endswith(".")
    assert text.count(". ") == 0, "one sentence"
    assert shortened(path.name) in text
    assert str(tmp_path) not in text
    assert (state.sample, samples.prediction, state.shown) == before


def put_into_clipboard(**content):
    data = mime_data()
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


@pytest.mark.parametrize("text", ["no image", ""])
def test_pasting_nothing_says_what_to_do(qtbot, session, text):
    if text:
        put_into_clipboard(text=text)
    else:
        QApplication.clipboard().clear()
    session.window.samples.grid.setFocus()
    qtbot.keyClick(session.window.samples.grid, Qt.Key.Key_V, CONTROL)
    assert "The clipboard holds no image" in session.window.samples.message.text()
    assert session.state.sample.index == 0


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
