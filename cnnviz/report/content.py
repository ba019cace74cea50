"""The student's part of a lab report: the demonstrations, what to think about in each, and the words."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, Self, cast

from cnnviz._validation import check_int
from cnnviz.errors import DataError, NewerVersionError
from cnnviz.experiment import Experiment
from cnnviz.report.inserts import MOST_INSERTS, Insert

WORKING_PRINCIPLE = "working_principle"
TRANSLATION = "translation"
BACKPROP = "backprop"


@dataclass(frozen=True, slots=True)
class Guide:
    """Title of a demonstration, and a guiding question for each field."""

    title: str
    # `objective`, `hypothesis`, `description`, `observations`, `inference`: what to think about before
    # writing
    objective: str
    hypothesis: str
    description: str
    observations: str
    inference: str

    def question(self, field: str) -> str:
        """Return the guiding question of a field."""
        return str(getattr(self, field))


GUIDES: Mapping[str, Guide] = MappingProxyType(
    {
        WORKING_PRINCIPLE: Guide(
            title="How a convolutional network works",
            objective="What should the network be able to do after training, and how will you tell?",
            hypothesis="Before you run: how high will the test accuracy be, which class will be mistaken "
            "more often, and what will the filters look like afterwards?",
            description="Which data, which layers and which settings did you use? What does each layer do "
            "to the shape of its input?",
            observations="How do loss and accuracy develop? What do filters and maps show? Which images are "
            "mistaken?",
            inference="What has the network learnt, and what in your observations says so? Was your "
            "hypothesis right?",
        ),
        TRANSLATION: Guide(
            title="Translation and max pooling",
            objective="What does it mean for a layer to be invariant to a shift, and how can it be measured?",
            hypothesis="Before you run: by how much will the pooled maps change when an image moves by one "
            "pixel? And by two? Which pool changes least?",
            description="Which images did you move, how far, and what did you compare? Relative to what?",
            observations="Where do the pooled outputs agree exactly, and where do they not? How do the "
            "measures grow with the distance?",
            inference="Is max pooling translation invariant: exactly, nearly, or only for some shifts? What "
            "makes the difference?",
        ),
        BACKPROP: Guide(
            title="Backpropagation through max pooling",
            objective="How does the gradient get from a pooled value back to the cells of its window?",
            hypothesis="Before you run: which cells of a window will receive the gradient, and how much? "
            "What will happen when two cells share the maximum?",
            description="Which image and which filter did you follow? What rule is in force for ties, and "
            "how was the gradient checked?",
            observations="Where does the gradient arrive, and where is it 0? How often are windows tied? "
            "What does the check report?",
            inference="Which cells learn, and which do not? Does the rule for ties matter for training?",
        ),
    }
)
"""Guide of each demonstration about a network with a max pool, in the order of the report."""

_WITHOUT_WINNERS: Mapping[str, Guide] = MappingProxyType(
    {
        BACKPROP: replace(
            GUIDES[BACKPROP],
            hypothesis="Before you run: which cells of a window will receive the gradient of its pooled "
            "value, and how much?",
            description="Which image and which filter did you follow? How was the gradient checked?",
            observations="Where does the gradient arrive, and where is it 0? What does the check report?",
            inference="Which cells learn, and which do not? What would a max pool do instead?",
        )
    }
)
_WITHOUT_POOL: Mapping[str, Guide] = MappingProxyType(
    {
        TRANSLATION: replace(
            GUIDES[TRANSLATION],
            hypothesis="Before you run: by how much will the maps of the convolution change when an image "
            "moves by one pixel? And by two? Which pool behind them would change least?",
            observations="Where do the outputs agree exactly, and where do they not? How do the measures "
            "grow with the distance?",
            inference="Is the network translation invariant without a pool: exactly, nearly, or only for "
            "some shifts? What would a max pool change?",
        ),
        BACKPROP: replace(
            _WITHOUT_WINNERS[BACKPROP],
            objective="How does the gradient get from the output back to the cells of the convolution?",
            hypothesis="Before you run: which cells of the convolution will receive a gradient, and how "
            "much?",
            inference="Which cells learn, and which do not? What would a max pool change?",
        ),
    }
)


def guide_of(key: str, experiment: Experiment) -> Guide:
    """Return the guide of a demonstration about a network: it asks of no pool or tie that is not there.

    * `key`: one of `GUIDES`.
    """
    without: Mapping[str, Guide] = {}
    if "pool_size" in experiment.unused:
        without = _WITHOUT_POOL
    elif "ties" in experiment.unused:
        without = _WITHOUT_WINNERS
    return without.get(key, GUIDES[key])


FIELDS: tuple[tuple[str, str], ...] = (
    ("objective", "Objective"),
    ("hypothesis", "Hypothesis"),
    ("description", "Experimental description"),
    ("observations", "Observations"),
    ("inference", "Inference and conclusion"),
)
"""The parts of a demonstration and their headings, in order."""


FORMAT = "cnnviz-report"
FORMAT_VERSION = 1
MAX_WORDS = 50_000
"""Longer fields are refused when a report is read: no student writes them."""

DEFAULT_TITLE = "Lab 5: convolutional neural networks"


@dataclass(frozen=True, slots=True)
class Shown:
    """Results that have been on the screen, and since when; they stay known, whatever is on it later."""

    # `training`, `lab`: local date and time at which results of training (losses, accuracy), and results that
    # the lab has measured, were first on the screen; "" for never
    training: str = ""
    lab: str = ""

    def __or__(self, other: "Shown") -> "Shown":
        """Return what has been on the screen by one or the other."""
        return Shown(_first(self.training, other.training), _first(self.lab, other.lab))

    def __bool__(self) -> bool:
        """Whether there was anything."""
        return bool(self.training or self.lab)


def _first(one: str, other: str) -> str:
    """Return the earlier of two times, of which "" is none."""
    return min(filter(None, (one, other)), default="")


_NOT_SHOWN = Shown()
_LONGEST_TIME = 40


@dataclass(frozen=True, slots=True)
class Version:
    """A hypothesis as it stood at one moment."""

    text: str
    time: str  # local date and time, such as ``"2026-01-31 14:05"``
    step: int  # training step of the run on the screen at that moment
    after_run: bool = False  # whether results had been on the screen before
    shown: Shown = _NOT_SHOWN  # which, and since when


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What a student writes about one of the demonstrations."""

    key: str  # which one: a key of `GUIDES`
    # `objective`, `description`, `observations`, `inference`: as typed
    objective: str = ""
    description: str = ""
    observations: str = ""
    inference: str = ""
    # the recorded hypothesis and every later edit, oldest first; empty before the first record
    hypothesis: tuple[Version, ...] = ()
    inserts: tuple[Insert, ...] = ()  # figures and tables from the screen that stand below the observations

    def record(self, version: Version) -> Self:
        """Add a hypothesis; one that says the same as the last changes nothing, an empty one is no record.

        What was recorded before stays in the list, so that no edit is silent.
        """
        said = self.hypothesis[-1].text if self.hypothesis else ""
        if version.text.strip() == said.strip():
            return self
        return replace(self, hypothesis=(*self.hypothesis, version))


