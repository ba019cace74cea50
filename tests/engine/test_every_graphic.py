"""Every kind of drawing at its usual and least size: whole, apart, equal made again, plain on paper."""

import gc
import importlib
import pkgutil
import re
from dataclasses import is_dataclass, replace
from functools import cache
from html import escape
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from cnnviz import graphics, mathematics
from cnnviz.datasets import to_input
from cnnviz.drawing import DARK, LIGHT, PAPER, Box, Colors, Graphic, Ground, Look, Part, drawn
from cnnviz.drawing import Text as TextMark
from cnnviz.drawing.svg import is_plain, to_svg
from cnnviz.experiment import LAB5, PRESETS
from cnnviz.graphics.confusion import CONFUSION, Confusion, ConfusionMatrix
from cnnviz.graphics.curves import CURVES, READING, Curve, Curves, Marker, Reading
from cnnviz.graphics.flow import FLOW
from cnnviz.graphics.formula import FORMULA, Formulas
from cnnviz.graphics.heat_map import COLORS, FITTED_MAP, HEAT_MAP, WHOLE_MAP, HeatMap, Looked, Zoom
from cnnviz.graphics.ledger import LEDGER, Ledger, LedgerRow
from cnnviz.graphics.network_stages import flow_of
from cnnviz.graphics.number_table import NUMBERS, NumberRow, Numbers, NumberTable
from cnnviz.graphics.pairs import IMAGE, KEY, MAPS, MovedImage, Pair, PairMaps, Shown
from cnnviz.graphics.patches import PATCHES, Patch, Patches
from cnnviz.graphics.pictures import BOARD, PHOTO, Board, Photo
from cnnviz.graphics.probabilities import PREDICTIONS, PROBABILITIES, Predictions, Probabilities
from cnnviz.graphics.route import ROUTE, Route, Routed
from cnnviz.graphics.run_curves import LEGEND, Legend, Named
from cnnviz.graphics.stage_strip import STRIP, Stage, Strip
from cnnviz.graphics.stages import ARROW, FITTING, FOLDED, MARKS, STAGE_MAP, Fitting, Folded, StageMap
from cnnviz.graphics.steps import STEPS, Steps
from cnnviz.graphics.texts import DONE, STATEMENT, VALUES, WORDS, Statement, Value, Values, Words
from cnnviz.graphics.thumbnails import THUMBNAILS, Images, Thumbnails
from cnnviz.graphics.tiles import FRAMED, TILES, Chosen, Framed, Marked, Tiles, Whole
from cnnviz.graphics.time_track import TIME_LINE, TimeLine, Track
from cnnviz.graphics.waterfall import WATERFALL, Terms
from cnnviz.graphics.winners import COUNTS, WINDOW, WINNERS, Window, Winners
from cnnviz.layers import MaxBlurPool2D, MaxPool2D
from cnnviz.mathematics import Number, Sub, partial
from cnnviz.palette import STAGE_STYLES
from cnnviz.translation import compare
from tests.engine.drawing_cases import Go
from tests.small_data import first_images


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


SIGNED, GRID = Colors("signed", -3.0, 3.0), numbers(6, 7)
CLASSES = tuple("0123456789")
TRACK = Track(0, 2000, 500, (np.arange(40.0) * 30, np.linspace(0.7, 0.1, 40)), reference=300)
SELECTED, KEYED = (("selected", (1, 1, 2, 2)),), (("selected", "what is read"),)
BLACK = np.zeros((280, 280), np.uint8)
GREY = np.arange(784, dtype=np.uint8).reshape(28, 28)
PATCH = Patch(GREY[:5, :5], GREY, (3, 4, 5, 5), "+1.25", "image 3", ask=Go())
SHARES = np.array([0.4, 0.3, 0.1, 0.05, 0.05, 0.04, 0.03, 0.02, 0.01, 0.0])


def network(preset: str):
    """What the network of a preset makes of a digit."""
    experiment = PRESETS[preset]
    trace = experiment.build_network().forward(first_images((0, 1), 1, 1).test_images)
    return flow_of(trace, experiment.classes, 1, notes=("test image 0, a 1", "step 0"))


@cache
def compared():
    """What became of a digit moved by two pixels, of the first network there is."""
    network, images = LAB5.build_network(), first_images((0, 1), 1, 1)
    return compare(network, to_input(images.test_images[:1], network.dtype)[0], 2, 1, label=0)


