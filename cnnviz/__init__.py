"""The engine of CNNViz: small convolutional networks in NumPy, readable and fast. It never imports Qt."""

__version__ = "0.1.0"
