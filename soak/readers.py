"""What reads each kind of file in the engine."""

from collections.abc import Callable, Mapping
from pathlib import Path

from cnnviz import checkpoint
from cnnviz.datasets import load_dataset
from cnnviz.datasets.images import read_grayscale
from cnnviz.document import archive
from cnnviz.document.run import PREPARED, RUN, unpack_run
from cnnviz.document.types import DATA_MEMBER, LAB_MEMBER
from cnnviz.errors import CNNVizError
from cnnviz.lab.course import dataset_in, lab_in
from soak import hand_ins
from ui.document.gathered import work_of
from ui.lab.library import read as read_lab

MOST_SECONDS, MOST_MB, LONGEST_MESSAGE = 2.0, 500.0, 300
"""Processor seconds, megabytes beyond what was there, and letters that refusing or reading may take."""

LONGEST_OF_LABS = 1000
"""Letters that may be said of the mistakes in a lab file: three sentences, each with what may stand there."""


def _document(path: Path) -> object:
    """Read a document with all that is in it, as the window does."""
    document, files = archive.load(path)
    try:
        if DATA_MEMBER in files:
            dataset_in(document, files)
        if LAB_MEMBER in files:
            lab_in(files)
        work_of(document, files)
        for run, names in ((document.run, RUN), (document.prepared, PREPARED)):
            if run is not None and names.model in files:
                unpack_run(run, files, document.data.name, (1, 28, 28), names)
    except CNNVizError as error:
        raise archive.opening_failed(path, error) from error
    return document


READERS: Mapping[str, Callable[[Path], object]] = {
    "npz": load_dataset,
    "idx": load_dataset,
    "folder": load_dataset,
    "png": read_grayscale,
    "jpg": read_grayscale,
    "bmp": read_grayscale,
    "safetensors": checkpoint.load,
    "view": archive.load_picture,
    "document": _document,
    "lab": read_lab,
    "course": _document,
    "hand-in.json": hand_ins.check,
    "hand-in.pdf": hand_ins.check,
    "hand-in.html": hand_ins.check,
    "hand-in.zip": hand_ins.check,
}
