"""What the network says of a sample."""

from dataclasses import dataclass

import numpy as np

from cnnviz.datasets import to_input
from cnnviz.network import Trace
from ui.panels.analysis import Context
from ui.panels.scene import Scene, SceneRun


@dataclass(frozen=True, slots=True, eq=False)
class Prediction(SceneRun):
    """The pass of a sample through a network, and whose sample and network these are."""

    scene: Scene[None]
    trace: Trace


def predict(scene: Scene[None], _context: Context | None = None) -> Prediction:
    """Run the sample of a scene through its network."""
    network = scene.snapshot.network
    return Prediction(scene, network.forward(to_input(scene.sample.pixels[np.newaxis], network.dtype)))
