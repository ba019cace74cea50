"""What reads each kind of file in the engine."""

from collections.abc import Callable, Mapping
from pathlib import Path

from cnnviz import checkpoint
from cnnviz.datasets import load_dataset
from cnnviz.datasets.images import read_grayscale
from cnnviz.session_state import load_session
from soak import hand_ins

MOST_SECONDS, MOST_MB, LONGEST_MESSAGE = 2.0, 500.0, 300
"""Processor seconds, megabytes beyond what was there, and letters that refusing or reading may take."""

LONGEST_OF_LABS = 1000
"""Letters that may be said of the mistakes in a lab file: three sentences, each with what may stand there."""


def _report(path: Path) -> object:
    from ui.panels.report.draft import read_copy

    return read_copy(path)


def _lab(path: Path) -> object:
    """Read a lab or a course with its figures, as the window does."""
    from ui.lab.library import read

    return read(str(path))


def _draft(path: Path) -> object:
    from ui.panels.report.draft import load_draft

    return load_draft(path)


READERS: Mapping[str, Callable[[Path], object]] = {
    "npz": load_dataset,
    "idx": load_dataset,
    "folder": load_dataset,
    "png": read_grayscale,
    "jpg": read_grayscale,
    "bmp": read_grayscale,
    "safetensors": checkpoint.load,
    "json": load_session,
    "session": load_session,
    "draft": _draft,
    "report": _report,
    "lab": _lab,
    "course": _lab,
    "hand-in.json": hand_ins.check,
    "hand-in.pdf": hand_ins.check,
    "hand-in.html": hand_ins.check,
    "hand-in.zip": hand_ins.check,
}
