"""All shifts of one image, or of many digits, measured in the background."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cnnviz.datasets import Dataset, to_input
from cnnviz.network import Network
from cnnviz.quantities import format_count
from cnnviz.snapshots import Snapshot
from cnnviz.translation import (
    BACKGROUND,
    Curve,
    DigitSweep,
    MeasureName,
    Sweep,
    SweepSettings,
    sweep,
    sweep_many,
)
from cnnviz.translation.curves import Rings
from ui.panels.analysis import Analysis, Context, LatestOnly
from ui.panels.drawn import Drawn
from ui.panels.translation.picture import mode_of
from ui.panels.translation.subject import Subject
from ui.state import Shift

_ONE, _MANY = "translation-sweep", "translation-digits"


@dataclass(frozen=True)
class SweepKey:
    """What a sweep depends on, besides network and image.

    Attributes
    ----------
    block, pool_size : int
    relative, wrap : bool
    """

    block: int
    pool_size: int
    relative: bool
    wrap: bool

    def settings(self, background: float, limits: tuple[int, int]) -> SweepSettings:
        """Settings for the engine, with all measures."""
        dx, dy = limits
        return SweepSettings(
            dxs=range(-dx, dx + 1),
            dys=range(-dy, dy + 1),
            relative=self.relative,
            mode=mode_of(self.wrap),
            background=background,
            block=self.block,
            pool_size=self.pool_size,
        )


@dataclass(frozen=True, eq=False)
class Swept:
    """All shifts of a subject, or of many digits, in one form.

    Attributes
    ----------
    key : SweepKey
    snapshot : Snapshot
        The network, and of which run and step it is.
    origin : object
        What the image comes from; the data set for many digits.
    drawn : Drawn
        What is to be seen where this is drawn.
    dxs, dys : tuple of int
    values, spread : mapping from measure to mapping from stage to ndarray of shape (rows, columns)
        `spread` is empty for a single image.
    curves : mapping from measure to mapping from stage to Curve
    ink_lost : ndarray of shape (rows, columns)
        Share of the ink that each shift pushes out of the image; the mean over many digits.
    digits : int
        How many images were moved.
    """

    key: SweepKey
    snapshot: Snapshot
    origin: object
    drawn: Drawn
    dxs: tuple[int, ...]
    dys: tuple[int, ...]
    values: Mapping[MeasureName, Mapping[str, np.ndarray[Any, Any]]]
    spread: Mapping[MeasureName, Mapping[str, np.ndarray[Any, Any]]]
    curves: Mapping[MeasureName, Mapping[str, Curve]]
    ink_lost: np.ndarray[Any, Any]
    digits: int = 1

    @property
    def network(self) -> Network:
        """The network."""
        return self.snapshot.network


class Sweeps:
    """Has one image swept, or many digits.

    Parameters
    ----------
    analysis, background : Analysis
        For what the pointer waits for, and for what takes long.
    on_one, on_many : callable
        Called with the result, in the GUI thread.
    on_failed : callable
        Called with the text of an error and whether it concerns many digits.
    """

    def __init__(
        self,
        analysis: Analysis,
        background: Analysis,
        on_one: Callable[[Swept], None],
        on_many: Callable[[Swept], None],
        on_failed: Callable[[str, bool], None],
    ) -> None:
        self._background = background
        self._on_many = on_many
        self._on_failed = on_failed
        self._calm = LatestOnly(background, _ONE, on_one, self._on_one_failed)
        self._quick = LatestOnly(analysis, _ONE, on_one, self._on_one_failed)

    def request_one(self, subject: Subject, key: SweepKey) -> None:
        """Move one image to all places."""

        def work(context: Context) -> Swept:
            settings = key.settings(subject.background, subject.limits)
            found = sweep(
                subject.network,
                subject.image,
                settings,
                label=subject.label,
                cancelled=lambda: context.cancelled,
            )
            return _one_swept(subject, key, found)

        # While many digits are measured, one more must not wait for them.
        jobs = self._quick if self._background.is_busy(_MANY) else self._calm
        jobs.request(work)

    def request_many(
        self,
        subject: Subject,
        dataset: Dataset,
        digits: int,
        key: SweepKey,
        on_progress: Callable[[float], None],
    ) -> None:
        """Move the first test images to all places, with the network of a subject."""
        snapshot, limits = subject.snapshot, subject.limits
        images, labels = dataset.test_images[:digits], dataset.test_labels[:digits]

        def work(context: Context) -> Swept:
            found = sweep_many(
                snapshot.network,
                to_input(images, snapshot.network.dtype),
                labels,
                key.settings(BACKGROUND, limits),
                progress=context.report,
                cancelled=lambda: context.cancelled,
            )
            return _many_swept(snapshot, dataset, key, found)

        self._background.submit(_MANY, work, self._on_many, self._on_many_failed, on_progress)

    def cancel_many(self) -> None:
        """Stop moving many digits."""
        self._background.cancel(_MANY)

    def _on_one_failed(self, message: str) -> None:
        self._on_failed(message, False)

    def _on_many_failed(self, message: str) -> None:
        self._on_failed(message, True)


def _one_swept(subject: Subject, key: SweepKey, found: Sweep) -> Swept:
    rings = Rings(found.dxs, found.dys)
    curves: dict[MeasureName, Mapping[str, Curve]] = {
        name: {stage: rings.curve(values) for stage, values in stages.items()}
        for name, stages in found.values.items()
    }
    return Swept(
        key,
        subject.snapshot,
        subject.origin,
        replace(subject.drawn(Shift()), what="sweep"),
        tuple(found.dxs.tolist()),
        tuple(found.dys.tolist()),
        found.values,
        {},
        curves,
        found.ink_lost,
    )


def _many_swept(snapshot: Snapshot, dataset: Dataset, key: SweepKey, found: DigitSweep) -> Swept:
    return Swept(
        key,
        snapshot,
        dataset,
        Drawn.of(snapshot, note=f"the first {format_count(found.digits)} test images", what="sweep"),
        tuple(found.dxs.tolist()),
        tuple(found.dys.tolist()),
        found.mean,
        found.std,
        found.curves,
        found.ink_lost,
        found.digits,
    )
