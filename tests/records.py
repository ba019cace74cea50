"""Records of runs that were not made by training."""

import numpy as np

from cnnviz.history import History
from cnnviz.training import Progress


def progress(first, losses, correct=None, sizes=None):
    """Return what a run reports of so many steps: unless told otherwise of one image each, and that right."""
    losses = np.asarray(losses, dtype=float)
    sizes = np.ones(len(losses), dtype=np.intp) if sizes is None else sizes
    correct = sizes if correct is None else np.asarray(correct, dtype=np.intp)
    return Progress(first, losses, correct, sizes, 0.1)


def with_losses(history, losses):
    """Return a record of the same run, with its snapshots, in which the losses are others."""
    correct, images = np.diff(history.totals[1:]).astype(np.intp)
    other = History(history.log_every)
    other.append(progress(history.first_step + 1, losses, correct, images))
    other.snapshots = history.snapshots
    return other
