import numpy as np
import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPoint, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from tests.gui.driving import show_window
from ui.rows.prediction_bars import PredictionBars
from ui.theme import DARK, LIGHT, ThemeManager
from ui.tiles.sample_strip import SampleGrid

COUNT = 10_000


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (COUNT, 1, 28, 28), dtype=np.uint8)


def show(grid: SampleGrid, images: np.ndarray, indices: np.ndarray) -> None:
    texts = [f"#{index} · class {index % 10} · predicted {index % 9}" for index in indices]
    grid.set_images(images, indices, texts, indices % 7 == 0)


@pytest.fixture
def grid(qtbot: QtBot, images: np.ndarray) -> SampleGrid:
    widget = SampleGrid()
    qtbot.addWidget(widget)
    show(widget, images, np.arange(0, COUNT, 2))
    widget.resize(230, 500)
    show_window(qtbot, widget)
    return widget


def center(grid: SampleGrid, row: int) -> QPoint:
    return grid.visualRect(grid.model().index(row, 0)).center()


def test_the_model_obeys_the_rules_of_qt(grid: SampleGrid, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(grid.model(), force_py=True)


def test_clicking_a_thumbnail_asks_for_its_number_in_the_data_set(qtbot: QtBot, grid: SampleGrid) -> None:
    with qtbot.waitSignal(grid.sampleRequested) as asked:
        qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=center(grid, 4))
    assert asked.args == [8]
    assert grid.current() == 8


def test_arrow_keys_ask_for_neighbours(qtbot: QtBot, grid: SampleGrid) -> None:
    grid.set_current(0)
    asked: list[int] = []
    grid.sampleRequested.connect(asked.append)
    grid.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left):
        qtbot.keyClick(grid, key)
    assert asked == [2, 4, 10, 8]


def test_choosing_by_the_program_is_silent_and_scrolls_there(qtbot: QtBot, grid: SampleGrid) -> None:
    with qtbot.assertNotEmitted(grid.sampleRequested):
        grid.set_current(9_000)
    assert grid.current() == 9_000
    assert grid.viewport().rect().contains(center(grid, 4_500))


def test_an_image_that_is_not_shown_cannot_be_chosen(qtbot: QtBot, grid: SampleGrid) -> None:
    grid.set_current(4)
    grid.set_current(5)
    assert grid.current() is None
    grid.set_current(None)
    assert grid.current() is None


def test_the_chosen_image_stays_chosen_when_others_are_filtered_out(
    qtbot: QtBot, grid: SampleGrid, images: np.ndarray
) -> None:
    grid.set_current(300)
    with qtbot.assertNotEmitted(grid.sampleRequested):
        show(grid, images, np.arange(0, COUNT, 3))
    assert grid.current() == 300
    with qtbot.assertNotEmitted(grid.sampleRequested):
        show(grid, images, np.arange(1, COUNT, 3))
    assert grid.current() is None


def test_columns_fill_the_width_evenly(grid: SampleGrid) -> None:
    for width in (180, 230, 301, 415):
        grid.resize(width, 500)
        rows = [grid.visualRect(grid.model().index(row, 0)) for row in range(40)]
        first = [rect for rect in rows if rect.top() == rows[0].top()]
        free = grid.viewport().width() - first[-1].right()
        assert len({rect.width() for rect in rows}) == 1
        assert 0 <= free <= len(first) + 4, (width, free)
        assert first[-1].right() < grid.viewport().width()


def test_pixels_are_those_of_the_image(qtbot: QtBot) -> None:
    images = np.zeros((2, 1, 28, 28), dtype=np.uint8)
    images[1] = 200
    grid = SampleGrid()
    qtbot.addWidget(grid)
    grid.resize(230, 200)
    grid.set_images(images, np.arange(2), ["", ""], np.zeros(2, dtype=bool))
    picture = grid.viewport().grab().toImage()
    assert picture.pixelColor(center(grid, 0)).lightness() == 0
    assert picture.pixelColor(center(grid, 1)).lightness() == 200


def has_sign(grid: SampleGrid, row: int, color: str) -> bool:
    """Whether the upper right corner of a thumbnail has the colour of the sign of a mistake."""
    picture = grid.viewport().grab().toImage()
    rect = grid.visualRect(grid.model().index(row, 0))
    corner = [
        picture.pixelColor(x, y).name().upper()
        for x in range(rect.right() - 20, rect.right())
        for y in range(rect.top(), rect.top() + 20)
    ]
    return color in corner


def test_mistakes_bear_a_sign(qtbot: QtBot) -> None:
    grid = SampleGrid()
    qtbot.addWidget(grid)
    grid.resize(230, 200)
    black = np.zeros((2, 1, 28, 28), dtype=np.uint8)
    grid.set_images(black, np.arange(2), ["right", "wrong"], np.array([False, True]))
    assert not has_sign(grid, 0, LIGHT.danger_soft.upper())
    assert has_sign(grid, 1, LIGHT.danger_soft.upper())
    grid.set_marks(["wrong", "right"], np.array([True, False]))
    assert has_sign(grid, 0, LIGHT.danger_soft.upper())
    assert not has_sign(grid, 1, LIGHT.danger_soft.upper())


