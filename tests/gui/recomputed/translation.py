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
    view, maps, strip = panel.view, panel.maps.content, panel.strip.content
    if maps is None or strip is None:
        return
    pair = maps.shown.pair
    pixels = moved(sample.pixels, session.state.shift)
    before, after = (features(shown.network, each, view) for each in (sample.pixels, pixels))
    yield from near(f"{view.stage}, original", pair.original, before[view.stage])
    yield from near(f"{view.stage}, shifted", pair.shifted, after[view.stage])
    for stage, (found, _) in zip(strip.stages, strip.values, strict=True):
        yield from near(f"change of {stage.key}", found, change(before[stage.key], after[stage.key]))
    predictions = panel.predictions.content
    if predictions is not None:
        sides = (predictions.original, predictions.shifted)
        for what, seen, each in zip(("original", "shifted"), sides, (sample.pixels, pixels), strict=True):
            yield from near(f"{what} p", seen, trace_of(session, each).class_probabilities[0])
    yield from sweep(session, panel)
