"""The document of a window: New, Open, Save, its title, and the questions before something is lost."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEventLoop, QObject, QSettings, Signal
from PySide6.QtWidgets import QWidget

from cnnviz import __version__
from cnnviz.document import archive
from cnnviz.document import types as t
from cnnviz.document.run import PREPARED, KeptRun, record_in
from cnnviz.errors import DataError
from cnnviz.experiment import LAB5, preset_of
from cnnviz.file_kinds import PNG, TEXT, Role, kind_of, not_opened
from cnnviz.files import LONGEST_NAME, printable, printable_name
from cnnviz.graphics.pictures import Photo
from cnnviz.history import History
from cnnviz.quantities import format_count, format_many
from cnnviz.reading import status_of
from ui.controls.pace import single_shot
from ui.document.gathered import Gathered, gather, picture_of
from ui.document.restorer import Built, DocumentRestorer, Order
from ui.panels.provenance import provenance_in_panel
from ui.run.controller import Controller
from ui.settings import forget_files, remember_folder, remembered_files
from ui.state import AppState
from ui.window.main_window import MainWindow
from ui.window.questions import (
    ask_about_changed_file,
    ask_about_other_run,
    ask_file,
    ask_target,
    ask_whether_to_save,
)

# At run time where they are needed: they load much, and the frame of the window is to appear before.
if TYPE_CHECKING:
    from ui.panels.report.work import StudentWork

FILTER = "CNNViz documents (*.cnnviz);;All files (*)"
OPEN_FILTER = "CNNViz files (*.cnnviz *.png *.safetensors *.toml *.npz);;All files (*)"

#: As what a file is read that does not say itself what it is, for its reader to say what is wrong with it.
_ROLES: dict[str, Role] = {
    ".cnnviz": "document", ".safetensors": "model", ".png": "picture", ".npz": "data", ".toml": "lab",
}  # fmt: skip
_MOST_RECENT = 8
_RECENT = "files/recent"
_LAST = "files/last"
_LAST_PLACE = "last"  # of the notice about it
_CARRIED = (t.LAB_MEMBER, t.DATA_MEMBER, *PREPARED)
_TITLE_MS = 100
_GONE = (0, 0)
_SAVED = 1

type Stamp = tuple[int, int]  # when a file was written, in nanoseconds, and its size in bytes
type _Curve = tuple[NDArray[np.float64], str]  # losses of a run, and what it was trained with
type _Now = tuple[object, tuple[int, int], _Curve]


class WindowDocument(QObject):
    """Knows in which file the document of a window is, and whether that has all of it."""

    opened = Signal()  # another document is in the window
    saved = Signal()  # the file of the user has all of it
    changed = Signal()  # something is other than before

    def __init__(
        self, state: AppState, controller: Controller, settings: QSettings, window: MainWindow
    ) -> None:
        super().__init__(window)
        self.state, self.controller = state, controller
        self._settings, self._window = settings, window
        self._tell = partial(state.raise_notice, "files")
        self._complain = partial(self._tell, "error")
        self.restorer = DocumentRestorer(state, controller, window.panels, window)
        #: Holds the words; None before there are panels.
        self.writing: StudentWork | None = None
        #: Opens a lab file, and records in the lab in front what is to be recorded before words are kept.
        self.lab_taker: Callable[[Path], None] = lambda _path: None
        self.finish_words: Callable[[], None] = lambda: None
        #: The file of the user; None for a document without a name.
        self.path: Path | None = None
        #: Of that file when it had this document, to notice that others write to it.
        self.stamp: Stamp = _GONE
        #: Members that came with the document: a lab that is not of the program, its figures and data.
        self.carried: t.Files = {}
        #: The run that a course brings: its networks need not be trained.
        self.prepared: KeptRun | None = None
        self._said_of_prepared: t.Run | None = None
        self.prepared_data = ""  #: Checksum of the data that it was trained on.
        self._saved: object = None  # what a file, or nothing, holds; see `_content`
        self._saved_run: tuple[int, int] | None = None
        self._in_file: _Curve | None = None  # of its run, where that is known
        self._later = single_shot(self, self._show_title, _TITLE_MS)
        controller.runOpened.connect(self.mark_run_saved)
        for signal in (state.runChanged, state.draftChanged, state.sampleChanged, state.datasetChanged):
            signal.connect(self._on_changed)
        self._show_title()

    def watch(self, writing: "StudentWork") -> None:
        """Keep these words, now that there are panels."""
        self.writing = writing
        writing.changed.connect(self._on_changed)

    def begin(self) -> None:
        """Take the window as it stands as a document of which nothing is to be saved."""
        self._settle(None, is_saved=True)

    # --- what it is -----------------------------------------------------------------------------------------

    def gather(self) -> Gathered | None:
        """Return all that the window holds, by references; None before there are panels."""
        panels = self._window.panels
        if self.writing is None:
            return None
        return gather(
            self.state, self.writing.work, panels.front_name, panels.view_states(), self.carried,
            self._said_of_prepared, self.prepared_data, self._window.samples.board,
        )  # fmt: skip

    def picture(self, widget: QWidget | None = None, *, checksum: bool = True) -> t.Document | None:
        """Return what is shown, or drawn in a widget, as a picture carries it; None before there is a run."""
        drawn = provenance_in_panel(widget, self.state)
        if drawn is not None and drawn.sample is None:
            drawn = None  # a lesson with a network of its own: the view is that of the run
        panels = self._window.panels
        return picture_of(self.state, panels.front_name, panels.view_states(), drawn, checksum=checksum)

    @property
    def is_changed(self) -> bool:
        """Whether there is something that the file does not hold, or anything at all where there is none."""
        return self._content() != self._saved

    @property
    def has_work(self) -> bool:
        """Whether somebody would miss it: words, a trained network, an image of his own, settings."""
        state, writing = self.state, self.writing
        has_own = state.sample is not None and state.sample.index is None
        has_own = has_own or self._window.samples.board is not None
        is_trained = state.run.is_started or (state.live is not None and bool(state.live.note))
        return has_own or is_trained or (writing is not None and not writing.work.is_empty)

    @property
    def name(self) -> str:
        return "Untitled" if self.path is None else printable_name(self.path).removesuffix(archive.ENDING)

    def _content(self) -> object:
        """Return what would be lost, to compare; what is looked at is saved, too, but changes nothing."""
        state, run = self.state, self.state.run
        own = state.sample if state.sample is not None and state.sample.index is None else None
        words = None if self.writing is None else self.writing.work.said
        lab = self.carried.get(t.LAB_MEMBER)
        board = self._window.samples.board
        return ((run.run_id, run.step) if run.is_started else 0, state.draft, words, own, lab, board)

    def _now(self) -> _Now:
        """Return what a file that is written now holds: content, run and step, the run's curve."""
        run, history = self.state.run, self.state.history
        return self._content(), (run.run_id, run.step), (history.losses, history.described)

    def _on_changed(self) -> None:
        if not self._later.isActive():
            self._later.start()
        self.changed.emit()

    def _show_title(self) -> None:
        dataset, source = self.state.dataset, self.state.source
        is_own = dataset is not None and source is not None and source.path is not None
        data = f" – {printable(dataset.name, LONGEST_NAME)}" if is_own and dataset is not None else ""
        self._window.setWindowTitle(f"{self.name}[*]{data} – CNNViz")
        self._window.setWindowModified(self.is_changed and (self.path is not None or self.has_work))

    # --- saving ---------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write the document to its file, or ask for one."""
        target = self._target()
        if target is not None:
            self.save_to(target)

    def ask_save_as(self) -> None:
        """Ask for a file and write the document to it."""
        path = self._ask_target("" if self.path is None else self.name)
        if path is not None:
            self.save_to(path)

    def save_to(self, path: Path) -> None:
        """Have the document written in the background; how it went becomes a notice."""
        self.finish_words()
        gathered = self.gather()
        if gathered is None or gathered.run is None:
            self._tell("info", "There is nothing to save yet: the data are still loading.")
        else:
            self._write(path, gathered)

    def save_now(self) -> bool:
        """Write the document before going on, to a file that is asked for if it has none; return whether."""
        self.finish_words()
        path = self._target()
        gathered = self.gather()
        if path is None or gathered is None:
            return False
        waiting = QEventLoop()  # the window is drawn meanwhile, but takes no keys and clicks
        self._write(path, gathered, waiting.exit)
        return waiting.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents) == _SAVED

    def _write(self, path: Path, gathered: Gathered, then: Callable[[int], object] = lambda _: None) -> None:
        now = self._now()

        def write(_context: object) -> tuple[str, Stamp]:
            return _written(path, gathered), _stamp_of(path)

        def done(written: tuple[str, Stamp]) -> None:
            left_out, stamp = written
            self._on_saved(path, stamp, now)
            self._tell("success", f"Saved {printable_name(path)}.{left_out}")
            then(_SAVED)

        def failed(message: str) -> None:
            self._complain(message)
            then(not _SAVED)

        self.controller.files.submit(f"save {path}", write, done, failed)

    def _ask_target(self, name: str = "") -> Path | None:
        name = name or _name_of(self.state)
        return ask_target(self._window, self._settings, "Save as", name, archive.ENDING, FILTER)

    def _target(self) -> Path | None:
        """Return where to write; ask where there is no file, others changed it or its run would be lost."""
        path = self.path
        if path is None:
            return self._ask_target()
        stamp, name = _stamp_of(path), printable_name(path)
        if stamp == _GONE:
            return path
        if stamp != self.stamp:
            return path if ask_about_changed_file(self._window, name) else None
        there, said = self._in_file or ((), "")
        goes_on = np.array_equal(there, self.state.history.losses[: len(there)])
        answer = "discard" if goes_on else ask_about_other_run(self._window, name, said)
        return self._ask_target() if answer == "save" else path if answer == "discard" else None

    def _on_saved(self, path: Path, stamp: Stamp, now: _Now) -> None:
        self.path, self.stamp = path.absolute(), stamp
        self._saved, self._saved_run, self._in_file = now
        self.remember(path)
        self._show_title()
        self.saved.emit()
        self.changed.emit()

    # --- opening --------------------------------------------------------------------------------------------

    def new(self) -> None:
        """Begin with nothing: usual settings and data, no words, no images, no names of files."""
        if not self._may_be_replaced("starting a new one"):
            return

        def then() -> None:
            self._window.samples.forget_own()
            self.state.clear_notice("files")
            self.forget()
            self._settle(None, is_saved=True)

        nothing = {name: {} for name in self._window.panels.view_states()}
        first = next(iter(nothing), "")
        document = t.Document(
            format_version=t.FORMAT_VERSION, version=__version__, experiment=LAB5,
            seen=t.Seen(sample=0, panel=first, views=nothing),
        )  # fmt: skip
        self._restore(Order(document, name="A new document", is_own=True, asks=False), then)

    def ask_open(self, kinds: str = OPEN_FILTER, title: str = "Open") -> None:
        """Ask for a file of these kinds and open it."""
        path = ask_file(self._window, self._settings, title, kinds)
        if path is not None:
            self.open(path)

    def open(self, path: Path) -> None:
        """Open a document, weights, a lab, data, or a picture: the view in it, or it as a sample.

        Which of them it is, is told by what is in the file.
        """
        if path.is_dir():
            self.controller.open_data(path)
            return

        def look(_context: object) -> tuple[tuple[t.Document, t.Files] | Role, Stamp]:
            stamp = _stamp_of(path)  # before it is read: what others write meanwhile is noticed
            return _look_into(path), stamp

        def done(seen: tuple[tuple[t.Document, t.Files] | Role, Stamp]) -> None:
            found, stamp = seen
            self.state.clear_notice("files")
            if isinstance(found, tuple):
                self._open_document(path, stamp, *found)
            elif found == "picture":
                self._window.samples.open_image(path)
            elif found == "lab":
                self.lab_taker(path)
            elif found == "model":
                self.controller.open_weights(path)
            else:
                self.controller.open_data(path)

        self.controller.analysis.submit("open", look, done, self._complain)

    def _open_document(self, path: Path, stamp: Stamp, document: t.Document, files: t.Files) -> None:
        name = printable_name(path)
        if document.kind == "picture":
            self.remember(path)
            self.restorer.restore(Order(document, files, name, then=self.mark_run_saved))
            return
        if not self._may_be_replaced(f"opening {name}"):
            return
        is_course = document.kind == "course"

        def then() -> None:
            self.remember(path)
            self._settle(None if is_course else path.absolute(), stamp, is_saved=True)
            if is_course:
                self._window.lab_dock.set_shown(True)

        self._restore(Order(document, files, name, asks=False), then)

    def restore_kept(self, order: Order, path: Path | None, stamp: Stamp, *, is_saved: bool) -> None:
        """Put what the program has kept by itself into the window; `path` is the file of the user."""

        def learn(there: History) -> None:
            if self.path == path and self._in_file is None:
                self._in_file = there.losses, there.described

        def then() -> None:
            self._settle(path, stamp, is_saved=is_saved)
            order.then()
            if path is not None and not is_saved:
                self.controller.analysis.submit("in file", lambda _, file=path: record_in(file), learn)

        self._restore(order, then)

    def _restore(self, order: Order, then: Callable[[], None]) -> None:
        def begin(built: Built) -> None:
            document, files = order.document, order.files
            figures = (name for name in files if name.startswith("figures/"))
            self.carried = {name: files[name] for name in (*_CARRIED, *figures) if name in files}
            self.prepared, self._said_of_prepared = built.prepared, built.said_of_prepared
            self.prepared_data = document.prepared_on
            board = built.board
            self._window.samples.take_board(board and (Photo(board.pixels[0]), board.meant))
            if self.writing is not None:
                self.writing.begin(built.work)

        self.restorer.restore(replace(order, begin=begin, then=then))

    def carry_lab(self, files: t.Files) -> None:
        """Keep the lab in front, which does not come with the program, in the document."""
        others = [name for name in self.carried if name != t.LAB_MEMBER and not name.startswith("figures/")]
        self.carried = {name: self.carried[name] for name in others} | dict(files)
        self._on_changed()

    def _settle(self, path: Path | None, stamp: Stamp = _GONE, *, is_saved: bool) -> None:
        """Take what stands in the window as the document of a file."""
        self.path, self.stamp, self._saved, self._in_file = path, stamp, None, None
        if is_saved:
            self._saved, self._saved_run, self._in_file = self._now()
        self._show_title()
        self.opened.emit()
        self.changed.emit()

    def mark_run_saved(self) -> None:
        """Take what has been trained so far as saved."""
        self._saved_run = (self.state.run.run_id, self.state.run.step)

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

    def remember_last(self) -> None:
        """Keep the file of the document that is in front at closing, if it has one, for the next start."""
        if self.path is None:
            self._settings.remove(_LAST)
        else:
            self._settings.setValue(_LAST, str(self.path))

    def offer_last(self) -> None:
        """Offer the file that was in front at closing, once; what is done first takes the offer back."""
        path = next(iter(remembered_files(self._settings, _LAST)), None)
        self._settings.remove(_LAST)
        if path is None:
            return
        content, sample = self._content(), self.state.sample

        def take_back() -> None:
            self.changed.disconnect(look)
            self.opened.disconnect(take_back)
            self.state.clear_notice(_LAST_PLACE)

        def look() -> None:
            if self.state.sample is not sample or self._content() != content:
                take_back()

        self.changed.connect(look)
        self.opened.connect(take_back)
        said = f"Last time: {printable_name(path)}"
        self.state.raise_notice(_LAST_PLACE, "info", said, "Open", partial(self.open, path))

    def forget(self) -> None:
        """Empty the list of recent files, and forget the folders: another user comes."""
        forget_files(self._settings, _RECENT, _LAST)

    # --- importing and exporting ----------------------------------------------------------------------------

    def ask_export_weights(self) -> None:
        """Ask for a file and write the weights that are shown to it."""
        kinds = "Weights (*.safetensors)"
        path = ask_target(
            self._window, self._settings, "Export weights", _name_of(self.state), ".safetensors", kinds
        )
        if path is not None:
            self.controller.export_weights(path)

    def ask_import_run(self) -> None:
        """Ask for a document and show the curves of its run beside those of the present one."""
        path = ask_file(self._window, self._settings, "Import run to compare", FILTER)
        if path is None:
            return

        def done(record: History) -> None:
            record.said = "; ".join(filter(None, (printable_name(path), record.said)))
            self.state.set_ghost(record)
            self._tell("success", f"The grey curves in Network are those of {printable_name(path)}.")

        self.controller.analysis.submit("compare", lambda _: record_in(path), done, self._complain)

    # --- asking ---------------------------------------------------------------------------------------------

    def may_close(self) -> bool:
        """Ask what shall become of changes of a document that has a name; return whether it may close.

        One without a name is kept, and opened at the next start.
        """
        self.finish_words()
        return self.path is None or not self.is_changed or self._ask("closing")

    @property
    def is_worth_keeping(self) -> bool:
        """Whether it has to be kept while it is open: also where nothing but results has been seen."""
        if self.path is not None or self.has_work:
            return True
        work = None if self.writing is None else self.writing.work
        if work is None:
            return False
        steps = (step for record in work.records.values() for step in record.steps.values())
        return bool(work.shown) or any(step.shown or step.revealed for step in steps)

    def may_lose_run(self, *, can_be_undone: bool = False) -> bool:
        """Ask before something takes the place of a trained network that no file holds."""
        run = self.state.run
        if not run.is_started or self._saved_run == (run.run_id, run.step):
            return True
        left = "You can bring it back until you train again."
        if not can_be_undone:
            left = "Only its curves stay, in grey."
        text = f"The network has been trained for {format_many(run.step, 'step')} and is not saved. {left}"
        return self._ask("the network is replaced", text, "Replace")

    def _may_be_replaced(self, event: str) -> bool:
        self.finish_words()
        return not (self.has_work and self.is_changed) or self._ask(event)

    def _ask(self, event: str, text: str = "", lose: str = "Discard") -> bool:
        """Ask whether to save first; return whether to go on."""
        text = text or f"“{self.name}” has unsaved changes."
        answer = ask_whether_to_save(self._window, text, event, lose)
        return self.save_now() if answer == "save" else answer == "discard"


