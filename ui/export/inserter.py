"""Putting figures of the panels into the lab report, from where they are or from the report."""

from collections.abc import Sequence
from functools import partial
from itertools import count

from PySide6.QtCore import QObject, QSize
from PySide6.QtGui import QImage
from shiboken6 import isValid

from cnnviz.drawing import Rect, to_csv, to_svg
from cnnviz.lab.model import Step
from cnnviz.quantities import now
from cnnviz.report.blocks import Insert, shortened
from ui.export.figures import Figure, caption_of, figures_of, tables_of
from ui.export.formats import CM_PER_PIXEL, to_image
from ui.panels.provenance import catch_up
from ui.panels.report.inserts import Give, InsertChoice
from ui.panels.report.panel import ReportPanel
from ui.panels.report.work import Complain, adding
from ui.state import AppState
from ui.tasks import Context, TaskRunner
from ui.window.panel_area import PanelArea

_MOST_ROWS = 50_000  # of numbers kept with a figure; a curve of a long run has more


class FigureInserter(QObject):
    """Knows what each panel has drawn, and hands it to the report."""

    def __init__(
        self, panels: PanelArea, state: AppState, report: ReportPanel, files: TaskRunner, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._panels, self._state, self._report, self._files = panels, state, report, files
        self._complain = partial(state.raise_notice, "report", "error")
        self._orders = count()  # each is of a kind of its own: none takes the place of another
        report.fields.choices = self.choices
        report.work.inserted.connect(self._tell)

    def insert(self, figure: Figure) -> None:
        """Put a figure in its place in the report, and say so; in the report itself, ask which."""
        name = self._panels.name_of(figure.widget)
        if name == self._panels.name_of(self._report):
            self._report.fields.ask_insert()
            return
        work = self._report.work
        self._draw(figure, adding(work, work.step_for(name), self._complain), self._complain)

    def _tell(self, step: Step, insert: Insert) -> None:
        """Say what was put where, and lead there from elsewhere."""
        where = f"{insert.title} is in the report, below the observations of “{step.title}”."
        way = "" if self._report.isVisible() else "Show"
        self._state.raise_notice("report", "success", where, way, lambda: self._show_report(step, insert))

    def choices(self) -> Sequence[InsertChoice]:
        """List the figures that the panels show."""
        return [
            InsertChoice(
                figure.place, figure.title, partial(self._draw, figure),
                caption_of(self._state, figure.widget), partial(_small_figure, figure),
            )
            for panel in self._panels.panels()
            for figure in figures_of(panel)
        ]  # fmt: skip

    def _draw(self, figure: Figure, give: Give, complain: Complain) -> None:
        if not isValid(figure.widget):
            complain("This figure is no longer on the screen. Open the menu again and choose another.")
            return
        catch_up(figure.widget)
        if figure.is_empty:
            complain(
                f"{figure.title} has nothing to show yet, so it was not inserted. Train, measure or "
                "predict what it shows, then insert it."
            )
            return
        drawing = figure.printed()
        unscaled = CM_PER_PIXEL / drawing.ground.look.scale
        title, caption = shortened(figure.title), shortened(caption_of(self._state, figure.widget))
        tables = tables_of(figure.widget)
        has_numbers = 0 < sum(each.length for each in tables) <= _MOST_ROWS

        def finished(_context: Context) -> Insert:
            csv = to_csv(tables).decode("utf-8") if has_numbers else ""
            svg = to_svg(drawing, figure.title, "cm", "surface", scale=unscaled)
            cards = tuple(map(shortened, drawing.cards))
            return Insert(title, caption, now(), svg=svg, csv=csv, cards=cards)

        self._files.submit(f"insert {next(self._orders)}", finished, give, complain)

    def _show_report(self, step: Step, insert: Insert) -> None:
        self._panels.bring_forward(self._report)
        if step in self._report.work.lab.steps:  # no other lab has been opened since
            self._report.show_insert(step, insert)


def _small_figure(figure: Figure, size: QSize) -> QImage | None:
    """Draw a figure in at most so many pixels, to choose by; None if it is gone."""
    if not isValid(figure.widget) or figure.is_empty:
        return None
    drawing = figure.drawing("print")
    box = drawing.ground.box
    drawing.add(Rect(box, edge="border", width=2))  # the paper is as white as what may be around it
    return to_image(drawing, min(size.width() / box.width, size.height() / box.height))
