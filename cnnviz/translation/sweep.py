"""One sample moved to every place: all stages, all measures."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from cnnviz import functional
from cnnviz._types import FloatArray, IntArray
from cnnviz._validation import check_choice, check_int
from cnnviz.errors import ParameterError
from cnnviz.network import Network
from cnnviz.translation import measures as measure
from cnnviz.translation.blocks import BLUR_TAPS
from cnnviz.translation.comparison import check_label
from cnnviz.translation.measures import MEASURES, OUTPUT, MeasureName, Values
from cnnviz.translation.moving import RowOfStages, rows_of_stages
from cnnviz.translation.shifting import BACKGROUND, MODES, Mode, ink_lost
from cnnviz.translation.stages import StagePlan, checked_image

REACH = 13
"""How far a sweep goes in every direction where nothing else is asked for, in pixels."""

SweepValues = Mapping[MeasureName, Mapping[str, Values]]


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """One sample over a grid of shifts.

    Attributes
    ----------
    dxs, dys : ndarray of shape (columns,) and (rows,), intp
        The shifts, in pixels to the right and down.
    values : mapping from measure to mapping from stage to ndarray of shape (rows, columns), float64
        Measures of the output (probabilities, decisions) have the one stage `"output"`.
    probabilities : ndarray of shape (rows, columns, k)
        Probability of each class.
    ink_lost : ndarray of shape (rows, columns), float64
        Share of the ink that has left the frame.
    whole_cells : ndarray of shape (rows, columns), bool
        Whether the shift is one by whole cells of the pooled maps; only there is the equivariance residual of
        the pools free of interpolation (and 0).
    label : int
        The class whose probability is followed.
    """

    dxs: IntArray
    dys: IntArray
    values: SweepValues
    probabilities: FloatArray
    ink_lost: Values
    whole_cells: NDArray[np.bool_]
    label: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepSettings:
    """What a sweep goes over and measures.

    Parameters
    ----------
    dxs, dys : iterable of int
        Shifts in pixels, each at most a side of the image. Default -13 to 13.
    measures : collection of str
        Names out of `MEASURES`; leaving some out saves time.
    relative : bool
        Whether features are taken relative to a blank image, or raw.
    mode : {"fill", "wrap"}
    background : float
        Value of a pixel without ink.
    block : int
        Number of the convolution block, from 1.
    pool_size : int, optional
        Side of the pooling windows in pixels. None means that of the network's own pool.
    taps : {2, 3, 4, 5}
        Length of the blur kernel.

    Raises
    ------
    ParameterError
        If a shift is no int, there is none, or a name is unknown.
    """

    dxs: Iterable[int] = range(-REACH, REACH + 1)
    dys: Iterable[int] = range(-REACH, REACH + 1)
    measures: Collection[MeasureName] = tuple(MEASURES)
    relative: bool = True
    mode: Mode = "fill"
    background: float = BACKGROUND
    block: int = 1
    pool_size: int | None = None
    taps: int = BLUR_TAPS

    def __post_init__(self) -> None:
        """Check what the stages do not check themselves."""
        for axis in ("dxs", "dys"):
            shifts = tuple(check_int(each, axis, "SweepSettings") for each in getattr(self, axis))
            if not shifts:
                raise ParameterError(f"The {axis!r} parameter of SweepSettings must hold at least one shift.")
            object.__setattr__(self, axis, shifts)
        for name in self.measures:
            check_choice(name, "measures", "SweepSettings", tuple(MEASURES))
        check_choice(self.mode, "mode", "SweepSettings", MODES)


DEFAULT_SETTINGS = SweepSettings()


def sweep(
    network: Network,
    image: FloatArray,
    settings: SweepSettings = DEFAULT_SETTINGS,
    *,
    label: int | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Sweep:
    """Move one sample over a grid of shifts and measure every stage at each.

    Parameters
    ----------
    network : Network
    image : ndarray of shape (c, h, w)
        As the network takes it (`cnnviz.datasets.to_input`).
    settings : SweepSettings
    label : int, optional
        The true class. None means the one predicted for the original.
    cancelled : callable
        Asked between rows; when it returns True the sweep stops.

    Raises
    ------
    ShapeError, ParameterError
        If the image does not fit the network, or the settings do not.
    CancelledError
        If `cancelled` returned True.
    """
    return Sweeper(network, settings).sweep(image, label, cancelled)


class Sweeper:
    """A sweep made ready for one network and used for any number of samples.

    Parameters
    ----------
    network : Network
    settings : SweepSettings

    Raises
    ------
    ShapeError, ParameterError
        If the settings do not fit the network.
    """

    def __init__(self, network: Network, settings: SweepSettings) -> None:
        self._network = network
        self._settings = settings
        self._plan = StagePlan.of(network, settings.block, settings.pool_size, settings.taps)
        self.dxs, self.dys = (np.array(shifts, dtype=np.intp) for shifts in (settings.dxs, settings.dys))
        height, width = network.input_shape[1:]
        for name, shifts, side in (("dxs", self.dxs, width), ("dys", self.dys, height)):
            check_int(int(np.abs(shifts).max()), name, "a sweep", maximum=side)
        blank = np.full((1, *network.input_shape), settings.background, dtype=network.dtype)
        self._blank = {stage: maps[0] for stage, maps in self._plan.maps_of(blank)[0].items()}

    @property
    def stages(self) -> tuple[str, ...]:
        """Stages that are measured, in order."""
        return tuple(self._plan.grids)

    def sweep(
        self, image: FloatArray, label: int | None = None, cancelled: Callable[[], bool] = lambda: False
    ) -> Sweep:
        """Sweep one sample; see the function `sweep`."""
        image = checked_image(self._network, image)
        maps, logits = self._plan.maps_of(image[None])
        reference = {stage: self._features(stage, batch)[0] for stage, batch in maps.items()}
        predicted = int(functional.predicted_classes(logits)[0])
        label = predicted if label is None else check_label(self._network, label)
        before = functional.class_probabilities(logits)[0]
        values = self._empty_values()
        expected = self._moved_along_rows(reference)
        probabilities = np.empty((len(self.dys), len(self.dxs), len(before)), dtype=before.dtype)
        s = self._settings
        rows = rows_of_stages(self._plan, image, self.dxs, self.dys, s.mode, s.background, cancelled)
        for row, (dy, stages) in enumerate(zip(self.dys, rows, strict=True)):
            self._measure_stages(values, row, int(dy), stages, reference, expected)
            probabilities[row] = functional.class_probabilities(stages[1])
            flips = measure.decision_flip(predicted, functional.predicted_classes(stages[1]))
            _put(values, "decision_flip", OUTPUT, row, flips)
        _put(values, "probability_change", OUTPUT, ..., measure.probability_change(before, probabilities, label))
        _put(values, "total_variation", OUTPUT, ..., measure.total_variation(before, probabilities))
        frozen = {name: MappingProxyType(stages) for name, stages in values.items()}
        return Sweep(
            self.dxs,
            self.dys,
            MappingProxyType(frozen),
            probabilities,
            self._ink_lost(image),
            self._whole_cells(),
            label,
        )

    def _measure_stages(
        self,
        values: dict[MeasureName, dict[str, Values]],
        row: int,
        dy: int,
        stages: RowOfStages,
        reference: Mapping[str, FloatArray],
        expected: Mapping[str, FloatArray],
    ) -> None:
        for stage, raw in stages[0].items():
            moved, before = self._features(stage, raw), reference[stage]
            if "relative_change" in values:
                values["relative_change"][stage][row] = measure.relative_change(before, moved)
            if "cosine_similarity" in values:
                values["cosine_similarity"][stage][row] = measure.cosine_similarity(before, moved)
            if "equivariance_residual" in values:
                grid = self._plan.grids[stage]
                along = grid.shift_maps(expected[stage], 0, dy)
                values["equivariance_residual"][stage][row] = measure.equivariance_residual(
                    before, moved, grid, self.dxs, dy, along
                )

    def _features(self, stage: str, maps: FloatArray) -> FloatArray:
        return maps - self._blank[stage] if self._settings.relative else maps

    def _moved_along_rows(self, reference: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Return the maps of the original moved by each dx, as they should move; dy is still to come."""
        if "equivariance_residual" not in self._settings.measures:
            return {}
        grids = self._plan.grids
        return {
            stage: np.stack([grids[stage].shift_maps(maps, int(dx), 0) for dx in self.dxs])
            for stage, maps in reference.items()
        }

    def _empty_values(self) -> dict[MeasureName, dict[str, Values]]:
        shape = (len(self.dys), len(self.dxs))
        return {
            name: {stage: np.empty(shape) for stage in ((OUTPUT,) if info.of_output else self.stages)}
            for name, info in MEASURES.items()
            if name in self._settings.measures
        }

    def _ink_lost(self, image: FloatArray) -> Values:
        s = self._settings
        lost = [[ink_lost(image, int(dx), int(dy), s.mode, s.background) for dx in self.dxs] for dy in self.dys]
        return np.array(lost)

    def _whole_cells(self) -> NDArray[np.bool_]:
        grid = self._plan.grids["max"]
        return np.array([[grid.whole_cells(int(dx), int(dy)) for dx in self.dxs] for dy in self.dys])


def _put(
    values: dict[MeasureName, dict[str, Values]],
    name: MeasureName,
    stage: str,
    where: int | type(...),
    result: Values,
) -> None:
    if name in values:
        values[name][stage][where] = result
