"""Files dropped anywhere, named on the command line or handed over, and what those of strangers may do."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QImage, QTextDocument
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QWidget

from cnnviz.document import archive
from cnnviz.document.types import Data, Seen
from cnnviz.report import pdf
from tests.engine.document_cases import small_document
from tests.gui.child_window import run_window
from tests.gui.document_driving import restored
from tests.gui.driving import drain, save_document, save_picture
from tests.gui.lab_driving import LAB, open_lab
from tests.gui.own_digit_driving import open_board
from tests.gui.whole_window import seen_rect, show_panel, train
from tests.replacing import replace
from tests.small_data import write_npz, write_pictures
from ui.controls.tips import wrapped
from ui.lab.step_page import FigureView
from ui.panels.report.panel import ReportPanel
from ui.panels.samples.pictures import offered_image

COPY, LEFT, NONE = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def _file(path: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    return data


def _drop_on(widget: QWidget, data: QMimeData) -> bool:
    """Drag something to the middle of a widget and let go; return whether it was taken."""
    window = widget.window()
    under = window.childAt(seen_rect(widget).center())
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


@pytest.mark.alone
def test_views_images_and_data_dropped_anywhere_are_opened_and_words_nowhere(qtbot, session, tmp_path):
    digit, path = tmp_path / "digit.png", tmp_path / "view.png"
    Image.fromarray(session.state.dataset.test_images[5, 0]).resize((84, 84)).save(digit)
    session.state.choose_test_image(7)
    save_picture(session, path)
    session.state.choose_test_image(3)
    report = show_panel(qtbot, session, 4)
    field = next(each for each in report.findChildren(QPlainTextEdit) if not seen_rect(each).isEmpty())
    assert restored(qtbot, session, lambda: _drop_on(field, _file(path)))
    assert session.state.sample.index == 7
    assert field.toPlainText() == ""
    show_panel(qtbot, session, 4)
    words = QMimeData()
    words.setText("a word")
    assert not _drop_on(field, words), "words mean nothing"

    state, window = session.state, session.window
    training = show_panel(qtbot, session, 0)
    places = (training.curves.accuracy, training.form.field("filters"), window.timeline.track,
              window.run_bar.train, window.samples.search)  # fmt: skip
    for number, widget in enumerate(places):
        path = tmp_path / f"{number}.png"
        path.write_bytes(digit.read_bytes())
        assert _drop_on(widget, _file(path)), number
        qtbot.waitUntil(lambda path=path: state.sample.origin == path.name)
    assert window.samples.search.text() == ""

    own = open_board(qtbot, session)
    assert _drop_on(own.pad, _file(digit))
    qtbot.waitUntil(lambda: session.state.sample.origin == "digit.png")
    assert own.page == "image"
    pixels = QMimeData()
    pixels.setImageData(QImage(str(digit)))
    assert _drop_on(own.picture, pixels)
    qtbot.waitUntil(lambda: session.state.sample.origin == "dropped image")

    Image.new("RGB", (60, 40), "red").save(tmp_path / "red.png")
    session.document.open(tmp_path / "red.png")
    qtbot.waitUntil(lambda: session.state.sample.origin == "red.png")
    assert own.title.caption() == "red.png, 60 × 40 pixels"
    own.close()

    write_pictures(tmp_path / "pets", ("cat", "dog"))
    panel = show_panel(qtbot, session, 1)
    assert _drop_on(panel, _file(tmp_path / "pets"))
    qtbot.waitUntil(lambda: session.state.dataset.classes == ("cat", "dog"))
    qtbot.waitUntil(lambda: session.window.samples._loop.is_current)


# -- files that are named ------------------------------------------------------------------------------------


# Prints what is open when all that was named is, hands over data as macOS does when a file is opened
# with a program that is running, and closes the window when they are there.
_LOOK = """
from PySide6.QtCore import QTimer
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication
def look():
    state = session.state
    if state.sample is None or state.shown is None:
        return
    if state.dataset.name != "MNIST":
        session.look.stop()
        print(state.dataset.name)
        session.window.close()
    elif state.shown.step == {step} and state.sample.index is None and not session.handed:
        session.handed = True
        print(state.sample.origin)
        QApplication.sendEvent(QApplication.instance(), QFileOpenEvent({data!r}))
