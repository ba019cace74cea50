"""What the user has chosen to see in the translation panel."""

from dataclasses import dataclass

from cnnviz.translation import OUTPUT, MeasureName
from ui.widgets.pair_image import PairView


@dataclass(frozen=True)
class View:
    """Choices of the panel. None of them changes the state of the application.

    Attributes
    ----------
    lesson : str
        Name of a lesson, or "free".
    pair : {"overlay", "sides", "difference", "flicker"}
        How original and shifted maps are shown.
    block : int
        Number of the convolution block, from 1.
    pool_size : int
        Side of the pooling windows.
    relative : bool
        Whether features are taken relative to a blank image.
    stage : str
        Stage whose maps and whose sweep are shown.
    moved_along : bool
        Whether maps are compared with the original's maps moved along, instead of the original's maps.
    channel : int
    measure : str
        Measure of the sweep.
    many : bool
        Whether the sweep is that of many digits.
    digits : int
        How many they are.
    spread : bool
        Whether the map of many digits shows their spread instead of their mean.
    """

    lesson: str = "free"
    pair: PairView = "overlay"
    block: int = 1
    pool_size: int = 2
    relative: bool = True
    stage: str = "max"
    moved_along: bool = False
    channel: int = 0
    measure: MeasureName = "relative_change"
    many: bool = False
    digits: int = 400
    spread: bool = False

    def sweep_stage(self, of_output: bool) -> str:
        """Stage under which the values of the sweep are filed."""
        return OUTPUT if of_output else self.stage
