"""One sitting at the window: state, controller and window joined together."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, Qt

from cnnviz.experiment import LAB5, Experiment
from ui.controls.drops import leave_drops
from ui.controls.tips import TipFilter
from ui.document.autosave import Autosave, StateFolder
from ui.document.window_document import WindowDocument
from ui.panels.contract import Services
from ui.run.controller import Controller
from ui.state import AppState, RunStatus
from ui.theme import theme_manager
from ui.theme.manager import MODES
from ui.window.actions import ACTIONS
from ui.window.keys import KeyCaps, KeyOwner
from ui.window.main_window import MainWindow
from ui.window.questions import ask_about_unkept_work, ask_about_unwritten_files, ask_file, close_dialogs

if TYPE_CHECKING:
    from ui.export.exporter import FigureExporter
    from ui.export.inserter import FigureInserter
    from ui.lab.guide import LabGuide
    from ui.panels.report.panel import ReportPanel

_LATER = tuple(row for row in ACTIONS if row.handler.startswith(("exporter.", "lab.")))
"""What is asked of the exporter and the lab guide, which are built with the panels."""


class Session(QObject):
    """Builds everything, and takes it down again."""

    exporter: "FigureExporter"
    inserter: "FigureInserter"
    lab: "LabGuide"
    _report: "ReportPanel"

    def __init__(self, settings: QSettings, experiment: Experiment = LAB5, data: Path | None = None) -> None:
        super().__init__()
        self._settings, self._data = settings, data
        self._started = False
        self._closed = False
        self._has_ended = False
        self._ends_early = False  # without a question: what is unsaved has to be kept
        #: Whether the document is to be a new one, whatever was left behind.
        self.begins_anew = False
        self._closes_when_written = False
        self.state = AppState(experiment, self)
        self.controller = Controller(self.state, self)
        self.window = MainWindow(self.state, self.controller, self.controller.analysis, settings)
        self.document = WindowDocument(self.state, self.controller, settings, self.window)
        self.folder = StateFolder(Path(settings.fileName()).parent)
        self.autosave = Autosave(self.document, self.state, self.controller.keeping, self.folder, self)
        self.window.file_taker = self.document.open
        #: Lab file that the guide is to begin with.
        self.first_lab: Path | None = None
        self._arrived: list[Path] = []  # files that come from outside and are not open yet
        self.theme = theme_manager()
        self.window.menus.connect_to(self, [row for row in ACTIONS if row not in _LATER])
        # Of the window, so that no key is asked about when its parts are gone.
        KeyOwner(self.window.pages.can_turn, self.window)
        self._tips = TipFilter(self.window)
        self.window.closing.connect(self._on_window_closing)
        self.window.restore_size()
        mode = settings.value("view/theme")
        self.theme.set_mode(str(mode) if mode in MODES else "system")
        self.window.menus.action(f"theme_{self.theme.mode}").setChecked(True)
        self.theme.moves = bool(settings.value("view/motion", self.theme.moves, type=bool))
        self.window.menus.action("motion").setChecked(self.theme.moves)

    def start(self) -> None:
        """Load the data, and meanwhile build the panels; called when the window has been shown."""
        if self._closed:
            return
        controller, window = self.controller, self.window
        controller.open_data(self._data)  # everything else follows from their arrival
        from ui.lab.guide import LabGuide, put_covers  # meanwhile: it loads much

        runners = controller.analysis, controller.background, controller.typesetting, controller.files
        with self.theme.without_style_sheet():
            window.build_panels(Services(self.state, controller, *runners, self._show_cells))
            put_covers(window, self.state)  # before the panels are dressed, once
        self._watch_panels()
        self._started = True
        self.window.restore_arrangement()
        self.lab = LabGuide(self.window, self.document, self._report, self)
        self.lab.begin(self._settings, self.first_lab)
        window.menus.connect_to(self, _LATER)
        window.pages.add(self._report.preview.isVisible, self._report.turn_page)
        window.pages.add(window.line.isVisible, window.turn_panel)
        leave_drops(self.window)
        self._tips.watch(self.window)
        keys = self.window.menus.action("keys")
        KeyCaps(self.window, keys)
        keys.setChecked(bool(self._settings.value("view/keys", False, type=bool)))
        self.window.begin_focus()
        self.document.watch(self._report.work)
        self.begins_anew |= bool(self._arrived)
        # When the first run stands there, a document can be restored.
        self.state.sceneChanged.connect(self._on_scene_changed)
        self.state.runChanged.connect(self._on_run_changed)
        controller.files.becameIdle.connect(self._on_files_written)
        self._report.exporter.ended.connect(self._on_files_written)
        controller.analysis.becameIdle.connect(self._open_next)
        self.document.restorer.finished.connect(self._open_next)
        # Queued: only when whoever changes the run has changed all of it.
        self.state.runChanged.connect(self._open_next, Qt.ConnectionType.QueuedConnection)
        self._open_next()

    def open_files(self, paths: Iterable[Path]) -> None:
        """Open files and folders of any kind that the program reads, once the window has its panels.

        Each is opened when all that the one before has set going is done.
        """
        self._arrived += paths
        if self._started:
            self._open_next()

    def _open_next(self) -> None:
        is_under_way = self.document.restorer.is_busy or not self.controller.analysis.is_idle
        if self._arrived and not is_under_way:
            self.document.open(self._arrived.pop(0))

    def _on_scene_changed(self) -> None:
        if self.state.shown is not None and self.state.sample is not None:
            self.state.sceneChanged.disconnect(self._on_scene_changed)
            if not self.autosave.is_keeping:
                self.autosave.begin(is_new=self.begins_anew)

    def _on_run_changed(self) -> None:
        """Keep words also where no data can be read; what was left behind stays for the next start."""
        if self.state.run.status is RunStatus.FAILED and not self.state.run.run_id:
            self.state.runChanged.disconnect(self._on_run_changed)
            self.autosave.begin(is_new=True)

    def close(self) -> bool:
        """Stop the threads and take the window down, once; return whether all threads have ended."""
        if not self._closed:
            self._closed = True
            self.ask_before_closing(False)
            self.window.close()
            self._has_ended = self.controller.close()
            self.window.deleteLater()
            self.folder.close()
        return self._has_ended

    def keep_now(self) -> None:
        """Keep everything as it is: the system may end the program at any moment."""
        if self._started:
            self.lab.control.finish()
            self.autosave.write_now(whole=True)
        self._save_layout()

    def _save_layout(self) -> None:
        self.window.save_layout()
        self._settings.sync()

    def end_early(self) -> None:
        """Close without a question, as the system asks for; what is unsaved is offered at the next start.

        A report that waits for its numbers is written first, unless the system asks again.
        """
        insists, self._ends_early = self._ends_early, True
        self.ask_before_closing(False)
        close_dialogs()
        if insists or not self._report_waits:
            self.window.close()
        else:
            self.keep_now()
            self._close_when_written()

    def ask_before_closing(self, ask: bool) -> None:
        """Let the window ask about unsaved work when it is closed or another run is opened, or not."""
        self.window.close_guard = self._may_close if ask else lambda: True
        self.controller.may_replace = self.document.may_lose_run if ask else lambda **_: True

    def _show_cells(self) -> None:
        """Lead into Filters & maps, where the pinned cell is written out."""
        from ui.panels.feature_maps.panel import FeatureMapsPanel
        from ui.panels.feature_maps.view import NETWORK

        maps = self.window.panel(FeatureMapsPanel)
        maps.show_page(NETWORK)
        self.window.enter_panel(self.window.panels.panels().index(maps))

    def _watch_panels(self) -> None:
        # Imported here because they bring every kind of plot and the typesetter with them, and so pyqtgraph.
        from ui.export.exporter import FigureExporter
        from ui.export.inserter import FigureInserter
        from ui.panels.backprop.panel import BackpropPanel
        from ui.panels.report.panel import ReportPanel

        window = self.window
        for panel in window.panels.panels():
            window.pages.add(panel.has_pages, panel.turn_page)
        window.panel(BackpropPanel).header.stepRequested.connect(window.pages.forget)
        files, self._report = self.controller.files, window.panel(ReportPanel)
        self.inserter = FigureInserter(window.panels, self.state, self._report, files, self)
        self.exporter = FigureExporter(
            window, self.state, self._settings, self.document.picture, self.inserter.insert, files
        )
        for part in (*window.panels.panels(), window.compare, window.samples, window.timeline):
            self.exporter.watch(part)
        window.samples.windowMade.connect(self.exporter.watch)

    def _may_close(self) -> bool:
        if self._started:
            self.lab.control.finish()  # so that what was typed is written
        if self._started and not self.autosave.write_now() and not ask_about_unkept_work(self.window):
            return False
        return self.document.may_close() and self._may_leave_files()

    @property
    def _report_waits(self) -> bool:
        """Whether a report is to be written as soon as its lab is measured."""
        return self._started and self._report.exporter.is_waiting

    def _may_leave_files(self) -> bool:
        """Whether all files are written; else the window closes when they are, or when the user insists."""
        if self.controller.files.is_idle and not self._report_waits:
            return True
        if not self._closes_when_written:
            self._close_when_written()
        elif ask_about_unwritten_files(self.window):
            self.controller.abandon_files()
            return True
        return False

    def _close_when_written(self) -> None:
        self._closes_when_written = True
        self.state.raise_notice(
            "window", "info", "A file is still being written. The window closes when the file is complete."
        )

    def _on_files_written(self, succeeded: bool) -> None:
        if self._closes_when_written and self.controller.files.is_idle and not self._report_waits:
            self._closes_when_written = False
            self.state.clear_notice("window")
            if succeeded or self._ends_early:
                self.window.close()

    def _on_window_closing(self) -> None:
        if self._started:
            self.lab.control.finish()
            keep = self._ends_early or (self.document.path is None and self.document.is_worth_keeping)
            self.autosave.finish(keep=keep, is_closed=not self._ends_early)
            self.document.remember_last()
        self._save_layout()
        self.controller.close()

    def set_theme_mode(self, mode: str) -> None:
        self.theme.set_mode(mode)
        self._settings.setValue("view/theme", mode)

    def remember_keys(self, shown: bool) -> None:
        self._settings.setValue("view/keys", shown)

    def set_motion(self, moves: bool) -> None:
        """Choose whether anything moves, and remember it: of most desktops Qt does not know."""
        self.theme.moves = moves
        self._settings.setValue("view/motion", moves)

    def open_data(self) -> None:
        path = ask_file(
            self.window,
            self._settings,
            "Import data: choose an .npz file, or any file inside an IDX or image folder",
            "Data (*.npz *.gz *ubyte* *.png *.jpg *.jpeg *.bmp);;All files (*)",
        )
        if path is not None:
            self.controller.open_data(path)
