"""Documents without a window: what is made of a run, and the report of one that somebody has saved."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnviz import __version__
from cnnviz.cli import Arguments
from cnnviz.datasets import Dataset
from cnnviz.document import archive
from cnnviz.document.run import RUN, KeptRun, pack_run, unpack_run
from cnnviz.document.types import FORMAT_VERSION, Data, Document, Files
from cnnviz.errors import CNNVizError, DataError
from cnnviz.evaluation import evaluate
from cnnviz.headless import describe, describe_evaluation, read_data, save, write_report
from cnnviz.history import History
from cnnviz.output import Output
from cnnviz.quantities import format_count, now
from cnnviz.runtime import one_blas_thread
from cnnviz.snapshots import Snapshot

if TYPE_CHECKING:
    from cnnviz.lab.model import Lab

_DATA = "data.npz"


def document_of(
    live: Snapshot, history: History, dataset: Dataset, words: dict[str, Any]
) -> tuple[Document, dict[str, bytes]]:
    """Return a run that was trained without a window as a document, with its members and a student's work."""
    assert live.origin is not None
    experiment = live.origin.experiment
    run, files = pack_run(KeptRun(live, history, experiment.epochs))
    document = Document(
        format_version=FORMAT_VERSION,
        version=__version__,
        saved=now(),
        experiment=experiment,
        data=Data(
            name=dataset.name[:200],
            sha256=dataset.sha256,
            path="" if dataset.path is None else str(dataset.path),
        ),
        run=run,
        words=words,
    )
    return document, files


def run_document(arguments: Arguments, path: Path, output: Output) -> int:
    """Test the run of a document as it stands, and write its report and its network.

    * Returns: exit status: 0, or 2 if a file could not be written.
    * Raises CNNVizError: if the document or its data cannot be read, or it holds no run.
    """
    # Labs are loaded by those who ask for them only.
    from cnnviz.lab.course import dataset_in
    from cnnviz.lab.record import read_work
    from cnnviz.report.bench import Bench

    document, files = archive.load(path)
    try:
        if document.run is None or RUN.model not in files:
            raise DataError("it holds no trained network")
        source = arguments.data or (Path(document.data.path) if document.data.path else None)
        classes = document.experiment.classes
        if document.data.path == _DATA and arguments.data is None:
            dataset = dataset_in(document, files).select(classes)
        else:
            dataset = read_data(source, classes, required=True)
        if document.data.sha256 not in ("", dataset.sha256):
            raise DataError(f"it was made with other data ({document.data.name}); give them by --data")
        run = unpack_run(document.run, files, dataset.name, dataset.input_shape)
    except CNNVizError as error:
        raise archive.opening_failed(path, error) from error
    experiment, network = run.experiment, run.live.network
    output.say(describe(experiment, dataset))
    output.say(f"after {format_count(run.live.step)} steps")
    with one_blas_thread:
        tested = evaluate(network, dataset.test_images, dataset.test_labels)
    output.say(describe_evaluation(tested, dataset.classes))
    if arguments.save is not None:
        with output.going_on():
            left_out = save(arguments.save, run.live, run.history, experiment, dataset, arguments)
            output.say(f"Saved the network to {arguments.save}. {left_out}".rstrip())
    if not arguments.wants_report:
        return output.status
    try:
        work, _ = read_work({**archive.filled_in(document.words, files), "lab": document.lab})
        lab = _lab_of(document, files)
    except CNNVizError as error:
        raise archive.opening_failed(path, error) from error
    bench = Bench(experiment, dataset, network, run.live.step, history=run.history)
    write_report(arguments, lab, work, bench, output)
    return output.status


def _lab_of(document: Document, files: Files) -> "Lab":
    """Return the lab that was in front: one of the program's, that in the document, or that of free work."""
    from cnnviz.lab.course import free_lab, lab_in, open_lab, shipped_labs

    if not document.lab:
        return free_lab()
    if document.lab not in shipped_labs() and "lab.toml" in files:
        return lab_in(files)[0]
    return open_lab(shipped_labs().get(document.lab, Path(document.lab)))[0]
