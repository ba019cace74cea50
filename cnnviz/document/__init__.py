"""Documents: all that a window holds, as one value and as one file."""
