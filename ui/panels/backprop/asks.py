"""What pages of the backward pass ask for."""

from typing import Any, Literal

from cnnviz.drawing import Ask
from cnnviz.inspect.receptive_field import Cell
from cnnviz.layers import TieRule
from cnnviz.routing import Target


class PointAt(Ask):
    """Look at a cell of a stage, and at a weight."""

    stage: str = ""
    cell: Cell = ()
    weight: Target | None = None


class Poke(Ask):
    """Choose what is poked; a cell is pinned, too, or freed if it is pinned."""

    target: Target


class ShowFilter(Ask):
    """Look at a filter of a stage of maps."""

    stage: str
    channel: int


class ShowUnit(Ask):
    """Look at a unit of a dense layer."""

    layer: str
    unit: int


class Enlarge(Ask):
    """Enlarge the part of the maps round a place, given as fractions of height and width."""

    row: float
    col: float


class SetSide(Ask):
    """Show so many rows and columns of a map."""

    side: tuple[int, int]


class Choose(Ask):
    """Choose a value of a field of `Focus`."""

    field: Literal["terms", "parameter", "rate", "eps"]
    value: Any


class SetLabel(Ask):
    """Differentiate the loss for a class."""

    label: int


class SetRule(Ask):
    """Share the gradient among tied cells by another rule."""

    rule: str


class Apply(Ask):
    """Take the update that is previewed, on trial."""


class Undo(Ask):
    """Take the last trial update back."""


class Adopt(Ask):
    """Let the run continue from the weights after the trial updates."""


class GoTo(Ask):
    """Show a step."""

    step: int


class StartCheck(Ask):
    """Check every parameter under a rule for ties; None for the one in force."""

    rule: TieRule | None = None


class CancelCheck(Ask):
    """Stop poking every parameter."""
