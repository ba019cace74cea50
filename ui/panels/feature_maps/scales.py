"""In which colours the arithmetic shows the numbers of a stage: in those of its column."""


class Scales:
    """Colour maps and limits with which numbers are shown: those of the stages they come from.

    Parameters
    ----------
    source : tuple of (colour map, limits)
        Of the stage that is read.
    weights : limits, optional
        Of the kernels.
    """

    def __init__(
        self, source: tuple[str, tuple[float, float]], weights: tuple[float, float] | None = None
    ) -> None:
        self.source = source
        self.weights = weights
