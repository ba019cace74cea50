"""Figures as files and on the clipboard: what is written is read back with other readers."""

import base64
import csv
import io
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from PIL import Image
from PySide6.QtCore import QSettings, Qt, QThread
from PySide6.QtGui import QDesktopServices, QGuiApplication, QImage
from PySide6.QtWidgets import QWidget

from cnnviz.document.archive import load_picture
from cnnviz.document.types import Seen
from cnnviz.drawing import DARK, LIGHT, PRINT, Colors, Drawing, Table, drawn, to_csv
from cnnviz.drawing.drawing import captioned
from cnnviz.drawing.page import Card, Page, down
from cnnviz.files import atomic_write
from cnnviz.graphics.confusion import CONFUSION, Confusion, ConfusionMatrix
from cnnviz.graphics.curves import CURVES, Curve, Curves
from cnnviz.graphics.heat_map import HEAT_MAP, HeatMap, Looked
from tests.engine.document_cases import small_document
from tests.engine.report_cases import needs_poppler, poppler
from tests.gui.driving import PATIENCE, show_window
from tests.gui.whole_window import show_panel
from ui.export.dialog import ExportDialog
from ui.export.figures import Figure, tables_of
from ui.export.formats import draw_pdf, draw_png, draw_svg, to_image
from ui.marks import MarkView
from ui.page_view import PageView
from ui.state import AppState, Notice
from ui.tasks import TaskRunner

SVG = "{http://www.w3.org/2000/svg}"
VALUES = np.arange(12, dtype=np.float64).reshape(3, 4) / 7 - 0.5
STEPS = np.arange(1.0, 400.0)
LOSS = Curves((Curve("each step", STEPS, np.sin(STEPS / 20)),), x_name="step", y_name="loss")
MAP = Looked(HeatMap(VALUES, Colors.of("signed", VALUES), has_axes=True))
CAPTION = 'seed 0 & <b>"x"</b>'


@pytest.fixture
def panel(qtbot, kept_window) -> PageView:
    """A curve above a map, with no other window over them."""
    kept_window.close()
    made = PageView(lambda _ask: None)
    qtbot.addWidget(made)
    made.resize(480, 500)
    made.show_page(Page(down(Card("loss", CURVES, LOSS, "Loss"), Card("map", HEAT_MAP, MAP, "Map & <more>"))))
    show_window(qtbot, made)
    return made


def _drawing(panel: QWidget, colours: str = "screen", caption: str = "") -> Drawing:
    return Figure(panel, "Panel <1> & 2").drawing(colours, caption)


def test_a_png_has_its_pixels_and_its_dpi(panel):
    with Image.open(io.BytesIO(draw_png(_drawing(panel))())) as image:
        assert image.size == (1000, 1040)
        assert image.info["dpi"] == pytest.approx((192, 192), rel=0.01)


def test_an_svg_has_lines_and_letters_but_no_picture(panel):
    root = ElementTree.fromstring(draw_svg(_drawing(panel, caption=CAPTION), "Panel <1> & 2")())
    assert root.get("width") == f"{500 / 96 * 2.54:.6g}cm"
    assert not list(root.iter(f"{SVG}image"))
    assert {"Loss", "Map & <more>", CAPTION} <= {"".join(each.itertext()) for each in root.iter(f"{SVG}text")}
    assert root.find(f"{SVG}title").text == "Panel <1> & 2"
    assert max(len(each.get("points", "").split()) for each in root.iter(f"{SVG}polyline")) > 200
    fills = {each.get("fill", "").upper() for each in root.iter(f"{SVG}path")}
    assert {f"#{pixel & 0xFFFFFF:06X}" for pixel in MAP.map.colors.pixels(VALUES).ravel().tolist()} <= fills