@dataclass(frozen=True, slots=True)
class Report:
    """The words of a whole report; the results are added when it is written."""

    # `title`, `author`, `roll_number`, `date`: for the title page, as typed
    title: str = DEFAULT_TITLE
    author: str = ""
    roll_number: str = ""
    date: str = ""
    # one for each of `GUIDES`, in their order
    demonstrations: tuple[Demonstration, ...] = tuple(Demonstration(key) for key in GUIDES)

    def demonstration(self, key: str) -> Demonstration:
        """Return the demonstration with this key."""
        return next(each for each in self.demonstrations if each.key == key)

    def with_demonstration(self, changed: Demonstration) -> Self:
        """Return the report with one demonstration replaced by its new state."""
        return replace(
            self,
            demonstrations=tuple(
                changed if each.key == changed.key else each for each in self.demonstrations
            ),
        )

    @property
    def has_words(self) -> bool:
        """Whether anything was written at all."""
        named = bool(self.author.strip() or self.roll_number.strip())
        return named or any(
            each.hypothesis or each.inserts or any(getattr(each, name).strip() for name in _WORDS)
            for each in self.demonstrations
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the words as values that JSON can hold."""
        return {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            **{name: getattr(self, name) for name in _HEAD},
            "demonstrations": [
                {name: getattr(each, name) for name in ("key", *_WORDS)}
                | {"hypothesis": [version_to_dict(version) for version in each.hypothesis]}
                | {"inserts": [insert.to_dict() for insert in each.inserts]}
                for each in self.demonstrations
            ],
        }

    @classmethod
    def from_dict(cls, values: object) -> Self:
        """Return the report that `to_dict` described.

        * Raises DataError: if it is damaged, of a newer version, or no report.
        """
        entries = _mapping(values, "A report")
        if entries.get("format") != FORMAT:
            raise DataError("This is no lab report of CNNViz.")
        version = entries.get("version")
        if not isinstance(version, int) or version > FORMAT_VERSION:
            raise NewerVersionError(
                "The lab report was written by a newer CNNViz. Open it with that version."
            )
        listed = entries.get("demonstrations")
        if not isinstance(listed, list):
            raise DataError("The lab report is damaged: its demonstrations are missing.")
        given = [_demonstration(each) for each in cast("list[object]", listed)]
        by_key = {each.key: each for each in given}
        return cls(
            **{name: _text(entries, name) for name in _HEAD},
            demonstrations=tuple(by_key.get(key, Demonstration(key)) for key in GUIDES),
        )


_HEAD = ("title", "author", "roll_number", "date")
_WORDS = ("objective", "description", "observations", "inference")


def version_to_dict(version: Version) -> dict[str, Any]:
    """Return a version of a hypothesis as values that JSON can hold."""
    return asdict(version)


def _demonstration(values: object) -> Demonstration:
    entries = _mapping(values, "A demonstration")
    hypothesis = entries.get("hypothesis")
    if not isinstance(hypothesis, list):
        raise DataError("The lab report is damaged: a hypothesis is missing.")
    inserts = entries.get("inserts", [])
    if not isinstance(inserts, list) or len(cast("list[object]", inserts)) > MOST_INSERTS:
        raise DataError("The lab report is damaged: its inserted figures are missing.")
    return Demonstration(
        key=_text(entries, "key"),
        inserts=tuple(
            Insert.from_dict(_mapping(each, "An insert")) for each in cast("list[object]", inserts)
        ),
        hypothesis=tuple(version_from_dict(each) for each in cast("list[object]", hypothesis)),
        **{name: _text(entries, name) for name in _WORDS},
    )


def version_from_dict(values: object) -> Version:
    """Return the version that `version_to_dict` described; raises `CNNVizError` if it is damaged."""
    entries = _mapping(values, "A hypothesis")
    step = check_int(entries.get("step"), "step", "a hypothesis", minimum=0)
    return Version(
        _text(entries, "text"),
        _text(entries, "time"),
        step,
        after_run=entries.get("after_run") is True,
        shown=shown_from_dict(entries.get("shown", {})),
    )


def shown_from_dict(values: object) -> Shown:
    """Return which results were on the screen, as `dataclasses.asdict` wrote it; raises `DataError`."""
    entries = _mapping(values, "What was shown")
    return Shown(*(_text({name: entries.get(name, "")}, name, _LONGEST_TIME) for name in ("training", "lab")))


def _mapping(values: object, what: str) -> Mapping[str, object]:
    if not isinstance(values, dict):
        raise DataError(f"The lab report is damaged: {what.lower()} must be an object.")
    return cast("Mapping[str, object]", values)


def _text(entries: Mapping[str, object], name: str, longest: int = MAX_WORDS) -> str:
    value = entries.get(name)
    if not isinstance(value, str) or len(value) > longest:
        raise DataError(f"The lab report is damaged: its field {name!r} must be text.")
    return value
