"""Python in a process of its own."""

import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[1]


def python(*arguments: object, cwd: Path = ROOT, **more) -> subprocess.CompletedProcess[str]:
    """Run a program or a module to its end; its streams are text."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, timeout=PATIENCE, check=False, **more,
    )  # fmt: skip
