"""What a course brings into the window besides its lab: data, a trained network with its curves, a view."""

from dataclasses import replace
from pathlib import Path

from cnnviz.files import printable_name
from cnnviz.lab.course import Course
from cnnviz.session_state import SessionState
from cnnviz.snapshots import Origin, Snapshot
from ui.keep.session_files import SessionFiles
from ui.run.repeating import Trained
from ui.state import Source


def run_of(course: Course, path: Path) -> Trained | None:
    """Return the trained run of a course, whose record may grow: each call gives one of its own.

    * `path`: of its file.
    """
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

    * `path`: of its file.
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
