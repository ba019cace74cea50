"""A setting, declared once, where its value lives: its check, its words, and how a form shows it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from functools import cache
from types import MappingProxyType
from typing import Any, cast

from cnnviz._validation import check_choice, check_float, check_int, shown
from cnnviz.errors import ParameterError
from cnnviz.quantities import format_plain, format_value


@dataclass(frozen=True, slots=True)
class Setting:
    """What may be chosen, and what it is called.

    * `of`: type of the value; of a tuple, that of its numbers.
    * `low`, `high`: the smallest and the largest value; None for no limit.
    * `options`: the values there are, each with its word in a form; empty for numbers.
    * `title`, `tip`: words of its field in a form; `{low}` and `{high}` in the tip stand for the limits.
    * `taken`: name of the setting of an experiment from which a layer takes it; "" for none.
    * `count`: how many numbers a tuple may have; None where it is no tuple.
    * `may_be_none`: whether None is a value, too.
    """

    of: type[Any]
    low: float | None = None
    high: float | None = None
    options: tuple[tuple[Any, str], ...] = ()
    title: str = ""
    tip: str = ""
    taken: str = ""
    count: tuple[int, int] | None = None
    may_be_none: bool = False

    @property
    def about(self) -> str:
        """The tip, with the limits filled in."""
        low, high = (format_value(limit or 0.0) for limit in (self.low, self.high))
        return self.tip.format(low=low, high=high)

    @property
    def limits(self) -> tuple[float, float]:
        """The smallest and the largest value of a number that has both."""
        assert self.low is not None
        assert self.high is not None
        return self.low, self.high

    def written(self, value: object) -> str:
        """A value as a form shows it."""
        if isinstance(value, tuple):
            return ", ".join(map(str, cast("tuple[object, ...]", value))) or "none"
        return format_plain(value) if isinstance(value, float) else dict(self.options).get(value, str(value))

    def checked(self, value: Any, name: str, owner: str) -> Any:
        """Return a value as its type, or raise `ParameterError` that says what it must be."""
        if value is None and self.may_be_none:
            return None
        if self.count is not None:
            if isinstance(value, str) or not isinstance(value, Sequence):
                raise ParameterError(f"The {name!r} of {owner} must be a list. Got {shown(value)} instead.")
            found, (fewest, most) = cast("Sequence[Any]", value), self.count
            if self.of is not str:
                check_int(len(found), f"number of {name}", owner, fewest, most)
            elif not fewest <= len(found) <= most:
                raise ParameterError(f"Choose between {fewest} and {most} {name}. Got {len(found)}.")
            return tuple(replace(self, count=None).checked(each, name, owner) for each in found)
        if self.of is str and not self.options:
            if not isinstance(value, str) or not value:
                raise ParameterError(
                    f"Each of the {name!r} of {owner} must be a text. Got {shown(value)} instead."
                )
            return value
        if self.options:
            return check_choice(value, name, owner, [each for each, _ in self.options])
        if self.of is float:
            return check_float(value, name, owner, self.low, self.high)
        low, high = (None if limit is None else int(limit) for limit in (self.low, self.high))
        return check_int(value, name, owner, low, high)


def number(
    low: float, high: float | None = None, usual: Any = MISSING, *, of: type = int, **words: Any
) -> Any:
    """A field that holds a number within limits; `words` as of `Setting`."""
    return field(default=usual, metadata={"setting": Setting(of, low, high, **words)})


def one_of(options: Iterable[Any], usual: Any = MISSING, **words: Any) -> Any:
    """A field that holds one of some values; each may come with its word in a form."""
    pairs: list[tuple[Any, str]] = [
        cast("Any", each) if isinstance(each, tuple) else (each, str(each)) for each in options
    ]
    setting = Setting(type(cast("object", pairs[0][0])), options=tuple(pairs), **words)
    return field(default=usual, metadata={"setting": setting})


def text_list(count: tuple[int, int], usual: tuple[str, ...], **words: Any) -> Any:
    """A field that holds some texts."""
    return field(default=usual, metadata={"setting": Setting(str, count=count, **words)})


def yes_or_no(usual: bool, **words: Any) -> Any:
    """A field that holds a truth value."""
    return one_of(((False, "no"), (True, "yes")), usual, **words)


def as_in(owner: type, name: str, usual: Any = MISSING, **others: Any) -> Any:
    """A field with the words and checks of another class's, but for the `others`; the default is its own."""
    other = next(each for each in fields(owner) if each.name == name)
    setting = replace(other.metadata["setting"], **others)
    return field(default=other.default if usual is MISSING else usual, metadata={"setting": setting})


@cache
def settings_of(owner: type) -> Mapping[str, Setting]:
    """Settings of a class by the names of its fields, in order."""
    own = fields(cast("Any", owner))
    found = {each.name: each.metadata["setting"] for each in own if "setting" in each.metadata}
    return MappingProxyType(found)


def check_settings(value: object) -> None:
    """Check every field of a frozen value while it is being made, and keep what the check returns."""
    for name, setting in settings_of(type(value)).items():
        object.__setattr__(value, name, setting.checked(getattr(value, name), name, type(value).__name__))