@needs_poppler
def test_a_pdf_has_text_to_select_its_size_on_the_screen_and_the_very_colours(panel, tmp_path):
    path = tmp_path / "figure.pdf"
    path.write_bytes(draw_pdf(_drawing(panel, caption="seed 0 · step 12"), "")())
    text = poppler("pdftotext", path, "-")
    assert "Loss" in text
    assert "seed 0 · step 12" in text
    width = float(poppler("pdfinfo", path).split("Page size:")[1].split()[0])
    assert width == pytest.approx(500 / 96 * 72, rel=0.01)
    assert "Inter" in poppler("pdffonts", path)
    poppler("pdftoppm", "-r", 96, "-png", "-singlefile", path, path.with_suffix(""))
    with Image.open(path.with_suffix(".png")) as read:
        found = {color for _, color in read.convert("RGB").getcolors(1 << 16) or ()}
    wanted = MAP.map.colors.pixels(VALUES).ravel().tolist()
    assert {(pixel >> 16 & 255, pixel >> 8 & 255, pixel & 255) for pixel in wanted} <= found


@pytest.mark.parametrize(("colours", "ground"), [("print", PRINT.surface), ("dark", DARK.surface)])
def test_colours_are_those_of_the_figure_not_of_the_screen(panel, theme, colours, ground):
    shown, print_ = panel.grab().toImage(), to_image(_drawing(panel, colours))
    assert print_.pixelColor(1, 1).name().upper() == ground
    assert to_image(_drawing(panel)).pixelColor(1, 1).name().upper() == theme.theme.surface
    assert panel.grab().toImage() == shown
    # Or else each figure would leave behind whatever is kept for a look: glyphs, layouts, whole pages.
    assert _drawing(panel, colours).ground.look is _drawing(panel, colours).ground.look
    theme.set_mode("dark")
    assert to_image(_drawing(panel, colours)) == print_, "alike whatever the window wears"


def test_a_figure_carries_neither_pointer_nor_keyboard(qtbot, panel):
    shown, plain = panel.view("map"), to_image(_drawing(panel))
    qtbot.mouseMove(shown, shown.rect().center())
    qtbot.waitUntil(lambda: shown.hovered is not None)
    shown.setFocus()
    assert to_image(_drawing(panel)) == plain


def test_the_frame_of_a_chosen_cell_is_no_part_of_a_figure(qtbot):
    view = MarkView(CONFUSION)
    qtbot.addWidget(view)
    view.show_content(ConfusionMatrix(Confusion(np.array([[9, 1], [2, 8]]), ("0", "1"))))
    shown, plain = len(view.drawing().marks), len(view.figure(PRINT).marks)
    view.mark((0, 1))
    assert len(view.drawing().marks) == shown + 1
    assert len(view.figure(PRINT).marks) == plain


def test_a_csv_has_the_numbers_behind_each_plot(panel):
    rows = list(csv.reader(io.StringIO(to_csv(tables_of(panel.view("loss"))).decode())))
    assert rows[0] == ["curve", "step", "loss"]
    numbers = np.array([row[1:] for row in rows[1:]], dtype=float)
    np.testing.assert_array_equal(numbers, np.column_stack([STEPS, np.sin(STEPS / 20)]))
    text = to_csv(tables_of(panel), "seed 0").decode()
    told = [line for line in text.splitlines() if line.startswith("#")]
    assert told == ["# seed 0", "# Loss", "# Map & <more>"]
    rows = list(csv.reader(io.StringIO(text)))
    np.testing.assert_array_equal(np.array([row[1:] for row in rows[-3:]], dtype=float), VALUES)


@pytest.fixture
def files() -> Iterator[TaskRunner]:
    runner = TaskRunner("files")
    yield runner
    assert runner.close(PATIENCE)


@pytest.fixture
def dialog(qtbot, panel, files, tmp_path) -> ExportDialog:
    settings = QSettings(str(tmp_path / "dialog.ini"), QSettings.Format.IniFormat)
    figures = [
        Figure(panel, "My panel", "Mine"),
        Figure(panel.view("loss"), "Loss", "Mine"),
    ]
    carried, _files = small_document(kind="picture", seen=Seen(sample=4))
    inserted: list[Figure] = []
    made = ExportDialog(figures, AppState(), settings, lambda _widget: carried, inserted.append, files, panel)
    made.inserted = inserted
    made.folder.setText(str(tmp_path))
    show_window(qtbot, made)
    return made


