"""Who handed something in, as far as names and roll numbers tell."""

import unicodedata
from difflib import SequenceMatcher

from cnnviz.lab.results import HandIn
from cnnviz.lab.seeds import plain_roll_number

_ALIKE = 0.8


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
    return SequenceMatcher(None, " ".join(first), " ".join(second), autojunk=False).ratio() >= _ALIKE


def name_parts(name: str) -> list[str]:
    """Return the parts of a name in alphabetical order, without capitals and accents."""
    bare = unicodedata.normalize("NFKD", name[:200]).casefold()
    letters = "".join(
        letter if letter.isalnum() else "" if unicodedata.combining(letter) else " " for letter in bare
    )
    return sorted(letters.split())
