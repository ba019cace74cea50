"""What a session keeps of the report panel: what is looked at, for the words are kept in their own file."""

from PySide6.QtWidgets import QScrollArea

from cnnviz.report.guides import GUIDES
from cnnviz.session_state import View
from ui.controls.late_scroll import place_of, scroll_later
from ui.controls.segmented import SegmentedControl
from ui.panels.views import Choices


def view_of(pages: SegmentedControl, words: QScrollArea, preview: QScrollArea) -> View:
    """Return the chosen demonstration, and how far its words and the preview are scrolled."""
    return {
        "demonstration": pages.current(),
        "words": place_of(words.verticalScrollBar()),
        "preview": place_of(preview.verticalScrollBar()),
    }


def restore(view: View, pages: SegmentedControl, words: QScrollArea, preview: QScrollArea) -> None:
    """Choose as `view_of` said."""
    choices = Choices(view)
    pages.set_current(choices.text("demonstration", GUIDES, next(iter(GUIDES))))
    for name, area in (("words", words), ("preview", preview)):
        scroll_later(area.verticalScrollBar(), choices.whole(name, 0, 1_000_000, 0))
