"""What decides what is to be seen, as one value, and the one way from its change to what is drawn."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, override

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from cnnviz._types import FloatArray, View
from cnnviz.datasets import Dataset
from cnnviz.network import Trace
from cnnviz.snapshots import Snapshot
from ui.controls.pace import single_shot
from ui.state import AppState, Sample, Shift
from ui.tasks import Context, LatestOnly, TaskRunner


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
        is_same_image = self.dataset is earlier.dataset and self.sample is earlier.sample
        return is_same_image and self.run_id == earlier.run_id and self.choices == earlier.choices


class SceneRun:
    """Mixed into pictures that hold a scene and the forward pass of its sample: what both say together."""

    __slots__ = ()

    scene: Scene[Any]
    trace: Trace

    @property
    def names(self) -> tuple[str, ...]:
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


_SHARE = 3
"""Time left to everything else between two pictures, in multiples of what drawing the last one took."""


class PictureLoop[C, P](QObject):
    """Asks for the picture of the newest scene and draws it.

    The scene is read when it is needed, never kept from a signal; of scenes that come faster than pictures
    only the newest is computed. A picture is drawn while its scene is that of the panel, or one that the
    panel's continues (`Scene.continues`); otherwise it is dropped. Nothing is computed while the panel is out
    of sight, and what was missed then is made up for when it is shown.

    * `panel`: also the parent. A change of its visibility is followed.
    * `kind`: name of this stream of requests.
    * `scene`: return the scene as it is now, None while there is none. Takes microseconds.
    * `compute`: return the picture of a scene: a pure function that knows no widget, called on
      another thread.
    * `pace`: least time between two pictures while training runs, in milliseconds; may be changed while
      drawing.
    * `picture`, `scene`: the one that is drawn, and what it is the picture of.
    """

    #: A picture was drawn.
    drew = Signal()
    #: A picture could not be computed: the reason in one sentence.
    failed = Signal(str)

    def __init__(
        self,
        panel: QWidget,
        state: AppState,
        analysis: TaskRunner,
        kind: str,
        scene: Callable[[], Scene[C] | None],
        compute: Callable[[Scene[C], Context], P],
        draw: Callable[[P], None],
        pace: int = 0,
    ) -> None:
        super().__init__(panel)
        self._panel, self._read_scene, self._compute, self._draw = panel, scene, compute, draw
        self._requests = LatestOnly(analysis, kind, self._on_computed, self._on_failed)
        self.pace = pace
        self._rest = single_shot(self, self.look)
        self._wanted: Scene[C] | None = None  # the newest that was asked for
        self._state = state
        self._unrestored: tuple[View, int, Callable[[P], None]] | None = None  # with the run it is of
        self.picture: P | None = None
        self.scene: Scene[C] | None = None
        state.sceneChanged.connect(self.look)
        panel.installEventFilter(self)

    @property
    def is_current(self) -> bool:
        """Whether what is drawn is the picture of the present scene."""
        return self.scene is not None and self.scene == self._read_scene()

    @property
    def is_in_sight(self) -> bool:
        """Whether the panel is to be seen, so that what is drawn follows the scene."""
        return self._panel.isVisible()

    def look(self) -> None:
        """Find out whether the scene has changed, and ask for its picture if so."""
        if not self.is_in_sight or self._rest.isActive():
            return
        scene = self._read_scene()
        if scene is None or scene in (self.scene, self._wanted):
            return
        self._wanted = scene
        compute = self._compute
        self._requests.request(lambda context: (scene, compute(scene, context)))

    def when_current(self, view: View, restore: Callable[[P], None]) -> None:
        """Let the panel choose as a session says, once the picture is that of the present network and sample.

        Where another run comes before the panel is in sight, it chooses so with the first picture of that
        one: what was chosen in an earlier session must not be left. A view that waited before is forgotten.
        """
        self._unrestored = view, self._state.run.run_id, restore
        self._take_view()

    @property
    def waiting_view(self) -> View | None:
        """The view that still waits; None if there is none."""
        return None if self._unrestored is None else self._unrestored[0]

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show:
            # Behind the event itself: the panel is not visible yet.
            QTimer.singleShot(0, self, self.look)
        return False

    def _on_computed(self, answer: tuple[Scene[C], P]) -> None:
        scene, picture = answer
        if scene == self._wanted:
            self._wanted = None
        now = self._read_scene()
        if now is None or not now.continues(scene) or not self.is_in_sight:
            self.look()
            return
        clock = QElapsedTimer()
        clock.start()
        self.picture, self.scene = picture, scene
        self._draw(picture)
        self._take_view()
        self.drew.emit()
        is_stream = now != scene  # in which everything else gets its turn, too
        pace = self.pace * self._state.run.is_training
        if is_stream or pace:
            self._rest.start(max(pace, is_stream * _SHARE * clock.elapsed()))

    def _on_failed(self, message: str) -> None:
        self._wanted = None
        self.failed.emit(message)

    def _take_view(self) -> None:
        state, scene, waiting = self._state, self.scene, self._unrestored
        if waiting is None or scene is None or self.picture is None:
            return
        _, run_id, restore = waiting
        if run_id != state.run.run_id or (scene.snapshot is state.shown and scene.sample is state.sample):
            self._unrestored = None
            restore(self.picture)
