"""What the window covers while a prediction about it is open.

A measure says which of these its answer can be read from; parts of the window say which of these they show.
"""

from enum import StrEnum


class Secret(StrEnum):
    """Something to be seen in the window from which the answer to a prediction can be read."""

    TEST = "test"  # how well the network reads images: test results, and accuracies while it trains
    LOSS = "loss"  # the loss on many images: its curve, and its means
    FILTERS = "filters"  # how far the filters have moved, at the end of a run
    ANSWERS = "answers"  # what the network says of an image: class, probabilities, loss
    PREDICTION = "prediction"  # the same beside the panels, where a panel asks one to predict it
    CELLS = "cells"  # values of the cells that the network computes
    FIELD = "field"  # which pixels a cell depends on
    SHIFT = "shift"  # what a shift changes, stage by stage
    FLIPS = "flips"  # at which shifts the answer of the network changes
    ROUTE = "route"  # which cells of a pooling window win, are tied and get a gradient
    SHARES = "shares"  # how the cells of a pooling window share its gradient
    CHECK = "check"  # how gradient and finite difference compare
    UPDATE = "update"  # what one update makes of the loss


AHEAD = frozenset({Secret.TEST, Secret.LOSS, Secret.FLIPS, Secret.SHARES, Secret.UPDATE})
"""What is met on the way, and so is covered before the step that asks for it is in front."""
AT_END = frozenset({Secret.FILTERS})
"""What is nothing to be covered before the run of its step is at its end."""
