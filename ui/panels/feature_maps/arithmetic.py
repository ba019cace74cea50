"""The arithmetic of the marked cell as a page: its name and value, how it came about, what becomes of it."""

import math
from collections.abc import Hashable
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz.drawing import Ask, Asking, Colors, Graphic, Look, Share, Size
from cnnviz.drawing.cells import number_cell, smallest_font
from cnnviz.drawing.kept import kept
from cnnviz.drawing.page import REST, Card, Choice, Item, Page, Room, Row, across, down
from cnnviz.graphics.curves import CURVES, Curve, Curves, Marker
from cnnviz.graphics.heat_map import HEAT_MAP, HeatMap, Looked, Outlines
from cnnviz.graphics.ledger import LEDGER, Ledger
from cnnviz.graphics.stages import FITTING, Fitting
from cnnviz.graphics.texts import WORDS, Words
from cnnviz.graphics.tiles import TILES, Chosen, Tiles
from cnnviz.graphics.waterfall import WATERFALL, Terms
from cnnviz.layers.cells import ActivationCell, ConvolutionCell, DenseCell, MaxPoolCell, WeightedCell, lead_of
from cnnviz.quantities import format_cell, format_count, format_signed, format_value
from ui.panels.feature_maps.asks import Choose, EndSweep, PinCell, PlaySweep, StepSweep
from ui.panels.feature_maps.explain import Arithmetic
from ui.panels.feature_maps.view import SPEEDS
from ui.state import PinnedCell

_RULES = {
    "first": "the first gets the whole gradient",
    "all": "each gets the whole gradient",
    "split": "they share the gradient in equal parts",
}
_CURVE_POINTS = 121
_COVERED = "Covered: press V, or the eye above, to see it."
_TIMES = Card("times", WORDS, Words("×", "strong", align="middle"), room=None)
_EQUALS = Card("equals", WORDS, Words("=", "strong", align="middle"), room=None)
_LEDGER = 360
LEAST = 480, 126  # width, whatever is written out: nothing around it may move with the pointer
HEAD = 42  # height of the head alone, with the margin above it
_WIDEST, _WIDE = 3, 2.2  # how often its height a cell of a table may be wide, and is where there is room


def _beside_inputs(_shown: Looked, look: Look) -> Size:
    """Numbers of two figures matter more than their sum."""
    cells = 3 * (smallest_font(look).width("−0.00") + look.px(8))
    return Size(look.px(180), look.px(180), max(look.px(140), cells), look.px(90))


_BESIDE_INPUTS = replace(HEAT_MAP, size=_beside_inputs)
_SWEEPS = (
    "the window of the layer slides over its input and the map appears cell by cell. "
    "Sweeps the stage of the marked cell"
)


class PointAtTerm(Ask):
    """Mark a term of a sum, wherever it stands."""

    term: int


@dataclass(frozen=True, slots=True)
class Written:
    """What the page depends on.

    * `sweeps`: whether a sweep is under way; `is_playing`, whether its clock runs; `speed`, its place.
    * `sees`: what the cell sees of the image, in words.
    * `term`: number of the term that is pointed at.
    * `why_covered`: why it is covered, or who gets the gradient; "" if the lab covers neither.
    * `hint`: what keys do in the map that has the keyboard.
    * `has_tables`: whether there is room for more than the head.
    """

    arithmetic: Arithmetic
    is_pinned: bool = False
    sweeps: bool = False
    is_playing: bool = False
    speed: int = 0
    sees: str = ""
    term: int | None = None
    why_covered: str = ""
    hint: str = ""
    has_tables: bool = True


def page(now: Written) -> Page:
    """A page for each kind of cell, below one head."""
    shown = now.arithmetic
    if not now.has_tables:
        return Page(down(_head(now)))
    # Of a covered cell the products can be worked out only where what it reads is not covered, too.
    reads_input = isinstance(shown.cell, ConvolutionCell) and shown.source[1] == "grey"
    why = Card("covered", WORDS, Words(now.why_covered or _COVERED, ink="muted"), is_label=True)
    body = why if shown.is_covered and not reads_input else _body(shown, now.why_covered)
    marked: dict[str, Hashable] = {}
    if now.term is not None and isinstance(shown.cell, ConvolutionCell | WeightedCell):
        marked["running"], (rows, cols) = now.term, shown.cell.products.shape[-2:]
        at = now.term - shown.part * rows * cols
        for key in ("patch", "kernel", "products") if 0 <= at < rows * cols else ():
            marked[key] = (("term", (*divmod(at, cols), 1, 1)),)
    return Page(down(_head(now), body, gap=8), marked=marked)


