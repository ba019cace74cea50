"""Mistakes of a lab that show only when it is measured: an image, a stage or a cell that is not there."""

from collections.abc import Iterator, Mapping
from operator import ge
from pathlib import Path

from cnnviz.datasets import Dataset
from cnnviz.errors import CNNVizError, DataError
from cnnviz.experiment import Experiment
from cnnviz.lab.course import lab_data
from cnnviz.lab.figures import check_figure
from cnnviz.lab.markup import FigureFile
from cnnviz.lab.measures import measure
from cnnviz.lab.model import Lab, Show
from cnnviz.lab.pictures import PICTURES, Case
from cnnviz.lab.toml_lines import Mistake, Place, line_at, lines_of
from cnnviz.report.bench import Bench
from cnnviz.training import steps_in_epoch


def unmeasurable(lab: Lab, data: Path | None = None) -> list[Mistake]:
    """Measure everything on untrained networks, and return what cannot be measured.

    * `data`: data of the lab; None for MNIST.
    * Raises CNNVizError: if the data cannot be read.
    """
    lines, mistakes = lines_of(lab.source), list[Mistake]()
    try:
        dataset = lab_data(data, lab.experiment.classes)
    except CNNVizError as error:
        lacking = set(lab.experiment.classes) - set(lab_data(data).available_classes)
        if not lacking:
            raise
        named = "settings" if ("settings", "classes") in lines else "preset"
        return [Mistake(line_at(lines, (named, "classes")), f"{str(error).rstrip('.')}; correct it")]
    mistakes += _unshowable(lab.start, lab.experiment, dataset, lines, ("start",))
    benches: dict[Experiment, Bench] = {}
    for number, step in enumerate(lab.steps):
        experiment = lab.experiment_of(step)
        try:
            if experiment not in benches:
                network = experiment.build_network(dataset.input_shape)
                benches[experiment] = Bench(experiment, dataset, network, 0)
        except CNNVizError as error:
            mistakes.append(_mistake(lines, ("step", number, "show", "settings"), error))
            continue
        mistakes += _unshowable(step.show, experiment, dataset, lines, ("step", number, "show"))
        first: list[Place] = [] if step.prediction is None else [("step", number, "prediction", "measure")]
        places = [
            *first,
            *(("step", number, "measured", each, "measure") for each in range(len(step.measured))),
        ]
        for place, measurement in zip(places, step.measurements, strict=True):
            try:
                measure(step.id, measurement, benches[experiment])
            except CNNVizError as error:
                mistakes.append(_mistake(lines, place, error))
        if step.reveal is not None and step.prediction is not None:
            case = Case(benches[experiment], step.prediction.measure, None)
            try:
                PICTURES[step.reveal.picture].made(case, step.reveal.parameters)
            except DataError:
                pass  # it is of a run, and there is none
            except CNNVizError as error:
                mistakes.append(_mistake(lines, ("step", number, "reveal", "picture"), error))
    return sorted(set(mistakes))


def unshowable(lab: Lab, figures: Mapping[str, bytes]) -> list[Mistake]:
    """Return the figures of a lab that cannot be shown, given what is in their files."""
    lines, mistakes = lines_of(lab.source), list[Mistake]()
    for number, step in enumerate(lab.steps):
        for block in step.blocks:
            if isinstance(block, FigureFile) and block.name in figures:
                try:
                    check_figure(block.name, figures[block.name])
                except CNNVizError as error:
                    what = f"this figure cannot be shown: {str(error).rstrip('.')}"
                    mistakes.append(Mistake(line_at(lines, ("step", number, "text")), what))
    return mistakes


def _unshowable(
    show: Show, experiment: Experiment, dataset: Dataset, lines: dict[Place, int], place: Place
) -> Iterator[Mistake]:
    """Yield what a step or the start wants to show, and the data or the network do not have."""
    count = len(dataset.test_labels)
    last = experiment.epochs * steps_in_epoch(len(dataset.train_labels), experiment.batch_size)
    if show.sample is not None and show.sample >= count:
        yield Mistake(
            line_at(lines, (*place, "sample")),
            f"there is no test image {show.sample}, for the data have images 0 to {count - 1}; choose one of "
            "them",
        )
    if isinstance(show.moment, int) and show.moment > last:
        yield Mistake(
            line_at(lines, (*place, "moment")),
            f"the run has no step {show.moment}, for it ends at step {last}; choose an earlier one, or more "
            "epochs",
        )
    if show.pinned is not None:
        stage, index = show.pinned.stage, show.pinned.index
        network = experiment.build_network(dataset.input_shape)
        shape = {"input": network.input_shape, **network.shapes}.get(stage)
        if shape is None or len(shape) != len(index) or any(map(ge, index, shape)):
            has = "no such stage" if shape is None else f"cells of the shape {shape} there"
            yield Mistake(
                line_at(lines, (*place, "pinned")),
                f"the network has no cell {list(index)} of {stage!r}: it has {has}; correct it",
            )


def _mistake(lines: dict[Place, int], place: Place, error: CNNVizError) -> Mistake:
    return Mistake(line_at(lines, place), f"this cannot be measured: {str(error).rstrip('.')}; correct it")
