"""The scripts that `make run`, `make test` and `make prove` call."""

import re
import sys

import pytest

from tests.setup.project import Project


@pytest.fixture
def set_up(project: Project) -> Project:
    """Return a project whose environment is made, so that only `run.sh` itself has something to do."""
    project.add_python("python3", "3, 13")
    assert project.run("bootstrap.sh", "run").returncode == 0
    return project


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS always has a display")
def test_without_a_display_it_says_so_and_runs_the_laboratory(set_up: Project) -> None:
    result = set_up.run("run.sh")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("No display found: running the laboratory without a window;")
    assert set_up.log("started") == [
        "python main.py --headless --preset lab5 --save out/lab5.safetensors "
        "--report out/lab5.pdf --html out/lab5.html"
    ]
    assert (set_up.root / "out").is_dir()


@pytest.mark.parametrize("variable", ["DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"])
def test_with_a_display_it_opens_the_window(set_up: Project, variable: str) -> None:
    result = set_up.run("run.sh", "--seed", "7", **{variable: "offscreen"})
    assert result.stdout == ""
    (call,) = set_up.log("started")
    assert call.removesuffix(" on offscreen") == "python main.py --seed 7"


@pytest.mark.parametrize(
    "argument", ["--version", "--help", "--headless", "--doctor", "--lab-check", "--verify"]
)
def test_what_needs_no_window_is_handed_on_without_a_display(set_up: Project, argument: str) -> None:
    assert set_up.run("run.sh", argument, "--seed", "7").returncode == 0
    assert set_up.log("started") == [f"python main.py {argument} --seed 7"]


def test_the_status_of_the_program_is_the_status_of_the_run(set_up: Project) -> None:
    python = set_up.root / ".venv" / "bin" / "python"
    python.write_text(python.read_text() + "exit 2\n")
    assert set_up.run("run.sh", "--headless").returncode == 2


OFFSCREEN = (
    "python -m pytest -m not window --numprocesses auto --maxprocesses 6 --dist worksteal on offscreen"
)
WINDOW = "python -m pytest -m window on xcb"


@pytest.fixture
def testable(project: Project) -> Project:
    """Return a project with one test that needs a window, on a system with a virtual screen."""
    project.add_python("python3", "3, 13")
    tests = project.root / "tests"
    tests.mkdir()
    # In two parts, so that the script does not take this file for one with window tests.
    (tests / "test_window.py").write_text("@pytest.mark." + "window\ndef test_it(): ...\n")
    project.add_tool("xauth", "exit 0")
    project.add_tool("xvfb-run", 'while [ "$1" != .venv/bin/python ]; do shift; done; exec "$@"')
    return project


def test_tests_run_without_a_screen_and_then_in_a_window(testable: Project) -> None:
    assert testable.run("test.sh", WAYLAND_DISPLAY="wayland-0").returncode == 0
    assert testable.log("started") == [OFFSCREEN, WINDOW]


def test_a_window_run_without_any_test_is_a_failure(testable: Project) -> None:
    (testable.log_folder / "window-status").write_text("5")
    assert testable.run("test.sh").returncode == 5


def test_arguments_may_choose_tests_of_one_run_only(testable: Project) -> None:
    (testable.log_folder / "window-status").write_text("5")
    assert testable.run("test.sh", "-k", "pool").returncode == 0
    assert testable.log("started")[0] == "python -m pytest -m not window -k pool on offscreen"
    assert testable.log("started")[1] == "python -m pytest -m window -k pool on xcb"


def test_a_failure_in_the_window_is_a_failure(testable: Project) -> None:
    (testable.log_folder / "window-status").write_text("1")
    assert testable.run("test.sh").returncode == 1


def test_a_missing_virtual_screen_is_told(testable: Project) -> None:
    (testable.tools / "xvfb-run").unlink()
    result = testable.run("test.sh")
    assert result.returncode == 0
    assert result.stdout.startswith("Skipped: tests in a real window need Xvfb")
    assert testable.log("started") == [OFFSCREEN]


@pytest.fixture
def provable(project: Project) -> Project:
    project.add_python("python3", "3, 13")
    for tool in ("date", "mktemp", "rmdir", "sed", "seq"):
        project.add_system_tool(tool)
    # One core: what follows is run all the same.
    project.add_tool("taskset", 'echo "taskset $1 $2" >>"$LOG/started"; shift 2; exec "$@"')
    return project


def test_each_run_is_told_and_has_a_seed(provable: Project) -> None:
    # Were a busy loop to stay behind, it would keep the output open, and this would not come to its end.
    result = provable.run("prove-tests.sh", "2", "1")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == ["busy 1", "busy 2", "one-core 1"]
    assert all(re.search(r"passed, seed \d+, \d+ s", line) for line in lines)
    started = provable.log("started")
    assert sum("-m pytest -m not window" in line for line in started) == 3
    assert started.count("taskset --cpu-list 0") == 1


def test_a_failure_is_told_and_the_other_runs_go_on(provable: Project) -> None:
    (provable.log_folder / "offscreen-status").write_text("1")
    result = provable.run("prove-tests.sh", "1", "1", TMPDIR=str(provable.log_folder))
    assert result.returncode == 1
    assert result.stdout.count("FAILED, seed") == 2
    assert "2 of 2 runs have failed" in result.stdout
    assert len(list(provable.log_folder.glob("*/*.txt"))) == 2
