"""Numbers, names and captions on the screen, computed anew without the functions that make pictures.

What only compares two panels cannot see a fault that both have.
"""

import re
from collections.abc import Iterator

from tests.gui.recomputed.backprop import backprop
from tests.gui.recomputed.computing import classes_of
from tests.gui.recomputed.panels import feature_maps, report, samples, timeline, training
from tests.gui.recomputed.translation import translation
from ui.export.figures import caption_of
from ui.panels.backprop.panel import BackpropPanel
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.training.panel import TrainingPanel
from ui.panels.translation.panel import TranslationPanel
from ui.session import Session

_CHECKS = {
    "samples": samples,
    "timeline": timeline,
    "training": training,
    "feature_maps": feature_maps,
    "translation": translation,
    "backprop": backprop,
    "report": report,
}
_CAPTIONED = {
    "training": TrainingPanel,
    "feature_maps": FeatureMapsPanel,
    "translation": TranslationPanel,
    "backprop": BackpropPanel,
}


def untrue(session: Session, name: str) -> list[str]:
    """Return what a part of the window says that is not so."""
    state = session.state
    if state.shown is None or state.sample is None or state.dataset is None or name not in _CHECKS:
        return []
    return [*_CHECKS[name](session), *_caption(session, name)]


def _caption(session: Session, name: str) -> Iterator[str]:
    window, shown, sample = session.window, session.state.shown, session.state.sample
    if name not in _CAPTIONED or shown is None or shown.origin is None or sample is None:
        return
    said = caption_of(session.state, window.panel(_CAPTIONED[name]))
    experiment = shown.origin.experiment
    expected = [
        f"classes {', '.join(classes_of(session))}",
        f"seed {experiment.seed}",
        f"step {shown.step:,}",
    ]
    if name != "training":
        expected.append("own image" if sample.index is None else f"test image {sample.index}")
    for each in expected:
        if not re.search(rf"(^| ){re.escape(each)}($|,| of | \(| ·)", said):
            yield f"caption {said!r} without {each!r}"
