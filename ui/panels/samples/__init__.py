"""The samples: test images to choose from, and images of the user's own."""

from ui.panels.samples.panel import SamplesPanel

__all__ = ["SamplesPanel"]
