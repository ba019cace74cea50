"""`scripts/run.sh`, which `make run` calls: the window where there is a display, the laboratory where not."""

import sys

import pytest

from tests.setup.project import Project


@pytest.fixture
def ready(project: Project) -> Project:
    """Return a project whose environment is made, so that only `run.sh` itself has something to do."""
    project.add_python("python3", "3, 13")
    assert project.run("bootstrap.sh", "run").returncode == 0
    return project


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS always has a display")
def test_without_a_display_it_says_so_and_runs_the_laboratory(ready: Project) -> None:
    result = ready.run("run.sh")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("No display found: running the laboratory without a window;")
    assert ready.log("started") == [
        "python main.py --headless --preset lab5 --save out/lab5.safetensors "
        "--report out/lab5.pdf --html out/lab5.html"
    ]
    assert (ready.root / "out").is_dir()


@pytest.mark.parametrize("variable", ["DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"])
def test_with_a_display_it_opens_the_window(ready: Project, variable: str) -> None:
    result = ready.run("run.sh", "--seed", "7", **{variable: "offscreen"})
    assert result.stdout == ""
    (call,) = ready.log("started")
    assert call.removesuffix(" on offscreen") == "python main.py --seed 7"


@pytest.mark.parametrize(
    "argument", ["--version", "--help", "--headless", "--doctor", "--lab-check", "--verify"]
)
def test_what_needs_no_window_is_handed_on_without_a_display(ready: Project, argument: str) -> None:
    assert ready.run("run.sh", argument, "--seed", "7").returncode == 0
    assert ready.log("started") == [f"python main.py {argument} --seed 7"]


def test_the_status_of_the_program_is_the_status_of_the_run(ready: Project) -> None:
    python = ready.root / ".venv" / "bin" / "python"
    python.write_text(python.read_text() + "exit 2\n")
    assert ready.run("run.sh", "--headless").returncode == 2
