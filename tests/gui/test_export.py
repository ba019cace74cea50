"""Figures as files: what is written is read back with other readers than the one that wrote it."""

import csv
import io
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QSettings, Qt, QThread
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from cnnviz.files import atomic_write
from cnnviz.graphics.curves import Curve, Curves
from cnnviz.presets import LAB5
from cnnviz.session_state import SessionState, load_session
from tests.engine.report_cases import needs_poppler
from tests.gui.driving import PATIENCE, show_window
from ui.cells.heat_map import HeatMap
from ui.controls.figure_mode import figure_mode
from ui.export.dialog import ExportDialog
from ui.export.formats import draw_pdf, draw_png, draw_svg, to_image
from ui.export.numbers import Table, tables_of, to_csv
from ui.export.sheet import Figure, Sheet
from ui.panels.training.curve_plot import CurvePlot
from ui.run.tasks import TaskRunner
from ui.state import AppState, Notice
from ui.theme import DARK, PRINT, ThemeManager

SVG = "{http://www.w3.org/2000/svg}"
VALUES = np.arange(12, dtype=np.float64).reshape(3, 4) / 7 - 0.5


class Panel(QWidget):
    """A curve above a map."""

    def __init__(self) -> None:
        super().__init__()
        self.plot = CurvePlot("Loss", "Loss")
        steps = np.arange(1.0, 400)
        wave = Curve("each step", steps, np.sin(steps / 20))
        self.plot.show_content(Curves((wave,), x_name="step", x_range=(0, 400), y_range=(-1, 1)))
        self.map = HeatMap()
        self.map.setAccessibleName("Map & <more>")
        self.map.set_values(VALUES)
        self.map.set_numbers(True)
        layout = QVBoxLayout(self)
        layout.addWidget(self.plot, 2)
        layout.addWidget(self.map, 1)


@pytest.fixture
def panel(qtbot: QtBot) -> Panel:
    made = Panel()
    qtbot.addWidget(made)
    made.resize(480, 500)
    show_window(qtbot, made)
    return made


def _sheet(panel: Panel, colours: str = "screen", caption: str = "") -> Sheet:
    return Sheet(Figure(panel, "Panel <1> & 2", "panel"), colours, caption)


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_a_png_has_its_pixels_and_its_dpi(panel: Panel, scale: int) -> None:
    with Image.open(io.BytesIO(draw_png(_sheet(panel), scale, 12.7)())) as image:
        assert image.size == (480 * scale, 500 * scale)
        assert image.info["dpi"] == pytest.approx((96 * scale, 96 * scale), rel=0.01)
    with Image.open(io.BytesIO(draw_png(_sheet(panel), scale, 25.4)())) as image:
        assert image.info["dpi"] == pytest.approx((48 * scale, 48 * scale), rel=0.01)


def test_a_png_at_one_to_one_is_what_the_screen_shows(panel: Panel) -> None:
    panel.setAutoFillBackground(True)
    shown = panel.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    drawn = to_image(_sheet(panel))
    cells = panel.map.grid().rect.toRect().adjusted(2, 2, -2, -2).translated(panel.map.pos())
    assert drawn.copy(cells) == shown.copy(cells)


def test_letters_in_a_large_png_are_sharp_not_enlarged(panel: Panel) -> None:
    sheet = Sheet(Figure(panel.map, "Map", "plot"))
    small, large = to_image(sheet), to_image(sheet, 3)
    enlarged = small.scaled(large.size())
    assert large != enlarged


