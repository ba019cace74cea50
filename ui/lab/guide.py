"""The lab guide: its parts joined with the window, the files and the report, and what happens there."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, QSettings, Qt
from PySide6.QtWidgets import QScrollArea

from cnnviz.covers import Secret
from cnnviz.document.types import LAB_MEMBER
from cnnviz.lab.course import FREE, free_lab
from cnnviz.lab.events import Event
from cnnviz.lab.record import OwnImage
from cnnviz.lab.showing import covered, secrets_of
from ui.controls.cover import Cover
from ui.controls.keyboard import has_keyboard, scroll_to
from ui.controls.layouts import outwards
from ui.controls.pace import single_shot
from ui.controls.scroll_column import scroll_later
from ui.document.window_document import WindowDocument
from ui.lab.column import LabColumn
from ui.lab.controller import LabController
from ui.lab.library import FIRST, LabFile, read, read_kept
from ui.lab.revealing import Revealer
from ui.lab.showing import StepShower
from ui.panels.backprop.panel import OF_STEP, BackpropPanel
from ui.panels.registry import PANELS
from ui.panels.report.panel import ReportPanel
from ui.panels.report.work import attempt
from ui.panels.training.panel import TrainingPanel
from ui.panels.translation.panel import TranslationPanel
from ui.panels.translation.subject import FREE as WHOLE
from ui.settings import LAB_OPEN
from ui.state import AppState, RunStatus
from ui.window.actions import action_row
from ui.window.finder import Entry
from ui.window.main_window import MainWindow
from ui.window.questions import ask_about_open_predictions

_PLACE = "files"
_WAY_OUT = f"{action_row('show_covered').key} shows what the lab covers"
_LAID_OUT_MS = 300  # by then a panel has its height that comes into sight for the first time
_FILTER = "Labs and courses (*.toml *.cnnviz);;All files (*)"


class LabGuide(QObject):
    """Builds the lab guide; a lab is opened when the column is first in sight."""

    def __init__(
        self, window: MainWindow, document: WindowDocument, report: ReportPanel, parent: QObject
    ) -> None:
        super().__init__(parent)
        state, controller = document.state, document.controller
        self._window, self._document, self._state, self._report = window, document, state, report
        self._is_seen = False  # whether the column was in sight since the lab was opened
        self._arrived = ""  # id of the step whose result the message tells of
        self._sight = single_shot(self, self._bring_into_sight, _LAID_OUT_MS)
        self._is_asked = False  # whether what the window is being put to was asked for by "Show me"
        self._last = FIRST  # lab that the guide shows when none is chosen
        self._analysis = controller.analysis
        self._complain = partial(state.raise_notice, _PLACE, "error")
        self.control = LabController(state, report.work, self)
        self.revealer = Revealer(self.control, state, controller.background, self)
        self.shower = StepShower(self.control, document, self)
        for changed in (self.control.labChanged, self.control.stepChanged, report.work.changed):
            changed.connect(self._cover)
            changed.connect(self._ask_for_cell)
        state.runChanged.connect(self._cover)
        window.lab_dock.visibilityChanged.connect(self._cover)
        window.menus.action("presenter").toggled.connect(self._cover)  # which may find the guide closed
        Happenings(self.control, document, window, self)
        acts = self.show_me, self.open, self.ask
        self.column = column = LabColumn(self.control, self.revealer, report.work, state, *acts)
        window.lab_dock.setWidget(column)
        window.lab_dock.messages = {"Message of the lab": column.message}
        window.pages.add(self.column.isVisible, self.control.turn)
        window.finder.add(self._entries)
        self.shower.shown.connect(self._on_step_shown)
        column.close_button.clicked.connect(self.put_away)
        column.samples_button.clicked.connect(self.put_away)
        column.samples_button.clicked.connect(window.samples.guide_button.show)
        window.samples.guide_button.clicked.connect(self.enter)
        window.lab_dock.shown.connect(window.samples.guide_button.hide)
        window.lab_dock.takesSamples.connect(column.samples_button.setVisible)
        column.export.clicked.connect(self.export)
        window.lab_dock.visibilityChanged.connect(self._on_visibility_changed)
        window.lab_dock.shown.connect(self._on_shown)
        report.work.opened.connect(self._on_work_opened)
        self._report.exporter.handed_in = self.control.exported
        self.shower.shown.connect(column.set_shown)
        window.closing.connect(self.shower.stop)
        window.closing.connect(self._sight.stop)
        self.control.labChanged.connect(self._forget_result)
        self.control.stepChanged.connect(self._on_step_changed)
        self.revealer.arrived.connect(self._on_result_arrived)
        state.pinnedChanged.connect(self._on_pinned_changed)
        for changed in (state.runChanged, state.draftChanged, self.control.stepChanged):
            changed.connect(self._call)

    def begin(self, settings: QSettings, first: Path | None) -> None:
        """Open the first lab, or the guide as it was left; remember from now on whether it is open."""
        self._document.lab_taker, self._document.finish_words = self.open_file, self.control.finish
        self._window.lab_dock.shown.connect(partial(settings.setValue, LAB_OPEN))
        if first is not None:
            self.open_file(first)
        elif settings.value(LAB_OPEN, False, type=bool):
            self._window.lab_dock.set_shown(True)
        else:
            self.bring_back()

    # --- what can be asked for ------------------------------------------------------------------------------

    def show_me(self) -> None:
        if self.control.lab is None:
            self.enter()
        self._is_asked = True
        self.shower.show()

    def _on_step_shown(self) -> None:
        """Let the keyboard go from "Show me" to the panel that was shown, where the space bar trains."""
        window, is_asked, self._is_asked = self._window, self._is_asked, False
        window.pages.forget()
        if is_asked and self.column.show_me.hasFocus():
            window.enter_panel(max(window.panels.front, 0))
        if is_asked:
            self._sight.start()

    def _bring_into_sight(self) -> None:
        """Scroll the panel in front to what the step is done with, or else to its top."""
        window, step = self._window, self.control.step
        panel = window.panels.panels()[max(window.panels.front, 0)]
        backprop, translation = window.panel(BackpropPanel), window.panel(TranslationPanel)
        places = {"swept": translation.sweep, "checked_gradient": backprop.side}
        asked = () if step is None else step.done_when
        place = next((places[each.event] for each in asked if each.event in places), panel)
        for area in (*outwards(panel), *panel.findChildren(QScrollArea)):
            if isinstance(area, QScrollArea) and (content := area.widget()) is not None:
                top = place.mapTo(content, QPoint()).y() if content.isAncestorOf(place) else 0
                scroll_later(area.verticalScrollBar(), min(top, area.verticalScrollBar().maximum()))

    def open_file(self, path: Path) -> None:
        """Read a lab file, and do it from where it was left; what is wrong with it becomes a notice."""
        self._read(partial(read, path))

    def ask(self) -> None:
        self._document.ask_open(_FILTER, "Open lab file")

    def open(self, place: str) -> None:
        self._read(partial(read_kept, place, self._document.carried))

    def _read(
        self, work: Callable[[], LabFile], otherwise: Callable[[str], None] | None = None, *,
        is_asked_for: bool = True, is_seen: bool = True,
    ) -> None:  # fmt: skip
        begin = partial(self._begin, is_asked_for=is_asked_for, is_seen=is_seen)
        self._analysis.submit("lab", lambda _context: work(), begin, otherwise or self._complain)

    def enter(self) -> None:
        self._window.lab_dock.set_shown(True)
        self.column.list_button.setChecked(False)
        who = self.column.page.who
        is_asked = who.isVisible() and not who.name.text()
        (who.name if is_asked else self.column.show_me).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def put_away(self) -> None:
        self._window.lab_dock.set_shown(False)

    def go(self, way: int) -> None:
        """Go on with 1, back with -1; if the column has the keyboard, so has its first button then."""
        self._window.lab_dock.set_shown(True)
        self.control.turn(way)
        if self.column.isVisible() and has_keyboard(self.column):
            self.column.show_me.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_covered(self) -> None:
        """Cover nothing any more, if the user insists: who presents to a class has no guide to predict in."""
        if not self._state.covered:
            self._state.raise_notice(_PLACE, "info", "The lab covers nothing now.")
        elif ask_about_open_predictions(self._window):
            self.control.show_all()

    # --- labs -----------------------------------------------------------------------------------------------

    def _begin(self, file: LabFile, *, is_asked_for: bool, is_seen: bool) -> None:
        work = self._report.work.work
        if not attempt(lambda: work.with_record(work.record(file.lab)), self._complain):
            return
        if is_asked_for:
            self._state.clear_notice(_PLACE)
            # What open predictions of the other lab ask for is covered there, too.
            now, record = self.control.lab, work.record(file.lab)
            others = (secrets_of(each) for each in file.lab.steps if record.step(each.id).is_open(each))
            is_other = now is not None and now.id != file.lab.id and self.control.is_begun
            if is_other and not self._state.covered.keys() <= frozenset().union(*others):
                if not ask_about_open_predictions(self._window, other_lab=True):
                    return
                self.control.show_all()
        self._is_seen, self._is_asked = is_seen, False
        self.column.figures = file.figures
        self.control.open(file.lab, file.place)
        self._document.carry_lab(file.members)
        if is_seen and is_asked_for:
            self.shower.show_start()
        if is_seen:
            self._window.lab_dock.set_shown(True)

    def _on_visibility_changed(self, visible: bool) -> None:
        if visible and (self.control.lab is None or not self._is_seen):
            self._open_last()

    def _on_shown(self, shown: bool) -> None:
        """Let a lab in which nothing was done go with the guide: the report is of free work then."""
        work = self._report.work
        if not shown and self.control.lab is not None and not work.record.has_work:
            self._last = work.work.lab
            self.control.forget()
            work.set_lab(free_lab(), FREE)

    def bring_back(self) -> None:
        """Open the lab of the document out of sight, if something was done in it."""
        work = self._report.work
        if work.work.lab == LAB_MEMBER or (work.record.has_work and not work.lab.is_free):
            self._open_last(is_seen=False)

    def _open_last(self, *, is_seen: bool = True) -> None:
        """Open the lab of the document, or the one before, or the first if there is none or it has gone."""
        work = self._report.work
        is_chosen = work.work.lab not in ("", FREE) or work.record.has_work
        place = work.work.lab or FREE if is_chosen else self._last

        def fall_back(message: str) -> None:
            self._complain(f"The lab of this document cannot be opened: {message.rstrip('.')}.")
            if place != FIRST:  # nobody has asked for it: the message and the window stay
                self._read(partial(read_kept, FIRST, {}), is_asked_for=False, is_seen=is_seen)

        work = partial(read_kept, place, self._document.carried)
        self._read(work, fall_back, is_asked_for=False, is_seen=is_seen)

    def _on_work_opened(self) -> None:
        self._last, had_lab = FIRST, self.control.lab is not None
        self.control.forget()
        if had_lab or self.column.isVisible():
            self._open_last(is_seen=self.column.isVisible())
        else:
            self.bring_back()

    def export(self) -> None:
        self._window.panels.bring_forward(self._report)
        self._report.exporter.ask()

    def _ask_for_cell(self) -> None:
        """Let a click choose a cell, and free none, as long as the step in front waits for one."""
        step = self.control.step
        asked = None if step is None or not self.control.done.is_open(step) else step.prediction
        self._state.asked_stage = "" if asked is None else asked.stage

    def _on_pinned_changed(self) -> None:
        cell = self._state.pinned
        if cell is None or self._document.restorer.is_busy:
            return
        if cell.stage == self._state.asked_stage and len(cell.index) == 3:
            self.column.page.prediction.show_cell(tuple(cell.index))
            scroll_to(self.column.page.prediction.commit)

    def _call(self) -> None:
        """Let the text call by their present names the button that is to be pressed, and a filter."""
        text, status, step = self.column.page.text, self._state.run.status, self.control.step
        if status not in (RunStatus.TRAINING, RunStatus.FINISHED):
            text.call(train=self._window.run_bar.train.accessibleName())
        if status is not RunStatus.TRAINING and step is not None:
            text.call(filter=self.control.filter_words(step.show.filter))

    def _on_result_arrived(self, step_id: str) -> None:
        lab = self.control.lab
        if lab is not None and step_id != self._arrived:
            self._arrived = step_id
            number = lab.steps.index(lab.step(step_id)) + 1
            said = f"The result of step {number}, “{lab.step(step_id).title}”, is known."
            act = partial(self.column.show_result, step_id)
            self.column.message.show_message(said, "info", "See it", act)

    def _on_step_changed(self) -> None:
        step = self.control.step
        if step is not None and step.id == self._arrived:
            self._forget_result()

    def _forget_result(self) -> None:
        """Take back what was told of a result: it is in sight, or its lab has gone."""
        if self._arrived:
            self._arrived = ""
            self.column.message.clear()

    # --- what is covered ------------------------------------------------------------------------------------

    def _cover(self) -> None:
        control, window = self.control, self._window
        lab, step = control.lab, control.step
        asked: Mapping[Secret, str] = {}
        if lab is not None and step is not None and (control.is_begun or window.lab_dock.isVisible()):
            asked = covered(
                lab, control.record, step, is_run_of=control.is_run_of, is_at_end=control.is_at_end,
                is_shown=lambda each: bool(control.work.seen(each)), is_begun=control.is_begun,
            )  # fmt: skip
        of, way = ("presenter", "leave presenter mode") if window.is_presenting else ("lab", "open the guide")
        there = "" if window.lab_dock.isVisible() else f"; to predict, {way} ({action_row(of).key})"
        self._state.set_covered(asked, f"{_WAY_OUT}{there}.")
        control.note_shown()

    # --- finding --------------------------------------------------------------------------------------------

    def _entries(self) -> Iterator[Entry]:
        lab = self.control.lab
        for number, step in enumerate(() if lab is None else lab.steps):
            yield Entry(f"Step {number + 1}: {step.title}", "Lab guide", partial(self._go_to, step.id))

    def _go_to(self, step_id: str) -> None:
        self._window.lab_dock.set_shown(True)
        self.control.go_to(step_id)
        self.column.show_me.setFocus(Qt.FocusReason.ShortcutFocusReason)


def put_covers(window: MainWindow, state: AppState) -> None:
    """Put covers over the parts that are covered as a whole, each for what it shows.

    Parts that show more besides ask the state by themselves (`AppState.why_covered`): the status line, the
    timeline, the captions of samples, the drawing of the network, the cells of Filters & maps and of
    Backprop, who gets the gradient of a window, the steps of Backprop, the report.
    """
    training, translation = window.panel(TrainingPanel), window.panel(TranslationPanel)
    samples, backprop = window.samples, window.panel(BackpropPanel)
    own, said = (Secret.ANSWERS, Secret.PREDICTION), (Secret.SHIFT, Secret.ANSWERS)
    moved = Secret.SHIFT, Secret.CELLS
    parts = (
        (training.curves.accuracy, "Accuracy", (Secret.TEST,)),
        (training.results, "Test images", (Secret.TEST, Secret.LOSS, Secret.ANSWERS)),
        (training.log, "", (Secret.TEST, Secret.LOSS)),
        (training.curves.loss, "Loss", (Secret.LOSS,)),
        (samples.bars, "", own),
        (samples.said, "", own),
        (translation.maps_part, "Maps", moved),
        (translation.winners_part, "Winners of max pooling", (*moved, Secret.ROUTE, Secret.FIELD)),
        (translation.lesson, "", said),
        (translation.strip, "", (Secret.SHIFT,)),
        (translation.predictions, "", said),
        (translation.statement, "", said),
        (translation.sweep, "Sweep", (Secret.SHIFT, Secret.FLIPS)),
        (backprop.stack, "Values of this step", (Secret.ANSWERS, Secret.CELLS)),
        (backprop.side, "Inspector", (*OF_STEP, Secret.CHECK)),
    )
    covers = [(Cover(part, title), hidden) for part, title, hidden in parts]
    step = Cover(backprop.header.sentence, "What happens in this step")  # says the way out for its panel

    def show() -> None:
        for cover, hidden in covers:
            cover.set_covered(state.why_covered(*hidden), state.way_out)
        step.set_covered(state.cover_text(*OF_STEP))

    state.coveredChanged.connect(show)


class Happenings(QObject):
    """The one place where what happens in the window becomes an event that a step waits for.

    What "Show me" does is not counted.
    """

    def __init__(
        self, control: LabController, document: WindowDocument, window: MainWindow, parent: QObject
    ) -> None:
        super().__init__(parent)
        state, restorer = document.state, document.restorer
        self._control, self._state, self._window, self._restorer = control, state, window, restorer
        self._dataset = state.dataset  # of the sample that is there
        self._pinned = state.pinned
        control.stepChanged.connect(self._look)
        restorer.finished.connect(self._look)
        state.runChanged.connect(self._on_run_changed)
        state.speedChanged.connect(self._on_run_changed)
        for dock in window.panels.docks():
            dock.visibilityChanged.connect(self._look)
        backprop, report = window.panel(BackpropPanel), window.panel(ReportPanel)
        model = backprop.model
        self._translation = translation = window.panel(TranslationPanel)
        translation.choices.changed.connect(self._look)
        state.sampleChanged.connect(self._on_sample_changed)
        state.pinnedChanged.connect(self._on_pinned_changed)
        for signal, name in (
            (document.controller.momentAsked, "moment"),
            (translation.sweep.manySwept, "swept"),
            (backprop.work.pokeReady, "poked"),
            (backprop.work.checkReady, "checked_gradient"),
            (model.applied, "updated"),
            (report.exporter.handed_out, "exported"),
            (report.work.inserted, "inserted"),
        ):
            signal.connect(lambda *_, name=name: self._tell(name))
        translation.moved.connect(lambda: self._tell("dragged", what=f"{state.shift.dx}, {state.shift.dy}"))
        model.choicesChanged.connect(lambda: (rule := model.choices.rule) and self._tell("rule", what=rule))
        backprop.header.stepRequested.connect(lambda n: self._tell("walked", what=model.steps[n].kind.value))

    def _tell(self, name: str, count: int = 1, what: str = "", among: str = "") -> None:
        if not self._restorer.is_busy:
            self._control.happened(Event(name, count, what, among))

    # --- what is so, however it came ------------------------------------------------------------------------

    def _look(self) -> None:
        """Tell which panel and which lesson are in sight, and whether the run of the step is at its end."""
        if not self._window.isVisible():  # it closes, and its panels with it
            return
        front = self._window.panels.front
        if front >= 0:
            self._tell("visited", what=PANELS[front].name)
        lesson = self._translation.view.lesson
        if lesson != WHOLE:
            self._tell("lesson", what=lesson)
        self._on_run_changed()

    def _on_run_changed(self) -> None:
        run, step = self._state.run, self._control.step
        if run.status is RunStatus.LOADING:
            return
        if run.step:
            self._tell("steps", run.step)
        if run.step >= run.steps_per_epoch:
            self._tell("epochs", run.step // run.steps_per_epoch)
        if run.status is RunStatus.TRAINING and self._state.steps_per_second is not None:
            self._tell("slowed")
        if run.status is RunStatus.FINISHED and step is not None and self._control.is_run_of(step):
            self._tell("finished")

    # --- what the student does ------------------------------------------------------------------------------

    def _on_sample_changed(self) -> None:
        """Tell which image was chosen; the first of other data is chosen by the program."""
        sample, before, self._dataset = self._state.sample, self._dataset, self._state.dataset
        if sample is None or self._restorer.is_busy:
            return
        if sample.index is None:
            self._tell("own_digit")
            self._control.take_own(OwnImage.of(sample.pixels, sample.label, sample.origin))
        elif before is self._dataset:
            self._tell("sampled", what=str(sample.index))

    def _on_pinned_changed(self) -> None:
        """Tell which cell of the step's network was chosen; one that goes along to another map is not."""
        cell, before, self._pinned = self._state.pinned, self._pinned, self._state.pinned
        if cell is None or self._control.mismatch:
            return
        if before is None or (before.stage, before.index[1:]) != (cell.stage, cell.index[1:]):
            self._tell("pinned", what=f"{cell.stage} {cell.index}", among=cell.stage)
