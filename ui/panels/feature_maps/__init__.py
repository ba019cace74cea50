"""The filters and feature maps panel: what the network computes, cell by cell, at the shown moment."""

from ui.panels.feature_maps.panel import FeatureMapsPanel

__all__ = ["FeatureMapsPanel"]
