"""The pages of the help, in the order in which they are listed."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PySide6.QtCore import QUrl

from cnnviz.bundled import documentation

FIRST_STEPS, LICENCES = "page:first-steps", "page:licences"
"""Addresses of the pages that the program itself writes."""
TERMS = "terms"
"""The page whose sections are words, and what they mean."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A page of the help.

    * `name`: of its file in the guide, without suffix; or one of the addresses above.
    * `about`: further words by which it is found.
    """

    title: str
    name: str
    about: str = ""

    @property
    def url(self) -> QUrl:
        if ":" in self.name:
            return QUrl(self.name)
        return QUrl.fromLocalFile(str(documentation() / "guide" / f"{self.name}.md"))


CHAPTERS = (
    Chapter("First steps and keys", FIRST_STEPS),
    Chapter("Terms", TERMS, "glossary: what a word means"),
    Chapter("The lab guide", "lab-guide"),
    Chapter("Network", "training", "compare runs: the earlier run is the grey curve"),
    Chapter("Filters & maps", "feature-maps"),
    Chapter("Translation", "translation"),
    Chapter("Backprop", "backprop"),
    Chapter("Lab report", "lab-report"),
    Chapter("Timeline", "timeline"),
    Chapter("Your own image", "own-digit"),
    Chapter("Figures and documents", "figures-and-documents"),
    Chapter("Keyboard and projector", "keyboard"),
    Chapter("In a notebook", "notebook"),
    Chapter("Write a lab of your own", "lab-files"),
    Chapter("Hand in and grade", "lab-grading"),
    Chapter("Licences", LICENCES),
)


@cache
def sections_of(chapter: Chapter) -> tuple[tuple[str, str], ...]:
    """Return heading and text of each section of a page of the guide, which is read once."""
    path = Path(chapter.url.toLocalFile())
    if not path.is_file():  # a page that the program writes, or one that is missing
        return ()
    sections = path.read_text(encoding="utf-8").split("\n## ")[1:]
    return tuple((heading, text) for heading, _, text in (each.partition("\n") for each in sections))


def place_of(heading: str) -> str:
    """Return the name by which links refer to a heading, as it is made where the guide is read on the web."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
