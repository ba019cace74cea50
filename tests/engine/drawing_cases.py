"""What the tests of drawings share."""

from dataclasses import dataclass

from cnnviz.drawing import LIGHT, Ask, Box, Ground


@dataclass(frozen=True)
class Go(Ask):
    """Ask for something, by numbers."""

    one: float = 0
    other: float = 0


def ground(width: float, high: float = 300, **more) -> Ground:
    return Ground(Box(0, 0, width, high), LIGHT, **more)
