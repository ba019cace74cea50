"""One plot for all panels: what it draws, says and leaves alone."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.driving import settle, show_window
from ui.plots.plot import Plot
from ui.plots.plot_content import Dot, Line, Marker, PlotContent
from ui.theme import LIGHT, ThemeManager

X = np.arange(6.0)
RED, BLUE = ("#FF0000", "#FF8888"), ("#0000FF", "#8888FF")


def shown(qtbot: QtBot, content: PlotContent) -> Plot:
    plot = Plot()
    qtbot.addWidget(plot)
    plot.resize(400, 240)
    plot.set_content(content)
    show_window(qtbot, plot)
    return plot


def point(plot: QWidget, at: QPointF) -> None:
    none = Qt.MouseButton.NoButton
    place = QPointF(plot.mapToGlobal(at.toPoint()))
    move = QMouseEvent(QEvent.Type.MouseMove, at, place, none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(plot, move)


def two_lines(**more: object) -> PlotContent:
    upper = Line("upper", X, X + 1, RED, width=2.8)
    lower = Line("lower", X, np.where(X == 3, np.nan, X / 2), BLUE, 1.4)
    return PlotContent((lower, upper), x_label="distance", digits=3, **more)


def colours(image: QImage) -> set[str]:
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


def test_the_pointer_reads_all_lines_and_a_gap_is_a_dash(qtbot: QtBot) -> None:
    plot = shown(qtbot, two_lines())
    point(plot, plot.point_at(1.9, 2.0))
    assert plot.readout_text() == "distance 2\nlower 1\nupper 3"
    point(plot, plot.point_at(3.1, 2.0))
    assert plot.readout_text() == "distance 3\nlower –\nupper 4"
    QApplication.sendEvent(plot, QEvent(QEvent.Type.Leave))
    assert plot.readout_text() == ""


def test_the_keyboard_reads_it_too(qtbot: QtBot) -> None:
    plot = shown(qtbot, two_lines())
    plot.clearFocus()
    plot.setFocus(Qt.FocusReason.TabFocusReason)
    assert plot.readout_text().startswith("distance 5\n")  # where the keyboard is can be seen
    for _ in range(2):
        qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert plot.readout_text().startswith("distance 3\n")
    plot.clearFocus()
    assert plot.readout_text() == ""


def test_both_lines_are_drawn_in_the_colours_of_the_theme(qtbot: QtBot, theme: ThemeManager) -> None:
    plot = shown(qtbot, two_lines())
    for number, mode in enumerate(("light", "dark")):
        theme.set_mode(mode)
        found = colours(plot.grab().toImage())
        assert {QColor(RED[number]).name(), QColor(BLUE[number]).name()} <= found


def test_markers_move_without_the_lines(qtbot: QtBot) -> None:
    plot = shown(qtbot, two_lines(markers=(Marker(2.5, "flips here", "danger"),)))
    before = plot.grab().toImage()
    at, other = plot.point_at(2.5, 0.5).toPoint(), plot.point_at(4.5, 0.5).toPoint()
    ink = QColor(LIGHT.danger).name()

    def column(image: QImage, x: int) -> set[str]:
        return {
            image.pixelColor(x + dx, y).name() for dx in (-1, 0, 1) for y in range(40, image.height() - 60)
        }

    assert ink in column(before, at.x())
    plot.set_markers(Marker(4.5, role="danger"))
    after = plot.grab().toImage()
    assert ink not in column(after, plot.point_at(2.5, 0.5).toPoint().x())
    assert ink in column(after, other.x())
    plot.set_markers()
    assert ink not in colours(plot.grab().toImage())


def test_a_point_has_guides_to_both_zeros(qtbot: QtBot) -> None:
    graph = Line("y", np.array([-2.0, 0.0, 2.0]), np.array([-0.2, 0.0, 2.0]), "text")
    plot = shown(
        qtbot, PlotContent((graph,), (), (Dot(1.5, 1.5, "danger", has_guides=True),), has_zeros=True)
    )
    image, ink = plot.grab().toImage(), QColor(LIGHT.danger)

    def is_near(x: float, y: float) -> bool:
        at = plot.point_at(x, y).toPoint()
        around = [image.pixelColor(at.x() + dx, at.y() + dy) for dx in range(-6, 7) for dy in range(-6, 7)]
        return any(abs(each.hue() - ink.hue()) < 12 and each.saturation() > 60 for each in around)

    assert is_near(1.5, 1.5)
    assert is_near(1.5, 0.7)
    assert is_near(0.7, 1.5)
    assert not is_near(-1.0, 1.5)


_CHILD = """
import sys
from ui.application import make_application
app = make_application()
from tests.gui.test_widgets_plot import picture_of_a_curve
from ui.theme import theme_manager
theme_manager().set_mode("light")
picture_of_a_curve().save(sys.argv[1])
"""


def picture_of_a_curve() -> QImage:
    """A wavy curve as it is drawn while training."""
    from ui.plots.curve_plot import CurvePlot

    plot = CurvePlot("Loss")
    plot.resize(400, 240)
    plot.add_curve("mean", "mean")
    plot.set_curve("mean", np.arange(50), np.sin(np.arange(50) / 4) + 1)
    plot.show()
    image = plot.grab().toImage()
    plot.close()
    return image


def test_the_program_draws_as_its_tests_do(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "curve.png"
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", _CHILD, str(path)], cwd=root, check=True, capture_output=True)
    drawn, here = QImage(str(path)), picture_of_a_curve()
    assert drawn.convertToFormat(here.format()) == here
    # Smooth: along a slanted line there are tones between its colour and the ground.
    tones = {color for color in colours(here) if QColor(color).hue() == QColor(LIGHT.accent).hue()}
    assert len(tones) > 8


def test_room_for_numbers_is_that_of_the_present_ones(qtbot: QtBot, theme: ThemeManager) -> None:
    """A little wider numbers, or larger letters, that were there before leave nothing behind."""
    few, more = (PlotContent((Line("a", X, X + base, RED),), x_label="x") for base in (0.0, 1000.0))
    plot, fresh = shown(qtbot, more), shown(qtbot, few)
    theme.set_presenter(True)
    settle(qtbot)
    theme.set_presenter(False)
    plot.set_content(few)
    settle(qtbot)
    assert plot.grab().toImage() == fresh.grab().toImage()
