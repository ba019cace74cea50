"""How a number becomes text: in the window, on paper, in headless output and in the headings of tables.

Nothing else in the program chooses digits. The rules:

* A single value is right where it stands: so many significant figures, in full from 0.001 to a million
  (``0.00573``), with an exponent beyond (``1.90e−4``). What is exactly that number has no zeros at its end
  (``0.5``); what is rounded to it has (``0.500``). So 0 is written for zero only.
* Numbers that are seen side by side get more figures until unequal ones look unequal (`format_together`,
  `Notation`). Where there is no room for that, they carry ``≈``.
* Cells of a map may share a power of ten, which stands in the heading and beside the colour bar:
  `Notation.unit`.
* Minus is the typographic one, as wide as a plus, except in what a program reads (`format_plain`).
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

MINUS = "\N{MINUS SIGN}"
"""The typographic minus."""

ALMOST = "\N{ALMOST EQUAL TO}"
"""Stands before a number that looks like an unequal one beside it."""

_MOST_FIGURES = 17
"""So many tell any two float64 apart."""

_FEWEST_IN_FULL, _MOST_IN_FULL = 1e-3, 1e6
_NEAREST_TO_ONE = 1e-4
_POWERS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

Write = Callable[[float, int], str]


# --- single numbers -----------------------------------------------------------------------------------------


def format_count(count: int) -> str:
    """Write a whole number with commas between thousands.

    Parameters
    ----------
    count : int

    Returns
    -------
    str
        Such as "12,665".
    """
    return _typeset(f"{count:,}")


def format_value(value: float, digits: int = 3) -> str:
    """Write a single number in full, or with its exponent.

    Parameters
    ----------
    value : float
    digits : int
        Significant figures, >= 1.

    Returns
    -------
    str
        Such as "0.0407", "12.3", "1.20e−7", "0.5" (exactly), "0.500" (rounded), "0", "NaN", "∞".
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else _typeset("∞" if value > 0 else "-∞")
    rounded = float(f"{value:.{digits - 1}e}")
    if value == 0:
        return "0"
    if _FEWEST_IN_FULL <= abs(rounded) < _MOST_IN_FULL:
        decimals = max(digits - 1 - math.floor(math.log10(abs(rounded))), 0)
        text, exponent = f"{value:,.{decimals}f}", ""
        is_exact = float(text.replace(",", "")) == value
    else:
        text, exponent = f"{value:.{digits - 1}e}".split("e")
        exponent, is_exact = f"e{int(exponent)}", rounded == value
    if is_exact and "." in text:
        text = text.rstrip("0").rstrip(".")
    return _typeset(text + exponent)


def format_signed(value: float, digits: int = 3) -> str:
    """Write as `format_value` does, with the sign before positive numbers too; zero has none.

    Parameters
    ----------
    value : float
    digits : int

    Returns
    -------
    str
        Such as "+0.35", "−0.92", "0".
    """
    text = format_value(value, digits)
    return f"+{text}" if value > 0 else text


def format_probability(p: float, digits: int = 3, rest: float | None = None) -> str:
    """Write a probability so that what is neither 0 nor 1 is written as neither.

    Parameters
    ----------
    p : float
        From 0 to 1.
    digits : int
        Significant figures of `p` or of ``1 - p``, whichever is smaller.
    rest : float, optional
        ``1 - p``, where it is known more exactly than by the difference, which single precision rounds to 0.

    Returns
    -------
    str
        Such as "0.0316", "0.9684", "2.10e−9", "1 − 1.56e−8"; "1" and "0" for exactly these.
    """
    rest = 1 - p if rest is None else rest
    if not rest < p:
        return format_value(p, digits)
    if rest <= 0:
        return "1"
    if rest < _NEAREST_TO_ONE:
        return f"1 {MINUS} {format_value(rest, digits)}"
    text = f"{p:.{digits - 1 - math.floor(math.log10(rest))}f}"
    return text.rstrip("0") if float(text) == p else text


