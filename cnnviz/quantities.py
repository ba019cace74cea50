"""How a number becomes text: in the window, on paper, in headless output and in the headings of tables.

Nothing else in the program chooses digits. The rules:

* A single value is right where it stands: so many significant figures, in full from 0.001 to a million
  (``0.00573``), with an exponent beyond (``1.90e−4``). What is exactly that number has no zeros at its end
  (``0.5``); what is rounded to it has (``0.500``). So 0 is written for zero only.
* Numbers that are seen side by side get more figures until unequal ones look unequal (`format_together`).
  Where there is no room for that, they carry ``≈``.
* Cells of a map share decimals, and a power of ten where they are small: see `cnnviz.notation`.
* Minus is the typographic one, as wide as a plus, except in what a program reads (`format_plain`).
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a diagnosis that says the time has to work without it
    import numpy as np

MINUS = "\N{MINUS SIGN}"
"""The typographic minus."""
ALMOST = "\N{ALMOST EQUAL TO}"
"""Stands before a number that looks like an unequal one beside it."""

MOST_FIGURES = 17
"""So many tell any two float64 apart."""

_FEWEST_IN_FULL, MOST_IN_FULL = 1e-3, 1e6
_NEAREST_TO_ONE = 1e-4
_POWERS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

Write = Callable[[float, int], str]


# --- single numbers -----------------------------------------------------------------------------------------


def format_count(count: int) -> str:
    """Write a whole number with commas between thousands, such as "12,665"."""
    return typeset(f"{count:,}")


def format_many(count: int, one: str) -> str:
    """Write how many of something there are, `one` of which has this name: "1 step", "12,665 steps"."""
    return f"{format_count(count)} {one}{'s' * (count != 1)}"


def format_value(value: float, digits: int = 3) -> str:
    """Write a single number in full, or with its exponent.

    * `digits`: significant figures, >= 1.
    * Returns: such as "0.0407", "12.3", "1.20e−7", "0.5" (exactly), "0.500" (rounded), "0", "NaN", "∞".
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else typeset("∞" if value > 0 else "-∞")
    shown = rounded(value, digits)
    if value == 0:
        return "0"
    if _FEWEST_IN_FULL <= abs(shown) < MOST_IN_FULL:
        decimals = max(digits - 1 - math.floor(math.log10(abs(shown))), 0)
        text, exponent = f"{value:,.{decimals}f}", ""
        is_exact = _is_exact(float(text.replace(",", "")), value)
    else:
        text, exponent = f"{value:.{digits - 1}e}".split("e")
        exponent, is_exact = f"e{int(exponent)}", _is_exact(shown, value)
    if is_exact and "." in text:
        text = text.rstrip("0").rstrip(".")
    return typeset(text + exponent)


def rounded(value: float, figures: int) -> float:
    """Return a number of so many figures."""
    return float(f"{value:.{figures}g}")


def format_signed(value: float, digits: int = 3) -> str:
    """Write as `format_value` does, with the sign before positive numbers too; zero has none.

    * Returns: such as "+0.35", "−0.92", "0".
    """
    text = format_value(value, digits)
    return f"+{text}" if value > 0 else text


def format_probability(p: float, digits: int = 3, rest: float | None = None) -> str:
    """Write a probability so that what is neither 0 nor 1 is written as neither.

    * `p`: from 0 to 1.
    * `digits`: significant figures of `p` or of ``1 - p``, whichever is smaller.
    * `rest`: ``1 - p``, where it is known more exactly than by the difference, which single precision rounds
      to 0.
    * Returns: such as "0.0316", "0.9684", "2.10e−9", "1 − 1.56e−8"; "1" and "0" for exactly these.
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


def format_one_plus(rest: float, digits: int = 3) -> str:
    """Write ``1 + rest`` so that a small rest can still be read.

    * `rest`: >= 0.
    * `digits`: significant figures of `rest`.
    * Returns: such as "1.0316", "1 + 1.56e−8", "1".
    """
    if 0 < rest < _NEAREST_TO_ONE:
        return f"1 + {format_value(rest, digits)}"
    more = max(-math.floor(math.log10(rest)), 0) if rest > 0 else 0
    return format_value(1 + rest, digits + more)


def format_percent(share: float, decimals: int = 1) -> str:
    """Write a share in per cent, with more decimals where it would read 0 % or 100 % and is not.

    * `share`: from 0 to 1, or any ratio.
    * Returns: such as "98.4 %", "99.998 %", "0.02 %", "90 %" (exactly); "–" where there is none (NaN).
    """
    if math.isnan(share):
        return "–"
    percent = 100 * share
    for more in range(decimals, 12):
        text = f"{percent:,.{more}f}"
        written = float(text.replace(",", ""))
        if (written in (0, 100)) == (percent in (0, 100)):
            is_exact = "." in text and _is_exact(written, percent)
            return typeset(f"{text.rstrip('0').rstrip('.') if is_exact else text} %")
    return f"{format_value(percent, 2)} %"


def format_whole_percent(share: float) -> str:
    """Write a share from 0 to 1 in whole per cent, without the sign, for where there is hardly any room.

    "0" and "100" stand for these shares alone, "<1" and ">99" for what would read like them.
    """
    percent = 100 * share
    if 0 < percent <= 0.5:
        return "<1"
    return ">99" if 99.5 <= percent < 100 else f"{percent:.0f}"


def format_seconds(seconds: float) -> str:
    """Write a time in the unit that suits it, such as "0.5 s", "12 s", "3 min", "2.5 h"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def format_megabytes(size: int) -> str:
    """Write a number of bytes in megabytes of 10⁶, such as "1,300 MB"."""
    return f"{format_value(size / 1e6, 2) if size < 1e7 else format_count(round(size / 1e6))} MB"


