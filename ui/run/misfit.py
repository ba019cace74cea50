"""Whether a file that keeps a run fits the data that are open."""

from typing import NamedTuple

from cnnviz.datasets import Dataset, is_mnist
from cnnviz.errors import CNNVizError
from cnnviz.experiment import Experiment
from cnnviz.files import LONGEST_NAME, printable
from ui.run.loading import USE_MNIST, select_classes


class Misfit(NamedTuple):
    """Why a run does not fit the open data.

    * `reason`: in words, as a sentence about "it" without its full stop.
    * `remedy`: what to do first, as a sentence without its full stop.
    * `action`: what the user can be offered to do at once; empty when there is nothing.
    * `is_usable`: whether a network of the run can be used with the open data all the same: they
      have its classes and sizes, but other images.
    """

    reason: str
    remedy: str
    action: str
    is_usable: bool

    def sentence(self, name: str, what: str) -> str:
        """Return all of it about the file `name`; `what` it is, is named in the remedy."""
        return f"{name} does not fit the open data: {self.reason}. {self.remedy}, then the {what}."


def misfit_of(
    experiment: Experiment, data_name: str, data_sha256: str, source: Dataset, current: Dataset | None
) -> Misfit | None:
    """Return why the data of a run are not those that are open; None where they are, or may be.

    * `experiment`: settings of the run.
    * `data_name`, `data_sha256`: name and checksum of its data; empty when unknown.
    * `source`: the open data with all their classes.
    * `current`: these with the classes of the present run.
    """
    classes, opened = experiment.classes, printable(source.name, LONGEST_NAME)
    made_with = printable(data_name or "data without a name", LONGEST_NAME)
    is_usable = False
    try:
        dataset = select_classes(source, classes, current)
        experiment.check_fits(dataset.input_shape)
    except CNNVizError as error:
        reason = str(error).rstrip(".")
        if not set(classes) <= set(source.available_classes):
            listed = printable(", ".join(classes), LONGEST_NAME)
            reason = f"it tells {listed} apart, which {opened} does not have"
    else:
        if data_sha256 in ("", dataset.sha256):
            return None
        reason = f"it was made with other data ({made_with}) than those that are open ({opened})"
        is_usable = True
    action = USE_MNIST if is_mnist(data_sha256, classes) else ""
    remedy = f"{action} first" if action else f"Open its data first (Ctrl+D): {made_with}"
    return Misfit(reason, remedy, action, is_usable)
