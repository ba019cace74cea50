"""Widgets of the backprop panel on their own."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.backprop_desk import click
from tests.gui.driving import show_window
from ui.cells.block import Block
from ui.cells.excerpt_map import ExcerptMap
from ui.cells.overview_map import OverviewMap
from ui.controls.formula_boxes import Fraction, Script, Text, number, partial, plain_text
from ui.controls.formula_view import FormulaView
from ui.controls.power_slider import PowerSlider
from ui.controls.step_bar import StepBar
from ui.plots.plot import Plot
from ui.plots.plot_content import Dot, Line, Marker, PlotContent
from ui.rows.paired_bars import PairedBars
from ui.rows.value_list import ValueList, ValueRow
from ui.theme import ThemeManager

LONG = (
    partial("L", "w", "3,4"),
    Text(" = "),
    number(-0.0622),
    Text(" · "),
    number(0.161),
    Text(" + 70 more terms that make it long", "muted"),
    Text(" = "),
    number(-0.01, "accent"),
)


def test_a_formula_reads_as_ordinary_text() -> None:
    assert plain_text(LONG).startswith("∂L/∂w_3,4 = −0.0622 · +0.161 + 70 more")
    assert plain_text((Text("e"), Script(sup="−z"), Fraction((Text("a"),), (Text("b"),)))) == "e^−za/b"


def test_a_formula_takes_more_height_where_it_is_narrow_and_is_never_wider(qtbot: QtBot) -> None:
    view = FormulaView()
    qtbot.addWidget(view)
    view.set_formulas((LONG,))
    one_line = view.heightForWidth(2000)
    assert view.heightForWidth(220) >= 2 * one_line - 4
    picture = _inked(view, 220)
    assert 100 < picture <= 220
    assert "70 more" in view.accessibleName()


def _inked(view: FormulaView, width: int) -> int:
    """Rightmost column in which something is drawn."""
    view.resize(width, view.heightForWidth(width))
    image = view.grab().toImage()
    ground = image.pixel(image.width() - 1, image.height() - 1)
    columns = [
        x for x in range(image.width()) if any(image.pixel(x, y) != ground for y in range(image.height()))
    ]
    return max(columns) + 1


def test_the_step_bar_shortens_titles_until_they_fit(qtbot: QtBot, theme: ThemeManager) -> None:
    bar = StepBar()
    qtbot.addWidget(bar)
    bar.set_steps([(f"S{place}", f"A rather long title {place}") for place in range(9)])
    bar.set_current(2)
    seen = []
    for width in (1600, 620, 300):
        bar.resize(width, 30)
        assert bar.chip_rect(8).right() <= width
        seen.append((bar.texts()[2], bar.title()))
        places = [bar.chip_rect(place) for place in range(9)]
        for current in (0, 8, 2):
            bar.set_current(current)
            assert [bar.chip_rect(place) for place in range(9)] == places, "no chip moves"
    assert seen == [("3 A rather long title 2", ""), ("3 S2", ""), ("3", "S2")]
    theme.set_presenter(True)
    bar.resize(620, 40)
    assert bar.chip_rect(8).right() <= 620


def test_the_step_bar_asks_for_what_was_clicked(qtbot: QtBot) -> None:
    bar = StepBar()
    qtbot.addWidget(bar)
    bar.set_steps([("a", "a"), ("b", "b"), ("c", "c")])
    bar.resize(400, 30)
    asked: list[int] = []
    bar.stepRequested.connect(asked.append)
    click(bar, bar.chip_rect(2).center().toPoint())
    QTest.keyClick(bar, Qt.Key.Key_Left)
    bar.set_current(1)
    QTest.keyClick(bar, Qt.Key.Key_Left)
    assert asked == [2, 0]


@pytest.mark.parametrize(
    ("center", "shape", "step", "corner"),
    [
        ((0.0, 0.0), (26, 26), 2, (0, 0)),
        ((25.0, 25.0), (26, 26), 2, (18, 18)),
        ((12.5, 13.0), (26, 26), 2, (10, 10)),
        ((25.0, 3.0), (25, 25), 2, (16, 0)),
        ((3.0, 3.0), (5, 6), 1, (0, 0)),
    ],
)
def test_a_block_lies_round_its_center_inside_the_map(
    center: tuple[float, float], shape: tuple[int, int], step: int, corner: tuple[int, int]
) -> None:
    block = Block.around(center, 8, shape, step)
    assert (block.row, block.col) == corner
    assert block.row + block.rows <= shape[0]
    assert block.col + block.cols <= shape[1]


def test_an_excerpt_speaks_of_cells_of_the_whole_map(qtbot: QtBot) -> None:
    shown = ExcerptMap()
    qtbot.addWidget(shown)
    shown.resize(200, 200)
    values = np.arange(100.0).reshape(10, 10)
    shown.set_excerpt(values, Block(4, 5, 4, 4), struck=values == 65)
    chosen: list[tuple[int, int]] = []
    shown.cellChosen.connect(lambda row, col: chosen.append((row, col)))
    click(shown, shown.place_of(6, 7).center().toPoint())
    assert chosen == [(6, 7)]
    assert shown.place_of(0, 0) is None
    np.testing.assert_array_equal(np.argwhere(shown.struck()), [[2, 0]])
    shown.outline(((0, 0), (5, 6)), "winner")
    assert shown.outlined("winner") == [(5, 6, 1, 1)]


def test_cells_that_are_struck_out_look_different_from_small_numbers(qtbot: QtBot) -> None:
    shown = ExcerptMap()
    qtbot.addWidget(shown)
    shown.resize(200, 100)
    values = np.zeros((1, 2))
    shown.set_excerpt(values, None, "signed", (-1.0, 1.0), struck=np.array([[True, False]]))
    image = shown.grab().toImage()
    left, right = (shown.cell_rect(0, place).center().toPoint() for place in (0, 1))
    corner = shown.cell_rect(0, 0).width() / 2 - 6
    colors = {
        image.pixelColor(round(point.x() - corner), round(point.y() - corner)).name()
        for point in (left, right)
    }
    assert len(colors) == 2


def test_the_overview_asks_for_a_place_by_mouse_and_arrow_keys(qtbot: QtBot) -> None:
    overview = OverviewMap()
    qtbot.addWidget(overview)
    overview.resize(130, 130)
    overview.set_values(np.zeros((26, 26)))
    overview.set_frame(Block(4, 6, 8, 8), 2)
    asked: list[tuple[float, float]] = []
    overview.centerRequested.connect(lambda row, col: asked.append((row, col)))
    click(overview, overview.cell_rect(20, 3).center().toPoint())
    assert asked[0] == pytest.approx((20, 3), abs=0.6)
    QTest.keyClick(overview, Qt.Key.Key_Down)
    moved = Block.around(asked[1], 8, (26, 26), 2)
    assert (moved.row, moved.col) == (6, 6)


def test_a_plot_places_its_points_and_tells_where_it_was_clicked(qtbot: QtBot) -> None:
    plot = Plot()
    qtbot.addWidget(plot)
    plot.resize(300, 200)
    x = np.linspace(-1.0, 1.0, 21)
    plot.set_content(
        PlotContent((Line("loss", x, x**2),), (Marker(0.5, "kink"),), (Dot(0.0, 0.0),), "poke", "loss")
    )
    show_window(qtbot, plot)
    low, high = plot.point_at(-1, 1), plot.point_at(1, 0)
    assert low.x() < high.x()
    assert low.y() < high.y()
    clicked: list[float] = []
    plot.xClicked.connect(clicked.append)
    click(plot, plot.point_at(0.5, 0.5).toPoint())
    assert clicked == [pytest.approx(0.5, abs=0.02)]
    assert not plot.grab().isNull()


@pytest.mark.parametrize("y", [np.full(5, 3.0), np.array([1e-9, 2e-9, 3e-9, 2e-9, 1e-9]), np.full(5, np.nan)])
def test_a_plot_draws_flat_tiny_and_undefined_lines(qtbot: QtBot, y: np.ndarray) -> None:
    plot = Plot()
    qtbot.addWidget(plot)
    plot.resize(240, 150)
    plot.set_content(PlotContent((Line("loss", np.arange(5.0), y),)))
    show_window(qtbot, plot)
    assert not plot.grab().isNull()


def test_a_power_slider_steps_one_two_five(qtbot: QtBot) -> None:
    slider = PowerSlider("ε", -3, 0, 1e-2)
    qtbot.addWidget(slider)
    seen: list[float] = []
    slider.valueEdited.connect(seen.append)
    for _ in range(4):
        QTest.keyClick(slider.slider, Qt.Key.Key_Right)
    assert seen == [pytest.approx(each) for each in (0.02, 0.05, 0.1, 0.2)]
    slider.set_value(1e-3)
    assert slider.value() == pytest.approx(1e-3)
    assert len(seen) == 4


def test_a_value_list_finds_its_rows_and_cuts_names_not_numbers(qtbot: QtBot) -> None:
    values = ValueList()
    qtbot.addWidget(values)
    values.set_rows((ValueRow("a", "a name that is long " * 4, "+1.8342e−04"),))
    assert values.text("a") == "+1.8342e−04"
    assert values.minimumSizeHint().width() < 200
    with pytest.raises(KeyError):
        values.text("b")


def test_paired_bars_need_a_probability_for_each_class(qtbot: QtBot) -> None:
    bars = PairedBars()
    qtbot.addWidget(bars)
    bars.set_probabilities(("0", "1"), (0.25, 0.75), (0.2, 0.8), 1)
    assert bars.after() == [0.2, 0.8]
    assert "class 1: 0.75 before, 0.8 after" in bars.accessibleDescription()
    bars.resize(200, 100)
    assert not bars.grab().isNull()
    with pytest.raises(ValueError, match="2 classes need 2"):
        bars.set_probabilities(("0", "1"), (1.0,), None)
