"""Labs from the files that they may be in, and course files made of them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from cnnviz.checkpoint import Checkpoint
from cnnviz.datasets import Dataset, load_dataset, load_mnist
from cnnviz.history import EvaluationPoint, History
from cnnviz.lab.course import Course, is_course, load_course
from cnnviz.lab.model import Lab
from cnnviz.lab.reading import load_lab
from cnnviz.lab.showing import session_of
from cnnviz.runtime import one_blas_thread
from cnnviz.training import Trainer


def open_lab(path: Path) -> Lab:
    """Return the lab in a lab file or in a course file.

    Raises
    ------
    DataError
        If it cannot be read, or has mistakes.
    """
    return load_course(path).lab if is_course(path) else load_lab(path)


def lab_data(path: Path | None, classes: Iterable[str]) -> Dataset:
    """Return the data of a lab: MNIST for None, those in a course file, or other data.

    Raises
    ------
    CNNVizError
        If they cannot be read, or have not these classes.
    """
    if path is None:
        return load_mnist(classes)
    if not is_course(path):
        return load_dataset(path, classes)
    dataset = load_course(path).dataset
    return load_mnist(classes) if dataset is None else dataset.select(classes)


def made_course(lab: Lab, figures: Mapping[str, bytes], dataset: Dataset, *, with_data: bool) -> Course:
    """Train the network of a lab, and return a course that shows it with its curves.

    Parameters
    ----------
    lab : Lab
    figures : mapping from name to bytes
    dataset : Dataset
        With the classes of the lab.
    with_data : bool
        Whether the data are put in; MNIST need not be.
    """
    experiment = lab.experiment
    trainer = Trainer(experiment.build_network(dataset.input_shape), dataset, experiment.train_config())
    history = History(experiment.log_every)
    history.batch_size, history.epoch_images = experiment.batch_size, len(dataset.train_labels)
    with one_blas_thread():
        for step in range(0, trainer.total_steps + 1, trainer.steps_per_epoch):
            if step > trainer.step:
                history.append(trainer.advance(step - trainer.step))
            tested = trainer.evaluate()
            history.add_test(EvaluationPoint(trainer.step, tested.loss, tested.accuracy))
    model = Checkpoint(
        trainer.network, experiment, trainer.step, dataset.sha256, optimizer=trainer.optimizer_state,
        data_name=dataset.name,
    )  # fmt: skip
    session = session_of(lab.start, experiment, dataset)
    return Course(lab, figures, session, model, history, dataset if with_data else None)
