"""The first panel: the network while it trains, its settings, its curves, and how good it is."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import override

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnviz._types import View
from cnnviz.drawing import Box, Drawing, Ground, Look, Share
from cnnviz.drawing.page import Card, Item, Page, across, down, page_drawn
from cnnviz.graphics.confusion import CONFUSION
from cnnviz.graphics.flow import FLOW
from cnnviz.quantities import format_count, format_many
from ui.choices import flag, kept, maybe, read
from ui.controls.choice_field import SegmentedControl
from ui.controls.cover import is_covered
from ui.controls.labels import SectionTitle
from ui.controls.layouts import fill, named
from ui.controls.pace import Pace
from ui.controls.scroll_column import ScrollColumn
from ui.painting import qrect
from ui.panels.contract import Panel, Runs
from ui.panels.provenance import Provenance
from ui.panels.training.curves import TrainingCurves
from ui.panels.training.log_table import LogTable
from ui.panels.training.network import NetworkPart
from ui.panels.training.network import View as NetworkChoices
from ui.panels.training.results import ResultsView
from ui.panels.training.settings_form import PACES, SettingsForm, SpeedControl
from ui.state import AppState
from ui.tasks import TaskRunner
from ui.theme import follow_theme

#: Shortest time between two drawings of the log: lines that come faster cannot be read.
_LOG_MS = 200
_GAP = 14
#: Of the settings, and of log and results, in pixels at scale 1.
_SETTINGS, _RESULTS, _LEAST_RESULTS = 226, 272, 220
_PAGES = (
    ("curves", "Curves", "Show the curves below the network"),
    ("settings", "Settings", "Show the settings below the network"),
    ("results", "Results", "Show the log and the test images below the network"),
)
_LOG_TIP = (
    "Mean loss and accuracy over the steps since the line before, on training images as they were met: what "
    "the exercise prints. Ctrl+C copies."
)
_PRESENTED = "alone", "tested"  # pages that Page Down leads through; the second where there is a result


def places_in(room: Box, look: Look, form: tuple[float, float], page: str = "curves") -> dict[str, Box]:
    """Share out the panel: the network first, and by its size alone, so that nothing moves while it trains.

    * `form`: least width of the settings, and the height that they want.
    * `page`: what lies below the network where there is no room for all; or a presented page: "alone",
      network and curves, or "tested", the test images.
    * Returns: where those parts lie that are in sight.
    """
    px, gap = look.px, look.px(_GAP)
    if page == "alone":
        network, curves = room.columns(Share(62), Share(38), gap=gap)
        return {"network": network, "curves": curves}
    if page == "tested":
        return {"results": room}
    wide = max(form[0], px(_SETTINGS))
    if room.width >= px(1000) and room.height >= px(400):
        results = max(px(_RESULTS), 0.19 * room.width)
        left, middle, right = room.columns(wide, Share(1), results, gap=gap)
        curves = min(max(0.36 * room.height, px(150)), px(340))
        network, below = middle.rows(Share(1), curves, gap=gap)
        upper, lower = right.rows(Share(2), Share(1), gap=gap)
        settings, _ = left.rows(min(form[1], room.height), Share(1))
        return {"network": network, "curves": below, "settings": settings, "results": upper, "log": lower}
    if room.width >= px(760) and room.height >= px(560):
        left, right = room.columns(wide, Share(1), gap=gap)
        settings, log = left.rows(min(form[1], room.height - px(130)), Share(1), gap=gap)
        network, below = right.rows(Share(11), Share(10), gap=gap)
        curves, results = below.columns(Share(1), min(px(_RESULTS), 0.48 * below.width), gap=gap)
        return {"network": network, "curves": curves, "settings": settings, "results": results, "log": log}
    network, switch, below = room.rows(Share(11), px(30), Share(8), gap=px(6))
    if page == "curves":
        return {"network": network, "curves": below, "switch": switch}
    if page == "settings":
        return {"network": network, "settings": below, "switch": switch}
    log, results = below.columns(Share(3), Share(5), gap=gap)
    return {"network": network, "results": results, "log": log, "switch": switch}


@dataclass(frozen=True)
class _Kept:
    """What a session keeps beside what the parts say: the pace, what is unfolded, whose images are shown."""

    speed: float | None = maybe(float, 0, 1e6)
    has_more: bool = flag(False, kept="settings.more")
    cell: tuple[int, ...] | None = maybe(int, kept="results.cell")


class TrainingPanel(Panel):
    """The network above its curves; settings at the left; test images and log at the right."""

    fits_parts = True  # fields get their sizes from the style, and are unfolded

    def __init__(
        self, state: AppState, runs: Runs, analysis: TaskRunner, show_cells: Callable[[], object]
    ) -> None:
        super().__init__()
        self._state = state
        self.network = NetworkPart(state, analysis, self, show_cells)
        self.form = SettingsForm(runs.edit, runs.choose_preset, self.message.show_error)
        self.speed = SpeedControl(state)
        self.curves = TrainingCurves(state, runs.train_present)
        self.log = named(LogTable(), "Training log", _LOG_TIP)
        self.curves.tell = lambda: self._run_drawn("curves")
        self.log.tell = lambda: self._run_drawn("log")
        self._log_pace = Pace(_LOG_MS, self)
        self._log_pace.due.connect(self._draw_log)
        self.results = ResultsView(state)
        self._log_title = SectionTitle("Log")
        self._switch = named(SegmentedControl(_PAGES), "Part below the network")
        self._switch.currentChanged.connect(self._fit)
        self._parts: dict[str, QWidget] = {
            "network": _column((self.network, 1)),
            "settings": _column((ScrollColumn(self.form), 1), self.speed),
            "curves": _column((self.curves, 1)),
            "results": _column((self.results, 1)),
            "log": _column(self._log_title, (self.log, 1)),
        }
        # In the order in which Tab leads on.
        for part in (self._switch, *self._parts.values()):
            part.setParent(self)
        for signal, slot in (
            (state.draftChanged, self._on_settings_changed),
            (state.datasetChanged, self._on_dataset_changed),
            (state.historyReset, self._on_history_reset),
            (state.runChanged, self._on_run_changed),
            (state.evaluationChanged, self._draw_results),
            (state.ghostChanged, self._draw_results),
            (state.momentChanged, self._on_moment_changed),
        ):
            signal.connect(slot)
            slot()
        self.paged.connect(self._fit)
        state.experimentChanged.connect(self._on_settings_changed)
        state.stepsAdded.connect(lambda lines: lines and self._log_pace.put())
        follow_theme(self)

    @override
    def minimumSizeHint(self) -> QSize:
        # The drawing of the network and what lies below it, which takes what room there is.
        px, parts = self._theme.px, (self._parts["settings"], self.curves, self.log)
        widths = (part.minimumSizeHint().width() for part in parts)
        return QSize(max(px(_LEAST_RESULTS), *widths) + 2 * px(_GAP), px(400))

    @override
    def present(self, alone: bool) -> None:
        self._turned = 0
        self.network.present(alone)
        self.results.present(alone)
        super().present(alone)

    @override
    def presented(self) -> tuple[str, ...]:
        return _PRESENTED if self._state.evaluation is not None else _PRESENTED[:1]

    @override
    def _fit(self) -> None:
        px = self._theme.px
        room = Box(0, 0, self.width(), self.height()).inset(px(_GAP), px(12))
        if not self.message.isHidden():
            high = self.message.heightForWidth(round(room.width))
            above, room = room.rows(high, Share(1), gap=px(6))
            self.message.setGeometry(qrect(above).toRect())
        high = self.form.sizeHint().height() + self.speed.sizeHint().height() + px(14)
        form = self._parts["settings"].minimumSizeHint().width(), high
        page = self.presented()[self.paging()[0]] if self._is_alone else self._switch.current()
        places = places_in(room, self._theme, form, page)
        for name, part in (*self._parts.items(), ("switch", self._switch)):
            part.setVisible(name in places)
            if name in places:
                part.setGeometry(qrect(places[name]).toRect())

    @override
    def areas(self) -> dict[str, QWidget]:
        names = {"network": "Network", "settings": "Settings", "curves": "Curves", "results": "Test images"}
        return {name: self._parts[key] for key, name in (names | {"log": "Log"}).items()}

    @override
    def openers(self) -> dict[QWidget, Callable[[], object]]:
        pages = {"curves": "curves", "settings": "settings", "results": "results", "log": "results"}
        openers = {self._parts[part]: partial(self._show_page, page) for part, page in pages.items()}
        network = self._parts["network"]
        return {self.form.rest: self._show_rest, **openers, network: partial(self.turn_page, -1)}

    def _show_page(self, page: str) -> None:
        self._switch.set_current(page)
        self.turn_page(int(page == "results") - self.paging()[0])
        self._fit()

    def _show_rest(self) -> None:
        self._show_page("settings")
        self.form.more.setChecked(True)

    @override
    def provenance(self) -> Provenance | None:
        """Return moment and image of the network that is drawn."""
        drawn = self.network.provenance()
        return drawn if drawn is not None or self._state.shown is None else Provenance.of(self._state.shown)

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
        self.curves.catch_up()

    @override
    def main(self) -> QWidget:
        return self.network.view

    def figure(self, look: Look) -> Drawing:
        """Network, curves and test results for paper; nothing before there is a network."""
        flow, matrix, mistakes = self.network.flow, self.results.matrix.content, self.results.mistakes_card()
        box, curves = Box(0, 0, self.width(), self.height()), self.curves
        if is_covered(self.results):
            matrix = mistakes = None
        if flow is None:
            return Drawing(Ground(box, look, ratio=0))
        network = Card("network", FLOW, flow, "Network", room=Share(3))
        if not curves.loss.content.seen:
            return page_drawn(Page(network), box, look)
        beside: list[Item] = []
        if matrix is not None:
            tested = self.results.summary.text()
            beside.append(Card("matrix", CONFUSION, matrix, "Test images", tested, room=None))
        beside += [] if mistakes is None else [mistakes]
        plots = (plot.card() for plot in (curves.loss, curves.accuracy) if not is_covered(plot))
        plots = across(*plots, room=Share(2))
        left, right = down(network, plots, room=Share(5)), down(*beside, room=Share(2), gap=16)
        body = across(left, right, gap=24) if beside else left
        high = max(min(box.height, 0.6 * box.width), body.least(look)[1])
        return page_drawn(Page(body), box._replace(height=high), look)

    @override
    def view_state(self) -> View:
        """Return pace, curves, filters, and chosen test images."""
        own = kept(_Kept(self._state.steps_per_second, self.form.more.isChecked(), self.results.cell))
        return own | kept(self.network.choices.value) | self.curves.view_state()

    @override
    def restore_view(self, view: View) -> None:
        found = read(_Kept, view)
        self._state.set_speed(found.speed if found.speed in PACES else None)
        self.curves.restore_view(view)
        self.network.choices.take(read(NetworkChoices, view))
        self.results.show_cell(found.cell)
        self.form.more.setChecked(found.has_more)

    def _on_settings_changed(self) -> None:
        self.form.set_settings(self._state.experiment, self._state.draft)
        self.message.clear()  # what was wrong with a field is not in it any more

    def _on_dataset_changed(self) -> None:
        if self._state.source is not None:
            self.form.set_class_options(self._state.source.dataset.available_classes)

    def _on_run_changed(self) -> None:
        if not self._state.run.is_training:
            self.catch_up()

    def _on_history_reset(self) -> None:
        history = self._state.history
        self._log_title.set_caption(f"means of {format_many(history.log_every, 'step')}")
        first = history.first_step + history.log_every
        self.log.placeholder = f"Its first line comes at step {format_count(first)}"
        self._draw_log()

    def _draw_log(self) -> None:
        self.log.show_rows(self._state.history.log)

    def _on_moment_changed(self) -> None:
        shown = self._state.shown
        self.log.set_moment(None if shown is None or self._state.follows_live else shown.step)

    def _draw_results(self) -> None:
        self.results.draw()
        self.paged.emit()  # the first result adds a page, and without one there is none


def _column(*widgets: QWidget | tuple[QWidget, int]) -> QWidget:
    column = QWidget()
    fill(QVBoxLayout(column), *widgets, spacing=8)
    return column
