"""Reading a table of a lab file entry by entry; every mistake becomes a sentence with its line."""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, cast

from cnnviz._validation import shown
from cnnviz.files import printable
from cnnviz.quantities import format_plain

_LONGEST_NAME = 40
_MOST_LISTED, _MOST_NEAR = 12, 3


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


def listed(names: Collection[str], wrong: object) -> str:
    """Return names for a message: of many, those that look like the wrong one."""
    if len(names) <= _MOST_LISTED:
        return ", ".join(names)
    near = get_close_matches(shown(wrong).strip("'")[:_LONGEST_NAME], names, _MOST_NEAR, 0.0)
    return f"the {len(names)} names in the guide, such as {', '.join(near)}"


class Mistakes:
    """All mistakes of a file, and the lines of its keys."""

    def __init__(self, lines: dict[Place, int]) -> None:
        self._lines = lines
        self.found: list[Mistake] = []

    def add(self, place: Place, text: str) -> None:
        """Note a mistake."""
        self.found.append(Mistake(line_at(self._lines, place), text))


class Table:
    """A table of the file. What is wrong is noted, and something harmless returned in its place.

    * `place`: where it stands.
    * `what`: what it is called in messages, such as ``'step "train"'``.
    """

    def __init__(self, values: Mapping[str, Any], place: Place, what: str, mistakes: Mistakes) -> None:
        self._values, self._place, self._mistakes = values, place, mistakes
        self.what = what
        self._read: set[str] = set()

    def complain(self, text: str, name: str = "") -> None:
        """Note a mistake of this table, or of one of its entries."""
        self.complain_at((name,) if name else (), text)

    def complain_at(self, place: Place, text: str) -> None:
        """Note a mistake of what stands at a place inside this table."""
        self._mistakes.add((*self._place, *place), text)

    def has(self, name: str) -> bool:
        """Whether there is an entry of this name."""
        self._read.add(name)
        return name in self._values

    def value(self, name: str) -> Any:
        """Return an entry as it is; None where there is none."""
        return self._values[name] if self.has(name) else None

    def text(self, name: str, longest: int) -> str:
        """Return a text that is not empty."""
        expected = f"a text of at most {longest} letters"
        if not self._is_there(name, None, expected):
            return ""
        value = self._values[name]
        if not isinstance(value, str) or not value.strip() or len(value) > longest:
            found = f"{len(value)} letters long" if isinstance(value, str) and value.strip() else None
            self._wrong(name, expected, found)
            return ""
        return value.strip()

    def name(self, name: str) -> str:
        """Return a short name of letters, digits, ``-``, ``_`` and ``.``."""
        value = self.text(name, _LONGEST_NAME)
        if value and not all(sign.isascii() and (sign.isalnum() or sign in "-_.") for sign in value):
            self._wrong(name, "a name of letters, digits, '-', '_' and '.'")
            return ""
        return value

    def whole(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number from `low` to `high`."""
        return self._between(name, int, f"a whole number from {low} to {high}", low, high, default)

    def number(self, name: str, low: float, high: float, default: float | None = None) -> float:
        """Return a number from `low` to `high`."""
        expected = f"a number from {format_plain(low)} to {format_plain(high)}"
        return float(self._between(name, (int, float), expected, low, high, default))

    def flag(self, name: str, default: bool) -> bool:
        """Return true or false."""
        value = self._values[name] if self.has(name) else default
        if not isinstance(value, bool):
            self._wrong(name, "true or false")
            return default
        return value

    def choice[T: str](self, name: str, options: Collection[T], default: T | None = None) -> T:
        """Return one of some texts."""
        expected = f"one of {listed(options, self._values.get(name))}"
        if not self._is_there(name, default, expected):
            return default if default is not None else next(iter(options))
        for option in options:
            if self._values[name] == option:
                return option
        self._wrong(name, expected)
        return default if default is not None else next(iter(options))

    def table(self, name: str, what: str = "") -> "Table | None":
        """Return a table inside this one; None where there is none."""
        if not self.has(name):
            return None
        value = self._values[name]
        if not isinstance(value, dict):
            self._wrong(name, f"a table, such as [{name}]")
            return None
        return self._inner(cast("dict[str, Any]", value), (name,), what or f"{name!r} of {self.what}")

    def tables(self, name: str, most: int, what: str = "") -> "Iterator[Table]":
        """Yield the tables of a list."""
        if not self.has(name):
            return
        value = self._values[name]
        entries: list[Any] = cast("list[Any]", value) if isinstance(value, list) else [None]
        if not all(isinstance(each, dict) for each in entries):
            self._wrong(name, f"a list of tables, such as [[{name}]]")
            return
        if len(entries) > most:
            self._wrong(name, f"at most {most} entries", f"{len(entries)} entries long")
            return
        for number, each in enumerate(entries):
            yield self._inner(each, (name, number), what or f"{name} {number + 1} of {self.what}")

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Yield names and values as they are."""
        for name, value in self._values.items():
            self._read.add(name)
            yield name, value

    def check_all_read(self) -> None:
        """Complain about each entry that nobody has asked for."""
        for name in self._values:
            if name not in self._read:
                known = listed(sorted(self._read), name)
                self.complain(
                    f"{printable(name, _LONGEST_NAME)!r} is no entry of {self.what}, which may have {known}; "
                    "correct the name or take it out",
                    name,
                )

    def _inner(self, values: dict[str, Any], place: Place, what: str) -> "Table":
        return Table(values, (*self._place, *place), what, self._mistakes)

    def _between[N: (int, float)](
        self, name: str, kinds: type | tuple[type, ...], expected: str, low: N, high: N, default: N | None
    ) -> N:
        """Return a number of one of some types and within limits, or in its place the default or `low`."""
        instead = low if default is None else default
        if not self._is_there(name, default, expected):
            return instead
        value = self._values[name]
        if not isinstance(value, kinds) or isinstance(value, bool) or not low <= value <= high:
            self._wrong(name, expected)
            return instead
        return value

    def _is_there(self, name: str, default: object, expected: str) -> bool:
        there = self.has(name)
        if not there and default is None:
            self.complain(
                f"{name!r} of {self.what} is missing, but {expected} was expected; write {name} = …"
            )
        return there

    def _wrong(self, name: str, expected: str, found: str | None = None) -> None:
        found = found or shown(self._values[name])
        self.complain(f"{name!r} of {self.what} is {found}, but {expected} was expected; correct it", name)


#: What a text consists of, as far as lines and keys are concerned; the longer quotes come first.
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|' + r"'''.*?'{3,5}|" + r'"(?:\\.|[^"\\\n])*"|'
    r"'[^'\n]*'|#[^\n]*|\n|[\[\]{}=,]|[^\s\[\]{}=,#\"'\n]+|[ \t\r]+",
    re.DOTALL,
)
_HEADER = re.compile(r"[ \t]*(\[\[?)[ \t]*((?:\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'|[^\]\n\"'])+?)[ \t]*\]")


