"""What the translation panel says of a shift is true of the image, the network and the comparison at hand."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from cnnviz.datasets import to_input
from cnnviz.graphics.translation import own_pool
from cnnviz.layers import Activation, Conv2D
from cnnviz.network import Network, Trace
from cnnviz.presets import LAB5
from cnnviz.translation import POOL_KINDS, Lesson, compare, digit_lessons
from tests.gui.few_digits import few_digits
from tests.gui.translation_desk import TWO_BLOCKS
from tests.oracles import read_number
from ui.panels.translation.view import View
from ui.panels.translation.wording import statement
from ui.state import Shift

type Pixels = NDArray[np.uint8]
type Values = NDArray[np.floating]
type Maps = dict[str, Values]

_SHIFTS = (
    Shift(1, 0),
    Shift(2, 0),
    Shift(4, -2),
    Shift(13, 13),
    Shift(-13, 5),
    Shift(0, 3, True),
    Shift(2, 2, True),
)
_EXACT = 1e-6


# -- the stages by hand: maps of a moved image, and which of their cells to compare ------------------------


def moved(pixels: Pixels, shift: Shift) -> Pixels:
    """Move an image; what comes in is background, or with `wrap` what has left at the other side."""
    found = np.roll(pixels, (shift.dy, shift.dx), axis=(-2, -1))
    if not shift.wrap:
        rows, columns = np.indices(pixels.shape[-2:])
        for places, by in ((rows, shift.dy), (columns, shift.dx)):
            side = places.max() + 1
            found[..., (places < by) | (places >= side + by)] = 0
    return found


def features(network: Network, pixels: Pixels, view: View) -> Maps:
    """Compute all stages of the chosen block, relative to a blank image if so chosen."""
    found = _stages(network, pixels, view)
    if view.relative:
        blank = _stages(network, np.zeros_like(pixels), view)
        found = {stage: maps - blank[stage] for stage, maps in found.items()}
    return found


def moved_along(
    network: Network, view: View, stage: str, maps: Values, shift: Shift
) -> tuple[Values, NDArray[np.bool_]]:
    """Move maps as far as the image moved, linearly interpolated between cells; and say which cells count.

    Those do that have seen only the image, as have all that moved there.
    """
    maps = maps.astype(np.float64)
    counts = np.ones(maps.shape[1:], np.bool_)
    for axis, distance in ((1, shift.dy), (2, shift.dx)):
        step, inner = _along(network, view, stage, axis)
        cells, rest = divmod(distance, step)
        found, valid = np.zeros_like(maps), np.zeros(len(inner), np.bool_)
        for place in range(len(inner)):
            sources = {place - cells: 1 - rest / step} | ({place - cells - 1: rest / step} if rest else {})
            valid[place] = inner[place] and all(0 <= each < len(inner) and inner[each] for each in sources)
            for source, share in sources.items():
                if 0 <= source < len(inner):
                    np.moveaxis(found, axis, 0)[place] += share * np.moveaxis(maps, axis, 0)[source]
        maps = found
        counts &= valid[:, np.newaxis] if axis == 1 else valid
    return maps, counts


def _stages(network: Network, pixels: Pixels, view: View) -> Maps:
    trace, layers = run(network, pixels), network.layers
    conv, last = _places(network, view)
    maps = trace.outputs[layers[last][0]][0]
    found: Maps = {"pixels": trace.inputs[0], "convolution": trace.outputs[layers[conv][0]][0]}
    if last != conv:
        found["activation"] = maps
    return found | _pooled(maps, view.pool_size)


def _places(network: Network, view: View) -> tuple[int, int]:
    """Return the places of the block's convolution and of its last layer before a pool."""
    layers = [layer for _, layer in network.layers]
    conv = [place for place, layer in enumerate(layers) if isinstance(layer, Conv2D)][view.block - 1]
    return conv, conv + 1 if isinstance(layers[conv + 1], Activation) else conv


