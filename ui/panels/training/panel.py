"""The training panel."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, override

from PySide6.QtCore import QEvent, QSize, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnviz._types import View
from cnnviz.drawing import Box, Drawing, Ground, Look, Share
from cnnviz.drawing.page import Card, draw_card, page_drawn
from cnnviz.graphics.confusion import CONFUSION
from cnnviz.graphics.texts import VALUES
from cnnviz.quantities import format_count
from ui.choices import kept, maybe, read, whole
from ui.controls.choice_field import SegmentedControl
from ui.controls.labels import SectionTitle
from ui.controls.layouts import fill
from ui.controls.message_bar import MessageBar
from ui.controls.naming import named
from ui.controls.pace import Pace, single_shot
from ui.controls.scroll_column import ScrollColumn, place_of, scroll_later
from ui.panels.contract import Panel, Runs
from ui.panels.provenance import CatchesUp, Provenance
from ui.panels.training.curves import TrainingCurves
from ui.panels.training.filters import FiltersView
from ui.panels.training.filters import View as FilterView
from ui.panels.training.log_table import LogTable
from ui.panels.training.results import ResultsView
from ui.panels.training.settings_form import PACES, SettingsForm, SpeedControl
from ui.state import AppState, RunStatus
from ui.theme import LIGHT, Theme, follow_theme

#: Shortest time between two drawings of the log: lines that come faster cannot be read.
_LOG_MS = 200
#: Test results are drawn a little later than what else is new with them, so that no one has to wait for all.
_RESULTS_MS = 30
#: Room between the columns and at the edges, in pixels at scale 1, where there is little of it.
_LEAST_SPACE = 7
#: Of the width, what log and results get in a large window.
_RIGHT_SHARE = 0.17
#: Of up to so many classes, the numbers of images fit into any column.
_FEW_CLASSES = 6


@dataclass(frozen=True)
class _Kept:
    """What a session keeps beside what the parts say: the pace, and what is scrolled."""

    speed: float | None = maybe(float, 0, 1e6)
    log_scroll: int | None = maybe(int, 0, 10**8, kept="log.scroll")
    settings_scroll: int = whole(0, 0, 10**5, kept="settings.scroll")


class TrainingPanel(CatchesUp, Panel):
    """Settings on the left, curves and filters in the middle, log and test results on the right."""

    def __init__(self, state: AppState, runs: Runs) -> None:
        super().__init__()
        self._state, self._runs = state, runs
        self._theme = LIGHT
        self.setProperty("role", "panel")
        self._build_widgets()
        self._build_layout()
        self._follow_state()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the columns."""
        self._theme = theme
        self._fit_columns()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give a narrow panel narrower columns at its sides, or one of the two at a time."""
        super().resizeEvent(event)
        self._fit_columns()

    @override
    def event(self, event: QEvent) -> bool:
        # The style gives fields their sizes: after the theme, and without a new size of the panel.
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit_columns()
        return super().event(event)

    @override
    def minimumSizeHint(self) -> QSize:
        # With one column alone, whichever are shown now.
        side, middle = self._side_widths(roomy=False), self._middle.minimumSizeHint()
        px = self._theme.px
        switch = self._switch.sizeHint().height() + px(10)
        right = self._right.minimumSizeHint().height() + (switch if self._switch.isVisibleTo(self) else 0)
        height = max(middle.height() + switch, right) + 2 * px(12)
        return QSize(
            max(*side, middle.width(), self._switch.sizeHint().width()) + 2 * px(_LEAST_SPACE), height
        )

    def _fit_columns(self) -> None:
        px = self._theme.px
        roomy = self.width() >= px(1040)
        settings, right = self._side_widths(roomy=roomy)
        right = max(right, round(_RIGHT_SHARE * self.width()))
        # Four spaces: two between the columns, two at the edges.
        room = self.width() - self._middle.minimumSizeHint().width()
        space = (room - settings - right) // 4
        is_narrow = space < px(_LEAST_SPACE)
        if is_narrow:  # there is room for one at the side, which may then be wider
            _, roomy_right = self._side_widths(roomy=True)
            right = max(right, min(roomy_right, room - 3 * px(_LEAST_SPACE)))
        is_single = room < max(self._side_widths(roomy=False)) + 3 * px(_LEAST_SPACE)
        if is_single:
            settings = right = self.width() - 2 * px(_LEAST_SPACE)
        self._settings.setFixedWidth(settings)
        self._right.setFixedWidth(right)
        space = px(_LEAST_SPACE) if is_narrow else min(space, px(16))
        if self._columns.spacing() != space:  # or else it would ask for a new layout, and that for this again
            self._columns.setSpacing(space)
        self._columns.setContentsMargins(space, px(12), space, px(12))
        self._switch_row.setContentsMargins(space, px(10) if is_narrow else 0, space, 0)
        if is_narrow == self._switch.isHidden():
            self._switch.setVisible(is_narrow)
            self.updateGeometry()
        if is_single == self._switch.button("curves").isHidden():
            self._switch.button("curves").setVisible(is_single)
        if not is_single and self._switch.current() == "curves":
            self._switch.set_current("settings")
        page = self._switch.current()
        self._settings.setVisible(not is_narrow or page == "settings")
        self._middle.setVisible(not is_single or page == "curves")
        self._right.setVisible(not is_narrow or page == "results")

    def _side_widths(self, *, roomy: bool) -> tuple[int, int]:
        """Widths of the columns at the left and at the right."""
        px = self._theme.px
        settings = max(px(264 if roomy else 228), self._settings.minimumSizeHint().width())
        # With room for three digits in each cell of the confusion matrix, or for four where there is more.
        wide = 344 if len(self._state.experiment.classes) > _FEW_CLASSES else 300
        return settings, px(wide if roomy else 252)

    @override
    def areas(self) -> dict[str, QWidget]:
        left, middle, right = self._settings, self._middle, self._right
        return {"Settings": left, "Curves and filters": middle, "Log and results": right}

    @override
    def openers(self) -> dict[QWidget, Callable[[], object]]:
        columns = {"settings": self._settings, "curves": self._middle, "results": self._right}
        return {column: partial(self._show_column, key) for key, column in columns.items()}

    def _show_column(self, key: str) -> None:
        self._switch.set_current(key)
        self._fit_columns()

    @override
    def provenance(self) -> Provenance | None:
        """Return the moment that is shown: no image of the samples is to be seen here."""
        return None if self._state.shown is None else Provenance.of(self._state.shown)

    def _run_drawn(self, what: str) -> Provenance | None:
        """Return what shows the run up to its last step, whichever moment is shown."""
        state = self._state
        if state.live is None:
            return None
        notes: list[str] = []
        if what == "curves" and state.shown is not None and not state.follows_live:
            notes.append(f"step {format_count(state.shown.step)} is marked")
        if what == "curves" and state.ghost is not None:
            notes.append("an earlier run in grey")
        return Provenance(state.history.step, state.live.origin, note=", ".join(notes), what=what)

    @override
    def catch_up(self) -> None:
        """Draw at once what waits for its turn, so that all parts are of the same moment."""
        self._log_pace.flush()
        if self._results_timer.isActive():
            self._draw_results()
        self.curves.catch_up()

    def figure(self, look: Look) -> Drawing:
        """Curves, filters, log and test results for paper; nothing before the first step."""
        px, page, matrix = look.px, self.filters.page, self.results.matrix.content
        drawing = Drawing(Ground(Box(0, 0, self.width(), self.height()), look, ratio=0))
        if not self.curves.loss.content.seen:
            return drawing
        left, right = drawing.ground.box.columns(Share(5), Share(2), gap=px(24))
        *plots, filters = left.rows(Share(1), Share(1), px(133), gap=px(10))
        cards: list[tuple[Any, Box]] = [(self.curves.loss.card(), plots[0])]
        cards.append((self.curves.accuracy.card(), plots[1]))
        if page is not None:
            drawing.marks += page_drawn(page, filters, look).marks
        beside: list[Card[Any]] = [Card("log", VALUES, self.log.values(), "Log", self._log_title.caption())]
        if matrix is not None:
            beside.append(Card("matrix", CONFUSION, matrix, "Test images", self.results.said()))
        heights: list[float] = [card.height(right.width, look) for card in beside]
        if (mistakes := self.results.mistakes_card()) is not None:
            beside, heights = [*beside, mistakes], [*heights, Share(1)]
        cards += zip(beside, right.rows(*heights, gap=px(16)), strict=True)
        for card, box in cards:
            drawing.place(draw_card, card, box)
        return drawing

    def view_state(self) -> View:
        """Return pace, curves, filters, chosen test images, and what is scrolled."""
        return {
            **kept(
                _Kept(
                    self._state.steps_per_second,
                    self.log.scrolled_to(),
                    place_of(self._form_area.verticalScrollBar()),
                )
            ),
            **self.curves.view_state(),
            **kept(self.filters.choices, "filters."),
            **self.results.view_state(),
        }

    def restore_view(self, view: View) -> None:
        """Choose as `view_state` said."""
        found = read(_Kept, view)
        self._state.set_speed(found.speed if found.speed in PACES else None)
        self.curves.restore_view(view)
        self.filters.choose(read(FilterView, view, "filters."))
        self.results.restore_view(view)
        self.log.scroll_to(found.log_scroll)
        scroll_later(self._form_area.verticalScrollBar(), found.settings_scroll)

    def _build_widgets(self) -> None:
        self.message = MessageBar(self)
        self.form = SettingsForm(self._runs.edit, self._complain)
        self.speed = SpeedControl(self._state)
        self.curves = TrainingCurves()
        self.filters = FiltersView()
        tip = (
            "Mean loss and accuracy over the steps since the line before, on training images as they were "
            "met: what the exercise prints. Ctrl+C copies."
        )
        self.log = named(LogTable(), "Training log", tip)
        self.curves.tell = lambda: self._run_drawn("curves")
        self.log.tell = lambda: self._run_drawn("log")
        self._log_pace = Pace(_LOG_MS, self)
        self._log_pace.due.connect(self._draw_log)
        self._results_timer = single_shot(self, self._draw_results, _RESULTS_MS)
        self._new_lines: list[tuple[int, float, float]] = []
        self.results = ResultsView(self._state.choose_test_image)
        self._log_title = SectionTitle("Log")
        # Where there is no room for three columns, as on a projector, or not even for two.
        self._switch = SegmentedControl(
            [("settings", "Settings"), ("curves", "Curves"), ("results", "Results")]
        )
        self._switch.setAccessibleName("Columns of the panel")
        self._switch.set_option_tooltip("settings", "Show the settings")
        self._switch.set_option_tooltip("curves", "Show the curves and the filters")
        self._switch.set_option_tooltip("results", "Show the log and the test images")
        self._switch.button("curves").hide()
        self._switch.currentChanged.connect(self._fit_columns)

    def _build_layout(self) -> None:
        self._form_area = ScrollColumn(self.form)
        self._settings = _column(self._form_area, self.speed)
        self._right = _column(self._log_title, self.log, self.results)
        right = self._right.layout()
        assert isinstance(right, QVBoxLayout)
        right.setStretch(1, 4)
        right.setStretch(2, 5)
        self._middle = _column(self.curves, self.filters)
        self._columns = fill(QHBoxLayout(), self._settings, (self._middle, 1), self._right)
        layout = fill(QVBoxLayout(self), self.message, spacing=0)
        self._switch_row = fill(QHBoxLayout(), self._switch, 1)
        layout.addLayout(self._switch_row)
        layout.addLayout(self._columns, 1)

    def _follow_state(self) -> None:
        """Draw all that there is, and what changes."""
        state = self._state
        for signal, slot in (
            (state.draftChanged, self._on_draft_changed),
            (state.datasetChanged, self._on_dataset_changed),
            (state.historyReset, self._on_history_reset),
            (state.runChanged, self._on_run_changed),
            (state.snapshotChanged, self._on_snapshot_changed),
            (state.momentChanged, self._on_moment_changed),
            (state.ghostChanged, self._on_ghost_changed),
            (state.evaluationChanged, self._on_evaluation_changed),
        ):
            signal.connect(slot)
            slot()
        state.stepsAdded.connect(self._on_steps_added)
        state.testAdded.connect(self._on_test_added)
        state.sampleChanged.connect(self._on_sample_changed)

    @Slot()
    def _on_draft_changed(self) -> None:
        self.form.set_draft(self._state.draft)
        self.message.clear()  # what was wrong with a field is not in it any more

    @Slot()
    def _on_dataset_changed(self) -> None:
        if self._state.source is not None:
            self.form.set_class_options(self._state.source.dataset.available_classes)

    @Slot()
    def _on_run_changed(self) -> None:
        run = self._state.run
        self.curves.set_total_steps(run.total_steps)
        if run.status is not RunStatus.TRAINING:
            self.catch_up()
            self.curves.draw()

    @Slot()
    def _on_history_reset(self) -> None:
        history = self._state.history
        self._new_lines.clear()
        self.curves.set_classes(len(self._state.experiment.classes))
        self._fit_columns()
        self.curves.set_history(history)
        self.log.set_rows([line[:3] for line in history.log])
        self._log_title.set_caption(f"means of {format_count(history.log_every)} steps")
        first = history.first_step + history.log_every
        self.log.set_placeholder(f"Its first line comes at step {format_count(first)}")

    @Slot(list)
    def _on_steps_added(self, lines: list[tuple[int, float, float, int]]) -> None:
        self.curves.follow()
        self._new_lines += [line[:3] for line in lines]
        if self._new_lines:
            self._log_pace.put(None)

    @Slot()
    def _draw_log(self) -> None:
        self.log.append(self._new_lines)
        self._new_lines.clear()

    @Slot()
    def _on_test_added(self) -> None:
        if self._state.run.status is RunStatus.TRAINING:
            self.curves.follow()
        else:
            self.curves.draw()

    @Slot()
    def _on_snapshot_changed(self) -> None:
        shown = self._state.shown
        snapshots = self._state.history.snapshots
        first = snapshots[0] if len(snapshots) else None
        self.filters.show_moment(shown, first)

    @Slot()
    def _on_moment_changed(self) -> None:
        shown = self._state.shown
        self.curves.set_moment(None if shown is None or self._state.follows_live else shown.step)

    @Slot()
    def _on_ghost_changed(self) -> None:
        self.curves.set_ghost(self._state.ghost)

    @Slot()
    def _on_sample_changed(self) -> None:
        sample = self._state.sample
        self.results.set_current_sample(None if sample is None else sample.index)

    @Slot()
    def _on_evaluation_changed(self) -> None:
        if self._state.run.status is RunStatus.TRAINING:
            self._results_timer.start()
        else:
            self._draw_results()

    @Slot()
    def _draw_results(self) -> None:
        self._results_timer.stop()
        self.results.set_result(self._state.dataset, self._state.evaluation)
        self._on_sample_changed()

    def _complain(self, text: str) -> None:
        """Say what is wrong with the field that was edited last; "" when nothing is."""
        if text:
            self.message.show_message(text, "error")
        else:
            self.message.clear()


def _column(*widgets: QWidget) -> QWidget:
    column = QWidget()
    fill(QVBoxLayout(column), (widgets[0], 1), *widgets[1:], spacing=10)
    return column
