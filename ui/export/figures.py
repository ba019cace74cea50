"""Which figures there are, how they are drawn anew, and what is said of them: plots, panels, the window."""

import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, override

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QDialog, QDockWidget, QWidget

from cnnviz.drawing import Box, Drawing, Ground, Table
from cnnviz.drawing.drawing import captioned
from cnnviz.drawing.marks import Image
from cnnviz.errors import CNNVizError
from cnnviz.experiment import Experiment, preset_of
from cnnviz.quantities import format_count, format_shift, with_article
from ui.controls.layouts import outwards
from ui.panels.contract import Panel
from ui.panels.provenance import Provenance, catch_up, moment_of, provenance_in, provenances_within
from ui.state import AppState, Sample
from ui.theme import DARK, LIGHT, PRINT, theme_manager
from ui.theme.tokens import scaled
from ui.window.panel_area import panel_of

MOST_ON_PAPER = 780, 470
"""Pixels at scale 1 whose letters have 7 points or more in a report, in its width and in its height."""

COLOURS = (("screen", "As on screen"), ("light", "Light"), ("dark", "Dark"), ("print", "For print"))
"""Colours that a figure can have, with their names."""


@dataclass(frozen=True, eq=False)
class Figure:
    """What can be exported.

    * `place`: title of the panel that it is in.
    """

    widget: QWidget
    title: str
    place: str = ""

    @property
    def label(self) -> str:
        """What a list calls it."""
        return self.title if self.title.startswith(self.place) else f"{self.place}: {self.title}"

    def drawing(self, colours: str = "screen", caption: str = "") -> Drawing:
        """Draw it anew, in some of `COLOURS`."""
        drawn = self._drawn(colours)
        if drawn is None or not drawn.marks:
            raise CNNVizError(f"{self.title} has nothing to show yet. Train, measure or predict it first.")
        return captioned(drawn, caption)

    def printed(self) -> Drawing:
        """Draw it for the report: with letters that can be read where it is as wide as a page, or as high."""
        drawn, (width, height) = self.drawing("print"), MOST_ON_PAPER
        box = drawn.ground.box
        scale = math.ceil(20 * max(box.width / width, box.height / height)) / 20
        larger = self._drawn("print", scale) if scale > drawn.ground.look.scale else None
        if larger is not None and larger.ground.box.width > box.width:  # it is made for paper
            larger = self._drawn("print")
        return larger or drawn

    @property
    def is_empty(self) -> bool:
        drawn = self._drawn("screen")
        return drawn is None or not drawn.marks

    def _drawn(self, colours: str, least: float = 0.0) -> Drawing | None:
        theme, draw = theme_manager().theme, getattr(self.widget, "figure", None)
        look = {"light": LIGHT, "dark": DARK, "print": PRINT}.get(colours, theme)
        return None if draw is None else draw(scaled(look, max(theme.scale, least)))


class Screenshot(Figure):
    """A window as it looks, pixel by pixel, in its own colours."""

    @override
    def _drawn(self, colours: str, least: float = 0.0) -> Drawing:
        image = self.widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width()).copy()
        box = Box(0, 0, self.widget.width(), self.widget.height())
        return Drawing(Ground(box, theme_manager().theme), [Image(box, pixels)])


def is_plot(widget: QWidget) -> bool:
    """Whether a widget is a part that is drawn of numbers, which can be had."""
    return hasattr(widget, "tables") and not isinstance(widget, Panel) and bool(_tables(widget))


