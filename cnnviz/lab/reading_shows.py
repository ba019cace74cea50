"""The parts of a lab file that say what the window is to show."""

from collections.abc import Mapping
from typing import Any, cast

from cnnviz.errors import ParameterError
from cnnviz.experiment import Experiment
from cnnviz.lab.entries import Table
from cnnviz.lab.model import END, PANELS, START, Show
from cnnviz.lab.settings import checked_settings
from cnnviz.lab.views import mistake_in
from cnnviz.session_state import View, as_view

_FARTHEST = 64
_NOT_HERE = ("classes", "seed")
_MOST_STEPS = 10**9


def read_show(table: Table | None, experiment: Experiment, *, allows_settings: bool = True) -> Show:
    """Read a table ``[start]`` or ``[step.show]``; None gives a window that stays as it is.

    * `experiment`: settings of the lab.
    * `allows_settings`: whether it may change some of them.
    """
    if table is None:
        return Show()
    show = Show(
        panel=table.choice("panel", PANELS, "training") if table.has("panel") else "",
        settings=_settings(table, experiment) if allows_settings else {},
        moment=_moment(table),
        sample=table.whole("sample", 0, 1_000_000) if table.has("sample") else None,
        shift=_shift(table.table("shift")),
        pinned=_pinned(table.table("pinned")),
        views=_views(table.table("views")),
    )
    table.check_all_read()
    return show


def _settings(table: Table, experiment: Experiment) -> Mapping[str, Any]:
    settings = table.table("settings")
    if settings is None:
        return {}
    changes = dict(settings.entries())
    for name in _NOT_HERE:
        if name in changes:
            settings.complain(
                f"{name!r} cannot change within a lab, for all its numbers are of the same data and seed; "
                "take it out, or set it in [settings]",
                name,
            )
            del changes[name]
    changed = checked_settings(settings, changes, experiment)
    return {name: getattr(changed, name) for name in changes if hasattr(changed, name)}


def _moment(table: Table) -> Any:
    value = table.value("moment")
    if value is None or value in (START, END):
        return value
    if isinstance(value, str):
        return table.choice("moment", (START, END))
    return table.whole("moment", 0, _MOST_STEPS)


def _shift(table: Table | None) -> tuple[int, int, bool] | None:
    if table is None:
        return None
    shift = (
        table.whole("dx", -_FARTHEST, _FARTHEST, 0),
        table.whole("dy", -_FARTHEST, _FARTHEST, 0),
        table.flag("wrap", False),
    )
    table.check_all_read()
    return shift


def _pinned(table: Table | None) -> tuple[str, tuple[int, ...]] | None:
    if table is None:
        return None
    stage, index = table.name("stage"), table.value("index")
    entries = cast("list[Any]", index) if isinstance(index, list) else []
    if not 1 <= len(entries) <= 3 or not all(type(each) is int and 0 <= each < 10_000 for each in entries):
        table.complain(
            "'index' of a pinned cell is missing or no list, but [filter, row, column] or [unit] was "
            "expected, counted from 0; write for example index = [0, 5, 5]",
            "index",
        )
    table.check_all_read()
    return stage, tuple(entries)


def _views(table: Table | None) -> dict[str, View]:
    if table is None:
        return {}
    views: dict[str, View] = {}
    for name, value in table.entries():
        if name not in PANELS:
            table.complain(
                f"{name!r} is no panel, but one of {', '.join(PANELS)} was expected; correct it", name
            )
            continue
        choices = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
        mistakes = {choice: mistake_in(name, choice, each) for choice, each in choices.items()}
        for choice, mistake in mistakes.items():
            if mistake:
                table.complain_at((name, choice), mistake)
        if any(mistakes.values()):
            continue
        try:
            views[name] = as_view(cast("object", value))
        except ParameterError as error:
            table.complain(f"the view of {name!r} cannot be used, for {error}; correct it", name)
    return views