def format_percent(share: float, decimals: int = 1) -> str:
    """Write a share in per cent, with more decimals where it would read 0 % or 100 % and is not.

    Parameters
    ----------
    share : float
        From 0 to 1, or any ratio.
    decimals : int

    Returns
    -------
    str
        Such as "98.4 %", "99.998 %", "0.02 %"; "–" where there is none (NaN).
    """
    if math.isnan(share):
        return "–"
    percent = 100 * share
    for more in range(decimals, 12):
        text = f"{percent:,.{more}f}"
        if (float(text.replace(",", "")) in (0, 100)) == (percent in (0, 100)):
            return _typeset(f"{text} %")
    return f"{format_value(percent, 2)} %"


def format_seconds(seconds: float) -> str:
    """Write a time in the unit that suits it, such as "0.5 s", "12 s", "3 min", "2.5 h".

    Parameters
    ----------
    seconds : float

    Returns
    -------
    str
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def format_power(exponent: int) -> str:
    """Write the unit of numbers that share a power of ten, such as "× 10⁻⁴"; "" for 1.

    Parameters
    ----------
    exponent : int

    Returns
    -------
    str
    """
    return "" if exponent == 0 else f"× 10{str(exponent).translate(_POWERS)}"


def format_plain(value: float | np.generic) -> str:
    """Write the shortest text that a program reads back as the same number, for files and fields.

    Parameters
    ----------
    value : float or NumPy scalar
        The shortest text of a float32 is shorter than that of a float64.

    Returns
    -------
    str
        With ``-`` and ``.``, such as "-0.1", "1e-07".
    """
    text = str(value)
    return text.removesuffix(".0")


# --- places -------------------------------------------------------------------------------------------------

COUNTED = "counted from 0"
"""Rows, columns, filters and units all are."""


def format_shift(dx: int, dy: int) -> str:
    """Write a shift in pixels, such as "(+3, 0)"."""
    return f"({format_signed(dx)}, {format_signed(dy)})"


def format_cell(cell: Sequence[int], of: str = "filter", *, counted: bool = False) -> str:
    """Name a cell of a map, or a unit, as it is named everywhere.

    Parameters
    ----------
    cell : sequence of int
        ``(channel, row, column)``, ``(row, column)`` or ``(unit,)``.
    of : str
        What a channel is called: "filter", "input", "map".
    counted : bool
        Whether to add from where it is counted.

    Returns
    -------
    str
        Such as "filter 6, row 10, column 7", "row 0, column 3", "unit 12, counted from 0".
    """
    names = {1: ("unit",), 2: ("row", "column"), 3: (of, "row", "column")}[len(cell)]
    text = ", ".join(f"{name} {number}" for name, number in zip(names, cell, strict=True))
    return f"{text}, {COUNTED}" if counted else text


# --- numbers side by side -----------------------------------------------------------------------------------


def format_together(
    values: Iterable[float], digits: int = 3, write: Write = format_value, longest: int | None = None
) -> list[str]:
    """Write numbers that will be compared: unequal ones look unequal, equal ones equal.

    Parameters
    ----------
    values : iterable of float
        All numbers that stand side by side, such as those before and after.
    digits : int
        The fewest significant figures.
    write : callable
        `format_value`, `format_signed` or `format_probability`.
    longest : int, optional
        For how many characters there is room. If that is too few to tell numbers apart, they carry ``≈``.

    Returns
    -------
    list of str
    """
    numbers = [float(value) for value in values]
    enough = (
        figures
        for figures in range(digits, _MOST_FIGURES)
        if not any(_alike(numbers, [write(value, figures) for value in numbers]))
    )
    figures = next(enough, _MOST_FIGURES)
    while True:
        texts = _marked(numbers, [write(value, figures) for value in numbers])
        if figures == 1 or longest is None or max(map(len, texts), default=0) <= longest:
            return texts
        figures -= 1


def format_ticks(ticks: Sequence[float]) -> list[str]:
    """Write the numbers of an axis, all with the same decimals: as many as their distance needs.

    Parameters
    ----------
    ticks : sequence of float
        In rising order; multiples of their distance, but for rounding.

    Returns
    -------
    list of str
    """
    if not ticks:
        return []
    distance = min((b - a for a, b in pairwise(ticks)), default=abs(ticks[0]))
    clean = [0.0 if abs(tick) < 1e-6 * distance else float(f"{tick:.12g}") for tick in ticks]
    largest = max(map(abs, clean))
    if largest < _MOST_IN_FULL:
        for decimals in range(6):
            if all(abs(round(tick, decimals) - tick) <= 1e-6 * distance for tick in clean):
                return [_typeset(f"{tick:,.{decimals}f}") if tick else "0" for tick in clean]
    return format_together(clean, 2)


@dataclass(frozen=True)
class Notation:
    """How the numbers in the cells of one map, or of one column, are written.

    Attributes
    ----------
    decimals : int
    exponent : int
        Numbers are in units of ``10 ** exponent``, so that small gradients are not all "0.00".
    signed : bool
        Whether a plus is written.
    fixed : bool
        Whether the number of decimals must be kept where there is little room.
    """

    decimals: int
    exponent: int = 0
    signed: bool = False
    fixed: bool = False

    @classmethod
    def of(
        cls,
        values: ArrayLike,
        *,
        signed: bool = False,
        decimals: int | None = None,
        groups: NDArray[np.integer] | None = None,
    ) -> Self:
        """Choose a notation with about three figures of the largest value.

        Parameters
        ----------
        values : array_like
        signed : bool
        decimals : int, optional
            Fixed number of decimals.
        groups : ndarray of int of the same shape, optional
            Cells with the same number are compared, such as those of one pooling window: there are as many
            decimals as that needs. Negative: not compared with any.

        Returns
        -------
        Notation
        """
        array = np.asarray(values)
        if array.dtype.kind in "iub":
            return cls(decimals or 0, 0, signed, fixed=True)
        magnitudes = np.abs(array.astype(np.float64).ravel())
        largest = float(np.max(magnitudes[np.isfinite(magnitudes)], initial=0.0))
        if decimals is not None or largest == 0:
            return cls(2 if decimals is None else decimals, 0, signed, fixed=decimals is not None)
        exponent = 0 if 0.02 <= largest < 1e4 else max(math.floor(math.log10(largest)), -300)
        largest /= 10.0**exponent
        found = cls(2 if largest < 10 else 1 if largest < 100 else 0, exponent, signed)
        if groups is None:
            return found
        while found.decimals < _MOST_FIGURES and found._crowded(array, groups):
            found = replace(found, decimals=found.decimals + 1)
        return found

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
        return f"{ALMOST}0" if not text.strip("+-0.") else _typeset(text)

    def texts(self, values: ArrayLike, groups: NDArray[np.integer] | None = None) -> list[str]:
        """Write numbers, with ``≈`` before those that look like an unequal one of their group.

        Parameters
        ----------
        values : array_like
        groups : ndarray of int of the same shape, optional
            As for `of`; without it, numbers are not compared.

        Returns
        -------
        list of str
            In row-major order.
        """
        numbers: list[float] = np.asarray(values).ravel().tolist()
        texts = [self.text(value) for value in numbers]
        return texts if groups is None else _marked(numbers, texts, groups.ravel().tolist())

    def _crowded(self, values: NDArray[np.generic], groups: NDArray[np.integer]) -> bool:
        numbers: list[float] = values.ravel().tolist()
        texts = [self.text(value) for value in numbers]
        return any(_alike(numbers, texts, groups.ravel().tolist()))


def _alike(numbers: Sequence[float], texts: Sequence[str], groups: Sequence[int] | None = None) -> list[bool]:
    """Whether each number reads like an unequal one of its group."""
    seen: defaultdict[tuple[int, str], set[float | str]] = defaultdict(set)
    keys = [(0 if groups is None else groups[place], _reading(text)) for place, text in enumerate(texts)]
    for key, number in zip(keys, numbers, strict=True):
        seen[key].add("NaN" if math.isnan(number) else number)
    return [key[0] >= 0 and len(seen[key]) > 1 for key in keys]


def _marked(numbers: Sequence[float], texts: Sequence[str], groups: Sequence[int] | None = None) -> list[str]:
    return [
        ALMOST + text if alike and not text.startswith(ALMOST) else text
        for text, alike in zip(texts, _alike(numbers, texts, groups), strict=True)
    ]


def _reading(text: str) -> str:
    """Text without the zeros that say how exact a number is: "0.500" reads like "0.5"."""
    mantissa, mark, exponent = text.partition("e")
    return (mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa) + mark + exponent


def _typeset(text: str) -> str:
    return text.replace("-", MINUS)
