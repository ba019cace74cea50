"""What hand-ins have in common, or contradict each other in, where those of honest students never do."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import timedelta
from difflib import SequenceMatcher
from itertools import combinations
from typing import Literal

from cnnviz.files import printable
from cnnviz.lab.grading import lab_of
from cnnviz.lab.model import Lab, plain_roll_number, seed_of
from cnnviz.lab.remarks import read_time
from cnnviz.lab.results import HandIn

_FEWEST_LETTERS = 40  # shorter answers may well be alike by chance

type _Row = tuple[str, str, str]

_FEWEST_ROWS = 20  # three words in a row, so many times: a sentence of a lecture has fewer
_ALIKE, _FEWEST_ALIKE, _ALIKE_ALONE = 0.5, 3, 0.8
"""Which share of them is the same in several answers, or in one alone, that was not written independently."""

_FEWEST_IN_ALL, _FEWEST_ANSWERS = 150, 3
"""Letters of all short answers of a student together, and how many they are, from which on they are not."""

_FEWEST_WORDS = 8
_FEWEST_PREDICTIONS = 3
_FEWEST_MOSTLY, _MOST_OF, _MOST_TOGETHER = 5, 0.7, 6
_MOSTLY = "most predictions the same, at the same times, as"
_FEWEST_MOMENTS = 8
_MOST_PAIRS = 20
_MOST_NAMED = 5
_SAME_ANSWER = 0.5  # how much of an answer is left, at least, where a student has gone on with it


type _Kind = Literal["words", "predictions", "times", "networks"]
type _Shared = tuple[_Kind, str, object]
"""Something that no two students have in common: of what kind, what it is called, and its content."""


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
    for kind, what, places in _groups(handed, labs):
        if kind == "predictions" and _are_told_when(handed, places):
            continue
        for place in places:
            own_seed = seed_of(handed[place].roll_number)
            if kind == "networks" and handed[place].experiment.seed == own_seed:
                continue  # two roll numbers may well give the same seed
            others = [
                names[each]
                for each in places
                if not same_student(handed[each], handed[place]) and clean[each] >= clean[place]
            ]
            if others:
                more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
                listed = f"{', '.join(others[:_MOST_NAMED])}{more}"
                found[place].append(f"{what} as in {listed}")
    pairs = (*_contradictions(handed), *_mostly_the_same(handed), *_much_alike(handed, labs))
    for one, other, reason in pairs:
        for place, beside in ((one, other), (other, one)):
            if clean[beside] >= clean[place]:
                found[place].append(f"{reason} in {names[beside]}")
    return [list(dict.fromkeys(remarks)) for remarks in found]


# --- of several students ------------------------------------------------------------------------------------


def _groups(handed: Sequence[HandIn], labs: Mapping[str, Lab]) -> list[tuple[_Kind, str, list[int]]]:
    """Return what several hand-ins hold, and their places."""
    groups: dict[tuple[_Kind, object], dict[int, str]] = defaultdict(dict)
    texts = {sha: plain(lab.source) for sha, lab in labs.items()}
    for place, each in enumerate(handed):
        lab = lab_of(each, labs)
        said = "" if lab is None else texts[lab.sha256]
        for kind, what, content in (*_words(each, said), *_moments(each), *_pixels(each)):
            groups[kind, content].setdefault(place, what)
        if lab is not None and lab.seed_from_roll_number:
            for run in each.runs[:1]:
                groups["networks", run.weights_sha256][place] = "the same weights"
    return [
        (kind, min(places.values()), list(places)) for (kind, _), places in groups.items() if len(places) > 1
    ]


def _words(handed: HandIn, of_lab: str) -> Iterator[_Shared]:
    """Yield what was written, without what the lab itself says."""
    versions = ((step, each.text) for step, all_ in handed.hypotheses.items() for each in all_)
    short: dict[str, str] = {}
    for step, text in (*versions, *handed.answers.items()):
        words = plain(text)
        if not words or words in of_lab:
            continue
        if weight(words) < _FEWEST_LETTERS:
            short[step] = words
            continue
        what = f"{printable(step, 60)}: the same words"
        yield "words", what, words
        parts = tokens(text)
        if len(parts) >= _FEWEST_WORDS:
            yield "words", what, tuple(sorted(parts))
    if len(short) >= _FEWEST_ANSWERS and sum(map(weight, short.values())) >= _FEWEST_IN_ALL:
        yield "words", "all short answers the same", tuple(sorted(short.items()))


def _much_alike(handed: Sequence[HandIn], labs: Mapping[str, Lab]) -> Iterator[tuple[int, int, str]]:
    """Yield pairs of students whose answers consist of the same three words in a row for the most part.

    One with all of another and something beside it is told like that, and several with a word changed here
    and there.
    """
    said = {sha: _in_a_row(lab.source) for sha, lab in labs.items()}
    written: dict[str, list[tuple[int, dict[str, Set[_Row]]]]] = defaultdict(list)
    for place, each in enumerate(handed):
        lab = lab_of(each, labs)
        known = frozenset[_Row]() if lab is None else said[lab.sha256]
        rows = {step: _in_a_row(text) - known for step, text in each.answers.items()}
        enough = {step: those for step, those in rows.items() if len(those) >= _FEWEST_ROWS}
        written[each.lab.id].append((place, enough))
    pairs = (pair for students in written.values() for pair in combinations(students, 2))
    for (one, first), (other, second) in pairs:
        shares = {
            step: len(first[step] & second[step]) / min(len(first[step]), len(second[step]))
            for step in first.keys() & second.keys()
            if first[step] != second[step]  # which are the same words
        }
        alike = sorted(step for step, share in shares.items() if share >= _ALIKE)
        if len(alike) < _FEWEST_ALIKE:
            alike = [step for step in alike if shares[step] >= _ALIKE_ALONE]
        if alike and not same_student(handed[one], handed[other]):
            named = printable(", ".join(alike), 200)
            yield one, other, f"{named}: most words the same, in the same order, as"


def _in_a_row(text: str) -> Set[_Row]:
    """Return all three words in a row of a text."""
    words = tokens(text)
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def _moments(handed: HandIn) -> Iterator[_Shared]:
    """Yield the predictions with their times, and the times of all steps, where they are enough to tell."""
    predictions = tuple(
        (step, each.answer, each.time, each.step) for step, each in sorted(handed.predictions.items())
    )
    lab = (handed.lab.id, handed.lab.version)
    if len(predictions) >= _FEWEST_PREDICTIONS:
        what = "the same predictions at the same times"
        yield "predictions", what, (lab, predictions)
    done: dict[object, str] = {("done", step): time for step, time in handed.done.items()}
    made: dict[object, str] = {(step, each.answer): each.time for step, each in handed.predictions.items()}
    for what, times in (
        ("the same times of all steps, or all moved alike,", done),
        ("the same predictions and times of all steps, or all moved alike,", {**done, **made}),
    ):
        if len(set(times.values())) >= _FEWEST_MOMENTS and (apart := _apart(times)):
            yield "times", what, (lab, apart)


def _apart(times: Mapping[object, str]) -> frozenset[tuple[object, timedelta]]:
    """Return how long after the first of some times each of them is; nothing where one is no time."""
    read = {what: moment for what, time in times.items() if (moment := read_time(time)) is not None}
    if len(read) < len(times):
        return frozenset()
    first = min(read.values())
    return frozenset((what, moment - first) for what, moment in read.items())


def _are_told_when(handed: Sequence[HandIn], places: Sequence[int]) -> bool:
    """Whether few predictions are the same at times at which others of the class predicted something else.

    Where a class is told to predict now, its times tell nothing, and a few guesses are the same by chance.
    """
    one = handed[places[0]]
    return len(one.predictions) < _FEWEST_MOSTLY and all(
        any(
            (other.lab.id, step in other.predictions) == (one.lab.id, True)
            and other.predictions[step].time == made.time
            and other.predictions[step].answer != made.answer
            for other in handed
        )
        for step, made in one.predictions.items()
    )


def _mostly_the_same(handed: Sequence[HandIn]) -> Iterator[tuple[int, int, str]]:
    """Yield pairs of students with most, but not all, predictions the same, at the same times."""
    groups: dict[object, list[int]] = defaultdict(list)
    for place, each in enumerate(handed):
        for step, made in each.predictions.items():
            groups[each.lab.id, each.lab.version, step, made.answer, made.time].append(place)
    shared: Counter[tuple[int, int]] = Counter()
    for places in groups.values():
        if len(places) <= _MOST_TOGETHER:  # a class that is told to predict now has it in common
            shared.update(combinations(places, 2))
    for (one, other), count in shared.items():
        first, second = handed[one].predictions, handed[other].predictions
        enough = max(_FEWEST_MOSTLY, _MOST_OF * max(len(first), len(second)))
        if count >= enough and first != second and not same_student(handed[one], handed[other]):
            yield one, other, _MOSTLY


def _pixels(handed: HandIn) -> Iterator[_Shared]:
    """Yield an image that the student has drawn; files may be had by all."""
    own = handed.own
    if own is not None and own.origin == "drawn" and len(set(own.pixels)) > 1:
        yield "words", "the same drawn image", (own.shape, own.pixels)


# --- of one student -----------------------------------------------------------------------------------------


def _contradictions(handed: Sequence[HandIn]) -> Iterator[tuple[int, int, str]]:
    """Yield pairs with one roll number and one lab that cannot be two exports of one student's work."""
    groups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for place, each in enumerate(handed):
        if roll := plain_roll_number(each.roll_number):
            groups[roll, each.lab.id, each.lab.version].append(place)
    for places in groups.values():
        for one, other in list(combinations(places, 2))[:_MOST_PAIRS]:
            if not may_be_same_name(handed[one].name, handed[other].name):
                yield one, other, "the same roll number under another name"
                continue
            # Which came first is not told by their times, for clocks are set back.
            ways = _differs(handed[one], handed[other]), _differs(handed[other], handed[one])
            if all(ways):
                yield one, other, f"the same student has {ways[0]}"


