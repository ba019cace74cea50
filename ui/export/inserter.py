"""Putting figures and tables of the panels into the lab report, from where they are or from the report."""

from collections.abc import Callable, Sequence
from typing import override

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QDockWidget, QWidget
from shiboken6 import isValid

from cnnviz.clock import now
from cnnviz.errors import CNNVizError
from cnnviz.report.blocks import Cell, Data
from cnnviz.report.guides import BACKPROP, TRANSLATION, WORKING_PRINCIPLE
from cnnviz.report.inserts import Insert, fits_as_table, shortened
from ui.export.figures import caption_of, figures_of, panel_title
from ui.export.formats import natural_width, to_svg
from ui.export.numbers import Table, plain_value, tables_of, to_csv
from ui.export.sheet import Figure, Sheet
from ui.panels.drawn import catch_up
from ui.panels.report.inserts import InsertChoice
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

    Parameters
    ----------
    docks : callable
        Returns the docks that hold panels, in their order.
    state : AppState
    report : ReportPanel
    parent : QObject
    """

    def __init__(
        self, docks: Callable[[], list[QDockWidget]], state: AppState, report: ReportPanel, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._docks, self._state, self._report = docks, state, report
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
            self._report.fields.insert.showMenu()
            return
        key = self._place_of(figure.widget)
        try:
            is_twice = self._report.add_insert(self._drawn(figure), key)
        except CNNVizError as error:
            self._state.raise_notice("report", "error", str(error))
            return
        twice = " twice now, both at this step" if is_twice else ""
        self._state.raise_notice(
            "report",
            "info" if is_twice else "success",
            f"{figure.title} is in the report{twice}, below the observations of demonstration "
            f"{self._report.number_of(key)}.",
            "Show",
            lambda: self._show_report(key),
        )

    def choices(self) -> Sequence[InsertChoice]:
        """List everything in the panels that have been in sight: figures, and tables that fit on a page."""
        for panel in self._seen:
            catch_up(panel)
        found: list[InsertChoice] = []
        for dock in self._docks():
            panel = panel_of(dock)
            if panel is None or panel is self._report or panel not in self._seen:
                continue
            for figure in figures_of(self._report.window(), panel):
                if figure.kind != "window":
                    found.append(self._figure_choice(panel, figure))
                if figure.kind == "plot":
                    found += self._table_choices(panel, figure)
        return found

    def _figure_choice(self, panel: QWidget, figure: Figure) -> InsertChoice:
        return InsertChoice(panel_title(panel), figure.title, False, lambda: self._drawn(figure))

    def _table_choices(self, panel: QWidget, figure: Figure) -> list[InsertChoice]:
        choices: list[InsertChoice] = []
        for table in tables_of(figure.widget):
            if fits_as_table(len(table.rows), len(table.header)):
                make = _table_maker(table.title, caption_of(self._state, figure.widget), _data(table))
                choices.append(InsertChoice(panel_title(panel), table.title, True, make))
        return choices

    def _drawn(self, figure: Figure) -> Insert:
        if not isValid(figure.widget):
            raise CNNVizError(
                "This figure is no longer on the screen. Open the menu again and choose another."
            )
        catch_up(figure.widget)
        sheet = Sheet(figure, "print")
        tables = tables_of(figure.widget)
        has_numbers = 0 < sum(len(table.rows) for table in tables) <= _MOST_ROWS
        return Insert(
            shortened(figure.title),
            shortened(caption_of(self._state, figure.widget)),
            now(),
            svg=to_svg(sheet).decode("utf-8"),
            width_cm=natural_width(sheet),
            csv=to_csv(tables).decode("utf-8") if has_numbers else "",
        )

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


def _table_maker(title: str, caption: str, data: Data) -> Callable[[], Insert]:
    return lambda: Insert(shortened(title), shortened(caption), now(), data=data)


def _data(table: Table) -> Data:
    return Data(table.header, tuple(tuple(_cell(value) for value in row) for row in table.rows))


def _cell(value: object) -> Cell:
    plain = plain_value(value)
    return plain if isinstance(plain, str | int | float) and not isinstance(plain, bool) else str(plain)
