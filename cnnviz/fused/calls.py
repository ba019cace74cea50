"""Prepared NumPy calls: made once, called in every step."""

from collections.abc import Callable
from functools import partial

Call = Callable[[], object]
"""A NumPy call whose arrays, output included, are bound already: only the brackets are missing."""


def prepare(function: Callable[..., object], *arguments: object, **keywords: object) -> Call:
    """Bind a function to its arguments.

    For most ufuncs the last argument is the output. Positional arguments cost less than keywords, which
    counts where a training step is a dozen calls and 25 microseconds. (`maximum` takes it by keyword only.)
    """
    return partial(function, *arguments, **keywords)
