"""Texts of numbers that stand side by side: unequal numbers look unequal, or carry a mark."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence

ALMOST = "\N{ALMOST EQUAL TO}"
"""Stands before a number that looks like an unequal one beside it."""

MOST_FIGURES = 17
"""So many tell any two float64 apart."""


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
