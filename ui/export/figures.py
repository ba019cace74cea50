"""Which figures there are: plots, panels, and the whole window."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QDialog, QDockWidget, QWidget

from cnnviz.experiment import Experiment
from cnnviz.presets import preset_of
from cnnviz.quantities import format_count, format_shift
from ui.export.numbers import is_plot, plots_in, title_of
from ui.export.sheet import Figure
from ui.panels.drawn import Drawn, drawn_in, drawn_within, moment_of
from ui.state import AppState, Sample, Shift
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
        outer = [each for each in plots_in(panel) if plot_at(each.parentWidget()) is None]
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


def caption_of(state: AppState, widget: QWidget | None = None) -> str:
    """Return one line that says what a widget shows: preset, seed, step, choices, sample, shift.

    All of it is of the run, the moment and the image that were drawn, whatever the program shows by now. Of
    parts that are of another moment or run, or that depend on choices of their own, it says of which.
    """
    drawn = drawn_in(widget, state)
    if drawn is None:
        return " · ".join(_run(state.experiment))
    origin, within = drawn.origin, [] if widget is None else drawn_within(widget)
    is_made_up = origin is None and bool(drawn.note)
    parts = [] if origin is None else [*_run(origin.experiment, origin.data), origin.note]
    parts += [
        "" if is_made_up else f"step {format_count(drawn.step)}",
        drawn.what,
        drawn.note,
        *drawn.choices,
    ]
    parts += [_part(each, drawn) for each in within if each.what]
    if drawn.sample is not None:
        parts.append(_image(drawn.sample, () if origin is None else origin.experiment.classes))
    return " · ".join(dict.fromkeys(each for each in (*parts, *_shifted(drawn.shift)) if each))


def _run(experiment: Experiment, data: str = "MNIST") -> list[str]:
    of = "" if data == "MNIST" else f" of {data}"
    return [
        f"{preset_of(experiment)}, classes {', '.join(experiment.classes)}{of}",
        f"seed {experiment.seed}",
    ]


def _part(part: Drawn, whole: Drawn) -> str:
    """Say of a part what the whole does not: its moment, if it is another one, and its own choices."""
    is_of_another = (part.step, _run_id(part)) != (whole.step, _run_id(whole))
    moment = f" of {moment_of(part.step, part.origin, whole.origin)}" if is_of_another else ""
    choices = ", ".join(each for each in part.choices if each not in whole.choices)
    return f"{part.what}{moment}{choices and f': {choices}'}" if moment or choices else ""


def _run_id(drawn: Drawn) -> int | None:
    return None if drawn.origin is None else drawn.origin.run_id


def _image(sample: Sample, classes: Sequence[str]) -> str:
    what = f"own image ({sample.origin})" if sample.index is None else f"test image {sample.index}"
    label = sample.label
    return what if label is None or label >= len(classes) else f"{what}, a {classes[label]}"


def _shifted(shift: Shift) -> list[str]:
    if not (shift.dx or shift.dy):
        return []
    return [f"shifted by {format_shift(shift.dx, shift.dy)}{' wrapped' if shift.wrap else ''}"]


def file_name_of(figure: Figure, state: AppState) -> str:
    """Return a file name, without its ending, that says what the figure shows."""
    drawn = drawn_in(figure.widget, state)
    origin = None if drawn is None else drawn.origin
    experiment = state.experiment if origin is None else origin.experiment
    step = 0 if drawn is None else drawn.step
    words = [figure.title, preset_of(experiment), f"seed{experiment.seed}", f"step{step}"]
    if drawn is not None and drawn.sample is not None and drawn.sample.index is not None:
        words.append(f"image{drawn.sample.index}")
    slug = re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower().translate(_LETTERS)).strip("-")
    return slug[:100] or "figure"


def free_path(folder: Path, name: str, ending: str) -> Path:
    """Return a path in a folder that no file has, with a number added to the name where needed."""
    path, number = folder / f"{name}{ending}", 2
    while os.path.lexists(path) and number < 1000:
        path, number = folder / f"{name}-{number}{ending}", number + 1
    return path
