"""``--doctor``, and the one sentence of what cannot run: no window, an unfit Python, a missing package."""

import _ctypes
import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from cnnviz.__main__ import NEWEST, OLDEST, main
from cnnviz.doctor import PACKAGES, hindrance, load, self_test
from cnnviz.errors import CNNVizError
from cnnviz.experiment import LAB5
from tests.processes import DISPLAY, ROOT, python, without_display
from tests.small_data import write_npz

on_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="other systems have their own display"
)


def run(*arguments: str, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return python("-m", "cnnviz", *arguments, cwd=folder, env=without_display(**environment))


def assert_one_sentence(ended: subprocess.CompletedProcess[str], *words: str) -> None:
    """Status 2, and one line on stderr that begins with the name of the program."""
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.startswith("cnnviz: ")
    assert ended.stderr.count("\n") == 1, ended.stderr
    for word in words:
        assert word in ended.stderr


def test_the_doctor_works_without_qt(tmp_path):
    (tmp_path / "PySide6.py").write_text("raise ImportError('No module named PySide6')", encoding="utf-8")
    ended = run("--doctor", QT_QPA_PLATFORM="offscreen", PYTHONPATH=str(tmp_path))
    assert ended.returncode == 1
    assert re.search(r"^PROBLEM PySide6-Essentials: .*PySide6", ended.stdout, re.MULTILINE)
    assert re.search(r"^PROBLEM window: .*PySide6", ended.stdout, re.MULTILINE)
    assert re.search(r"^OK +training: ", ended.stdout, re.MULTILINE)
    assert "Traceback" not in ended.stdout + ended.stderr


def test_the_engine_alone_needs_nothing_of_the_window(tmp_path):
    for name in ("cnnviz", "resources"):
        (tmp_path / name).symlink_to(ROOT / name, target_is_directory=True)
    ended = run("--doctor", folder=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "engine of CNNViz alone" in ended.stdout
    assert "PySide6" not in ended.stdout


def test_the_doctor_works_without_any_package():
    ended = python("-S", "-m", "cnnviz", "--doctor", env=without_display())
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "PROBLEM numpy: " in ended.stdout


@on_linux
def test_a_missing_system_library_is_named_with_what_installs_it(tmp_path):
    library = "libxcb-cursor.so.0"
    (tmp_path / library).write_bytes(b"")  # which cannot be loaded, as if it were missing
    places = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("LD_LIBRARY_PATH"))))
    ended = run(DISPLAY=":0", LD_LIBRARY_PATH=places)
    remedy = "'sudo apt-get install libxcb-cursor0'"
    assert_one_sentence(ended, f"The window cannot open: {library} cannot be loaded. ", remedy)


@on_linux
@pytest.mark.parametrize(("gone", "is_enough"), [("libxcb-cursor.so.0", True), ("libEGL.so.1", False)])
def test_one_complete_platform_plugin_is_enough(monkeypatch, gone, is_enough):
    monkeypatch.setattr("cnnviz.doctor._loads", lambda file: file != gone)
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    assert gone in hindrance()
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb;offscreen")
    assert (hindrance() == "") is is_enough


@on_linux
@pytest.mark.parametrize(
    ("environment", "words"),
    [({"QT_QPA_PLATFORM": "nonsense"}, "Unset QT_QPA_PLATFORM, which is nonsense"), ({}, "no display")],
)
def test_no_window_is_one_sentence_instead_of_an_abort(environment, words):
    assert_one_sentence(run(**environment), words)


@on_linux
@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"DISPLAY": ":4242"}, "nothing answers at DISPLAY=:4242"),
        ({"WAYLAND_DISPLAY": "nowhere", "XDG_RUNTIME_DIR": "/"}, "answers at WAYLAND_DISPLAY=nowhere"),
    ],
)
def test_a_display_that_does_not_answer_is_named(monkeypatch, environment, words):
    for name in DISPLAY:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert words in hindrance()


def test_an_engine_that_computes_otherwise_is_noticed(monkeypatch):
    assert "relative error" in self_test()
    slower = replace(LAB5, learning_rate=LAB5.learning_rate * (1 - 1e-6))
    monkeypatch.setattr("cnnviz.experiment.LAB5", slower)
    with pytest.raises(CNNVizError, match="computes wrongly"):
        self_test()


