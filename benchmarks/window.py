"""How soon the window is there, and what it costs training to be watched.

Each measurement is a process of its own, started as ``python -m benchmarks.window MODE``, which prints
one line of JSON.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_START = "CNNVIZ_BENCHMARK_START"
_SECONDS = 4.0
_TIMER_MS = 16


@dataclass(frozen=True)
class WindowFigures:
    """Medians over the rounds.

    Attributes
    ----------
    bare, frame, usable : float
        Seconds from the start of the process to a bare window with one pyqtgraph plot, to the
        painted frame of CNNViz, and to the moment when its digits are there and training could
        begin.
    headless, watched : float
        Images a second of LAB5 at batch 1 without and inside the window, at full speed.
    lateness : dict of str to float
        Lateness of a 16 ms timer of the window in milliseconds: ``p50``, ``p99``, ``max``.
    lost : int
        Steps that are missing from the history.
    """

    bare: float
    frame: float
    usable: float
    headless: float
    watched: float
    lateness: dict[str, float]
    lost: int


def measure(rounds: int = 5) -> WindowFigures:
    """Run every measurement `rounds` times in turn."""
    start: dict[str, list[float]] = {"bare": [], "frame": [], "usable": []}
    runs: list[dict[str, Any]] = []
    for _ in range(rounds):
        for mode, times in start.items():
            times.append(_child(mode)["seconds"])
        runs.append(_child("training"))
    middle = {mode: statistics.median(times) for mode, times in start.items()}

    def median(name: str) -> float:
        return statistics.median(run[name] for run in runs)

    lateness = {name: median(name) for name in ("p50", "p99", "max")}
    return WindowFigures(
        **middle,
        headless=median("headless"),
        watched=median("watched"),
        lateness=lateness,
        lost=sum(run["lost"] for run in runs),
    )


def to_markdown(figures: WindowFigures) -> str:
    """Return the figures as the section of the results page."""
    ratio, share = figures.frame / figures.bare, figures.watched / figures.headless
    late = figures.lateness
    return "\n".join(
        [
            "| measured | result |",
            "|---|---|",
            f"| bare window with one pyqtgraph plot | {figures.bare:.2f} s |",
            f"| frame of CNNViz painted | {figures.frame:.2f} s ({ratio:.2f} x the bare window; "
            "target <= 1.3) |",
            f"| digits shown, ready to train | {figures.usable:.2f} s |",
            f"| LAB5, batch 1, float64, without a window | {figures.headless:,.0f} images/s |",
            f"| the same inside the window | {figures.watched:,.0f} images/s ({share:.0%}; target >= 85 %) |",
            f"| lateness of a 16 ms timer meanwhile | p50 {late['p50']:.1f}, p99 {late['p99']:.1f} "
            "(target <= 8), "
            f"max {late['max']:.1f} ms |",
            f"| steps missing from log or history | {figures.lost} |",
        ]
    )


def _child(mode: str) -> dict[str, Any]:
    environment = {**os.environ, _START: str(time.monotonic_ns())}
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    command = [sys.executable, "-m", "benchmarks.window", mode]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    return json.loads(result.stdout.splitlines()[-1])


def _since_start() -> dict[str, float]:
    return {"seconds": (time.monotonic_ns() - int(os.environ[_START])) / 1e9}


def _bare() -> dict[str, float]:
    import pyqtgraph as pg
    from PySide6.QtWidgets import QApplication, QMainWindow

    app = QApplication([])
    window = QMainWindow()
    plot = pg.PlotWidget()
    plot.plot([1.0, 2.0, 3.0])
    window.setCentralWidget(plot)
    window.resize(1440, 900)
    window.show()
    app.processEvents()
    seconds = _since_start()
    window.close()
    return seconds


def _open() -> tuple[Any, Any]:
    from PySide6.QtCore import QSettings

    from cnnviz.cli import parse_arguments
    from cnnviz.runtime import one_blas_thread
    from ui.application import make_application
    from ui.session import Session

    arguments = parse_arguments([])
    app = make_application()
    one_blas_thread()
    path = Path(tempfile.mkdtemp()) / "window.ini"
    session = Session(QSettings(str(path), QSettings.Format.IniFormat), arguments.experiment)
    session.window.resize(1440, 900)
    return app, session


def _frame() -> dict[str, float]:
    _, session = _open()
    session.window.show()
    session.window.repaint()
    seconds = _since_start()
    session.close()
    return seconds


def _usable() -> dict[str, float]:
    app, session = _open()
    session.window.show()
    session.window.repaint()
    session.start()
    _run_until(app, lambda: session.state.shown is not None)
    seconds = _since_start()
    session.close()
    return seconds


def _training() -> dict[str, float]:
    from PySide6.QtCore import Qt, QTimer

    from ui.state import RunStatus
    from ui.tuning import MainThreadCollector, prefer_short_switches

    app, session = _open()
    headless = _headless_rate()
    prefer_short_switches()
    collector = MainThreadCollector(app)
    session.window.show()
    session.start()
    _run_until(app, lambda: session.state.run.status is RunStatus.READY and session.state.shown is not None)
    session.controller.on_train_requested()
    for _ in range(99):  # Long enough to be still training when the time is up.
        session.controller.on_epoch_requested()
    _run_for(1.0)

    late: list[float] = []
    last = [time.perf_counter()]

    def tick() -> None:
        now = time.perf_counter()
        late.append(max((now - last[0]) * 1000 - _TIMER_MS, 0.0))
        last[0] = now

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    last[0] = time.perf_counter()
    timer.start(_TIMER_MS)
    first_step, started = session.state.run.step, time.perf_counter()
    _run_for(_SECONDS)
    steps, seconds = session.state.run.step - first_step, time.perf_counter() - started
    timer.stop()
    session.controller.on_train_requested()
    _run_until(app, lambda: session.state.run.status is RunStatus.PAUSED)
    history = session.state.history
    lost = session.state.run.step - len(history.losses)
    lost += session.state.run.step // history.log_every - len(history.log)
    session.close()
    collector.stop()
    late.sort()
    return {
        "headless": headless,
        "watched": steps / seconds,
        "p50": late[len(late) // 2],
        "p99": late[int(len(late) * 0.99)],
        "max": late[-1],
        "lost": lost,
    }


def _headless_rate() -> float:
    from cnnviz.datasets import load_mnist
    from cnnviz.presets import LAB5
    from cnnviz.training import Trainer

    dataset = load_mnist(LAB5.classes)
    trainer = Trainer(LAB5.build_network(), dataset, LAB5.train_config())
    trainer.advance(1000)
    first_step, started = trainer.step, time.perf_counter()
    while time.perf_counter() - started < _SECONDS:
        if trainer.finished:
            trainer.add_epochs(1)
        trainer.advance(100)
    return (trainer.step - first_step) / (time.perf_counter() - started)


def _run_until(app: Any, condition: Any) -> None:
    deadline = time.perf_counter() + 60
    while not condition() and time.perf_counter() < deadline:
        app.processEvents()
        time.sleep(0.001)


def _run_for(seconds: float) -> None:
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()  # Not the application's: ending that one closes the window.
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()


MODES = {"bare": _bare, "frame": _frame, "usable": _usable, "training": _training}

if __name__ == "__main__":
    print(json.dumps(MODES[sys.argv[1]]()))
