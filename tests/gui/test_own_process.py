"""The program in a process of its own: what ended it, seen by its exit status and by what it says."""

from pathlib import Path

from tests.gui.child_window import run_window


def test_a_copied_figure_does_not_crash_the_end(tmp_path: Path) -> None:
    ended = run_window(tmp_path, act="session.exporter.copy()\nsession.window.close()")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_window_appears_before_what_takes_long_to_load(tmp_path: Path) -> None:
    slow = {"pyqtgraph", "typst", "jinja2", "PIL", "fontTools", "cnnviz.report", "cnnviz.lab"}
    before = (
        f"def look(session):\n    print(sorted({slow!r} & set(sys.modules)))\n    start_and_act(session)\n"
        "Session.start = look"
    )
    ended = run_window(tmp_path, before=before)
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", "[]\n")


def test_an_impossible_time_zone_spoils_no_report(tmp_path: Path) -> None:
    act = (
        "session.exporter.insert(session.window.panels.panels()[0])\nsession.window.panels.show_panel(4)\n"
        "assert session.window.panels.panels()[4].report.date\nsession.window.close()"
    )
    ended = run_window(tmp_path, act=act, environment={"TZ": "UTC+99999"})
    assert (ended.returncode, ended.stderr) == (0, "")


def test_without_room_for_the_typesetter_the_report_says_so(tmp_path: Path) -> None:
    act = (
        "from cnnviz.report import pdf\n"
        "from PySide6.QtCore import QTimer\n"
        "report = session.window.panels.panels()[4]\n"
        "session.window.panels.show_panel(4)\n"
        "pdf._ROOM = 1 << 50\n"
        "def look():\n"
        "    if report.message.text():\n"
        "        print(report.message.text())\n"
        "        session.window.close()\n"
        "session.look = QTimer(session, interval=20)\n"
        "session.look.timeout.connect(look)\n"
        "session.look.start()\n"
    )
    ended = run_window(tmp_path, act=act)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("There is not enough memory for this.")
