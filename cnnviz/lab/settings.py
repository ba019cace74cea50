"""Settings of an experiment as a lab file gives them."""

from dataclasses import fields, replace
from typing import Any, cast

from cnnviz._validation import shown
from cnnviz.errors import ParameterError
from cnnviz.experiment import Experiment
from cnnviz.files import printable
from cnnviz.lab.entries import Table, listed


def checked_settings(table: Table, changes: dict[str, Any], experiment: Experiment) -> Experiment:
    """Return an experiment with some settings changed; each that is wrong is noted and left out."""
    known = {each.name for each in fields(Experiment)}
    for name, value in _in_order(changes):
        if name not in known:
            table.complain(
                f"{printable(name, 40)!r} is no setting of an experiment, which has "
                f"{listed(sorted(known), name)}; correct the name",
                name,
            )
            continue
        if mistake := _wrong_kind(name, value, getattr(experiment, name)):
            table.complain(mistake, name)
            continue
        given = tuple(cast("list[Any]", value)) if isinstance(value, list) else value
        try:
            experiment = replace(experiment, **{name: given})
        except (ParameterError, TypeError) as error:
            reason = (
                str(error).rstrip(".") if isinstance(error, ParameterError) else "it is of the wrong type"
            )
            table.complain(f"the setting {name!r} cannot be used: {reason}; correct it", name)
    return experiment


def _wrong_kind(name: str, value: object, usual: object) -> str:
    """Return what is wrong with a setting that is no list where one was expected, or of numbers; or ""."""
    if not isinstance(usual, tuple):
        return ""
    if not isinstance(value, list):
        return f"the setting {name!r} is {shown(value)}, but a list was expected; write {name} = […]"
    entries = cast("list[object]", value)
    if name != "classes" or all(isinstance(each, str) for each in entries):
        return ""
    names = ", ".join(f'"{printable(str(each), 20)}"' for each in entries[:10])
    return (
        "the setting 'classes' has numbers or other values, but the names of classes were expected, in "
        f"quotes; write classes = [{names}]"
    )


def _in_order(changes: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the output before the classes, for more than two of them need a softmax."""
    return sorted(changes.items(), key=lambda each: each[0] == "classes")
