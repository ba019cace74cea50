"""Colour limits that hold for a whole run, so that its moments can be compared."""

from PySide6.QtCore import QObject, Signal, Slot

from cnnviz.history import History
from cnnviz.quantities import format_count
from cnnviz.snapshots import Snapshot
from ui.panels.analysis import Analysis
from ui.panels.feature_maps.picture import Levels, MapScene, Picture, levels_over, union
from ui.panels.feature_maps.plan import Plan, plan_of
from ui.panels.feature_maps.view_tools import FIXED, ViewTools
from ui.state import AppState

_SCAN = "feature-maps-limits"
_MOST_MOMENTS = 500
"""So many are looked at where a run has more on record: a fraction of a second."""


class RunLimits(QObject):
    """Gathers the limits of all moments that are drawn and, where limits are fixed, of those on record.

    Limits belong to a run, a sample and the choices of the panel: with another of these they begin anew.

    Parameters
    ----------
    state : AppState
        Read, never written.
    background : Analysis
        Searches the run.
    tools : ViewTools
        Say whether limits are fixed; are told how many moments they are of.
    parent : QObject
    """

    #: Limits have changed.
    changed = Signal()
    #: Why the run could not be searched.
    failed = Signal(str)

    def __init__(self, state: AppState, background: Analysis, tools: ViewTools, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._background, self._tools = state, background, tools
        self._scene: MapScene | None = None
        self._levels: Levels = {}
        tools.limits.currentChanged.connect(self.follow_choice)

    @property
    def are_fixed(self) -> bool:
        """Whether the limits are those of the run, not of the moment."""
        return self._tools.limits.current() == FIXED

    @property
    def of_run(self) -> Levels:
        """Limits of all moments seen, by column."""
        return self._levels

    def applied_to(self, picture: Picture) -> Picture:
        """Return a picture with the limits in force, and let them hold its own from now on."""
        is_other = self._scene is None or _subject(picture.scene) != _subject(self._scene)
        self._scene = picture.scene
        if is_other:
            self._levels = {}
            self._scan_if_fixed()
        self._levels = union(self._levels, picture.levels)
        if self.are_fixed:
            return picture.within(self._levels)
        first = self._first_moment(picture)
        return picture if first is None else picture.since(first)

    def _first_moment(self, picture: Picture) -> Snapshot | None:
        """First moment on record of the run of a picture."""
        snapshots = self._state.history.snapshots
        first = snapshots[0] if len(snapshots) else None
        if first is None or not first.run_id or first.run_id != picture.scene.run_id:
            return None
        return first if plan_of(first.network) is picture.plan else None

    def put(self, levels: Levels, scene: MapScene) -> None:
        """Take these limits as those of the run of a scene, as a session says."""
        self._levels, self._scene = levels, scene

    @Slot()
    def follow_choice(self) -> None:
        """Search the run if its limits are wanted now, else stop searching."""
        self._background.cancel(_SCAN)
        self._scan_if_fixed()
        self.changed.emit()

    def _scan_if_fixed(self) -> None:
        """Look for the largest values in the moments of the run that are on record."""
        scene = self._scene
        if not self.are_fixed or scene is None:
            return
        snapshots = _moments_of(self._state.history, plan_of(scene.snapshot.network))
        of_all = f"{format_count(len(snapshots))} of {format_count(len(self._state.history.snapshots))}"
        self._tools.set_moments(of_all)
        if not snapshots:
            return

        def done(levels: Levels) -> None:
            if self._scene is not None and _subject(self._scene) == _subject(scene):
                self._levels = union(self._levels, levels)
                self.changed.emit()

        self._background.submit(
            _SCAN, lambda context: levels_over(scene, snapshots, context), done, self.failed.emit
        )


def _subject(scene: MapScene) -> tuple[object, ...]:
    """What limits are of: the same for all moments of a run."""
    return scene.run_id, scene.sample, plan_of(scene.snapshot.network), scene.choices


def _moments_of(history: History, plan: Plan) -> list[Snapshot]:
    """Return moments of a run, evenly over what is on record, whose networks a plan describes."""
    store = history.snapshots
    count = min(len(store), _MOST_MOMENTS)
    picked = sorted({round(place * (len(store) - 1) / max(count - 1, 1)) for place in range(count)})
    return [store[place] for place in picked if plan_of(store[place].network) is plan]
