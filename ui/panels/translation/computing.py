"""What the panel has computed in the background: one shift, all shifts, all shifts of many digits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnviz.datasets import Dataset, to_input
from cnnviz.network import Network
from cnnviz.translation import (
    REACH,
    Comparison,
    Curve,
    DigitSweep,
    MeasureName,
    Mode,
    Sweep,
    SweepSettings,
    compare,
    sweep,
    sweep_many,
)
from cnnviz.translation.curves import Rings
from ui.analysis import Analysis, Context, LatestOnly
from ui.panels.translation.subject import Subject
from ui.state import Shift

_COMPARE, _SWEEP, _DIGITS, _LESSON = (
    "translation",
    "translation-sweep",
    "translation-digits",
    "translation-lesson",
)


@dataclass(frozen=True, eq=False)
class Compared:
    """One shift of a subject.

    Attributes
    ----------
    subject : Subject
    block, pool_size, relative
        What was asked for.
    comparison : Comparison
    measured : mapping from stage to mapping from measure to float
        Measures of the features, relative to a blank image if so asked.
    """

    subject: Subject
    block: int
    pool_size: int
    relative: bool
    comparison: Comparison
    measured: Mapping[str, Mapping[MeasureName, float]]

    @property
    def shift(self) -> Shift:
        """The shift."""
        found = self.comparison
        return Shift(found.dx, found.dy, found.mode == "wrap")


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
    network : Network
    step : int
        Training step of the network.
    origin : object
        What the image comes from; the data set for many digits.
    dxs, dys : tuple of int
    values, spread : mapping from measure to mapping from stage to ndarray of shape (rows, columns)
        `spread` is empty for a single image.
    curves : mapping from measure to mapping from stage to Curve
    digits : int
        How many images were moved.
    """

    key: SweepKey
    network: Network
    step: int
    origin: object
    dxs: tuple[int, ...]
    dys: tuple[int, ...]
    values: Mapping[MeasureName, Mapping[str, np.ndarray[Any, Any]]]
    spread: Mapping[MeasureName, Mapping[str, np.ndarray[Any, Any]]]
    curves: Mapping[MeasureName, Mapping[str, Curve]]
    digits: int = 1


class Computations:
    """Hands the engine's functions to the background and passes the results on.

    Parameters
    ----------
    analysis, background : Analysis
        For what the pointer waits for, and for what takes long.
    on_compared, on_swept, on_digits_swept, on_lesson_result, on_failed : callable
        Called in the GUI thread.
    """

    def __init__(
        self,
        analysis: Analysis,
        background: Analysis,
        on_compared: Callable[[Compared], None],
        on_swept: Callable[[Swept], None],
        on_digits_swept: Callable[[Swept], None],
        on_lesson_result: Callable[[tuple[str, str]], None],
        on_failed: Callable[[str], None],
        on_digits_failed: Callable[[str], None],
    ) -> None:
        self._background = background
        self._analysis = analysis
        self._on_digits_swept = on_digits_swept
        self._on_digits_failed = on_digits_failed
        self._comparisons = LatestOnly(analysis, _COMPARE, on_compared, on_failed)
        self._sweeps = LatestOnly(background, _SWEEP, on_swept, on_failed)
        self._quick_sweeps = LatestOnly(analysis, _SWEEP, on_swept, on_failed)
        self._lessons = LatestOnly(background, _LESSON, on_lesson_result, on_failed)

    def compare(self, subject: Subject, shift: Shift, block: int, pool_size: int, relative: bool) -> None:
        """Follow one shift through the network."""

        def work(_context: Context) -> Compared:
            found = compare(
                subject.network,
                subject.image,
                shift.dx,
                shift.dy,
                mode=mode_of(shift.wrap),
                background=subject.background,
                block=block,
                pool_size=pool_size,
                label=subject.label,
            )
            measured = {stage: pair.measured(relative) for stage, pair in found.stages.items()}
            # Computed when first asked for: here, so that the window does not have to.
            _ = found.winners
            return Compared(subject, block, pool_size, relative, found, measured)

        self._comparisons.request(work)

    def sweep(self, subject: Subject, key: SweepKey) -> None:
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
        queue = self._quick_sweeps if self._background.is_busy(_DIGITS) else self._sweeps
        queue.request(work)

    def sweep_digits(
        self,
        network: Network,
        step: int,
        dataset: Dataset,
        digits: int,
        key: SweepKey,
        on_progress: Callable[[float], None],
    ) -> None:
        """Move the first test images to all places."""
        images, labels = dataset.test_images[:digits], dataset.test_labels[:digits]
        background = float(to_input(np.zeros(1, dtype=np.uint8))[0])
        height, width = network.input_shape[1:]

        def work(context: Context) -> Swept:
            reach = tuple(min(REACH, side - 1) for side in (width, height))
            found = sweep_many(
                network,
                to_input(images, network.dtype),
                labels,
                key.settings(background, (reach[0], reach[1])),
                progress=context.report,
                cancelled=lambda: context.cancelled,
            )
            return _many_swept(network, step, dataset, key, found)

        self._background.submit(_DIGITS, work, self._on_digits_swept, self._on_digits_failed, on_progress)

    def cancel_digits(self) -> None:
        """Stop moving many digits."""
        self._background.cancel(_DIGITS)

    def is_sweeping_digits(self) -> bool:
        """Whether many digits are being moved."""
        return self._background.is_busy(_DIGITS)

    def measure_lesson(self, name: str, result: Callable[[], str]) -> None:
        """Have a lesson measure its result."""
        self._lessons.request(lambda _context: (name, result()))


def mode_of(wrap: bool) -> Mode:
    """Name that the engine has for what enters the frame."""
    return "wrap" if wrap else "fill"


def _one_swept(subject: Subject, key: SweepKey, found: Sweep) -> Swept:
    rings = Rings(found.dxs, found.dys)
    curves: dict[MeasureName, Mapping[str, Curve]] = {
        name: {stage: rings.curve(values) for stage, values in stages.items()}
        for name, stages in found.values.items()
    }
    return Swept(
        key,
        subject.network,
        subject.step,
        subject.origin,
        tuple(found.dxs.tolist()),
        tuple(found.dys.tolist()),
        found.values,
        {},
        curves,
    )


def _many_swept(network: Network, step: int, dataset: Dataset, key: SweepKey, found: DigitSweep) -> Swept:
    return Swept(
        key,
        network,
        step,
        dataset,
        tuple(found.dxs.tolist()),
        tuple(found.dys.tolist()),
        found.mean,
        found.std,
        found.curves,
        found.digits,
    )
