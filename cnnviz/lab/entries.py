"""Reading a table of a lab file entry by entry; every mistake becomes a sentence with its line."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, cast

from cnnviz._validation import shown
from cnnviz.files import printable
from cnnviz.lab.toml_lines import Place, line_at
from cnnviz.quantities import format_plain

_LONGEST_NAME = 40
_MOST_LISTED, _MOST_NEAR = 12, 3


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """A mistake in a lab file.

    * `line`: counted from 1.
    * `text`: what was found, what was expected, and what to do, without the full stop.
    """

    line: int
    text: str

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
