"""The figures of a lab as pixels: whoever made the file, the window is given nothing else of it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from cnnviz._types import ByteArray
from cnnviz.datasets.images import colours_in
from cnnviz.errors import CNNVizError, DataError
from cnnviz.files import printable

_LONGEST = 1600  # pixels of a side; a column of the window is narrower
_MOST_PIXELS = 60_000_000  # of all figures together as they are kept: what fits into 240 MB
_SECONDS = 10.0  # for the figures of a lab together


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A figure as it is shown."""

    pixels: ByteArray  # red, green, blue and opacity
    width: int  # how wide it is meant to be, in pixels of a screen


def figure_in(name: str, content: bytes) -> Picture:
    """Return a figure, or raise `DataError` unless it is a PNG or JPEG that can be shown."""
    return Picture(*colours_in(content, name, _LONGEST))


def pictures_of(figures: Mapping[str, bytes]) -> dict[str, Picture | str]:
    """Return figures as pixels, or why one cannot be shown, as a sentence; `figures`: their files."""
    end, room = time.monotonic() + _SECONDS, _MOST_PIXELS
    found: dict[str, Picture | str] = {}
    for name, content in figures.items():
        try:
            picture = figure_in(name, content)
            room -= picture.pixels.size // 4
            if room < 0 or time.monotonic() > end:
                raise DataError(f"{printable(name)} is too much beside the other figures; make them smaller.")
            found[name] = picture
        except CNNVizError as error:
            found[name] = str(error)
    return found