def test_an_svg_has_lines_and_letters_but_no_picture(panel: Panel) -> None:
    root = ElementTree.fromstring(draw_svg(_sheet(panel, caption='seed 0 & <b>"x"</b>'), 10.0)())
    assert root.get("width") == "10.0000cm"
    # Signs on buttons may be pictures; curves and maps may not.
    assert all(float(each.get("width", "0")) <= 24 for each in root.iter(f"{SVG}image"))
    texts = "".join("".join(each.itertext()) for each in root.iter(f"{SVG}text"))
    assert "Loss" in texts
    assert 'seed 0 & <b>"x"</b>' in texts
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text == "Panel <1> & 2"
    curves = [each.get("points", "").split() for each in root.iter(f"{SVG}polyline")]
    paths = [each.get("d", "").split("L") for each in root.iter(f"{SVG}path")]
    assert max(len(each) for each in curves + paths) > 200


def test_the_cells_of_a_map_are_rectangles_of_its_colours(panel: Panel) -> None:
    image = to_image(Sheet(Figure(panel.map, "Map", "plot")))
    root = ElementTree.fromstring(draw_svg(Sheet(Figure(panel.map, "Map", "plot")))())
    fills = {
        each.get("fill")
        for group in root.iter(f"{SVG}g")
        if group.get("shape-rendering") == "crispEdges"
        for each in group.iter(f"{SVG}path")
    }
    for row in range(3):
        for col in range(4):
            with figure_mode(alone=True):  # with coordinates beside the cells
                corner = panel.map.cell_rect(row, col).topLeft() + QPoint(3, 3).toPointF()
            assert image.pixelColor(corner.toPoint()).name() in fills


@needs_poppler
def test_a_pdf_has_text_to_select_and_the_size_asked_for(panel: Panel, tmp_path: Path) -> None:
    path = tmp_path / "figure.pdf"
    path.write_bytes(draw_pdf(_sheet(panel, caption="seed 0 · step 12"), 10.0)())
    text = subprocess.run(["pdftotext", path, "-"], capture_output=True, check=True, text=True).stdout
    assert "Loss" in text
    assert "seed 0 · step 12" in text
    info = subprocess.run(["pdfinfo", path], capture_output=True, check=True, text=True).stdout
    width = float(info.split("Page size:")[1].split()[0])
    assert width == pytest.approx(10.0 / 2.54 * 72, rel=0.01)
    fonts = subprocess.run(["pdffonts", path], capture_output=True, check=True, text=True).stdout
    assert "Inter" in fonts


@needs_poppler
def test_the_cells_of_a_map_have_their_very_colours_in_a_pdf(panel: Panel, tmp_path: Path) -> None:
    sheet = Sheet(Figure(panel.map, "Map", "plot"))
    (tmp_path / "map.pdf").write_bytes(draw_pdf(sheet)())
    subprocess.run(
        ["pdftoppm", "-r", "96", "-png", "-singlefile", tmp_path / "map.pdf", tmp_path / "map"], check=True
    )
    drawn = to_image(sheet)
    with Image.open(tmp_path / "map.png") as read:
        for row in range(3):
            for col in range(4):
                with figure_mode(alone=True):
                    place = (panel.map.cell_rect(row, col).topLeft() + QPoint(4, 4).toPointF()).toPoint()
                color = drawn.pixelColor(place)
                assert read.convert("RGB").getpixel((place.x(), place.y())) == color.getRgb()[:3]


@pytest.mark.parametrize(("colours", "ground"), [("print", PRINT.surface), ("dark", DARK.surface)])
def test_colours_are_those_of_the_figure_not_of_the_screen(
    panel: Panel, theme: ThemeManager, colours: str, ground: str
) -> None:
    before = theme.theme
    image = to_image(_sheet(panel, colours))
    assert image.pixelColor(1, 1).name().upper() == ground
    assert theme.theme == before
    assert to_image(_sheet(panel)).pixelColor(1, 1).name().upper() == before.surface


def test_a_csv_has_the_numbers_behind_a_plot(panel: Panel) -> None:
    rows = list(csv.reader(io.StringIO(to_csv(tables_of(panel.plot)).decode())))
    assert rows[0] == ["step", "each step"]
    numbers = np.array(rows[1:], dtype=float)
    np.testing.assert_array_equal(numbers[:, 0], np.arange(1, 400))
    np.testing.assert_array_equal(numbers[:, 1], np.sin(np.arange(1, 400) / 20))


