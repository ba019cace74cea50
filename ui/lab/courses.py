"""What a course brings into the window besides its lab: data, a trained network with its curves, a view."""

from pathlib import Path

from cnnviz.files import printable_name
from cnnviz.lab.course import Course
from cnnviz.session_state import SessionState
from cnnviz.snapshots import Origin, Snapshot
from ui.keep.session_files import SessionFiles
from ui.run.repeating import Trained
from ui.state import Source


def bring_course(files: SessionFiles, course: Course, path: Path, *, with_view: bool) -> None:
    """Begin the run of a course; a trained network that would be lost is asked about first.

    Parameters
    ----------
    files : SessionFiles
    course : Course
    path : Path
        Of its file.
    with_view : bool
        Whether to show what the course shows first; else only its network.
    """
    state, model, data = files.state, course.model, course.dataset
    session = course.session if with_view and course.session is not None else _at_the_end_of(course)
    trained = None
    if model is not None:
        origin = Origin(0, session.experiment, model.data_name, f"weights from {printable_name(path)}")
        trained = Trained(Snapshot(model.step, model.network, model.optimizer, origin), course.history)

    def begin(source: Source | None) -> None:
        files.bring_back(session, source, printable_name(path), trained)

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
