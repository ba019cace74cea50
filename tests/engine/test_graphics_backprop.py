"""Formulas, steps, excerpts of maps, lists, numbers and colours: what is drawn, and that it has room."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from cnnviz.drawing import LIGHT, Box, CellKey, Cells, Colors, Image, Rect, Text, drawn
from cnnviz.drawing.cells import cell_numbers, number_cell
from cnnviz.graphics.curves import CURVES, Curve, Curves, Marker
from cnnviz.graphics.formula import FORMULA, Formulas, height
from cnnviz.graphics.heat_map import HEAT_MAP, HeatMap, Looked, fitting, inside
from cnnviz.graphics.probabilities import PREDICTIONS, Predictions
from cnnviz.graphics.steps import STEPS, Steps
from cnnviz.graphics.texts import STATEMENT, VALUES, Statement, Value, Values
from cnnviz.graphics.tiles import FRAMED, TILES, Chosen, Framed, Tiles, Whole
from cnnviz.mathematics import Frac, Number, Sub, Sup, partial, plain
from cnnviz.mathematics import Text as Words
from cnnviz.notation import Notation
from cnnviz.palette import COLOR_MAPS, sequential_levels, signed_levels
from cnnviz.quantities import format_value
from tests.engine.drawing_cases import Go, ground
from tests.oracles import luminance

LONG = (
    partial("L", Sub("w", "3,4")),
    "=",
    Number("−0.0622"),
    "·",
    Number("+0.161"),
    Words(" + 70 more terms that make it long", "muted"),
    "=",
    Number("−0.01", "accent"),
)


def test_a_formula_reads_as_ordinary_text_wraps_writes_its_signs_alike_and_hides_its_results() -> None:
    assert plain(LONG).startswith("∂L/∂w_3,4 = −0.0622 · +0.161 + 70 more")
    assert plain((Sup("e", "−z"), Frac("a", "b"))) == "e^−za/b"
    shown = Formulas((LONG,))
    assert "70 more" in FORMULA.words(shown)
    assert height(shown, 220, LIGHT) > 1.5 * height(shown, 2000, LIGHT)
    drawing = drawn(FORMULA, Formulas(((Number("1 − 2e−5"), "−", Number("1")),)), 800, LIGHT)
    signs = [mark for mark in drawing.all_marks() if isinstance(mark, Text) and mark.words.strip() == "−"]
    assert len(signs) == 2
    assert len({mark.font for mark in signs}) == 1
    texts = drawn(FORMULA, Formulas((LONG,), True), 800, LIGHT).texts()
    assert "?" in texts
    assert "−0.01" not in texts
    assert "+0.161" in texts


def test_steps_are_names_shortened_or_in_several_lines_and_none_ever_moves() -> None:
    titles = tuple((f"short{place}", f"A rather long title {place}") for place in range(9))
    for width, which, lines in ((1600, 1, 1), (620, 0, 1), (300, 0, 2), (180, 0, 3)):
        shown = [Steps(titles, current, Go) for current in (2, 0, 8)]
        high = STEPS.height(shown[0], width, LIGHT)
        drawings = [STEPS.draw(each, ground(width, high)) for each in shown]
        boxes = [[part.box for part in drawing.parts] for drawing in drawings]
        assert boxes[0] == boxes[1] == boxes[2]
        assert max(box.right for box in boxes[0]) <= width
        assert max(box.bottom for box in boxes[0]) <= high
        assert len({box.top for box in boxes[0]}) == lines
        assert drawings[0].texts() == [names[which] for names in titles]


def test_steps_say_how_far_one_is_and_ask_for_what_is_pressed_and_for_their_neighbours() -> None:
    titles = tuple((name, name.upper()) for name in "abcd")
    drawing = drawn(STEPS, Steps(titles, 2, Go), 400, LIGHT)
    lines = [mark.box for mark in drawing.marks if isinstance(mark, Rect) and mark.fill == "accent"]
    below = [[line.height for line in lines if part.box.has(line.x, line.y)] for part in drawing.parts]
    assert below == [[1], [1], [3], []]
    assert (drawing.part(3).ask, drawing.part(3).tip) == (Go(3), "Step 4 of 4, to come: D")
    assert (drawing.keys["left"], drawing.keys["right"], drawing.keys["end"]) == (Go(1), Go(3), Go(3))
    assert STEPS.words(Steps(titles, 1, Go)) == "step 2 of 4: B"


def excerpt(**more) -> Looked:
    values = np.arange(100.0).reshape(10, 10)
    return Looked(HeatMap(values, Colors("signed", -100, 100), (4, 5, 4, 4), press=Go, has_key=True, **more))


def test_an_excerpt_speaks_of_cells_of_the_whole_map() -> None:
    drawing = drawn(HEAT_MAP, excerpt(), 300, LIGHT)
    found = drawing.part(CellKey("cell", 2, 1))
    assert found.ask == Go(6, 6)
    assert found.tip == "row 6, column 6: +66"
    assert drawing.part(CellKey("cell", 4, 0)) is None
    assert {"4", "7", "5", "8"} <= set(drawing.texts()), "rows and columns are numbered as in the whole map"
    assert inside((5, 6, 1, 1), excerpt().map.shown) == (1, 1, 1, 1)
    assert inside((0, 0, 2, 2), excerpt().map.shown) is None


def test_cells_that_are_struck_out_look_different_from_zeros() -> None:
    values = np.zeros((1, 2))
    shown = Looked(HeatMap(values, Colors("signed", -1, 1), struck=np.array([[True, False]])))
    drawing = HEAT_MAP.draw(shown, ground(200, 150))
    boxes = [drawing.part(CellKey("cell", 0, n)).box for n in (0, 1)]
    grey = [mark.box for mark in drawing.all_marks() if isinstance(mark, Rect) and mark.fill == "track"]
    assert [any(each.inset(1).has(box.x, box.y) for each in grey) for box in boxes] == [True, False]


def test_more_cells_are_shown_where_there_is_more_room() -> None:
    counts = [fitting(Box(0, 0, side, side), LIGHT) for side in (60, 200, 300, 400, 1200)]
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == ((3, 3), (10, 10))
    rows, cols = fitting(Box(0, 0, 600, 220), LIGHT)
    assert cols > 2 * rows, "a wide room is used"


def test_a_frame_asks_for_a_place_and_arrow_keys_move_it() -> None:
    whole = Whole(np.zeros((26, 26), np.uint32), Go)
    drawing = FRAMED.draw(Framed(whole, (4, 6, 8, 8), 2), ground(130, 130))
    found = drawing.part(CellKey("whole", 20, 3))
    assert found.ask == Go(20.5 / 26, 3.5 / 26)
    assert found.follows
    middle = whole.at(4 + 3, 6 + 3)
    assert drawing.keys["down"] == Go(middle.one + 2 / 26, middle.other)


def test_a_plot_places_its_points_and_asks_for_where_it_is_pressed() -> None:
    x = np.linspace(0.0, 20.0, 21)
    plot = Curves((Curve("loss", x, x**2),), (Marker(5.0, "kink"),), "poke", "loss", asks=Go)
    drawing = CURVES.draw(plot, ground(300, 200))
    at = drawing.part_at(150, 80)
    assert abs(at.ask.one - 20 * (150 - 40) / 250) < 3
    assert "kink" in drawing.texts()
    read = CURVES.draw(plot, ground(300, 200, hovered=at.key)).texts()
    assert set(drawing.texts()) < set(read), "what is pointed at is written"
    ends = np.array([np.nan, 1.0, 2.0, np.inf])
    plot = Curves((Curve("secant", x[:4], ends), Curve("nowhere", x[:4], ends * np.nan)))
    assert CURVES.words(plot) == "secant from 1 to 2."


def test_numbers_are_never_cut_and_names_are() -> None:
    rows = (Value("a", "a name that is long " * 4, "+1.8342e−04", tip="why"),)
    drawing = VALUES.draw(Values(rows), ground(200))
    assert "+1.8342e−04" in drawing.texts()
    assert any(text.endswith("…") for text in drawing.texts())
    assert drawing.part("a").tip.endswith("why")
    columns = Values((Value("a", "name", "1,425", more=("–", "12")),), ("first", "all", "split"), 1, "which")
    drawing = VALUES.draw(columns, ground(VALUES.size(columns, LIGHT).least_width))
    assert [text for text in drawing.texts() if text] == ["first", "all", "split", "name", "1,425", "–", "12"]
    assert VALUES.words(columns) == "name: first 1,425, all –, split 12"
    assert drawing.part("").tip == "which"


def test_a_list_says_its_rows_and_asks_for_one() -> None:
    rows = tuple(Value(f"w[{n}]", f"w[{n}]", f"{n}", tip=f"about {n}", ask=Go(n)) for n in range(30))
    listed = Values(rows, ("error",), current=-1, names="parameter")
    drawing = drawn(VALUES, listed, 240, LIGHT)
    assert drawing.part("w[12]").ask == Go(12)
    assert drawing.part("w[12]").tip == "w[12]: error 12\nabout 12"
    assert drawing.next_part(None, 0, 0).key == "w[0]"
    assert drawing.next_part("w[12]", 1, 0).key == "w[13]"
    assert drawing.texts()[:2] == ["parameter", "error"]
    assert drawing.parts[-1].box.bottom <= drawing.ground.box.bottom
    assert VALUES.tables(listed)[0].rows[3] == ("w[3]", "3")
    assert VALUES.words(listed) == "30 rows"


def test_predictions_say_both_sides_or_the_one_that_is_known() -> None:
    before, after = np.array([0.25, 0.75]), np.array([0.2, 0.8])
    both = Predictions(("0", "1"), before, after, ("before", "after"), label=1)
    assert both.say() == "class 0: before 0.25, after 0.2\nclass 1: before 0.75, after 0.8"
    assert "before → after" in drawn(PREDICTIONS, both, 240, LIGHT).texts()
    one = Predictions(("0", "1"), before, None, ("before", "after"))
    assert one.say() == "class 0: before 0.25\nclass 1: before 0.75"
    assert drawn(PREDICTIONS, one, 240, LIGHT).texts() == ["before", "0", "0.25", "1", "0.75"]
    ten = Predictions(tuple("0123456789"), np.eye(10)[0], None, label=7)
    assert 7 in ten.shown


def test_the_numbers_of_a_statement_are_strong_and_it_has_room_for_longer_words() -> None:
    shown = Statement("Max-pooled maps changed by *1.09*, the convolution by *1.25*. It reads 1.", "warning")
    marks = [mark for mark in drawn(STATEMENT, shown, 140, LIGHT).all_marks() if isinstance(mark, Text)]
    assert [mark.words for mark in marks if mark.font.weight == "strong"] == ["1.09", "1.25"]
    assert STATEMENT.words(shown).startswith("Max-pooled maps changed by 1.09, the")
    words = "They move along. " * 9
    short, long = Statement("The maps stay.", longest=words), Statement(words)
    assert STATEMENT.height(short, 200, LIGHT) == STATEMENT.height(long, 200, LIGHT)


@pytest.mark.parametrize("ends", [(0.1883, 0.2031), (0.195917, 0.195933), (-0.7, 0.9), (11.0, 12.9)])
def test_an_axis_has_at_least_two_numbers_that_differ(ends: tuple[float, float]) -> None:
    plot = Curves((Curve("loss", np.array([-1.0, 1.0]), np.array(ends)),), x_name="change", y_range=ends)
    marks = drawn(CURVES, plot, 230, LIGHT).all_marks()
    beside = [mark.words for mark in marks if isinstance(mark, Text) and mark.anchor == "end"]
    assert len(set(beside)) == len(beside) >= 2


def test_a_short_bar_of_colours_has_its_numbers_below() -> None:
    maps = np.linspace(-1, 1, 32).reshape(8, 2, 2) * 0.0017
    shown = Chosen(Tiles(maps, Colors.of("signed", maps), Go), 0)
    for width in (130, 300):
        drawing = TILES.draw(shown, ground(width, 140))
        numbers = [m for m in drawing.all_marks() if isinstance(m, Text) and m.words.endswith("0.0017")]
        bar = next(m.box for m in drawing.all_marks() if isinstance(m, Image) and m.pixels.shape == (1, 64))
        assert bar.width >= 40
        assert {number.y > bar.bottom for number in numbers} == {width == 130}


@pytest.mark.parametrize("times", [1.0, 0.37, 0.0123, 12.0, 1e-6, 4000.0])
def test_numbers_beside_captions_come_and_go_with_the_room_and_not_with_their_values(times: float) -> None:
    maps = times * np.arange(1.0, 9.0)[:, None, None] * np.eye(6)
    tiles, small = Tiles(maps, Colors.of("signed", maps), Go, says="largest"), LIGHT.font("small")
    assert tiles.labels(36, LIGHT) == tuple("01234567")
    for width in (56, 80):
        labels = tiles.labels(width, LIGHT)
        assert max(map(small.width, labels)) <= width
        assert labels[7].startswith("7: ") or not 0.01 < times < 100
        assert labels[0] in ("0", f"0: {format_value(times, 2)}"), "as in the head of the column"
    for wide in (90, 136):  # in a low box maps are small, and stand apart where the column is wide
        low = TILES.draw(Chosen(replace(tiles, has_key=False, most=192), 0), ground(wide, 244))
        assert any(text.startswith("7: ") for text in low.texts()) == (wide == 136) or not 0.01 < times < 100
    tiles = replace(tiles, says="sum", maps=-maps)
    for width in (tiles.noted(LIGHT), 60):  # with fewer digits, or more
        assert tiles.labels(width, LIGHT)[7].startswith("7: −") or not 0.01 < times < 100
    drawing = TILES.draw(Chosen(replace(tiles, has_key=False, most=192), 0), ground(136, 244))
    strong = [m.words for m in drawing.all_marks() if isinstance(m, Text) and m.font.weight == "strong"]
    assert [text.split(":")[0] for text in strong] == ["7"], "the largest sum"
    assert times != 0.37 or tiles.say_cell(7, 0, 0).endswith("−2.96; sum of all −17.76"), "of six"


@pytest.mark.parametrize("size", [(288, 92), (340, 92), (200, 140)])
def test_names_of_maps_do_not_run_together(size: tuple[int, int]) -> None:
    names = tuple(f"{n},088" for n in range(8))
    tiles = Tiles(np.zeros((8, 28, 28)), Colors("grey", 0, 1), captions=names, has_key=False, most=64)
    told = TILES.draw(Chosen(tiles), ground(*size)).all_marks()
    boxes = [mark.box for mark in told if isinstance(mark, Text)]
    assert len(boxes) == 8
    assert all(one.right + 3 <= two.left or one.bottom <= two.top for one, two in pairwise(boxes))


@pytest.mark.parametrize("point", [None, lambda *at: Go(at)])
def test_the_number_below_a_map_and_the_gap_beside_it_choose_the_map(point: Callable[..., Go] | None) -> None:
    tiles = Tiles(np.zeros((4, 6, 6)), Colors("grey", 0, 2), Go, point=point, has_key=False)
    drawing = TILES.draw(Chosen(tiles, 0), ground(300, 100))
    first, second = [mark.box for mark in drawing.all_marks() if isinstance(mark, Image)][:2]
    (number,) = [mark for mark in drawing.all_marks() if isinstance(mark, Text) and mark.words == "1"]
    for x, y, place in ((number.x, number.y, 1), ((first.right + second.left) / 2 - 1, first.y, 0)):
        found = drawing.part_at(x, y)
        assert (found.ask, found.tip) == (Go(place), f"map {place}")
        assert drawing.part(found.key) is not None


# -- numbers in cells ----------------------------------------------------------------------------------------


def written(values: list[list[float]], side: float, *, is_window: bool) -> list[str]:
    """What stands in the cells of a map, cell by cell."""
    array = np.array(values)
    groups = np.zeros(array.shape, int) if is_window else None
    grid, colors = Cells(*array.shape, 0, 0, side), Colors.of("signed", array)
    texts = [""] * array.size
    for text in cell_numbers(array, colors, grid, LIGHT, Notation.of(array, signed=True), groups):
        row, col = grid.at(text.x, text.y)
        texts[row * array.shape[1] + col] += text.words
    return texts if any(texts) else []


def test_unequal_values_of_a_window_look_unequal_and_equal_ones_equal() -> None:
    window = [[-0.352, -0.3523], [-0.352, -0.3]]
    assert len(set(written(window, 90, is_window=False))) == 2
    assert written(window, 90, is_window=True) == ["−0.3520", "−0.3523", "−0.3520", "−0.3000"]


@pytest.mark.parametrize("side", [40, 46, 54, 90])
@pytest.mark.parametrize("largest", [0.52, 0.054, 0.02, 7.3e-6, 43.0, 1234.0])
def test_a_map_has_two_figures_of_its_largest_number_in_every_cell_or_none_at_all(
    side: int, largest: float
) -> None:
    texts = written([[largest, -largest / 40], [largest / 2000, 0.0]], side, is_window=False)
    if not texts:
        assert side < number_cell(LIGHT), "this is the room that two figures need"
        return
    assert texts[3] == "0", "which is written for zero alone"
    assert {len(text.partition(".")[2]) for text in texts[:3]} == {len(texts[0].partition(".")[2])}
    assert len(texts[0].lstrip("+0.").replace(".", "").replace(",", "")) >= 2, "0.054 is not +0.1"
    assert texts[1].startswith("−")


# -- colours -------------------------------------------------------------------------------------------------


def test_the_signed_map_goes_from_blue_through_white_to_red_and_others_grow_lighter() -> None:
    signed = COLOR_MAPS["signed"].tolist()
    assert signed[0] == [0x21, 0x66, 0xAC]
    assert signed[127] == signed[128] == [0xF7, 0xF7, 0xF7]
    assert signed[255] == [0xB2, 0x18, 0x2B]
    for table in (COLOR_MAPS["sequential"], COLOR_MAPS["grey"]):
        # Neighbours may differ by less than the rounding to whole numbers.
        values = [luminance("#" + "".join(f"{part:02X}" for part in row)) for row in table[::3].tolist()]
        assert np.all(np.diff(values) > 0)


@pytest.mark.parametrize(
    ("levels", "values", "expected"),
    [
        (signed_levels, [-3.0, 1.0], (-3.0, 3.0)),
        (signed_levels, [0.0, 0.0], (-1.0, 1.0)),
        (signed_levels, [], (-1.0, 1.0)),
        (signed_levels, [np.nan, -np.inf, 0.5], (-0.5, 0.5)),
        (sequential_levels, [2.0, 5.0], (2.0, 5.0)),
        (sequential_levels, [3.0, 3.0], (3.0, 4.0)),
        (sequential_levels, [1e17, 1e17], (1e17, 1e17 + 1e8)),
        (sequential_levels, [], (0.0, 1.0)),
        (sequential_levels, [np.nan, 1.0, 2.0], (1.0, 2.0)),
    ],
)
def test_signed_levels_are_symmetric_and_sequential_ones_rise(levels, values, expected) -> None:
    assert levels(values) == expected


def test_marks_slide_from_where_they_were_and_jump_to_another_row() -> None:
    """Half of the way is half way between both places, true for each size of a block."""
    shown, room = Looked(HeatMap(np.zeros((8, 8)), Colors("signed", -1, 1))), ground(200, 200)

    def placed(start: tuple[int, ...], end: tuple[int, ...], motion: float) -> Box:
        marked, left = ((("receptive", end),), (("receptive", start),))
        moving = room._replace(marked=marked, left=left, motion=motion)
        return HEAT_MAP.draw(shown, moving).marks[-1].box

    start, end = (placed((0, col, 3, 3), (0, col, 3, 3), 1) for col in (1, 2))
    assert placed((0, 1, 3, 3), (0, 2, 3, 3), 0.5).left == pytest.approx((start.left + end.left) / 2)
    assert placed((0, 1, 3, 3), (0, 2, 3, 3), 1) == end
    last, first = placed((0, 5, 3, 3), (0, 5, 3, 3), 1), placed((1, 0, 3, 3), (1, 0, 3, 3), 1)
    assert placed((0, 5, 3, 3), (1, 0, 3, 3), 0.5) == first != last
