"""What the documents say is so; numbers become text in one place; no test waits for a time."""

import ast
import json
import re
from pathlib import Path

import pytest

from soak.__main__ import PARTS
from tests.processes import ROOT, python
from tests.setup.test_packages import OUT_OF_REACH

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_LINK = re.compile(r"""\]\(([^()\s]+)\)|\b(?:src|href)="([^"]+)\"""")


def anchors_of(document: Path) -> set[str]:
    """Names under which the headings of a document can be reached, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    lost: list[str] = []
    assert document.name != "README.md" or len(_LINK.findall(text)) > 3, "there is something to check"
    for found in _LINK.finditer(text):
        link = found[1] or found[2]
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            lost.append(link)
    assert not lost


def test_the_lines_for_notebooks_run_as_they_stand(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len([line for line in lines.splitlines() if line]) == 10
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{lines}"
    result = python("-I", "-c", program, cwd=tmp_path)
    assert result.stderr == ""
    accuracy, *table = result.stdout.splitlines()
    assert 0.9 < float(accuracy) <= 1
    assert table[0] == "Network of float64"
    assert any(re.fullmatch(r"conv1 +Conv2D\(.*\) +8 x 26 x 26 +72", line) for line in table)
    assert "(5, 8, 13, 13)" in table


_RUN_CELLS = """
import ast, json, sys
sys.modules.update(dict.fromkeys({blocked}))
sys.path.insert(0, {root!r})
space = {{}}
for source in json.load(sys.stdin):
    *body, last = ast.parse(source).body
    exec(compile(ast.Module(body, []), "cell", "exec"), space)
    if isinstance(last, ast.Expr):
        print(len(eval(compile(ast.Expression(last.value), "cell", "eval"), space)._repr_svg_()))
    else:
        exec(compile(ast.Module([last], []), "cell", "exec"), space)
"""


def test_the_notebook_runs_without_qt_and_what_its_cells_end_with_is_a_picture(tmp_path: Path) -> None:
    notebook = json.loads((ROOT / "docs" / "cnnviz.ipynb").read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] for cell in cells), "students run it themselves"
    program = _RUN_CELLS.format(blocked=[*OUT_OF_REACH], root=str(ROOT))
    sources = json.dumps(["".join(cell["source"]) for cell in cells])
    result = python("-I", "-c", program, cwd=tmp_path, input=sources)
    assert result.stderr == ""
    sizes = [int(line) for line in result.stdout.split()]
    assert len(sizes) == len(cells) - 1 == 11, "all but the import show something"
    assert all(1_000 < size < 1_000_000 for size in sizes)


def test_the_package_loads_what_it_is_asked_for_and_nothing_before() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import cnnviz\n"
        "known = {name for name in sys.modules if name.startswith(('numpy', 'PySide6', 'cnnviz'))}\n"
        "assert known == {'cnnviz'}, known\n"
        "for name in set(dir(cnnviz)) - {'__builtins__'}: getattr(cnnviz, name)\n"
        "assert 'PySide6' not in sys.modules\n"
        "try: cnnviz.nothing\n"
        "except AttributeError as error: print(error)\n"
        "print(*sorted(cnnviz._MODULES))"
    )
    result = python("-I", "-c", code)
    assert result.stderr == ""
    missing, names = result.stdout.splitlines()
    assert missing == "module 'cnnviz' has no attribute 'nothing'"
    stub = ast.parse((ROOT / "cnnviz" / "__init__.pyi").read_text(encoding="utf-8"))
    told = [each.name for node in stub.body if isinstance(node, ast.ImportFrom) for each in node.names]
    assert names.split() == sorted(told)


TEXT = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


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
    rows = re.findall(r"^\| (?!promise)(.+) \| (.+) \| (.*)\|$", TEXT, re.MULTILINE)
    assert len(rows) > 20
    for promise, tests, parts in rows:
        assert _TEST.search(tests), promise
        assert {part for part in parts.strip(" |").split(", ") if part} <= PARTS.keys(), promise


# -- numbers and waiting -------------------------------------------------------------------------------------


WRITERS = {"cnnviz/quantities.py", "cnnviz/notation.py"}

#: Numbers in these are read by programs, not by people.
FOR_PROGRAMS = {
    "cnnviz/files.py": "a checksum in the name of a file",
    "cnnviz/report/html.py": "a width in HTML",
    "cnnviz/drawing/look.py": "colours",
    "cnnviz/drawing/svg.py": "coordinates and colours in SVG",
    "ui/theme/stylesheet.py": "sizes in a style sheet",
}


def formats(node: ast.AST) -> bool:
    """Whether this formats a number by itself."""
    match node:
        case ast.FormattedValue(format_spec=ast.JoinedStr() as spec):
            return not re.fullmatch(r"f'[<>^]?\d+'", ast.unparse(spec))  # only pads
        case ast.Call(func=ast.Name(id="format")) | ast.Call(func=ast.Name(id="round"), args=[_, _]):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            return ":" in text
        case ast.Call(func=ast.Attribute(attr=name), args=args):
            replaces = name == "replace" and bool(args) and ast.unparse(args[0]) == "'-'"
            return replaces or name.startswith("format_float")
        case ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod()):
            return True
        case _:
            return False


def formatted_numbers(tree: ast.AST) -> list[tuple[int, str]]:
    """Line and text of each place that formats a number by itself."""
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.FormattedValue | ast.Call | ast.BinOp))
    return [(node.lineno, ast.unparse(node)) for node in nodes if formats(node)]


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
    ("text", "is_found"),
    [
        *((text, True) for text in ('f"{x:.3f}"', 'f"{n:,}"', 'format(x, ".2e")', "round(x, 2)")),
        *((text, True) for text in ('"{:.1%}".format(x)', '"%.3f" % x')),
        *((text, False) for text in ('f"{x}"', 'f"{x!r}"', 'f"{x:>7}"', "round(x)", "n % 3")),
        ('"{a}".format(a=1)', False),
    ],
)
def test_a_format_is_found_and_other_text_left_alone(text: str, is_found: bool) -> None:
    assert bool(formatted_numbers(ast.parse(text))) is is_found


TESTS = Path(__file__).resolve().parents[1]

_FIXED = re.compile(
    r"\b(?:qtbot|bot)\.wait\(|\bsleep\(|\bqWait\(|\bqSleep\(|\bprocessEvents\(|\bsendPostedEvents\("
)

#: File and call, and why it stands there.
ALLOWED = {
    ("gui/conftest.py", "processEvents("): "between two tests: takes away what the last one has deleted",
    ("gui/conftest.py", "sendPostedEvents("): "likewise",
    ("gui/test_data_said.py", "sleep("): "in a reading that has no end: it leaves the processor to others",
    ("gui/test_settings.py", "sleep("): "between two looks for the socket of a compositor",
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