def _head(now: Written) -> Row:
    shown = now.arithmetic
    number = f"= {shown.number}", "mono", "text"
    cell, keys = ((shown.name, "strong", "text"), number), now.hint.split(", ")
    # The tables below show the formula, too: it gives way first, then of the keys those known elsewhere.
    said = [(words, "", "muted") for words in (now.sees, shown.formula) if words]
    hints = [((", ".join(keys[first:]), "", "focus"),) if now.hint else () for first in range(len(keys))]
    fewer = [(*cell, *said[:count], *hints[0]) for count in reversed(range(1, len(said) + 1))]
    line = Fitting((*fewer, *((*cell, *hint) for hint in hints)))
    title = Card("title", FITTING, line, tip=line.words, name="The marked cell")
    badge = Card("pinned", WORDS, Words("pinned", "small strong", "info", "left middle"), room=None)
    free = Choice("free", "mini", "Free the pinned cell (Esc)", PinCell(None), icon="x")
    name, more, icon = "Play the sweep", f": {_SWEEPS}", "play"
    if now.is_playing:
        name, more, icon = "Pause the sweep", "", "pause"
    end = Choice("end", "icon", "Leave the sweep", EndSweep(), tip="Leave the sweep (Esc)", icon="x")
    asks, ends = Asking(Choose, "sweep_speed"), ((0,), (len(SPEEDS) - 1,))
    told = f"Speed of the sweep: {SPEEDS[now.speed]} cells a second"
    return across(
        *((badge, free) if now.is_pinned else ()),
        title,
        Card("sweep", WORDS, Words("Sweep", ink="muted", align="left middle"), room=None, is_label=True),
        Choice("play", "icon", name, PlaySweep(), tip=name + more, icon=icon),
        Choice("step", "icon", "Sweep one cell further", StepSweep(), icon="step-forward"),
        *((end,) if now.sweeps else ()),
        Choice("speed", "slider", "Speed of the sweep", asks, now.speed, ends, told, room=84),
        room=None,
        gap=8,
    )


@kept
def _body(shown: Arithmetic, why_covered: str) -> Row:
    match shown.cell:
        case None:
            return _pixel(shown)
        case MaxPoolCell() as cell:
            window, other, told = _of_window(_Alike.of(shown, cell), why_covered)
            return across(window, other, down(_ledger(shown), *told, room=_LEDGER, gap=4), gap=24)
        case ActivationCell() as cell:
            return _function(shown, cell)
        case DenseCell() as cell:
            return _terms(shown, cell)
        case ConvolutionCell() | WeightedCell() as cell:
            return across(*_tables(_Alike.of(shown, cell)), _ledger(shown), gap=10)
        case _:
            return across(_ledger(shown, REST))


def _ledger(shown: Arithmetic, room: Room = None) -> Card[Ledger]:
    return Card("sum", LEDGER, shown.ledger, room=room, name="Value of the cell, step by step")


def _table(
    key: str,
    title: str,
    tip: str,
    shown: HeatMap,
    outlines: Outlines = (),
    *,
    covered: bool = False,
    note: str = "",
    graphic: Graphic[Looked] = HEAT_MAP,
) -> Card[Looked]:
    """Some numbers in cells, which keys lead to, too."""
    room, content = Share(min(max(shown.values.shape[1], 3), 6)), Looked(shown, outlines, covered)
    caption = ", ".join(filter(None, (shown.notation.unit, note)))
    return Card(key, graphic, content, title, caption, tip, room, is_live=True)


def _cells(values: NDArray[np.floating], colors: Colors, **more: Any) -> HeatMap:
    """Some numbers in coloured cells, wider than high: they can be read where square ones have no room."""
    given = {"is_precise": True, **more}
    return HeatMap(values, colors, covered=None, most=104, widest=_WIDEST, **given)


def height_of(rows: int, look: Look, least: float = 0) -> float:
    """Height in which a table of so many rows has its numbers, whatever they are.

    * `least`: of the table alone.
    """
    row = max(smallest_font(look).line, math.ceil(number_cell(look) / _WIDE))
    above = sum(map(look.px, (10, 30, 8, 4))) + look.heading.line  # margin, head, gaps, title
    return above + max(rows * row + look.px(4), least)


