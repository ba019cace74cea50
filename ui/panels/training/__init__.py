"""The training panel: settings, curves, log, filters as they change, and the result on the test images."""
