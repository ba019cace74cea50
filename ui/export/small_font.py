"""A font file with just the letters that a figure uses, so that the figure looks alike on every computer."""

import io
from collections.abc import Iterable
from pathlib import Path

from ui.theme.fonts import FONT_FOLDER

#: Names of weights in the names of the font files that come with the program.
_WEIGHTS = {"Regular": 400, "Medium": 500, "SemiBold": 600, "Bold": 700}


def small_font(family: str, weight: int, characters: Iterable[str]) -> bytes:
    """Return an OpenType font file with some characters of a font that comes with the program.

    * `weight`: 400 is regular, 700 bold; of the weights that there are the nearest is taken, as Qt
      does.
    * `characters`: single characters; those that the font lacks are left out.
    * Returns: empty if there is no such font, or it has none of them.
    """
    # Imported here: the window starts sooner without it.
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    files = list(FONT_FOLDER.glob(f"{family.replace(' ', '')}-*.[ot]tf"))
    if not files:
        return b""
    nearest = min(files, key=lambda file: abs(_weight_of(file) - weight))
    # Without the rules for pairs and ligatures: letters stand in the file as they were placed.
    options = Options(drop_tables=["GDEF", "GPOS", "GSUB"])
    with TTFont(nearest, lazy=True) as font:
        wanted = set(map(ord, characters)) & (font.getBestCmap() or {}).keys()
        if not wanted:
            return b""
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=wanted)
        subsetter.subset(font)
        buffer = io.BytesIO()
        font.save(buffer)
    return buffer.getvalue()


def _weight_of(file: Path) -> int:
    return _WEIGHTS.get(file.stem.rpartition("-")[2], 400)
