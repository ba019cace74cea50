"""What holds for every page, whichever panel shows it."""

from itertools import combinations

from cnnviz.drawing import LIGHT, Box
from cnnviz.drawing.page import Leaf, Page, arranged


def assert_has_room(page: Page, room: Box) -> list[tuple[Leaf, Box]]:
    """All that is on a page lies in its room and covers nothing else; return where it lies."""
    places = list(arranged(page.body, room, LIGHT))
    for leaf, box in places:
        assert room.joined(box.inset(0.01)) == room, leaf.key
        assert box.width > 0, leaf.key
        assert box.height > 0, leaf.key
    for (leaf, one), (_, other) in combinations(places, 2):
        apart_across = one.right <= other.left + 0.01 or other.right <= one.left + 0.01
        assert apart_across or one.bottom <= other.top + 0.01 or other.bottom <= one.top + 0.01, leaf.key
    return places
