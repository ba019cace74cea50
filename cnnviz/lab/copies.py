"""What hand-ins have in common, or contradict each other in, where those of honest students never do."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from cnnviz.files import printable
from cnnviz.lab.grading import lab_of
from cnnviz.lab.model import Lab, plain_roll_number, seed_of
from cnnviz.lab.results import HandIn

_FEWEST_LETTERS = 40  # shorter answers may well be alike by chance
_FEWEST_PREDICTIONS = 5  # fewer may be alike by chance where a class is told when to predict
_MOST_NAMED = 5


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
    students = [_Student(plain_roll_number(each.roll_number), name_parts(each.name)) for each in handed]
    shared: dict[object, dict[int, str]] = defaultdict(dict)
    for place, each in enumerate(handed):
        for what, content in _own(each, lab_of(each, labs), texts):
            shared[content].setdefault(place, what)

    def tell(place: int, what: str, others: Sequence[int]) -> None:
        told = [names[each] for each in others if clean[each] >= clean[place]]
        if told:
            more = f" and {len(told) - _MOST_NAMED} more" if len(told) > _MOST_NAMED else ""
            found[place].append(f"{what} {', '.join(told[:_MOST_NAMED])}{more}")

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
            yield f"{printable(step, 60)}: the same words", words
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
            yield before, place, f"the same student has another prediction in {printable(min(others), 60)}"


def may_be_same_name(one: str, other: str) -> bool:
    """Whether two texts may be one person's name: no part of one begins as one of the other where not."""
    first, second = ({part[:2] for part in name_parts(each)} for each in (one, other))
    return not first or not second or any(a.startswith(b) or b.startswith(a) for a in first for b in second)


def name_parts(name: str) -> list[str]:
    """Return the parts of a name in alphabetical order, without capitals and accents."""
    bare = unicodedata.normalize("NFKD", name[:200]).casefold()
    letters = "".join(
        letter if letter.isalnum() else "" if unicodedata.combining(letter) else " " for letter in bare
    )
    return sorted(letters.split())
