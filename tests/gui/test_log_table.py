import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from tests.gui.driving import show_window
from ui.panels.training.log_table import LogTable
from ui.theme import LIGHT, ThemeManager


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
    for key in (Qt.Key.Key_End, Qt.Key.Key_Home):
        qtbot.keyClick(table, key, Qt.KeyboardModifier.ControlModifier)
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
    table.set_rows([])
    assert table.rows() == []


def test_an_empty_table_says_what_to_do_and_takes_no_keyboard(table: LogTable) -> None:
    empty = table.viewport().grab().toImage()
    table.set_placeholder("Press Train to start")
    assert table.viewport().grab().toImage() != empty
    assert table.focusPolicy() == Qt.FocusPolicy.NoFocus
    table.append(rows(1, 1))
    assert table.focusPolicy() == Qt.FocusPolicy.StrongFocus


def test_a_figure_of_it_has_the_rows_in_sight(table: LogTable) -> None:
    table.append(rows(1, 100))
    texts = table.figure(LIGHT).texts()
    assert texts[1:3] == ["loss", "accuracy"]
    assert "50,000" in texts
    assert "500" not in texts


@pytest.mark.parametrize("presenter", [False, True])
def test_no_number_is_cut_at_the_smallest_size(table: LogTable, theme: ThemeManager, presenter: bool) -> None:
    theme.set_presenter(presenter)
    table.append([(60_000, 12.345, 0.999)])
    table.resize(table.minimumSizeHint())
    metrics = table.fontMetrics()
    for column, text in enumerate(("60,000", "12.345", "0.999")):
        assert table.columnWidth(column) >= metrics.horizontalAdvance(text) + theme.theme.px(16)
    assert table.rowHeight(0) >= metrics.height()
