"""What a session keeps of the views of the network and of a filter, and how they take it back."""

from cnnviz.session_state import ViewValue
from cnnviz.snapshots import Snapshot
from ui.panels.feature_maps.explain import Look
from ui.panels.feature_maps.network_view import NetworkView
from ui.panels.feature_maps.picture import Levels, Limits, Picture
from ui.panels.feature_maps.plan import Kind
from ui.panels.feature_maps.sweep import SPEEDS, USUAL_SPEED
from ui.panels.views import Choices, under
from ui.state import AppState, PinnedCell

_MOST_CHANNELS = 10_000


def network_view_of(view: NetworkView) -> dict[str, ViewValue]:
    """Return everything that was chosen in the view of the network."""
    look, swept = view.look, view.sweep.place
    columns = () if view.picture is None else view.picture.plan.columns
    groups = {column.group for column in columns if column.kind in (Kind.IMAGE, Kind.MAPS)}
    return {
        **under("flow", view.flow.view_state()),
        **under("channels", {str(group): look.channel(group) for group in groups}),
        "pointed": None if look.pointed is None else look.pointed.stage,
        "pointed_index": None if look.pointed is None else look.pointed.index,
        "sweep": None if swept is None else swept[0],
        "sweep_place": 0 if swept is None else swept[1],
        "sweep_speed": view.sweep.speed,
        "slice": None if look.part is None else look.part[1],
        "heights": view.splitter.choice(),
    }


def restore_network_view(view: NetworkView, picture: Picture, choices: Choices) -> None:
    """Choose as `network_view_of` said, as far as the network of a picture has it."""
    channels, index = choices.below("channels"), choices.cell("pointed_index")
    pointed = None if index is None else PinnedCell(choices.any_text("pointed"), index)
    look = Look(pointed=pointed, covers=view.look.covers, hides_fields=view.look.hides_fields)
    for group in range(picture.plan.groups):
        look = look.choosing(group, channels.whole(str(group), 0, _MOST_CHANNELS, 0))
    view.look_at(look)
    view.flow.restore_view(choices.below("flow"))
    view.sweep.set_speed(choices.whole("sweep_speed", 0, len(SPEEDS) - 1, USUAL_SPEED))
    view.restore_sweep(choices.any_text("sweep"), choices.whole("sweep_place", 0, 10**6, 0))
    view.choose_part(choices.whole("slice", 0, _MOST_CHANNELS, None))
    heights = choices.cell("heights")
    is_pair = heights is not None and len(heights) == 2
    view.splitter.choose((heights[0], heights[1]) if heights is not None and is_pair else None)


def limits_view_of(levels: Levels) -> dict[str, ViewValue]:
    """Return fixed limits by the columns that they are of."""
    return under("limits", {key: (float(low), float(high)) for key, (low, high) in levels.items()})


def limits_from(choices: Choices, picture: Picture) -> Levels | None:
    """Return the limits that `limits_view_of` said; None unless there are some for every column."""
    own = choices.below("limits")
    found: dict[str, Limits] = {}
    for key in picture.levels:
        pair = own.numbers(key, 2)
        if pair is None or not pair[0] < pair[1]:
            return None
        found[key] = float(pair[0]), float(pair[1])
    return found


def moment_at(state: AppState, step: int) -> Snapshot | None:
    """Return the network of the run at a step, if it is on record."""
    if state.shown is not None and state.shown.step == step:
        return state.shown
    return state.history.snapshots.find(step)
