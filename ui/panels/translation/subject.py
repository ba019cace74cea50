"""What is moved and what looks at it: an image and a network."""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.datasets import to_input
from cnnviz.network import Network
from cnnviz.snapshots import Snapshot
from cnnviz.translation import BACKGROUND, REACH, Lesson, digit_lessons, toy_lessons
from ui.panels.drawn import Drawn
from ui.state import Sample, Shift

FREE = "free"
"""Key of no lesson: the current sample and the shown network, moved as one likes."""

LESSON_TITLES: tuple[tuple[str, str], ...] = (
    (FREE, "Free exploration"),
    ("dots", "1 · Three dots"),
    ("row", "2 · Row of eight"),
    ("bright-cell", "3 · One bright cell"),
    ("digit-1px", "4 · Digit, 1 pixel"),
    ("digit-2px", "5 · Digit, 2 pixels"),
)
"""Lessons in the order of the list, with the names they have there."""

DIGIT_LESSONS = ("digit-1px", "digit-2px")


@dataclass(frozen=True, eq=False)
class Subject:
    """An image and the network that looks at it.

    Attributes
    ----------
    snapshot : Snapshot
        The network, and of which run and step it is.
    image : ndarray of shape (c, h, w)
        In the values and the dtype that the network takes.
    background : float
        Value of a pixel without ink.
    label : int or None
        True class.
    classes : tuple of str
        Names of the classes; empty where the output means nothing.
    origin : Sample or Lesson
        What the image comes from: two subjects with the same origin differ at most in their network.
    """

    snapshot: Snapshot
    image: FloatArray
    background: float
    label: int | None
    classes: tuple[str, ...]
    origin: Sample | Lesson

    @property
    def network(self) -> Network:
        """The network."""
        return self.snapshot.network

    @property
    def step(self) -> int:
        """Training step of the network."""
        return self.snapshot.step

    @property
    def lesson(self) -> Lesson | None:
        """The lesson on a made-up image that this is; None for a sample."""
        return self.origin if isinstance(self.origin, Lesson) else None

    @property
    def limits(self) -> tuple[int, int]:
        """Largest shift to the right and down: a sweep's reach, or less in a small image."""
        height, width = self.image.shape[1:]
        return min(REACH, width - 1), min(REACH, height - 1)

    def drawn(self, shift: Shift) -> Drawn:
        """Return what is to be seen where this is drawn."""
        if isinstance(self.origin, Sample):
            return Drawn.of(self.snapshot, self.origin, shift)
        return Drawn.of(self.snapshot, None, shift, note=f"lesson: {self.origin.title}")

    @cached_property
    def original_ink(self) -> FloatArray:
        """Ink of the image."""
        return self.ink(self.image)

    def ink(self, image: FloatArray) -> FloatArray:
        """Ink of an image of this kind, shape (1, h, w): 0 for background, 1 for white."""
        return (image - self.background).mean(axis=0, keepdims=True)


def sample_subject(snapshot: Snapshot, sample: Sample, classes: tuple[str, ...]) -> Subject:
    """Subject of a sample, which has to fit the network."""
    image = to_input(sample.pixels[np.newaxis], snapshot.network.dtype)[0]
    return Subject(snapshot, image, BACKGROUND, sample.label, classes, sample)


@cache
def _toys() -> dict[str, Subject]:
    """Subjects of the lessons that bring their own image and network: made once, as no run changes them."""
    return {
        lesson.name: Subject(
            Snapshot(0, lesson.network),
            lesson.image,
            lesson.background,
            lesson.label,
            ("0", "1") if lesson.shows_output else (),
            lesson,
        )
        for lesson in toy_lessons()
    }


def toy_subject(name: str) -> Subject | None:
    """Subject of a lesson that brings its own image and network; None for all others."""
    return None if name in (FREE, *DIGIT_LESSONS) else _toys()[name]


def lesson_of(name: str, subject: Subject) -> Lesson:
    """Lesson of a subject: its own, or the one of this name on its digit."""
    if subject.lesson is not None:
        return subject.lesson
    lessons = {each.name: each for each in digit_lessons(subject.network, subject.image, subject.label)}
    return lessons[name]
