"""Sums as steps, figures that add up, patches, and cells that are wider than high."""

from dataclasses import dataclass

import numpy as np
import pytest

from cnnviz.drawing import LIGHT, Ask, Box, CellKey, Cells, Colors, Drawing, Ground, Image, Rect, Text, drawn
from cnnviz.graphics.heat_map import HEAT_MAP, HeatMap, Looked
from cnnviz.graphics.ledger import LEDGER, Ledger, LedgerRow
from cnnviz.graphics.patches import PATCHES, Patch, Patches
from cnnviz.graphics.waterfall import WATERFALL, Terms, Waterfall


@dataclass(frozen=True)
class Go(Ask):
    """Ask for a number."""

    number: int


def ground(width: float, high: float = 120, **more) -> Ground:
    return Ground(Box(0, 0, width, high), LIGHT, **more)


SUM = Terms(
    np.array([3.0, -1.0, 0.5, -4.0]), "sum", lambda place: f"term {place}", ("a", "b", "c", "d"), Go, Go
)


def bars(drawing: Drawing) -> list[Box]:
    """The bars of the terms and of the total, from left to right."""
    found = [mark.box for mark in drawing.all_marks() if isinstance(mark, Rect) and mark.fill != "muted"]
    return sorted(found, key=lambda box: box.left)


def test_each_bar_begins_where_the_one_before_has_ended_and_the_last_is_the_total() -> None:
    drawing = drawn(WATERFALL, Waterfall(SUM), 400, LIGHT, 120)
    found = bars(drawing)
    assert len(found) == 5
    heights = [box.height / found[0].height for box in found]
    assert heights == pytest.approx([1, 1 / 3, 0.5 / 3, 4 / 3, 1.5 / 3])
    assert found[1].top == pytest.approx(found[0].top)
    assert found[3].top == pytest.approx(found[2].top)  # down from where the small rise has ended
    assert found[4].bottom == pytest.approx(found[3].bottom)
    assert {"+3", "−1", "+0.5", "−4", "−1.5", "a", "sum"} <= set(drawing.texts())
    assert WATERFALL.tables(Waterfall(SUM))[0].rows[-1] == (3, -4.0, -1.5)
    assert WATERFALL.words(Waterfall(SUM)) == "4 terms; sum −1.5"


@pytest.mark.parametrize("width", [80, 130, 240, 900])
@pytest.mark.parametrize("count", [1, 9, 400])
def test_a_sum_has_room_for_its_total_whatever_the_width(width: int, count: int) -> None:
    terms = Terms(np.random.default_rng(0).normal(size=count), "conv1", str)
    (*_, total) = [
        mark
        for mark in drawn(WATERFALL, Waterfall(terms), width, LIGHT, 60).all_marks()
        if isinstance(mark, Text)
    ]
    assert total.x + total.font.width(total.words) / (2 if total.anchor == "middle" else 1) <= width


def test_terms_say_what_they_are_and_ask_and_the_total_only_says() -> None:
    drawing = WATERFALL.draw(Waterfall(SUM, 2), ground(400))
    part = drawing.part(CellKey("term", 0, 1))
    assert (part.tip, part.ask, part.points) == ("term 1", Go(1), Go(1))
    total = drawing.part(CellKey("term", 0, 4))
    assert (total.tip, total.ask, total.points) == ("sum −1.5", None, None)
    tinted = [mark.box for mark in drawing.marks if isinstance(mark, Rect) and mark.fill == "accent"]
    assert tinted == [drawing.part(CellKey("term", 0, 2)).box]


def test_a_sum_that_is_no_number_is_not_drawn() -> None:
    assert not drawn(WATERFALL, Waterfall(Terms(np.array([1.0, np.nan]), "sum", str)), 200, LIGHT, 90).marks


LEDGER_SHOWN = Ledger(
    (
        LedgerRow("9 products", 0.181),
        LedgerRow("bias", -12.5),
        LedgerRow("= conv1", -12.319, is_total=True, tip="all"),
        LedgerRow("winner", "row 3", ink="winner"),
    )
)


def test_figures_share_their_decimals_and_a_total_stands_below_a_rule() -> None:
    size = LEDGER.size(LEDGER_SHOWN, LIGHT)
    drawing = drawn(LEDGER, LEDGER_SHOWN, size.least_width, LIGHT)
    assert LEDGER_SHOWN.texts == ("+0.18", "−12.50", "−12.32", "row 3")
    assert {row.label for row in LEDGER_SHOWN.rows} | set(LEDGER_SHOWN.texts) == set(drawing.texts())
    (rule,) = [mark.box for mark in drawing.marks if isinstance(mark, Rect)]
    assert rule.top == drawing.part(2).box.top
    assert [drawing.part(place).tip for place in (0, 2)] == ["9 products +0.18", "all"]
    assert LEDGER.words(LEDGER_SHOWN).endswith("= conv1 −12.32; winner row 3")
    assert LEDGER.tables(LEDGER_SHOWN)[0].rows[1] == ("bias", -12.5)


def patches(count: int) -> Patches:
    rng = np.random.default_rng(1)
    image = rng.integers(0, 255, (28, 28), np.uint8)
    return Patches(
        tuple(
            Patch(image[:3, :3], image, (n - 1, n, 3, 3), f"+{n}.000", f"patch {n}", n + 1, Go(n))
            for n in range(count)
        ),
        "Nothing yet.",
    )


def test_patches_stand_over_their_images_and_say_of_how_many_they_are() -> None:
    drawing = PATCHES.draw(patches(8), ground(*PATCHES.size(patches(8), LIGHT)[2:]))
    images = [mark.box for mark in drawing.all_marks() if isinstance(mark, Image)]
    assert all(piece.bottom <= whole.top for piece, whole in zip(images[::2], images[1::2], strict=True))
    assert drawing.part(0).ask == Go(0)
    told = [text for text in drawing.texts() if "images" in text or "×" in text]
    assert len(told) == 7, "what is found once is not counted"


def test_without_patches_it_is_said_why() -> None:
    assert drawn(PATCHES, Patches((), "Nothing yet."), 400, LIGHT).texts() == ["Nothing yet."]
    assert PATCHES.words(Patches((), "Nothing yet.")) == "Nothing yet."
    assert PATCHES.words(patches(2)) == "patch 0; patch 1"
    assert len(PATCHES.tables(patches(2))) == 2


def test_cells_may_be_wider_than_high_where_rows_are_short_of_room() -> None:
    area = Box(0, 0, 300, 60)
    assert Cells.fit(3, 3, area).box[2:] == (60, 60)
    grid = Cells.fit(3, 3, area, widest=2.2)
    assert (grid.side, grid.high) == (44, 20)
    assert grid.cell(2, 1) == Box(grid.left + 44, grid.top + 40, 44, 20)
    assert grid.at(grid.left + 45, grid.top + 41) == (2, 1)
    tall = Cells.fit(3, 3, Box(0, 0, 90, 900), widest=2.2)
    assert tall.side == tall.high == 30
    shown = Looked(HeatMap(np.eye(3), Colors("signed", -1, 1), widest=2.2))
    assert "+1.00" in HEAT_MAP.draw(shown, ground(300, 76)).texts()
    assert (
        "+1.00"
        not in HEAT_MAP.draw(Looked(HeatMap(np.eye(3), Colors("signed", -1, 1))), ground(300, 76)).texts()
    )
