"""A lab as immutable values: its steps, what each shows, asks and measures, and when it is done."""

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from cnnviz._types import View
from cnnviz.experiment import SETTINGS, Experiment
from cnnviz.lab.markup import Block, FigureFile

type Answer = float | str | tuple[int, ...]
"""What is predicted: a number, the name of a choice or a direction, or the index of a cell."""

type Kind = Literal["number", "choice", "cell", "direction"]
"""Kinds of predictions."""

KINDS: tuple[Kind, ...] = ("number", "choice", "cell", "direction")

UP, DOWN, SAME = "up", "down", "same"
DIRECTIONS: Mapping[str, str] = {UP: "It grows", SAME: "It stays as it is", DOWN: "It shrinks"}
"""Answers to a question about a direction, and what they are called."""

PANELS = ("training", "feature_maps", "translation", "backprop", "report")
"""Panels of the window, by the names that its registry gives them."""

START, END = "start", "end"
"""Moments of a run by name: its initial weights, and its last step."""

MOST_STEPS = 60
"""So many steps can a lab have."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers to choose from."""

    name: str  # short and stable: what is recorded, and what the measure gives where it is the true answer
    text: str  # for the student


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number of the engine that a lab asks for."""

    measure: str  # name in `cnnviz.lab.measures.MEASURES`
    # values of its parameters
    parameters: Mapping[str, int | str] = field(default_factory=dict[str, int | str])


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the student commits to before the result is revealed."""

    kind: Kind
    question: str
    truth: Measurement  # what the answer is compared with
    # how far a number may be off, in the unit of the measure; of a direction, the largest change that still
    # counts as none
    tolerance: float = 0.0
    choices: tuple[Choice, ...] = ()  # of a choice; those of a direction are `DIRECTIONS`
    stage: str = ""  # of a cell: the stage in whose map the student clicks
    points: float = 0.0  # for a prediction that is made in time, whatever it says
    points_right: float = 0.0  # for one that is right, too


@dataclass(frozen=True, slots=True)
class Question:
    """What the student writes about a step."""

    text: str
    # whether it has to be answered before the run: then every version is kept, with time and step
    is_hypothesis: bool = False
    points: float = 0.0  # most that a grader can give for the answer


@dataclass(frozen=True, slots=True)
class Show:
    """The state into which "Show me" puts the window. What is None or empty stays as it is."""

    panel: str = ""  # one of `PANELS`, which comes to the front
    # settings of the experiment that differ from those of the lab, by name
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    moment: int | Literal["start", "end"] | None = None  # step of the run whose network is shown
    sample: int | None = None  # position among the test images
    # how far the sample is moved, to the right and down, and whether it wraps around
    shift: tuple[int, int, bool] | None = None
    pinned: tuple[str, tuple[int, ...]] | None = None  # stage and index of the pinned cell
    # choices inside the panels, with the names that sessions have for them
    views: Mapping[str, View] = field(default_factory=dict[str, View])


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that the student has to do in a step."""

    event: str  # one of `cnnviz.lab.events.EVENTS`
    at_least: int = 1  # how often, or how many
    what: str = ""  # what the event is about, such as the name of a panel; "" for anything


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a lab."""

    id: str  # short and stable: by which records know it
    section: str  # section of the report to which it belongs
    # `title`, `purpose`: what it is called, and what it is for: a line each
    title: str
    purpose: str
    text: tuple[Block, ...] = ()  # what to read; see `cnnviz.lab.markup`
    show: Show = field(default_factory=Show)
    prediction: Prediction | None = None
    # numbers that are measured without being asked for, for the report and the hand-in
    measured: tuple[Measurement, ...] = ()
    question: Question | None = None
    # all of them have to hold; a step without any is done when it has been looked at
    done_when: tuple[Condition, ...] = ()
    minutes: int = 5  # time that it takes

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """All that is measured, the answer to the prediction first."""
        return (*(() if self.prediction is None else (self.prediction.truth,)), *self.measured)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab file."""

    # `id`, `version`: by which hand-ins know it
    id: str
    version: str
    title: str
    purpose: str
    experiment: Experiment  # settings of the run that is measured
    seed_from_roll_number: bool  # whether each student gets a seed of his own, see `seed_of`
    start: Show  # state of the window in which the lab begins; `settings` is empty, as they are `experiment`
    sections: tuple[Section, ...]
    steps: tuple[Step, ...]
    source: str = field(repr=False)  # the text of the file

    @property
    def sha256(self) -> str:
        """SHA-256 of the text of the file (hex), line ends as Unix has them."""
        return hashlib.sha256(self.source.replace("\r\n", "\n").encode()).hexdigest()

    @property
    def minutes(self) -> int:
        """Time that all steps take together."""
        return sum(step.minutes for step in self.steps)

    @property
    def figure_names(self) -> list[str]:
        """Names of the figures that the texts show, each once and in alphabetical order."""
        return sorted(
            {block.name for step in self.steps for block in step.text if isinstance(block, FigureFile)}
        )

    def step(self, step_id: str) -> Step:
        """Return the step with this id; raises `LookupError` if there is none."""
        found = next((step for step in self.steps if step.id == step_id), None)
        if found is None:
            raise LookupError(f"The lab {self.id} has no step {step_id!r}.")
        return found

    def of_section(self, section: str) -> tuple[Step, ...]:
        """Return the steps of one section, in order."""
        return tuple(step for step in self.steps if step.section == section)

    def experiment_of(self, step: Step, seed: int | None = None) -> Experiment:
        """Return the settings of the run that a step is about.

        * `seed`: that of the student; None means that of the lab.
        """
        settings = dict(step.show.settings) if seed is None else {**step.show.settings, "seed": seed}
        return replace(self.experiment, **settings)


def seed_of(roll_number: str) -> int:
    """Return the seed that belongs to a roll number.

    The first eight bytes of SHA-256 over ``"cnnviz seed "`` and the roll number, taken as a whole number, the
    first byte the highest, modulo one million. Capitals, blanks and the form of a letter make no difference:
    the roll number is brought to the Unicode form NFKC, case is folded and blanks are taken out.

    Two of `n` students have the same seed with a probability of about ``n² / 2,000,000``: 0.5 % of 100.

    * Returns: from 0 to 999,999.
    """
    said = plain_roll_number(roll_number).encode("utf-8", "replace")
    number = int.from_bytes(hashlib.sha256(b"cnnviz seed " + said).digest()[:8])
    return number % (int(SETTINGS["seed"].high or 0) + 1)


def plain_roll_number(roll_number: str) -> str:
    """Return what is the same however a roll number is typed: no capitals, no blanks, letters in one form."""
    return "".join(unicodedata.normalize("NFKC", roll_number).casefold().split())
