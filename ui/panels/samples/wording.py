"""The prediction for a sample in words."""

from collections.abc import Sequence

import numpy as np

from ui.state import Inspection, Sample


def verdict_of(inspection: Inspection, classes: Sequence[str]) -> str:
    """Return what the network makes of the sample, and whether that is right where its class is known."""
    sample, probabilities = inspection.sample, inspection.probabilities
    predicted = int(np.argmax(probabilities))
    if sample.label is None:
        return f"{origin_of(sample)} · read as {classes[predicted]}"
    loss = -float(np.log(max(float(probabilities[sample.label]), 1e-300)))
    word = "correct" if predicted == sample.label else f"wrong, read as {classes[predicted]}"
    index = f"#{sample.index} · " if sample.index is not None else ""
    return f"{index}class {classes[sample.label]} · {word} · loss {loss:.4f}"


def origin_of(sample: Sample) -> str:
    """Return where an image of the user's own comes from, to begin a sentence with."""
    return sample.origin[:1].upper() + sample.origin[1:]
