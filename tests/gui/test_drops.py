"""Files dropped with the pointer anywhere on the window, as Qt tells the widget under the pointer of them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.driving import save_picture
from tests.gui.whole_window import seen_rect, show_panel, train
from ui.export.figures import Figure
from ui.export.formats import draw_png
from ui.panels.training import TrainingPanel
from ui.session import Session

COPY, LEFT, NONE = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def _file(path: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    return data


def _drop_on(widget: QWidget, data: QMimeData) -> bool:
    """Drag something to the middle of a widget and let go; return whether it was taken."""
    window = widget.window()
    under = window.childAt(seen_rect(widget).center())
    assert under is not None
    assert under is widget or widget.isAncestorOf(under), "the widget can be seen there"
    at = under.mapFrom(window, seen_rect(widget).center())
    enter = QDragEnterEvent(at, COPY, data, LEFT, NONE)
    QApplication.sendEvent(under, enter)
    if not enter.isAccepted():
        QApplication.sendEvent(under, QDragLeaveEvent())
        return False
    move = QDragMoveEvent(at + QPoint(1, 1), COPY, data, LEFT, NONE)
    QApplication.sendEvent(under, move)
    drop = QDropEvent(QPointF(at), COPY, data, LEFT, NONE)
    QApplication.sendEvent(under, drop)
    return drop.isAccepted()


def _drop_session(qtbot: QtBot, session: Session, widget: QWidget, path: Path) -> None:
    with qtbot.waitSignal(session.document.restorer.finished) as done:
        assert _drop_on(widget, _file(path))
    assert done.args
    assert done.args[0]


@pytest.fixture
def digit(session: Session, tmp_path: Path) -> Path:
    path = tmp_path / "digit.png"
    Image.fromarray(session.state.dataset.test_images[5, 0]).resize((84, 84)).save(path)
    return path


def test_a_picture_with_its_session_dropped_on_a_plot(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    train(qtbot, session, 200)
    step = session.state.run.step
    session.controller.on_sample_requested(11)
    path = tmp_path / "view.png"
    figure = Figure(session.window, "view", "window")
    path.write_bytes(draw_png(figure.drawing(), document=session.document.picture())())
    session.controller.on_sample_requested(3)
    _drop_session(qtbot, session, session.window.panel(TrainingPanel).curves.loss, path)
    assert session.state.sample.index == 11
    assert session.state.shown.step == step


def test_a_view_dropped_on_a_text_field_is_opened_not_written_into_it(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "view.png"
    session.controller.on_sample_requested(7)
    save_picture(session, path)
    session.controller.on_sample_requested(3)
    report = show_panel(qtbot, session, 4)
    field = next(each for each in report.findChildren(QPlainTextEdit) if not seen_rect(each).isEmpty())
    _drop_session(qtbot, session, field, path)
    assert session.state.sample.index == 7
    assert field.toPlainText() == ""
    show_panel(qtbot, session, 4)
    words = QMimeData()
    words.setText("a word")
    assert _drop_on(field, words), "words are welcome there"
    assert field.toPlainText() == "a word"
    assert not _drop_on(session.window.timeline.track, words), "elsewhere they mean nothing"


def test_a_model_dropped_on_the_samples_is_opened(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    train(qtbot, session, 100)
    weights, step = session.state.shown.network.params, session.state.run.step
    path = tmp_path / "model.safetensors"
    session.controller.export_weights(path)
    qtbot.waitUntil(path.exists)
    session.controller.on_new_seed_requested()
    qtbot.waitUntil(lambda: session.state.shown.step == 0)
    assert _drop_on(session.window.samples.grid, _file(path))
    qtbot.waitUntil(lambda: session.state.shown.step == step)
    for name, values in session.state.shown.network.params.items():
        np.testing.assert_array_equal(values, weights[name])


def test_an_image_dropped_anywhere_becomes_the_sample(
    qtbot: QtBot, session: Session, digit: Path, tmp_path: Path
) -> None:
    state, window = session.state, session.window
    places = {
        "plot": window.panel(TrainingPanel).curves.accuracy,
        "number field": window.panel(TrainingPanel).form.field("filters"),
        "timeline": window.timeline.track,
        "button": window.run_bar.train,
        "search field": window.samples.search,
    }
    for name, widget in places.items():
        path = tmp_path / f"{name}.png"
        path.write_bytes(digit.read_bytes())
        assert _drop_on(widget, _file(path)), name
        qtbot.waitUntil(lambda path=path: state.sample.origin == path.name)
    assert window.samples.search.text() == ""

    broken = tmp_path / "letter.png"
    broken.write_text("no picture at all")
    before, message = state.sample, window.samples.message
    _drop_on(window.panel(TrainingPanel).curves.loss, _file(broken))
    qtbot.waitUntil(lambda: "letter.png" in message.text() + window.notices.text())
    assert state.sample is before


def test_an_image_dropped_on_the_drawing_board_becomes_the_sample(
    qtbot: QtBot, session: Session, digit: Path
) -> None:
    session.window.samples.draw()
    own = session.window.samples.own_window()
    qtbot.waitUntil(own.isVisible)
    assert _drop_on(own.pad, _file(digit))
    qtbot.waitUntil(lambda: session.state.sample.origin == "digit.png")
    assert own.page == "image"
    pixels = QMimeData()
    pixels.setImageData(QImage(str(digit)))
    assert _drop_on(own.picture, pixels)
    qtbot.waitUntil(lambda: session.state.sample.origin == "dropped image")
    own.close()


def test_a_folder_of_images_dropped_on_a_panel_is_read_as_data(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    for part in ("train", "test"):
        for name in ("cat", "dog"):
            folder = tmp_path / "pets" / part / name
            folder.mkdir(parents=True)
            for number in range(6):
                pixels = rng.integers(0, 255, (28, 28), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    panel = show_panel(qtbot, session, 1)
    assert _drop_on(panel, _file(tmp_path / "pets"))
    qtbot.waitUntil(lambda: session.state.dataset.classes == ("cat", "dog"))
    qtbot.waitUntil(lambda: session.window.samples.is_current)