def format_power(exponent: int) -> str:
    """Write the unit of numbers that share a power of ten, such as "× 10⁻⁴"; "" for 1."""
    return "" if exponent == 0 else f"× 10{str(exponent).translate(_POWERS)}"


def shared_power(largest: float) -> int:
    """Return the power of ten that numbers up to this one share: none near 1, as "0.42" reads easily."""
    exponent = math.floor(math.log10(abs(largest)))
    return exponent if abs(exponent) > 1 else 0


def format_plain(value: "float | np.generic") -> str:
    """Write the shortest text that a program reads back as the same number, for files and fields.

    * `value`: the shortest text of a float32 is shorter than that of a float64.
    * Returns: with ``-`` and ``.``, such as "-0.1", "1e-7", "10".
    """
    mantissa, mark, exponent = str(value).partition("e")
    return mantissa.removesuffix(".0") + (f"{mark}{int(exponent)}" if mark else "")


# --- places -------------------------------------------------------------------------------------------------


def format_shift(dx: int, dy: int) -> str:
    """Write a shift in pixels, such as "(+3, 0)"."""
    return f"({format_signed(dx)}, {format_signed(dy)})"


def format_cell(cell: Sequence[int], of: str = "filter") -> str:
    """Name a cell of a map, or a unit, as it is named everywhere.

    * `cell`: ``(channel, row, column)``, ``(row, column)`` or ``(unit,)``.
    * `of`: what a channel is called: "filter", "input", "map".
    * Returns: such as "filter 6, row 10, column 7", "row 0, column 3", "unit 12".
    """
    names = {1: ("unit",), 2: ("row", "column"), 3: (of, "row", "column")}[len(cell)]
    return ", ".join(f"{name} {number}" for name, number in zip(names, cell, strict=True))


def with_article(name: str) -> str:
    """Write the name of a class as one of its kind, such as "a 7", "an 8", "an ankle boot", "an M"."""
    vowels = "aefhilmnorsx8" if len(name) == 1 else "aeiou8"
    return f"{'an' if name[:1].lower() in vowels or name in ('11', '18') else 'a'} {name}"


# --- numbers side by side -----------------------------------------------------------------------------------


def format_together(
    values: Iterable[float], digits: int = 3, write: Write = format_value, longest: int | None = None
) -> list[str]:
    """Write numbers that will be compared: unequal ones look unequal, equal ones equal.

    * `values`: all numbers that stand side by side, such as those before and after.
    * `digits`: the fewest significant figures.
    * `write`: `format_value`, `format_signed` or `format_probability`.
    * `longest`: for how many characters there is room. If that is too few to tell numbers apart, they carry
      ``≈``.
    """
    numbers = [float(value) for value in values]
    return told_apart(numbers, lambda figures: [write(value, figures) for value in numbers], digits, longest)


def format_probabilities(probabilities: Iterable[float], longest: int | None = None) -> list[str]:
    """Write the probabilities of all classes; one near 1 by what the others leave of it."""
    numbers = [float(p) for p in probabilities]
    return _probabilities_apart([(numbers, place) for place in range(len(numbers))], 3, longest)


def format_probability_pairs(
    before: Iterable[float], after: Iterable[float], digits: int = 3, longest: int | None = None
) -> list[tuple[str, str]]:
    """Write the probability of every class before and after something: what has changed looks changed."""
    sides = [float(p) for p in before], [float(p) for p in after]
    places = range(len(sides[0]))
    both = (_probabilities_apart([(side, place) for side in sides], digits, longest) for place in places)
    return [(first, second) for first, second in both]


