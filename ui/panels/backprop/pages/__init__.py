"""Each step as a page: pure functions of a pass, a step and what is looked at."""

from cnnviz.drawing.page import Page
from ui.panels.backprop.focus import Now, StepKind
from ui.panels.backprop.pages import filters, maps, outputs, route, updates

_PAGES = {
    **dict.fromkeys((StepKind.OUTPUT, StepKind.LOSS, StepKind.LOGITS), outputs.page),
    **dict.fromkeys((StepKind.DENSE, StepKind.ARRIVE, StepKind.GATE, StepKind.PASS), maps.page),
    StepKind.ROUTE: route.page,
    StepKind.FILTER: filters.page,
    StepKind.INPUT: maps.pixels_page,
    StepKind.UPDATE: updates.page,
}


def page_of(now: Now) -> Page:
    """What a step shows."""
    return _PAGES[now.step.kind](now)
