"""Which figures there are: plots, panels, and the whole window."""

import os
import re
from pathlib import Path

from PySide6.QtWidgets import QDialog, QDockWidget, QWidget

from cnnviz.presets import preset_of
from cnnviz.quantities import format_count, format_shift
from ui.cells.confusion_matrix import ConfusionMatrix
from ui.export.numbers import is_plot, title_of
from ui.export.sheet import Figure
from ui.panels.drawn import drawn_in
from ui.state import AppState, Shift
from ui.window.panel_area import panel_of

#: Signs of formulas, as letters that every file system knows.
_LETTERS = str.maketrans({"∂": "d", "η": "eta", "σ": "sigma", "Δ": "delta", "′": "-new"})


def plot_at(widget: QWidget | None) -> QWidget | None:
    """Return the plot that a widget is, or is a part of."""
    while widget is not None and not is_plot(widget):
        widget = None if widget.isWindow() else widget.parentWidget()
    return widget


def panel_at(widget: QWidget | None) -> QWidget | None:
    """Return the panel that a widget is in: what a dock holds, or a dialog."""
    while widget is not None and not widget.isWindow():
        parent = widget.parentWidget()
        if isinstance(parent, QDockWidget) and parent.widget() is widget:
            return panel_of(parent)
        widget = parent
    return widget if isinstance(widget, QDialog) else None


def figures_of(window: QWidget, panel: QWidget | None, plot: QWidget | None = None) -> list[Figure]:
    """List what can be exported, the likeliest first: `plot` if given, the panel, its plots, the window."""
    found: list[Figure] = []
    if panel is not None:
        kind = "window" if panel.isWindow() else "panel"
        found.append(Figure(panel, f"{panel_title(panel)} {kind}", "panel"))
        plots = [each for each in panel.findChildren(QWidget) if each.isVisibleTo(panel) and is_plot(each)]
        outer = [each for each in plots if plot_at(each.parentWidget()) is None]
        outer.sort(key=lambda each: (each.mapTo(panel, each.rect().topLeft()).y() // 24, each.x()))
        found.extend(Figure(each, title_of(each), "plot") for each in outer)
    found.append(Figure(window, "Whole window", "window"))
    if plot is not None:
        first = next((each for each in found if each.widget is plot), Figure(plot, title_of(plot), "plot"))
        found = [first, *(each for each in found if each is not first)]
    return found


def panel_title(panel: QWidget) -> str:
    """Return the title of a panel, as its tab or its window says it."""
    widget: QWidget | None = panel
    while widget is not None and not isinstance(widget, QDockWidget | QDialog):
        widget = widget.parentWidget()
    return "Part" if widget is None else widget.windowTitle().replace("&&", "&")


def has_results(widget: QWidget) -> bool:
    """Whether a widget shows results on the test images, which may be of an earlier step than the rest."""
    return isinstance(widget, ConfusionMatrix) or widget.findChild(ConfusionMatrix) is not None


def caption_of(state: AppState, widget: QWidget | None = None) -> str:
    """Return one line that says what a widget shows: preset, seed, step, sample, shift.

    Of test results it says of which step they are, when that is not the step shown.
    """
    experiment, drawn = state.experiment, drawn_in(widget, state)
    sample, shift = (state.sample, state.shift) if drawn is None else (drawn.sample, drawn.shift)
    if drawn is not None and sample is None and drawn.note:
        return " · ".join([drawn.note, *_shifted(shift)])
    parts = [f"{preset_of(experiment)}, classes {', '.join(experiment.classes)}", f"seed {experiment.seed}"]
    if drawn is not None:
        parts.append(f"step {format_count(drawn.step)}")
    tested = None if state.evaluation is None else state.evaluation.step
    is_other = tested is not None and (drawn is None or tested != drawn.step)
    if widget is not None and has_results(widget) and tested is not None and is_other:
        parts.append(f"test results of step {format_count(tested)}")
    if drawn is not None and drawn.note:
        parts.append(drawn.note)
    if sample is not None:
        what = f"test image {sample.index}" if sample.index is not None else f"own image ({sample.origin})"
        if sample.label is not None and sample.label < len(experiment.classes):
            what += f", a {experiment.classes[sample.label]}"
        parts.append(what)
    return " · ".join([*parts, *_shifted(shift)])


def _shifted(shift: Shift) -> list[str]:
    if not (shift.dx or shift.dy):
        return []
    return [f"shifted by {format_shift(shift.dx, shift.dy)}{' wrapped' if shift.wrap else ''}"]


def file_name_of(figure: Figure, state: AppState) -> str:
    """Return a file name, without its ending, that says what the figure shows."""
    step = 0 if state.shown is None else state.shown.step
    words = [figure.title, preset_of(state.experiment), f"seed{state.experiment.seed}", f"step{step}"]
    if state.sample is not None and state.sample.index is not None:
        words.append(f"image{state.sample.index}")
    slug = re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower().translate(_LETTERS)).strip("-")
    return slug[:100] or "figure"


def free_path(folder: Path, name: str, ending: str) -> Path:
    """Return a path in a folder that no file has, with a number added to the name where needed."""
    path, number = folder / f"{name}{ending}", 2
    while os.path.lexists(path) and number < 1000:
        path, number = folder / f"{name}-{number}{ending}", number + 1
    return path
