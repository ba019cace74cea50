"""Numbers become text in `cnnviz.quantities` and `cnnviz.notation` alone, and no test waits for a time."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

WRITERS = {"cnnviz/quantities.py", "cnnviz/notation.py"}

#: Numbers in these are read by programs, not by people.
FOR_PROGRAMS = {
    "cnnviz/files.py": "a checksum in the name of a file",
    "cnnviz/report/html.py": "a width in HTML",
    "cnnviz/drawing/look.py": "colours",
    "cnnviz/drawing/svg.py": "coordinates and colours in SVG",
    "ui/controls/power_slider.py": "a power of ten that is read back as a number",
    "ui/theme/plots.py": "sizes in a style sheet",
    "ui/theme/stylesheet.py": "sizes in a style sheet",
}


def formatted_numbers(tree: ast.AST) -> list[tuple[int, str]]:
    """Line and text of each place that formats a number by itself."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        match node:
            case ast.FormattedValue(format_spec=ast.JoinedStr() as spec):
                if not re.fullmatch(r"f'[<>^]?\d+'", ast.unparse(spec)):  # only pads
                    found.append((node.lineno, ast.unparse(node)))
            case ast.Call(func=ast.Name(id="format")):
                found.append((node.lineno, "format(…)"))
            case ast.Call(func=ast.Name(id="round"), args=[_, _]):
                found.append((node.lineno, "round(…, …)"))
            case ast.Call(func=ast.Attribute(attr=name)) if name.startswith("format_float"):
                found.append((node.lineno, name))
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
                if ":" in text:
                    found.append((node.lineno, f"{text!r}.format(…)"))
            case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
                found.append((node.lineno, f"{text!r} % …"))
            case ast.Call(func=ast.Attribute(attr="replace"), args=[ast.Constant(value="-"), *_]):
                found.append((node.lineno, "replace('-', …)"))
            case _:
                pass
    return found


def sources() -> list[Path]:
    return sorted(path for room in ("cnnviz", "ui") for path in (ROOT / room).rglob("*.py"))


def test_numbers_become_text_in_one_place() -> None:
    wrong = [
        f"{name}:{line}: {text}"
        for path in sources()
        if (name := path.relative_to(ROOT).as_posix()) not in WRITERS | FOR_PROGRAMS.keys()
        for line, text in formatted_numbers(ast.parse(path.read_text()))
    ]
    assert not wrong, "use cnnviz.quantities or cnnviz.notation:\n" + "\n".join(wrong)


@pytest.mark.parametrize("name", FOR_PROGRAMS)
def test_every_exception_is_needed(name: str) -> None:
    assert formatted_numbers(ast.parse((ROOT / name).read_text()))


@pytest.mark.parametrize(
    "text", ['f"{x:.3f}"', 'f"{n:,}"', 'format(x, ".2e")', "round(x, 2)", '"{:.1%}".format(x)', '"%.3f" % x']
)
def test_a_format_is_found(text: str) -> None:
    assert formatted_numbers(ast.parse(text))


@pytest.mark.parametrize(
    "text", ['f"{x}"', 'f"{x!r}"', 'f"{x:>7}"', "round(x)", '"{a}".format(a=1)', "n % 3"]
)
def test_other_text_is_left_alone(text: str) -> None:
    assert not formatted_numbers(ast.parse(text))


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
