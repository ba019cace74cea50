"""Saving and opening sessions and models, recent files, and the question before unsaved work is lost."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, Signal, Slot
from PySide6.QtWidgets import QWidget

from cnnviz.errors import CNNVizError
from cnnviz.experiment import Experiment
from cnnviz.file_kinds import PNG, TEXT, Role, kind_of, not_opened
from cnnviz.files import printable_name
from cnnviz.network import weights_checksum
from cnnviz.presets import preset_of
from cnnviz.reading import status_of
from cnnviz.session_state import OwnPixels, SessionState, View, load_session, save_session
from ui.keep.session_restore import SessionRestorer
from ui.panels.drawn import Drawn, drawn_in, drawn_in_panel
from ui.run.controller import Controller
from ui.run.model_files import model_writer, tell_saved
from ui.run.repeating import Trained
from ui.settings import forget_files, remember_folder, remembered_files
from ui.state import AppState, RunStatus, Source
from ui.window.panel_area import PanelArea
from ui.window.questions import ask_about_unsaved_work, ask_target

OPEN_FILTER = "CNNViz files (*.safetensors *.json *.png);;All files (*)"

#: As what a file is read that does not say itself what it is, for its reader to say what is wrong with it.
_ROLES: dict[str, Role] = {
    ".safetensors": "model", ".json": "session", ".png": "session", ".npz": "data", ".toml": "lab",
}  # fmt: skip
_MOST_RECENT = 8
_RECENT = "files/recent"


def session_of(
    state: AppState,
    panel: str = "",
    views: Mapping[str, View] | None = None,
    drawn: Drawn | None = None,
    *,
    checksum: bool = True,
) -> SessionState | None:
    """Return what is shown as a value; None before there is a network.

    * `panel`: name of the panel in front.
    * `views`: what is chosen inside the panels.
    * `drawn`: what is to be seen of it in a panel that draws later than the state changes.
    * `checksum`: whether to compute that of the weights, which takes its time.
    """
    shown, pinned = drawn_in(None, state) if drawn is None else drawn, state.pinned
    if shown is None or state.dataset is None:
        return None
    sample, shift = state.sample if shown.sample is None else shown.sample, state.shift
    run_step, live = max(state.run.step, shown.step), state.live
    is_at_end = live is not None and live.step == run_step
    saved: int | OwnPixels | None = None
    if sample is not None:
        own = OwnPixels(sample.pixels, sample.label, sample.origin[:200])
        saved = own if sample.index is None else sample.index
    return SessionState(
        experiment=state.experiment if shown.origin is None else shown.origin.experiment,
        data_name=state.dataset.name[:200],
        data_sha256=state.dataset.sha256,
        step=shown.step,
        run_step=run_step,
        epochs=max(state.run.total_steps // state.run.steps_per_epoch, 1),
        weights_sha256=weights_checksum(shown.network) if checksum and shown.network is not None else "",
        run_sha256=weights_checksum(live.network) if checksum and live is not None and is_at_end else "",
        sample=saved,
        dx=shift.dx,
        dy=shift.dy,
        wrap=shift.wrap,
        pinned=None if pinned is None else (pinned.stage, tuple(pinned.index)),
        panel=panel,
        views={} if views is None else views,
    )


class SessionFiles(QObject):
    """Writes and reads the files of a session.

    * `settings`: where the list of recent files is kept.
    * `window`: parent of dialogs; also of this object.
    * `panels`: the panel in front, and the choices made inside the panels.
    * `open_picture`: makes a picture that carries no session the sample.
    """

    #: The list of recent files has changed.
    recentChanged = Signal()

    def __init__(
        self,
        state: AppState,
        controller: Controller,
        settings: QSettings,
        window: QWidget,
        panels: PanelArea,
        open_picture: Callable[[Path], None],
    ) -> None:
        super().__init__(window)
        self.state, self.controller = state, controller
        self._settings = settings
        self._open_picture = open_picture
        self._window, self._panels = window, panels
        #: Opens a lab file.
        self.lab_taker: Callable[[Path], None] = lambda _path: None
        #: Returns what was done in the guided lab, for a session, and takes it back.
        self.lab_kept: Callable[[], Mapping[str, Any] | None] = lambda: None
        self.lab_restored: Callable[[Mapping[str, Any]], None] = lambda _lab: None
        #: Whether the guided lab trains the present run again, to the last bit, when a step needs it.
        self.can_be_had_again: Callable[[], bool] = lambda: False
        #: Opens a saved report.
        self.report_taker: Callable[[Path], None] = lambda _path: None
        self._saved: tuple[int, int] | None = None
        self.restorer = SessionRestorer(state, controller, panels, window)
        controller.run_start.opened.connect(self.mark_saved)

    def current(self, widget: QWidget | None = None) -> SessionState | None:
        """Return what is shown, or drawn in a widget, as a value; None before there is a network."""
        drawn = drawn_in_panel(widget, self.state)
        if drawn is not None and drawn.sample is None:
            drawn = None  # a lesson with a network of its own: the session is that of the run
        return session_of(self.state, self._panels.front_name, self._panels.view_states(), drawn)

    def current_unchecked(self) -> SessionState | None:
        """Return what is shown, quickly: without the checksum of its weights."""
        return session_of(self.state, self._panels.front_name, self._panels.view_states(), checksum=False)

    @property
    def has_unsaved_work(self) -> bool:
        """Whether a network has been trained that neither a model nor a session file keeps."""
        run = self.state.run
        started = run.is_started and run.status is not RunStatus.LOADING
        return started and self._saved != (run.run_id, run.step)

    @Slot()
    def mark_saved(self) -> None:
        """Take what has been trained so far as saved."""
        self._saved = (self.state.run.run_id, self.state.run.step)

    # --- saving ---------------------------------------------------------------------------------------------

    @Slot()
    def ask_save_session(self) -> None:
        """Ask for a file and save the session in it."""
        session = self.current()
        if session is None:
            self.state.raise_notice(
                "files", "info", "There is no session to save yet: the data are being read."
            )
            return
        name = f"{_name_of(session.experiment, session.step)}.session"
        path = ask_target(self._window, self._settings, "Save session", name, ".json", "Sessions (*.json)")
        if path is not None:
            self.save_session(path)

    def save_session(self, path: Path) -> None:
        """Have what is shown written in the background; how it went becomes a notice."""
        session, run = self.current(), self.state.run
        if session is None:
            return
        session = replace(session, lab=self.lab_kept())

        lacks = _lacks(self.state)

        def done(_result: object) -> None:
            text = f"Saved the session to {printable_name(path)}."
            if lacks:  # and so the network is not saved yet
                self.remember(path)
                self.state.raise_notice("files", "warning", f"{text} {lacks}")
            else:
                self._on_saved(path, run.run_id, run.step)
                self.state.raise_notice("files", "success", text)

        self.controller.files.submit(
            f"save {path}", lambda _context: save_session(path, session), done, self._complain
        )

    @Slot()
    def ask_save_model(self) -> None:
        """Ask for a file and save the network that is shown in it."""
        path = self._ask_model()
        if path is not None:
            self.save_model(path)

    def save_model(self, path: Path) -> None:
        """Have the network that is shown written in the background."""
        self.controller.save_model(path, self._on_saved)

    def save_model_now(self, path: Path) -> bool:
        """Write the network that is shown before going on; return whether it was written."""
        write = model_writer(self.state, path)
        if write is None:
            return False
        try:
            tell_saved(self.state, path, write())
        except CNNVizError as error:
            self._complain(str(error))
            return False
        self._on_saved(path, self.state.run.run_id, self.state.run.step)
        return True

    def _ask_model(self) -> Path | None:
        """Ask where to save the network; None for nowhere."""
        name = _name_of(self.state.experiment, self.state.run.step)
        kinds = "Models (*.safetensors)"
        return ask_target(self._window, self._settings, "Save model", name, ".safetensors", kinds)

    # --- opening --------------------------------------------------------------------------------------------

    def open(self, path: Path) -> None:
        """Open a model, a session, a lab, a report, data, or a picture: the session in it, or it as a sample.

        Which of them it is, is told by what is in the file.
        """
        if path.is_dir():
            self.controller.open_data(path)
            return

        def done(found: SessionState | Role) -> None:
            self.state.clear_notice("files")
            if isinstance(found, SessionState):
                self.remember(path)
                self.restorer.restore(found, printable_name(path), then=lambda: self._on_opened(found))
            elif found == "picture":
                self._open_picture(path)
            elif found == "lab":
                self.lab_taker(path)
            elif found == "report":
                self.report_taker(path)
            elif found == "model":
                self.controller.open_model(path, self.remember)
            else:
                self.controller.open_data(path)

        self.controller.analysis.submit("open", lambda _context: _look_into(path), done, self._complain)

    def bring_back(
        self,
        session: SessionState,
        source: Source | None,
        name: str = "The work that was not saved",
        trained: Trained | None = None,
        *,
        kept: Trained | None = None,
        asks: bool = True,
    ) -> None:
        """Restore a session that no session file of the user keeps: what is trained for it stays unsaved.

        Arguments are those of `SessionRestorer.restore`.
        """
        self.restorer.restore(session, name, source, trained, kept=kept, asks=asks)

    # --- recent files ---------------------------------------------------------------------------------------

    def recent(self) -> list[Path]:
        """Files opened or saved last that still exist, the latest first."""
        return remembered_files(self._settings, _RECENT)

    def remember(self, path: Path) -> None:
        """Put a file at the head of the recent ones."""
        path = path.absolute()
        paths = [path, *(each for each in self.recent() if each != path)][:_MOST_RECENT]
        self._settings.setValue(_RECENT, [str(each) for each in paths])
        remember_folder(self._settings, path)
        self.recentChanged.emit()

    def forget(self) -> None:
        """Empty the list of recent files, and forget the folders: another user comes."""
        forget_files(self._settings, _RECENT)
        self.recentChanged.emit()

    # --- closing --------------------------------------------------------------------------------------------

    def may_close(self) -> bool:
        """Ask what shall become of unsaved work; return whether the window may close."""
        return self.can_be_had_again() or self._may_lose_run("closing")

    def may_replace(self) -> bool:
        """Ask likewise before what was opened takes the place of a trained network."""
        return self._may_lose_run("something else takes its place")

    def _may_lose_run(self, event: str) -> bool:
        if not self.has_unsaved_work:
            return True
        answer = ask_about_unsaved_work(self._window, self.state.run.step, event)
        if answer == "save":
            path = self._ask_model()
            return path is not None and self.save_model_now(path)
        return answer == "discard"

    def _on_saved(self, path: Path, run_id: int, step: int) -> None:
        self._saved = (run_id, step)
        self.remember(path)

    def _complain(self, message: str) -> None:
        self.state.raise_notice("files", "error", message)

    def _on_opened(self, session: SessionState) -> None:
        """A session of a file is back."""
        self.mark_saved()
        if session.lab is not None:
            self.lab_restored(session.lab)


def _lacks(state: AppState) -> str:
    """Return what a session of the present run cannot bring back, as a sentence; "" where it can."""
    origin = None if state.live is None else state.live.origin
    if origin is None or origin.is_repeatable:
        return ""
    why = (
        f"began at other weights ({origin.note})"
        if origin.note
        else "had its learning rate changed on the way"
    )
    return (
        f"Opening it trains a network from the seed and the settings, but this one {why}: to keep it, save "
        "the model, too (Ctrl+S)."
    )


def _name_of(experiment: Experiment, step: int) -> str:
    """Return the name of a file of a run, without its ending."""
    return f"{preset_of(experiment)}-seed{experiment.seed}-step{step}"


def _look_into(path: Path) -> SessionState | Role:
    """Return the session that is in a file, or as what else the file is to be opened.

    * Raises DataError: if it is of a kind that CNNViz does not open, or cannot be read.
    """
    kind = kind_of(path)
    if status_of(path).st_size == 0:
        raise not_opened(path)
    role: Role = kind.role
    if not kind.words or (kind is TEXT and path.suffix.lower() in (".json", ".toml")):
        role = _ROLES.get(path.suffix.lower(), "")
    if role == "session" or kind is PNG:
        return load_session(path) or "picture"
    if role:
        return role
    raise not_opened(path)
