"""A whole run without a window: log on stdout, progress bar on stderr."""

import os
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from tqdm import tqdm

from cnnviz import __version__, checkpoint
from cnnviz.cli import Arguments
from cnnviz.datasets import Dataset, choice_note, fitting_classes, load_dataset, load_mnist, require_classes
from cnnviz.document import archive
from cnnviz.document.run import RUN, KeptRun, pack_run, unpack_run
from cnnviz.document.types import DATA_MEMBER, FORMAT_VERSION, Data, Document, Files
from cnnviz.errors import CNNVizError, DataError
from cnnviz.evaluation import Progress, evaluate
from cnnviz.experiment import Experiment, preset_of
from cnnviz.files import LONGEST_NAME, printable
from cnnviz.history import History
from cnnviz.output import INTERRUPTED, Output
from cnnviz.quantities import format_count, format_many, format_probability, format_value, now
from cnnviz.runtime import one_blas_thread
from cnnviz.snapshots import Origin
from cnnviz.training import Trainer

if TYPE_CHECKING:
    from cnnviz.lab.model import Lab
    from cnnviz.lab.record import Work
    from cnnviz.report.bench import Bench
    from cnnviz.report.blocks import Document as Report

_PARTIAL = Path("cnnviz-interrupted.safetensors")


def run(arguments: Arguments) -> int:
    """Train, or take the run in a document; test it, save it, and write its report.

    * Returns: exit status: 0, 130 after Ctrl-C, 2 if a file could not be written. The others are
      written even then, so that one full disk does not cost the whole run.
    * Raises CNNVizError: if the data, a setting or the folder of a file is at fault, or training diverges.
    """
    output = Output()
    targets = arguments.save, arguments.report, arguments.html
    require_places(*targets, new=arguments.figures)
    opened = None
    if arguments.files:
        opened = archive.load(arguments.files[0])
        made, dataset = _run_in(*opened, arguments)
        output.say(f"{describe(made.experiment, dataset)}\nafter {format_many(made.live.step, 'step')}")
        finished = True
    else:
        made, dataset, finished = _trained(arguments, output)
    live = made.live
    if finished:
        tested = evaluate(live.network, dataset.test_images, dataset.test_labels)
        output.say(f"test loss {format_value(tested.loss, 4)}")
        output.say(f"test accuracy {format_probability(tested.accuracy)}")
    target = arguments.save if finished or arguments.save is not None else _PARTIAL
    if target is not None:
        with output.going_on():
            left_out = save(target, made, dataset, arguments)
            steps = format_many(live.step, "step")
            output.say(f"Saved the network after {steps} to {target}. {left_out}".rstrip())
    if finished and arguments.wants_report:
        from cnnviz.report.bench import Bench

        lab, work = _work_in(opened, arguments)
        bench = Bench(made.experiment, dataset, live.network, live.step, history=made.history)
        write_report(arguments, lab, work, bench, output)
    return output.status if finished else INTERRUPTED


def _trained(arguments: Arguments, output: Output) -> tuple[KeptRun, Dataset, bool]:
    """Train; return the run, its data, and whether it came to its end."""
    experiment = arguments.experiment
    dataset = read_data(arguments.data, experiment.classes, required=arguments.classes is not None)
    experiment = experiment.with_classes(dataset.classes)
    trainer = Trainer(experiment.build_network(dataset.input_shape), dataset, experiment)
    output.say(describe(experiment, dataset))
    if arguments.data is not None and (note := choice_note(dataset)):
        output.say(note)
    history = History(experiment.log_every)
    history.note_settings(experiment)
    origin = Origin(0, experiment, dataset.name)
    history.snapshots.add(replace(trainer.snapshot, origin=origin), keep=True)
    with one_blas_thread:
        finished = _train(trainer, history, output)
    live = replace(trainer.snapshot, origin=origin)
    return KeptRun(live, history, experiment.epochs), dataset, finished


def save(target: Path, made: KeptRun, dataset: Dataset, of: Arguments) -> str:
    """Write a run as a document of somebody, or its weights, by the name; return what is lacking, or ""."""
    if target.suffix.lower() != archive.ENDING:
        return checkpoint.save(target, made.live, made.experiment, Data.of(dataset))
    run, files = pack_run(made)
    whose = ("author", of.author), ("roll_number", of.roll_number)
    document = Document(
        format_version=FORMAT_VERSION, version=__version__, saved=now(), experiment=made.experiment, run=run,
        data=Data.of(dataset, str(dataset.path or "")), words={name: text for name, text in whose if text},
    )  # fmt: skip
    archive.save(target, document, files)
    return ""


def write_report(arguments: Arguments, lab: "Lab", work: "Work", bench: "Bench", output: Output) -> None:
    """Write the report of a student's work on a trained network, and measure first what is not yet."""
    # Labs and typesetting are loaded by those who ask for them only.
    from cnnviz.lab.document import lab_document
    from cnnviz.lab.measured import hand_in, measured_lab, own_pixels, seed_for
    from cnnviz.report.bench import LabSettings

    record, dataset = work.record(lab), bench.dataset
    name, roll_number = arguments.author or work.author, arguments.roll_number or work.roll_number
    numbers = record.numbers
    if numbers is None:
        is_free, own = lab.is_free, own_pixels(record.own, dataset)
        with percent_bar() as progress:
            numbers = measured_lab(
                lab, dataset, seed_for(lab, roll_number), own,
                experiment=bench.experiment if is_free else None, run=bench if is_free else None,
                settings=LabSettings(sample=arguments.sample) if is_free else None,
                with_results=True, progress=progress, record=record,
            )  # fmt: skip
    handed = hand_in(lab, record, numbers, name=name, roll_number=roll_number)
    write_report_files(arguments, lab_document(lab, handed, record, numbers), output)


