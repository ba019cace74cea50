"""``cnnviz --doctor``: whether the program can do its work here, one fact a line, each with its remedy.

What is needed to say that something is missing must not itself be missing: modules of this room import the
standard library only, and the rest of the program inside their functions.
"""
