"""Independent answers to check the engine against: plain loops over single numbers, and numeric gradients.

Slow and obvious on purpose. Nothing here calls `cnnviz`.
"""

import itertools
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

EPS = 1e-6
# How close float32 results come to the float64 oracle, and float64 gradients to central differences.
TOLERANCE = {"float32": {"rtol": 2e-4, "atol": 2e-5}, "float64": {"rtol": 1e-11, "atol": 1e-12}}
GRADIENT_TOLERANCE = {"float32": {"rtol": 2e-3, "atol": 2e-4}, "float64": {"rtol": 1e-6, "atol": 1e-8}}


# --- operations as loops ------------------------------------------------------------------------------------


def conv2d_loop(
    x: Array, weight: Array, bias: Array | None = None, stride: int = 1, padding: int = 0
) -> Array:
    n, channels, height, width = x.shape
    filters, _, k, _ = weight.shape
    rows = (height + 2 * padding - k) // stride + 1
    columns = (width + 2 * padding - k) // stride + 1
    out = np.zeros((n, filters, rows, columns))
    for s, f, row, column in np.ndindex(out.shape):
        total = 0.0 if bias is None else float(bias[f])
        for c, i, j in itertools.product(range(channels), range(k), range(k)):
            y, z = row * stride + i - padding, column * stride + j - padding
            if 0 <= y < height and 0 <= z < width:
                total += float(x[s, c, y, z]) * float(weight[f, c, i, j])
        out[s, f, row, column] = total
    return out


def windows_loop(x: Array, size: int, stride: int) -> list[tuple[tuple[int, ...], list[tuple[int, ...]]]]:
    """Every output position with the input positions of its window, row by row."""
    n, channels, height, width = x.shape
    found = []
    for s, c in itertools.product(range(n), range(channels)):
        for row, top in enumerate(range(0, height - size + 1, stride)):
            for column, left in enumerate(range(0, width - size + 1, stride)):
                cells = [(s, c, top + i, left + j) for i in range(size) for j in range(size)]
                found.append(((s, c, row, column), cells))
    return found


def pooled_shape(x: Array, size: int, stride: int) -> tuple[int, int, int, int]:
    n, channels, height, width = x.shape
    return n, channels, len(range(0, height - size + 1, stride)), len(range(0, width - size + 1, stride))


def max_pool2d_loop(x: Array, size: int, stride: int) -> tuple[Array, Array]:
    pooled = np.zeros(pooled_shape(x, size, stride))
    winner = np.zeros(pooled.shape, dtype=np.intp)
    for target, cells in windows_loop(x, size, stride):
        values = [float(x[cell]) for cell in cells]
        pooled[target] = max(values)
        winner[target] = values.index(max(values))
    return pooled, winner


def max_pool2d_backward_loop(d_out: Array, x: Array, size: int, stride: int, ties: str) -> Array:
    d_x = np.zeros(x.shape)
    for target, cells in windows_loop(x, size, stride):
        largest = max(float(x[cell]) for cell in cells)
        tied = [cell for cell in cells if float(x[cell]) == largest]
        takers = tied[:1] if ties == "first" else tied
        for cell in takers:
            d_x[cell] += float(d_out[target]) / (len(tied) if ties == "split" else 1)
    return d_x


def avg_pool2d_loop(x: Array, size: int, stride: int) -> Array:
    out = np.zeros(pooled_shape(x, size, stride))
    for target, cells in windows_loop(x, size, stride):
        out[target] = math.fsum(float(x[cell]) for cell in cells) / len(cells)
    return out


def subsample_pool2d_loop(x: Array, size: int) -> Array:
    out = np.zeros(pooled_shape(x, size, size))
    for target, cells in windows_loop(x, size, size):
        out[target] = x[cells[0]]
    return out


def dense_loop(x: Array, weight: Array, bias: Array | None = None) -> Array:
    out = np.zeros((len(x), len(weight)))
    for s, unit in np.ndindex(out.shape):
        products = [float(a) * float(b) for a, b in zip(x[s], weight[unit], strict=True)]
        out[s, unit] = math.fsum(products) + (0.0 if bias is None else float(bias[unit]))
    return out


def softmax_loop(logits: Array) -> Array:
    """By definition; for logits small enough that nothing overflows."""
    out = np.zeros(logits.shape)
    for s, row in enumerate(logits):
        powers = [math.exp(float(z)) for z in row]
        out[s] = [power / math.fsum(powers) for power in powers]
    return out


def cross_entropy_loop(logits: Array, labels: Array) -> float:
    """By definition; one logit means two classes, the first of which has a logit of 0."""
    total = 0.0
    for row, label in zip(logits, labels, strict=True):
        powers = np.array([*([0.0] if len(row) == 1 else []), *row], np.float64)
        total += float(np.logaddexp.reduce(powers) - powers[label])
    return total / len(labels)


# --- gradients ----------------------------------------------------------------------------------------------


def numeric_gradient(function: Callable[[], float], array: Array, eps: float = EPS) -> Array:
    """Central difference of `function()` with respect to every number of `array`, which it must read."""
    gradient = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        kept = array[index]
        array[index] = kept + eps
        above = function()
        array[index] = kept - eps
        below = function()
        array[index] = kept
        gradient[index] = (above - below) / (2 * eps)
    return gradient


