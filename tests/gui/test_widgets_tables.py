import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFont, QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from tests.gui.driving import show_window
from ui.cells.confusion_matrix import ConfusionMatrix
from ui.rows.log_table import LogTable
from ui.theme import DARK, LIGHT, ThemeManager, mono_font


@pytest.fixture
def table(qtbot: QtBot) -> LogTable:
    widget = LogTable()
    qtbot.addWidget(widget)
    widget.resize(300, 200)
    show_window(qtbot, widget)
    return widget


def rows(first: int, count: int) -> list[tuple[int, float, float]]:
    return [(500 * step, 1 / step, 1 - 0.1 / step) for step in range(first, first + count)]


def test_the_model_obeys_the_rules_of_qt(table: LogTable, qtmodeltester: ModelTester) -> None:
    table.append(rows(1, 5))
    qtmodeltester.check(table.model(), force_py=True)


def test_numbers_are_written_in_columns_that_line_up(table: LogTable) -> None:
    table.append([(12_500, 0.0368, 0.99669)])
    index = table.model().index
    assert [index(0, column).data() for column in range(3)] == ["12,500", "0.037", "0.997"]
    alignment = index(0, 1).data(Qt.ItemDataRole.TextAlignmentRole)
    assert alignment & Qt.AlignmentFlag.AlignRight
    headers = [table.model().headerData(column, Qt.Orientation.Horizontal) for column in range(3)]
    assert headers == ["step", "loss", "accuracy"]


def test_a_diverged_loss_can_be_written(table: LogTable) -> None:
    table.append([(500, float("inf"), 0.5), (1000, float("nan"), 0.5)])
    assert table.model().index(0, 1).data() == "∞"
    assert table.model().index(1, 1).data() == "NaN"


def test_the_table_follows_its_end(table: LogTable) -> None:
    for first in range(1, 100, 10):
        table.append(rows(first, 10))
    bar = table.verticalScrollBar()
    assert bar.maximum() > 0
    assert bar.value() == bar.maximum()


def test_the_table_stays_where_the_user_has_scrolled(qtbot: QtBot, table: LogTable) -> None:
    table.append(rows(1, 100))
    bar = table.verticalScrollBar()
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    assert bar.value() == 0
    table.append(rows(101, 10))
    assert bar.value() == 0
    bar.setValue(bar.maximum())
    table.append(rows(111, 10))
    qtbot.waitUntil(lambda: table.indexAt(table.viewport().rect().bottomLeft()).row() >= 118)
    assert bar.value() == bar.maximum()


def test_ctrl_c_copies_the_chosen_rows_with_full_precision(qtbot: QtBot, table: LogTable) -> None:
    table.append(rows(1, 4))
    table.setFocus()
    table.selectRow(2)
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = ["step\tloss\taccuracy", "1500\t0.3333333333333333\t0.9666666666666667", ""]
    assert QGuiApplication.clipboard().text() == "\n".join(lines)


def test_without_a_choice_everything_is_copied(table: LogTable) -> None:
    table.append(rows(1, 3))
    assert table.copy_selection().count("\n") == 4


def test_rows_can_be_replaced_and_removed(table: LogTable) -> None:
    table.append(rows(1, 3))
    table.set_rows(rows(7, 2))
    assert table.rows() == rows(7, 2)
    table.clear()
    assert table.rows() == []


def test_an_empty_table_shows_that_it_has_the_keyboard(table: LogTable) -> None:
    table.clearFocus()
    without = table.grab().toImage()
    table.setFocus()
    assert table.hasFocus()
    assert table.grab().toImage() != without


def test_a_row_of_another_width_is_refused(table: LogTable) -> None:
    with pytest.raises(ValueError, match="step, loss, accuracy"):
        table.append([(1, 0.5)])
    assert table.rows() == []


def test_an_empty_table_says_what_to_do(table: LogTable) -> None:
    empty = table.viewport().grab().toImage()
    table.set_placeholder("Press Train to start")
    assert table.viewport().grab().toImage() != empty


@pytest.mark.parametrize("presenter", [False, True])
def test_no_number_is_cut_at_the_smallest_size(table: LogTable, theme: ThemeManager, presenter: bool) -> None:
    theme.set_presenter(presenter)
    table.append([(60_000, 12.345, 0.999)])
    table.resize(table.minimumSizeHint())
    metrics = table.fontMetrics()
    for column, text in enumerate(("60,000", "12.345", "0.999")):
        assert table.columnWidth(column) >= metrics.horizontalAdvance(text) + theme.theme.px(16)
    assert table.rowHeight(0) >= metrics.height()


@pytest.fixture
def matrix(qtbot: QtBot) -> ConfusionMatrix:
    widget = ConfusionMatrix()
    qtbot.addWidget(widget)
    widget.set_matrix([[975, 5], [0, 1135]], ["0", "1"])
    widget.resize(345, widget.sizeHint().height())
    show_window(qtbot, widget)
    return widget


