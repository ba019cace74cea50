"""How numbers are written that share decimals: those of a map, of a column, of an axis.

The cells of a map may share a power of ten too. It stands in the heading of the map and beside its colour
bar, wherever the map is shown.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnviz._apart import ALMOST, MOST_FIGURES, alike, fit, marked, shortened
from cnnviz.quantities import MOST_IN_FULL, format_power, format_together, format_value, typeset


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
        mark: int = 1,
    ) -> list[str]:
        """Write numbers so that unequal ones of a group look unequal, or carry ``≈``.

        * `groups`: cells with the same number are compared, such as those of one pooling window: a window
          that needs them gets more decimals. Without groups, numbers are not compared.
        * `longest`: for how many characters there is room in a cell. All numbers have fewer decimals, down to
          one, where that makes room for them.
        * `mark`: how many of these ``≈`` takes; 0 where it stands above the number.
        * Returns: in row-major order.
        """
        numbers: list[float] = np.asarray(values).ravel().tolist()
        texts = self._texts(numbers, groups, longest, mark)
        is_final = self.fixed or self.decimals < 2 or fit([text.lstrip(ALMOST) for text in texts], longest)
        return (
            texts
            if is_final
            else replace(self, decimals=self.decimals - 1).texts(values, groups, longest, mark)
        )

    def _texts(
        self, numbers: list[float], groups: NDArray[np.integer] | None, longest: int | None, mark: int
    ) -> list[str]:
        if groups is None:
            return [self.text(value) for value in numbers]
        members: defaultdict[int, list[int]] = defaultdict(list)
        for place, group in enumerate(groups.ravel().tolist()):
            members[group].append(place)
        texts = [""] * len(numbers)
        for places in members.values():
            written = self.told_apart([numbers[place] for place in places], longest, mark)
            for place, text in zip(places, written, strict=True):
                texts[place] = text
        return texts

    def told_apart(self, numbers: Sequence[float], longest: int | None = None, mark: int = 1) -> list[str]:
        """Write numbers with the decimals that tell them apart, or with marks where there is no room."""
        for decimals in range(self.decimals, MOST_FIGURES):
            texts = self._with(decimals, numbers)
            if decimals > self.decimals and not fit(texts, longest):
                break
            if not any(alike(numbers, texts)):
                return texts
        choices = [self._with(decimals, numbers) for decimals in range(self.decimals, -1, -1)]
        return marked(numbers, choices[0]) if longest is None else shortened(numbers, choices, longest, mark)

    def _with(self, decimals: int, numbers: Sequence[float]) -> list[str]:
        notation = Notation(decimals, self.exponent, self.signed, self.fixed)
        return [notation.text(value) for value in numbers]


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
    texts = iter(Notation(decimals, signed=signed).told_apart(finite, longest))
    return [
        next(texts) if math.isfinite(number) else "–" if math.isnan(number) else format_value(number)
        for number in numbers
    ]


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
