"""Sheets of paper that figures of a report are drawn on: drawings whose lengths are points."""

from collections.abc import Sequence

from cnnviz.drawing import PAPER, Box, Drawing, Ground, Share, to_svg
from cnnviz.report.blocks import Data, Figure

WIDTH = 480
BAR = 10
"""Height of a key to colours."""
TITLE = 14


def sheet(height: float) -> Drawing:
    """Return an empty drawing as wide as the text."""
    return Drawing(Ground(Box(0, 0, WIDTH, height), PAPER, ratio=0))


def titled(drawing: Drawing, box: Box, words: str) -> Box:
    """Write a title into a box; return what is left below it."""
    title, area = box.rows(TITLE, Share(1), gap=2)
    drawing.write(title, words, "strong")
    return area


def listed(drawing: Drawing, box: Box, texts: Sequence[str], font: str = "small") -> None:
    """Write lines below one another."""
    for line, words in zip(box.lines(len(texts), TITLE - 3), texts, strict=True):
        drawing.write(line, words, font)


def figure(drawing: Drawing, name: str, title: str, caption: str, numbers: Data | None = None) -> Figure:
    """Return what is drawn as a figure; `title` is for those who cannot see it."""
    return Figure(name, caption, to_svg(drawing, title, "pt"), data=numbers)
