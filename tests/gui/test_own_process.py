"""How the program ends, seen from outside: exit status, and what it says."""

from pathlib import Path

from tests.gui.child_window import run_window


def test_a_copied_figure_does_not_crash_the_end(tmp_path: Path) -> None:
    ended = run_window(tmp_path, act="session.exporter.copy()\nsession.window.close()")
    assert (ended.returncode, ended.stderr) == (0, "")