def _along(network: Network, view: View, stage: str, axis: int) -> tuple[int, list[bool]]:
    """Return the pixels from one cell to the next along an axis, and which cells have seen only the image."""
    step, inner = 1, [True] * network.input_shape[axis]
    if stage == "pixels":
        return step, inner
    for name, layer in network.layers[: _places(network, view)[1] + 1]:
        windows = layer.geometry
        assert windows is not None
        inner = _read(inner, network.shapes[name][axis], windows.size, windows.stride, windows.offset)
        step *= windows.stride
    size = view.pool_size
    pools = {"max_blur": (3 * size - 2, 1 - size), "subsample": (1, 0)}
    if stage in ("convolution", "activation"):
        return step, inner
    reach, offset = pools.get(stage, (size, 0))
    return step * size, _read(inner, len(inner) // size, reach, size, offset)


def _read(inner: list[bool], cells: int, size: int, step: int, offset: int) -> list[bool]:
    starts = [offset + step * cell for cell in range(cells)]
    return [0 <= start <= len(inner) - size and all(inner[start : start + size]) for start in starts]


def _pooled(maps: Values, size: int) -> Maps:
    """Pool in every way, by windows cut out of the maps."""
    maps = maps.astype(np.float64)
    count, rows, columns = maps.shape[0], maps.shape[1] // size, maps.shape[2] // size
    windows = maps[:, : rows * size, : columns * size].reshape(count, rows, size, columns, size)
    triangle = np.convolve(np.ones(size), np.ones(size)) / size**2
    return {
        "max": windows.max(axis=(2, 4)),
        "average": windows.mean(axis=(2, 4)),
        "max_blur": _max_blurred(maps, size, triangle)[:, ::size, ::size][:, :rows, :columns],
        "subsample": windows[:, :, 0, :, 0],
    }


def _max_blurred(maps: Values, size: int, taps: Values) -> Values:
    wide = np.pad(maps, ((0, 0), (size - 1, 2 * size), (size - 1, 2 * size)), mode="reflect")
    dense = sliding_window_view(wide, (size, size), axis=(1, 2)).max(axis=(3, 4))
    windows = sliding_window_view(dense, (len(taps), len(taps)), axis=(1, 2))
    return np.einsum("crsij,i,j->crs", windows, taps, taps)


def run(network: Network, pixels: Pixels) -> Trace:
    """Run an image through a network."""
    return network.forward(to_input(pixels[np.newaxis], network.dtype))


def change(before: Values, after: Values) -> float:
    """Return ‖F(Tx) − F(x)‖ / ‖F(x)‖."""
    size = float(np.linalg.norm(before.astype(np.float64)))
    return float(np.linalg.norm(after.astype(np.float64) - before)) / size if size else math.nan


# -- what is said -----------------------------------------------------------------------------------------


def _images() -> Iterator[Pixels]:
    """Digits and inverted ones, a blank and a white image, and drawings that pools or borders cut through."""
    digits = few_digits().test_images
    yield from digits[:6]
    yield from 255 - digits[:3]
    blank = np.zeros_like(digits[0])
    yield blank
    yield np.full_like(blank, 255)
    line, corner, grid = blank.copy(), blank.copy(), blank.copy()
    line[0, :, 5] = 255
    corner[0, 27, 26] = 200
    grid[0, 1::2, 1::2] = 255
    yield from (line, corner, grid)


def _said(network: Network, pixels: Pixels, shift: Shift, view: View) -> str:
    mode = "wrap" if shift.wrap else "fill"
    image = to_input(pixels[np.newaxis], network.dtype)[0]
    found = compare(network, image, shift.dx, shift.dy, mode=mode, pool_size=view.pool_size, label=0)
    measured = {stage: pair.measured(view.relative) for stage, pair in found.stages.items()}
    own = own_pool(network, view.block)
    return statement(
        found, measured, view.stage, own=own, relative=view.relative, classes=tuple("0123456789")
    )[0]


class _Truth:
    """The stages of an image and of the moved one, computed by hand."""

    def __init__(self, network: Network, pixels: Pixels, shift: Shift, view: View) -> None:
        self.network, self.shift, self.view = network, shift, view
        images = pixels, moved(pixels, shift)
        self.here = [features(network, each, view) for each in images]
        self.ink = [features(network, each, replace(view, relative=True)) for each in images]
        own = own_pool(network, 1)
        pool = view.stage if view.stage in POOL_KINDS else None if own is None else own[0]
        maps = "activation" if "activation" in self.here[0] else "convolution"
        self.after, self.before = (maps, "pixels") if pool is None else (pool, maps)

    def change(self, stage: str, *, relative: bool | None = None) -> float:
        first, second = self.ink if relative else self.here
        size = float(np.abs(first[stage]).max())
        return math.nan if size < _EXACT else change(first[stage], second[stage])

    def has_moved_along(self) -> bool:
        first, second = (each[self.after] for each in self.ink)
        expected, inside = moved_along(self.network, self.view, self.after, first, self.shift)
        both = np.stack([second, expected])[..., inside]
        return bool(np.allclose(both[0], both[1], atol=_EXACT) and np.abs(both).max(initial=0) > _EXACT)


def _untruths(said: str, truth: _Truth) -> Iterator[str]:
    """Yield what is said and is not so."""
    change, base = truth.change(truth.after), truth.change(truth.before)
    nothing = "there is nothing to compare" in said.split(" This is a raw")[0]
    if nothing != (math.isnan(change) or math.isnan(base)):
        yield "nothing to compare"
    for stage in (truth.before, truth.after):
        if f"The {stage} of this image" in said and not math.isnan(truth.change(stage)):
            yield f"the {stage} is blank"
    if not nothing:
        if "at all" in said and change > _EXACT:
            yield "unchanged"
        if f"the {truth.before} by" in said and base < _EXACT:
            yield "hidden"
        for words, holds in (("less", change < base), ("more", change > base)):
            if re.search(rf"They (would )?change {words}|It changes {words}", said) and not holds:
                yield words
    if "moved along" in said and not truth.has_moved_along():
        yield "moved along"
    told = re.search(r"relative to a blank image the changes are \*(\S+)\* and \*(\S+)\*", said)
    wanted = [truth.change(stage, relative=True) for stage in (truth.after, truth.before)]
    if told and not np.allclose([read_number(each) for each in told.groups()], wanted, rtol=6e-3, atol=6e-4):
        yield "relative to a blank image"
    if "relative to a blank image there is nothing" in said and not any(map(math.isnan, wanted)):
        yield "nothing relative to a blank image"


@pytest.mark.parametrize(
    "experiment", [LAB5, replace(TWO_BLOCKS, padding=0), replace(LAB5, pool="none", stride=2)]
)
def test_nothing_is_said_of_a_shift_that_is_not_so(experiment: Any) -> None:
    network = experiment.build_network()
    untrue: list[str] = []
    said: Counter[str] = Counter()
    for number, pixels in enumerate(_images()):
        for shift in _SHIFTS:
            for stage in ("max", "subsample", "average", "convolution"):
                for relative in (True, False):
                    view = View(stage=stage, relative=relative)
                    words = _said(network, pixels, shift, view)
                    truth = _Truth(network, pixels, shift, view)
                    untrue += [
                        f"{number} {shift} {view.stage}: {each} in {words}"
                        for each in _untruths(words, truth)
                    ]
                    said.update(
                        each for each in ("at all", "moved along", "nothing to compare") if each in words
                    )
    assert not untrue, "\n".join(untrue[:20])
    assert min(said[each] for each in ("moved along", "nothing to compare")) > 20


def test_without_ink_no_lesson_measures_a_number_that_is_none() -> None:
    network = LAB5.build_network()
    for pixels in (np.zeros((1, 28, 28), np.uint8), few_digits().test_images[0]):
        for lesson in digit_lessons(network, to_input(pixels[np.newaxis], network.dtype)[0]):
            said = lesson.result()
            assert "NaN" not in said
            assert ("blank" in said) is not pixels.any()
            assert ("residual is" in said) is bool(pixels.any())


def test_a_residual_of_0_for_want_of_ink_is_not_said_by_a_lesson() -> None:
    network = LAB5.build_network()
    pixels = np.zeros((1, 28, 28), np.uint8)
    pixels[0, :, 27] = 255
    lesson: Lesson = digit_lessons(network, to_input(pixels[np.newaxis], network.dtype)[0])[1]
    assert "residual" not in lesson.result()