_PARTS = re.compile(r"[ \t]*(\.)[ \t]*|[^\s.]+|\s+")
_MOST_PARTS = 30


def has_endless_key(text: str) -> bool:
    """Whether a key of a text has more parts than anybody would write.

    `tomllib` needs time and memory that go with the square of their number: 14 GB for a key of 120 KB.
    """
    parts, is_word = 0, False
    for token in _PARTS.finditer(text):
        if token[1]:
            parts += is_word
        elif token[0].isspace():
            parts = 0
        is_word = not token[1]
        if parts > _MOST_PARTS:
            return True
    return False


def lines_of(text: str) -> dict[Place, int]:
    """Return the line, counted from 1, on which each table, list of tables and key of a text begins.

    Keys inside a value (``{…}`` and ``[…]``) have no entry of their own: `line_at` gives the line of the key
    that the value belongs to.

    * `text`: TOML that `tomllib.loads` accepts.
    """
    found: dict[Place, int] = {(): 1}
    counts: dict[Place, int] = {}
    table: Place = ()
    position, line = 0, 1
    while position < len(text):
        header = _HEADER.match(text, position)
        if header:
            table = _opened(_keys(header[2]), counts, is_list=header[1] == "[[")
            found.setdefault(table, line)
            end = header.end()
        else:
            key, end = _assignment(text, position)
            for depth in range(len(key)):
                found.setdefault((*table, *key[: depth + 1]), line)
        end = _end_of_line(text, end)
        line += text.count("\n", position, end)
        position = end
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


def _assignment(text: str, position: int) -> tuple[Place, int]:
    """Return the key of a line, none for an empty line or a comment, and the end of what was looked at."""
    end = position
    while (token := _TOKEN.match(text, end)) and token[0] not in ("=", "\n") and token[0][0] != "#":
        end = token.end()
    return (_keys(text[position:end]), end) if token and token[0] == "=" else ((), end)


def _end_of_line(text: str, position: int) -> int:
    """Return the end of the line on which everything is closed that was opened since `position`."""
    depth = 0
    while token := _TOKEN.match(text, position):
        position = token.end()
        if token[0] == "\n" and depth <= 0:
            break
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
    return position if token else len(text)


def _keys(words: str) -> Place:
    """Return the parts of a key, with or without quotes and dots."""
    values: object = tomllib.loads(f"{words.strip()} = 0")
    keys: list[str] = []
    while isinstance(values, dict):
        key, values = next(iter(cast("dict[str, object]", values).items()))
        keys.append(key)
    return tuple(keys)
