"""Labs from the files that they may be in, and course files made of them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from cnnviz.bundled import bundled
from cnnviz.checkpoint import Checkpoint
from cnnviz.datasets import Dataset, load_dataset, load_mnist
from cnnviz.errors import DataError
from cnnviz.experiment import Experiment
from cnnviz.files import printable
from cnnviz.history import EvaluationPoint, History, Snapshot
from cnnviz.lab.course import Course, is_course, load_course
from cnnviz.lab.model import Lab
from cnnviz.lab.reading import load_lab
from cnnviz.lab.showing import session_of
from cnnviz.network import weights_checksum
from cnnviz.runtime import one_blas_thread
from cnnviz.session_state import SessionState
from cnnviz.training import Trainer

_MOMENTS, _MOMENTS_BYTES = 24, 16 << 20
"""How many networks of the run a course holds besides those that it has to, and their memory at most."""


def open_lab(path: Path) -> Lab:
    """Return the lab in a lab file or in a course file.

    * Raises DataError: if it cannot be read, or has mistakes.
    """
    return load_course(path).lab if is_course(path) else load_lab(path)


def lab_data(path: Path | None, classes: Iterable[str] | None = None) -> Dataset:
    """Return the data of a lab: MNIST for None, those in a course file, or other data.

    Without classes all there are, or the first ten.

    * Raises CNNVizError: if they cannot be read, or have not these classes.
    """
    mnist = range(10) if classes is None else classes
    if path is None:
        return load_mnist(mnist)
    if not is_course(path):
        return load_dataset(path, classes)
    dataset = load_course(path).dataset
    if dataset is None:
        return load_mnist(mnist)
    return dataset if classes is None else dataset.select(classes)


def made_course(
    lab: Lab, figures: Mapping[str, bytes], dataset: Dataset, *, with_data: bool, seed: int | None = None
) -> Course:
    """Train the network of a lab, and return a course that begins where the lab does.

    The whole run is in it; what is seen at the beginning goes no further than the lab's start, so that no
    result is on the screen before it is predicted.

    * `with_data`: whether the data are put in; MNIST need not be.
    * `seed`: another one than that of the lab.
    """
    experiment = lab.experiment if seed is None else replace(lab.experiment, seed=seed)
    trainer = Trainer(experiment.build_network(dataset.input_shape), dataset, experiment.train_config())
    last = trainer.total_steps
    seen = session_of(
        lab.start,
        experiment,
        dataset,
        SessionState(experiment=experiment, step=last, run_step=last, epochs=experiment.epochs),
    )
    history = _trained(trainer, experiment, _moments(trainer, seen.step))
    model = Checkpoint(
        trainer.network, experiment, trainer.step, dataset.sha256, optimizer=trainer.optimizer_state,
        data_name=dataset.name,
    )  # fmt: skip
    shown = history.snapshots.at(seen.step).network
    session = replace(seen, run_step=seen.step, weights_sha256=weights_checksum(shown))
    return Course(lab, figures, session, model, history, dataset if with_data else None)


def _moments(trainer: Trainer, shown: int) -> list[int]:
    """Return the steps at which the network is kept: begin, end, what is shown, and some in between."""
    last = trainer.total_steps
    nbytes = sum(array.nbytes for array in trainer.network.params.values())
    count = max(min(_MOMENTS, _MOMENTS_BYTES // nbytes), 1)
    return sorted({0, shown, last, *(last * part // count for part in range(count))})


def _trained(trainer: Trainer, experiment: Experiment, moments: list[int]) -> History:
    """Train to the end, and return the record with the networks of some steps."""
    history = History(experiment.log_every, snapshot_bytes=1 << 40)
    history.batch_size, history.epoch_images = experiment.batch_size, len(trainer.dataset.train_labels)
    epochs = range(0, trainer.total_steps + 1, trainer.steps_per_epoch)
    with one_blas_thread():
        for step in sorted({*moments, *epochs}):
            for progress in trainer.until(step, 1000):
                history.append(progress)
            if step in moments:
                history.snapshots.add(Snapshot(step, trainer.network), keep=True)
            if step in epochs:
                tested = trainer.evaluate()
                history.add_test(EvaluationPoint(step, tested.loss, tested.accuracy))
    return history


@cache
def shipped_labs() -> Mapping[str, Path]:
    """Return the lab files of the program by the ids of their labs."""
    return {path.stem: path for path in sorted(bundled("labs").glob("*.toml"))}


def find_lab(named: Path) -> Path:
    """Return the file of a lab that is named by its path, or by its id if it comes with the program.

    * Raises DataError: if there is neither.
    """
    if named.exists():
        return named
    found = shipped_labs().get(str(named))
    if found is None:
        raise DataError(
            f"{printable(named)} does not exist; give the path of a lab file (.toml) or of a course "
            "(.cnnviz), or one of "
            f"{', '.join(shipped_labs())}."
        )
    return found


def known_labs(own: Path | None = None) -> dict[str, Lab]:
    """Return the labs of the program, and another one, by the SHA-256 of their text."""
    paths = [*shipped_labs().values(), *(() if own is None else (find_lab(own),))]
    return {lab.sha256: lab for lab in map(open_lab, paths)}
