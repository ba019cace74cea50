"""How soon the window is there, and what it costs training to be watched.

Each measurement is a process of its own, started as ``python -m benchmarks.window MODE``, which prints
one line of JSON.
"""

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_START = "CNNVIZ_BENCHMARK_START"
_SECONDS = 1.5
_TURNS = 4
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
    frame_ratio, frame_cpu_ratio : float
        Frame to bare window, measured one right after the other: in seconds, and in processor time, on which
        other programs of the machine have less influence.
    headless, watched : float
        Images a second of LAB5 at batch 1 without and inside the window, at full speed.
    share, cpu_share : float
        Watched to headless, in turns in one process: in images a second, and in images for a second of
        processor time of all threads.
    lateness : dict of str to float
        Lateness of a 16 ms timer of the window in milliseconds: ``p50``, ``p99``, ``max``.
    lost : int
        Steps that are missing from the history.
    """

    bare: float
    frame: float
    usable: float
    frame_ratio: float
    frame_cpu_ratio: float
    headless: float
    watched: float
    share: float
    cpu_share: float
    lateness: dict[str, float]
    lost: int


def measure(rounds: int = 5, folders: Sequence[Path | None] = (None,)) -> list[WindowFigures]:
    """Run every measurement `rounds` times in turn, for the program in each folder; None is this one."""
    starts: list[dict[str, list[dict[str, Any]]]] = [{"bare": [], "frame": [], "usable": []} for _ in folders]
    runs: list[list[dict[str, Any]]] = [[] for _ in folders]
    for _ in range(rounds):
        for folder, start, run in zip(folders, starts, runs, strict=True):
            for mode, found in start.items():
                found.append(_child(mode, folder))
            run.append(_child("training", folder))
    return [_figures(start, run) for start, run in zip(starts, runs, strict=True)]


def _figures(start: dict[str, list[dict[str, Any]]], runs: list[dict[str, Any]]) -> WindowFigures:
    def median(name: str) -> float:
        return statistics.median(run[name] for run in runs)

    def ratio(unit: str) -> float:
        pairs = zip(start["frame"], start["bare"], strict=True)
        return statistics.median(frame[unit] / bare[unit] for frame, bare in pairs)

    return WindowFigures(
        **{mode: statistics.median(each["seconds"] for each in found) for mode, found in start.items()},
        frame_ratio=ratio("seconds"),
        frame_cpu_ratio=ratio("cpu"),
        headless=median("headless"),
        watched=median("watched"),
        share=median("share"),
        cpu_share=median("cpu_share"),
        lateness={name: median(name) for name in ("p50", "p99", "max")},
        lost=sum(run["lost"] for run in runs),
    )


def to_markdown(all_figures: Sequence[WindowFigures], names: Sequence[str]) -> list[str]:
    """Return the figures as a table of the results page, a column for each program."""
    from benchmarks.tables import table  # loads much that the measured processes need not have

    columns = [_column(each) for each in all_figures]
    return table(["measured", *names], zip(_LABELS, *columns, strict=True))


_LABELS = (
    "bare window with one pyqtgraph plot",
    "frame of CNNViz painted",
    "the frame : the bare window (target <= 1.3)",
    "the same in processor time",
    "digits shown, ready to train",
    "LAB5, batch 1, float64, images/s without a window",
    "the same inside the window",
    "inside : without (target >= 85 %)",
    "the same for a second of processor time",
    "lateness of a 16 ms timer meanwhile, ms",
    "steps missing from log or history",
)


def _column(figures: WindowFigures) -> list[str]:
    late = figures.lateness
    return [
        f"{figures.bare:.2f} s",
        f"{figures.frame:.2f} s",
        f"{figures.frame_ratio:.2f}",
        f"{figures.frame_cpu_ratio:.2f}",
        f"{figures.usable:.2f} s",
        f"{figures.headless:,.0f}",
        f"{figures.watched:,.0f}",
        f"{figures.share:.0%}",
        f"{figures.cpu_share:.0%}",
        f"p50 {late['p50']:.1f}, p99 {late['p99']:.1f} (target <= 8), max {late['max']:.1f}",
        f"{figures.lost}",
    ]


def _child(mode: str, folder: Path | None) -> dict[str, Any]:
    environment = {**os.environ, _START: str(time.monotonic_ns())}
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    command = [sys.executable, "-m", "benchmarks.window", mode]
    result = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=180, check=True
    )
    return json.loads(result.stdout.splitlines()[-1])


def _since_start() -> dict[str, float]:
    return {"seconds": (time.monotonic_ns() - int(os.environ[_START])) / 1e9, "cpu": time.process_time()}


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
    import cnnviz.start  # noqa: F401 -- first, for what it asks of NumPy
    from cnnviz.cli import parse_arguments

    arguments = parse_arguments([])
    gc.disable()  # as `cnnviz.start` does
    from PySide6.QtCore import QSettings
    from threadpoolctl import threadpool_limits

    from ui.application import make_application
    from ui.session import Session

    app = make_application()
    threadpool_limits(1, user_api="blas")
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
    from PySide6.QtTest import QTest

    from ui.state import RunStatus
    from ui.tuning import MainThreadCollector

    app, session = _open()
    collector = MainThreadCollector(app)
    headless = _Headless()
    session.window.show()
    session.start()
    state = session.state

    def wait_for(status: RunStatus) -> None:
        _run_until(app, lambda: state.run.status is status and state.shown is not None)

    def press(key: Qt.Key) -> None:
        QTest.keyClick(session.window.windowHandle(), key)  # earlier programs have the same keys

    wait_for(RunStatus.READY)
    session.window.activateWindow()
    press(Qt.Key.Key_Space)
    for _ in range(99):  # Long enough to be still training when the time is up.
        press(Qt.Key.Key_E)
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
    alone: list[tuple[float, float]] = []
    watched: list[tuple[float, float]] = []
    for _ in range(_TURNS):
        first_step, meter = state.run.step, _Meter()
        last[0] = time.perf_counter()
        timer.start(_TIMER_MS)
        _run_for(_SECONDS)
        timer.stop()
        watched.append(meter.rates(state.run.step - first_step))
        press(Qt.Key.Key_Space)
        wait_for(RunStatus.PAUSED)
        alone.append(headless.rates(_SECONDS))
        press(Qt.Key.Key_Space)
        wait_for(RunStatus.TRAINING)
        _run_for(0.3)
    press(Qt.Key.Key_Space)
    wait_for(RunStatus.PAUSED)
    history = state.history
    lost = state.run.step - len(history.losses)
    lost += state.run.step // history.log_every - len(history.log)
    session.close()
    collector.stop()
    late.sort()
    ratios = [(here[0] / there[0], here[1] / there[1]) for here, there in zip(watched, alone, strict=True)]
    return {
        "headless": statistics.median(rate for rate, _ in alone),
        "watched": statistics.median(rate for rate, _ in watched),
        "share": statistics.median(ratio for ratio, _ in ratios),
        "cpu_share": statistics.median(ratio for _, ratio in ratios),
        "p50": late[len(late) // 2],
        "p99": late[int(len(late) * 0.99)],
        "max": late[-1],
        "lost": lost,
    }


class _Meter:
    """Counts from now on."""

    def __init__(self) -> None:
        self._start = time.perf_counter(), time.process_time()

    def rates(self, steps: int) -> tuple[float, float]:
        """Steps for a second that has passed, and for a second of the processor, of all threads."""
        return steps / (time.perf_counter() - self._start[0]), steps / (time.process_time() - self._start[1])


class _Headless:
    """The same training without the window."""

    def __init__(self) -> None:
        from cnnviz.datasets import load_mnist
        from cnnviz.experiment import Experiment
        from cnnviz.training import Trainer

        lab5 = Experiment()  # its defaults; earlier programs have the name elsewhere
        self._trainer = Trainer(lab5.build_network(), load_mnist(lab5.classes), lab5)
        self._trainer.advance(1000)

    def rates(self, seconds: float) -> tuple[float, float]:
        trainer, meter, end = self._trainer, _Meter(), time.perf_counter() + seconds
        first_step = trainer.step
        while time.perf_counter() < end:
            if trainer.finished:
                trainer.add_epochs(1)
            trainer.advance(100)
        return meter.rates(trainer.step - first_step)


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