def _probabilities_apart(told: list[tuple[list[float], int]], digits: int, longest: int | None) -> list[str]:
    """Write probabilities, each of which stands at a place among those of all classes."""

    def written(figures: int) -> list[str]:
        return [probability_of(shares, place, figures) for shares, place in told]

    return told_apart([shares[place] for shares, place in told], written, digits, longest)


def told_apart(
    numbers: Sequence[float],
    write: Callable[[int], list[str]],
    digits: int,
    longest: int | None,
    fewest: int = 1,
) -> list[str]:
    """Texts with the fewest figures that tell the numbers apart; those that do not fit are shortened.

    What reads like an unequal one for want of room is marked.

    * `digits`: so many figures, or decimals, to begin with; `fewest`, where they are shortened.
    """
    enough = (figures for figures in range(digits, MOST_FIGURES) if not any(alike(numbers, write(figures))))
    figures = next(enough, MOST_FIGURES)
    texts = write(figures)
    if fit(texts, longest):
        return _with_marks(texts, alike(numbers, texts))
    assert longest is not None
    return _shortened(numbers, [write(fewer) for fewer in range(figures, fewest - 1, -1)], longest)


def _shortened(numbers: Sequence[float], choices: Sequence[Sequence[str]], longest: int) -> list[str]:
    """Texts that fit, each as exact as there is room for, the most exact choices first."""

    def text(place: int, room: int) -> str:
        return next((each[place] for each in choices if len(each[place]) <= room), choices[-1][place])

    is_alike = [False] * len(numbers)
    while True:
        texts = [text(place, longest - marks) for place, marks in enumerate(is_alike)]
        found = [before or now for before, now in zip(is_alike, alike(numbers, texts), strict=True)]
        if found == is_alike:
            return _with_marks(texts, is_alike)
        is_alike = found


def fit(texts: Sequence[str], longest: int | None) -> bool:
    """Whether no text has more than `longest` characters."""
    return longest is None or max(map(len, texts), default=0) <= longest


def alike(numbers: Sequence[float], texts: Sequence[str]) -> list[bool]:
    """Whether each number reads like an unequal one beside it."""
    readings = [_reading(text) for text in texts]
    if len(set(readings)) == len(readings):
        return [False] * len(readings)
    seen: defaultdict[str, set[float | str]] = defaultdict(set)
    for reading, number in zip(readings, numbers, strict=True):
        seen[reading].add("NaN" if math.isnan(number) else number)
    return [len(seen[reading]) > 1 for reading in readings]


def _with_marks(texts: Sequence[str], is_alike: Sequence[bool]) -> list[str]:
    return [
        ALMOST + text if mark and not text.startswith(ALMOST) else text
        for text, mark in zip(texts, is_alike, strict=True)
    ]


def _reading(text: str) -> str:
    """Text without the zeros that say how exact a number is: "0.500" reads like "0.5"."""
    mantissa, mark, exponent = text.removesuffix(" %").partition("e")
    return (mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa) + mark + exponent


def rest_of(probabilities: Sequence[float], place: int) -> float:
    """Sum of the probabilities of all other classes, which single precision cannot tell from 1 by difference.

    * `place`: the class that is left out.
    """
    p = probabilities[place]
    if p <= 0.5:
        return 1 - p
    rest = math.fsum(each for other, each in enumerate(probabilities) if other != place)
    return rest if rest > 0 else max(1 - p, 0.0)


def probability_of(shares: Iterable[float], place: int, digits: int = 3) -> str:
    """Write the probability of one of all classes: one near 1 by what the others leave of it."""
    numbers = [float(p) for p in shares]
    return format_probability(numbers[place], digits, rest_of(numbers, place))


def _is_exact(written: float, value: float) -> bool:
    """Whether a number is what is written, but for the noise of double precision: 3 × 0.1 is 0.3."""
    return math.isclose(written, value, rel_tol=1e-14)


def typeset(text: str) -> str:
    """Text of a number with the typographic minus."""
    return text.replace("-", MINUS)


def today() -> str:
    """Return the date, such as ``2024-02-29``."""
    return datetime.now().date().isoformat()


def now() -> str:
    """Return date and time, such as ``2024-02-29 09:30``."""
    return datetime.now().strftime("%Y-%m-%d %H:%M")


def beside(time: str, other: str) -> str:
    """Return a time of `now` as it is said beside another one: without the date if that is the same."""
    date, _, clock = time.partition(" ")
    return clock if clock and date == other.partition(" ")[0] else time


def moment(seconds: float) -> str:
    """Return when it was, to follow "on", such as ``2024-02-29 at 09:30:05``; seconds since the epoch."""
    return time.strftime("%Y-%m-%d at %H:%M:%S", time.localtime(seconds))
