"""Colour limits that hold for a whole run, so that its moments can be compared."""

from PySide6.QtCore import QObject, Signal, Slot

from ui.panels.analysis import Analysis
from ui.panels.feature_maps.frame import Levels, moments_of, scan_levels, union
from ui.panels.feature_maps.plan import Plan
from ui.panels.feature_maps.view_tools import FIXED, ViewTools
from ui.state import AppState

_SCAN = "feature-maps-limits"


class RunLimits(QObject):
    """Gathers the limits of all moments that are drawn and, where limits are fixed, of those on record.

    Parameters
    ----------
    state : AppState
        Read, never written.
    background : Analysis
        Searches the run.
    tools : ViewTools
        Say whether limits are fixed.
    parent : QObject
    """

    #: Limits have changed.
    changed = Signal()
    #: Why the run could not be searched.
    failed = Signal(str)

    def __init__(self, state: AppState, background: Analysis, tools: ViewTools, parent: QObject) -> None:
        super().__init__(parent)
        self._state = state
        self._background = background
        self._choice = tools.limits
        self._plan: Plan | None = None
        self._class: int | None = None
        self._levels: Levels = {}
        self._choice.currentChanged.connect(self.follow_choice)
        state.historyReset.connect(self.forget)
        state.sampleChanged.connect(self.forget)

    @property
    def are_fixed(self) -> bool:
        """Whether the limits are those of the run, not of the moment."""
        return self._choice.current() == FIXED

    @property
    def of_run(self) -> Levels:
        """Limits of all moments seen, by column."""
        return self._levels

    def around(self, levels: Levels) -> Levels:
        """Limits to draw a moment with that has these limits of its own."""
        return union(self._levels, levels) if self.are_fixed else levels

    def set_subject(self, plan: Plan | None, class_index: int | None) -> None:
        """Say which network and which class the limits are about."""
        self._plan, self._class = plan, class_index

    def add(self, levels: Levels) -> None:
        """Take the limits of a moment that is drawn."""
        self._levels = union(self._levels, levels)

    def put(self, levels: Levels) -> None:
        """Take these limits as those of the run, as a session says."""
        self._levels = levels

    @Slot()
    def forget(self) -> None:
        """Begin anew: limits of the run depend on the run and on the sample."""
        self._levels = {}
        if self.are_fixed:
            self._scan()

    @Slot()
    def follow_choice(self) -> None:
        """Search the run if its limits are wanted now, else stop searching."""
        if self.are_fixed:
            self._scan()
        else:
            self._background.cancel(_SCAN)
        self.changed.emit()

    def _scan(self) -> None:
        """Look for the largest values in the moments of the run that are on record."""
        plan, chosen, sample = self._plan, self._class, self._state.sample
        if plan is None or sample is None:
            return
        snapshots = moments_of(self._state.history, plan)
        if not snapshots or snapshots[0].network.input_shape != sample.pixels.shape:
            return

        def done(levels: Levels) -> None:
            if self._plan is plan and self._state.sample is sample:
                self.add(levels)
                self.changed.emit()

        self._background.submit(
            _SCAN,
            lambda context: scan_levels(plan, snapshots, sample, chosen, context),
            done,
            self.failed.emit,
        )