def spread_values(rng: np.random.Generator, shape: tuple[int, ...], gap: float = 0.05) -> Array:
    """Numbers in random order that are at least `gap` apart and off 0: no max or ReLU kink within `EPS`."""
    count = math.prod(shape)
    return (rng.permutation(count) - (count - 1) / 2 + 0.25).reshape(shape) * gap


def check_operation(
    forward: Callable[..., Array],
    backward: Callable[..., Mapping[str, Array]],
    oracle: Callable[..., Array],
    inputs: Mapping[str, Array],
) -> None:
    """Compare an operation with its oracle: shape, dtype, values and gradients, in both dtypes.

    `forward` and `oracle` take the inputs in order; `backward` takes `d_out`, `out` and the inputs, and gives
    the gradient of each input by name. Gradients are those of `sum(out * d_out)` for a random `d_out`. Inputs
    must stay as they are.
    """
    exact = {name: np.array(array, dtype=np.float64) for name, array in inputs.items()}
    expected = oracle(*exact.values())
    d_exact = np.random.default_rng(7).normal(size=expected.shape)

    numeric = {
        name: numeric_gradient(lambda: float(np.sum(forward(*exact.values()) * d_exact)), array)
        for name, array in exact.items()
    }
    for dtype in ("float64", "float32"):
        given = {name: array.astype(dtype) for name, array in exact.items()}
        d_out = d_exact.astype(dtype)
        out = forward(*given.values())
        assert_like(out, expected, dtype, TOLERANCE)
        gradients = backward(d_out, out, *given.values())
        assert set(gradients) == set(inputs)
        for name, gradient in gradients.items():
            assert gradient.shape == exact[name].shape, name
            assert_like(gradient, numeric[name], dtype, GRADIENT_TOLERANCE)
        for name, array in given.items():
            np.testing.assert_array_equal(array, exact[name].astype(dtype), err_msg=f"{name} was changed")
        np.testing.assert_array_equal(d_out, d_exact.astype(dtype), err_msg="d_out was changed")


def assert_like(
    actual: Array, expected: Array, dtype: str, tolerance: Mapping[str, Mapping[str, float]]
) -> None:
    """Same shape, the dtype asked for, and values as close as that dtype allows."""
    assert actual.shape == expected.shape
    assert actual.dtype == np.dtype(dtype)
    np.testing.assert_allclose(actual, expected, **tolerance[dtype])


def assert_same_bits(actual: Array, expected: Array) -> None:
    """Not merely equal: the same bits, number by number."""
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    assert np.ascontiguousarray(actual).tobytes() == np.ascontiguousarray(expected).tobytes()


def assert_same_arrays(actual: Mapping[str, Array], expected: Mapping[str, Array]) -> None:
    assert actual.keys() == expected.keys()
    for name, array in expected.items():
        assert_same_bits(actual[name], array)


def shift_loop(image: Array, dx: int, dy: int, fill: float) -> Array:
    """Pixel by pixel: where does it come from, and is that inside the frame?"""
    moved = np.full_like(image, fill)
    height, width = image.shape[-2:]
    for i, j in np.ndindex(height, width):
        if 0 <= i - dy < height and 0 <= j - dx < width:
            moved[..., i, j] = image[..., i - dy, j - dx]
    return moved


def mirrored(place, side):
    """Cell at a place over the border: walk, and turn round at the edges."""
    step = 1
    at = 0
    for _ in range(abs(place)):
        if side == 1:
            return 0
        if not 0 <= at + step < side:
            step = -step
        at += step
    return at


def max_blur_pool2d_loop(x, size):
    """Largest value around each cell, then the weighted mean of those around every size-th cell."""
    weights = np.convolve(np.ones(size), np.ones(size))
    n, c, height, width = x.shape
    out = np.zeros((n, c, height // size, width // size))
    for s, ch, row, col in np.ndindex(*out.shape):
        for a, down in enumerate(weights):
            for b, across in enumerate(weights):
                top, left = row * size - (size - 1) + a, col * size - (size - 1) + b
                window = [
                    x[s, ch, mirrored(top + i, height), mirrored(left + j, width)]
                    for i in range(size)
                    for j in range(size)
                ]
                out[s, ch, row, col] += down * across / size**4 * max(window)
    return out


def read_number(text: str) -> float:
    """What a reader takes a number on the screen for; "1 − 2e−9" is a distance from 1."""
    text = text.lstrip("≈").replace("−", "-").replace(",", "").replace("∞", "inf")
    distance = re.fullmatch(r"1 - (\S+)", text)
    return 1 - float(distance[1]) if distance else float(text)


def read_power(text: str) -> int:
    """Return the exponent of the power of ten at the end of a text; 0 where there is none."""
    power = text.rpartition("10")[2] if "10" in text else "⁰"
    return int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))


def luminance(color: str) -> float:
    """Relative luminance of a colour such as "#21669C", as in WCAG 2.2."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Contrast of two colours, as in WCAG 2.2."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def mask_of(field: Any, shape: tuple[int, ...]) -> Array:
    """Array of a stage's shape, `(c, h, w)` or `(d,)`, that is True at the cells of a field."""
    mask = np.zeros(shape if len(shape) == 3 else (*shape, 1, 1), dtype=bool)
    mask[np.ix_(field.channels, field.rows, field.columns)] = True
    return mask.reshape(shape)
