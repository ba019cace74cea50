"""Turning a drawing or a photo of a digit into an image like those of MNIST. Pillow is imported late."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import ByteArray
from cnnviz._validation import check_int
from cnnviz.errors import ShapeError

BOX_SHARE = 20 / 28
"""MNIST scales each digit into 20 of the 28 pixels of a side."""

_NOISE_FACTOR = 4.0  # standard deviations of the paper's noise that still count as paper
_FAINTEST = 0.08  # share of the ink's strength below which a mark counts as paper
_LEAST_CONTRAST = 24.0  # grey levels between paper and ink; less is an empty sheet
_STRAY = 0.002  # share of all ink that may lie outside the digit at each end: specks of dust
_RING_SHARE = 0.04  # width of the border that shows the paper, as a share of the shorter side

_Levels = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ink:
    """The strokes in an image."""

    # shape (h, w). Strength of the ink: light strokes on a background of exact zeros; all zeros if there is
    # no ink.
    pixels: ByteArray
    is_dark: bool  # whether the ink is darker than the paper in the image it was found in


def normalize_digit(pixels: ByteArray, height: int = 28, width: int = 28) -> ByteArray:
    """Scale and centre a digit as those of MNIST are.

    The smallest box around all pixels above 0 is scaled, keeping its aspect, into 20/28 of the frame and
    placed so that its centre of mass is in the middle. An image of MNIST comes back as it is.

    * `pixels`: ndarray of shape (h, w), uint8. Light strokes on a background of zeros; see `find_ink`.
    * `height`, `width`: Size of the frame in pixels, >= 1.
    * Returns: ndarray of shape (height, width), uint8. All zeros if `pixels` are.
    * Raises ShapeError: if `pixels` is not two-dimensional.
    * Source: LeCun, Cortes, Burges, The MNIST database: "size normalized to fit in a 20x20 pixel box while
      preserving their aspect ratio", then "centered in a 28x28 image by computing the center of mass of the
      pixels".
    """
    _check_image(pixels, "normalize_digit")
    check_int(height, "height", "normalize_digit", minimum=1)
    check_int(width, "width", "normalize_digit", minimum=1)
    frame = np.zeros((height, width), np.uint8)
    if not pixels.any():
        return frame
    box_height, box_width = max(round(height * BOX_SHARE), 1), max(round(width * BOX_SHARE), 1)
    # Trimmed again, as a faint edge may be lost in the means.
    digit = _trimmed(_scale_into(_trimmed(pixels), box_height, box_width))
    top, left = (_place(digit.sum(axis=axis), size) for axis, size in ((1, height), (0, width)))
    frame[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return frame


def find_ink(pixels: ByteArray, *, is_dark: bool | None = None) -> Ink:
    """Tell ink from paper in an image with one digit: a drawing, a scan or a photo.

    The paper is a bilinear surface fitted to the border, so a shadow across the page does no harm; the ink
    is what differs from it by more than the border's noise. Specks far from the digit are left out.

    * `pixels`: shape (h, w).
    * `is_dark`: whether the ink is darker than the paper; found out when None: whatever differs most from the
      border.
    * Raises ShapeError: if `pixels` is not two-dimensional.
    """
    _check_image(pixels, "find_ink")
    levels = pixels.astype(np.float64)
    paper = _paper(levels)
    difference = levels - paper
    if is_dark is None:
        strength = np.abs(difference)
        # Squares: a few strong strokes outweigh the unevenness of a large sheet.
        is_dark = bool((np.sign(difference) * strength**2).sum() < 0)
    if is_dark:
        # In the shade the same ink differs less from the paper: by the same share of its level.
        difference = difference * (paper.max() / np.maximum(paper, _LEAST_CONTRAST))
    strength = np.maximum(-difference if is_dark else difference, 0.0)
    noise = 1.4826 * float(np.median(np.abs(difference[_ring(pixels.shape)])))
    marks = strength > max(_threshold(strength), _NOISE_FACTOR * noise)
    full = float(np.percentile(strength[marks], 75)) if marks.any() else 0.0
    if full < _LEAST_CONTRAST:
        return Ink(np.zeros_like(pixels), is_dark)
    floor = min(max(_FAINTEST * full, _NOISE_FACTOR * noise), full / 2)
    ink = np.clip((strength - floor) / (full - floor), 0.0, 1.0)
    ink *= np.outer(_body(ink.sum(axis=1)), _body(ink.sum(axis=0)))
    return Ink(np.rint(255 * ink).astype(np.uint8), is_dark)


def shrink(pixels: ByteArray, longest: int = 1024) -> ByteArray:
    """Return an image (h, w) with no side longer than `longest` pixels; raises `ShapeError` for others."""
    from PIL import Image

    _check_image(pixels, "shrink")
    scale = longest / max(pixels.shape)
    if scale >= 1:
        return pixels
    height, width = (max(round(side * scale), 1) for side in pixels.shape)
    return np.array(Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX))


def _trimmed(digit: ByteArray) -> ByteArray:
    """Return what lies between the first and the last row and column with ink."""
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    return digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _scale_into(digit: ByteArray, height: int, width: int) -> ByteArray:
    """Scale a digit so that it just fits into a box; what was lightest stays as light."""
    from PIL import Image

    scale = min(height / digit.shape[0], width / digit.shape[1])
    rows = min(max(round(digit.shape[0] * scale), 1), height)
    columns = min(max(round(digit.shape[1] * scale), 1), width)
    if (rows, columns) == digit.shape:
        return digit
    if scale < 1:
        scaled = _overlaps(rows, digit.shape[0]) @ digit @ _overlaps(columns, digit.shape[1]).T
    else:
        scaled = np.asarray(Image.fromarray(digit).resize((columns, rows), Image.Resampling.BILINEAR))
    return np.rint(scaled * (float(digit.max()) / scaled.max())).astype(np.uint8)


def _overlaps(new: int, old: int) -> _Levels:
    """Return what share of each new pixel an old one covers: MNIST's anti-aliasing is a mean over areas."""
    edges, pixels = np.linspace(0.0, old, new + 1), np.arange(old)
    covered = np.minimum.outer(edges[1:], pixels + 1) - np.maximum.outer(edges[:-1], pixels)
    return np.maximum(covered, 0.0) * (new / old)


