"""A lab as immutable values: its steps, what each shows, asks and measures, and when it is done."""

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, Struct

from cnnviz.document.types import PinnedCell, Shift
from cnnviz.experiment import SETTINGS, Experiment
from cnnviz.lab.markup import Block, FigureFile, parse_text

type Answer = float | str | tuple[int, ...]
"""What is predicted: a number, the name of a choice or a direction, or the index of a cell."""

type Kind = Literal["number", "choice", "cell", "direction"]
"""Kinds of predictions."""

UP, DOWN, SAME = "up", "down", "same"
DIRECTIONS: Mapping[str, str] = {UP: "It grows", SAME: "It stays as it is", DOWN: "It shrinks"}
"""Answers to a question about a direction, and what they are called."""

MOST_STEPS = 60
"""So many steps can a lab have."""


type Name = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_.-]{1,40}\Z", max_length=40)]
type Line = Annotated[str, Meta(pattern=r"\S", max_length=100)]
type Sentence = Annotated[str, Meta(pattern=r"\S", max_length=600)]
type Points = Annotated[float, Meta(ge=0, le=1000)]
type Panel = Literal["training", "feature_maps", "translation", "backprop", "report"]
PANELS: tuple[Panel, ...] = get_args(Panel.__value__)
"""Panels of the window, by the names that its registry gives them."""

type Part = Literal["objective", "hypothesis", "description", "observations", "inference"]
type NetworkKind = Literal["max pool", "other pool", "no pool"]

