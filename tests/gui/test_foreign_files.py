"""Files that somebody else has made: what they name is not opened, and what has no end is stopped."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QTextDocument
from pytestqt.qtbot import QtBot

from cnnviz.document import archive
from cnnviz.document.types import Data, Seen
from cnnviz.report import pdf
from tests.engine.document_cases import replace_struct, small_document
from tests.gui.driving import drain
from tests.gui.lab_driving import LAB, open_lab, press
from tests.gui.whole_window import rest
from tests.small_data import write_npz
from ui.controls.tips import wrapped
from ui.lab.step_text import FigureView
from ui.panels.report import ReportPanel
from ui.panels.samples.pictures import offered_image, read_picture
from ui.session import Session

SVG = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
LEVELS = "".join(f"<g id='a{n}'>" + f"<use xlink:href='#a{n - 1}'/>" * 10 + "</g>" for n in range(1, 11))
FIRST, LAST = "<g id='a0'><rect width='1' height='1'/></g>", "<use xlink:href='#a10'/>"
ENDLESS = f"<svg {SVG}><defs>{FIRST}{LEVELS}</defs>{LAST}</svg>"
FIGURES = LAB.replace("Some **strong** words.", "![One](one.svg)\n\n![Two](two.svg)\n\n![Three](three.png)")


def test_figures_of_a_lab_hold_up_nothing_and_open_nothing(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    if hasattr(os, "mkfifo"):
        os.mkfifo(pipe)
    (tmp_path / "one.svg").write_text(ENDLESS)
    (tmp_path / "two.svg").write_text(f'<svg {SVG} width="9" height="9"><image xlink:href="{pipe}"/></svg>')
    Image.new("RGB", (30, 20), "#ff0000").save(tmp_path / "three.png")
    figures = FIGURES.replace("\n\n!", "\\n\\n!")
    column = open_lab(qtbot, session, tmp_path, figures).column
    one, two, three = column.page.text.findChildren(FigureView)
    assert one.text() == (
        "one.svg has <use> in <g>, but a drawing of plain shapes was expected; save it as PNG."
    )
    assert two.text().startswith("two.svg has a picture that is no PNG within it, but")
    assert not three.text()
    seen = three.grab().toImage()
    assert seen.pixelColor(5, 5).name() == "#ff0000"


def test_data_that_a_document_names_are_read_only_when_that_is_wanted(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    data, path = write_npz(tmp_path / "own.npz", (4, 9)), tmp_path / "a.cnnviz"
    document, files = small_document(kind="work", seen=Seen(), words={})
    document = replace_struct(document, data=Data(name="own", sha256="ab" * 32, path=str(data)))
    archive.save(path, document, files)
    with qtbot.waitSignal(session.document.restorer.finished) as done:
        session.document.open(path)
    assert done.args == [False]
    assert session.window.notices.action_button().text() == "Open its data"
    rest(qtbot, session)
    assert session.state.source is not None
    assert session.state.source.path is None
    press(session.window.notices.action_button())
    qtbot.waitUntil(lambda: "does not fit the open data" in session.window.notices.text())  # they are others


def test_a_report_that_cannot_be_set_holds_up_nothing_else(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "_template", lambda: "#for i in range(90000) { for j in range(90000) {} }")
    monkeypatch.setattr("ui.panels.report.preview.PREVIEW_SECONDS", 2.0)
    report = session.window.panel(ReportPanel)
    session.window.panels.show_panel(4)
    qtbot.waitUntil(lambda: not session.controller.typesetting.is_idle)
    drain(qtbot, session.controller.background)  # a sweep would have been measured by now
    assert not session.controller.typesetting.is_idle
    qtbot.waitUntil(lambda: "Typesetting was stopped after 2 seconds" in report.message.text())


@pytest.mark.parametrize("name", ["<img src='/etc/hostname'>", "a < b", "<b>bold</b>", "plain & simple"])
def test_a_name_in_a_tip_is_no_markup(qapp: object, name: str) -> None:
    document, tip = QTextDocument(), wrapped(name)
    if tip == name:
        return
    document.setHtml(tip)
    assert document.toPlainText() == name


def test_names_that_look_like_pictures_are_changed(qapp: object) -> None:
    assert wrapped("<img src='/etc/hostname'>") != "<img src='/etc/hostname'>"


def _encoded(kind: str) -> bytes:
    file = io.BytesIO()
    pixels = np.full((20, 30, 3), (10, 200, 30), np.uint8)
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def test_a_dropped_picture_is_read_as_what_it_is_said_to_be(qapp: object) -> None:
    data = QMimeData()
    data.setData("image/png", _encoded("PNG"))
    read = offered_image(data, "dropped image")
    assert read is not None
    picture = read()
    assert picture.size == (20, 30)
    assert picture.had_colours
    for kind, content in (("image/png", ENDLESS.encode()), ("image/jpeg", b"GIF89a")):
        hostile = QMimeData()
        hostile.setData(kind, content)
        read = offered_image(hostile, "dropped image")
        assert read is not None
        with pytest.raises(Exception, match="not an image of a known format"):
            read()
    drawing = QMimeData()
    drawing.setData("image/svg", ENDLESS.encode())
    assert offered_image(drawing, "dropped image") is None


def test_a_picture_with_colours_says_that_they_became_grey(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    for name, mode, words in (("red.png", "RGB", ", made grey"), ("grey.png", "L", " pixels")):
        path = tmp_path / name
        Image.new(mode, (60, 40), "red" if mode == "RGB" else 90).save(path)
        assert read_picture(path).had_colours == (mode == "RGB")
        session.document.open(path)
        qtbot.waitUntil(lambda path=path: session.state.sample.origin == path.name)
        caption = session.window.samples.own_window().title.caption()
        assert caption.endswith(words), caption
    session.window.samples.own_window().close()
