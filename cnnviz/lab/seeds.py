"""The seed of a run, made of a roll number: each student gets numbers of his own."""

import hashlib
import unicodedata

from cnnviz.experiment import LIMITS


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
    return number % (int(LIMITS["seed"][1]) + 1)


def plain_roll_number(roll_number: str) -> str:
    """Return what is the same however a roll number is typed: no capitals, no blanks, letters in one form."""
    return "".join(unicodedata.normalize("NFKC", roll_number).casefold().split())
