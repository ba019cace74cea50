"""The arithmetic of the marked cell as a page: its name and value, how it came about, what becomes of it."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache, partial
from typing import Any, override

import numpy as np
from numpy.typing import NDArray

from cnnviz.drawing import Ask, Colors, Leave, Share
from cnnviz.drawing.kept import kept
from cnnviz.drawing.page import REST, Card, Choice, Item, Page, Room, Row, across, down
from cnnviz.graphics.curves import CURVES, Curve, Curves, Marker
from cnnviz.graphics.heat_map import HEAT_MAP, HeatMap, Looked, Outlines
from cnnviz.graphics.ledger import LEDGER, Ledger
from cnnviz.graphics.stages import FITTING, Fitting
from cnnviz.graphics.texts import WORDS, Words
from cnnviz.graphics.tiles import TILES, Chosen, Tiles
from cnnviz.graphics.waterfall import WATERFALL, Terms, Waterfall
from cnnviz.layers.cells import (
    ActivationCell,
    ConvolutionCell,
    DenseCell,
    MaxPoolCell,
    WeightedCell,
    lead_of,
)
from cnnviz.notation import sum_notation
from cnnviz.palette import signed_levels
from cnnviz.quantities import format_cell, format_count, format_power, format_signed, format_value
from ui.page_view import PageView
from ui.panels.feature_maps.explain import Arithmetic
from ui.panels.feature_maps.sweep import SPEEDS, EndSweep, PlaySweep, SetSpeed, StepSweep, Sweep
from ui.state import PinnedCell
from ui.theme import Theme

_RULES = {
    "first": "the first of them gets the whole gradient, the others 0",
    "all": "each of them gets the whole gradient",
    "split": "they share the gradient in equal parts",
}
_CURVE_POINTS = 121
_TIMES = Card("times", WORDS, Words("×", "strong", align="middle"), room=None)
_EQUALS = Card("equals", WORDS, Words("=", "strong", align="middle"), room=None)
_LEDGER = 360
_LEAST = 480, 150  # width, whatever is written out: nothing around it may move with the pointer
_SWEEPS = (
    "the window of the layer slides over its input and the map appears cell by cell. "
    "Sweeps the stage of the marked cell"
)


@dataclass(frozen=True, slots=True)
class ShowPart(Ask):
    """Write out another input channel."""

    channel: int


@dataclass(frozen=True, slots=True)
class PinCell(Ask):
    """Pin a cell; None frees the pinned one."""

    cell: PinnedCell | None


@dataclass(frozen=True, slots=True)
class PointAtTerm(Ask):
    """Mark a term of a sum, wherever it stands."""

    term: int


@dataclass(frozen=True, slots=True)
class Now:
    """What the page depends on.

    * `sweeps`: whether a sweep is under way; `is_playing`, whether its clock runs; `speed`, its place.
    * `term`: number of the term that is pointed at.
    * `why_covered`: why it is covered who gets the gradient; "" if it is not.
    """

    arithmetic: Arithmetic
    is_pinned: bool = False
    sweeps: bool = False
    is_playing: bool = False
    speed: int = 0
    term: int | None = None
    why_covered: str = ""


class ArithmeticView(PageView):
    """Shows the arithmetic of a cell.

    * `answer`: is told what the page asks for, but for what only marks something in it.
    """

    def __init__(self, sweep: Sweep, answer: Callable[[Ask], object]) -> None:
        self._sweep, self._others, self._now = sweep, answer, None
        super().__init__(self._on_asked, _LEAST[1], copies=True, ground="surface")

    def draw(self, arithmetic: Arithmetic | None, *, is_pinned: bool, why_covered: str) -> None:
        """Write out a cell; None leaves what was written last."""
        before, sweep = self._now, self._sweep
        if arithmetic is None:
            arithmetic = None if before is None else before.arithmetic
        if arithmetic is not None:
            term = before.term if before is not None and before.arithmetic is arithmetic else None
            own = sweep.stage is not None, sweep.is_playing, sweep.speed
            self._show(Now(arithmetic, is_pinned, *own, term, why_covered))

    def _show(self, now: Now) -> None:
        if now == self._now:
            return
        self._now = now
        self.show_page(page(now))

    def _on_asked(self, ask: Ask) -> None:
        match ask, self._now:
            case PointAtTerm(term), Now() as now:
                self._show(replace(now, term=term))
            case Leave(), Now() as now:
                self._show(replace(now, term=None))
            case _:
                self._others(ask)

    @override
    def set_theme(self, theme: Theme) -> None:
        self.setMinimumSize(*map(theme.px, _LEAST))
        self.setContentsMargins(0, theme.px(10), 0, 0)
        super().set_theme(theme)


def page(now: Now) -> Page:
    """A page for each kind of cell, below one head."""
    shown = now.arithmetic
    match shown.cell:
        case None:
            body = _pixel(shown)
        case MaxPoolCell():
            body = _window(shown, now.why_covered)
        case ActivationCell():
            body = _function(shown)
        case DenseCell():
            body = _terms(shown)
        case ConvolutionCell() | WeightedCell():
            body = _products(shown, now.term)
        case _:
            body = across(_ledger(shown, REST))
    # Of a covered cell the products can be worked out only where what it reads is not covered, too.
    is_told = not shown.is_covered or shown.reads_input
    return Page(down(_head(now), *((body,) if is_told else ()), gap=8))


def _head(now: Now) -> Row:
    fonts = {"title": ("strong", "text"), "number": ("mono", "text"), "muted": ("", "muted")}
    line = Fitting((tuple((words, *fonts[role]) for words, role in now.arithmetic.title),))
    before, after = _round(now.is_pinned, now.sweeps, now.is_playing, now.speed)
    title = Card("title", FITTING, line, tip=line.words, name="The marked cell")
    return across(*before, title, *after, room=None, gap=8)


@lru_cache(64)
def _round(
    is_pinned: bool, sweeps: bool, is_playing: bool, speed: int
) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """What stands before the title and after it: the same objects for all cells."""
    name, tip = ("Pause the sweep", "") if is_playing else ("Play the sweep", f": {_SWEEPS}")
    told = f"Speed of the sweep: {SPEEDS[speed]} cells a second"
    badge = Card("pinned", WORDS, Words("pinned", "small", "info", ground="info_soft"), room=None)
    free = Choice("free", "mini", "Free the pinned cell (Esc)", PinCell(None), icon="x")
    end = Choice("end", "icon", "Leave the sweep", EndSweep(), tip="Leave the sweep (Esc)", icon="x")
    sweep = (
        Card("sweep", WORDS, Words("Sweep", ink="muted", align="left middle"), room=None, is_label=True),
        Choice("play", "icon", name, PlaySweep(), tip=name + tip, icon="pause" if is_playing else "play"),
        Choice("step", "icon", "Sweep one cell further", StepSweep(), icon="step-forward"),
        *((end,) if sweeps else ()),
        Choice(
            "speed",
            "slider",
            "Speed of the sweep",
            SetSpeed,
            speed,
            ((0,), (len(SPEEDS) - 1,)),
            told,
            room=84,
        ),
    )
    return (badge, free) if is_pinned else (), sweep


def _ledger(shown: Arithmetic, room: Room = None) -> Card[Ledger]:
    return Card("sum", LEDGER, Ledger(shown.breakdown), room=room, name="Value of the cell, step by step")


def _table(
    key: str, title: str, tip: str, shown: HeatMap, outlines: Outlines, *, covered: bool = False
) -> Card[Looked]:
    """Some numbers in cells, which keys lead to, too."""
    room, content = Share(min(max(shown.values.shape[1], 3), 6)), Looked(shown, outlines, covered)
    power = format_power(shown.exponent)
    return Card(key, HEAT_MAP, content, title, power, tip, room, is_live=True)


# -- patch × kernel = products -------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Sum:
    """What a convolution or a weighted pool adds up.

    * `adds_up`: whether the products do, as they are written.
    * `first`: number of the product in the first cell of the tables.
    * `tiles`: products of each input channel; None of a single one.
    """

    names: tuple[str, str]
    patch: HeatMap
    kernel: HeatMap
    products: HeatMap
    adds_up: bool
    first: int
    terms: Terms
    tiles: Tiles | None

    def place(self, term: int | None) -> tuple[int, int] | None:
        """Row and column of a term in the tables."""
        at = -1 if term is None else term - self.first
        values = self.products.values
        return divmod(at, values.shape[1]) if 0 <= at < values.size else None


def _products(shown: Arithmetic, term: int | None) -> Row:
    found, covered = _sum(shown), shown.is_covered
    place = found.place(term)
    outlines: Outlines = () if place is None else (("focus", (*place, 1, 1)),)
    names, patch, kernel = found.names, found.patch, found.kernel
    tips = (
        "Values of the previous stage; hatched: padding",
        "Each weight is multiplied by the value at its place",
        "Their sum, with the bias, is the value",
    )
    products = _table("products", "products", tips[2], found.products, outlines, covered=covered)
    note = "" if found.adds_up or covered else "rounded"
    items: list[Item] = [
        _table("patch", names[0], tips[0], patch, outlines),
        _TIMES,
        _table("kernel", names[1], tips[1], kernel, outlines),
        _EQUALS,
        replace(products, caption=", ".join(filter(None, (products.caption, note)))),
    ]
    if found.tiles is not None:
        tip = "Products of each input channel; click to see its patch and kernel"
        chosen = Chosen(found.tiles, shown.part)
        items.append(Card("inputs", TILES, chosen, "each input", "", tip, Share(4), is_live=True))
    if not covered:
        items.append(Card("running", WATERFALL, Waterfall(found.terms, term), "running sum", room=Share(2)))
    return across(*items, _ledger(shown), gap=12)


@dataclass(frozen=True)
class _Alike:
    """Arithmetic whose tables are those of all others told the same, as on an even ground."""

    told: tuple[object, ...]
    shown: Arithmetic = field(compare=False)

    @classmethod
    def of(cls, shown: Arithmetic) -> "_Alike":
        """Take all but where the cell lies."""
        cell = shown.cell
        assert isinstance(cell, ConvolutionCell | WeightedCell | MaxPoolCell)
        each = [
            getattr(cell, f.name) for f in fields(cell) if f.name not in ("cell", "value", "rows", "columns")
        ]
        each += [cell.rows < 0, cell.columns < 0]
        told = ((e.shape, e.dtype.str, e.tobytes()) if isinstance(e, np.ndarray) else e for e in each)
        return cls((cell.cell[0], shown.source, shown.weights, shown.part, *told), shown)


def _sum(shown: Arithmetic) -> _Sum:
    return _sum_of(_Alike.of(shown))


@lru_cache(2)
def _sum_of(alike: _Alike) -> _Sum:
    shown = alike.shown
    cell, part, (source, colormap, limits) = shown.cell, shown.part, shown.source
    padding, tiles = None, None
    if isinstance(cell, ConvolutionCell):
        levels = signed_levels(cell.products)
        terms, patch, kernel, products = (
            cell.products.ravel(), cell.patch[part], cell.kernel[part], cell.products[part]
        )  # fmt: skip
        padding = (cell.rows < 0)[:, None] | (cell.columns < 0)
        if cell.bias is not None:
            terms = np.append(terms, terms.dtype.type(cell.bias))
        if len(cell.patch) > 1:
            source = f"{source} · input {part} of {len(cell.patch)}"
            tiles = Tiles(cell.products, Colors("signed", *levels), ShowPart, noun="input")
        names = source if tiles else f"patch of {source}", f"filter {cell.cell[0]}"
        say = partial(_say_term, cell)
    else:
        assert isinstance(cell, WeightedCell)
        patch, kernel, products, terms = cell.values, cell.weights, cell.products, cell.products.ravel()
        part, levels = 0, signed_levels(products)
        names, say = (f"window of {source}", "weights"), partial(_say_product, products.ravel())
    first, cols = part * products.size, products.shape[1]
    weights = Colors("signed", *(shown.weights or (-1.0, 1.0)))

    written, adds_up = sum_notation(products, float(products.sum(dtype=np.float64)))

    def point(row: int, col: int) -> Ask:
        return PointAtTerm(first + row * cols + col)

    def note(row: int, col: int) -> str:
        return ", padding outside the map" if padding is not None and padding[row, col] else ""

    return _Sum(
        names,
        _cells(patch, Colors(colormap, *limits), point=point, hatched=padding, note=note),
        _known(kernel.tobytes(), kernel.dtype.str, kernel.shape, weights, first),
        _cells(products, Colors("signed", *levels), point=point, decimals=written.decimals),
        adds_up,
        first,
        Terms(terms.astype(np.float64), cell.layer, say, point=PointAtTerm),
        tiles,
    )


@lru_cache(64)
def _known(
    of: bytes, dtype: str, shape: tuple[int, ...], colors: Colors, first: int | None = None
) -> HeatMap:
    """What many cells share, a filter or shares of a gradient: the same object, painted once."""

    def point(row: int, col: int) -> Ask | None:
        return None if first is None else PointAtTerm(first + row * shape[1] + col)

    shown = _cells(np.frombuffer(of, dtype).reshape(shape), colors, point=point)
    return replace(shown, is_precise=first is not None)


def _cells(values: NDArray[np.floating], colors: Colors, **more: Any) -> HeatMap:
    """Some numbers in coloured cells, wider than high: they can be read where square ones have no room."""
    return HeatMap(values, colors, is_precise=True, covered=None, most=104, widest=2.2, **more)


def _say_term(cell: ConvolutionCell, term: int) -> str:
    if term >= cell.products.size:
        return f"bias {format_signed(cell.bias or 0.0, 5)}"
    place = np.unravel_index(term, cell.products.shape)
    patch, weight, product = (
        format_signed(float(values[place]), 4) for values in (cell.patch, cell.kernel, cell.products)
    )
    name, running = format_cell([int(index) for index in place], "input"), float(cell.running[term])
    return f"{name}: {patch} × {weight} = {product}\nrunning sum {format_signed(running, 5)}"


def _say_product(products: NDArray[np.floating], term: int) -> str:
    value, running = products[term].item(), products[: term + 1].sum(dtype=np.float64).item()
    return f"term {term}: {format_signed(value, 5)}, running sum {format_signed(running, 5)}"


# -- the other kinds -----------------------------------------------------------------------------------------


def _window(shown: Arithmetic, why_covered: str) -> Row:
    """Window of a max pool, its winners, and who gets the gradient."""
    cell, source = shown.cell, shown.source[0]
    assert isinstance(cell, MaxPoolCell)
    window, shares = _window_maps(_Alike.of(shown))
    winners: Outlines = tuple(("winner", (row, col, 1, 1)) for row, col in np.argwhere(cell.winners).tolist())
    tip = "Values in the window of the pool; the largest wins"
    first = _table("window", f"window of {source}", tip, window, winners)
    tip = "Share of the gradient that each cell of the window gets in the backward pass"
    if why_covered:
        other = Card("covered", WORDS, Words(why_covered, ink="muted"), "share of the gradient", "", tip)
        told: tuple[Item, ...] = ()
    else:
        other = _table("shares", "share of the gradient", tip, shares, ())
        told = (Card("note", WORDS, Words(_who_gets_it(cell)), room=None),)
    return across(first, replace(other, room=first.room), down(_ledger(shown), *told, room=_LEDGER), gap=24)


@lru_cache(2)
def _window_maps(alike: _Alike) -> tuple[HeatMap, HeatMap]:
    cell, (_, colormap, limits) = alike.shown.cell, alike.shown.source
    assert isinstance(cell, MaxPoolCell)

    def note(row: int, col: int) -> str:
        return ", the maximum" if cell.winners[row, col] else ""

    shares, colors = cell.shares, Colors("sequential", 0.0, 1.0)
    own = _cells(cell.values, Colors(colormap, *limits), note=note)
    return own, _known(shares.tobytes(), shares.dtype.str, shares.shape, colors)


def _who_gets_it(cell: MaxPoolCell) -> str:
    if cell.tied:
        return (
            f"{np.count_nonzero(cell.winners)} of {cell.values.size} cells share the maximum. "
            f"Rule in force, “{cell.ties}”: {_RULES[cell.ties]}."
        )
    lead = format_value(lead_of(cell.values) or 0.0)
    return f"One cell of {cell.values.size} wins by {lead}: in the backward pass it gets the whole gradient."


def _function(shown: Arithmetic) -> Row:
    """Graph of an activation with the cell's point on it."""
    return across(
        Card("graph", CURVES, _graph(shown), tip="Graph of the activation"), _ledger(shown, _LEDGER), gap=24
    )


