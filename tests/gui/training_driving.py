"""Driving a run in the whole window with the mouse."""

from dataclasses import replace

from PySide6.QtCore import QPoint

from tests.gui.document_driving import is_ready, new_run
from tests.gui.driving import click, type_into
from ui.panels.training.panel import TrainingPanel
from ui.state import RunStatus


def status(session):
    return session.state.run.status


def wait_for(qtbot, session, *wanted):
    qtbot.waitUntil(lambda: status(session) in wanted)


def train_to(qtbot, session, step):
    """Train with the button until the run has passed a step, then pause."""
    click(session.window.run_bar.train)
    qtbot.waitUntil(lambda: session.state.run.step >= step)
    if status(session) is RunStatus.TRAINING:
        click(session.window.run_bar.train)
    qtbot.waitUntil(lambda: status(session) is not RunStatus.TRAINING)


def lengthen(qtbot, session):
    """Make the run too long to end before the test has clicked."""
    with new_run(qtbot, session, is_ready):
        session.controller.edit(replace(session.state.draft, epochs=500))


def type_setting(session, name, text):
    """Type a setting into the form, as a user does."""
    type_into(session.window.panel(TrainingPanel).form.field(name), text)


def weights(session):
    return {name: array.copy() for name, array in session.state.live.network.params.items()}


def curve(plot, name):
    """Return the points of a curve, by its name in the legend."""
    return next((each.x, each.y) for each in plot.content.curves if each.name == name)


def shown_filters(panel):
    """Return the filters as they are drawn in the network."""
    flow = panel.network.flow
    return next(stage.values for stage in flow.stages if stage.column.key == "conv1.weight")


def place_of(track, step):
    """Return where a step lies on the rail."""
    shown, grid = track.content.track, track.drawing().parts[0].grid
    in_margins = grid.cols - (shown.last - shown.first + 1)
    return QPoint(round(grid.cell(0, step - shown.first + in_margins // 2).x), 31)
