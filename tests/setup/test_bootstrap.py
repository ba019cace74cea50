"""The scripts behind make: which Python they take, what they install when, what they run, what they say."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT, python

# What the scripts use of a system, beside the programs that a test replaces.
SYSTEM_TOOLS = ("sh", "cat", "chmod", "cksum", "cut", "dirname", "grep", "id", "mkdir", "rm", "tr", "uname")

# Stands for .venv/bin/python: answers every question with yes, notes what it is asked to run.
VENV_PYTHON = """#!/bin/sh
case "$*" in
    *ctypes*) exit "$(cat "$LOG/libraries-load" 2>/dev/null || echo 0)" ;;
    *'import sys, pip'*) exit 0 ;;
    *'-m pip'*)
        echo "$* constraint=${PIP_CONSTRAINT-} target=${PIP_TARGET-}" >>"$LOG/pip"
        exit "$(cat "$LOG/pip-fails" 2>/dev/null || echo 0)" ;;
esac
echo "python $*${QT_QPA_PLATFORM:+ on $QT_QPA_PLATFORM}" >>"$LOG/started"
case "$*" in
    *'-m window'*) exit "$(cat "$LOG/window-status" 2>/dev/null || echo 0)" ;;
esac
"""

# Stands for a Python on PATH: a real interpreter that believes to be of another version, or to lack a module;
# instead of a real virtual environment, which takes seconds, it makes the stand-in above.
OUTER_PYTHON = """
if [ "$2" = -m ] && [ "$3" = venv ]; then
    echo {name} >>"$LOG/venv"
    mkdir -p "$4/bin"
    cat "$LOG/venv-python" >"$4/bin/python"
    chmod +x "$4/bin/python"
    exit 0