def plots_in(widget: QWidget) -> list[QWidget]:
    """List the plots in sight in a part of the window, in reading order."""
    plots = [each for each in widget.findChildren(QWidget) if each.isVisibleTo(widget) and is_plot(each)]
    plots.sort(key=lambda each: (each.mapTo(widget, each.rect().topLeft()).y() // 24, each.x()))
    return plots


def _tables(widget: Any) -> list[Table]:
    return [each for each in widget.tables() if each.length]


def tables_of(widget: QWidget) -> list[Table]:
    """Return the numbers of a plot, or of all plots in sight in a part of the window, in reading order.

    A plot's only table has the name of the plot.
    """
    found: list[Table] = []
    for plot in [widget] if is_plot(widget) else plots_in(widget):
        name, tables = title_of(plot), _tables(plot)
        several = len(tables) > 1
        found += [each._replace(title=f"{name}: {each.title}" if several else name) for each in tables]
    return found


def title_of(widget: QWidget) -> str:
    """Return what a plot is called for those who cannot see it."""
    return widget.accessibleName() or widget.toolTip().split("\n")[0][:60] or type(widget).__name__


def plot_at(widget: QWidget | None) -> QWidget | None:
    """Return the plot that a widget is, or is a part of."""
    return next(filter(is_plot, outwards(widget)), None)


def panel_at(widget: QWidget | None) -> QWidget | None:
    """Return the panel that a widget is in: what a dock holds, or a dialog."""
    while widget is not None and not widget.isWindow():
        parent = widget.parentWidget()
        if isinstance(parent, QDockWidget) and parent.widget() is widget:
            return panel_of(parent)
        widget = parent
    return widget if isinstance(widget, QDialog) else None


def figures_of(panel: QWidget | None, plot: QWidget | None = None) -> list[Figure]:
    """List figures that show something, the likeliest first: `plot` if given, the panel, its plots."""
    if panel is None:
        return [] if plot is None else [Figure(plot, title_of(plot))]
    catch_up(panel)
    place, first = panel_title(panel), []
    outer = [each for each in plots_in(panel) if plot_at(each.parentWidget()) is None]
    if plot is not None:
        title = title_of(plot)
        first = [Figure(plot, title, place if panel.isAncestorOf(plot) else title)]
    found = [
        *first,
        Figure(panel, f"{place} {'window' if panel.isWindow() else 'panel'}", place),
        *(Figure(each, title_of(each), place) for each in outer if each is not plot),
    ]
    return [each for each in found if not each.is_empty]


def panel_title(panel: QWidget) -> str:
    """Return the title of a panel, as its tab or its window says it."""
    titles = (each.windowTitle() for each in outwards(panel) if isinstance(each, QDockWidget | QDialog))
    return next(titles, panel.accessibleName()).replace("&&", "&")


def caption_of(state: AppState, widget: QWidget | None = None) -> str:
    """Return one line that says what a widget shows: preset, seed, step, choices, sample, shift.

    All of it is of the run, the moment and the image that were drawn, whatever the program shows by now. Of
    parts that are of another moment or run, or that depend on choices of their own, it says of which.
    """
    drawn = provenance_in(widget, state)
    if drawn is None:
        return " · ".join(_run(state.experiment))
    origin, within = drawn.origin, [] if widget is None else provenances_within(widget)
    moment = "" if origin is None and drawn.note else f"step {format_count(drawn.step)}"  # none if made up
    parts = [] if origin is None else [*_run(origin.experiment, origin.data), origin.note]
    parts += [moment, drawn.what, drawn.note, *drawn.choices]
    parts += [_part(each, drawn) for each in within if each.what]
    if drawn.sample is not None:
        parts.append(_image(drawn.sample, () if origin is None else origin.experiment.classes))
    if drawn.shift.dx or drawn.shift.dy:
        parts.append(f"shifted by {format_shift(drawn.shift.dx, drawn.shift.dy)}")
    return " · ".join(dict.fromkeys(filter(None, parts)))


def _run(experiment: Experiment, data: str = "MNIST") -> list[str]:
    of = "" if data == "MNIST" else f" of {data}"
    classes = ", ".join(experiment.classes)
    return [f"{preset_of(experiment)}, classes {classes}{of}", f"seed {experiment.seed}"]


def _part(part: Provenance, whole: Provenance) -> str:
    """Say of a part what the whole does not: its moment, if it is another one, and its own choices."""
    is_of_another = (part.step, _run_id(part)) != (whole.step, _run_id(whole))
    moment = f" of {moment_of(part.step, part.origin, whole.origin)}" if is_of_another else ""
    choices = ", ".join(each for each in part.choices if each not in whole.choices)
    return f"{part.what}{moment}{choices and f': {choices}'}" if moment or choices else ""


def _run_id(drawn: Provenance) -> int | None:
    return None if drawn.origin is None else drawn.origin.run_id


def _image(sample: Sample, classes: Sequence[str]) -> str:
    what = f"own image ({sample.origin})" if sample.index is None else f"test image {sample.index}"
    label = sample.label
    return what if label is None or label >= len(classes) else f"{what}, {with_article(classes[label])}"


def file_name_of(figure: Figure, state: AppState) -> str:
    """Return a file name, without its ending, that says what the figure shows."""
    drawn = provenance_in(figure.widget, state)
    origin = None if drawn is None else drawn.origin
    experiment = state.experiment if origin is None else origin.experiment
    step = 0 if drawn is None else drawn.step
    words = [figure.title, preset_of(experiment), f"seed{experiment.seed}", f"step{step}"]
    if drawn is not None and drawn.sample is not None and drawn.sample.index is not None:
        words.append(f"image{drawn.sample.index}")
    slug = re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower()).strip("-")
    return slug[:100] or "figure"


def free_path(folder: Path, name: str, ending: str) -> Path:
    """Return a path in a folder that no file has, with a number added to the name where needed."""
    path, number = folder / f"{name}{ending}", 2
    while os.path.lexists(path) and number < 1000:
        path, number = folder / f"{name}-{number}{ending}", number + 1
    return path