def test_a_csv_of_a_panel_has_a_table_for_each_plot(panel: Panel) -> None:
    text = to_csv(tables_of(panel), "seed 0").decode()
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# seed 0",
        "# Loss: each step",
        "# Map & <more>",
    ]
    rows = list(csv.reader(io.StringIO(text)))
    values = np.array([row[1:] for row in rows[-3:]], dtype=float)
    np.testing.assert_array_equal(values, VALUES)


@pytest.fixture
def files() -> Iterator[TaskRunner]:
    runner = TaskRunner("files")
    yield runner
    assert runner.close(PATIENCE)


@pytest.fixture
def dialog(qtbot: QtBot, panel: Panel, files: TaskRunner, tmp_path: Path) -> ExportDialog:
    settings = QSettings(str(tmp_path / "dialog.ini"), QSettings.Format.IniFormat)
    figures = [Figure(panel, "My panel", "panel"), Figure(panel.plot, "Loss", "plot")]
    session = SessionState(experiment=LAB5, sample=4)
    made = ExportDialog(figures, AppState(), settings, lambda _widget: session, files, panel)
    made.folder.setText(str(tmp_path))
    show_window(qtbot, made)
    return made


def test_the_dialog_writes_what_it_says(qtbot: QtBot, dialog: ExportDialog, tmp_path: Path) -> None:
    dialog.scale.button("3").click()
    assert "1,440 ×" in dialog.about.text()
    assert "288 DPI" in dialog.about.text()
    assert not dialog.preview.pixmap().isNull()
    with qtbot.waitSignal(dialog.exported) as written:
        qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    path = tmp_path / "my-panel-lab5-seed0-step0.png"
    assert written.args == [path]
    with Image.open(path) as image:
        assert image.width == 1440
    session = load_session(path)
    assert session is not None
    assert session.sample == 4


def test_a_file_is_replaced_only_after_a_question(qtbot: QtBot, dialog: ExportDialog, tmp_path: Path) -> None:
    old = tmp_path / "old.csv"
    old.write_text("mine")
    dialog.format.button("csv").click()
    dialog.name.setFocus()
    dialog.name.selectAll()
    qtbot.keyClicks(dialog.name, "old.csv")
    for _ in range(2):
        qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
        assert old.read_text() == "mine"
        assert "exists" in dialog.message.text()
    dialog.message.action_button().click()  # it is still sliding in
    qtbot.waitUntil(lambda: not dialog.isVisible())
    assert old.read_text() != "mine"


def test_a_proposed_name_is_free(dialog: ExportDialog, tmp_path: Path) -> None:
    (tmp_path / dialog.name.text()).write_bytes(b"")
    dialog.format.button("svg").click()
    assert dialog.name.text().endswith("step0.svg")
    dialog.format.button("png").click()
    assert dialog.name.text().endswith("step0-2.png")


def test_a_folder_that_is_not_there_gets_one_sentence(qtbot: QtBot, dialog: ExportDialog) -> None:
    dialog.folder.setText("/nowhere/at/all")
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.message.kind() == "error")
    assert "the folder does not exist" in dialog.message.text()
    assert dialog.isVisible()


@pytest.mark.parametrize(("name", "what"), [("n" * 300, "name is too long"), ("a\0b", "not valid")])
def test_an_impossible_name_gets_one_sentence(
    qtbot: QtBot, dialog: ExportDialog, name: str, what: str
) -> None:
    dialog.name.setText(name)
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.message.kind() == "error")
    assert what in dialog.message.text()
    assert dialog.isVisible()