def test_the_dialog_puts_the_chosen_figure_into_the_report_by_button_and_key(qtbot, dialog):
    dialog.what.setCurrentIndex(1)
    assert "Ctrl+I" in dialog.insert.toolTip()
    qtbot.keyClick(dialog, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(dialog.isHidden)  # a button is pressed for a moment
    assert [each.title for each in dialog.inserted] == ["Loss"]


def test_the_dialog_writes_what_it_says_and_opens_it_by_keys(qtbot, dialog, tmp_path, monkeypatch):
    assert dialog.open_file.isHidden()
    assert "1,000 ×" in dialog.about.text()
    assert not dialog.preview.pixmap().isNull()
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.message.kind() == "success")
    path = tmp_path / "my-panel-lab5-seed0-step0.png"
    assert dialog._written == path
    with Image.open(path) as image:
        assert image.width == 1000
    assert load_picture(path).seen.sample == 4
    assert f"my-panel-lab5-seed0-step0.png is in {tmp_path}" in dialog.message.text()
    assert dialog.name.text() == "my-panel-lab5-seed0-step0-2.png", "for the next figure"

    opened = list[str]()
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()) or True)
    for button in (dialog.open_file, dialog.show_folder):
        button.setFocus(Qt.FocusReason.TabFocusReason)
        qtbot.keyClick(button, Qt.Key.Key_Space)
    assert opened == [str(path), str(tmp_path)]


def test_figures_have_the_name_of_their_panel(qtbot, dialog):
    texts = [dialog.what.itemText(place) for place in range(dialog.what.count())]
    assert texts == ["Mine: My panel", "Mine: Loss"]
    dialog.what.setFocus()
    qtbot.keyClick(dialog.what, Qt.Key.Key_Down)
    assert dialog.figure().title == "Loss"


def test_a_file_is_replaced_only_after_a_question(qtbot, dialog, tmp_path):
    old = tmp_path / "old.csv"
    old.write_text("mine")
    dialog.format.button("csv").click()
    dialog.name.selectAll()
    qtbot.keyClicks(dialog.name, "old.csv")
    for _ in range(2):
        qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
        assert old.read_text() == "mine"
        assert "exists" in dialog.message.text()
    dialog.message.action_button().click()  # it is still sliding in
    qtbot.waitUntil(lambda: dialog.message.kind() == "success")
    assert old.read_text() != "mine"


def test_a_proposed_name_is_free_and_stands_for_an_empty_one(dialog, tmp_path, qtbot):
    (tmp_path / dialog.name.text()).write_bytes(b"")
    dialog.format.button("svg").click()
    assert dialog.name.text().endswith("step0.svg")
    dialog.format.button("png").click()
    assert dialog.name.text().endswith("step0-2.png")
    dialog.name.selectAll()
    qtbot.keyClick(dialog.name, Qt.Key.Key_Delete)
    dialog.format.button("csv").click()
    assert dialog.name.text() == ""
    shown = dialog.name.placeholderText()
    assert shown.endswith(".csv")
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.message.kind() == "success")
    assert dialog._written == tmp_path / shown


def test_an_impossible_place_gets_one_sentence(qtbot, dialog, tmp_path):
    for folder, name, what in (
        ("~nobody-of-that-name", "a.png", "~nobody"),
        (str(tmp_path), "n" * 300, "name is too long"),
    ):
        dialog.message.clear()
        dialog.folder.setText(folder)
        dialog.name.setText(name)
        qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: bool(dialog.message.text()))
        assert what in dialog.message.text()
        assert dialog.message.kind() == "error"
        assert dialog.isVisible()
    dialog.name.setText("a.png")
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.message.kind() == "success")


