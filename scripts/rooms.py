"""Prints how many lines of Python each room of the program has, beside its budget.

usage: python -m scripts.rooms

Fails if cnnviz and ui together have more lines than `MOST`, what the last landing had: what is added takes
something away, or says why.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST = 59_048

#: Name, patterns of its files, budget in lines. A file belongs to the first room that has it.
ROOMS = (
    ("cnnviz: root", ("cnnviz/*.py",), 4_000),
    ("layers, fused", ("cnnviz/layers", "cnnviz/fused"), 2_600),
    (
        "datasets, inspect, routing, translation",
        ("cnnviz/datasets", "cnnviz/inspect", "cnnviz/routing", "cnnviz/translation"),
        5_400,
    ),
    ("drawing, graphics", ("cnnviz/drawing", "cnnviz/graphics"), 6_000),
    ("document, lab, report", ("cnnviz/document", "cnnviz/lab", "cnnviz/report"), 7_000),
    ("ui/lab", ("ui/lab",), 1_700),
    (
        "controls, views",
        (
            "ui/controls",
            *("ui/marks.py", "ui/painting.py", "ui/page_view.py", "ui/choices.py"),
        ),
        5_000,
    ),
    ("panels", ("ui/panels",), 13_000),
    ("window, run, document, export, theme, guide, root", ("ui",), 7_300),
)
TESTS = ("tests", ("tests",), 27_000)


def lines_of(patterns: tuple[str, ...], counted: set[Path]) -> tuple[int, int]:
    """Lines and number of the files that a room has and that no room before it had."""
    found = {
        path for pattern in patterns for each in ROOT.glob(pattern) for path in (each, *each.rglob("*.py"))
    }
    mine = {path for path in found if path.suffix == ".py"} - counted
    counted |= mine
    return sum(path.read_bytes().count(b"\n") for path in mine), len(mine)


def main() -> int:
    """Print the table; return 1 if there are too many lines."""
    counted: set[Path] = set()
    rows = [(name, *lines_of(patterns, counted), budget) for name, patterns, budget in ROOMS]
    total, files, budget = (sum(column) for column in list(zip(*rows, strict=True))[1:])
    rows += [("cnnviz and ui", total, files, budget), (TESTS[0], *lines_of(TESTS[1], counted), TESTS[2])]
    print(f"{'room':<46}{'lines':>8}{'files':>7}{'budget':>8}")
    for name, lines, number, goal in rows:
        print(f"{name:<46}{lines:>8,}{number:>7,}{goal:>8,}")
    if total > MOST:
        print(f"cnnviz and ui have {total:,} lines; the last landing had {MOST:,}. What can go?")
    return int(total > MOST)


if __name__ == "__main__":
    sys.exit(main())
