"""What cannot run says so in one sentence, with status 2: an unfit Python, a package that is not there."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cnnviz._interpreter import NEWEST, OLDEST
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
#: All that is read before the version is known to fit.
FIRST = ("main.py", "cnnviz/__init__.py", "cnnviz/__main__.py", "cnnviz/_interpreter.py")

_PRETEND = """
import platform, runpy, sys, sysconfig
{pretence}
sys.argv = ["main.py", "--version"]
runpy.run_path("main.py", run_name="__main__")
"""


def run(*arguments: str, python: str = sys.executable, folder: Path = ROOT, path: Path | None = None):
    """Run a Python in the folder of the project, with a folder before all others on its path."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(path or "")}
    return subprocess.run(
        [python, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def assert_one_sentence(ended: subprocess.CompletedProcess[str], *words: str) -> None:
    """Status 2, and one line on stderr that begins with the name of the program."""
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.startswith("cnnviz: ")
    assert ended.stderr.count("\n") == 1, ended.stderr
    for word in words:
        assert word in ended.stderr


@pytest.mark.parametrize("name", FIRST)
def test_what_is_read_first_compiles_on_python_3_6(name: str) -> None:
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"), feature_version=(3, 6))
    at_once = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {node.module for node in at_once if isinstance(node, ast.ImportFrom)}
    modules |= {each.name for node in at_once if isinstance(node, ast.Import) for each in node.names}
    assert modules <= {"sys", "platform", "sysconfig", "pathlib", "cnnviz._interpreter", "cnnviz.__main__"}


@pytest.mark.parametrize(
    ("pretence", "word"),
    [
        ("sys.version_info = (3, 6, 15, 'final', 0)", "this is Python 3.6.15"),
        ("sys.version_info = (3, 11, 7, 'final', 0)", "this is Python 3.11.7"),
        ("sys.version_info = (3, 15, 0, 'final', 0)", "this is Python 3.15.0"),
        ("platform.python_implementation = lambda: 'PyPy'", "PyPy"),
        ("sysconfig.get_config_var = lambda name: 1 if name == 'Py_GIL_DISABLED' else 0", "free-threaded"),
        ("sys.maxsize = 2**31 - 1", "64-bit"),
    ],
)
def test_a_python_that_does_not_fit_is_told_in_one_sentence(pretence: str, word: str) -> None:
    assert_one_sentence(run("-c", _PRETEND.format(pretence=pretence)), word, "start it with Python 3.")


OLD = [
    found for name in ("python3.11", "python3.10", "python3.9", "python3") if (found := shutil.which(name))
]
OLD = [
    each
    for each in OLD
    if run("-c", "import sys; sys.exit(sys.version_info >= (3, 12))", python=each).returncode == 0
]


@pytest.mark.skipif(not OLD, reason="no Python before 3.12 on this computer")
@pytest.mark.parametrize("way", [("main.py",), ("-m", "cnnviz")])
def test_a_real_old_python_is_told_in_one_sentence(way: tuple[str, ...]) -> None:
    assert_one_sentence(run(*way, python=OLD[0]), "CNNViz needs Python 3.12 to 3.14")


def test_the_supported_versions_are_the_same_everywhere() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'requires-python = ">={OLDEST[0]}.{OLDEST[1]},<{NEWEST[0]}.{NEWEST[1] + 1}"' in project
    bootstrap = (ROOT / "scripts" / "bootstrap.sh").read_text(encoding="utf-8")
    assert bootstrap.count(f"{OLDEST} <= sys.version_info[:2] <= {NEWEST}") == 2


# --- packages -----------------------------------------------------------------------------------------------

_HALF = "raise AttributeError('module has no attribute _core')"


@pytest.mark.parametrize("package", ["numpy", "PySide6", "jinja2"])
def test_a_package_that_was_installed_in_part_is_named(tmp_path: Path, package: str) -> None:
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text(_HALF, encoding="utf-8")
    assert_one_sentence(run("-m", "cnnviz", path=tmp_path), "damaged", "_core", "requirements/runtime.txt")


def test_a_file_that_was_cut_short_is_named(tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("def half(", encoding="utf-8")
    assert_one_sentence(run("-m", "cnnviz", path=tmp_path), "numpy.py", "damaged")


def test_a_missing_package_is_named_before_anything_is_shown(tmp_path: Path) -> None:
    """Without any package at all: a Python of its own, with nothing installed."""
    ended = run("-S", "-m", "cnnviz")
    assert_one_sentence(ended, "jinja2 is not installed")


def test_a_folder_without_its_beginning_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "jinja2").mkdir()
    assert_one_sentence(run("-S", "-m", "cnnviz", path=tmp_path), "jinja2 is installed in part only")


def test_without_a_typesetter_the_report_is_html(tmp_path: Path) -> None:
    (tmp_path / "typst.py").write_text("raise ModuleNotFoundError('No module named typst')", encoding="utf-8")
    page, pdf = tmp_path / "lab.html", tmp_path / "lab.pdf"
    wanted = ("--headless", "--set", "filters=1", "--report", str(pdf), "--html", str(page))
    ended = run("-m", "cnnviz", *wanted, path=tmp_path)
    assert_one_sentence(ended, "typst", "HTML instead")
    assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert not pdf.exists()
