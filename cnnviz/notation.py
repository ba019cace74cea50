"""How numbers are written that share decimals: those of a map, of a column, of an axis.

The cells of a map may share a power of ten too. It stands in the heading of the map and beside its colour
bar, wherever the map is shown.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnviz._apart import ALMOST, MOST_FIGURES, alike, fit, told_apart
from cnnviz.quantities import (
    MINUS,
    MOST_IN_FULL,
    format_power,
    format_signed,
    format_together,
    format_value,
    typeset,
)


@dataclass(frozen=True)
class Notation:
    """How the numbers in the cells of one map, or of one column, are written."""

    decimals: int
    # numbers are in units of ``10 ** exponent``, so that small gradients are not all "0.00"
    exponent: int = 0
    signed: bool = False  # whether a plus is written
    fixed: bool = False  # whether the number of decimals must be kept where there is little room

    @classmethod
    def of(cls, values: ArrayLike, *, signed: bool = False, decimals: int | None = None) -> Self:
        """Choose a notation with about three figures of the largest value.

        * `decimals`: fixed number of decimals.
        """
        array = np.asarray(values)
        if array.dtype.kind in "iub":
            return cls(decimals or 0, 0, signed, fixed=True)
        magnitudes = np.abs(array.astype(np.float64).ravel())
        largest = float(np.max(magnitudes[np.isfinite(magnitudes)], initial=0.0))
        if decimals is not None or largest == 0:
            return cls(2 if decimals is None else decimals, 0, signed, fixed=decimals is not None)
        largest = float(f"{largest:.2e}")  # as it will be written: 9.9999 is 10.0
        exponent = 0 if 0.02 <= largest < 1e4 else max(math.floor(math.log10(largest)), -300)
        largest /= 10.0**exponent
        decimals = 3 if largest < 0.1 else 2 if largest < 10 else 1 if largest < 100 else 0
        return cls(decimals, exponent, signed)

    @property
    def unit(self) -> str:
        """What all numbers are to be multiplied with, such as "× 10⁻⁴"; "" for 1."""
        return format_power(self.exponent)

    def text(self, value: float) -> str:
        """Write one number; "0" is exactly zero, and "≈0" is what would read so."""
        if value == 0:
            return "0"
        if not math.isfinite(value):
            return format_value(value)
        scaled = value / 10.0**self.exponent
        text = f"{scaled:{'+' if self.signed else ''},.{self.decimals}f}"
        return f"{ALMOST}0" if not text.strip("+-0.") else typeset(text)

    def texts(
        self,
        values: ArrayLike,
        groups: NDArray[np.integer] | None = None,
        longest: int | None = None,
        *,
        may_look_alike: bool = False,
    ) -> list[str]:
        """Write the numbers of cells, each with the digits that it needs, or not at all.

        * `groups`: cells with the same number are compared, such as those of one pooling window: a window
          that needs them gets more decimals, until unequal ones look unequal.
        * `longest`: for how many characters there is room in a cell. All numbers have fewer decimals, down to
          one, where that makes room for them.
        * `may_look_alike`: whether cells of a group may look alike where there is no room for the difference.
        * Returns: in row-major order; "" for a cell without room for its digits, or for the difference.
        """
        numbers: list[float] = np.asarray(values).ravel().tolist()
        shared, texts = self, [self.cell(value) for value in numbers]
        while not shared.fixed and shared.decimals > 1:
            usual = (text for text, value in zip(texts, numbers, strict=True) if not shared._is_small(value))
            if fit(list(usual), longest):
                break
            shared = replace(shared, decimals=shared.decimals - 1)
            texts = [shared.cell(value) for value in numbers]
        if groups is not None:
            members: defaultdict[int, list[int]] = defaultdict(list)
            for place, group in enumerate(groups.ravel().tolist()):
                members[group].append(place)
            for places in members.values():
                own = [numbers[place] for place in places]
                told = shared._told_apart(own, longest, may_look_alike=may_look_alike)
                for place, text in zip(places, told, strict=True):
                    texts[place] = text
        return [text if fit([text], longest) else "" for text in texts]

    def _told_apart(self, numbers: list[float], longest: int | None, *, may_look_alike: bool) -> list[str]:
        usual = [self.cell(value) for value in numbers]
        for decimals in range(self.decimals, MOST_FIGURES):
            finer = replace(self, decimals=decimals)
            texts = [finer.cell(value) for value in numbers]
            if decimals > self.decimals and not fit(texts, longest):
                break
            if not any(alike(numbers, texts)):
                return texts
        are_alike = alike(numbers, usual)
        return [
            "" if is_alike and not may_look_alike else text
            for text, is_alike in zip(usual, are_alike, strict=True)
        ]

    def _is_small(self, value: float) -> bool:
        """Whether a number that is not 0 would read so."""
        return self.text(value).startswith(ALMOST)

    def cell(self, value: float) -> str:
        """Write one number, and what would read as 0 with its first figure."""
        if not self._is_small(value):
            return self.text(value)
        first = abs(math.floor(math.log10(float(f"{abs(value) / 10.0**self.exponent:.0e}"))))
        return replace(self, decimals=first).text(value)


def window_groups(shape: tuple[int, ...], step: int) -> NDArray[np.intp]:
    """Return the cells of a map that are compared because they lie in the same window of a pool.

    * `shape`: rows and columns.
    * `step`: cells from one window to the next, >= 1. Of windows that overlap, all cells but those that the
      next one has too.
    * Returns: for `Notation.texts`.
    """
    rows, columns = np.indices(shape)
    return rows // step * shape[1] + columns // step


def format_column(
    values: Iterable[float], decimals: int = 3, *, signed: bool = False, longest: int | None = 9
) -> list[str]:
    """Write numbers that stand under one another: all with the same decimals, so that they line up.

    * `decimals`: the fewest; there are more where unequal numbers would look equal.
    * `longest`: for how many characters there is room. Numbers that these do not tell apart carry ``≈``.
    * Returns: "–" where there is no number (NaN).
    """
    numbers = [float(value) for value in values]
    finite = [number for number in numbers if math.isfinite(number)]

    def write(decimals: int) -> list[str]:
        return [Notation(decimals, signed=signed).text(number) for number in finite]

    texts = iter(told_apart(finite, write, decimals, longest, fewest=0))
    return [
        next(texts) if math.isfinite(number) else "–" if math.isnan(number) else format_value(number)
        for number in numbers
    ]


def format_sum(parts: Sequence[float], total: float, longest: int = 10, figures: int = 4) -> list[str]:
    """Write the parts of a sum and their total so that they add up as they are written.

    * `total`: their sum, but for the noise of floating point.
    * `longest`: for how many characters there is room.
    * `figures`: of the largest, at least.
    * Returns: the parts, and the total. They share decimals, and have as many more as it takes; where there
      is no room for these, the total has fewer than the parts.
    """
    numbers = [*parts, total]
    if not all(map(math.isfinite, numbers)):  # of weights that have run away
        return [format_signed(each) for each in numbers]
    largest = max(map(abs, numbers))
    exponent = 0 if largest >= 1e-3 or largest == 0 else math.floor(math.log10(largest))
    before = math.floor(math.log10(largest / 10.0**exponent)) + 1 if largest else 1
    decimals = min(max(figures - before, 2 if before <= 5 and figures > 3 else 0), 7)
    usual = Notation(decimals, exponent, signed=True)
    power = typeset(f"e{exponent}") if exponent else ""
    found = _adding_up(usual, parts, total, 3, longest - len(power))
    texts = [(found or usual).cell(each) for each in numbers]
    for fewer in range(decimals - 1, -1, -1) if found is None else ():
        texts[-1] = replace(usual, decimals=fewer).cell(total)
        if _added(texts[:-1], fewer) == _added(texts[-1:], fewer):
            break
    else:
        texts[-1] = (found or usual).cell(total)
    return [text + power if text != "0" else text for text in texts]


def sum_notation(parts: ArrayLike, total: float, longest: int = 6) -> tuple[Notation, bool]:
    """Choose a notation for cells that are parts of a sum.

    * `longest`: for how many characters there is room in a cell.
    * Returns: also whether the cells, as they are written, add up to the total with as many decimals.
    """
    numbers: list[float] = np.asarray(parts, np.float64).ravel().tolist()
    usual = Notation.of(numbers, signed=True)
    if not all(map(math.isfinite, (*numbers, total))):
        return usual, False
    found = _adding_up(usual, numbers, total, 1, longest)
    return found or usual, found is not None


def _adding_up(
    usual: Notation, parts: Sequence[float], total: float, more: int, longest: int
) -> Notation | None:
    """The notation with the fewest decimals, at most `more` beyond the usual, with which parts add up."""
    for decimals in range(usual.decimals, usual.decimals + more + 1):
        notation = replace(usual, decimals=decimals)
        texts = [notation.cell(each) for each in parts]
        if decimals > usual.decimals and not fit([t for t in texts if _decimals(t) <= decimals], longest):
            return None
        if _added(texts, decimals) == _added([notation.text(total)], decimals):
            return notation
    return None


def _added(texts: Iterable[str], decimals: int) -> Decimal:
    """Sum of numbers as they are written, rounded to so many decimals; a shared power is left out."""
    plain = (text.lstrip(ALMOST).replace(MINUS, "-").replace(",", "").partition("e")[0] for text in texts)
    return round(sum(map(Decimal, plain), Decimal(0)), decimals)


def _decimals(text: str) -> int:
    return len(text.partition("e")[0].partition(".")[2])


def format_ticks(ticks: Sequence[float]) -> list[str]:
    """Write the numbers of an axis, all with the same decimals: as many as their distance needs.

    * `ticks`: in rising order; multiples of their distance, but for rounding.
    """
    if not ticks:
        return []
    distance = min((b - a for a, b in pairwise(ticks)), default=abs(ticks[0]))
    clean = [0.0 if abs(tick) < 1e-6 * distance else float(f"{tick:.12g}") for tick in ticks]
    largest = max(map(abs, clean))
    if largest < MOST_IN_FULL:
        for decimals in range(6):
            if all(abs(round(tick, decimals) - tick) <= 1e-6 * distance for tick in clean):
                return [typeset(f"{tick:,.{decimals}f}") if tick else "0" for tick in clean]
    return format_together(clean, 2)
