"""Which cells belong to which window of a pool, and who gets the gradient."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray
from cnnviz.inspect.receptive_field import Cell
from cnnviz.routing import PoolRouting
from ui.panels.backprop.focus import Focus
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.steps import Step

Place = tuple[int, int]


@dataclass(frozen=True, eq=False)
class ChannelRouting:
    """Routing through one channel of a pool.

    * `size`, `step`: side of a window and distance of the windows.
    * `winners`, `tied`: cells that hold the maximum of a window; those that do not hold it alone.
    * `receives`: cells that a route ends at.
    * `routed`: gradient after routing.
    """

    size: int
    step: int
    winners: NDArray[np.bool_]
    tied: NDArray[np.bool_]
    receives: NDArray[np.bool_]
    routed: FloatArray


def channel_routing(passed: Pass, step: Step, channel: int, contrast: str) -> ChannelRouting:
    """Describe one channel of a pool, through the pool's own routes or those of another kind."""
    routing = passed.routings[step.layer]
    size, distance = routing.pool.size, routing.pool.step
    shape = routing.values.shape[1:]
    winners, tied = _winner_cells(routing, channel, distance)
    routes = passed.routes(step.layer, contrast)
    own = routes.cells[routes.cells[:, 0] == channel]
    receives = np.zeros(shape, dtype=bool)
    receives[own[:, 1], own[:, 2]] = True
    if contrast:
        routed = routes.delivered(routing.incoming, routing.values.shape)[channel]
    else:
        routed = passed.gradient(step.stage)[channel]
    return ChannelRouting(size, distance, winners, tied, receives, routed)


def focus_window(passed: Pass, step: Step, focus: Focus) -> Place:
    """Window that is looked at, by way of one of its cells or of its pooled cell; else that in the middle."""
    routing = passed.routings[step.layer]
    rows, cols = routing.pooled.shape[1:]
    distance = routing.pool.step
    for at, divisor in (
        (focus.pointed_at(step.layer), 1),
        (focus.pointed_at(step.stage), distance),
        (focus.pinned_at(step.layer), 1),
        (focus.pinned_at(step.stage), distance),
    ):
        if len(at) == 3 and at[1] // divisor < rows and at[2] // divisor < cols:
            return at[1] // divisor, at[2] // divisor
    height, width = routing.values.shape[1:]
    row, col = int(focus.center[0] * height) // distance, int(focus.center[1] * width) // distance
    return min(row, rows - 1), min(col, cols - 1)


def routed_cell(passed: Pass, step: Step, focus: Focus) -> Cell:
    """Cell that the numbers of the step speak of: always one of the window that is outlined.

    It is the cell that is pointed at or pinned, where that is in the window; else the first at which a route
    of the window ends.
    """
    window = row, col = focus_window(passed, step, focus)
    channel = focus.channel(passed.network, step.stage)
    pool = passed.routings[step.layer].pool
    top, left = row * pool.step, col * pool.step
    for at in (focus.pointed_at(step.stage), focus.pinned_at(step.stage)):
        if len(at) == 3 and 0 <= at[1] - top < pool.size and 0 <= at[2] - left < pool.size:
            return (channel, *at[1:])
    ends = window_cells(passed, step, channel, window)
    return (channel, *(ends[0] if ends else (top, left)))


def window_cells(passed: Pass, step: Step, channel: int, window: Place, contrast: str = "") -> list[Place]:
    """Cells at which the routes of a window end."""
    routes = passed.routes(step.layer, contrast)
    return [
        (int(row), int(col)) for _, row, col in routes.cells[routes.of_window((channel, *window))].tolist()
    ]


def _winner_cells(
    routing: PoolRouting, channel: int, step: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    winners = np.zeros(routing.values.shape[1:], dtype=bool)
    tied = np.zeros_like(winners)
    if routing.winners is None or routing.tie_counts is None:
        return winners, tied
    row, col, i, j = np.nonzero(routing.winners[channel])
    winners[row * step + i, col * step + j] = True
    is_tied = routing.tie_counts[channel][row, col] > 1
    tied[row[is_tied] * step + i[is_tied], col[is_tied] * step + j[is_tied]] = True
    return winners, tied
