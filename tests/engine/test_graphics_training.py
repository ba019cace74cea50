"""Curves of a run, the line of time, the confusion matrix: what is drawn, and that it fits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageFont

from cnnviz.bundled import bundled
from cnnviz.drawing import LIGHT, Box, CellKey, Ground, Line, Polygon, Rect, Text, drawn
from cnnviz.drawing.look import DARK, Font
from cnnviz.graphics.confusion import CONFUSION, Confusion, ConfusionMatrix, ShowImages
from cnnviz.graphics.curves import CURVES, Curve, Curves
from cnnviz.graphics.run_curves import (
    BEFORE,
    EACH,
    LEGEND,
    MEAN,
    TESTS,
    Legend,
    Named,
    Run,
    accuracy_plot,
    loss_plot,
)
from cnnviz.graphics.time_track import TIME_LINE, Leap, ReadStep, ShowStep, TimeLine, Track
from cnnviz.history import EvaluationPoint, History
from tests.oracles import contrast
from tests.records import progress


@given(
    seed=st.integers(0, 10_000),
    count=st.integers(2_000, 60_000),
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    bins=st.integers(20, 400),
)
@settings(max_examples=40)
def test_what_is_drawn_covers_the_data_and_exceeds_them_by_no_more_than_a_neighbour(
    seed: int, count: int, ends: tuple[float, float], bins: int
) -> None:
    y = np.random.default_rng(seed).normal(size=count).cumsum()
    lo, hi = sorted(np.round(np.array(ends) * (count - 1)))
    part = Curve("a", np.arange(float(count)), y).within(lo, hi, bins)
    inside, around = y[int(lo) : int(hi) + 1], y[max(int(lo) - 1, 0) : int(hi) + 2]
    assert around.min() <= part.y.min() <= inside.min()
    assert inside.max() <= part.y.max() <= around.max()
    assert part.x.size <= 4 * bins
    assert np.all(np.diff(part.x) >= 0)
    assert part.x[0] <= lo <= hi <= part.x[-1]
    # What is short is drawn as it is, with one point beyond each end.
    few = Curve("a", np.arange(float(count)), y).within(500.5, 510.5, bins)
    np.testing.assert_array_equal(few.x, np.arange(500.0, 512.0))
    np.testing.assert_array_equal(few.y, y[500:512])


def test_gaps_do_not_hide_their_neighbours() -> None:
    y = np.full(10_000, np.nan)
    y[5_000] = 3.0
    part = Curve("a", np.arange(10_000.0), y).within(0, 9_999, 50)
    assert np.nanmax(part.y) == 3.0
    assert abs(part.x[np.nanargmax(part.y)] - 5_000) <= 10_000 / 50


# -- curves of a run ----------------------------------------------------------------------------------------


def run_of(steps: int, log_every: int = 10, share: float = 0.9, losses: np.ndarray | None = None) -> History:
    """A run of 20 images a step, of which that share is told right."""
    history, images = History(log_every=log_every), np.full(steps, 20, dtype=np.intp)
    right = np.full(steps, round(20 * share))
    history.append(progress(1, np.linspace(1, 0.5, steps) if losses is None else losses, right, images))
    return history


def curve(plot: Curves, name: str) -> Curve:
    return next(each for each in plot.curves if each.name == name)


def top(history: History, **more) -> float:
    return loss_plot(Run(history, **more)).limits[1]


def test_curves_are_the_losses_their_running_means_and_the_tests() -> None:
    history = run_of(40)
    history.add_test(EvaluationPoint(30, 0.4, 0.95))
    plot = loss_plot(Run(history))
    np.testing.assert_array_equal(curve(plot, EACH).y, history.losses)
    np.testing.assert_array_equal(curve(plot, EACH).x, np.arange(1, 41))
    assert curve(plot, MEAN).y[-1] == pytest.approx(history.losses[-10:].mean())
    assert (curve(plot, TESTS).x.tolist(), curve(plot, TESTS).y.tolist()) == ([30], [0.4])
    assert curve(accuracy_plot(Run(history)), TESTS).y.tolist() == [0.95]


def test_the_planned_end_is_kept_but_the_first_steps_are_no_dot_at_the_left_end() -> None:
    for steps, low, high in ((13, 13, 20), (100, 100, 150), (1, 12, 15), (254, 12_665, 12_665)):
        end = Run(run_of(steps), planned=12_665).end()
        assert low <= end <= high


def test_the_axis_is_as_long_as_the_run_in_front_however_long_an_earlier_one_was() -> None:
    long = run_of(12_665)
    assert Run(run_of(600), long, planned=600).end() == 600
    assert Run(run_of(900), long, planned=600).end() <= 1000
    plot = loss_plot(Run(run_of(600), long, planned=600))
    assert plot.x_range == (-12, 612)
    assert curve(plot, BEFORE).x[-1] > 600, "it may be looked at by moving the axis"
    for look in (LIGHT, DARK):
        inks = [look.hex(curve(plot, name).ink) for name in (EACH, BEFORE)]
        assert contrast(*inks) > 2.5, "it is seen on the losses of single steps"


def test_neither_extremes_of_single_steps_nor_an_earlier_run_that_diverged_flatten_the_rest() -> None:
    losses = np.full(10_000, 0.5)
    losses[250::500] = 100.0
    assert top(run_of(10_000, 10_000, losses=losses)) < 2
    assert top(run_of(4, losses=np.array([0.5, np.nan, np.inf, 0.4]))) < 2
    diverged = run_of(60, losses=0.7 * 1.4 ** np.arange(60))
    assert top(History(), ghost=diverged) > 1e7  # alone it is shown as it is
    assert 1 < top(run_of(100), ghost=diverged) < 4
    assert top(run_of(100), ghost=run_of(60, losses=np.linspace(1.2, 0.9, 60))) > 1.1


def test_the_axis_of_accuracy_begins_a_little_below_all_curves() -> None:
    def lowest(history: History, **more) -> float:
        return accuracy_plot(Run(history, **more)).limits[0]

    alone = lowest(run_of(40))
    assert 0.5 < alone < 0.9
    assert lowest(run_of(40), ghost=run_of(40, share=0.3)) < 0.3
    assert lowest(run_of(40, share=0.3)) < 0.3


def test_a_report_needs_no_single_steps() -> None:
    history = run_of(100)
    history.add_test(EvaluationPoint(100, 9.0, 0.5))
    plot = loss_plot(Run(history), has_steps=False)
    assert {name for _, name, _ in plot.read(100)} == {MEAN, TESTS}
    assert len(loss_plot(Run(history)).read(100)) == 3


def test_the_legend_names_all_curves() -> None:
    legend = Legend("Loss", tuple(map(Named.of, loss_plot(Run(run_of(10))).curves)))
    size = LEGEND.size(legend, LIGHT)
    assert drawn(LEGEND, legend, size.least_width, LIGHT).texts() == ["Loss", "step", "mean", "test"]
    assert drawn(LEGEND, legend, size.width, LIGHT).texts() == ["Loss", EACH, MEAN, TESTS]
    assert LEGEND.words(legend) == "each step, running mean, test images"


@given(number=st.floats(-1e6, 1e6), decimals=st.integers(0, 4))
@settings(max_examples=60)
def test_numbers_are_as_wide_as_they_are_measured_whole(number: float, decimals: int) -> None:
    words = f"×{abs(number):,.{decimals}f}"
    path = str(bundled("fonts") / "Inter-Regular.ttf")
    whole = ImageFont.truetype(path, 1000).getlength(words) / 1000
    assert Font(12).width(words) == pytest.approx(12 * whole, abs=0.02)


# -- line of time -------------------------------------------------------------------------------------------

STEPS = np.arange(1.0, 801.0)
TRACK = Track(0, 1000, 250, (STEPS, 1 / STEPS))


def line(**more) -> TimeLine:
    return TimeLine(**{"track": TRACK, "reached": 800, "position": 400, "is_live": False} | more)


def drawn_line(shown: TimeLine):
    return TIME_LINE.draw(shown, Ground(Box(0, 0, 820, TIME_LINE.size(shown, LIGHT).height), LIGHT))


def test_pressing_and_dragging_ask_for_the_step_below() -> None:
    drawing = drawn_line(line())
    part = drawing.part_at(410, 31)
    assert (part.ask, part.points) == (ShowStep(500), ReadStep(500))
    assert [drawing.part_at(x, 5).ask for x in (0, 819)] == [ShowStep(0), ShowStep(1000)]
    assert part.follows, "dragging asks for each step that the pointer comes to"
    few = drawn_line(line(track=Track(0, 10)))  # steps are wider than pixels
    assert [few.part_at(x, 31).ask for x in (40, 52)] == [ShowStep(0), ShowStep(1)]


def test_the_wheel_goes_by_moments_and_it_is_said_where_the_handle_stands() -> None:
    keys = drawn_line(line()).keys
    assert (keys["wheel up"], keys["wheel down"]) == (Leap(1), Leap(-1))
    said = [TIME_LINE.words(line(**more)) for more in ({}, {"is_live": True}, {"position": None})]
    assert said == ["step 400", "step 400, live", "no moment yet"]


def test_the_rail_shows_what_is_shown_and_what_was_reached() -> None:
    drawing = drawn_line(line())
    rails = [mark for mark in drawing.all_marks() if isinstance(mark, Rect) and mark.box.height == 3]
    ends = {mark.fill: round(mark.box.right - 1.5) for mark in rails}
    assert ends == {"track": 810, LIGHT.mixed("accent", "surface", 0.6): 650, "accent": 330}
    for is_live, fill in ((True, "accent"), (False, "surface")):
        disc = [m for m in drawn_line(line(is_live=is_live)).all_marks() if isinstance(m, Rect)][-1]
        assert (disc.fill, round(disc.box.x)) == (fill, 330), "a ring while an earlier moment is looked at"


def test_fork_reference_curves_and_epochs_are_drawn() -> None:
    track = Track(0, 1000, 250, TRACK.curve, reference=400, fork=500)
    drawing = drawn_line(line(track=track))
    assert drawing.texts() == ["epoch 1", "2", "3", "4", "A"]
    many = drawn_line(line(track=Track(0, 1000, 70, TRACK.curve)))
    assert many.texts() == ["epoch 2", *map(str, range(4, 16, 2))]
    marks = list(drawing.all_marks())
    assert sum(isinstance(mark, Line) for mark in marks) == 1
    assert sum(isinstance(mark, Polygon) for mark in marks) == 1
    names = dict(TIME_LINE.tables(line(track=track))[1].rows)
    assert (names["compared with"], names["continued from"], names["end of epoch 2"]) == (400, 500, 500)
    odd = Track(0, 10, 0, (np.arange(4.0), np.array([np.nan, np.inf, 0.0, 2.0])))
    assert not drawn_line(line(track=odd)).texts()


# -- confusion matrix ---------------------------------------------------------------------------------------

TWO = Confusion(np.array([[975, 5], [0, 1135]]), ("0", "1"))


def drawn_matrix(shown: ConfusionMatrix, width: float, chosen=None):
    box = Box(0, 0, width, CONFUSION.height(shown, width, LIGHT))
    return CONFUSION.draw(shown, Ground(box, LIGHT, marked=chosen))


def test_the_diagonal_is_tinted_and_mistakes_are_marked() -> None:
    drawing = drawn_matrix(ConfusionMatrix(TWO), 345)
    assert drawing.texts() == ["predicted", "0", "is 0", "1", "is 1", "975", "5", "0", "1,135"]
    fills = [mark.fill for mark in drawing.all_marks() if isinstance(mark, Rect)]
    assert fills == ["accent_soft", "danger_soft", "accent_soft"]
    inks = [mark.ink for mark in drawing.all_marks() if isinstance(mark, Text)]
    assert inks[5:] == ["text", "danger", "muted", "text"]
    assert CONFUSION.words(ConfusionMatrix(TWO)) == "2,115 images, 5 mistakes"


def test_a_cell_says_and_asks_for_its_images_and_keys_walk_over_the_cells() -> None:
    drawing = drawn_matrix(ConfusionMatrix(TWO), 345)
    part = drawing.part(CellKey("class", 0, 1))
    assert part.tip == "5 images of class 0 predicted as 1 (0.5 % of class 0)"
    assert part.ask == ShowImages(0, 1)
    assert drawing.keys["right"] == ShowImages(0, 0)
    keys = drawn_matrix(ConfusionMatrix(TWO), 345, (0, 1)).keys
    assert (keys["left"], keys["down"]) == (ShowImages(0, 0), ShowImages(1, 1))
    assert not {"up", "right"} & keys.keys(), "over the edge they lead nowhere"


def test_the_title_is_over_the_middle_of_the_columns_and_no_row_of_ten_is_cut() -> None:
    texts = [each for each in drawn_matrix(ConfusionMatrix(TWO), 700).all_marks() if isinstance(each, Text)]
    title, zero, one = (next(t for t in texts if t.words == words) for words in ("predicted", "0", "1"))
    assert title.x == pytest.approx((zero.x + one.x) / 2)

    ten = ConfusionMatrix(Confusion(np.full((10, 10), 90), tuple("0123456789")))
    low = CONFUSION.size(ten, LIGHT).least_height
    for height in (low - 20, low):
        drawing = CONFUSION.draw(ten, Ground(Box(0, 0, 250, height), LIGHT))
        feet = [m.y for m in drawing.all_marks() if isinstance(m, Text)]
        assert max(feet) < height
        assert ("predicted, % of the class" in drawing.texts()) == (height == low)


def test_a_thin_line_lies_over_a_thick_one_that_takes_the_same_way() -> None:
    x = np.arange(5.0)
    thin, thick = Curve("Average", x, x, "accent", width=1.4), Curve("Max", x, x, "winner", width=2.8)
    pale = Curve("each step", x, x, "muted", width=1.0, name_ink="muted")
    for curves in ((thin, pale, thick), (thick, thin, pale)):
        (group,) = drawn(CURVES, Curves(curves), 300, LIGHT, 200).marks[:1]
        inks = [mark.ink for mark in group.draw() if isinstance(mark, Line)]
        assert inks == ["muted", "winner", "accent", "muted"], "the last is before its name"
