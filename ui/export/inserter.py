"""Putting figures and tables of the panels into the lab report, from where they are or from the report."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import override

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QDockWidget, QWidget
from shiboken6 import isValid

from cnnviz.clock import now
from cnnviz.errors import CNNVizError
from cnnviz.report.blocks import Cell, Data
from cnnviz.report.content import BACKPROP, TRANSLATION, WORKING_PRINCIPLE
from cnnviz.report.inserts import Insert, fits_as_table, shortened
from ui.export.figures import caption_of, figures_of, panel_title
from ui.export.formats import draw_svg, natural_width
from ui.export.numbers import Table, is_empty, tables_of, to_csv
from ui.export.sheet import Figure, Sheet
from ui.export.small import small_figure, small_table
from ui.panels.analysis import Analysis, Context
from ui.panels.drawn import catch_up
from ui.panels.report.insert_choice import Complain, Give, InsertChoice
from ui.panels.report.panel import ReportPanel
from ui.state import AppState
from ui.window.panel_area import panel_of

_PLACES = {
    "training_dock": WORKING_PRINCIPLE,
    "feature_maps_dock": WORKING_PRINCIPLE,
    "translation_dock": TRANSLATION,
    "backprop_dock": BACKPROP,
}
_MOST_ROWS = 50_000  # of numbers kept with a figure; a curve of a long run has more


class FigureInserter(QObject):
    """Knows what each panel has drawn, and hands it to the report.

    * `docks`: returns the docks that hold panels, in their order.
    * `files`: finishes figures beside the window.
    """

    def __init__(
        self,
        docks: Callable[[], list[QDockWidget]],
        state: AppState,
        report: ReportPanel,
        files: Analysis,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._docks, self._state, self._report, self._files = docks, state, report, files
        self._orders = count()  # each is of a kind of its own: none takes the place of another
        self._seen: set[QWidget] = set()
        for dock in docks():
            panel = panel_of(dock)
            if panel is not None and panel is not report:
                panel.installEventFilter(self)
        report.fields.insert.choices = self.choices

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and isinstance(watched, QWidget):
            self._seen.add(watched)
        return False

    def insert(self, figure: Figure) -> None:
        """Put a figure in its place in the report, and say so; in the report itself, ask which."""
        if self._dock_of(figure.widget) is self._dock_of(self._report):
            self._report.fields.insert.ask()
            return
        key = self._place_of(figure.widget)
        self._draw(figure, partial(self._put, key), self._complain)

    def _put(self, key: str, insert: Insert) -> None:
        try:
            is_twice = self._report.add_insert(insert, key)
        except CNNVizError as error:
            self._complain(str(error))
            return
        twice = " twice now, both at this step" if is_twice else ""
        self._state.raise_notice(
            "report",
            "info" if is_twice else "success",
            f"{insert.title} is in the report{twice}, below the observations of demonstration "
            f"{self._report.number_of(key)}.",
            "Show",
            lambda: self._show_report(key),
        )

    def _complain(self, text: str) -> None:
        self._state.raise_notice("report", "error", text)

    def choices(self) -> Sequence[InsertChoice]:
        """List what the panels that have been in sight show: figures, and tables that fit on a page."""
        for panel in self._seen:
            catch_up(panel)
        found: list[InsertChoice] = []
        for dock in self._docks():
            panel = panel_of(dock)
            if panel is None or panel is self._report or panel not in self._seen:
                continue
            figures = figures_of(self._report.window(), panel)
            figures = [each for each in figures if each.kind != "window" and not is_empty(each.widget)]
            found += [self._figure_choice(panel, each) for each in figures]
            for figure in figures:
                if figure.kind == "plot":
                    found += self._table_choices(panel, figure)
        return found

    def _figure_choice(self, panel: QWidget, figure: Figure) -> InsertChoice:
        origin = partial(caption_of, self._state, figure.widget)
        draw = partial(self._draw, figure)
        return InsertChoice(
            panel_title(panel), figure.title, False, draw, origin, partial(small_figure, figure)
        )

    def _table_choices(self, panel: QWidget, figure: Figure) -> list[InsertChoice]:
        choices: list[InsertChoice] = []
        for table in tables_of(figure.widget):
            if fits_as_table(len(table), len(table.header)):
                caption = caption_of(self._state, figure.widget)
                make = partial(self._order, partial(_table_of, table, caption))
                title, picture = panel_title(panel), partial(small_table, table)
                choices.append(
                    InsertChoice(title, table.title, True, make, lambda caption=caption: caption, picture)
                )
        return choices

    def _draw(self, figure: Figure, give: Give, complain: Complain) -> None:
        if not isValid(figure.widget):
            complain("This figure is no longer on the screen. Open the menu again and choose another.")
            return
        catch_up(figure.widget)
        if is_empty(figure.widget):
            complain(
                f"{figure.title} has nothing to show yet, so it is not in the report. Train or measure what "
                "it shows, and insert it then."
            )
            return
        sheet = Sheet(figure, "print")
        try:
            svg = draw_svg(sheet)
        except CNNVizError as error:
            complain(str(error))
            return
        title, caption = shortened(figure.title), shortened(caption_of(self._state, figure.widget))
        width, tables = natural_width(sheet), tables_of(figure.widget)
        has_numbers = 0 < sum(map(len, tables)) <= _MOST_ROWS

        def finished(_context: Context) -> Insert:
            csv = to_csv(tables).decode("utf-8") if has_numbers else ""
            return Insert(title, caption, now(), svg=svg().decode("utf-8"), width_cm=width, csv=csv)

        self._order(finished, give, complain)

    def _order(self, make: Callable[[Context], Insert], give: Give, complain: Complain) -> None:
        """Have something finished, after all that was ordered before it."""
        self._files.submit(f"insert {next(self._orders)}", make, give, complain)

    def _dock_of(self, widget: QWidget) -> QDockWidget | None:
        return next((each for each in self._docks() if each.isAncestorOf(widget)), None)

    def _place_of(self, widget: QWidget) -> str:
        dock = self._dock_of(widget)
        return _PLACES.get("" if dock is None else dock.objectName(), self._report.pages.current())

    def _show_report(self, key: str) -> None:
        self._report.show_demonstration(key)
        dock = self._dock_of(self._report)
        if dock is not None:
            dock.show()
            dock.raise_()


def _table_of(table: Table, caption: str, _context: Context) -> Insert:
    rows = tuple(tuple(_cell(value) for value in row) for row in table.lines())
    return Insert(shortened(table.title), shortened(caption), now(), data=Data(table.header, rows))


def _cell(value: object) -> Cell:
    return value if isinstance(value, str | int | float) and not isinstance(value, bool) else str(value)
