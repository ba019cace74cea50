"""The choices inside the panels that a lab file can make, by name.

Panels live in the window; a test compares this list with what they say of themselves.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, cast

from cnnviz.files import printable

CHOICES: Mapping[str, str] = {
    "training": "unit filters.moment speed results.scroll results.cell log.scroll settings.scroll "
    "settings.more loss.raw loss.mean loss.test loss.ghost loss.zoom accuracy.mean accuracy.test "
    "accuracy.ghost accuracy.zoom",
    "feature_maps": "page limits limits.* class flow.at flow.enlarged flow.scale flow.large.cell "
    "flow.large.place flow.folded.* pointed pointed_index sweep sweep_place sweep_speed slice channels.* "
    "filter.layer filter.channel filter.scope filter.relative relative_evidence covers heights",
    "translation": "lesson pair compared stage measure block pool_size channel digits scroll relative "
    "equivariance many spread alone measured settings.more",
    "backprop": "step step_layer rule contrast parameter target.name target.index label rate channels.* "
    "units.* terms center checked covers covered own_focus side.page side.scroll side.eps side.range",
    "report": "section words preview zoom reading",
}
"""Choices by panel; ``*`` stands for a layer, a column or a number of one."""

_LONGEST_NAME = 40


def mistake_in(panel: str, name: str, value: Any) -> str:
    """Return what is wrong with a choice of a lab file, and what to do; "" for nothing."""
    called, names = printable(name, _LONGEST_NAME), CHOICES[panel].split()
    if isinstance(value, dict):
        inner = printable(next(iter(cast("dict[str, Any]", value)), "…"), _LONGEST_NAME)
        return (
            f"{called!r} is a table, but a choice was expected; put a name that has a dot in quotes, as in "
            f'"{called}.{inner}" = …'
        )
    if any(fnmatchcase(name, each) for each in names):
        return ""
    near = ", ".join(get_close_matches(name, sorted(names), 3, 0.0))
    return f"{called!r} is no choice of the panel {panel!r}, which has {near} and others; correct the name"
