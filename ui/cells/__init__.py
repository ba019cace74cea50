"""Maps of numbers: cells with outlines, numbers and marks."""
