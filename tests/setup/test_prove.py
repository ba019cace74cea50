"""`scripts/prove-tests.sh`, which `make prove` calls: many runs of all tests on a machine that is busy."""

import re

import pytest

from tests.setup.project import Project


@pytest.fixture
def ready(project: Project) -> Project:
    project.add_python("python3", "3, 13")
    for tool in ("date", "mktemp", "rmdir", "sed", "seq"):
        project.add_system_tool(tool)
    # One core: what follows is run all the same.
    project.add_tool("taskset", 'echo "taskset $1 $2" >>"$LOG/started"; shift 2; exec "$@"')
    return project


def test_each_run_is_told_and_has_a_seed(ready: Project) -> None:
    # Were a busy loop to stay behind, it would keep the output open, and this would not come to its end.
    result = ready.run("prove-tests.sh", "2", "1")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == ["busy 1", "busy 2", "one-core 1"]
    assert all(re.search(r"passed, seed \d+, \d+ s", line) for line in lines)
    started = ready.log("started")
    assert sum("-m pytest -m not window" in line for line in started) == 3
    assert started.count("taskset --cpu-list 0") == 1


def test_a_failure_is_told_and_the_other_runs_go_on(ready: Project) -> None:
    (ready.log_folder / "offscreen-status").write_text("1")
    result = ready.run("prove-tests.sh", "1", "1", TMPDIR=str(ready.log_folder))
    assert result.returncode == 1
    assert result.stdout.count("FAILED, seed") == 2
    assert "2 of 2 runs have failed" in result.stdout
    assert len(list(ready.log_folder.glob("*/*.txt"))) == 2
