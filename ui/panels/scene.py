"""What decides what is to be seen: the application's part of it as one value."""

from dataclasses import dataclass, replace
from typing import Any

from cnnviz._types import FloatArray
from cnnviz.datasets import Dataset
from cnnviz.network import Trace
from cnnviz.snapshots import Snapshot
from ui.state import AppState, Sample, Shift


@dataclass(frozen=True, slots=True)
class Scene[Choices]:
    """All that a picture is computed from; equal scenes give equal pictures.

    Large parts (data, networks, images) are equal when they are the same object, so that comparing two scenes
    costs nothing.

    * `dataset`: restricted to the classes of the run.
    * `choices`: what was chosen in the panel itself: a frozen value.
    """

    dataset: Dataset
    snapshot: Snapshot
    sample: Sample
    shift: Shift
    choices: Choices

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes that the network tells apart, in the order of its outputs."""
        return self.dataset.classes

    @property
    def run_id(self) -> int:
        """Number of the run that the network is of; 0 for one that is of no run."""
        return self.snapshot.run_id

    def continues(self, earlier: "Scene[Choices]") -> bool:
        """Whether only what moves has changed since: the moment of the run and the shift.

        While these stream in (training, a drag), an answer for an earlier one may still be drawn; with
        anything else changed it would be a picture of something that is not shown any more.
        """
        return (
            self.dataset is earlier.dataset
            and self.sample is earlier.sample
            and self.run_id == earlier.run_id
            and self.choices == earlier.choices
        )


class SceneRun:
    """Mixed into pictures that hold a scene and the forward pass of its sample: what both say together."""

    __slots__ = ()

    scene: Scene[Any]
    trace: Trace

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.scene.classes

    @property
    def probabilities(self) -> FloatArray:
        """Probability of each class, of shape (k,)."""
        return self.trace.class_probabilities[0]

    @property
    def has_one_logit(self) -> bool:
        """Whether one logit, of a sigmoid unit, speaks for two classes."""
        return self.trace.logits.shape[1] == 1


def scene_of[Choices](state: AppState, choices: Choices) -> Scene[Choices] | None:
    """Return the scene of the present state; None while there is no network, or no sample that fits it."""
    dataset, snapshot, sample = state.dataset, state.shown, state.sample
    if dataset is None or snapshot is None or sample is None:
        return None
    network = snapshot.network
    if network.input_shape != sample.pixels.shape or network.classes_count != len(dataset.classes):
        return None
    return Scene(dataset, snapshot, sample, state.shift, choices)


def still_scene_of[Choices](state: AppState, choices: Choices) -> Scene[Choices] | None:
    """Return the scene of the present state with the sample where it is, for what a shift does not change."""
    scene = scene_of(state, choices)
    return None if scene is None else replace(scene, shift=Shift())