def _place(mass: NDArray[Any], size: int) -> int:
    """Return where a digit begins so that its centre of mass lies in size/2 ± 1/2, as in MNIST."""
    center = float(np.average(np.arange(len(mass)), weights=mass))
    return min(max(math.ceil(size / 2 - 0.5 - center), 0), size - len(mass))


def _ring(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    thickness = max(1, round(_RING_SHARE * min(shape)))
    ring = np.ones(shape, dtype=bool)
    ring[thickness : shape[0] - thickness, thickness : shape[1] - thickness] = False
    return ring


def _paper(levels: _Levels) -> _Levels:
    """Return the bilinear surface that fits the border best, strokes that touch the border left out."""
    rows, columns = (np.linspace(-1, 1, size) for size in levels.shape)
    ring = _ring(levels.shape)
    y, x = (grid[ring] for grid in np.meshgrid(rows, columns, indexing="ij"))
    terms, border = np.stack([np.ones_like(x), x, y, x * y], axis=1), levels[ring]
    kept = np.abs(border - np.median(border)) <= max(2 * np.median(np.abs(border - np.median(border))), 64.0)
    coefficients = np.zeros(4)
    for _ in range(3):
        coefficients = np.linalg.lstsq(terms[kept], border[kept], rcond=None)[0]
        residual = np.abs(border - terms @ coefficients)
        kept = residual <= max(3.0 * float(np.median(residual)), 4.0)
    constant, by_x, by_y, by_xy = coefficients.tolist()
    return constant + by_x * columns + by_y * rows[:, None] + by_xy * np.outer(rows, columns)


def _threshold(strength: _Levels) -> float:
    """Return the strength that divides the values best into two groups.

    * Source: Otsu (1979), A threshold selection method from gray-level histograms.
    """
    counts = np.bincount(np.minimum(strength, 255).astype(np.intp).ravel(), minlength=256).astype(np.float64)
    values = np.arange(256)
    below, mass_below = np.cumsum(counts), np.cumsum(counts * values)
    above, mass_above = below[-1] - below, mass_below[-1] - mass_below
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = mass_below / below - mass_above / above
    between = np.where((below > 0) & (above > 0), below * above * distance**2, -1.0)
    return float(np.argmax(between))


def _body(mass: _Levels) -> NDArray[np.bool_]:
    """Return which rows (or columns) belong to the digit: all but specks apart from it."""
    share = np.cumsum(mass) / mass.sum()
    first, last = np.searchsorted(share, [_STRAY, 1 - _STRAY]).tolist()
    while first > 0 and mass[first - 1] > 0:
        first -= 1
    while last < len(mass) - 1 and mass[last + 1] > 0:
        last += 1
    body = np.zeros(len(mass), dtype=bool)
    body[first : last + 1] = True
    return body


def _check_image(pixels: ByteArray, owner: str) -> None:
    if pixels.ndim != 2 or not pixels.size or pixels.dtype != np.uint8:
        raise ShapeError(
            f"The 'pixels' parameter of {owner} must be uint8 of shape (h, w). "
            f"Got {pixels.dtype} of shape {pixels.shape} instead."
        )
