"""Python in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[1]
DISPLAY = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "XDG_SESSION_TYPE")


def python(
    *arguments: object, cwd: Path = ROOT, program: str = sys.executable, **more
) -> subprocess.CompletedProcess[str]:
    """Run a program or a module to its end; its streams are text."""
    return subprocess.run(
        [program, *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, timeout=PATIENCE, check=False, **more,
    )  # fmt: skip


def without_display(**changes: str) -> dict[str, str]:
    """The environment without the display of whoever runs the tests."""
    return {name: value for name, value in os.environ.items() if name not in DISPLAY} | changes
