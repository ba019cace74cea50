"""The labs that can be done, and what a course brings besides its own: data, a trained network, a view."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from cnnviz.errors import DataError
from cnnviz.files import printable_name
from cnnviz.lab.course import Course, is_course, load_course, read_figure
from cnnviz.lab.figures import Picture, pictures_of
from cnnviz.lab.model import Lab
from cnnviz.lab.opening import shipped_labs
from cnnviz.lab.reading import load_lab
from cnnviz.session_state import SessionState
from cnnviz.snapshots import Origin, Snapshot
from ui.keep.session_files import SessionFiles
from ui.run.repeating import Trained
from ui.state import Source

FIRST = "lab5"
"""The lab that is open at the very first start."""


@dataclass(frozen=True, slots=True, eq=False)
class LabFile:
    """A lab as it was read."""

    # path of its file, or its id if it comes with the program: what a draft keeps to find it again
    place: str
    lab: Lab
    figures: Mapping[str, Picture | str]  # those that its texts show; of one that cannot be shown, why not
    course: Course | None = None  # what else came with it


def place_of(path: Path) -> str:
    """Return what a draft keeps to find a lab again: the id of one of the program, or the path."""
    own = next((name for name, file in shipped_labs().items() if file == path), "")
    return own or str(path.absolute())


@cache
def titles() -> tuple[tuple[str, str], ...]:
    """Return id and title of each lab of the program; to read them all takes long enough to be noticed."""
    found: list[tuple[str, str]] = []
    for name, path in sorted(shipped_labs().items(), key=lambda each: (each[0] != FIRST, each[0])):
        try:
            found.append((name, load_lab(path).title))
        except DataError:  # opening it says why
            found.append((name, name))
    return tuple(found)


def read(place: str) -> LabFile:
    """Return the lab at a place; raises `DataError` with a sentence for each of its first mistakes."""
    path = shipped_labs().get(place) or Path(place)
    if is_course(path):
        course = load_course(path)
        return LabFile(place, course.lab, pictures_of(course.figures), course)
    lab = load_lab(path)
    figures: dict[str, bytes] = {}
    for name in lab.figure_names:
        with suppress(DataError):  # the step says that it is not there
            figures[name] = read_figure(path.parent / name)
    return LabFile(place, lab, pictures_of(figures))


def run_of(course: Course, path: Path) -> Trained | None:
    """Return the trained run of a course, whose record may grow: each call gives one of its own."""
    model, record = course.model, course.history
    if model is None:
        return None
    experiment = course.lab.experiment if model.experiment is None else model.experiment
    origin = Origin(0, experiment, model.data_name, f"weights from {printable_name(path)}")
    history = None if record is None else record.forked(record.step)
    if history is not None:
        history.forked_at = None
    return Trained(Snapshot(model.step, model.network, model.optimizer, origin), history)


def bring_course(
    files: SessionFiles, course: Course, path: Path, *, with_view: bool, seed: int | None
) -> None:
    """Begin the run of a course; a trained network that would be lost is asked about first.

    * `with_view`: whether to show what the course shows first; else only the network in which it begins.
    * `seed`: that of the student, for a run that is still to be trained.
    """
    state, data = files.state, course.dataset
    session = _at_the_end_of(course) if course.session is None else course.session
    if not with_view:
        session = replace(session, sample=None, dx=0, dy=0, wrap=False, pinned=None, panel="", views={})
    if seed is not None and not session.run_step:
        own = replace(session.experiment, seed=seed)
        session = replace(session, experiment=own, weights_sha256="", run_sha256="")

    def begin(source: Source | None) -> None:
        files.bring_back(session, source, printable_name(path), run_of(course, path))

    if data is not None:
        begin(Source(data, path))
    elif state.source is None or state.source.path is not None:  # a course without data is about the digits
        files.controller.open_data(None, begin)
    else:
        begin(None)


def _at_the_end_of(course: Course) -> SessionState:
    """Return a session of the network of a course that says nothing of what is shown of it."""
    model, experiment = course.model, course.lab.experiment
    if model is None:
        return SessionState(experiment=experiment)
    experiment = experiment if model.experiment is None else model.experiment
    return SessionState(
        experiment=experiment,
        data_name=model.data_name,
        data_sha256=model.data_sha256,
        step=model.step,
        run_step=model.step,
        epochs=experiment.epochs,
    )
