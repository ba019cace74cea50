"""Translation: maps, changes, probabilities, the sweep and its curves."""

from collections.abc import Iterator

from tests.gui.recomputed.computing import near, trace_of
from tests.gui.recomputed.stages import features, moved
from tests.gui.recomputed.sweeps import change, sweep
from ui.panels.translation import TranslationPanel
from ui.session import Session


def translation(session: Session) -> Iterator[str]:
    """Check what is said of the sample and its shift; lessons on made-up images are tests of their own."""
    panel, shown, sample = session.window.panel(TranslationPanel), session.state.shown, session.state.sample
    assert shown is not None
    assert sample is not None
    view, parts, pair = panel.choices.view, panel.parts, panel.parts.maps.grid.pair
    if pair is None:
        return
    pixels = moved(sample.pixels, session.state.shift)
    before, after = (features(shown.network, each, view) for each in (sample.pixels, pixels))
    yield from near(f"{view.stage}, original", pair.original, before[view.stage])
    yield from near(f"{view.stage}, shifted", pair.shifted, after[view.stage])
    for tile in parts.strip.tiles:
        found = parts.strip.values(tile.key)
        expected = change(before[tile.key], after[tile.key])
        yield from near(f"change of {tile.key}", None if found is None else found[0], expected)
    probabilities = parts.canvas.probabilities.probabilities
    if probabilities is not None:
        for what, seen, each in zip(
            ("original", "shifted"), probabilities, (sample.pixels, pixels), strict=True
        ):
            yield from near(f"{what} p", seen, trace_of(session, each).class_probabilities[0])
    yield from sweep(session, panel)