def strip() -> Strip:
    stages = tuple(
        Stage(key, style.title, style.color, f"about {key}") for key, style in STAGE_STYLES.items()
    )
    return Strip(stages, tuple((n / 9, n / 10) for n in range(len(stages))), stages[1].key)


def maps(view: str = "overlay", channels: int = 8) -> PairMaps:
    pair = Pair(numbers(channels, 13, 13), numbers(channels, 13, 13, seed=1))
    return PairMaps(Shown(pair, view), 1)


def plot(count: int = 3) -> Curves:
    x = np.arange(20.0)
    lines = tuple(Curve(f"kind {n}", x, np.sin(x / (n + 2)), "accent") for n in range(count))
    return Curves(lines, (Marker(7, "here"),), "pixels to the right", "change")


def routed(rule: str) -> Routed:
    """A window whose right half is tied."""
    values = np.array([[0.1, 0.5], [0.25, 0.5]])
    winners_of = values == 0.5
    gets = -0.0123 * winners_of / (2 if rule == "split" else 1)
    if rule == "first":
        gets[1, 1] = 0.0
    names = ("Values z", "conv1, filter 5"), ("Arriving ∂L/∂q", "pool1"), ("Gradient ∂L/∂z", "")
    told = gets, gets != 0, winners_of, -0.0123, (2, 2), (SIGNED, SIGNED), names
    return Routed(Route(values, *told))


def grid(**more: Any) -> Looked:
    return Looked(HeatMap(GRID, SIGNED, **more))


def digits(*sides: int, **more: Any) -> Tiles:
    return Tiles(numbers(*sides), SIGNED, Go, **more)


CONFUSED = np.array([[972, 8, 0], [1, 1135, 2], [3, 0, 990]])
ENDS = [Curve(f"curve {n}", np.arange(5.0) * 5000, np.linspace(1, n / 1000, 5)) for n in range(6)]
ODD = {"flat": np.full(5, 3.0), "tiny": 1e-9 * np.arange(1, 6), "no": np.full(5, np.nan)}
NAMED = [Named(name, name, "accent", "solid", 1.5, True) for name in ("each step", "mean")]
NINE, TEN_CONFUSED = np.arange(9), np.diag(np.arange(19_000, 20_000, 100)) + 7
FORMULAS = (
    (partial("L", Sub("w", "3")), " = ", Number("−0.06"), " · ", Number("+0.2")),
    (Sub("q", "i"), "=", mathematics.Text("max"), "(", *(("z", ",") * 40), "z", ")"),
    MaxPool2D(2, ties="all").gradient_equation(1, "z").formula,
    MaxBlurPool2D(2, ties="split").gradient_equation(1, "a").formula,
)

