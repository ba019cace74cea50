"""Something on the screen that could be put into the report."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

from cnnviz.report.inserts import Insert

type Give = Callable[[Insert], None]
"""Takes what was made."""

type Complain = Callable[[str], None]
"""Takes what went wrong, as one sentence."""


@dataclass(frozen=True, slots=True)
class InsertChoice:
    """A figure or a table, as it is when it is asked for."""

    panel: str  # title of the panel it is in
    title: str
    is_table: bool
    # draws the figure, or reads the numbers; gives them when they are finished, which may be a little later
    make: Callable[[Give, Complain], None]
    origin: Callable[[], str]  # returns what it is made with, as the report says it
    # draws it so small that it fits into so many pixels; None where it is gone
    picture: Callable[[QSize], QImage | None]

    @property
    def label(self) -> str:
        """What it is called in a list: often there is a figure and a table of the same name."""
        return f"{self.title} (table)" if self.is_table else self.title
