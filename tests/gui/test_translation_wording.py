"""What the translation panel says of a shift is true of the image, the network and the comparison at hand."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cnnviz.datasets import to_input
from cnnviz.experiment import LAB5
from cnnviz.graphics.translation import own_pool
from cnnviz.network import Network
from cnnviz.translation import POOL_KINDS, Comparison, Lesson, compare, digit_lessons
from tests.gui.translation_desk import TWO_BLOCKS
from tests.oracles import read_number
from tests.small_data import few_digits
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


def _images() -> Iterator[Pixels]:
    """Digits and inverted ones, a blank and a white image, and drawings that pools or borders cut through."""
    digits = few_digits().test_images
    yield from digits[:4]
    yield 255 - digits[0]
    blank = np.zeros_like(digits[0])
    yield blank
    yield np.full_like(blank, 255)
    line, corner, grid = blank.copy(), blank.copy(), blank.copy()
    line[0, :, 5] = 255
    corner[0, 27, 26] = 200
    grid[0, 1::2, 1::2] = 255
    yield from (line, corner, grid)


class _Shifted:
    """A shift, what is said of it, and what its maps are."""

    def __init__(self, network: Network, found: Comparison, measured: Any, view: View) -> None:
        own, classes = own_pool(network, view.block), tuple("0123456789")
        self.said, _ = statement(
            found, measured, view.stage, own=own, relative=view.relative, classes=classes
        )
        self._stages, self._is_relative = found.stages, view.relative
        pool = view.stage if view.stage in POOL_KINDS else None if own is None else own[0]
        maps = "activation" if "activation" in found.stages else "convolution"
        self.after, self.before = (maps, "pixels") if pool is None else (pool, maps)
        self.is_what_if = pool is not None and own != (pool, found.pool_size)

    def change(self, stage: str, *, relative: bool | None = None) -> float:
        """Return ‖F(Tx) − F(x)‖ / ‖F(x)‖, or NaN where there is nothing."""
        pair = self._stages[stage]
        first, second = pair.features(self._is_relative if relative is None else relative)
        if np.abs(first).max() < _EXACT:
            return math.nan
        return float(np.linalg.norm(second - first) / np.linalg.norm(first))

    def is_equivariant(self) -> bool:
        pair = self._stages[self.after]
        both = np.stack([pair.features()[1], pair.expected()])[..., pair.interior]
        return bool(np.allclose(both[0], both[1], atol=_EXACT) and np.abs(both).max(initial=0) > _EXACT)


def _are(told: re.Match[str], *wanted: float) -> bool:
    """Whether the numbers that are said are those."""
    return np.allclose([read_number(each) for each in told.groups()], wanted, rtol=6e-3, atol=6e-4)


def _untruths(truth: _Shifted) -> Iterator[str]:
    """Yield what is said and is not so."""
    said = truth.said
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
        if "pooling" in said and "invariant to the shift" in said and (base < _EXACT or change > _EXACT):
            yield "invariant"
        for words, holds in (("less", change < base), ("more", change > base)):
            if f"{words} than the {truth.before}" in said and not holds:
                yield words
    measured = re.search(r"changed? by \*(\S+)\*, .*?\*(\S+)\*", said)
    if measured and not _are(measured, change, base):
        yield "how much both changed"
    if measured and (" would " in said) != truth.is_what_if:
        yield "what if"
    if "moved exactly" in said and not truth.is_equivariant():
        yield "moved exactly"
    if (read := re.search(r"reads (\d).*p\((\d)\)", said)) and read[1] != read[2]:
        yield "the probability of a class that is not read"
    told = re.search(r"relative to a blank image the changes are \*(\S+)\* and \*(\S+)\*", said)
    wanted = [truth.change(stage, relative=True) for stage in (truth.after, truth.before)]
    if told and not _are(told, *wanted):
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
        image = to_input(pixels[np.newaxis], network.dtype)[0]
        for shift in _SHIFTS:
            mode = "wrap" if shift.wrap else "fill"
            found = compare(network, image, shift.dx, shift.dy, mode=mode, pool_size=2, label=0)
            measured = {
                relative: {stage: pair.measured(relative) for stage, pair in found.stages.items()}
                for relative in (True, False)
            }
            for stage, relative in product(("max", "subsample", "average", "convolution"), measured):
                view = View(stage=stage, relative=relative)
                shifted = _Shifted(network, found, measured[relative], view)
                words = shifted.said
                untrue += [f"{number} {shift} {stage}: {each} in {words}" for each in _untruths(shifted)]
                said.update(each for each in ("moved exactly", "nothing to compare") if each in words)
    assert not untrue, "\n".join(untrue[:20])
    assert min(said[each] for each in ("moved exactly", "nothing to compare")) > 20


def test_no_lesson_measures_a_number_or_a_residual_for_want_of_ink() -> None:
    network = LAB5.build_network()
    for pixels in (np.zeros((1, 28, 28), np.uint8), few_digits().test_images[0]):
        for lesson in digit_lessons(network, to_input(pixels[np.newaxis], network.dtype)[0]):
            said = lesson.result()
            assert "NaN" not in said
            assert ("blank" in said) is not pixels.any()
            assert ("residual is" in said) is bool(pixels.any())
    pixels = np.zeros((1, 28, 28), np.uint8)
    pixels[0, :, 27] = 255
    lesson: Lesson = digit_lessons(network, to_input(pixels[np.newaxis], network.dtype)[0])[1]
    assert "residual" not in lesson.result()