#: A content for each kind of drawing, and others that are harder to place.
CASES: dict[str, tuple[Graphic[Any], Any]] = {
    "strip": (STRIP, strip()),
    "map": (HEAT_MAP, Looked(HeatMap(GRID, SIGNED), SELECTED)),
    "map in its room": (FITTED_MAP, grid()),
    "covered map": (HEAT_MAP, replace(grid(), is_covered=True)),
    "map with a key": (WHOLE_MAP, grid(has_axes=True, has_key=True, marks=(*KEYED, ("hatched", "tied")))),
    "confusion": (CONFUSION, ConfusionMatrix(Confusion(CONFUSED, ("0", "1", "2")))),
    "ten classes confused": (CONFUSION, ConfusionMatrix(Confusion(TEN_CONFUSED, CLASSES))),
    "reading": (READING, Reading("step 1,200", (("accent", "running mean", "0.0430"),))),
    "legend": (LEGEND, Legend("Loss", tuple(NAMED))),
    "stage map": (STAGE_MAP, StageMap(grid(), moves=Go)),
    "marks": (MARKS, KEYED),
    "statement": (STATEMENT, Statement("The maps changed by *0.42*: they moved along with the digit.")),
    "timeline": (TIME_LINE, TimeLine(TRACK, 1200, 700, is_live=False)),
    "many epochs": (TIME_LINE, TimeLine(Track(0, 90_000, 100, TRACK.curve), 0, 0)),
    "ledger": (LEDGER, Ledger((LedgerRow("bias", 0.5), LedgerRow("sum", -1.25, is_total=True)))),
    "patches": (PATCHES, Patches((PATCH,) * 3)),
    "no patches": (PATCHES, Patches((), "This filter answers to nothing.")),
    "photo": (PHOTO, Photo(GREY)),
    "board": (BOARD, Board(Photo(BLACK), 20, False, (3, 4), "Draw a digit here")),
    "probabilities": (PROBABILITIES, Probabilities(CLASSES, tuple(SHARES.tolist()), 3)),
    "thumbnails": (
        THUMBNAILS,
        Thumbnails(
            Images(np.zeros((9, 1, 28, 28), np.uint8), NINE, "abcdefghi".__getitem__, NINE % 2 == 0), 4
        ),
    ),
    "long waterfall": (WATERFALL, Terms(np.full(400, 0.25), "conv1", str)),
    "waterfall": (WATERFALL, Terms(numbers(9), "z", lambda place: f"term {place}")),
    "fitting": (
        FITTING,
        Fitting(((("two", "strong", "text"), ("words", "", "muted")), (("c", "small", "muted"),))),
    ),
    "colours": (COLORS, SIGNED),
    "words": (WORDS, Words("A sentence of several words, that goes on over more than one line.")),
    "values": (VALUES, Values((Value("a", "loss", "0.1234"), Value("b", "rate", "1e-4")))),
    "done": (DONE, 0.4),
    "entries": (
        VALUES,
        Values(
            tuple(Value(f"w[{n}]", f"w[{n}]", "+0.123", tip="tip", ask=Go(n)) for n in range(4)),
            ("gradient",),
            names="weight",
        ),
    ),
    "formula": (FORMULA, Formulas(FORMULAS)),
    "number table": (
        NUMBERS,
        NumberTable(
            Numbers(CLASSES, (NumberRow("z", "logit", "", SHARES, SIGNED, (["0.1"] * 10,)),), Go, Go), 3
        ),
    ),
    "predictions": (PREDICTIONS, Predictions(CLASSES, SHARES, SHARES[::-1].copy(), label=3)),
    "route": (ROUTE, routed("all")),
    "route of a first winner, pinned": (ROUTE, replace(routed("first"), pinned=(2, 3))),
    "covered route": (ROUTE, replace(routed("split"), is_covered=True)),
    "steps": (STEPS, Steps(tuple((f"Step {n}", f"S{n}") for n in range(9)), 3, Go)),
    "image": (IMAGE, MovedImage(Shown(Pair(numbers(1, 28, 28), numbers(1, 28, 28, seed=1))), (2, -1))),
    "maps": (MAPS, maps()),
    "maps side by side": (MAPS, maps("sides", 64)),
    "key": (KEY, maps().shown),
    "key to maps side by side": (KEY, maps("sides").shown),
    "winners": (WINNERS, Winners(compared().winners)),
    "counts": (COUNTS, Winners(compared().winners)),
    "window": (WINDOW, Window(Winners(compared().winners), 5, 5)),
    "curves": (CURVES, plot()),
    "many curves": (CURVES, plot(6)),
    "curves that end together": (CURVES, Curves(tuple(ENDS), x_name="steps of training")),
    "flat, tiny and undefined curves": (
        CURVES,
        Curves(tuple(Curve(name, np.arange(5.0), y) for name, y in ODD.items())),
    ),
    "network": (FLOW, network("lab5")),
    "deep network": (FLOW, network("lenet")),
    "tiles": (TILES, Chosen(digits(6, 5, 5, captions=tuple("abcdef")), 2)),
    "many tiles": (
        TILES,
        Chosen(digits(64, 26, 26, point=Go, chooses=True, has_key=False, most=192), 60),
    ),
    "stage": (STAGE_MAP, StageMap(Looked(HeatMap(GRID, SIGNED), SELECTED))),
    "enlarged stage": (
        STAGE_MAP,
        StageMap(
            Looked(HeatMap(numbers(26, 26), SIGNED, has_axes=True), zoom=Zoom(30, (24, 3))),
            scrolls=Go,
            zooms=Go,
            length=240,
        ),
    ),
    "outputs": (
        PROBABILITIES,
        Probabilities(CLASSES, tuple(SHARES.tolist()), 3, 10, tuple((9 * SHARES - 2).tolist()), Go, Go, 1),
    ),
    "folded": (FOLDED, Folded("relu1", Go())),
    "arrow": (ARROW, 8.0),
    "framed": (FRAMED, Framed(Whole(np.zeros((28, 28), np.uint32), Go), (3, 4, 6, 6))),
}
MARKED = {
    "many tiles": (Marked("receptive", ((3, 4, 3, 3),)), Marked("winner", ((9, 9, 1, 1),), (60,))),
    "enlarged stage": SELECTED,
    "outputs": frozenset({2}),
}
LOOKS = LIGHT, replace(DARK, scale=1.6), PAPER
#: Which have titles or words that are shortened where there is little room.
SHORTENED = {"marks"}
#: What must be there at every size.
SAYS = {
    "curves that end together": {f"curve {n}" for n in range(6)},
    "map with a key": {"what is read", "tied"},
    "patches": {"+1.25"},
}
EACH = pytest.mark.parametrize("name", CASES)


