"""The window of CNNViz: the only package that imports Qt."""