@pytest.mark.parametrize("folder", ["", "gone"])
def test_a_file_is_written_beside_the_window_which_tells_of_it_when_the_dialog_is_closed(
    qtbot, dialog, monkeypatch, tmp_path, folder
):
    may, threads, notices = threading.Event(), list[str](), list[Notice]()

    def write_slowly(path: Path, content: bytes) -> None:
        threads.append(QThread.currentThread().objectName())
        assert may.wait(PATIENCE / 1000)
        atomic_write(path, content)

    monkeypatch.setattr("ui.export.dialog.atomic_write", write_slowly)
    dialog._state.noticeRaised.connect(notices.append)
    dialog.folder.setText(str(tmp_path / folder))
    path = dialog.path()
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: threads == ["files"])
    assert dialog.isVisible()
    assert not dialog.save.isEnabled(), "one press writes one file"
    dialog.close()
    assert not dialog.isVisible()
    with qtbot.waitSignal(dialog.finished):
        may.set()
    (notice,) = notices
    if folder:
        assert (notice.place, notice.kind) == ("files", "error")
        assert "the folder does not exist" in notice.text
    else:
        assert path.stat().st_size > 0
        assert notice.kind == "success"


def test_a_csv_says_of_each_row_where_in_the_maps_it_is_and_leaves_gaps_empty():
    maps = np.arange(12, dtype=np.float32).reshape(2, 3, 2) / 8
    maps[1, 2, 0] = np.nan
    rows = list(csv.reader(io.StringIO(to_csv([Table("Maps", ("map", "row", "a", "b"), maps)]).decode())))
    assert rows[1] == ["0", "0", "0.0", "0.125"]
    assert rows[-1] == ["1", "2", "", "1.375"]
    assert len(rows) == 1 + 2 * 3


# -- letters in an SVG file ----------------------------------------------------------------------------------


def test_an_svg_carries_every_letter_it_uses_and_is_else_unchanged():
    drawing = captioned(drawn(HEAT_MAP, MAP, 400, LIGHT), "seed 0 & ∂L/∂w <1>")
    plain, full = draw_svg(drawing)(), draw_svg(drawing, with_fonts=True)()
    assert b"@font-face" not in plain
    assert re.sub(rb"\n<style.*?</style>", b"", full, flags=re.DOTALL) == plain
    assert len(full) - len(plain) < 40_000
    root = ElementTree.fromstring(full)
    style = "".join(root.find(f"{SVG}style").itertext())
    rules = re.findall(
        r"font-family: '([^']*)'; font-weight: (\d+); src: url\(data:font/otf;base64,([^)]*)", style
    )
    fonts = {(family, weight): TTFont(io.BytesIO(base64.b64decode(data))) for family, weight, data in rules}
    texts = [each for each in root.iter(f"{SVG}text") if each.text and each.text.strip()]
    assert {"seed", "0.64"} <= {text.text.strip().split()[0].lstrip("+−-") for text in texts}
    for text in texts:
        family = text.get("font-family", "Inter").split(",")[0].strip("' ")
        font = fonts[family, text.get("font-weight", "400")]
        assert set(map(ord, text.text)) <= font.getBestCmap().keys(), text.text


# -- in the whole window -------------------------------------------------------------------------------------


def test_a_panel_is_copied_as_a_picture_with_its_caption_and_where_there_is_none_that_is_said(qtbot, session):
    panel = show_panel(qtbot, session, 2)
    session.window.setFocus()
    with qtbot.waitSignal(QGuiApplication.clipboard().dataChanged):
        session.exporter.copy()
    data = QGuiApplication.clipboard().mimeData()
    assert data.imageData().width() >= 2 * panel.width()
    assert "lab5" in data.text()
    assert "seed 0" in data.text()
    window = session.exporter.figures()[-1]
    shown = session.window.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    assert window.title == "Whole window"
    inside = shown.rect().translated(10, 10)  # of the margin that all figures have
    assert to_image(window.drawing("print")).copy(inside) == shown
    assert len(tables_of(window.widget)) > 1, "the numbers of all that is in sight"
    show_panel(qtbot, session, 4)
    session.exporter.copy()
    assert "There is no figure here yet" in session.window.notices.text()
