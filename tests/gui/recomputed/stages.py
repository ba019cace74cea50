"""The stages of Translation, computed by hand: maps of a moved image, and which of their cells to compare."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from cnnviz.layers import Activation, Conv2D
from cnnviz.network import Network
from tests.gui.recomputed.computing import Values, run
from ui.panels.translation.view import View
from ui.state import Shift

type Maps = dict[str, Values]


def moved(pixels: NDArray[np.uint8], shift: Shift) -> NDArray[np.uint8]:
    """Move an image; what comes in is background, or with `wrap` what has left at the other side."""
    found = np.roll(pixels, (shift.dy, shift.dx), axis=(-2, -1))
    if not shift.wrap:
        rows, columns = np.indices(pixels.shape[-2:])
        for places, by in ((rows, shift.dy), (columns, shift.dx)):
            side = places.max() + 1
            found[..., (places < by) | (places >= side + by)] = 0
    return found


def features(network: Network, pixels: NDArray[np.uint8], view: View) -> Maps:
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


def _stages(network: Network, pixels: NDArray[np.uint8], view: View) -> Maps:
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
