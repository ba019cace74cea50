"""What a course brings into the window besides its lab: data, and a trained network with its curves."""

from pathlib import Path

from cnnviz.files import printable_name
from cnnviz.lab.course import Course
from cnnviz.snapshots import Origin, Snapshot
from ui.run.controller import Controller
from ui.state import AppState, Source


def bring_course(controller: Controller, state: AppState, course: Course, path: Path) -> None:
    """Begin the run of a course; a trained network that would be lost is asked about first.

    Parameters
    ----------
    controller : Controller
    state : AppState
    course : Course
    path : Path
        Of its file.
    """
    model, data = course.model, course.dataset
    experiment = course.lab.experiment if model is None or model.experiment is None else model.experiment
    start = None
    if model is not None:
        origin = Origin(0, experiment, model.data_name, f"weights from {printable_name(path)}")
        start = Snapshot(model.step, model.network, model.optimizer, origin)
    history = None if start is None else course.history

    def begin(source: Source | None) -> None:
        if controller.may_replace():
            controller.begin_run(experiment, start, source, history)

    if data is not None:
        begin(Source(data, path))
    elif state.source is None or state.source.path is not None:  # a course without data is about the digits
        controller.open_data(None, begin)
    else:
        begin(None)
