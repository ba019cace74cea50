"""Mistakes of a lab that show only when it is measured: an image, a stage or a cell that is not there."""

from collections.abc import Mapping
from pathlib import Path

from cnnviz.errors import CNNVizError
from cnnviz.experiment import Experiment
from cnnviz.lab.bench import Bench
from cnnviz.lab.entries import Mistake
from cnnviz.lab.figures import check_figure
from cnnviz.lab.markup import FigureFile
from cnnviz.lab.measures import measure
from cnnviz.lab.model import Lab
from cnnviz.lab.opening import lab_data
from cnnviz.lab.toml_lines import Place, line_at, lines_of


def unmeasurable(lab: Lab, data: Path | None = None) -> list[Mistake]:
    """Measure everything on untrained networks, and return what cannot be measured.

    Parameters
    ----------
    lab : Lab
    data : Path, optional
        Data of the lab; None for MNIST.

    Raises
    ------
    CNNVizError
        If the data cannot be read, or have not the classes of the lab.
    """
    lines, mistakes = lines_of(lab.source), list[Mistake]()
    dataset = lab_data(data, lab.experiment.classes)
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
        first: list[Place] = [] if step.prediction is None else [("step", number, "prediction", "measure")]
        places = [
            *first,
            *(("step", number, "measured", each, "measure") for each in range(len(step.measured))),
        ]
        for place, measurement in zip(places, step.measurements, strict=True):
            try:
                measure(measurement, benches[experiment])
            except CNNVizError as error:
                mistakes.append(_mistake(lines, place, error))
    return sorted(set(mistakes))


def unshowable(lab: Lab, figures: Mapping[str, bytes]) -> list[Mistake]:
    """Return the figures of a lab that cannot be shown, given what is in their files."""
    lines, mistakes = lines_of(lab.source), list[Mistake]()
    for number, step in enumerate(lab.steps):
        for block in step.text:
            if isinstance(block, FigureFile) and block.name in figures:
                try:
                    check_figure(block.name, figures[block.name])
                except CNNVizError as error:
                    what = f"this figure cannot be shown: {str(error).rstrip('.')}"
                    mistakes.append(Mistake(line_at(lines, ("step", number, "text")), what))
    return mistakes


def _mistake(lines: dict[Place, int], place: Place, error: CNNVizError) -> Mistake:
    return Mistake(line_at(lines, place), f"this cannot be measured: {str(error).rstrip('.')}; correct it")
