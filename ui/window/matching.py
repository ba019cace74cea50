"""How well words that are looked for fit a text, with room for a typing slip."""

import re

_WORDS = re.compile(r"[^\W_]+")
#: What a word costs that is the whole word, its beginning, some part of it, or these but for a slip.
_WHOLE, _BEGINNING, _PART, _SLIP = 0, 1, 3, 5
#: Words this short would be like too many others.
_LEAST_WITH_SLIP = 4
#: Endings without which a word is looked for, too: "pooled" is found in "pool".
_ENDINGS = ("ing", "ed", "es", "s")


def words_of(text: str) -> list[str]:
    """Return the words of a text, in small letters."""
    return _WORDS.findall(text.casefold())


def cost(wanted: list[str], words: list[str]) -> int | None:
    """Return how far words are from those that are wanted: 0 where all are there as a whole.

    * `wanted`, `words`: as `words_of` returns them.
    * Returns: None if one of those wanted is not there at all.
    """
    total = 0
    for word in wanted:
        costs = [each for other in words if (each := _cost_of(word, other)) is not None]
        if not costs:
            return None
        total += min(costs)
    return total


def _cost_of(wanted: str, word: str) -> int | None:
    if word.startswith(wanted):
        return _WHOLE if word == wanted else _BEGINNING
    if wanted in word:
        return _PART
    if len(wanted) < _LEAST_WITH_SLIP:
        return None
    stems = (wanted.removesuffix(ending) for ending in _ENDINGS if wanted.endswith(ending))
    if any(len(stem) >= _LEAST_WITH_SLIP and word.startswith(stem) for stem in stems):
        return _PART
    # A letter may be missing, be one too many, be another one, or have changed places with the next.
    beginnings = {word[: len(wanted) + more] for more in (-1, 0, 1)}
    return _SLIP if any(_is_a_slip(wanted, each) for each in beginnings) else None


def _is_a_slip(typed: str, meant: str) -> bool:
    same = 0
    while same < min(len(typed), len(meant)) and typed[same] == meant[same]:
        same += 1
    a, b = typed[same:], meant[same:]
    is_swapped = a[:2] == b[1::-1] and len(a) > 1 and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or is_swapped
