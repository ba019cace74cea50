"""Two moments of training side by side: weights then, now, and their difference."""

from ui.panels.compare.panel import ComparePanel

__all__ = ["ComparePanel"]