@pytest.mark.parametrize("folder", ["~nobody-of-that-name", "n" * 300])
def test_an_impossible_folder_gets_one_sentence(qtbot: QtBot, dialog: ExportDialog, folder: str) -> None:
    dialog.folder.setFocus()
    dialog.folder.selectAll()
    qtbot.keyClicks(dialog.folder, folder)
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.message.kind() == "error")
    assert dialog.isVisible()


def test_an_empty_name_stands_for_the_one_that_is_shown_in_grey(
    qtbot: QtBot, dialog: ExportDialog, tmp_path: Path
) -> None:
    dialog.name.setFocus()
    dialog.name.selectAll()
    qtbot.keyClick(dialog.name, Qt.Key.Key_Delete)
    dialog.format.button("csv").click()
    assert dialog.name.text() == ""
    shown = dialog.name.placeholderText()
    assert shown.endswith(".csv")
    with qtbot.waitSignal(dialog.exported) as written:
        qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    assert written.args == [tmp_path / shown]


class SlowDisk:
    """Writes files, but not before it may."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.may = threading.Event()
        self.threads: list[str] = []
        monkeypatch.setattr("ui.export.dialog.atomic_write", self._write)

    def _write(self, path: Path, content: bytes) -> None:
        self.threads.append(QThread.currentThread().objectName())
        assert self.may.wait(PATIENCE / 1000)
        atomic_write(path, content)


@pytest.mark.parametrize("kind", ["png", "svg", "pdf", "csv"])
def test_a_file_is_written_beside_the_window_also_when_the_dialog_is_closed(
    qtbot: QtBot, dialog: ExportDialog, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    disk = SlowDisk(monkeypatch)
    dialog.format.button(kind).click()
    path = dialog.path()
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: disk.threads == ["files"])
    assert dialog.isVisible()
    assert not dialog.save.isEnabled(), "one press writes one file"
    dialog.reject()
    assert not dialog.isVisible()
    with qtbot.waitSignals([dialog.exported, dialog.finished]):
        disk.may.set()
    assert path.stat().st_size > 0
    assert dialog.result() == ExportDialog.DialogCode.Accepted


def test_of_a_file_that_could_not_be_written_the_window_tells_when_the_dialog_is_closed(
    qtbot: QtBot, dialog: ExportDialog, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    disk, notices = SlowDisk(monkeypatch), list[Notice]()
    dialog._state.noticeRaised.connect(notices.append)
    dialog.folder.setText(str(tmp_path / "gone"))
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: disk.threads == ["files"])
    dialog.close()
    with qtbot.waitSignal(dialog.rejected):
        disk.may.set()
    (notice,) = notices
    assert (notice.place, notice.kind) == ("files", "error")
    assert "the folder does not exist" in notice.text


def test_a_csv_says_of_each_row_where_in_the_maps_it_is_and_leaves_gaps_empty() -> None:
    maps = np.arange(12, dtype=np.float32).reshape(2, 3, 2) / 8
    maps[1, 2, 0] = np.nan
    rows = list(csv.reader(io.StringIO(to_csv([Table("Maps", ("map", "row", "a", "b"), maps)]).decode())))
    assert rows[1] == ["0", "0", "0.0", "0.125"]
    assert rows[-1] == ["1", "2", "", "1.375"]
    assert len(rows) == 1 + 2 * 3


@pytest.mark.parametrize("field", [QLineEdit, QPlainTextEdit])
def test_no_selected_text_is_in_a_figure(
    qtbot: QtBot, panel: Panel, field: type[QLineEdit] | type[QPlainTextEdit]
) -> None:
    text = field("words", panel)
    layout = panel.layout()
    assert layout is not None
    layout.addWidget(text)
    qtbot.waitUntil(lambda: text.isVisible() and text.y() > panel.map.y())
    plain = to_image(_sheet(panel))
    text.selectAll()
    assert panel.grab().toImage() != plain
    assert to_image(_sheet(panel)) == plain
    kept = text.selectedText() if isinstance(text, QLineEdit) else text.textCursor().selectedText()
    assert kept == "words"
