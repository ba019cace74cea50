"""Reading data in the background: how far it is, a way to stop it, and what the user has to know of them."""

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from cnnviz.files import printable_name
from cnnviz.quantities import format_percent
from ui.panels.analysis import Analysis
from ui.run.loading import USE_MNIST, load_source
from ui.state import AppState, RunStatus, Source

_KIND = "load"
#: Place of its notices: this above all panels, and in the samples what keeps them from being filled.
_PLACE, _SAMPLES = "data", "samples"
#: What is read sooner is read before anybody could have stopped it.
_PATIENCE_SECONDS = 0.4


class DataFiles(QObject):
    """Reads one data set at a time; what is open stays until the new one is there.

    * `analysis`: where files are read.
    """

    def __init__(self, state: AppState, analysis: Analysis, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._analysis = state, analysis

    def read(
        self, path: Path | None, then: Callable[[Source], None], otherwise: Callable[[], None] | None = None
    ) -> None:
        """Read MNIST (None) or other data.

        * `then`: what to do with them.
        * `otherwise`: what to do when they cannot be read or are not waited for, after the user
          was told.
        """
        state, start = self._state, time.perf_counter()
        remedy = "" if path is None else USE_MNIST

        def done(source: Source) -> None:
            state.clear_notice(_PLACE)
            state.clear_notice(_SAMPLES)
            then(source)

        def failed(message: str) -> None:
            if not state.run.run_id:  # there are no data that could stay
                state.update_run(status=RunStatus.FAILED)
            state.clear_notice(_PLACE)
            state.raise_notice(_SAMPLES, "error", message, remedy)
            if otherwise is not None:
                otherwise()

        def cancel() -> None:
            self._analysis.cancel(_KIND)
            failed(f"Reading {_name(path)} was cancelled. Open other data, or this again (Ctrl+D).")

        def progressed(fraction: float) -> None:
            if time.perf_counter() - start > _PATIENCE_SECONDS:
                text = f"Reading {_name(path)}: {format_percent(fraction, 0)} of the pictures."
                state.raise_notice(_PLACE, "info", text, "Cancel", cancel)

        self._analysis.submit(_KIND, lambda context: load_source(path, context), done, failed, progressed)


def _name(path: Path | None) -> str:
    return "MNIST" if path is None else printable_name(path)
