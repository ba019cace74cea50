"""The search for what a filter looks for: plain functions for the background."""

from dataclasses import dataclass

from cnnviz.datasets import Dataset
from cnnviz.excitation import ClassEvidence, Excitation, class_evidence, exciting_patches
from cnnviz.snapshots import Snapshot
from ui.panels.analysis import Context

PATCHES = 8
"""How many patches of either kind are shown."""


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """The patches of one filter, and where they were searched.

    Attributes
    ----------
    snapshot : Snapshot
    dataset : Dataset
    excitation : Excitation
    """

    snapshot: Snapshot
    dataset: Dataset
    excitation: Excitation


@dataclass(frozen=True, slots=True, eq=False)
class Averages:
    """The average evidence of each class, and what it was measured on.

    Attributes
    ----------
    snapshot : Snapshot
    dataset : Dataset
    evidence : ClassEvidence
    """

    snapshot: Snapshot
    dataset: Dataset
    evidence: ClassEvidence


def find_patches(
    snapshot: Snapshot, dataset: Dataset, layer: str, channel: int, context: Context
) -> Findings:
    """Search all test images for the patches that excite a filter most and least.

    Parameters
    ----------
    snapshot : Snapshot
    dataset : Dataset
    layer : str
        Name of a convolution.
    channel : int
        Which filter.
    context : Context
        Is told the progress, and stops the search when the result is no longer wanted.
    """
    found = exciting_patches(
        snapshot.network,
        dataset.test_images,
        layer,
        channel,
        PATCHES,
        progress=context.report,
        cancelled=lambda: context.cancelled,
    )
    return Findings(snapshot, dataset, found)


def average_evidence(snapshot: Snapshot, dataset: Dataset, stage: str, context: Context) -> Averages:
    """Average the evidence of a stage over the test images of each class.

    Parameters
    ----------
    snapshot : Snapshot
    dataset : Dataset
    stage : str
        Stage whose cells contribute.
    context : Context
        As for `find_patches`.
    """
    evidence = class_evidence(
        snapshot.network,
        dataset.test_images,
        dataset.test_labels,
        stage,
        progress=context.report,
        cancelled=lambda: context.cancelled,
    )
    return Averages(snapshot, dataset, evidence)