session.ask_before_closing(False)
session.handed = False
session.look = QTimer(session, interval=20)
session.look.timeout.connect(look)
session.look.start()
"""


def test_a_document_and_then_a_picture_are_opened_and_data_that_the_system_hands_over(
    qtbot, session, tmp_path
):
    train(qtbot, session, 50)
    session.controller.pause()
    session.state.choose_test_image(7)
    saved, picture = tmp_path / "saved.cnnviz", tmp_path / "digit.png"
    save_document(qtbot, session, saved)
    Image.fromarray(session.state.dataset.test_images[5, 0]).save(picture)
    data = write_pictures(tmp_path / "animals")
    act = _LOOK.format(step=session.state.shown.step, data=str(data))
    ended = run_window(tmp_path, arguments=[str(saved), str(picture)], act=act)
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout.split() == ["digit.png", "animals"]


# -- files of strangers --------------------------------------------------------------------------------------


SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="PIPE"/></svg>'
FIGURES = LAB.replace("Some **strong** words.", r"![One](one.png)\n\n![Two](two.png)\n\n![Three](three.png)")


def test_figures_of_a_lab_hold_up_nothing_and_open_nothing(qtbot, session, tmp_path):
    pipe = tmp_path / "pipe"
    if hasattr(os, "mkfifo"):
        os.mkfifo(pipe)
    (tmp_path / "one.png").write_text(SVG.replace("PIPE", str(pipe)))
    Image.new("1", (20_000, 20_000)).save(tmp_path / "two.png")
    Image.new("RGB", (30, 20), "#ff0000").save(tmp_path / "three.png")
    column = open_lab(qtbot, session, tmp_path, FIGURES).column
    one, two, three = column.page.text.findChildren(FigureView)
    assert one.text().startswith("one.png is an SVG drawing")
    assert two.text().startswith("two.png is an image of ")
    assert not three.text()
    assert three.grab().toImage().pixelColor(5, 5).name() == "#ff0000"


def test_data_that_a_document_names_are_read_only_when_that_is_wanted(qtbot, session, tmp_path):
    data, path = write_npz(tmp_path / "own.npz", (4, 9)), tmp_path / "a.cnnviz"
    document, files = small_document(kind="work", seen=Seen(), words={})
    document = replace(document, data=Data(name="own", sha256="ab" * 32, path=str(data)))
    archive.save(path, document, files)
    assert not restored(qtbot, session, lambda: session.document.open(path))
    assert session.window.notices.action_button().text() == "Open its data"
    assert session.state.source.path is None
    open_them = session.window.notices.action_button().click
    assert not restored(qtbot, session, open_them), "they are others"


@pytest.mark.typesets
def test_a_report_that_cannot_be_set_holds_up_nothing_else(qtbot, session, monkeypatch):
    monkeypatch.setattr(pdf, "_template", lambda: "#for i in range(90000) { for j in range(90000) {} }")
    monkeypatch.setattr("ui.panels.report.preview.PREVIEW_SECONDS", 1.6)
    report = session.window.panel(ReportPanel)
    session.window.panels.show_panel(4)
    qtbot.waitUntil(lambda: not session.controller.typesetting.is_idle)
    drain(qtbot, session.controller.background)  # a sweep would have been measured by now
    assert not session.controller.typesetting.is_idle
    qtbot.waitUntil(lambda: "Typesetting was stopped after 2 seconds" in report.message.text())


def test_a_name_in_a_tip_is_no_markup(qapp):
    document = QTextDocument()
    for name in ("<img src='/etc/hostname'>", "a < b", "<b>bold</b>", "plain & simple"):
        tip = wrapped(name)
        assert tip != name or ">" not in name
        document.setHtml(tip)
        assert tip == name or document.toPlainText() == name


def test_a_dropped_picture_is_read_as_what_it_is_said_to_be(qapp):
    file = io.BytesIO()
    Image.new("RGB", (30, 20), (10, 200, 30)).save(file, "PNG")

    def offered(kind: str, content: bytes):
        data = QMimeData()
        data.setData(kind, content)
        return offered_image(data, "dropped image")

    picture = offered("image/png", file.getvalue())()
    assert picture.size == (20, 30)
    for kind, content in (("image/png", SVG.encode()), ("image/jpeg", b"GIF89a")):
        with pytest.raises(Exception, match="not an image of a known format"):
            offered(kind, content)()
    assert offered("image/svg", SVG.encode()) is None
