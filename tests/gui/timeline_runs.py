"""Runs that were never trained, for tests of the timeline: weights grow evenly from step to step."""

import numpy as np
from PySide6.QtCore import QPoint

from cnnviz.experiment import LAB5
from cnnviz.history import EvaluationPoint, History
from cnnviz.snapshots import Snapshot
from cnnviz.training import Progress
from ui.state import AppState, RunStatus

NETWORK = LAB5.build_network()
EPOCH = 500


def network_at(step):
    """Return a network whose weights tell the step: all of them are step / 1000."""
    return NETWORK.with_params(
        {name: np.full_like(array, step / 1000) for name, array in NETWORK.params.items()}
    )


def extend(history, to_step, every=20):
    """Record steps with falling loss, and a snapshot every so many steps."""
    first = history.step + 1
    steps = np.arange(first, to_step + 1)
    ones = np.ones(len(steps), dtype=np.intp)
    history.append(Progress(first, 2.0 / (1 + steps / 100), (steps % 10 > 0).astype(np.intp), ones, 1.0))
    for step in range(first - 1, to_step + 1):
        if step % every == 0 and (not len(history.snapshots) or step > history.snapshots.steps[-1]):
            history.snapshots.add(Snapshot(step, network_at(step)), keep=step % EPOCH == 0)


def recorded(steps=1000, every=20, budget=256 << 20):
    history = History(log_every=100, snapshot_bytes=budget)
    history.snapshots.add(Snapshot(0, network_at(0)), keep=True)
    extend(history, steps, every)
    history.add_test(EvaluationPoint(500, 0.4, 0.9))
    return history


def state_of(history, status=RunStatus.PAUSED, total=1500):
    """Return the state of the application when such a run is shown live."""
    state = AppState(LAB5)
    state.update_run(status=status, run_id=1, step=history.step, total_steps=total, steps_per_epoch=EPOCH)
    state.reset_history(history)
    state.set_live(history.snapshots[len(history.snapshots) - 1])
    return state


def answer(state):
    """Return what does as the controller does when a moment is asked for."""

    def show_moment(step):
        if step is None:
            state.show_moment(state.live, follows_live=True)
        else:
            kept = state.history.snapshots.find(step)
            state.show_moment(kept or Snapshot(step, network_at(step)), follows_live=False)

    return show_moment


def place_of(track, step):
    """Return where a step lies on the rail."""
    slide = track.drawing().parts[0].slide
    return QPoint(round(slide.x(step)), 31)
