"""What a session keeps of the translation panel, and how the panel takes it back."""

from cnnviz.network import Network
from cnnviz.session_state import ViewValue
from cnnviz.translation import conv_blocks
from ui.controls.late_scroll import place_of, scroll_later
from ui.panels.translation.sections import Sections
from ui.panels.translation.stages import largest_pool, stage_keys
from ui.panels.translation.sweep_guide import SweepGuide
from ui.panels.translation.view import View
from ui.panels.views import Choices, under


def view_of(view: View, parts: Sections, sweeps: SweepGuide) -> dict[str, ViewValue]:
    """Return all choices by name: those of the view, and those that only one part knows of."""
    return {
        **view.to_view(),
        **under("flicker", parts.toolbar.flicker.view_state()),
        "alone": parts.maps.grid.is_alone(),
        "measured": sweeps.is_measured(),
        "scroll": place_of(parts.scroll_area.verticalScrollBar()),
    }


def fitting(view: View, network: Network) -> View:
    """Return a view with the choices that a network does not offer left at their defaults."""
    # Maps of one cell, as strides can leave them, hold no pooling window.
    is_offered = view.block <= len(conv_blocks(network)) and largest_pool(network, view.block) >= 2
    block = view.block if is_offered else 1
    stages = stage_keys(network, block)
    return view.but(
        block=block,
        pool_size=max(min(view.pool_size, largest_pool(network, block)), 2),
        stage=view.stage if view.stage in stages else "convolution",
    )


def restore(parts: Sections, choices: Choices) -> None:
    """Choose what only one part knows of."""
    parts.toolbar.flicker.restore_view(choices.below("flicker"))
    parts.maps.show_alone(choices.flag("alone", False))
    scroll_later(parts.scroll_area.verticalScrollBar(), choices.whole("scroll", 0, 100_000, 0))