def grounds(name: str, look: Look) -> list[Ground]:
    """Grounds of the usual and of the least size, and some between and beyond."""
    graphic, content = CASES[name]
    size = graphic.size(content, look)
    # What may have no height at all is left out where there is no room for it.
    least_high = size.least_height or size.height
    wide, narrow = max(size.width, size.least_width), size.least_width
    widths = (size.width, narrow, (2 * narrow + wide) / 3, (narrow + 2 * wide) / 3, 1.4 * wide)
    rooms = [(width, least_high if width == narrow else max(size.height, least_high)) for width in widths]
    if graphic.height is not None:
        rooms = [(wide, max(high, graphic.height(content, wide, look))) for wide, high in rooms]
    ratio, marked = 0 if look is PAPER else 1, MARKED.get(name)
    return [Ground(Box(0, 0, *room), look, ratio=ratio, marked=marked) for room in rooms]


def test_each_kind_of_drawing_has_a_case() -> None:
    found = {
        id(value)
        for module in pkgutil.iter_modules(graphics.__path__)
        for value in vars(importlib.import_module(f"cnnviz.graphics.{module.name}")).values()
        if isinstance(value, Graphic)  # of a module or another, which uses it
    }
    assert found == {id(graphic) for graphic, _ in CASES.values()}


@EACH
def test_nothing_lies_outside_is_cut_or_covers_other_words(name: str) -> None:
    graphic, content = CASES[name]
    for ground in (ground for look in LOOKS for ground in grounds(name, look)):
        drawing, room = graphic.draw(content, ground), ground.box.inset(-1.5)
        words = [mark for mark in drawing.all_marks() if isinstance(mark, TextMark) and mark.words]
        # Cells may go on beyond what is in sight.
        boxes = [part.box for part in drawing.parts if isinstance(part, Part)]
        assert SAYS.get(name, set()) <= set(drawing.texts()), (ground.box, drawing.texts())
        for box in [*boxes, *(each.box for each in words)]:
            assert room.joined(box) == room, (ground.box, box, words)
        if ground.box.width > graphic.size(content, ground.look).least_width and name not in SHORTENED:
            assert not any(mark.words.endswith("…") for mark in words), (ground.box, drawing.texts())
        for one, other in combinations(words, 2):
            a, b = (each.box.inset(0.5, each.font.line * 0.2) for each in (one, other))
            apart = a.right <= b.left or b.right <= a.left or a.bottom <= b.top or b.bottom <= a.top
            assert apart, (one, other)


@EACH
def test_made_again_it_is_the_same_and_on_paper_it_is_plain_and_says_the_same(name: str) -> None:
    graphic, content = CASES[name]
    drawing = drawn(graphic, content, 500, PAPER)
    one, other = (to_svg(each, "Figure", "pt") for each in (drawing, drawn(graphic, content, 500, PAPER)))
    assert one == other
    assert is_plain(one)
    assert all(f">{escape(words.strip(), quote=False)}</text>" in one for words in drawing.texts() if words)
    assert not any(re.search(r"(?<!\w)-\.?\d", words) for words in drawing.texts()), "a hyphen is no minus"
    graphic.words(content)
    for table in graphic.tables(content):
        assert len(table.rows)


@EACH
def test_what_was_drawn_goes_with_its_content(name: str) -> None:
    """At once: garbage that waits to be collected would hold up the window then."""
    graphic, content = CASES[name]
    ground = grounds(name, LIGHT)[0]
    graphic.draw(content, ground)  # which may load what makes garbage once
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    graphic.draw(replace(content) if is_dataclass(content) else content, ground)
    gc.collect()
    gc.set_debug(0)
    left = {type(each).__name__ for each in gc.garbage if type(each).__module__.startswith("cnnviz.")}
    gc.garbage.clear()
    assert not left
