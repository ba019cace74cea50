"""The figures of a lab as pixels: whoever made the file, the window is given nothing else of it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from cnnviz._types import ByteArray
from cnnviz.datasets.images import colours_in
from cnnviz.errors import CNNVizError, DataError
from cnnviz.files import printable
from cnnviz.quantities import format_count
from cnnviz.reading import bad_file
from cnnviz.report.drawings import flaw_of
from cnnviz.report.pdf import picture_of

_LONGEST = 1600  # pixels of a side; a column of the window is narrower
_MOST_PIXELS = 60_000_000  # of all figures together as they are kept: what fits into 240 MB
_SECONDS = 10.0  # for the figures of a lab together
_SVG = ".svg"
_DPI = 192  # twice that of the screen
_PIXELS_PER_INCH = 96


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A figure as it is shown."""

    pixels: ByteArray  # red, green, blue and opacity
    width: int  # how wide it is meant to be, in pixels of a screen


def check_figure(name: str, content: bytes) -> None:
    """Raise `DataError` unless a figure is a PNG or JPEG, or an SVG of plain shapes, that can be shown."""
    _flawless(name, content) if name.endswith(_SVG) else colours_in(content, name, _LONGEST)


def pictures_of(figures: Mapping[str, bytes]) -> dict[str, Picture | str]:
    """Return figures as pixels, or why one cannot be shown, as a sentence; `figures`: their files."""
    end, room = time.monotonic() + _SECONDS, _MOST_PIXELS
    found: dict[str, Picture | str] = {}
    for name, content in figures.items():
        try:
            picture = _picture(name, content, end - time.monotonic())
            room -= picture.pixels.size // 4
            if room < 0 or time.monotonic() > end:
                raise DataError(f"{printable(name)} is too much beside the other figures; make them smaller.")
            found[name] = picture
        except CNNVizError as error:
            found[name] = str(error)
    return found


def _picture(name: str, content: bytes, seconds: float) -> Picture:
    if not name.endswith(_SVG):
        return Picture(*colours_in(content, name, _LONGEST))
    _flawless(name, content)
    try:
        drawn = picture_of(content.decode("utf-8", "replace"), _DPI, max(seconds, 0.0))
    except (CNNVizError, MemoryError) as error:
        most = f"at most 120 cm and {format_count(round(_SECONDS))} seconds of drawing were expected"
        raise bad_file(name, "cannot be drawn", most, "save it as PNG") from error
    pixels, width = colours_in(drawn, name, _LONGEST)
    return Picture(pixels, width * _PIXELS_PER_INCH // _DPI)


def _flawless(name: str, content: bytes) -> None:
    if flaw := flaw_of(content):
        raise bad_file(name, flaw, "a drawing of plain shapes was expected", "save it as PNG")
