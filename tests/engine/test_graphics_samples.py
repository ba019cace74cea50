"""Thumbnails, probabilities and the drawing board, asked of their drawings."""

import numpy as np
import pytest

from cnnviz.drawing import (
    LIGHT,
    Box,
    CellKey,
    Drawing,
    Ground,
    Image,
    Line,
    Rect,
    drawn,
    unpacked,
)  # fmt: skip
from cnnviz.graphics.pictures import BOARD, PHOTO, Board, DrawTo, MovePen, Photo, blank, stroked
from cnnviz.graphics.probabilities import PROBABILITIES, Probabilities
from cnnviz.graphics.thumbnails import THUMBNAILS, Images, ShowImage, Thumbnails

MANY = np.random.default_rng(0).integers(0, 256, (10_000, 1, 28, 28), dtype=np.uint8)
EVEN = np.arange(0, 10_000, 2)


def images(indices=EVEN) -> Images:
    return Images(MANY, indices, lambda place: f"#{indices[place]}", indices % 7 == 0)


def thumbnails(current=None, scroll=0, width=200) -> Drawing:
    room = Ground(Box(0, 0, width, 300), LIGHT)
    return THUMBNAILS.draw(Thumbnails(images(), current, scroll), room)


def tiles_of(drawing: Drawing) -> list[Image]:
    return [mark for mark in drawing.all_marks() if isinstance(mark, Image)]


@pytest.mark.parametrize("width", [180, 230, 301, 415])
def test_of_thousands_of_images_only_those_in_sight_are_drawn_and_fill_the_width(width: int) -> None:
    drawing = thumbnails(scroll=20_000, width=width)
    boxes = [mark.box for mark in tiles_of(drawing)]
    assert all(0 < box.left < box.right < width for box in boxes)
    assert all(-70 < box.top < 300 for box in boxes)
    columns = len({box.left for box in boxes})
    assert 60 <= width / columns < 120
    assert len(boxes) <= columns * 6


def test_a_tile_shows_its_image_and_asks_for_its_place_in_the_data_set() -> None:
    drawing = thumbnails()
    np.testing.assert_array_equal(unpacked(tiles_of(drawing)[4].pixels)[..., 0], MANY[8, 0])
    part = drawing.part(CellKey("image", 1, 1))  # three in a row
    assert part is not None
    assert (part.tip, part.ask) == ("#8", ShowImage(8))
    assert thumbnails(scroll=66).part_at(70, 5) == part._replace(box=Box(66, 0, 66, 66))


def test_keys_lead_through_the_images_and_end_with_them() -> None:
    keys = thumbnails(current=8).keys
    asked = {
        "left": 6,
        "right": 10,
        "up": 2,
        "down": 14,
        "page up": 0,
        "page down": 32,
        "home": 0,
        "end": 9998,
    }
    assert keys == {name: ShowImage(index) for name, index in asked.items()}
    assert "left" not in thumbnails(current=0).keys
    assert thumbnails().keys["right"] == ShowImage(0), "the first where none is chosen"


def test_the_chosen_image_is_framed_and_mistakes_bear_a_sign() -> None:
    shown = Thumbnails(images(np.array([3, 7])), 3)
    marks = [m for m in drawn(THUMBNAILS, shown, 200, LIGHT).all_marks() if isinstance(m, Rect)]
    (frame,) = [mark.box for mark in marks if mark.edge == "accent"]
    (sign,) = [mark.box for mark in marks if mark.fill == "danger_soft"]
    assert frame.right < sign.left
    assert THUMBNAILS.words(shown) == "2 images. Chosen: #3."
    assert THUMBNAILS.words(Thumbnails(images(), 3)) == "5,000 images."


# -- probabilities ------------------------------------------------------------------------------------------

SHARES = (0.05, 0.3, 0.0, 0.2, 0.25, 0.1, 0.1)
NAMES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Ankle boot")


def bars(*args) -> list[Rect]:
    marks = drawn(PROBABILITIES, Probabilities(*args), 210, LIGHT).all_marks()
    return [mark for mark in marks if isinstance(mark, Rect) and mark.fill in ("accent", "muted")]


