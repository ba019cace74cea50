"""The choices inside the panels that a lab file can make, by name and kind.

Panels live in the window; a test compares this list with what they say of themselves.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, Literal, cast

import msgspec

from cnnviz._validation import shown
from cnnviz.files import printable

type Kind = Literal["text", "number", "flag", "numbers"]

#: What each kind is to msgspec, and in words.
_KINDS: Mapping[Kind, tuple[Any, str]] = {
    "text": (str, "a text"),
    "number": (int | float, "a number"),
    "flag": (bool, "true or false"),
    "numbers": (list[int | float], "a list of numbers"),
}


def _named(text: str = "", number: str = "", flag: str = "", numbers: str = "") -> Mapping[str, Kind]:
    by_kind: dict[Kind, str] = {"text": text, "number": number, "flag": flag, "numbers": numbers}
    return {name: kind for kind, names in by_kind.items() for name in names.split()}


CHOICES: Mapping[str, Mapping[str, Kind]] = {
    "training": _named(
        text="filters.moment",
        number="speed",
        flag="settings.more",
        numbers="loss.zoom accuracy.zoom results.cell",
    ),
    "feature_maps": _named(
        text="page limits flow.at flow.enlarged pointed sweep filter.layer",
        number="class flow.large.cell channels.* sweep_place sweep_speed slice filter.channel",
        flag="relative_evidence covers flow.folded.*",
        numbers="limits.* flow.large.place pointed_index",
    ),
    "translation": _named(
        text="lesson pair compared stage measure",
        number="block pool_size channel digits scroll",
        flag="equivariance many alone measured settings.more",
    ),
    "backprop": _named(
        text="step step_layer rule parameter target.name side.page",
        number="label rate channels.* units.* terms side.eps",
        flag="covers own_focus covered",
        numbers="center target.index",
    ),
    "report": _named(text="section", number="words preview zoom", flag="reading"),
}
"""Choices by panel; ``*`` stands for a layer, a column or a number of one."""

_LONGEST_NAME = 40
_FULL_SPEED = ("training", "speed", "full")


def kind_of(panel: str, name: str) -> Kind | None:
    """Return the kind of a choice in a panel; None where there is no such choice."""
    return next((kind for each, kind in CHOICES[panel].items() if fnmatchcase(name, each)), None)


def mistake_in(panel: str, name: str, value: Any) -> str:
    """Return what is wrong with a choice of a lab file, and what to do; "" for nothing.

    An empty list stands for no choice, of whatever kind.
    """
    kind, called = kind_of(panel, name), printable(name, _LONGEST_NAME)
    if isinstance(value, dict):
        inner = printable(next(iter(cast("dict[str, Any]", value)), "…"), _LONGEST_NAME)
        return (
            f"{called!r} is a table, but a choice was expected; put a name that has a dot in quotes, as in "
            f'"{called}.{inner}" = …'
        )
    if kind is None:
        near = ", ".join(get_close_matches(name, sorted(CHOICES[panel]), 3, 0.0))
        return (
            f"{called!r} is no choice of the panel {panel!r}, which has {near} and others; correct the name"
        )
    if value == [] or (panel, name, value) == _FULL_SPEED:
        return ""
    of, words = _KINDS[kind]
    try:
        msgspec.convert(value, of)
    except msgspec.ValidationError:
        return (
            f"the choice {called!r} of the panel {panel!r} is {shown(value)}, but {words} was "
            "expected; correct it"
        )
    return ""
