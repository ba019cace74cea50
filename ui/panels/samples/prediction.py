"""What the network says of a sample, and that in words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cnnviz.datasets import to_input
from cnnviz.drawing.page import Card
from cnnviz.graphics.probabilities import PROBABILITIES, Probabilities
from cnnviz.graphics.texts import WORDS, Words
from cnnviz.layers.losses import cross_entropy
from cnnviz.network import Trace
from cnnviz.quantities import format_value
from ui.panels.analysis import Context
from ui.panels.samples.pictures import shortened
from ui.panels.scene import Scene, SceneRun
from ui.state import Sample


@dataclass(frozen=True, slots=True, eq=False)
class Prediction(SceneRun):
    """The pass of a sample through a network, and whose sample and network these are."""

    scene: Scene[None]
    trace: Trace


def predict(scene: Scene[None], _context: Context | None = None) -> Prediction:
    """Run the sample of a scene through its network."""
    network = scene.snapshot.network
    return Prediction(scene, network.forward(to_input(scene.sample.pixels[np.newaxis], network.dtype)))


def verdict_of(prediction: Prediction) -> str:
    """Return what the network makes of the sample, and whether that is right where its class is known."""
    sample, probabilities = prediction.scene.sample, prediction.probabilities
    classes = prediction.scene.classes
    predicted = int(np.argmax(probabilities))
    if sample.label is None:
        return f"{origin_of(sample)} · read as {classes[predicted]}"
    logits = prediction.trace.logits
    loss = cross_entropy(logits, np.array([sample.label]))
    word = "correct" if predicted == sample.label else f"wrong, read as {classes[predicted]}"
    index = f"#{sample.index} · " if sample.index is not None else ""
    return f"{index}class {classes[sample.label]} · {word} · loss {format_value(loss, 4)}"


def prediction_cards(
    bars: Probabilities, said: str, tip: str = ""
) -> tuple[Card[Probabilities], Card[Words]]:
    """Bars under their title, which says how many there are where that is not all, and a verdict."""
    caption = f"the {bars.most} most probable" if len(bars.names) > bars.most else ""
    card = Card("bars", PROBABILITIES, bars, "Prediction", caption, tip, room=None)
    return card, Card("said", WORDS, Words(said, ink="muted"), room=None)


def origin_of(sample: Sample) -> str:
    """Return where an own image comes from, to begin a line with; file names stay as they are."""
    if sample.origin.startswith(("drawn", "pasted", "dropped")):
        return sample.origin[:1].upper() + sample.origin[1:]
    return shortened(sample.origin)


def known_classes(names: Sequence[str]) -> str:
    """Say what a network can tell apart, to somebody who is about to show it something else."""
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    return f"This network knows {listed}: whatever you draw, it takes it for one of these."
