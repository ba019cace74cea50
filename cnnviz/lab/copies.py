"""Hand-ins that are alike where those of two students never are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from cnnviz.lab.grading import lab_of
from cnnviz.lab.model import Lab
from cnnviz.lab.results import HandIn
from cnnviz.lab.seeds import seed_of

_FEWEST_LETTERS = 40
"""Shorter answers may well be alike by chance."""


_WEIGHTS = "the same weights"


def has_own_seed(handed: HandIn) -> bool:
    """Whether the seed is the one that belongs to the roll number."""
    return handed.experiment.seed == seed_of(handed.roll_number)


def same_student(one: HandIn, other: HandIn) -> bool:
    """Whether two hand-ins have the same roll number, however it was typed."""
    return seed_of(one.roll_number) == seed_of(other.roll_number) and one.roll_number != ""


def copies(
    handed: Sequence[HandIn], names: Sequence[str], labs: Mapping[str, Lab], clean: Sequence[bool]
) -> list[list[str]]:
    """Return for each hand-in what it shares with those of other students, as clauses.

    Parameters
    ----------
    handed : sequence of HandIn
    names : sequence of str
        What to call each.
    labs : mapping from SHA-256 to Lab
        Those in which each student has a seed of his own share no weights.
    clean : sequence of bool
        Whether nothing else is wrong with each. One that is clean is not told of what others have taken whose
        numbers or seed are not their own: it was there first.
    """
    found: list[list[str]] = [[] for _ in handed]
    for (what, _), places in sorted(_groups(handed, labs).items()):
        for place in places:
            if what == _WEIGHTS and has_own_seed(handed[place]):
                continue  # two roll numbers may well give the same seed
            others = [
                names[each]
                for each in places
                if not same_student(handed[each], handed[place]) and clean[each] >= clean[place]
            ]
            if others:
                found[place].append(f"{what} as in {', '.join(others)}")
    return found


def _groups(handed: Sequence[HandIn], labs: Mapping[str, Lab]) -> dict[tuple[str, str], list[int]]:
    """Return the places of hand-ins by what they hold: what it is, and its content."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, each in enumerate(handed):
        lab = lab_of(each, labs)
        if lab is not None and lab.seed_from_roll_number:
            for run in each.runs[:1]:
                groups[_WEIGHTS, run.weights_sha256].append(place)
        for step, said in _words(each):
            if len(said) >= _FEWEST_LETTERS:
                groups[f"{step}: the same words", said].append(place)
    return {key: places for key, places in groups.items() if len(places) > 1}


def _words(handed: HandIn) -> set[tuple[str, str]]:
    """Return everything that was written, each with the step it is about; small signs make no difference."""
    hypotheses = [(step, versions[-1].text) for step, versions in handed.hypotheses.items() if versions]
    written = [*hypotheses, *handed.answers.items()]
    return {(step, "".join(words.casefold().split())) for step, words in written}