def _run_in(document: Document, files: Files, arguments: Arguments) -> tuple[KeptRun, Dataset]:
    """Return the run in a document and its data."""
    # Labs are loaded by those who ask for them only.
    from cnnviz.lab.course import dataset_in

    try:
        if document.run is None or RUN.model not in files:
            raise DataError("it holds no trained network")
        source = arguments.data or (Path(document.data.path) if document.data.path else None)
        classes = document.experiment.classes
        if document.data.path == DATA_MEMBER and DATA_MEMBER in files and arguments.data is None:
            dataset = dataset_in(document, files).select(classes)
        else:
            dataset = read_data(source, classes, required=True)
        if document.data.sha256 not in ("", dataset.sha256):
            raise DataError(f"it was made with other data ({document.data.name}); give them by --data")
        return unpack_run(document.run, files, dataset.name, dataset.input_shape), dataset
    except CNNVizError as error:
        raise archive.opening_failed(arguments.files[0], error) from error


def _work_in(opened: tuple[Document, Files] | None, arguments: Arguments) -> tuple["Lab", "Work"]:
    """Return the lab in a document and what was said; without a document, free work and nothing said."""
    from cnnviz.lab.course import free_lab, lab_of
    from cnnviz.lab.record import Work, read_work

    if opened is None:
        return free_lab(), Work()
    document, files = opened
    try:
        work = read_work({**archive.filled_in(document.words, files), "lab": document.lab})
        return lab_of(document, files)[0] if document.lab else free_lab(), work
    except CNNVizError as error:
        raise archive.opening_failed(arguments.files[0], error) from error


@contextmanager
def percent_bar() -> Generator[Progress]:
    """Show on a terminal the share that is done, which the context is told."""
    with tqdm(total=100, unit="%", disable=None, leave=False) as bar:

        def progress(share: float) -> None:
            bar.update(round(100 * share) - bar.n)

        yield progress


def write_report_files(arguments: Arguments, report: "Report", output: Output) -> None:
    """Write a report to all files that the command line names for it."""
    # Typesetting is loaded by those who ask for a report only.
    from cnnviz.report.html import write_html
    from cnnviz.report.pdf import write_folder, write_pdf

    for target, write in (
        (arguments.report, write_pdf),
        (arguments.html, write_html),
        (arguments.figures, write_folder),
    ):
        if target is not None:
            with output.going_on():
                write(report, target)
                output.say(f"Wrote the lab report to {target}.")


def read_data(path: Path | None, classes: tuple[str, ...], *, required: bool) -> Dataset:
    """Return MNIST with `classes`, or the data set at `path`.

    Other data that lacks some of the classes comes with as many of its own, unless they are `required`.
    """
    if path is None:
        dataset = load_mnist(range(10))
    else:
        with percent_bar() as progress:  # many pictures take half a minute
            dataset = load_dataset(path, progress=progress)
    if required or path is None:
        require_classes(dataset, classes)
        return dataset.select(classes)
    return dataset.select(fitting_classes(dataset, classes))


def require_places(*targets: Path | None, new: Path | None = None) -> None:
    """Find out before training, not after it, that a result cannot be written; `new`: a folder to be made."""
    for target in (*targets, new):
        if target is not None and not os.access(target.absolute().parent, os.W_OK | os.X_OK):
            raise CNNVizError(
                f"{target} cannot be written: its folder does not exist or is write-protected. Choose "
                "another folder."
            )
    if new is not None and os.path.lexists(new):
        raise CNNVizError(f"{new} exists already. Choose another name, or remove it.")


def describe(experiment: Experiment, dataset: Dataset) -> str:
    """Return the settings in two lines."""
    ties = "" if "ties" in experiment.unused else f"ties {experiment.ties}, "
    # They are those of folders, perhaps.
    *classes, name = (printable(each, LONGEST_NAME) for each in (*dataset.classes, dataset.name))
    return (
        f"{preset_of(experiment)}: classes {', '.join(classes)} of {name}, "
        f"{format_count(len(dataset.train_labels))} training and "
        f"{format_count(len(dataset.test_labels))} test images\n"
        f"{experiment.optimizer}, rate {format_value(experiment.learning_rate)}, "
        f"batch {experiment.batch_size}, {format_many(experiment.epochs, 'epoch')}, "
        f"{experiment.dtype}, {ties}seed {experiment.seed}"
    )


def _train(trainer: Trainer, history: History, output: Output) -> bool:
    """Train to the end; return False when Ctrl-C stopped the run early."""
    interrupted = threading.Event()

    def on_interrupt(_number: int, _frame: FrameType | None) -> None:
        if interrupted.is_set():
            raise KeyboardInterrupt
        interrupted.set()

    previous = signal.signal(signal.SIGINT, on_interrupt)
    try:
        with tqdm(total=trainer.total_steps, unit=" steps", disable=None, leave=False) as bar:
            for progress in trainer.until():
                for line in history.append(progress):
                    loss, accuracy = format_value(line.loss), format_probability(line.accuracy)
                    means = f"{line.window}: mean loss {loss}, accuracy {accuracy}"
                    with tqdm.external_write_mode():
                        output.say(f"step {format_count(line.step):>7} | {means}")
                bar.update(len(progress.losses))
                if interrupted.is_set():
                    break
    finally:
        signal.signal(signal.SIGINT, previous)
    return trainer.finished