def test_new_marks_keep_the_scroll_position_and_change_the_tool_tip(grid: SampleGrid) -> None:
    grid.verticalScrollBar().setValue(700)
    grid.set_marks([f"new {row}" for row in range(COUNT // 2)], np.ones(COUNT // 2, dtype=bool))
    assert grid.verticalScrollBar().value() == 700
    model: QAbstractItemModel = grid.model()
    assert model.index(3, 0).data(Qt.ItemDataRole.ToolTipRole) == "new 3"
    assert model.index(3, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "new 3"


def test_without_images_the_placeholder_is_shown(grid: SampleGrid, images: np.ndarray) -> None:
    show(grid, images, np.zeros(0, dtype=np.intp))
    empty = grid.viewport().grab().toImage()
    grid.set_placeholder("No test image is misclassified")
    assert grid.viewport().grab().toImage() != empty
    assert grid.indices().size == 0


def test_the_model_refuses_rows_that_are_not_there(grid: SampleGrid) -> None:
    assert grid.model().data(QModelIndex(), Qt.ItemDataRole.ToolTipRole) is None


def test_thumbnails_grow_in_presenter_mode(grid: SampleGrid, theme: ThemeManager) -> None:
    before = grid.visualRect(grid.model().index(0, 0)).width()
    theme.set_presenter(True)
    assert grid.visualRect(grid.model().index(0, 0)).width() > 1.2 * before


@pytest.fixture
def bars(qtbot: QtBot) -> PredictionBars:
    widget = PredictionBars()
    qtbot.addWidget(widget)
    widget.resize(210, widget.sizeHint().height())
    return widget


def accent_width(bars: PredictionBars, row: int, color: str, rows: int = 2) -> int:
    """Pixels of a colour in the middle of a row."""
    picture = bars.grab().toImage()
    height = picture.height() // rows
    y = row * height + height // 2
    return sum(picture.pixelColor(x, y).name().upper() == color for x in range(picture.width()))


def test_the_predicted_class_has_the_accent_and_bars_are_in_proportion(bars: PredictionBars) -> None:
    bars.set_probabilities(["0", "1", "2"], [0.2, 0.7, 0.1])
    bars.resize(240, bars.sizeHint().height())
    assert bars.predicted() == 1
    assert accent_width(bars, 0, LIGHT.accent, rows=3) == 0
    widths = [accent_width(bars, row, LIGHT.accent if row == 1 else LIGHT.muted, rows=3) for row in range(3)]
    assert widths[0] / widths[1] == pytest.approx(2 / 7, abs=0.08)
    assert widths[2] / widths[1] == pytest.approx(1 / 7, abs=0.08)


def test_the_true_class_is_named_and_marked(bars: PredictionBars) -> None:
    bars.set_probabilities(["cat", "dog"], [0.9, 0.1])
    plain = bars.grab().toImage()
    bars.set_probabilities(["cat", "dog"], [0.9, 0.1], true_index=1)
    assert bars.grab().toImage() != plain
    assert "class dog: probability 0.1, the true class" in bars.accessibleDescription()
    assert "class cat: probability 0.9, predicted" in bars.accessibleDescription()


def test_without_a_prediction_bars_are_empty(bars: PredictionBars) -> None:
    bars.set_probabilities(["0", "1"], None)
    assert bars.predicted() is None
    assert accent_width(bars, 0, LIGHT.accent) == 0
    bars.set_probabilities([], None)
    empty = bars.grab().toImage()
    bars.set_placeholder("Choose a sample")
    assert bars.grab().toImage() != empty


def test_probabilities_must_go_with_the_names(bars: PredictionBars) -> None:
    with pytest.raises(ValueError, match="2 classes need 2 probabilities"):
        bars.set_probabilities(["0", "1"], [1.0])


@pytest.mark.parametrize("presenter", [False, True])
def test_ten_classes_with_long_names_fit(bars: PredictionBars, theme: ThemeManager, presenter: bool) -> None:
    theme.set_presenter(presenter)
    names = [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ]
    bars.set_probabilities(names, np.full(10, 0.1))
    assert bars.sizeHint().height() >= 10 * bars.fontMetrics().height()
    bars.resize(bars.minimumSizeHint())
    bars.grab()


def test_bars_follow_the_theme(bars: PredictionBars, theme: ThemeManager) -> None:
    bars.set_probabilities(["0", "1"], [0.9, 0.1])
    theme.set_mode("dark")
    assert accent_width(bars, 0, DARK.accent) > 20
