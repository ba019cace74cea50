"""What a filter looks for: the patches of real images that excite it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cnnviz._types import ByteArray, FloatArray
from cnnviz._validation import check_int
from cnnviz.errors import ParameterError
from cnnviz.evaluation import Progress, ignore_progress, input_chunks
from cnnviz.inspect.receptive_field import INPUT, Rectangle, receptive_field, stage_index
from cnnviz.network import Network, forward_pass, own_params

PADDING_LEVEL = 128
"""Grey level shown where a patch reaches over the border: the nearest to 0.0, which padding holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """The piece of an image that a filter sees at one position.

    * `image`: Index of the image.
    * `row`, `column`: Position in the filter's feature map.
    * `value`: Response of the filter there, before the activation.
    * `rectangle`: Receptive field in the image; it may reach over the border.
    * `pixels`: ndarray of shape (c, height, width), uint8. The pixels in it; over the border `PADDING_LEVEL`.
    * `images_count`: In how many images the search has found a patch of these very pixels and this response
      as the strongest, or weakest; this is the first of them. Other images may hold it beside a stronger one.
    """

    image: int
    row: int
    column: int
    value: float
    rectangle: Rectangle
    pixels: ByteArray
    images_count: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Excitation:
    """The patches that excite a filter most and least, at most one of each image, and no two alike.

    * `most`: Largest response first.
    * `least`: Smallest response first.
    """

    layer: str
    channel: int
    most: tuple[Patch, ...]
    least: tuple[Patch, ...]


def exciting_patches(
    network: Network,
    images: ByteArray,
    layer: str,
    channel: int,
    count: int = 8,
    *,
    progress: Progress = ignore_progress,
) -> Excitation:
    """Search images for the patches to which a filter responds most and least.

    * `images`: ndarray of shape (n, c, h, w), uint8
    * `layer`: Name of a convolution layer.
    * `channel`: Which filter, from 0.
    * `count`: How many patches to return of either kind, >= 1; fewer if there are fewer that differ.
    * `progress`: See `cnnviz.evaluation.Progress`.
    * Returns: Of equal responses the first image and position.
    * Raises ParameterError: if there is no such convolution layer or filter, or `count` is smaller than 1.
    * Source: Zeiler, Fergus (2014), Visualizing and Understanding Convolutional Networks, arXiv:1311.2901
      (the patches beside its figure 2).
    """
    index = stage_index(network, layer)
    described = network.layers[index][1] if index >= 0 else None
    if described is None or not described.has_filters:
        raise ParameterError(f"Only a convolution layer has filters; {layer!r} is none.")
    check_int(channel, "channel", "exciting_patches", 0, network.shapes[layer][0] - 1)
    check_int(count, "count", "exciting_patches", minimum=1)
    # Position and response of the strongest and the weakest patch of each image.
    places = np.zeros((2, len(images)), dtype=np.intp)
    values = np.zeros((2, len(images)), dtype=network.dtype)
    for which, x in input_chunks(network, images, progress):
        response = _responses(network, index, channel, x).reshape(len(x), -1)
        for row, found in enumerate((response.argmax(axis=1), response.argmin(axis=1))):
            places[row, which] = found
            values[row, which] = response[np.arange(len(x)), found]
    orders = np.argsort(-values[0], kind="stable"), np.argsort(values[1], kind="stable")
    fields: dict[int, Rectangle] = {}  # of cells, which many images share

    def cut(image: int, place: int, value: np.floating[Any]) -> Patch:
        """Cut the receptive field of one cell, at `place` in its map, out of one image."""
        row, column = divmod(int(place), network.shapes[layer][2])
        if place not in fields:
            fields[place] = receptive_field(network, layer, (channel, row, column))[INPUT].unclipped
        field = fields[place]
        pixels = np.full((images.shape[1], field.height, field.width), PADDING_LEVEL, dtype=np.uint8)
        rows = slice(max(field.top, 0), min(field.top + field.height, images.shape[2]))
        columns = slice(max(field.left, 0), min(field.left + field.width, images.shape[3]))
        if rows.start < rows.stop and columns.start < columns.stop:
            pixels[
                :,
                rows.start - field.top : rows.stop - field.top,
                columns.start - field.left : columns.stop - field.left,
            ] = images[image, :, rows, columns]
        return Patch(image, row, column, float(value), field, pixels)

    most, least = (
        _distinct(map(cut, orders[row].tolist(), places[row, orders[row]], values[row, orders[row]]), count)
        for row in range(2)
    )
    return Excitation(layer, channel, most, least)


def _responses(network: Network, index: int, channel: int, x: FloatArray) -> FloatArray:
    """Feature map of one filter of layer `index`, without computing those of the others."""
    before = forward_pass(network.layers[:index], network.params, x)
    name, layer = network.layers[index]
    own = own_params(name, layer, network.params)
    only = {key: array[channel : channel + 1] for key, array in own.items()}
    with np.errstate(over="ignore", invalid="ignore"):
        return layer.forward(before[-1] if before else x, only)


def _distinct(patches: Iterable[Patch], count: int) -> tuple[Patch, ...]:
    """Return the first patches that differ, each with how often it comes; equal ones respond equally."""
    found: dict[tuple[float, bytes], Patch] = {}
    times: Counter[tuple[float, bytes]] = Counter()
    for patch in patches:
        key = patch.value, patch.pixels.tobytes()
        if len(found) == count and patch.value != next(reversed(found))[0]:
            break  # those that follow respond less, and so are other ones
        if len(found) < count:
            found.setdefault(key, patch)
        times[key] += 1
    return tuple(replace(patch, images_count=times[key]) for key, patch in found.items())
