"""Where the keys of a TOML text stand, and mistakes that name their line."""

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

Place = tuple[str | int, ...]
"""Keys and places in lists that lead to a value, such as ``("step", 2, "prediction", "kind")``."""


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """A mistake in a lab file."""

    line: int  # counted from 1
    text: str  # what was found, what was expected, and what to do, without the full stop

    def sentence(self, name: str) -> str:
        """Return it as a sentence about the file of that name."""
        return f"{name}, line {self.line}: {self.text}."


#: Texts and comments, in which no sign means what it means elsewhere; the longer quotes come first.
_QUOTED = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|' + r"'''.*?'{3,5}|" + r'"(?:\\.|[^"\\\n])*"|' + r"'[^'\n]*'|#[^\n]*",
    re.DOTALL,
)
_HEADER = re.compile(r"[ \t]*(\[\[?)([^\]]*)\]")
#: A key of more parts than anybody would write: `tomllib` needs time and memory that go with the square of
#: their number, 14 GB for a key of 120 KB.
ENDLESS_KEY = re.compile(r"(?<![^\s.])(?:[^\s.]++[ \t]*+\.[ \t]*+){31}")


def lines_of(text: str) -> dict[Place, int]:
    """Return the line, counted from 1, on which each table, list of tables and key of a text begins.

    Keys inside a value (``{…}`` and ``[…]``) have no entry of their own: `line_at` gives the line of the key
    that the value belongs to.

    * `text`: TOML that `tomllib.loads` accepts.
    """
    found: dict[Place, int] = {(): 1}
    counts: dict[Place, int] = {}
    table, depth = Place(), 0
    masked = _QUOTED.sub(lambda quoted: re.sub(r"[^\n]", '"', quoted[0]), text)
    for number, (line, plain) in enumerate(zip(text.split("\n"), masked.split("\n"), strict=True), start=1):
        header = _HEADER.match(plain)
        if depth == 0 and header:
            table = _opened(_keys(line[slice(*header.span(2))]), counts, is_list=header[1] == "[[")
            found.setdefault(table, number)
        elif depth == 0 and "=" in plain:
            key = _keys(line[: plain.index("=")])
            for count in range(len(key)):
                found.setdefault((*table, *key[: count + 1]), number)
        depth += sum(map(plain.count, "[{")) - sum(map(plain.count, "]}"))
    return found


def line_at(lines: dict[Place, int], place: Place) -> int:
    """Return the line of a place, or of the innermost part around it that has one."""
    while place not in lines:
        place = place[:-1]
    return lines[place]


def _opened(keys: Place, counts: dict[Place, int], *, is_list: bool) -> Place:
    """Return the place of the table that a header opens: of lists on the way it is the last entry."""
    place: Place = ()
    for depth, key in enumerate(keys):
        place = (*place, key)
        if is_list and depth == len(keys) - 1:
            counts[place] = counts.get(place, 0) + 1
        if place in counts:
            place = (*place, counts[place] - 1)
    return place


@lru_cache(1000)
def _keys(words: str) -> Place:
    """Return the parts of a key, with or without quotes and dots."""
    values: object = tomllib.loads(f"{words.strip()} = 0")
    keys: list[str] = []
    while isinstance(values, dict):
        key, values = next(iter(cast("dict[str, object]", values).items()))
        keys.append(key)
    return tuple(keys)
