"""`docs/promises.md` names tests that exist, and parts of `make soak` that exist."""

import re
from pathlib import Path

from soak.__main__ import PARTS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> list[list[str]]:
    """Return the cells of every promise."""
    lines = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("| promise")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_test_that_is_named_exists() -> None:
    named = _TEST.findall(TEXT)
    assert len(named) > 20
    lost = [
        f"{file}::{name}"
        for file, name in named
        if not re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert not lost


def test_every_part_that_is_named_exists_and_every_promise_has_a_proof() -> None:
    for promise, tests, parts in rows():
        assert _TEST.search(tests), promise
        assert {part for part in parts.strip(" |").split(", ") if part} <= PARTS.keys(), promise