PARTS: Mapping[Part, str] = {
    "objective": "Objective",
    "hypothesis": "Hypothesis",
    "description": "Experimental description",
    "observations": "Observations",
    "inference": "Inference and conclusion",
}
"""Parts of a section of the report, in order, and their headings."""


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a lab file: each field is an entry of it, with its limits."""


class Choice(Entry, frozen=True):
    """One of the answers to choose from."""

    # short and stable: what is recorded, and what the measure gives where it is the true answer
    name: Annotated[str, Meta(pattern=r"\S", max_length=60)]
    text: Annotated[str, Meta(pattern=r"\S", max_length=200)]


class Measurement(Entry, frozen=True, rename={"parameters": "with"}):
    """A number of the engine that a lab asks for."""

    measure: str  # name in `cnnviz.lab.measures.MEASURES`
    parameters: dict[str, Any] = {}  # values of its parameters


class Prediction(Entry, frozen=True, rename={"parameters": "with"}):
    """What the student commits to before the result is revealed."""

    kind: Kind
    question: Sentence
    measure: str  # what the answer is compared with, and values of its parameters
    parameters: dict[str, Any] = {}
    # how far a number may be off, in the unit of the measure; of a direction, the largest change that still
    # counts as none
    tolerance: Annotated[float, Meta(ge=0, le=1e9)] = 0.0
    # of a choice; those of a direction are `DIRECTIONS`
    choices: Annotated[tuple[Choice, ...], Meta(max_length=10)] = ()
    # of a cell: the stage in whose map the student clicks
    stage: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_.-]{0,40}\Z")] = ""
    points: Points = 0.0  # for a prediction that is made in time, whatever it says
    points_right: Points = 0.0  # for one that is right, too

    @property
    def truth(self) -> Measurement:
        """What the answer is compared with."""
        return Measurement(self.measure, self.parameters)


class Question(Entry, frozen=True):
    """Something that the student writes about a step."""

    text: Sentence
    # part of the report in which the answer stands; of a hypothesis every version is kept, with time and step
    part: Part = "observations"
    points: Points = 0.0  # most that a grader can give for the answer
    # asked of such networks only; empty for all
    network: Annotated[tuple[NetworkKind, ...], Meta(max_length=3)] = ()

    @property
    def is_hypothesis(self) -> bool:
        """Whether it has to be answered before the run."""
        return self.part == "hypothesis"


class Result(Entry, frozen=True):
    """Formulas, tables and figures that are measured for the report, under a heading of their own."""

    title: Line
    show: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=20)]  # names of `RESULTS`


class Reason(Entry, frozen=True):
    """A sentence about a result, shown where all of its conditions hold; see `cnnviz.lab.explaining`."""

    text: Sentence
    when: Annotated[tuple[Annotated[str, Meta(max_length=200)], ...], Meta(max_length=10)] = ()


class Reveal(Entry, frozen=True, rename={"parameters": "with"}):
    """What is shown beside the result of a prediction."""

    picture: str  # name in `cnnviz.lab.pictures.PICTURES`, and values of its parameters
    parameters: dict[str, Any] = {}  # those of the prediction where they are not given
    why: Annotated[tuple[Reason, ...], Meta(max_length=20)] = ()


class Show(Entry, frozen=True):
    """The state into which "Show me" puts the window. What is None or empty stays as it is."""

    panel: Panel | None = None  # which comes to the front
    # settings of the experiment that differ from those of the lab, by name
    settings: dict[str, Any] = {}
    # step of the run whose network is shown; by name its initial weights, or its last
    moment: Annotated[int, Meta(ge=0, le=10**9)] | Literal["start", "end"] | None = None
    sample: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None  # position among the test images
    shift: Shift | None = None
    # filter of the first layer that all panels show, also that of the pinned cell
    filter: Annotated[int, Meta(ge=0, le=63)] | Literal["strongest"] | None = None
    pinned: PinnedCell | None = None
    # choices inside the panels, with the names that sessions have for them
    views: dict[str, dict[str, Any]] = {}


class Condition(Entry, frozen=True):
    """Something that the student has to do in a step."""

    event: str  # one of `cnnviz.lab.events.EVENTS`
    at_least: Annotated[int, Meta(ge=1, le=1_000_000)] = 1  # how often, or how many
    what: str = ""  # what the event is about, such as the name of a panel; "" for anything


class Step(Entry, frozen=True, rename={"questions": "question", "results": "result"}):
    """One step of a lab."""

    id: Name  # short and stable: by which records know it
    section: Name  # section of the report to which it belongs
    # `title`, `purpose`: what it is called, and what it is for: a line each
    title: Line
    purpose: Sentence
    text: Annotated[str, Meta(max_length=8000)] = ""  # what to read
    # ids of earlier steps whose hypothesis, prediction and results this one needs: they stand in it
    recall: Annotated[tuple[Name, ...], Meta(max_length=20)] = ()
    show: Show = Show()
    prediction: Prediction | None = None
    reveal: Reveal | None = None
    # numbers that are measured without being asked for, for the report and the hand-in
    measured: Annotated[tuple[Measurement, ...], Meta(max_length=20)] = ()
    results: Annotated[tuple[Result, ...], Meta(max_length=20)] = ()
    questions: Annotated[tuple[Question, ...], Meta(max_length=15)] = ()
    # all of them have to hold; a step without any is done when it has been looked at
    done_when: Annotated[tuple[Condition, ...], Meta(max_length=10)] = ()
    minutes: Annotated[int, Meta(ge=1, le=240)] = 5  # time that it takes

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The text as paragraphs, lists, formulas and figures."""
        return parse_text(self.text)

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """All that is measured, the answer to the prediction first."""
        return (*(() if self.prediction is None else (self.prediction.truth,)), *self.measured)

    def asked(self, experiment: Experiment) -> tuple[Question, ...]:
        """Return the questions about a network of these settings, in the order of their parts."""
        kind = network_kind(experiment)
        asked = [each for each in self.questions if kind in (each.network or (kind,))]
        return tuple(sorted(asked, key=lambda each: tuple(PARTS).index(each.part)))

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that have to be written: those that are asked for whatever the network is, in order."""
        kinds: tuple[NetworkKind, ...] = get_args(NetworkKind.__value__)
        asked = {(each.part, kind) for each in self.questions for kind in each.network or kinds}
        return tuple(part for part in PARTS if all((part, kind) in asked for kind in kinds))

    def key_of(self, question: Question) -> str:
        """Return under which the answer to a question is handed in.

        It is the id of the step where there is only one part to write, and for the observations.
        """
        if question.part == "observations" or len({each.part for each in self.questions}) == 1:
            return self.id
        return f"{self.id}.{question.part}"


class Section(Entry, frozen=True):
    """A part of the report."""

    id: Name
    title: Line


def network_kind(experiment: Experiment) -> NetworkKind:
    """Return which questions are about such a network."""
    if "pool_size" in experiment.unused:
        return "no pool"
    return "other pool" if "ties" in experiment.unused else "max pool"


class LabFile(Entry, frozen=True, rename={"sections": "section", "steps": "step"}):
    """What stands in a lab file."""

    # `id`, `version`: by which hand-ins know it
    id: Name
    version: Name
    title: Line
    purpose: Annotated[str, Meta(pattern=r"\S", max_length=1000)]
    preset: Literal["lab5", "lenet"] = "lab5"
    settings: dict[str, Any] = {}  # what differs from the preset
    # whether the lab is measured with its own settings, or with those of the window
    settings_of: Literal["lab", "window"] = "lab"
    start: Show = Show()  # state of the window in which the lab begins; it has no settings of its own
    sections: Annotated[tuple[Section, ...], Meta(max_length=12)] = ()
    steps: Annotated[tuple[Step, ...], Meta(max_length=MOST_STEPS)] = ()


class Lab(LabFile, frozen=True, kw_only=True, dict=True):
    """A lab file, and what follows from it."""

    experiment: Experiment  # settings of the run that is measured
    seed_from_roll_number: bool  # whether each student gets a seed of his own, see `seed_of`
    source: str  # the text of the file

    def __repr__(self) -> str:
        return f"Lab({self.id!r}, {self.version!r})"

    @property
    def is_free(self) -> bool:
        """Whether it is measured with the settings of the window, whatever they are."""
        return self.settings_of == "window"

    @cached_property
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
            {block.name for step in self.steps for block in step.blocks if isinstance(block, FigureFile)}
        )

    def step(self, step_id: str) -> Step:
        """Return the step with this id; raises `LookupError` if there is none."""
        found = next((step for step in self.steps if step.id == step_id), None)
        if found is None:
            raise LookupError(f"The lab {self.id} has no step {step_id!r}.")
        return found

    def asked(self, step: Step) -> tuple[Question, ...]:
        """Return the questions of a step about the network of the lab."""
        return step.asked(self.experiment_of(step))

    def of_section(self, section: str) -> tuple[Step, ...]:
        """Return the steps of one section, in order."""
        return tuple(step for step in self.steps if step.section == section)

    def experiment_of(self, step: Step, seed: int | None = None) -> Experiment:
        """Return the settings of the run that a step is about, with the seed of a student if there is one."""
        changes = dict(step.show.settings) if seed is None else {**step.show.settings, "seed": seed}
        return replace(self.experiment, **changes) if changes else self.experiment


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
