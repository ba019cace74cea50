"""A small copy of the project in which every program that the scripts call is under the test's control."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]

# What the scripts use of a system, beside the programs that a test replaces.
SYSTEM_TOOLS = ("sh", "cat", "cksum", "cut", "dirname", "grep", "mkdir", "rm", "tr", "id", "uname")

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
    *'-m not window'*) exit "$(cat "$LOG/offscreen-status" 2>/dev/null || echo 0)" ;;
esac
"""

# Stands for a Python on PATH: a real interpreter that believes to be of another version, or to lack a module;
# instead of a real virtual environment, which takes seconds, it makes the stand-in above.
OUTER_PYTHON = """#!/bin/sh
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
        for tool in (*SYSTEM_TOOLS, "chmod"):
            self.add_system_tool(tool)

    def add_system_tool(self, name: str) -> None:
        """Put a program of this system on PATH."""
        found = shutil.which(name)
        assert found, f"this system has no {name}"
        (self.tools / name).symlink_to(found)

    def add_tool(self, name: str, text: str) -> None:
        """Put a shell script on PATH."""
        path = self.tools / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def add_python(self, name: str, version: str, missing: tuple[str, ...] = ()) -> None:
        """Put a Python on PATH that reports `version`, such as "3, 11", and lacks the modules `missing`."""
        text = OUTER_PYTHON.format(
            name=name, python=sys.executable, version=version, missing=json.dumps(missing)
        )
        self.add_tool(name, text.removeprefix("#!/bin/sh\n"))

    def run(self, script: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run one of the scripts with PATH reduced to the tools of this project."""
        return subprocess.run(
            [str(self.tools / "sh"), str(self.root / "scripts" / script), *arguments],
            env={
                "PATH": str(self.tools),
                "LOG": str(self.log_folder),
                "SYSTEM_PYTHON_FOLDERS": "",
                **({"HOME": os.environ["HOME"]} if "HOME" in os.environ else {}),
                **env,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def log(self, name: str) -> list[str]:
        """Return what a stand-in has noted."""
        path = self.log_folder / name
        return path.read_text().splitlines() if path.exists() else []
