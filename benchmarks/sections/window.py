"""The window: how soon it is there, and what it costs training to be watched."""

from importlib.util import find_spec

from benchmarks.rounds import Settings

TITLE = "In the window"


def missing() -> str:
    """Say why this cannot be measured here."""
    absent = [name for name in ("PySide6", "pyqtgraph") if find_spec(name) is None]
    return f"Needs {' and '.join(absent)}." if absent else ""


def run(settings: Settings) -> list[str]:
    """Measure the window, without a screen unless there is one."""
    from benchmarks import window

    programs = settings.programs
    return window.to_markdown(window.measure(settings.rounds, list(programs.values())), list(programs))
