"""A figure of one map alone: what it carries to explain itself, and what it leaves out."""

from xml.etree import ElementTree

import numpy as np
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.gui.driving import show_window
from ui.cells.heat_map import HeatMap
from ui.export.formats import draw_svg, to_image
from ui.export.sheet import Figure, Sheet

SVG = "{http://www.w3.org/2000/svg}"
VALUES = np.arange(12, dtype=np.float64).reshape(3, 4) / 7 - 0.5


def _texts(svg: bytes) -> list[str]:
    return ["".join(each.itertext()).strip() for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_a_map_alone_carries_colour_bar_unit_and_coordinates(qtbot: QtBot) -> None:
    shown = HeatMap()
    qtbot.addWidget(shown)
    shown.set_values(np.array([[1e-4, -3e-4], [2e-4, 0], [1e-4, 1e-4]]))
    shown.set_numbers(True)
    shown.resize(300, 320)
    show_window(qtbot, shown)
    alone, beside = (Sheet(Figure(shown, "Map", kind)) for kind in ("plot", "panel"))
    texts = _texts(draw_svg(alone)())
    minus, power = "\N{MINUS SIGN}3", "\N{MULTIPLICATION SIGN} 10\N{SUPERSCRIPT MINUS}\N{SUPERSCRIPT FOUR}"
    assert {minus, "+3", power} <= set(texts)
    assert texts.count("2") == 1, "the third row, counted from 0"
    assert "+3" not in _texts(draw_svg(beside)()), "in a panel the colour bar is beside the map"
    fills = {each.get("fill") for each in ElementTree.fromstring(draw_svg(alone)()).iter(f"{SVG}path")}
    image = to_image(alone)
    ends = {image.pixelColor(x, image.height() - 10).name() for x in range(image.width())}
    assert len(ends) > 20, "a ramp of colours below the map"
    assert fills & {each.lower() for each in ends}


def test_no_cursor_and_no_frame_of_what_is_chosen_are_in_a_figure(qtbot: QtBot) -> None:
    shown = HeatMap()
    qtbot.addWidget(shown)
    shown.set_values(VALUES)
    shown.resize(300, 320)
    show_window(qtbot, shown)
    sheet = Sheet(Figure(shown, "Map", "plot"))
    plain = to_image(sheet)
    shown.set_highlight([(1, 1, 1, 1)], "selected")
    qtbot.mouseMove(shown, shown.cell_rect(0, 2).center().toPoint())
    qtbot.waitUntil(lambda: shown.hovered == (0, 2))
    shown.setFocus()
    assert to_image(sheet) == plain


def test_the_empty_room_below_a_map_is_no_part_of_its_figure(qtbot: QtBot) -> None:
    shown = HeatMap()
    qtbot.addWidget(shown)
    shown.set_alignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    shown.set_values(VALUES)
    shown.resize(200, 800)
    show_window(qtbot, shown)
    sheet = Sheet(Figure(shown, "Map", "plot"), caption="lab5, classes 0, 1 · seed 0 · step 12")
    assert sheet.size.height() < 300
    assert sheet.size.width() == 340, "room for a line of the caption"
    assert {"lab5, classes 0, 1 · seed 0 · step 12", "0", "2"} <= set(_texts(draw_svg(sheet)()))
