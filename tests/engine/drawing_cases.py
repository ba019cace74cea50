"""What the tests of drawings share."""

from cnnviz.drawing import LIGHT, Ask, Box, Ground


class Go(Ask):
    """Ask for something, by numbers."""

    one: float = 0
    other: float = 0


def ground(width: float, high: float = 300, **more) -> Ground:
    return Ground(Box(0, 0, width, high), LIGHT, **more)