def cell_color(matrix: ConfusionMatrix, row: int, col: int) -> str:
    at = matrix.cell_rect(row, col).topRight().toPoint() + QPoint(-3, 4)
    return matrix.grab().toImage().pixelColor(at).name().upper()


def test_the_diagonal_is_tinted_and_mistakes_are_marked(matrix: ConfusionMatrix) -> None:
    assert cell_color(matrix, 0, 0) == LIGHT.accent_soft
    assert cell_color(matrix, 1, 1) == LIGHT.accent_soft
    assert cell_color(matrix, 0, 1) == LIGHT.danger_soft
    corner = matrix.cell_rect(0, 1).topLeft().toPoint() + QPoint(1, 2)
    assert matrix.grab().toImage().pixelColor(corner).name().upper() == LIGHT.danger


def test_clicking_a_cell_tells_true_and_predicted_class(qtbot: QtBot, matrix: ConfusionMatrix) -> None:
    with qtbot.waitSignal(matrix.cellSelected) as selected:
        qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.cell_rect(0, 1).center().toPoint())
    assert selected.args == [0, 1]
    assert matrix.current() == (0, 1)
    with qtbot.assertNotEmitted(matrix.cellSelected):
        qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))


def test_arrow_keys_walk_over_the_cells(qtbot: QtBot, matrix: ConfusionMatrix) -> None:
    seen: list[tuple[int, int]] = []
    matrix.cellSelected.connect(lambda true, predicted: seen.append((true, predicted)))
    matrix.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Left):
        qtbot.keyClick(matrix, key)
    assert seen == [(0, 0), (0, 1), (1, 1), (1, 0)], "a key over the edge leads nowhere"


def test_setters_are_silent(qtbot: QtBot, matrix: ConfusionMatrix) -> None:
    with qtbot.assertNotEmitted(matrix.cellSelected):
        matrix.set_current(1, 0)
        matrix.set_matrix(np.eye(3, dtype=int), ["a", "b", "c"])
    assert matrix.current() is None


def test_the_shape_must_go_with_the_names(matrix: ConfusionMatrix) -> None:
    with pytest.raises(ValueError, match="3 classes need a matrix of 3 x 3"):
        matrix.set_matrix([[1, 2], [3, 4]], ["a", "b", "c"])


def test_the_number_of_mistakes_is_told_to_a_screen_reader(matrix: ConfusionMatrix) -> None:
    assert matrix.accessibleDescription() == "2,115 images, 5 mistakes"


@pytest.mark.parametrize("presenter", [False, True])
@pytest.mark.parametrize("count", [2, 3, 5, 10])
def test_every_count_fits_into_its_cell(
    qtbot: QtBot, theme: ThemeManager, count: int, presenter: bool
) -> None:
    theme.set_presenter(presenter)
    counts = np.full((count, count), 7)
    np.fill_diagonal(counts, 1135)
    matrix, window = ConfusionMatrix(), QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(matrix)
    layout.addStretch(1)
    matrix.set_matrix(counts, [str(name) for name in range(count)])
    window.resize(layout.minimumSize())
    show_window(qtbot, window)
    metrics = QFontMetrics(mono_font(weight=QFont.Weight.Medium, theme=theme.theme))
    last = matrix.cell_rect(count - 1, count - 1)
    qtbot.waitUntil(lambda: matrix.cell_rect(count - 1, count - 1).bottom() <= matrix.height() + 0.5)
    shown = {matrix.written(row, col) for row, col in np.ndindex(count, count)}
    share = 100 * 1135 / (1135 + 7 * (count - 1))
    expected = {"1", f"{share:.0f}"} if matrix.in_percent() else {"7", "1135"}
    assert {text.replace(",", "") for text in shown} == expected
    assert last.width() >= max(map(metrics.horizontalAdvance, shown))
    assert last.right() <= matrix.width() + 0.5
    assert presenter or matrix.minimumSizeHint().width() <= 252
    window.resize(theme.theme.px(344), window.height())
    qtbot.waitUntil(lambda: not matrix.in_percent())
    assert matrix.written(0, 0).replace(",", "") == "1135"
    assert matrix.cell_rect(0, 0).width() >= metrics.horizontalAdvance("1135")


def test_without_counts_the_placeholder_is_shown(matrix: ConfusionMatrix) -> None:
    matrix.set_matrix(None, ["0", "1"])
    empty = matrix.grab().toImage()
    matrix.set_placeholder("Evaluated at the end of each epoch")
    assert matrix.grab().toImage() != empty
    assert matrix.cell_at(matrix.rect().center().toPointF()) is None


def test_the_matrix_follows_the_theme(matrix: ConfusionMatrix, theme: ThemeManager) -> None:
    theme.set_mode("dark")
    assert cell_color(matrix, 0, 0) == DARK.accent_soft
