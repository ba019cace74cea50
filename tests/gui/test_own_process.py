"""The program in a process of its own: what ended it, seen by its exit status and by what it says."""

from pathlib import Path

from tests.gui.child_window import run_window


def test_a_copied_figure_does_not_crash_the_end(tmp_path: Path) -> None:
    ended = run_window(tmp_path, act="session.exporter.copy()\nsession.window.close()")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_an_impossible_time_zone_spoils_no_report(tmp_path: Path) -> None:
    act = (
        "session.exporter.insert(session.window.training)\nsession.window.panels.show_panel(4)\n"
        "assert session.window.report.report.date\nsession.window.close()"
    )
    ended = run_window(tmp_path, act=act, environment={"TZ": "UTC+99999"})
    assert (ended.returncode, ended.stderr) == (0, "")
