"""What a grader should look at in hand-ins: facts that honest ones do not show, each with its reason.

A remark is no verdict. It says what is so, and leaves what it means to the person who grades.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from cnnviz.files import printable
from cnnviz.lab.grading import lab_of
from cnnviz.lab.measured import seed_for
from cnnviz.lab.model import Lab, plain_roll_number, seed_of
from cnnviz.lab.results import HandIn
from cnnviz.quantities import rounded

_LONGEST = 60
_MOST_NAMED = 5
_FEWEST_DIGITS = 5  # of a number that is not guessed to all of them
_FEWEST_LETTERS = 40  # shorter answers may well be alike by chance
_FEWEST_PREDICTIONS = 5  # fewer may be alike by chance where a class is told when to predict


def remarks_on(handed: HandIn, lab: Lab | None) -> Iterator[str]:
    """Yield what can be told of a hand-in without measuring; None stands for a lab that is not known."""
    if not handed.checksum:
        yield "the file was changed after it was written (its checksum is not that of its content)"
    if lab is not None:
        yield from _of_lab(handed, lab)
        yield from _of_steps(handed, lab)
        yield from _of_predictions(handed, lab)


def _of_lab(handed: HandIn, lab: Lab) -> Iterator[str]:
    if (handed.lab.id, handed.lab.version) != (lab.id, lab.version):
        named = printable(f"{handed.lab.id} {handed.lab.version}", _LONGEST)
        yield f"it names the lab {named}, but the checksum of {lab.id} {lab.version}"
    expected = seed_for(lab, handed.roll_number)
    if handed.experiment.seed != expected:
        whose = "the roll number" if lab.seed_from_roll_number else "the lab"
        yield f"its seed is {handed.experiment.seed}, that of {whose} is {expected}"
    given, usual = handed.experiment, lab.experiment
    differing = [
        printable(f"{name} {getattr(given, name)} instead of {getattr(usual, name)}", _LONGEST)
        for name in given.differing(usual)
        if name != "seed"
    ]
    if differing:
        yield f"its settings are not those of the lab ({', '.join(differing)})"


def _of_steps(handed: HandIn, lab: Lab) -> Iterator[str]:
    known = {step.id for step in lab.steps}
    known |= {step.key_of(question) for step in lab.steps for question in step.questions}
    given = {*handed.done, *handed.predictions, *handed.given_up, *handed.answers, *handed.hypotheses}
    if foreign := sorted(given - known):
        yield f"it has work in steps that the lab does not have: {_names(foreign)}"
    told = [
        key
        for key, each in handed.predictions.items()
        if (each.seen or key in handed.given_up) and not each.after_run
    ]
    told += [
        key
        for key, versions in handed.hypotheses.items()
        if any(version.shown and not version.after_run for version in versions)
    ]
    if told:
        yield f"said to be in time, though results had been shown before: {_names(told)}"


def _of_predictions(handed: HandIn, lab: Lab) -> Iterator[str]:
    """Yield predictions in time with more digits of the result than anybody guesses."""
    results = {each.step: each for each in reversed(handed.measured)}
    for step in lab.steps:
        made, result = handed.predictions.get(step.id), results.get(step.id)
        if made is None or result is None or made.after_run or result.how.quantity != "number":
            continue
        answer, value = made.answer, result.value
        if isinstance(answer, int | float) and isinstance(value, int | float):
            digits = len(Decimal(repr(float(answer))).normalize().as_tuple().digits)
            if digits >= _FEWEST_DIGITS and answer == rounded(value, digits):
                yield f"the prediction in {step.id} is the measured number to all of its {digits} digits"


def _names(steps: Sequence[str]) -> str:
    return _listed([printable(each, _LONGEST) for each in steps])


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more}"


# --- what several hand-ins have in common, or contradict each other in --------------------------------------


def remarks_between(
    handed: Sequence[HandIn], names: Sequence[str], labs: Mapping[str, Lab], clean: Sequence[bool]
) -> list[list[str]]:
    """Return for each hand-in what there is to look at beside others, as clauses.

    * `names`: what to call each.
    * `labs`: those in which each student has a seed of his own share no weights.
    * `clean`: whether nothing else is wrong with each. One that is clean is not told of what others
      have taken whose numbers or seed are not their own: it was there first.
    """
    found: list[list[str]] = [[] for _ in handed]
    texts = {sha: _plain(lab.source) for sha, lab in labs.items()}
    students = [_Student(plain_roll_number(each.roll_number), _name_parts(each.name)) for each in handed]
    shared: dict[object, dict[int, str]] = defaultdict(dict)
    for place, each in enumerate(handed):
        for what, content in _own(each, lab_of(each, labs), texts):
            shared[content].setdefault(place, what)

    def tell(place: int, what: str, others: Sequence[int]) -> None:
        told = [names[each] for each in others if clean[each] >= clean[place]]
        if told:
            found[place].append(f"{what} {_listed(told)}")

    for places in shared.values():
        for place, what in places.items():
            others = [each for each in places if not students[each].may_be(students[place])]
            if what:
                tell(place, f"{what} as in", others)
    for one, other, what in _contradictions(handed):
        tell(one, f"{what} in", [other])
        tell(other, f"{what} in", [one])
    return [list(dict.fromkeys(remarks)) for remarks in found]


class _Student(NamedTuple):
    """Whose a hand-in is, as far as roll number and name tell."""

    roll_number: str
    name: list[str]

    def may_be(self, other: "_Student") -> bool:
        """Whether two are one student: by the roll number, or where one has none, by the name."""
        if self.roll_number and other.roll_number:
            return self.roll_number == other.roll_number
        return bool(self.name) and self.name == other.name


def _own(handed: HandIn, lab: Lab | None, texts: Mapping[str, str]) -> Iterator[tuple[str, object]]:
    """Yield what no two students have in common: what it is called, or "" of what a student has by right."""
    of_lab = "" if lab is None else texts[lab.sha256]
    versions = ((step, each.text) for step, all_ in handed.hypotheses.items() for each in all_)
    for step, text in (*versions, *handed.answers.items()):
        words = _plain(text)
        if len(words) >= _FEWEST_LETTERS and words not in of_lab:
            yield f"{printable(step, _LONGEST)}: the same words", words
    made = tuple((step, each.answer, each.time) for step, each in sorted(handed.predictions.items()))
    if len(made) >= _FEWEST_PREDICTIONS:
        yield "the same predictions at the same times", (handed.lab.id, handed.lab.version, made)
    own = handed.own
    if own is not None and own.origin == "drawn" and len(set(own.pixels)) > 1:  # files may be had by all
        yield "the same drawn image", (own.shape, own.pixels)
    if lab is not None and lab.seed_from_roll_number and handed.runs:
        # Two roll numbers may well give the same seed.
        is_rightly_theirs = handed.experiment.seed == seed_of(handed.roll_number)
        yield "" if is_rightly_theirs else "the same weights", handed.runs[0].weights_sha256


def _plain(text: str) -> str:
    """Return the letters and digits of a text alone, without capitals."""
    return "".join(filter(str.isalnum, text.casefold()))


def _contradictions(handed: Sequence[HandIn]) -> Iterator[tuple[int, int, str]]:
    """Yield pairs with one roll number and one lab that cannot be two exports of one student's work."""
    first: dict[tuple[str, str, str], int] = {}
    for place, each in enumerate(handed):
        roll = plain_roll_number(each.roll_number)
        before = first.setdefault((roll, each.lab.id, each.lab.version), place)
        if not roll or before == place:
            continue
        one, other = handed[before].predictions, each.predictions
        others = [step for step in one.keys() & other.keys() if one[step].answer != other[step].answer]
        if not may_be_same_name(handed[before].name, each.name):
            yield before, place, "the same roll number under another name"
        elif others:
            step = printable(min(others), _LONGEST)
            yield before, place, f"the same student has another prediction in {step}"


def may_be_same_name(one: str, other: str) -> bool:
    """Whether two texts may be one person's name: a part of one begins as a part of the other does."""
    first, second = ({part[:2] for part in _name_parts(each)} for each in (one, other))
    return not first or not second or any(a.startswith(b) or b.startswith(a) for a in first for b in second)


def _name_parts(name: str) -> list[str]:
    """Return the parts of a name in alphabetical order, without capitals and accents."""
    bare = unicodedata.normalize("NFKD", name[:200]).casefold()
    return sorted(re.findall(r"[^\W_]+", "".join(each for each in bare if not unicodedata.combining(each))))