def test_bars_are_in_proportion_and_the_predicted_class_has_the_accent() -> None:
    found = bars(("0", "1", "2"), (0.2, 0.7, 0.1))
    assert [mark.fill for mark in found] == ["muted", "accent", "muted"]
    assert found[0].box.width / found[1].box.width == pytest.approx(2 / 7, abs=0.05)
    assert not bars(("0", "1")), "without a prediction there are none"
    assert PROBABILITIES.words(Probabilities(("0", "1"))) == "no prediction yet"


def test_the_predicted_and_the_true_class_are_said_and_ticked() -> None:
    shown = Probabilities(("cat", "dog"), (0.9, 0.1), 1)
    said = "class cat: probability 0.9, predicted; class dog: probability 0.1, the true class"
    assert PROBABILITIES.words(shown) == said
    (tick,) = [mark for mark in drawn(PROBABILITIES, shown, 210, LIGHT).marks if isinstance(mark, Line)]
    assert tick.ink == "danger"
    assert PROBABILITIES.tables(shown)[0].rows == [("cat", 0.9), ("dog", 0.1)]


def test_where_room_is_short_the_most_probable_classes_and_the_true_one_are_shown() -> None:
    assert Probabilities(NAMES, SHARES, None, 4).shown == [1, 3, 4, 5]
    assert Probabilities(NAMES, SHARES, 2, 4).shown == [1, 2, 3, 4]
    assert Probabilities(NAMES, SHARES, 2).shown == list(range(7))


# -- pictures and the drawing board -------------------------------------------------------------------------


def test_a_stroke_is_a_line_of_the_brush_with_round_ends_and_can_be_wiped_away() -> None:
    empty = blank(28, 28)
    dot = stroked(empty, (140, 140), (140, 140), 30, erases=False)
    assert (dot > 127).sum() == pytest.approx(np.pi * 15**2, rel=0.05)
    assert not empty.any(), "a board is never changed, another one is made"
    line = stroked(dot, (140, 40), (140, 240), 20, erases=False)
    assert line[140, 40:240].min() == 255
    assert not stroked(line, (140, -50), (140, 300), 60, erases=True).any()
    np.testing.assert_array_equal(stroked(empty, (-90, 9), (-60, 400), 24, erases=False), empty)


def board(**choices) -> Drawing:
    shown = Board(Photo(blank(28, 20)), hint="Draw here", **choices)
    return BOARD.draw(shown, Ground(Box(0, 0, 400, 300), LIGHT, has_focus=True))


def test_a_place_on_the_board_asks_for_its_pixel_also_beyond_the_edge() -> None:
    drawing, box = board(), Board(Photo(blank(28, 20))).box(Box(0, 0, 400, 300))
    assert (box.width, box.height) == (214, 300)
    for x, y, row, col in ((box.x, box.y, 139.5, 99.5), (box.right + 53.5, box.top, -0.5, 249.5)):
        part = drawing.part_at(x, y)
        assert part is not None
        assert isinstance(part.ask, DrawTo)
        assert (part.ask.row, part.ask.col) == pytest.approx((row, col), abs=0.8)
        assert part.follows
    assert drawing.keys["down"] == MovePen(6, 0)


def test_the_brush_is_outlined_at_the_pen_with_dashes_where_it_erases() -> None:
    for erases in (False, True):
        rings = [
            m
            for m in board(pen=(140, 100), erases=erases).marks
            if isinstance(m, Rect) and m.edge == "winner"
        ]
        assert [bool(mark.dash) for mark in rings] == [erases]
        assert (rings[0].box.x, rings[0].box.y) == pytest.approx((200.5, 150.5), abs=0.5)
    assert "Draw here" in board().texts()


def test_a_picture_has_its_shape_and_its_pixels_as_numbers() -> None:
    photo = Photo(MANY[3, 0, :20], "left top")
    (image,) = tiles_of(drawn(PHOTO, photo, 122, LIGHT, 114))
    assert image.box.width / image.box.height == pytest.approx(28 / 20)
    np.testing.assert_array_equal(PHOTO.tables(photo)[0].rows, photo.levels)
