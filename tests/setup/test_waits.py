"""Tests wait for what they need: a fixed time is too short on a busy machine and too long on a quick one."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]

_FIXED = re.compile(
    r"\b(?:qtbot|bot)\.wait\(|\bsleep\(|\bqWait\(|\bqSleep\(|\bprocessEvents\(|\bsendPostedEvents\("
)

#: File and call, and why it stands there.
ALLOWED = {
    ("gui/conftest.py", "processEvents("): "between two tests: takes away what the last one has deleted",
    ("gui/conftest.py", "sendPostedEvents("): "likewise",
    ("gui/test_platforms.py", "sleep("): "between two looks for the socket of a compositor",
}


def test_no_test_waits_for_a_fixed_time_or_number_of_turns() -> None:
    found = {
        (path.relative_to(TESTS).as_posix(), call): line.strip()
        for path in TESTS.rglob("*.py")
        if path != Path(__file__).resolve()
        for line in path.read_text(encoding="utf-8").splitlines()
        for call in _FIXED.findall(line)
    }
    new = [f"{file}: {line}" for (file, call), line in found.items() if (file, call) not in ALLOWED]
    assert not new, f"wait for a condition instead (tests/gui/driving.py): {new}"
    assert ALLOWED.keys() <= found.keys(), "what is allowed and no longer there"
