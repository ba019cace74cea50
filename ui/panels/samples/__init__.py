"""The samples: test images to choose from, and images of the user's own."""

from ui.panels.samples.panel import SAMPLES_WIDTH, SamplesPanel

__all__ = ["SAMPLES_WIDTH", "SamplesPanel"]
