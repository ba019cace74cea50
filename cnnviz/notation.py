"""How numbers are written that share decimals: those of a map, of a column, of an axis.

The cells of a map may share a power of ten too. It stands in the heading of the map and beside its colour
bar, wherever the map is shown.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from itertools import pairwise, takewhile
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnviz.quantities import (
    ALMOST,
    MINUS,
    MOST_FIGURES,
    MOST_IN_FULL,
    alike,
    fit,
    format_power,
    format_signed,
    format_together,
    format_value,
    rounded,
    told_apart,
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
    def of(cls, values: ArrayLike, *, signed: bool = False) -> Self:
        """Choose a notation with three figures of the largest value; of whole numbers with all."""
        array = np.asarray(values)
        if array.dtype.kind in "iub":
            return cls(0, 0, signed, fixed=True)
        magnitudes = np.abs(array.astype(np.float64).ravel())
        largest = float(np.max(magnitudes[np.isfinite(magnitudes)], initial=0.0))
        if largest == 0:
            return cls(2, 0, signed)
        largest = rounded(largest, 3)  # as it will be written: 9.9999 is 10.0
        exponent = 0 if 0.02 <= largest < 1e4 else max(math.floor(math.log10(largest)), -300)
        return cls(max(2 - math.floor(math.log10(largest / 10.0**exponent)), 0), exponent, signed)

    def in_full(self) -> Self:
        """The same figures without a power of ten, where nothing beside the numbers says one."""
        return replace(self, exponent=0, decimals=max(self.decimals - self.exponent, 0))

    @property
    def unit(self) -> str:
        """What all numbers are to be multiplied with, such as "× 10⁻⁴"; "" for 1."""
        return format_power(self.exponent)

    def text(self, value: float) -> str:
        """Write one number; "0" is exactly zero, and "≈0" is what would read so."""
        text = self.cell(value)
        return text if value == 0 or text.strip("0.") else f"{ALMOST}0"

    def cell(self, value: float) -> str:
        """Write the number of a cell; "0" is exactly zero, what is rounded to it has decimals and no sign."""
        if value == 0 or not math.isfinite(value):
            return format_value(value)
        text = typeset(f"{value / 10.0**self.exponent:{'+' if self.signed else ''},.{self.decimals}f}")
        return text if text.strip(f"+{MINUS}0.") else f"{0:.{max(self.decimals, 1)}f}"

    def texts(
        self, values: ArrayLike, groups: NDArray[np.integer] | None = None, longest: int | None = None
    ) -> list[str]:
        """Write the numbers of cells, all with the same decimals, or none of them.

        * `groups`: cells with the same number are compared, such as those of one pooling window: where there
          is room, all have as many decimals as make unequal ones look unequal.
        * `longest`: for how many characters there is room in a cell. All numbers have fewer decimals where
          that makes room for them, but not fewer than two figures of the largest need.
        * Returns: in row-major order; all "" where there is no room.
        """
        numbers: list[float] = np.asarray(values).ravel().tolist()

        def written(decimals: int) -> list[str]:
            return list(map(replace(self, decimals=decimals).cell, numbers))

        scaled = [each / 10.0**self.exponent for each in numbers if math.isfinite(each)]
        enough = (each for each in range(self.decimals) if all(round(n, each) == n for n in scaled))
        most = self.decimals if self.fixed else next(enough, self.decimals)  # no zeros at the end of all
        tried = map(written, range(most, min(self.fewest(numbers), most) - 1, -1))
        usual = next((texts for texts in tried if fit(texts, longest)), None)
        if usual is None or groups is None:
            return usual or [""] * len(numbers)
        places = defaultdict[int, list[int]](list)
        for place, group in enumerate(groups.ravel().tolist()):
            places[group].append(place)

        def count_alike(texts: list[str]) -> int:
            return sum(sum(alike([numbers[n] for n in of], [texts[n] for n in of])) for of in places.values())

        more = map(written, range(self.decimals, MOST_FIGURES))
        return min([usual, *takewhile(lambda texts: fit(texts, longest), more)], key=count_alike)

    def fewest(self, numbers: Iterable[float]) -> int:
        """Decimals that two figures of the largest number need, if these are not more than there are."""
        largest = max((abs(each) for each in numbers if math.isfinite(each)), default=0.0)
        needed = max(1 - int(f"{largest / 10.0**self.exponent:.1e}".partition("e")[2]), 0)
        return self.decimals if self.fixed else min(needed, self.decimals)


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


def format_sum(
    parts: Sequence[float], total: float, longest: int = 10, figures: int = 4, beside: Sequence[float] = ()
) -> list[str]:
    """Write the parts of a sum and their total so that they add up as they are written.

    * `total`: their sum, but for the noise of floating point.
    * `longest`: for how many characters there is room.
    * `figures`: of the largest, at least.
    * `beside`: parts of another sum and, last, its total: they are written with the same decimals.
    * Returns: the parts, and the total. They share decimals, and have as many more as it takes; where there
      is no room for these, the total has fewer than the parts.
    """
    if not all(map(math.isfinite, (*parts, total))):  # of weights that have run away
        return [format_signed(each) for each in (*parts, total)]
    sums = [(parts, total), (beside[:-1], beside[-1])] if beside else [(parts, total)]
    numbers = [*parts, *beside[:-1]]
    largest = max(map(abs, (*parts, total, *beside)))
    exponent = 0 if 1e-3 <= largest < 10 * MOST_IN_FULL or largest == 0 else math.floor(math.log10(largest))
    before = math.floor(math.log10(largest / 10.0**exponent)) + 1 if largest else 1
    decimals = min(max(figures - before, 2 if before <= 5 and figures > 3 else 0), 7)
    usual = Notation(decimals, exponent, signed=True)
    power = typeset(f"e{exponent}") if exponent else ""
    tried = (replace(usual, decimals=each) for each in range(decimals, decimals + 4))
    room = longest - len(power)
    fitting = [*takewhile(lambda each: each == usual or fit(list(map(each.cell, numbers)), room), tried)]

    def add_up(of: Notation, told: Notation) -> bool:
        return all(_adds_up(map(of.cell, each), told, end) for each, end in sums)

    adding = [each for each in fitting if add_up(each, each)] or fitting[-1:]
    telling = (each for each in adding if not any(ALMOST in each.text(part) for part in numbers))
    notation = next(telling, adding[0])  # at best no part that is there reads like none
    totals = (replace(notation, decimals=each) for each in range(notation.decimals, -1, -1))
    told = next((each for each in totals if add_up(notation, each)), notation)
    texts = [*map(notation.cell, parts), told.cell(total)]
    return [text + power if text != "0" else text for text in texts]


def alone(text: str) -> str:
    """Write a number of a sum as one that shares no power: alone, −0.088e−4 is −8.8e−6."""
    number = Decimal(text.replace(MINUS, "-")) if "e" in text else Decimal(0)
    return typeset(f"{number:{'+' if number > 0 else ''}e}") if number else text


def sum_notation(parts: ArrayLike, total: float, longest: int = 6) -> Notation:
    """Choose a notation for cells that are parts of a sum: one with which they add up as they are written.

    * `longest`: for how many characters there is room in a cell.
    """
    numbers: list[float] = np.asarray(parts, np.float64).ravel().tolist()
    usual = Notation.of(numbers, signed=True)
    if not all(map(math.isfinite, (*numbers, total))):
        return usual
    fewer = range(usual.decimals - 1, usual.fewest(numbers) - 1, -1)
    tried = [replace(usual, decimals=each) for each in (usual.decimals, usual.decimals + 1, *fewer)]
    fitting = [each for each in tried if fit(list(map(each.cell, numbers)), longest)] or tried
    return next((each for each in fitting if _adds_up(map(each.cell, numbers), each, total)), fitting[0])


def _adds_up(texts: Iterable[str], notation: Notation, total: float) -> bool:
    """Whether parts, as they are written, add up to the total in a notation that does not lose it."""
    told, decimals = notation.cell(total), notation.decimals
    is_lost = not decimals and total != 0 and told == "0.0"
    return not is_lost and _added(texts, decimals) == _added([told], decimals)


def _added(texts: Iterable[str], decimals: int) -> Decimal:
    """Sum of numbers as they are written, rounded to so many decimals; a shared power is left out."""
    plain = (text.replace(MINUS, "-").replace(",", "").partition("e")[0] for text in texts)
    with localcontext(prec=400):  # all digits of the largest float64
        return round(sum(map(Decimal, plain), Decimal(0)), decimals)


def format_ticks(ticks: Sequence[float]) -> list[str]:
    """Write the numbers of an axis, all with the same decimals: as many as their distance needs.

    * `ticks`: in rising order; multiples of their distance, but for rounding.
    """
    if not ticks:
        return []
    distance = min((b - a for a, b in pairwise(ticks)), default=abs(ticks[0]))
    clean = [0.0 if abs(tick) < 1e-6 * distance else rounded(tick, 12) for tick in ticks]
    largest = max(map(abs, clean))
    if largest < MOST_IN_FULL:
        for decimals in range(6):
            if all(abs(round(tick, decimals) - tick) <= 1e-6 * distance for tick in clean):
                return [typeset(f"{tick:,.{decimals}f}") if tick else "0" for tick in clean]
    return format_together(clean, 2)