# -- patch × kernel = products -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Alike:
    """Arithmetic whose tables are those of all others told the same, as on an even ground."""

    told: tuple[object, ...]
    shown: Arithmetic = field(compare=False)

    @classmethod
    def of(cls, shown: Arithmetic, cell: ConvolutionCell | WeightedCell | MaxPoolCell) -> "_Alike":
        """Take all but where the cell lies."""
        apart = "cell", "value", "rows", "columns"
        each = [getattr(cell, part.name) for part in fields(cell) if part.name not in apart]
        each += [cell.rows < 0, cell.columns < 0]
        told = ((e.shape, e.dtype.str, e.tobytes()) if isinstance(e, np.ndarray) else e for e in each)
        of = cell.cell[0], shown.source, shown.weights, shown.part, shown.is_covered
        return cls((*of, *told), shown)


@lru_cache(2)
def _tables(alike: _Alike) -> tuple[Item, ...]:
    """What a convolution or a weighted pool adds up."""
    shown, cell = alike.shown, alike.shown.cell
    assert isinstance(cell, ConvolutionCell | WeightedCell)
    part, (source, colormap, limits), terms = shown.part, shown.source, cell.products.ravel()
    signed, padding, inputs = Colors.of("signed", cell.products), None, list[Item]()
    if isinstance(cell, ConvolutionCell):
        patch, kernel, products = cell.patch[part], cell.kernel[part], cell.products[part]
        padding = (cell.rows < 0)[:, None] | (cell.columns < 0)
        if cell.bias is not None:
            terms = np.append(terms, terms.dtype.type(cell.bias))
        of, say = f"of {source}", partial(_say_term, cell)
        if len(cell.patch) > 1:
            of += f", input {part}"
            tiles = Tiles(cell.products, signed, Asking(Choose, "part"), noun="input")
            tip = "Products of each input channel; click to see its patch and filter"
            chosen = Chosen(tiles, part)
            inputs.append(Card("inputs", TILES, chosen, "each input", "", tip, Share(3), is_live=True))
        names = "patch", f"filter {cell.cell[0]}"
    else:
        patch, kernel, products = cell.values, cell.weights, cell.products
        names, of, say = ("window", "weights"), f"of {source}", partial(_say_product, terms)
    first, cols = part * products.size, products.shape[1]
    running = Terms(terms.astype(np.float64), cell.layer, say, point=PointAtTerm)

    def point(row: int, col: int) -> Ask:
        return PointAtTerm(first + row * cols + col)

    def note(row: int, col: int) -> str:
        return ", padding outside the map" if padding is not None and padding[row, col] else ""

    own = _cells(patch, Colors(colormap, *limits), point=point, hatched=padding, note=note)
    colors = Colors("signed", *(shown.weights or (-1.0, 1.0)))
    weights = _kernel(kernel.tobytes(), kernel.dtype.str, kernel.shape, colors, first)
    # Of the whole map, so that numbers keep their decimals from one of its cells to the next.
    largest = max(map(abs, limits)) * float(np.abs(shown.weights or kernel).max())
    found = _cells(products, signed, point=point, largest=largest)
    table = partial(_table, graphic=_BESIDE_INPUTS if inputs else HEAT_MAP)
    covered, tip = shown.is_covered, "Their sum, with the bias, is the value"
    note_of = "" if covered else "rounded"
    items: list[Item] = [
        table("patch", names[0], "Values of the previous stage; hatched: padding", own, note=of),
        _TIMES,
        table("kernel", names[1], "Each weight is multiplied by the value at its place", weights),
        _EQUALS,
        table("products", "products", tip, found, covered=covered, note=note_of),
        *inputs,
    ]
    if not covered:
        items.append(Card("running", WATERFALL, running, "sum so far", room=88, spare=1))
    return tuple(items)


@lru_cache(64)
def _kernel(of: bytes, dtype: str, shape: tuple[int, ...], colors: Colors, first: int) -> HeatMap:
    """The weights that all cells of a map share: the same object, painted once."""

    def point(row: int, col: int) -> Ask:
        return PointAtTerm(first + row * shape[1] + col)

    return _cells(np.frombuffer(of, dtype).reshape(shape), colors, point=point)


def _say_term(cell: ConvolutionCell, term: int) -> str:
    if term >= cell.products.size:
        return f"bias {format_signed(cell.bias or 0.0, 5)}"
    place, factors = np.unravel_index(term, cell.products.shape), (cell.patch, cell.kernel, cell.products)
    patch, weight, product = (format_signed(float(values[place]), 4) for values in factors)
    name, running = format_cell([int(index) for index in place], "input"), float(cell.running[term])
    return f"{name}: {patch} × {weight} = {product}\nrunning sum {format_signed(running, 5)}"


def _say_product(products: NDArray[np.floating], term: int) -> str:
    value, running = products[term].item(), products[: term + 1].sum(dtype=np.float64).item()
    return f"term {term}: {format_signed(value, 5)}, running sum {format_signed(running, 5)}"


