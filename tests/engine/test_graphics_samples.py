"""Thumbnails, probabilities and the drawing board, asked of their drawings."""

import numpy as np
import pytest

from cnnviz.drawing import LIGHT, Box, CellKey, Drawing, Ground, Image, Rect, drawn, unpacked
from cnnviz.graphics.thumbnails import THUMBNAILS, Images, ShowImage, Thumbnails

MANY = np.random.default_rng(0).integers(0, 256, (10_000, 1, 28, 28), dtype=np.uint8)
EVEN = np.arange(0, 10_000, 2)


def images(indices=EVEN) -> Images:
    return Images(MANY, indices, [f"#{index}" for index in indices], indices % 7 == 0)


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