@kept
def _graph(shown: Arithmetic) -> Curves:
    cell, layer = shown.cell, shown.layer
    assert isinstance(cell, ActivationCell)
    assert layer is not None
    reach = max(*map(abs, shown.source[2]), abs(cell.input), 1e-6)
    x = np.linspace(-reach, reach, _CURVE_POINTS)
    graph = Curve(cell.layer, x, layer.forward(x[None, :], {})[0], "text")
    guides = (Marker(0.0, ink="border"), Marker(cell.input, ink="muted"))
    return Curves((graph,), guides, "z", cell.layer, dots=((cell.input, cell.value, "accent"),))


def _terms(shown: Arithmetic) -> Row:
    """The largest terms of a dense unit, the rest, and the bias, as steps to its value."""
    cell = shown.cell
    assert isinstance(cell, DenseCell)
    where = "map row column" if len(cell.largest[0].source) == 3 else "unit"
    caption = f"weight × value, by {where} of {cell.source_stage}; click one to pin it"
    waterfall = Card(
        "running", WATERFALL, Waterfall(_dense_sum(shown)), "largest contributions", caption, is_live=True
    )
    return across(waterfall, _ledger(shown), gap=16)


@kept
def _dense_sum(shown: Arithmetic) -> Terms:
    cell = shown.cell
    assert isinstance(cell, DenseCell)
    largest, values = cell.largest, [term.product for term in cell.largest]
    names = [" ".join(map(str, term.source)) for term in largest]
    more = [(cell.rest, "rest", f"{format_count(cell.rest_count)} other terms:")] if cell.rest_count else []
    more += [] if cell.bias is None else [(cell.bias, "bias", "bias")]

    def say(place: int) -> str:
        if place >= len(largest):
            value, _, name = more[place - len(largest)]
            return f"{name} {format_signed(value, 5)}"
        term = largest[place]
        return (
            f"{cell.source_stage} ({', '.join(map(str, term.source))}): weight "
            f"{format_signed(term.weight, 4)} × value {format_signed(term.value, 4)} = "
            f"{format_signed(term.product, 4)}"
        )

    def press(place: int) -> Ask | None:
        return PinCell(PinnedCell(cell.source_stage, largest[place].source)) if place < len(largest) else None

    values += [value for value, *_ in more]
    names += [name for _, name, _ in more]
    return Terms(np.array(values), cell.layer, say, tuple(names), press)


def _pixel(shown: Arithmetic) -> Row:
    """A pixel as the network sees it."""
    note = Words(
        "An input pixel is not computed from anything. Follow the thin outlines to the cells that it feeds."
    )
    return across(_ledger(shown, REST), Card("note", WORDS, note, room=Share(2)), gap=24)