def _differs(earlier: HandIn, later: HandIn) -> str:
    """Return in what a later export is none of the same work; "" where it is."""
    for step, each in sorted(earlier.predictions.items()):
        other = later.predictions.get(step)
        if other != each:
            return f"{'no' if other is None else 'another'} prediction in {printable(step, 60)}"
    for step, versions in earlier.hypotheses.items():
        if later.hypotheses.get(step, ())[: len(versions)] != versions:
            return f"another hypothesis in {printable(step, 60)}"
    for step, time in earlier.done.items():
        if later.done.get(step, "") != time:
            return f"done {printable(step, 60)} at another time"
    for step, text in earlier.answers.items():
        if text.strip() and not _goes_on(text, later.answers.get(step, "")):
            return f"a wholly different answer in {printable(step, 60)}"
    return ""


def _goes_on(before: str, after: str) -> bool:
    """Whether an answer may have been made of another by going on with it."""
    one, two = tokens(before[:4000]), tokens(after[:8000])
    kept = sum(block.size for block in SequenceMatcher(None, one, two, autojunk=False).get_matching_blocks())
    return not one or kept >= _SAME_ANSWER * len(one)


# --- words that are the same but for signs, capitals, blanks, accents and letters that look alike -----------

_LOOK_ALIKE = str.maketrans(
    # Cyrillic, Greek, Armenian and other letters that are drawn like Latin ones, capitals first.
    "АВЕЅІЈКМНОРСТУХҮԌԚԜ" "авеѕіјкмнорстухүһԁԛԝгп" "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ" "αβεικνορτυχςη" "օսհոցաԼ" "ıɑɡǀӏӀɩ",
    "ABESIJKMHOPCTYXYGQW" "abesijkmhopctyxyhdqwrn" "ABEZHIKMNOPTYX" "abelkvoptuxcn" "ouhngwL" "iagllIi",
)  # fmt: skip
_DIGITS = str.maketrans("01i", "oll")
_WIDE = 3  # so many letters is a sign of a script worth that has one for each syllable or word


