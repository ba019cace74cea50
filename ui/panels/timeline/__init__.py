"""The timeline under all panels: which moment of the run they show."""

from ui.panels.timeline.bar import TimelineBar

__all__ = ["TimelineBar"]
