"""`scripts/test.sh`, which `make test` calls: one run without a screen, one in a real window."""

import pytest

from tests.setup.project import Project

OFFSCREEN = (
    "python -m pytest -m not window --numprocesses auto --maxprocesses 6 --dist worksteal on offscreen"
)
WINDOW = "python -m pytest -m window on xcb"


@pytest.fixture
def ready(project: Project) -> Project:
    """Return a project with one test that needs a window, on a system with a virtual screen."""
    project.add_python("python3", "3, 13")
    tests = project.root / "tests"
    tests.mkdir()
    # In two parts, so that the script does not take this file for one with window tests.
    (tests / "test_window.py").write_text("@pytest.mark." + "window\ndef test_it(): ...\n")
    project.add_tool("xauth", "exit 0")
    project.add_tool("xvfb-run", 'while [ "$1" != .venv/bin/python ]; do shift; done; exec "$@"')
    return project


def test_tests_run_without_a_screen_and_then_in_a_window(ready: Project) -> None:
    assert ready.run("test.sh", WAYLAND_DISPLAY="wayland-0").returncode == 0
    assert ready.log("started") == [OFFSCREEN, WINDOW]


def test_a_window_run_without_any_test_is_a_failure(ready: Project) -> None:
    (ready.log_folder / "window-status").write_text("5")
    assert ready.run("test.sh").returncode == 5


def test_arguments_may_choose_tests_of_one_run_only(ready: Project) -> None:
    (ready.log_folder / "window-status").write_text("5")
    assert ready.run("test.sh", "-k", "pool").returncode == 0
    assert ready.log("started")[0] == "python -m pytest -m not window -k pool on offscreen"
    assert ready.log("started")[1] == "python -m pytest -m window -k pool on xcb"


def test_a_failure_in_the_window_is_a_failure(ready: Project) -> None:
    (ready.log_folder / "window-status").write_text("1")
    assert ready.run("test.sh").returncode == 1


def test_a_missing_virtual_screen_is_told(ready: Project) -> None:
    (ready.tools / "xvfb-run").unlink()
    result = ready.run("test.sh")
    assert result.returncode == 0
    assert result.stdout.startswith("Skipped: tests in a real window need Xvfb")
    assert ready.log("started") == [OFFSCREEN]
