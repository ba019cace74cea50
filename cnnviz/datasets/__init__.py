"""Images to learn from: MNIST, IDX folders, Keras archives and folders of pictures. Pixels stay uint8."""

from cnnviz.datasets.assembly import choice_note, fitting_classes, require_classes
from cnnviz.datasets.dataset import Dataset, to_input
from cnnviz.datasets.images import fit_image, read_grayscale
from cnnviz.datasets.load import is_mnist, load_dataset, load_mnist

__all__ = [
    "Dataset",
    "choice_note",
    "fit_image",
    "fitting_classes",
    "is_mnist",
    "load_dataset",
    "load_mnist",
    "read_grayscale",
    "require_classes",
    "to_input",
]
