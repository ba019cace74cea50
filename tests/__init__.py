"""Tests of CNNViz: `engine` needs no Qt, `gui` drives the window, `setup` the scripts."""