# -- the other kinds -----------------------------------------------------------------------------------------


@lru_cache(2)
def _of_window(alike: _Alike, why_covered: str) -> tuple[Item, Item, tuple[Item, ...]]:
    """Window of a max pool, its winners, and who gets the gradient."""
    cell, (source, colormap, limits) = alike.shown.cell, alike.shown.source
    assert isinstance(cell, MaxPoolCell)

    def note(row: int, col: int) -> str:
        return f", {'tied' if cell.tied else 'the winner'}" if cell.winners[row, col] else ""

    winners = tuple(("winner", (row, col, 1, 1)) for row, col in np.argwhere(cell.winners).tolist())
    tip = "Values in the window of the pool; the largest wins"
    values = _cells(cell.values, Colors(colormap, *limits), note=note)
    window = _table("window", f"window of {source}", tip, values, winners)
    title = "share of the gradient"
    tip = "How much of the gradient each cell of the window gets on the way back; 1 is the whole"
    if why_covered:
        other = Card("covered", WORDS, Words(why_covered, ink="muted"), title, "", tip, is_label=True)
        told: tuple[Item, ...] = ()
    else:
        shares = _cells(cell.shares, Colors("sequential", 0.0, 1.0), is_precise=False)
        other = _table("shares", title, f"{tip}. {(said := _who_gets_it(cell))}", shares)
        told = (Card("note", WORDS, Words(said), room=None, spare=1),)  # rather than cut
    return window, replace(other, room=window.room), told


def _who_gets_it(cell: MaxPoolCell) -> str:
    if cell.tied:
        return (
            f"{np.count_nonzero(cell.winners)} of {cell.values.size} cells share the maximum. "
            f"Rule “{cell.ties}”: {_RULES[cell.ties]}."
        )
    lead = format_value(lead_of(cell.values) or 0.0)
    return f"One cell of {cell.values.size} wins by {lead} and gets the whole gradient."


def _function(shown: Arithmetic, cell: ActivationCell) -> Row:
    """Graph of an activation with the cell's point on it."""
    assert shown.layer is not None
    reach = max(*map(abs, shown.source[2]), abs(cell.input), 1e-6)
    x = np.linspace(-reach, reach, _CURVE_POINTS)
    graph = Curve(cell.layer, x, shown.layer.forward(x[None, :], {})[0], "text")
    guides = (Marker(0.0, ink="border"), Marker(cell.input, ink="muted"))
    curves = Curves((graph,), guides, "z", cell.layer, dots=((cell.input, cell.value, "accent"),))
    card = Card("graph", CURVES, curves, tip="Graph of the activation")
    return across(card, _ledger(shown, _LEDGER), gap=24)


def _terms(shown: Arithmetic, cell: DenseCell) -> Row:
    """The largest terms of a dense unit, the rest, and the bias, as steps to its value."""
    largest, values = cell.largest, [term.product for term in cell.largest]
    names = ["·".join(map(str, term.source)) for term in largest]
    more = [(cell.rest, "rest", f"{format_count(cell.rest_count)} other terms:")] if cell.rest_count else []
    more += [] if cell.bias is None else [(cell.bias, "bias", "bias")]

    def say(place: int) -> str:
        if place >= len(largest):
            value, _, name = more[place - len(largest)]
            return f"{name} {format_signed(value, 5)}"
        term = largest[place]
        numbers = term.weight, term.value, term.product
        weight, value, product = (format_signed(each, 4) for each in numbers)
        where = ", ".join(map(str, term.source))
        return f"{cell.source_stage} ({where}): weight {weight} × value {value} = {product}"

    def press(place: int) -> Ask | None:
        return PinCell(PinnedCell(cell.source_stage, largest[place].source)) if place < len(largest) else None

    values += [value for value, *_ in more]
    names += [name for _, name, _ in more]
    terms = Terms(np.array(values), cell.layer, say, tuple(names), press, told=len(largest))
    where = "map·row·column" if len(largest[0].source) == 3 else "unit"
    caption = f"weight × value, by {where} of {cell.source_stage}; click one to pin it"
    waterfall = Card("running", WATERFALL, terms, "largest contributions", caption, is_live=True)
    return across(waterfall, _ledger(shown), gap=16)


def _pixel(shown: Arithmetic) -> Row:
    note = Words(
        "An input pixel is not computed from anything. Follow the thin outlines to the cells that it feeds."
    )
    return across(_ledger(shown, REST), Card("note", WORDS, note, room=Share(2)), gap=24)
