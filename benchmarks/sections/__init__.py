"""The sections of the results page, in order.

Each is a module with a `TITLE`, a function `run(settings)` that measures and returns the lines of the
section, and optionally `missing()`, which says why it cannot be measured here, or returns "".
"""

SECTIONS = ("throughput", "alone", "epoch", "evaluation", "loading", "scaling", "memory", "profile", "window")
