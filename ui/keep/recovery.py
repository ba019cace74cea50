"""Offering what a window could not save before it ended, and bringing it back."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from cnnviz import checkpoint
from cnnviz.clock import moment
from cnnviz.errors import CNNVizError
from cnnviz.presets import preset_of
from cnnviz.quantities import format_count
from cnnviz.session_state import SessionState
from cnnviz.snapshots import Origin, Snapshot
from ui.keep.recorder import Unsaved, weights_of
from ui.keep.session_files import SessionFiles
from ui.keep.workspace import remove
from ui.run.repeating import Trained
from ui.state import Source

_PLACE = "recovery"
_ACTION = "Bring it back"


class Recovery(QObject):
    """Offers one interrupted piece of work after the other, the newest first, and removes what is back.

    The run is trained again, so that its curves and its timeline are there, too. Where that leads to other
    weights, because its settings had been changed on the way, it goes on from the weights that were kept.

    * `files`: of the window whose state and controller are meant.
    * `paths`: what was found, the newest first.
    """

    def __init__(self, files: SessionFiles, paths: list[Path], parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._controller, self._files = files.state, files.controller, files
        self._paths = paths
        self._unsaved: Unsaved | None = None
        self._is_bringing_back = False
        files.restorer.finished.connect(self._on_restored)

    def offer(self) -> None:
        """Offer the newest that can be read, if there is one."""
        self._unsaved = None
        while self._paths and self._unsaved is None:
            self._unsaved = Unsaved.read(self._paths[0])
            if self._unsaved is None:
                self._drop()
        if self._unsaved is not None:
            self._state.raise_notice(_PLACE, "warning", _offer(self._unsaved), _ACTION, self._bring_back)

    def _bring_back(self) -> None:
        unsaved = self._unsaved
        if unsaved is None or self._is_bringing_back:
            return
        self._state.clear_notice(_PLACE)
        if unsaved.session is None:
            self._controller.on_draft_requested(unsaved.draft)
            self._go_on()
            return
        self._is_bringing_back = True
        path = weights_of(self._paths[0])
        self._controller.analysis.submit(
            "recovery",
            lambda _context: _read_weights(path),
            partial(self._restore, unsaved, unsaved.session),
            lambda _message: self._give_up(),
        )

    def _restore(self, unsaved: Unsaved, session: SessionState, kept: Trained | None) -> None:
        opened = self._state.source
        if opened is not None and opened.path == unsaved.data:
            self._files.bring_back(session, None, kept=kept)
            return

        def then(source: Source) -> None:
            self._files.bring_back(session, source, kept=kept)

        self._controller.open_data(unsaved.data, then, self._give_up)

    @Slot(bool)
    def _on_restored(self, complete: bool) -> None:
        if not self._is_bringing_back:
            return
        if not complete:
            self._give_up()
            return
        if self._unsaved is not None and self._unsaved.draft != self._state.experiment:
            self._controller.on_draft_requested(self._unsaved.draft)
        self._go_on()

    def _go_on(self) -> None:
        """Remove what is back, and offer what else there is."""
        self._is_bringing_back = False
        self._drop()
        self.offer()

    def _give_up(self) -> None:
        """Leave everything as it is: it is offered again at the next start."""
        self._is_bringing_back = False

    def _drop(self) -> None:
        remove(self._paths.pop(0))


def _read_weights(path: Path) -> Trained | None:
    """Return the last network of a run; None where it was not written yet."""
    try:
        model = checkpoint.load(path)
    except CNNVizError:
        return None
    if model.experiment is None:
        return None
    origin = Origin(0, model.experiment, model.data_name, is_changed=True)
    return Trained(Snapshot(model.step, model.network, model.optimizer, origin), None)


def _offer(unsaved: Unsaved) -> str:
    """Return what can be brought back, for the user."""
    when, session = moment(unsaved.time), unsaved.session
    if session is None:
        return (
            f"CNNViz ended on {when} without being closed. The settings as they were edited then were kept."
        )
    settings = session.experiment
    preset = preset_of(settings)
    run = "a run with settings of your own" if preset == "custom" else f"a run of {preset.upper()}"
    return (
        f"CNNViz ended on {when} without being closed. Kept from then: {run}, classes "
        f"{', '.join(settings.classes)}, seed {settings.seed}, at step {format_count(session.run_step)}."
    )
