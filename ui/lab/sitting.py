"""The lab guide of one sitting: its parts joined with the window, the files and the report."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Slot

from cnnviz.errors import DataError
from ui.controls.keyboard import has_keyboard
from ui.document.window_document import WindowDocument
from ui.lab.column import LabColumn
from ui.lab.covering import Covering, Covers
from ui.lab.desk import LabDesk
from ui.lab.library import FIRST, LabFile, read, read_kept
from ui.lab.revealing import Revealer
from ui.lab.showing import OwnSeed, StepShower
from ui.lab.watch import LabWatch
from ui.panels.backprop.panel import BackpropPanel
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.report.guided import Guided
from ui.panels.report.panel import ReportPanel
from ui.run.loading import select_classes
from ui.state import PinnedCell
from ui.window.finder import Entry
from ui.window.main_window import MainWindow

_PLACE = "files"


class LabSitting(QObject):
    """Builds the lab guide; a lab is opened when the column is first in sight.

    * `covers`: over the parts of the panels.
    """

    def __init__(
        self,
        window: MainWindow,
        document: WindowDocument,
        report: ReportPanel,
        covers: Covers,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        state, controller = document.state, document.controller
        self._window, self._document, self._state, self._report = window, document, state, report
        self._is_seen = False  # whether the column was in sight since the lab was opened
        self._arrived = ""  # id of the step whose result the message tells of
        self._analysis = controller.analysis
        self.desk = LabDesk(state, report.writing, self)
        self.revealer = Revealer(self.desk, state, controller.background, self)
        self.shower = StepShower(self.desk, document, self)
        self.covering = Covering(self.desk, report.writing, state, window, covers, self)
        self.own_seed = OwnSeed(self.desk, report.writing, state, controller, self)
        self.watch = LabWatch(self.desk, state, window, document.restorer, self)
        self.column = LabColumn(self.desk, self.revealer, report.writing, state)
        window.lab_dock.setWidget(self.column)
        column = self.column
        window.lab_dock.messages = {"Not as the step": column.misfit, "Message of the lab": column.message}
        window.pages.add(self.column, self.desk.go_back, self.desk.go_on)
        window.finder.add(self._entries)
        column.showRequested.connect(self.show_me)
        self.shower.shown.connect(column.show_shown)
        self.shower.shown.connect(window.pages.forget)
        column.labRequested.connect(self.open)
        column.closeRequested.connect(self.put_away)
        column.exportRequested.connect(self._export)
        window.lab_dock.visibilityChanged.connect(self._on_visibility_changed)
        self._report.writing.opened.connect(self._on_draft_opened)
        self._report.composer.guided = self._guided
        self._report.composer.show_step = self._show_step
        self.shower.lookedAt.connect(self._show_whether_set)
        self.desk.stepChanged.connect(self._show_whether_set)
        self.desk.labChanged.connect(self._forget_result)
        self.desk.stepChanged.connect(self._on_step_changed)
        self.revealer.arrived.connect(self._on_result_arrived)
        column.message.actionRequested.connect(self._on_message_answered)
        for panel in (window.panel(FeatureMapsPanel), window.panel(BackpropPanel)):
            panel.pinRequested.connect(self._on_pin_requested)

    # --- what can be asked for ------------------------------------------------------------------------------

    @Slot()
    def show_me(self) -> None:
        """Put the window where the step in front wants it."""
        if self.desk.lab is None:
            self.enter()
        self.shower.show()

    def open_file(self, path: Path) -> None:
        """Read a lab file, and do it from where it was left; what is wrong with it becomes a notice."""
        self._read(partial(read, path), partial(self._begin, is_asked_for=True), self._complain)

    @Slot(str)
    def open(self, place: str) -> None:
        """Do a lab of the program, or the one that is in the document."""
        self._read(self._kept(place), partial(self._begin, is_asked_for=True), self._complain)

    def _kept(self, place: str) -> Callable[[], LabFile]:
        return partial(read_kept, place, self._document.carried)

    def _read(
        self, work: Callable[[], LabFile], then: Callable[[LabFile], None], otherwise: Callable[[str], None]
    ) -> None:
        self._analysis.submit("lab", lambda _context: work(), then, otherwise)

    @Slot()
    def enter(self) -> None:
        """Bring the step in front into sight and give it the keyboard."""
        self._window.lab_dock.set_shown(True)
        self.column.list_button.setChecked(False)
        who, page = self.column.page.who, self.column.page
        is_asked = who.isVisible() and not who.name.text()
        (who.name if is_asked else page.show_me).setFocus(Qt.FocusReason.ShortcutFocusReason)

    @Slot()
    def put_away(self) -> None:
        """Take the column out of sight; everything is kept."""
        self._window.lab_dock.set_shown(False)

    def go_on(self) -> None:
        """Go to the next step."""
        self._go(self.desk.go_on)

    def go_back(self) -> None:
        """Go to the step before."""
        self._go(self.desk.go_back)

    def _go(self, go: Callable[[], object]) -> None:
        """Go to another step by a key; if the column has the keyboard, so has its first button then."""
        self._window.lab_dock.set_shown(True)
        go()
        if self.column.isVisible() and has_keyboard(self.column):
            self.column.page.show_me.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def finish(self) -> None:
        """Record what has to be recorded before the draft is written the last time."""
        self.desk.finish()
        self.own_seed.stop()
        self.shower.stop()

    # --- labs -----------------------------------------------------------------------------------------------

    def _begin(self, file: LabFile, *, is_asked_for: bool, is_seen: bool = True) -> None:
        self._state.clear_notice(_PLACE)
        self._is_seen = is_seen
        self.column.figures = file.figures
        has_changed = self.desk.open(file.lab, file.place)
        self._document.carry_lab(file.members)
        if not is_seen:
            return
        if is_asked_for:
            self.shower.show_start()
        self._window.lab_dock.set_shown(True)
        if has_changed:
            self.column.message.show_message(
                "This lab file has changed since you began. Your words and predictions are kept; what "
                "you hand in names the file as it is now.",
                "warning",
            )

    def _complain(self, message: str) -> None:
        self._state.raise_notice(_PLACE, "error", message)

    @Slot(bool)
    def _on_visibility_changed(self, visible: bool) -> None:
        if visible and (self.desk.lab is None or not self._is_seen):
            self._open_last()

    def bring_back(self) -> None:
        """Open the lab of the draft out of sight, if something was done in it: the report tells of it."""
        if any(record.has_work() for record in self._report.writing.draft.labs.values()):
            self._open_last(is_seen=False)

    def _open_last(self, *, is_seen: bool = True) -> None:
        """Open the lab of the draft, or the first one if there is none or it has gone."""
        place = self._report.writing.lab or FIRST

        def fall_back(message: str) -> None:
            self._complain(message)
            if place != FIRST:
                self.open(FIRST)

        begin = partial(self._begin, is_asked_for=False, is_seen=is_seen)
        self._read(self._kept(place), begin, fall_back)

    @Slot()
    def _on_draft_opened(self) -> None:
        had_lab = self.desk.lab is not None
        self.desk.forget()
        if had_lab or self.column.isVisible():
            self._open_last(is_seen=self.column.isVisible())
        else:
            self.bring_back()

    def _guided(self, is_final: bool) -> Guided | None:
        """Return the lab for the report, if something was done in it and its data are open."""
        lab, source = self.desk.lab, self._state.source
        if lab is None or source is None or not self.desk.record.has_work():
            return None
        record = self.desk.exported() if is_final else self.desk.record
        try:
            dataset = select_classes(source.dataset, lab.experiment.classes, self._state.dataset)
        except DataError:
            return None
        return Guided(lab, record, dataset)

    def _show_step(self, title: str) -> None:
        """Bring a step into sight that something is still to be written in."""
        lab = self.desk.lab
        step = None if lab is None else next((each for each in lab.steps if each.title == title), None)
        if step is not None:
            self._window.lab_dock.set_shown(True)
            self.desk.go_to(step.id)

    @Slot()
    def _export(self) -> None:
        self.desk.finish()
        self._window.panels.bring_forward(self._report)
        self._report.export_report()

    @Slot(object)
    def _on_pin_requested(self, cell: PinnedCell | None) -> None:
        """Let a click on a cell be the prediction, where one is asked for."""
        step = self.desk.step
        if cell is None or step is None or step.prediction is None or step.prediction.kind != "cell":
            return
        if self.desk.done.is_open(step) and cell.stage == step.prediction.stage and len(cell.index) == 3:
            self.column.show_cell(tuple(cell.index))

    @Slot()
    def _show_whether_set(self) -> None:
        self.column.page.set_is_set(self.shower.is_set)

    @Slot(str)
    def _on_result_arrived(self, step_id: str) -> None:
        """Tell that the result of another step is known now."""
        lab = self.desk.lab
        if lab is not None and step_id != self._arrived:
            self._arrived = step_id
            number = lab.steps.index(lab.step(step_id)) + 1
            self.column.message.show_message(
                f"The result of step {number}, “{lab.step(step_id).title}”, is known now.", "info", "See it"
            )

    @Slot()
    def _on_message_answered(self) -> None:
        if self._arrived:
            self.column.show_result(self._arrived)

    @Slot()
    def _on_step_changed(self) -> None:
        step = self.desk.step
        if step is not None and step.id == self._arrived:
            self._forget_result()

    @Slot()
    def _forget_result(self) -> None:
        """Take back what was told of a result: it is in sight, or its lab has gone."""
        if self._arrived:
            self._arrived = ""
            self.column.message.clear()

    # --- finding --------------------------------------------------------------------------------------------

    def _entries(self) -> Iterator[Entry]:
        lab = self.desk.lab
        for number, step in enumerate(() if lab is None else lab.steps):
            yield Entry(f"Step {number + 1}: {step.title}", "Lab guide", partial(self._go_to, step.id))

    def _go_to(self, step_id: str) -> None:
        self._window.lab_dock.set_shown(True)
        self.desk.go_to(step_id)
        self.column.page.show_me.setFocus(Qt.FocusReason.ShortcutFocusReason)