def test_every_package_of_the_program_is_looked_at():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {re.split(r"[<>=;\s]", each)[0] for each in project["dependencies"]} == PACKAGES.keys()


def test_the_supported_versions_are_the_same_everywhere():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'requires-python = ">={OLDEST[0]}.{OLDEST[1]},<{NEWEST[0]}.{NEWEST[1] + 1}"' in project
    bootstrap = (ROOT / "scripts" / "bootstrap.sh").read_text(encoding="utf-8")
    assert bootstrap.count(f"{OLDEST} <= sys.version_info[:2] <= {NEWEST}") == 2
    recipe = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    versions = [f'"3.{minor}"' for minor in range(OLDEST[1], NEWEST[1] + 1)]
    assert f"python: [{', '.join(versions)}]" in recipe


@on_linux
def test_a_bundle_looks_in_itself_first(tmp_path, monkeypatch):
    name = "libonly-in-the-bundle.so.1"
    with pytest.raises(OSError, match=name):
        load(name)
    shutil.copy(_ctypes.__file__, tmp_path / name)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert load(name)


#: All that is read before the version is known to fit.
FIRST = ("main.py", "cnnviz/__init__.py", "cnnviz/__main__.py")


@pytest.mark.parametrize("name", FIRST)
def test_what_is_read_first_compiles_on_python_3_6(name):
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"), feature_version=(3, 6))
    at_once = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {node.module for node in at_once if isinstance(node, ast.ImportFrom)}
    modules |= {each.name for node in at_once if isinstance(node, ast.Import) for each in node.names}
    assert modules <= {"sys", "platform", "sysconfig", "pathlib", "cnnviz.__main__"}


@pytest.mark.parametrize(
    ("what", "value", "word"),
    [
        ("sys.version_info", (3, 6, 15, "final", 0), "this is Python 3.6.15"),
        ("sys.version_info", (3, 11, 7, "final", 0), "this is Python 3.11.7"),
        ("sys.version_info", (3, 15, 0, "final", 0), "this is Python 3.15.0"),
        ("platform.python_implementation", lambda: "PyPy", "PyPy"),
        (
            "sysconfig.get_config_var",
            lambda name: name == "Py_GIL_DISABLED",
            "free-threaded Python 3.",
        ),
        ("sys.maxsize", 2**31 - 1, "for 32 bits"),
    ],
)
def test_a_python_that_does_not_fit_is_told_in_one_sentence(monkeypatch, capsys, what, value, word):
    with monkeypatch.context() as patch:
        patch.setattr(what, value)
        status = main(["--version"])
    ended = subprocess.CompletedProcess("", status, *capsys.readouterr())
    assert_one_sentence(ended, word, "start it with Python 3.")


# --- packages -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("PySide6/__init__.py", "raise AttributeError('no attribute _core')", ("_core", "runtime.txt")),
        ("numpy.py", "def half(", ("numpy.py",)),
        ("pyqtgraph.py", "raise ModuleNotFoundError('No module named pyqtgraph')", ("pyqtgraph",)),
    ],
)
def test_a_package_that_was_installed_in_part_is_named(tmp_path, name, content, words):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert_one_sentence(run(QT_QPA_PLATFORM="offscreen", PYTHONPATH=str(tmp_path)), "damaged", *words)


def test_a_missing_package_is_named_before_anything_is_shown(tmp_path):
    """Without any package at all, and with a folder without its beginning, which is none."""
    assert_one_sentence(python("-S", "-m", "cnnviz", env=without_display()), "jinja2 is not installed")
    (tmp_path / "jinja2").mkdir()
    ended = python("-S", "-m", "cnnviz", env=without_display(PYTHONPATH=str(tmp_path)))
    assert_one_sentence(ended, "jinja2 is installed in part only")


def test_without_a_typesetter_the_report_is_html(tmp_path):
    (tmp_path / "typst.py").write_text("raise ModuleNotFoundError('No module named typst')", encoding="utf-8")
    page, pdf = tmp_path / "lab.html", tmp_path / "lab.pdf"
    data = write_npz(tmp_path / "digits.npz")
    wanted = ("--headless", "--data", str(data), "--report", str(pdf), "--html", str(page))
    ended = run(*wanted, PYTHONPATH=str(tmp_path))
    assert_one_sentence(ended, "typst", "HTML instead")
    assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert not pdf.exists()
