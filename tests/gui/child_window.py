"""The whole program in a process of its own: what it says, and how it ends."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import indent

from tests.processes import ROOT, python

_PROGRAM = """
import sys
from ui.session import Session

start = Session.start

def start_and_act(session):
    start(session)
{act}

Session.start = start_and_act
{before}
import main
sys.exit(main.main(sys.argv[1:]))
"""


def run_window(
    home: Path,
    *,
    act: str = "session.window.close()",
    before: str = "",
    project: Path = ROOT,
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Open the window without a screen, with settings and home of its own; `act` on the `session` shown.

    `before` is done before the program begins.
    """
    program = _PROGRAM.format(act=indent(act, "    "), before=before)
    surroundings = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    surroundings |= {"QT_QPA_PLATFORM": "offscreen", **(environment or {})}
    return python("-c", program, *arguments, cwd=project, env=surroundings)