def plain(text: str) -> str:
    """Return the letters and digits of a text alone, those that look alike as one."""
    return "".join(tokens(text))


def tokens(text: str) -> list[str]:
    """Return the words of a text as `plain` has them, in their order."""
    letters = unicodedata.normalize("NFKD", text).translate(_LOOK_ALIKE)
    folded = unicodedata.normalize("NFKD", letters.casefold()).translate(_DIGITS)
    kept = (each for each in folded if not unicodedata.combining(each) and unicodedata.category(each) != "Cf")
    return re.findall(r"[^\W_]+", "".join(kept))


def weight(words: str) -> int:
    """Return how many letters a text has, those of scripts with thousands of signs counted several times."""
    return sum(_WIDE if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in words)


# --- whose work lies in the folders of two students ---------------------------------------------------------

_FEWEST_FOLDERS = 3  # folders of students, below which nobody can tell that they are any


def remarks_on_folders(handed: Sequence[HandIn], folders: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return for each hand-in what there is to look at about its folders.

    A folder is that of a student where all that is in it is of one student; folders in it are, too, and count
    as one with it. Several attempts of a student, whose folders are called alike, are nothing to look at.

    * `folders`: where the files of each are, below what is the same for all; "" where they are right there.
    """
    students: dict[str, set[str]] = defaultdict(set)
    for each, those in zip(handed, folders, strict=True):
        for folder in those:
            for outer in _outer(folder):
                students[outer].add(_student(each))
    outermost = {each: _outermost(each, students) for those in folders for each in those if each}
    tops = [{outermost[each] for each in those if each} for those in folders]
    called: dict[str, set[str]] = defaultdict(set)
    for folder, top in outermost.items():
        called[top].update(name_parts(folder))
    of_one = {top for top in called if len(students[top]) == 1}
    found: list[list[str]] = [[] for _ in handed]
    if len(of_one) < _FEWEST_FOLDERS:
        return found
    owned: dict[str, set[str]] = defaultdict(set)
    for folder in of_one:
        owned[next(iter(students[folder]))].add(folder)
    for place, each in enumerate(handed):
        mine = sorted(owned[_student(each)]) if tops[place] <= of_one and tops[place] else []
        if len(mine) > 1 and not _are_of_one(mine, called):
            named = " and ".join(printable(folder, 60) for folder in mine[:_FEWEST_FOLDERS])
            found[place].append(f"the work of one student lies in the folders {named}")
    return found


def _outer(folder: str) -> list[str]:
    """Return a folder behind all that it lies in, outermost first; none for that of the whole course."""
    parts = folder.split("/") if folder else []
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def _outermost(folder: str, students: Mapping[str, set[str]]) -> str:
    """Return the outermost folder around one that is of one student; itself where none is."""
    return next((each for each in _outer(folder) if len(students[each]) == 1), folder)


def _student(handed: HandIn) -> str:
    return plain_roll_number(handed.roll_number) or " ".join(name_parts(handed.name))


def _are_of_one(folders: Sequence[str], called: Mapping[str, set[str]]) -> bool:
    """Whether folders are called after one person: by words that no other folder has together."""
    shared = {
        each
        for each in called[folders[0]].intersection(*(called[each] for each in folders[1:]))
        if each.isalpha()
    }
    return sum(shared <= words for words in called.values()) <= len(folders)


# --- who handed something in, as far as names and roll numbers tell -----------------------------------------

_SAME_NAME = 0.8


def same_student(one: HandIn, other: HandIn) -> bool:
    """Whether two hand-ins are of one student: by the roll number, or where one has none, by the name."""
    first, second = plain_roll_number(one.roll_number), plain_roll_number(other.roll_number)
    if first and second:
        return first == second
    return bool(name_parts(one.name)) and name_parts(one.name) == name_parts(other.name)


def may_be_same_name(one: str, other: str) -> bool:
    """Whether two texts may be one person's name: shorter, in another order, without accents, mistyped."""
    first, second = name_parts(one), name_parts(other)
    if not first or not second:
        return True  # left out once
    digits = [{part for part in parts if any(map(str.isdigit, part))} for parts in (first, second)]
    if digits[0] != digits[1]:
        return False
    short, long = sorted((first, second), key=len)
    if all(any(each.startswith(part) or part.startswith(each) for each in long) for part in short):
        return True
    return SequenceMatcher(None, " ".join(first), " ".join(second), autojunk=False).ratio() >= _SAME_NAME


def name_parts(name: str) -> list[str]:
    """Return the parts of a name in alphabetical order, without capitals and accents."""
    bare = unicodedata.normalize("NFKD", name[:200]).casefold()
    letters = "".join(
        letter if letter.isalnum() else "" if unicodedata.combining(letter) else " " for letter in bare
    )
    return sorted(letters.split())