def _stamp_of(path: Path) -> Stamp:
    """Return the stamp of a file; that of none if there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return _GONE
    return found.st_mtime_ns, found.st_size


def _written(path: Path, gathered: Gathered) -> str:
    """Write a document; return what has to be known of it, as a sentence."""
    document, files = gathered.packed()
    archive.save(path, document, files)
    kept = 0 if document.run is None else len(document.run.moments)
    there = 0 if gathered.run is None else len(gathered.run.moments)
    if kept == there:
        return ""
    return (
        f" It holds {format_count(kept)} of {format_count(there)} moments of the run; the others will be "
        "trained again when they are needed."
    )


def _name_of(state: AppState) -> str:
    experiment = state.experiment
    words = f"{preset_of(experiment)} {experiment.class_words} seed{experiment.seed} step{state.run.step}"
    return re.sub(r"[^\w-]+", "-", words)[:100]


def _look_into(path: Path) -> tuple[t.Document, t.Files] | Role:
    """Return the document in a file, or as what else it is to be opened; `DataError` where neither can be."""
    kind = kind_of(path)
    if status_of(path).st_size == 0:
        raise not_opened(path)
    role: Role = kind.role
    if not kind.words or (kind is TEXT and path.suffix.lower() == ".toml"):
        role = _ROLES.get(path.suffix.lower(), "")
    if kind is PNG:
        found = archive.load_picture(path)
        return "picture" if found is None else (found, {})
    if role == "document":
        from cnnviz.lab.course import shipped_labs

        document, files = archive.load(path)
        if document.lab and document.lab != t.LAB_MEMBER and document.lab not in shipped_labs():
            raise DataError(
                f"{printable_name(path)} cannot be opened: it is about the lab {document.lab!r}, which this "
                "CNNViz does not have. Update CNNViz."
            )
        return document, files
    if role:
        return role
    raise not_opened(path)
