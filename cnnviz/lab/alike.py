"""Words that are the same but for signs, capitals, blanks, accents and letters that look alike."""

import re
import unicodedata

_LOOK_ALIKE = str.maketrans(
    # Cyrillic, Greek, Armenian and other letters that are drawn like Latin ones, capitals first.
    "АВЕЅІЈКМНОРСТУХҮԌԚԜ" "авеѕіјкмнорстухүһԁԛԝгп" "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ" "αβεικνορτυχςη" "օսհոցաԼ" "ıɑɡǀӏӀɩ",
    "ABESIJKMHOPCTYXYGQW" "abesijkmhopctyxyhdqwrn" "ABEZHIKMNOPTYX" "abelkvoptuxcn" "ouhngwL" "iagllIi",
)  # fmt: skip
_DIGITS = str.maketrans("01i", "oll")
_WIDE = 3
"""So many letters is a sign of a script worth that has one for each syllable or word."""


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
