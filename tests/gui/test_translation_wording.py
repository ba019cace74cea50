"""What Translation says of a shift and of a sweep is true of the image, the network and the comparison."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from cnnviz.datasets import to_input
from cnnviz.drawing import Image
from cnnviz.experiment import LAB5
from cnnviz.graphics.translation import own_pool
from cnnviz.network import Network
from cnnviz.snapshots import Origin, Snapshot
from cnnviz.translation import MEASURES, POOL_KINDS, Comparison, compare
from cnnviz.translation.measures import MovedOutput, measured
from tests.gui.driving import choose_by_keys, click, click_part, drain, part_center, point_at, type_into
from tests.gui.translation_desk import BLANK, Desk, moved, norm_ratio, shift_center, value_at
from tests.oracles import read_number
from tests.small_data import TWO_BLOCKS, few_digits
from ui.panels.translation.subject import sample_subject
from ui.panels.translation.view import View
from ui.panels.translation.wording import statement
from ui.state import Sample, Shift

type Pixels = NDArray[np.uint8]
type Values = NDArray[np.floating]
type Maps = dict[str, Values]

_SHIFTS = (
    Shift(1, 0),
    Shift(2, 0),
    Shift(4, -2),
    Shift(13, 13),
    Shift(-13, 5),
    Shift(0, 3),
    Shift(2, 2),
)
_EXACT = 1e-6
_TOLD = "moved exactly", "nothing to compare"


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
        shown = sample_subject(Snapshot(1, network), Sample(np.zeros((1, 28, 28), np.uint8), 1, 0), classes)
        self.beside = [each for each in ("average",) if view.stage in POOL_KINDS and each != view.stage]
        self.said, _ = statement(found, measured, [view.stage, *self.beside], shown, view.block)
        self._stages = found.stages
        maps = "activation" if "activation" in found.stages else "convolution"
        is_pool = view.stage in POOL_KINDS
        self.after, self.before = view.stage, maps if is_pool else "pixels"
        self.is_what_if = is_pool and own != (view.stage, found.pool_size)

    def change(self, stage: str) -> float:
        """Return ‖F(Tx) − F(x)‖ / ‖F(x)‖, or NaN where there is nothing."""
        pair = self._stages[stage]
        first, second = pair.features()
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
    nothing = "there is nothing to compare" in said
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
    other = re.search(r"Average: \*(\S+)\*(?:, (less|more|about as much|just as much) )?", said)
    if not nothing and bool(other) != bool(truth.beside):
        yield "what is shown beside it"
    if other:
        by = truth.change(truth.beside[0])
        holds = {"less": by < change, "more": by > change, "just as much": by == pytest.approx(change)}
        if not np.isclose(read_number(other[1]), by, rtol=6e-3, atol=6e-4) or not holds.get(other[2], True):
            yield "how much the maps beside it changed"
    if measured and (" would " in said) != truth.is_what_if:
        yield "what if"
    if "moved exactly" in said and not truth.is_equivariant():
        yield "moved exactly"
    if (read := re.search(r"reads (\d).*p\((\d)\)", said)) and read[1] != read[2]:
        yield "the probability of a class that is not read"
    flip = r"now reads (1 \(right\)|[^1] \(wrong\)) instead of (1 \(right\)|[^1] \(wrong\)), p"
    if " instead of " in said and not re.search(flip, said):
        yield "which class is right"


@pytest.mark.parametrize(
    "experiment", [LAB5, replace(TWO_BLOCKS, pool="average", padding=0), replace(LAB5, pool="none", stride=2)]
)
def test_nothing_is_said_of_a_shift_that_is_not_so(experiment: Any) -> None:
    network = experiment.build_network()
    untrue: list[str] = []
    said: Counter[str] = Counter()
    for number, pixels in enumerate(_images()):
        image = to_input(pixels[np.newaxis], network.dtype)[0]
        for shift in _SHIFTS:
            found = compare(network, image, shift.dx, shift.dy, pool_size=2, label=0)
            measured = {stage: pair.measured() for stage, pair in found.stages.items()}
            for stage in ("max", "subsample", "average", "convolution"):
                shifted = _Shifted(network, found, measured, View(stage=stage))
                words = shifted.said
                untrue += [f"{number} {shift} {stage}: {each} in {words}" for each in _untruths(shifted)]
                said.update(each for each in _TOLD if each in words)
    assert not untrue, "\n".join(untrue[:20])
    assert min(said[each] for each in _TOLD) > 20


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    made = Desk(qtbot)
    made.load()
    qtbot.waitUntil(lambda: made.panel.sweep.map.content is not None)
    return made


def choose_measure(desk: Desk, name: str) -> None:
    """Pick an entry of the list with the keyboard."""
    choose_by_keys(desk.controls["measure"], name)
    desk.settle()


def measure_many(desk: Desk, digits: int) -> None:
    click(desk.controls["many"].button("True"))
    type_into(desk.controls["digits"], str(digits))
    click(desk.panel.sweep.button)


def test_each_measure_of_every_shift_is_that_of_the_comparison_at_the_same_place(desk: Desk) -> None:
    assert desk.panel.sweep.map.content.map.values.shape == (27, 27)
    label = desk.state.sample.label if desk.state.sample is not None else None
    found = compare(desk.network, desk.image(), 3, -1, label=label)
    both = found.original_probabilities, found.moved_probabilities
    output = MovedOutput(*both, found.original_class, np.array(found.moved_class), found.label)
    expected = {**found.stages["max"].measured(), **measured(output)}
    for name, measure in MEASURES.items():
        choose_measure(desk, name)
        assert value_at(desk.panel.sweep.map, 3, -1) == pytest.approx(expected[name], abs=1e-9)
        assert measure.formula in desk.controls["measure"].toolTip()
        what = measure.title if measure.of_output else "Max pooling"
        assert desk.reading().startswith(f"{what} at "), "a change of it is not the output"
    choose_measure(desk, "decision_flip")
    key = desk.panel.sweep.colors.drawing()
    assert key.texts() == ["no", "yes"]
    assert [mark.pixels.size for mark in key.all_marks() if isinstance(mark, Image)] == [1, 1], "no ramp"
    shifts = [(dx, dy) for dx in range(-13, 14) for dy in range(-13, 14)]
    flips = [np.hypot(*each) for each in shifts if value_at(desk.panel.sweep.map, *each)]
    nearest = re.search(r"nearest flip at \((.\d+), (.\d+)\)", desk.reading()).groups()
    assert np.hypot(*(int(each.replace("−", "-")) for each in nearest)) == min(flips)
    choose_measure(desk, "cosine_similarity")
    desk.panel.hide()  # and what is chosen out of sight is shown when the panel comes back
    desk.panel.choices.choose(measure="equivariance_residual")
    desk.panel.show()
    shown = value_at(desk.panel.sweep.map, 3, -1)
    assert shown == pytest.approx(expected["equivariance_residual"], abs=1e-9)


def test_a_click_or_a_drag_in_the_map_moves_the_image_there_and_arrows_go_on(desk: Desk) -> None:
    sweep = desk.panel.sweep.map
    click(sweep, shift_center(sweep, -4, 7))
    assert desk.state.shift == Shift(-4, 7)
    desk.settle()
    assert desk.canvas.content.shift == (-4, 7)
    assert sweep.content.outlines == (("ring", (20, 9, 1, 1)),)
    assert desk.canvas.hasFocus()
    QTest.keyClick(desk.canvas, Qt.Key.Key_Right)
    assert desk.state.shift == Shift(-3, 7)
    QTest.mousePress(sweep, Qt.MouseButton.LeftButton, pos=shift_center(sweep, 0, 0).toPoint())
    for dx in range(1, 6):
        QTest.mouseMove(sweep, shift_center(sweep, dx, dx).toPoint())
    QTest.mouseRelease(sweep, Qt.MouseButton.LeftButton, pos=shift_center(sweep, 5, 5).toPoint())
    assert desk.state.shift == Shift(5, 5)
    point_at(sweep, shift_center(sweep, 2, -6))
    assert "+2, −6" in desk.reading()


def test_a_stage_of_the_strip_chooses_the_map_and_the_strong_curve_within_the_same_limits(desk: Desk) -> None:
    sweep = desk.panel.sweep
    click_part(desk.panel.strip, "convolution")
    desk.settle()
    before, after = desk.outputs(desk.image(), "conv1"), desk.outputs(moved(desk.image(), 1, 0), "conv1")
    assert value_at(sweep.map, 1, 0) == pytest.approx(norm_ratio(after - before, before))
    assert desk.reading().startswith("Convolution")
    limits = set()
    for tile in desk.panel.strip.content.stages:
        desk.panel.choices.choose(stage=tile.key)
        limits.add(desk.panel.sweep.map.content.map.colors)
    assert len(limits) == 1


def test_curves_are_read_where_one_points(desk: Desk) -> None:
    plot = desk.panel.sweep.curves
    lines = plot.content.curves
    assert [line.name for line in lines] == [tile.title for tile in desk.panel.strip.content.stages]
    line = next(each for each in lines if each.name == "Max")
    assert line.spread is None
    point_at(plot, part_center(plot, 5.0))
    told = desk.reading()
    assert told.startswith("mean at distance 5: ")
    assert plot.content.x_name == "distance (mean of all directions)"
    assert f"Max {line.y[5]:.2f}" in told, "beside the plot, not over it"


def test_a_line_sets_apart_the_shifts_that_push_ink_out_of_the_image(desk: Desk) -> None:
    shown, places = desk.panel.sweep.map, range(-13, 14)
    ink = desk.image() > BLANK
    kept = np.array([[(moved(desk.image(), dx, dy) > BLANK).sum() for dx in places] for dy in places])
    lost = kept < ink.sum()
    expected = {(row, col + 1, row + 1, col + 1) for row, col in np.argwhere(lost[:, 1:] != lost[:, :-1])}
    assert {piece for piece in shown.content.map.border if piece[1] == piece[3]} == expected
    beyond = [(int(col) - 13, int(row) - 13) for row, col in np.argwhere(lost)]
    mark = next(each for each in desk.panel.sweep.curves.content.markers if each.words)
    assert mark.x == min(np.hypot(dx, dy) for dx, dy in beyond)
    far = next((dx, dy) for dx, dy in sorted(beyond) if dx == 13)
    point_at(shown, shift_center(shown, *far))
    assert "of the ink lost" in desk.reading()
    point_at(shown, shift_center(shown, 0, 0))
    assert "ink" not in desk.reading()


def test_another_image_is_swept_anew(desk: Desk) -> None:
    before = np.array(desk.panel.sweep.map.content.map.values)
    desk.show_sample(10)
    assert not np.array_equal(before, desk.panel.sweep.map.content.map.values)


# -- many digits -------------------------------------------------------------------------------------------


def test_what_was_presented_without_the_sweep_is_swept_when_it_comes_back(desk: Desk, qtbot: QtBot) -> None:
    panel = desk.panel
    panel.present(True)
    desk.show_sample(4)
    panel.present(False)
    qtbot.waitUntil(lambda: panel.sweep.map.content and panel.sweep.swept.key.origin is desk.state.sample)


def test_many_digits_give_mean_and_spread_not_shown_with_other_settings_and_marked_in_another_run(
    desk: Desk, qtbot: QtBot
) -> None:
    """Two runs of other seeds, both at step 100."""
    runs = [replace(LAB5, seed=seed) for seed in (7, 8)]
    first, second = (
        Snapshot(100, each.build_network(), origin=Origin(run_id, each, "MNIST"))
        for run_id, each in enumerate(runs, start=1)
    )
    desk.state.set_live(first)
    desk.settle()
    measure_many(desk, 3)
    sweep = desk.panel.sweep
    qtbot.waitUntil(lambda: not sweep.is_running)
    changes = []
    for index in range(3):
        image = few_digits().test_images[index].astype(np.float64) / 255 - 0.5
        before, after = desk.outputs(image, "pool1"), desk.outputs(moved(image, 1, 0), "pool1")
        changes.append(norm_ratio(after - before, before))
    assert value_at(sweep.map, 1, 0) == pytest.approx(np.mean(changes), rel=1e-4)
    line = next(each for each in sweep.curves.content.curves if each.name == "Max")
    assert line.spread is not None
    click(sweep.map, shift_center(sweep.map, 1, 0))
    desk.settle()
    assert f"{np.mean(changes):.3f} ± {np.std(changes):.3f}" in desk.reading()

    digits, sizes = desk.controls["digits"], desk.controls["pool_size"]
    for change, is_measured in (
        (lambda: QTest.keyClick(digits, Qt.Key.Key_Down), False),
        (lambda: QTest.keyClick(digits, Qt.Key.Key_Up), True),
        (lambda: click(sizes.button("3")), False),
        (lambda: click(sizes.button("2")), True),
    ):
        digits.setFocus()
        change()
        desk.settle()
        assert (sweep.map.content is not None) is is_measured
    assert sweep.note.text() == ""
    desk.state.set_live(second)
    desk.settle()
    assert sweep.note.text() == "network of step 100 of another run (seed 7)"


def test_while_many_digits_are_measured_one_image_does_not_wait_and_the_measurement_can_be_cancelled(
    desk: Desk, qtbot: QtBot
) -> None:
    sweep, many = desk.panel.sweep, desk.controls["many"]
    measure_many(desk, 96)
    qtbot.waitUntil(lambda: sweep.progress.value() > 0)
    click(many.button("False"))
    desk.show_sample(5)
    qtbot.waitUntil(lambda: sweep.map.content is not None)
    assert sweep.is_running
    click(many.button("True"))
    assert sweep.button.text() == "Cancel"
    click(sweep.button)
    assert not sweep.is_running
    assert not sweep.progress.isVisible()
    drain(qtbot, desk.background)
    assert sweep.map.content is None
    assert desk.panel.message.text() == ""
    desk.move(2, 0)  # and the panel goes on working
    assert desk.canvas.content.shift == (2, 0)
