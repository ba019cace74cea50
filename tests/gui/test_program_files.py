"""Files of the program that are missing or damaged: one sentence and status 2, or the window without them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import pytest

from cnnviz.errors import CNNVizError
from cnnviz.report import Report, build_document, html, pdf
from cnnviz.report.blocks import Document
from tests.engine.report_cases import small_findings
from tests.gui.child_window import PROJECT, run_window
from tests.patience import PATIENCE

# The last two are read by the diagnosis and by people only.
_TEXTS = {
    *(
        "report.typ",
        "report.html.jinja",
        "class.html.jinja",
        "style.qss",
        "lab5.toml",
        "pooling.toml",
        "fooling.toml",
    ),
    *("results.schema.json", "system-libraries.txt"),
}

type Damage = Callable[[Path], object]


def _truncate(path: Path) -> None:
    """Leave half of a file; a new one, for the old may be the very file of the project."""
    half = path.read_bytes()[: path.stat().st_size // 2]
    path.unlink()
    path.write_bytes(half)


def _spoil(path: Path) -> None:
    path.unlink()
    path.write_bytes(b"\xff\xfe\x00 no text, no picture, no font")


_DAMAGES: dict[str, Damage] = {"missing": Path.unlink, "truncated": _truncate, "spoilt": _spoil}


def _link(source: str, target: str) -> None:
    """Copy without copying, where both are on one disk."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the program."""
    copy = tmp_path_factory.mktemp("program")
    for name in ("cnnviz", "ui", "resources"):
        shutil.copytree(PROJECT / name, copy / name, copy_function=_link)
    _link(str(PROJECT / "main.py"), str(copy / "main.py"))
    return copy


@pytest.fixture
def spoil(tree: Path) -> Iterator[Callable[[Path, str], None]]:
    """Damage files of the copy until the end of the test."""
    done: list[Path] = []

    def damage(path: Path, kind: str) -> None:
        done.append(path)
        _DAMAGES[kind](path)

    yield damage
    for path in done:
        path.unlink(missing_ok=True)
        _link(str(PROJECT / path.relative_to(tree)), str(path))


def _files(root: Path, *suffixes: str) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.suffix in suffixes)


def _assert_ended_well(ended: subprocess.CompletedProcess[str], status: int) -> None:
    assert ended.returncode == status, ended.stderr
    assert "Traceback" not in ended.stderr


def test_every_file_of_the_program_is_looked_at_here() -> None:
    files = [path for path in (PROJECT / "resources").rglob("*") if path.is_file()]
    files = [path for path in files if "LICENSE" not in path.name and path.name != "NOTICE"]
    files = [path for path in files if path.parent.name != "licences"]
    kinds = {".svg", ".otf", ".ttf", ".gz"}
    assert {path.name for path in files if path.suffix not in kinds} == _TEXTS
    others = [path for room in ("cnnviz", "ui") for path in (PROJECT / room).rglob("*") if path.is_file()]
    assert {each.name for each in others if each.suffix not in (".py", ".pyc")} == {
        "py.typed",
        "__init__.pyi",
    }


@pytest.mark.parametrize("kind", ["missing", "spoilt"])  # of one that ends too soon the window has less
def test_the_window_needs_its_look(tree: Path, spoil, tmp_path: Path, kind: str) -> None:
    spoil(tree / "resources" / "style.qss", kind)
    ended = run_window(tmp_path, project=tree)
    _assert_ended_well(ended, 2)
    assert "style.qss" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_the_window_opens_without_icons_fonts_digits_and_labs(tree: Path, spoil, tmp_path: Path) -> None:
    files = _files(tree / "resources", ".svg", ".otf", ".ttf", ".gz", ".toml")
    for path, kind in zip(files, cycle(_DAMAGES), strict=False):
        spoil(path, kind)
    act = (
        "from PySide6.QtCore import QTimer\n"
        "def look():\n"
        "    text = session.window.samples.message.text()\n"
        "    if text:\n"
        "        print(text)\n"
        "        session.window.close()\n"
        "session.look = QTimer(session, interval=20)\n"
        "session.look.timeout.connect(look)\n"
        "session.look.start()\n"
    )
    ended = run_window(tmp_path, project=tree, act=act)
    _assert_ended_well(ended, 0)
    assert "resources/mnist" in ended.stdout


@pytest.mark.parametrize(("number", "kind"), list(enumerate([*_DAMAGES, "spoilt"])))
def test_training_needs_each_file_of_digits(tree: Path, spoil, number: int, kind: str) -> None:
    spoil(_files(tree / "resources" / "mnist", ".gz")[number], kind)
    ended = subprocess.run(
        [sys.executable, "main.py", "--headless"], cwd=tree, capture_output=True, text=True, check=False
    )
    _assert_ended_well(ended, 2)
    assert "resources/mnist" in ended.stderr


@pytest.fixture(scope="module")
def document() -> Document:
    return build_document(Report(), small_findings())


@pytest.mark.parametrize("kind", _DAMAGES)
@pytest.mark.parametrize(("room", "write"), [(pdf, pdf.to_pdf), (html, html.to_html)])
def test_a_report_needs_its_template(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document, room, write, kind: str
) -> None:
    template = tmp_path / "template"
    template.write_bytes(room._TEMPLATE.read_bytes())
    _DAMAGES[kind](template)
    monkeypatch.setattr(room, "_TEMPLATE", template)
    room._template.cache_clear()
    try:
        with pytest.raises(CNNVizError, match="restore the folder resources/report") as caught:
            write(document)
    finally:
        room._template.cache_clear()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", _DAMAGES)
def test_a_report_is_written_with_the_fonts_that_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document, kind: str
) -> None:
    folder = tmp_path / "fonts"
    for each in pdf._FONTS:
        shutil.copytree(each, folder / each.parent.name)
    for path in _files(folder, ".otf", ".ttf"):
        _DAMAGES[kind](path)
    monkeypatch.setattr(pdf, "_FONTS", (folder,))
    assert pdf.to_pdf(document).startswith(b"%PDF")


@pytest.mark.parametrize("package", ["pyqtgraph", "numpy"])
def test_a_missing_package_is_said_in_one_sentence(tmp_path: Path, package: str) -> None:
    blocked = tmp_path / "blocked" / f"{package}.py"
    blocked.parent.mkdir()
    blocked.write_text(f"raise ModuleNotFoundError({f'No module named {package!r}'!r})", encoding="utf-8")
    program = "import main, sys; sys.exit(main.main([]))"
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env=environment | {"PYTHONPATH": str(blocked.parent), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    _assert_ended_well(ended, 2)
    assert package in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_the_window_opens_without_a_typesetter(tmp_path: Path) -> None:
    ended = run_window(tmp_path, before="import sys; sys.modules['typst'] = None")
    _assert_ended_well(ended, 0)
