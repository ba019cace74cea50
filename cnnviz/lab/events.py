"""What a student can do that ticks a step."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from msgspec.structs import replace

from cnnviz.lab.model import PANELS, PARTS, Part, Step
from cnnviz.layers import TIE_RULES


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of event."""

    words: str  # what has to be done, to follow "To do: "; ``{n}`` is the number, ``{what}`` what it is about
    about: tuple[str, ...] = ()  # what it can be about; empty where it is about nothing, or about anything
    # whether an event says how many there are by now, as epochs do, instead of one more
    is_count: bool = False
    about_words: str = ""  # instead of `words` where a step says what it is about


_LESSONS: Mapping[str, str] = {"dots": "Three dots", "row": "Row of eight", "bright-cell": "One bright cell"}
TITLES: Mapping[str, str] = {
    "training": "Network",
    "feature_maps": "Filters & maps",
    "translation": "Translation",
    "backprop": "Backprop",
    "report": "Lab report",
    **_LESSONS,
    **{step: step.capitalize() for step in ("output", "loss", "dense", "input", "update")},
    "logits": "Gradient at the logit",
    "route": "Pool routing",
    "filter": "Filter gradient",
}
"""What panels, lessons and backward steps are called in the window, by the names that lab files give them."""

EVENTS: Mapping[str, EventKind] = {
    "steps": EventKind("train {n} steps", is_count=True),
    "epochs": EventKind("train {n} epochs", is_count=True),
    "finished": EventKind("train to the end of the run"),
    "slowed": EventKind("train in slow motion"),
    "visited": EventKind("open the panel {what}", PANELS),
    "moment": EventKind("go to an earlier moment on the timeline"),
    "sampled": EventKind("choose {n} other samples"),
    "own_digit": EventKind("make {n} images of your own"),
    "pinned": EventKind("click {n} cells of a map", about_words="click {n} cells of {what}"),
    "dragged": EventKind("move the image {n} times", about_words="move the image to (dx, dy) = ({what})"),
    "swept": EventKind("run the sweep over many images"),
    "lesson": EventKind("open the lesson “{what}”", tuple(_LESSONS)),
    "walked": EventKind(
        "open {n} steps of the backward pass",
        about_words="open the step “{what}” of the backward pass",
    ),
    "rule": EventKind("try {n} rules for ties", TIE_RULES, about_words="choose the rule “{what}” for ties"),
    "poked": EventKind("check {n} numbers one by one"),
    "checked_gradient": EventKind("check all gradients"),
    "updated": EventKind("apply the update"),
    "predicted": EventKind("commit to your prediction"),
    "words": EventKind("write {n} words"),
    "inserted": EventKind("insert {n} figures into the report"),
    "exported": EventKind("export the report"),
}
"""Kinds of events by name. The record tells of `predicted` and knows the `words`, the window the rest."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened."""

    name: str  # one of `EVENTS`
    count: int = 1  # how many there are by now, for kinds that count; 1 for the others
    what: str = ""  # what it was about
    among: str = ""  # what that is one of, such as the stage of a cell

    @property
    def keys(self) -> tuple[str, ...]:
        """Under which it is counted: by its name, and by what it is about."""
        return (self.name, *(f"{self.name}:{each}" for each in (self.among, self.what) if each))


_MOST_KEYS = 80  # so many things are told apart in a step; a record holds a few more


def counted(counts: Mapping[str, int], event: Event) -> dict[str, int]:
    """Return how often everything has happened after one more event.

    The same thing again, such as a step of the backward pass that was open before, counts once.
    """
    is_count = EVENTS[event.name].is_count
    if event.what and event.keys[-1] in counts:
        return dict(counts)
    if len(counts) >= _MOST_KEYS:
        event = Event(event.name, event.count, among=event.among)
    after = {
        key: max(counts.get(key, 0), event.count) if is_count else counts.get(key, 0) + event.count
        for key in event.keys
    }
    return {**counts, **after}


_AFTER_REVEAL = frozenset({"predicted", "words", "inserted", "exported"})


def to_see_first(step: Step, counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return what has to be done before the result of a step is shown: it is met before it is told."""
    conditions = tuple(each for each in step.done_when if each.event not in _AFTER_REVEAL)
    return missing(replace(step, done_when=conditions), counts)


OF_NO_NETWORK = _AFTER_REVEAL | {"visited", "lesson", "own_digit"}
"""What counts whatever network is in the window."""
_TRAINING = frozenset({"steps", "epochs", "finished"})
_SHOWING = frozenset({"lesson", "pinned", "dragged", "swept", "poked", "checked_gradient", "updated"})


def result_was_shown(step: Step, counts: Mapping[str, int], *, is_at_end: bool) -> bool:
    """Return whether the window shows what a step asks to predict, so that a prediction comes too late.

    * `counts`: what was done in it.
    * `is_at_end`: whether the network of the step is trained to the end of its run.
    * Returns: in a step that trains: whether the run is at its end. In others: whether everything was done
      by which the result is met, too.
    """
    if any(each.event in _TRAINING for each in step.done_when):
        return is_at_end  # a run that ended before may have been of another network, or covered
    showing = tuple(each for each in step.done_when if each.event in _SHOWING)
    return is_at_end and bool(showing) and not missing(replace(step, done_when=showing), counts)


def missing(
    step: Step, counts: Mapping[str, int], written: Mapping[Part, str] = MappingProxyType({})
) -> tuple[str, ...]:
    """Return what is left to be done in a step, as phrases such as "click one cell"; none where it is done.

    * `counts`: what happened how often.
    * `written`: the words of its fields; each field that it asks for has to be filled for itself.
    """
    phrases: list[str] = []
    for condition in step.done_when:
        least, short = condition.at_least, list[str]()
        if condition.event == "words":
            short = [PARTS[each] for each in step.parts if len(written.get(each, "").split()) < least]
            is_done = not short
        else:
            key = f"{condition.event}:{condition.what}" if condition.what else condition.event
            is_done = counts.get(key, 0) >= least
        if is_done:
            continue
        kind = EVENTS[condition.event]
        words = kind.about_words if condition.what and kind.about_words else kind.words
        words = words.replace("{what}", TITLES.get(condition.what, condition.what))
        phrase = words.replace("{n}", str(least))
        if least == 1:  # of the noun behind the number
            phrase = re.sub(r" 1 ((?:other )?\w+)s\b", r" one \1", phrase.replace(" 1 times", " once"))
        if short and len(step.parts) > 1:
            *first, last = (f"“{each}”" for each in short)
            phrase += f" for {', '.join(first)}{' and ' * bool(first)}{last}"
        phrases.append(phrase)
    return tuple(phrases)
