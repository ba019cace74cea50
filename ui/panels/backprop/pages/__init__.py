"""Each step as a page: pure functions of a pass, a step and what is looked at."""

from ui.panels.backprop.pages.now import Now
from ui.panels.backprop.pages.steps import page_of

__all__ = ["Now", "page_of"]