fi
exec {python} -I -c 'import sys
sys.version_info = ({version}, 1, "final", 0)
sys.modules.update(dict.fromkeys({missing}))
exec(sys.argv[1])' "$3"
"""


class Project:
    """A copy of scripts/ with small lock files, and a PATH that holds only what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a project"  # with a blank, as a user's folder may have
        self.tools = folder / "tools"
        self.log_folder = folder / "log"
        for path in (self.root / "requirements", self.tools, self.log_folder):
            path.mkdir(parents=True)
        shutil.copytree(ROOT / "scripts", self.root / "scripts")
        (self.root / "resources").mkdir()
        shutil.copy(ROOT / "resources" / "system-libraries.txt", self.root / "resources")
        for lock in ("runtime", "dev"):
            (self.root / "requirements" / f"{lock}.txt").write_text(f"# {lock}\n")
        (self.log_folder / "venv-python").write_text(VENV_PYTHON)
        for tool in SYSTEM_TOOLS:
            (self.tools / tool).symlink_to(shutil.which(tool) or f"/{tool} is missing")

    def add_tool(self, name: str, text: str) -> None:
        """Put a shell script on PATH."""
        path = self.tools / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def add_python(self, name: str, version: str, missing: tuple[str, ...] = ()) -> None:
        """Put a Python on PATH that reports `version`, such as "3, 11", and lacks the modules `missing`."""
        told = {"name": name, "python": sys.executable, "version": version, "missing": json.dumps(missing)}
        self.add_tool(name, OUTER_PYTHON.format(**told))

    def run(self, script: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run one of the scripts with PATH reduced to the tools of this project."""
        usual = {"PATH": str(self.tools), "LOG": str(self.log_folder), "SYSTEM_PYTHON_FOLDERS": ""}
        usual["HOME"] = os.environ.get("HOME", "")
        program, stdin = str(self.tools / "sh"), subprocess.DEVNULL
        script = str(self.root / "scripts" / script)
        return python(script, *arguments, program=program, env=usual | env, stdin=stdin)

    def log(self, name: str) -> list[str]:
        """What a stand-in has noted."""
        path = self.log_folder / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def project(tmp_path: Path) -> Project:
    if os.name != "posix":
        pytest.skip("the scripts are for POSIX shells")
    project = Project(tmp_path)
    project.add_python("python3", "3, 13")
    return project


# --- which Python -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pythons", "taken"),
    [
        ({"python3": ("3, 11",), "python3.12": ("3, 12",)}, "python3.12"),
        ({f"python3.{minor}": (f"3, {minor}",) for minor in (12, 13, 14)}, "python3.14"),
        ({"python3.14": ()}, "python3"),
        ({"python3.14": ("3, 14", ("ensurepip",)), "python3.13": ("3, 13",)}, "python3.13"),
    ],
    ids=["an old one is passed over", "the newest wins", "a name that runs nothing", "one without venv"],
)
def test_the_newest_python_that_can_do_it_is_taken(project, pythons, taken):
    for name, reported in pythons.items():
        if reported:
            project.add_python(name, *reported)
        else:  # such as a version manager's shim
            project.add_tool(name, "echo 'command not found' >&2; exit 127")
    result = project.run("bootstrap.sh", "check")
    assert result.returncode == 0, result.stderr
    assert project.log("venv") == [taken]


def test_the_systems_python_is_found_behind_another(project, tmp_path):
    (system := tmp_path / "system").mkdir()
    (project.tools / "python3").rename(system / "python3")
    project.add_python("python3", "3, 11")
    result = project.run("bootstrap.sh", "check", SYSTEM_PYTHON_FOLDERS=str(system))
    assert result.returncode == 0, result.stderr
    assert project.log("venv") == ["python3"]


@pytest.mark.parametrize(
    ("version", "missing", "said"),
    [
        ("3, 11", (), "install Python 3.12, 3.13 or 3.14"),
        ("3, 15", (), "install Python 3.12, 3.13 or 3.14"),
        ("3, 13", ("ensurepip",), "sudo apt-get install python3.13-venv"),
    ],
)
def test_no_suitable_python_is_one_sentence_that_names_what_to_install(project, version, missing, said):
    project.add_python("python3", version, missing)
    result = project.run("bootstrap.sh", "check")
    assert result.returncode != 0
    assert len(result.stderr.splitlines()) == 1
    assert said in result.stderr
    assert missing or not (project.root / ".venv").exists()
    unknown = project.run("bootstrap.sh", "everything")
    assert unknown.returncode != 0
    assert unknown.stderr.startswith("usage:")


def test_an_environment_whose_python_is_gone_is_made_again(project):
    project.run("bootstrap.sh", "check")
    (project.root / ".venv" / "bin" / "python").unlink()
    (project.root / ".venv" / "bin" / "python").symlink_to("/nowhere/python3")
    assert project.run("bootstrap.sh", "check").returncode == 0
    assert len(project.log("venv")) == 2
    assert len(project.log("pip")) == 2


# --- packages -----------------------------------------------------------------------------------------------


def test_locked_packages_are_installed_with_their_hashes_and_nothing_else(project):
    project.run("bootstrap.sh", "run", PIP_CONSTRAINT="/some/constraints.txt", PIP_TARGET="/some/folder")
    (call,) = project.log("pip")
    assert "--require-hashes" in call
    assert "--no-deps" in call
    assert call.endswith("requirements/runtime.txt constraint=/dev/null target=")


def test_packages_are_installed_where_lists_have_changed_or_an_install_has_failed(project):
    runtime, dev = (project.root / "requirements" / f"{name}.txt" for name in ("runtime", "dev"))
    old, fails = runtime.read_text(), project.log_folder / "pip-fails"

    def installs(mode: str) -> int:
        before = len(project.log("pip"))
        result = project.run("bootstrap.sh", mode)
        assert (result.returncode != 0) is fails.exists(), result.stderr
        assert not fails.exists() or "could not be installed" in result.stderr.splitlines()[-1]
        return len(project.log("pip")) - before

    # dev.txt holds the packages of runtime.txt.
    assert [installs(mode) for mode in ("check", "check", "run")] == [1, 0, 0]
    dev.write_text("# changed\n")
    assert [installs("check"), installs("check")] == [1, 0]
    runtime.write_text("# newer\n")
    fails.write_text("1")
    assert [installs("run"), installs("run")] == [1, 1], "what has failed is repeated"
    fails.unlink()
    runtime.write_text(old)
    assert [installs("run"), installs("run")] == [1, 0], "going back to the old list after a failure repairs"
    runtime.write_text("# changed\n")
    assert installs("run") == 1
    assert len(project.log("venv")) == 1


# --- system libraries ---------------------------------------------------------------------------------------


@pytest.fixture
def debian(project) -> Project:
    """Return a project on a Debian where libEGL and the libraries of a window are missing."""
    if not sys.platform.startswith("linux"):
        pytest.skip("system libraries are looked after on Linux only")
    present = "libglib-2.0.so.0 libGL.so.1 libX11.so.6 libdbus-1.so.3 libfontconfig.so.1 libfreetype.so.6"
    lines = "; ".join(f"echo '{name} (libc6,x86-64) => /lib/{name}'" for name in present.split())
    project.add_tool("ldconfig", f"{lines}; echo 'libxkbcommon.so.0 (libc6) => /lib/libxkbcommon.so.0'")
    project.add_tool("dpkg", "exit 0")
    project.add_tool("sudo", "exit 1")
    project.add_tool("apt-get", 'echo "$*" >>"$LOG/apt"')
    (project.log_folder / "libraries-load").write_text("1")
    return project


def test_root_gets_the_missing_libraries_installed_and_those_that_load_are_not_missed(debian):
    debian.add_tool("id", "echo 0")
    (debian.log_folder / "libraries-load").rename(debian.log_folder / "later")
    assert debian.run("bootstrap.sh", "run").returncode == 0
    assert debian.log("apt") == []
    (debian.log_folder / "later").rename(debian.log_folder / "libraries-load")
    assert debian.run("bootstrap.sh", "run", QT_QPA_PLATFORM="offscreen").returncode == 0
    (call,) = debian.log("apt")
    assert call.split()[0] == "install"
    assert call.split()[-1] == "libegl1"


def test_without_rights_the_one_command_is_printed(debian):
    debian.add_tool("id", "echo 1000")
    result = debian.run("bootstrap.sh", "test")
    assert result.returncode != 0
    (line,) = (line for line in result.stderr.splitlines() if "apt-get" in line)
    command = line.partition("'")[2].partition("'")[0]
    assert command.startswith("sudo apt-get install libegl1 libxcb-cursor0 ")
    assert command.endswith(" libxkbcommon-x11-0 xvfb xauth")
    assert debian.log("apt") == []
    assert debian.log("pip") == []
    assert debian.run("bootstrap.sh", "headless").returncode == 0, "a run without a window does without them"
    assert len(debian.log("pip")) == 1


@pytest.mark.parametrize("rights", ["0", "1000"])
def test_tests_get_what_reads_pdf_files_or_do_without(debian, rights):
    debian.add_tool("id", f"echo {rights}")
    (debian.log_folder / "libraries-load").unlink()
    for tool in ("xvfb-run", "xauth"):
        debian.add_tool(tool, "exit 0")
    result = debian.run("bootstrap.sh", "test")
    assert result.returncode == 0
    if rights == "0":
        assert [call.split()[-1] for call in debian.log("apt")] == ["poppler-utils"]
    else:
        assert "sudo apt-get install poppler-utils" in result.stderr
    debian.add_tool("pdftotext", "exit 0")
    again = debian.run("bootstrap.sh", "test")
    assert "poppler" not in again.stderr
    assert len(debian.log("apt")) == (1 if rights == "0" else 0)


def test_another_linux_gets_a_hint_and_goes_on(debian):
    (debian.tools / "apt-get").unlink()
    result = debian.run("bootstrap.sh", "run", QT_QPA_PLATFORM="offscreen")
    assert result.returncode == 0
    assert "install what brings these system libraries: libEGL.so.1" in result.stderr


# -- run and test -------------------------------------------------------------------------------------------


@pytest.fixture
def set_up(project) -> Project:
    """A project whose environment is made, so that only `run.sh` itself has something to do."""
    assert project.run("bootstrap.sh", "run").returncode == 0
    return project


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS always has a display")
def test_without_a_display_it_says_so_and_runs_the_laboratory(set_up):
    result = set_up.run("run.sh")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("No display found: running the laboratory without a window;")
    assert set_up.log("started") == [
        "python main.py --headless --preset lab5 --save out/lab5.safetensors "
        "--report out/lab5.pdf --html out/lab5.html"
    ]
    assert (set_up.root / "out").is_dir()


def test_with_a_display_it_opens_the_window(set_up):
    for variable in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        assert set_up.run("run.sh", "--seed", "7", **{variable: "offscreen"}).stdout == ""
    assert set_up.log("started") == [f"python main.py --seed 7{end}" for end in ("", "", " on offscreen")]


def test_what_needs_no_window_is_handed_on_without_a_display(set_up):
    arguments = ("--version", "--help", "--headless", "--doctor", "--lab-check", "--verify")
    for argument in arguments:
        assert set_up.run("run.sh", argument, "--seed", "7").returncode == 0
    assert set_up.log("started") == [f"python main.py {argument} --seed 7" for argument in arguments]
    program = set_up.root / ".venv" / "bin" / "python"
    program.write_text(program.read_text() + "exit 2\n")
    assert set_up.run("run.sh", "--version").returncode == 2, "the status of the program is that of the run"


OFFSCREEN = (
    "python -m pytest -m not window --numprocesses auto --maxprocesses 6 --dist worksteal on offscreen"
)
WINDOW = "python -m pytest -m window tests/test_window.py on xcb"


@pytest.fixture
def testable(project) -> Project:
    """Return a project with one test that needs a window, on a system with a virtual screen."""
    tests = project.root / "tests"
    tests.mkdir()
    # In two parts, so that the script does not take this file for one with window tests.
    (tests / "test_window.py").write_text("@pytest.mark." + "window\ndef test_it(): ...\n")
    project.add_tool("xauth", "exit 0")
    project.add_tool("xvfb-run", 'while [ "$1" != .venv/bin/python ]; do shift; done; exec "$@"')
    return project


def test_tests_run_without_a_screen_and_then_in_a_window_or_either_alone(testable):
    """A failure in the window, 1, is one, and so is a run there without any test, 5."""
    for status in (0, 1, 5):
        (testable.log_folder / "window-status").write_text(str(status))
        assert testable.run("test.sh", WAYLAND_DISPLAY="wayland-0").returncode == status
    assert testable.run("test.sh", "offscreen").returncode == 0
    assert testable.run("test.sh", "window").returncode == 5
    assert testable.log("started") == 4 * [OFFSCREEN, WINDOW]
