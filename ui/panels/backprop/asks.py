"""What pages of the backward pass ask for."""

from dataclasses import dataclass

from cnnviz.drawing import Ask
from cnnviz.inspect.receptive_field import Cell
from cnnviz.routing import ParameterTarget, Target


@dataclass(frozen=True, slots=True)
class PointAt(Ask):
    """Look at a cell of a stage, and at a weight."""

    stage: str = ""
    cell: Cell = ()
    weight: ParameterTarget | None = None


@dataclass(frozen=True, slots=True)
class Poke(Ask):
    """Choose what is poked; a cell is pinned, too, or freed if it is pinned."""

    target: Target


@dataclass(frozen=True, slots=True)
class ShowFilter(Ask):
    """Look at a filter of a stage of maps."""

    stage: str
    channel: int


@dataclass(frozen=True, slots=True)
class ShowUnit(Ask):
    """Look at a unit of a dense layer."""

    layer: str
    unit: int


@dataclass(frozen=True, slots=True)
class Enlarge(Ask):
    """Enlarge the part of the maps round a place, given as fractions of height and width."""

    row: float
    col: float


@dataclass(frozen=True, slots=True)
class SetSide(Ask):
    """Show so many rows and columns of a map."""

    side: tuple[int, int]


@dataclass(frozen=True, slots=True)
class SumTerms(Ask):
    """Sum so many terms of the gradient of a filter."""

    count: int


@dataclass(frozen=True, slots=True)
class Contrast(Ask):
    """Compare with another kind of pooling; "" for none."""

    kind: str


@dataclass(frozen=True, slots=True)
class ShowParameter(Ask):
    """Show the update of a parameter."""

    name: str


@dataclass(frozen=True, slots=True)
class SetLabel(Ask):
    """Differentiate the loss for a class."""

    label: int


@dataclass(frozen=True, slots=True)
class SetRule(Ask):
    """Share the gradient among tied cells by another rule."""

    rule: str


@dataclass(frozen=True, slots=True)
class SetRate(Ask):
    """Use another learning rate for the trial update."""

    rate: float


@dataclass(frozen=True, slots=True)
class SetEps(Ask):
    """Poke by another amount."""

    eps: float


@dataclass(frozen=True, slots=True)
class SetReach(Ask):
    """Plot the loss over another range of pokes."""

    reach: float


@dataclass(frozen=True, slots=True)
class Apply(Ask):
    """Take the update that is previewed, on trial."""


@dataclass(frozen=True, slots=True)
class Undo(Ask):
    """Take the last trial update back."""


@dataclass(frozen=True, slots=True)
class Adopt(Ask):
    """Let the run continue from the weights after the trial updates."""


@dataclass(frozen=True, slots=True)
class GoTo(Ask):
    """Show a step."""

    step: int


@dataclass(frozen=True, slots=True)
class StartCheck(Ask):
    """Poke every parameter."""


@dataclass(frozen=True, slots=True)
class CancelCheck(Ask):
    """Stop poking every parameter."""


@dataclass(frozen=True, slots=True)
class ListEntries(Ask):
    """List the parameters of one outcome of the check."""

    kind: str
