"""Numbers as text: what is read back is right, and unequal numbers side by side look unequal."""

import math
import time
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import ImageFont

from cnnviz.bundled import bundled
from cnnviz.notation import Notation, alone, format_sum, format_ticks, sum_notation
from cnnviz.quantities import (
    ALMOST,
    MINUS,
    format_cell,
    format_count,
    format_many,
    format_percent,
    format_plain,
    format_power,
    format_probability,
    format_seconds,
    format_shift,
    format_signed,
    format_together,
    format_value,
    format_whole_percent,
    moment,
    now,
    probability_of,
    shared_power,
    today,
    with_article,
)
from tests.oracles import read_number as read

numbers = st.floats(-1e12, 1e12, allow_nan=False) | st.floats(-1, 1) | st.floats(width=32, allow_nan=False)
shares = st.floats(0, 1) | st.floats(0, 1e-5) | st.floats(0, 1e-5).map(lambda rest: 1 - rest)
groups = st.lists(numbers, min_size=1, max_size=9) | st.builds(
    lambda middle, steps: [middle + step * math.ulp(middle) for step in steps],
    st.floats(-10, 10),
    st.lists(st.integers(-3, 3), min_size=2, max_size=9),
)


def test_classes_have_their_article() -> None:
    names = ("7", "8", "11", "80", "1", "ankle boot", "bag", "M", "t")
    told = "a 7", "an 8", "an 11", "an 80", "a 1", "an ankle boot", "a bag", "an M", "a t"
    assert tuple(map(with_article, names)) == told


@pytest.mark.parametrize(
    "font", ["Inter-Regular", *(f"JetBrainsMono-{it}" for it in ("Regular", "Medium", "Bold"))]
)
def test_a_minus_is_drawn_as_wide_as_a_plus(font: str) -> None:
    letters = ImageFont.truetype(bundled("fonts") / f"{font}.ttf", 1000)
    minus, plus = (letters.getmask(sign).getbbox() for sign in (MINUS, "+"))
    assert minus is not None
    assert plus is not None
    assert minus[2] - minus[0] == pytest.approx(plus[2] - plus[0], rel=0.05)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00573, "0.00573"),
        (1.9e-4, f"1.9e{MINUS}4"),
        (0.5, "0.5"),
        (0.49999, "0.500"),
        (12.345, "12.3"),
        (12345.6, "12,346"),
        (1e6, "1e6"),
        (1e-5, f"1e{MINUS}5"),
        (-0.92, f"{MINUS}0.92"),
        (-0.0, "0"),
        (math.nan, "NaN"),
        (-math.inf, f"{MINUS}∞"),
    ],
)
def test_single_values(value, text):
    assert format_value(value) == text


@given(numbers, st.integers(1, 12))
def test_what_is_written_is_right_to_the_last_figure(value, digits):
    text = format_value(value, digits)
    assert "-" not in text
    if value == 0:
        assert text == "0"
    elif math.isfinite(value):
        assert abs(read(text) - value) <= 0.51 * 10.0 ** (math.floor(math.log10(abs(value))) - digits + 1)
        assert read(text) != 0
    signed = format_signed(value, digits)
    assert signed.startswith("+") == (value > 0)


def test_times_are_those_of_the_clock_on_the_wall():
    assert datetime.strptime(now(), "%Y-%m-%d %H:%M").date() >= date.fromisoformat(today())
    written = datetime.strptime(moment(time.time()), "%Y-%m-%d at %H:%M:%S")
    assert abs((written - datetime.now()).total_seconds()) < 60


def test_signs_counts_powers_and_places():
    assert format_signed(0.35) == "+0.35"
    assert format_signed(-0.0) == "0"
    assert format_count(-12665) == f"{MINUS}12,665"
    assert [format_many(count, "step") for count in (0, 1, 1000)] == ["0 steps", "1 step", "1,000 steps"]
    assert format_power(-4) == "× 10⁻⁴"
    assert format_power(0) == ""
    assert [*map(shared_power, (0.042, -0.42, 4.2, -42, 420))] == [-2, 0, 0, 0, 2]
    assert format_shift(3, -2) == f"(+3, {MINUS}2)"
    assert format_cell((6, 10, 7)) == "filter 6, row 10, column 7"
    assert format_cell((1, 0, 2), "input") == "input 1, row 0, column 2"
    assert format_cell((0, 3)) == "row 0, column 3"
    assert format_cell((12,)) == "unit 12"
    assert [format_seconds(each) for each in (0.5, 12, 180, 9000)] == ["0.5 s", "12 s", "3 min", "2.5 h"]


@pytest.mark.parametrize(
    ("p", "rest", "text"),
    [
        (0.0316, None, "0.0316"),
        (0.968412, None, "0.9684"),
        (1.0, 1.562e-8, f"1 {MINUS} 1.56e{MINUS}8"),
        (1.0, 0.0, "1"),
        (0.0, None, "0"),
        (0.5, None, "0.5"),
        (5.73e-3, None, "0.00573"),
        (2.1e-9, None, f"2.10e{MINUS}9"),
    ],
)
def test_probabilities(p, rest, text):
    found = format_probability(p, rest=rest)
    assert found == text or read(found) == read(text)
    assert (found == text) or p == 2.1e-9
    if rest is not None:
        assert probability_of([rest, p], 1) == text


@given(shares)
def test_a_probability_near_0_or_1_never_reads_as_0_or_1(p):
    text = format_probability(p)
    assert (text == "0") == (p == 0)
    assert (text == "1") == (p == 1)
    assert read(text) == pytest.approx(p, rel=0.0051)
    if p > 0.5:
        complement = float(text[4:].replace(MINUS, "-")) if text.startswith("1 ") else 1 - float(text)
        assert complement == pytest.approx(1 - p, rel=0.0051)


@given(shares)
def test_a_share_near_0_or_1_never_reads_as_0_or_100_per_cent(share):
    text = format_percent(share)
    value = read(text.removesuffix(" %"))
    assert (value == 0) == (share == 0)
    if share < 1 - 1e-12:
        assert value < 100
    assert value == pytest.approx(100 * share, abs=0.0501)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (1, "<1"), (5, "<1"), (6, "1"), (15, "2"), (494, "49"), (994, "99"), (995, ">99"),
     (999, ">99"), (1000, "100")],
)  # fmt: skip
def test_a_whole_percent_reads_0_or_100_only_where_it_is(count, text):
    assert format_whole_percent(count / 1000) == text


@given(groups, st.sampled_from([format_value, format_signed]), st.none() | st.integers(1, 12))
def test_side_by_side_unequal_numbers_look_unequal_or_carry_a_mark(values, write, longest):
    texts = format_together(values, write=write, longest=longest)
    for one, text in zip(values, texts, strict=True):
        for other, other_text in zip(values, texts, strict=True):
            if one == other:
                assert text == other_text
            elif read(text) == read(other_text):
                assert longest is not None
                assert text.startswith(ALMOST)
                assert other_text.startswith(ALMOST)


@given(st.lists(shares, min_size=2, max_size=6))
def test_probabilities_side_by_side(values):
    texts = format_together(values, write=format_probability)
    for one, text in zip(values, texts, strict=True):
        for other, other_text in zip(values, texts, strict=True):
            assert (one == other) == (text == other_text)


@given(
    st.lists(st.floats(-2, 2, width=32) | st.floats(-(2**-20), 2**-20, width=32), min_size=4, max_size=16),
    st.booleans(),
    st.none() | st.integers(5, 9),
    st.booleans(),
)
@example([0.0, 0.0, 0.0, 9.9999998245167e-15], True, 5, False)  # three figures of it are 1.00e-14
@example([0.0, 0.0, 0.0, 0.0625], True, 5, False)  # three decimals and a sign are six characters
def test_cells_of_a_window_are_told_apart(values, signed, longest, in_full):
    array = np.array(values, dtype=np.float32)
    windows = np.arange(array.size) // 4
    notation = Notation.of(array, signed=signed)
    notation = notation.in_full() if in_full else notation  # whose numbers need no unit
    texts = notation.texts(array, windows, longest)
    unit = 10.0**notation.exponent
    assert not in_full or notation.unit == ""
    for place, text in enumerate(texts):
        if not text:
            assert longest is not None, "there is room for all digits"
            assert not any(texts), "all cells have a number or none has"
            continue
        assert (text == "0") == (array[place] == 0)
        assert longest is None or len(text) <= longest
        error = 0.51 * unit * 10.0 ** -len(text.partition(".")[2])
        assert read(text) * unit == pytest.approx(float(array[place]), abs=error, rel=1e-12)
        for other in np.flatnonzero(windows == windows[place]):
            if longest is None and abs(array[place] - array[other]) > 1e-15 * unit:
                assert text != texts[other]


@given(
    st.lists(st.floats(-40, 40, width=32) | st.floats(-(2**-9), 2**-9, width=32), min_size=1, max_size=9),
    st.integers(6, 12),
    st.sampled_from([3, 4]),
)
def test_the_parts_of_a_sum_add_up_as_they_are_written(values, longest, figures):
    total = float(np.sum(values))
    *parts, last = format_sum(values, total, longest, figures)
    shown = [Decimal(part.replace(MINUS, "-").replace(",", "").partition("e")[0]) for part in parts]
    decimals = len(last.partition("e")[0].partition(".")[2])
    power = float(f"1e{last.partition('e')[2].replace(MINUS, '-') or 0}")
    written = Decimal(last.replace(MINUS, "-").replace(",", "").partition("e")[0])
    if total:
        assert round(sum(shown), decimals) == written
        assert float(written) * power == pytest.approx(total, abs=0.51 * power * 10.0**-decimals)


@given(*[st.floats(-40, 40, width=32) | st.floats(-(2**-9), 2**-9, width=32)] * 3)
def test_what_stands_in_two_sums_of_one_total_is_written_alike_in_both(largest, others, bias):
    total = largest + others + bias
    one, other = [largest, others, bias, total], [largest + others, bias, total]
    written = format_sum(one[:-1], total, beside=other)
    assert written[-2:] == format_sum(other[:-1], total, beside=one)[-2:]


def test_two_sums_beside_one_another_have_the_same_decimals_and_both_add_up():
    one, other = [0.8912, -0.2328575, 0.6583425], [0.71, -0.31, 0.4]
    alone = format_sum(other[:-1], other[-1])
    assert alone == ["+0.7100", "−0.3100", "+0.4000"]
    texts = [format_sum(each[:-1], each[-1], beside=far) for each, far in ((one, other), (other, one))]
    decimals = {len(text.partition(".")[2]) for sums in texts for text in sums}
    assert len(decimals) == 1
    for *parts, total in texts:
        assert sum(Decimal(part.replace(MINUS, "-")) for part in parts) == Decimal(total)


def test_no_part_of_a_sum_and_no_total_reads_as_zero_alone_unless_it_is():
    notation = sum_notation([0.124, 0.124, 0.124, 0.0], 0.372)
    assert notation.decimals == 3, "with two decimals they would add up to 0.36, not 0.37"
    parts = [0.04079, 0.0221, 0.03538, 0.04017, 0.04015, 0.03138, 0.03328, 0.01189, 0.0002]
    *_, total = format_sum(parts, 0.25534, 7, 2)
    assert float(total) == pytest.approx(0.25534, abs=0.0051), "as no notation of the parts adds up"
    assert "0" not in format_sum([-0.2555, -2.0167, 1.0085, 1.2047], -0.059, 6, 1)
    assert format_sum([13.5495, 0.0046], 13.5541) == ["+13.5495", "+0.0046", "+13.5541"], "there is room"
    assert format_sum([1e30, 2e30], 3e30) == ["+1.000e30", "+2.000e30", "+3.000e30"]


def test_a_number_of_a_sum_that_is_read_alone_shares_no_power():
    total = format_sum([9.08e-4, -9.168e-4, 0.0], -8.8e-6)[-1]
    assert (total, alone(total)) == (f"{MINUS}0.088e{MINUS}4", f"{MINUS}8.8e{MINUS}6")
    assert all(alone(text) == text for text in ("+0.0120", "0", f"0.000e{MINUS}4", f"+9.080e{MINUS}4"))


def test_a_map_of_small_gradients_shares_a_power_of_ten():
    notation = Notation.of(np.array([[5.73e-5, -1.2e-6], [0.0, 1e-9]]), signed=True)
    assert notation.unit == "× 10⁻⁵"
    assert notation.texts([[5.73e-5, -1.2e-6], [0.0, 1e-9]]) == ["+5.73", f"{MINUS}0.12", "0", "0.00"]


@pytest.mark.parametrize(
    ("ticks", "texts"),
    [
        ([0.0, 0.05, 0.1], ["0", "0.05", "0.10"]),
        ([0, 20000, 40000], ["0", "20,000", "40,000"]),
        ([0.0, 2e-7, 4e-7], ["0", f"2e{MINUS}7", f"4e{MINUS}7"]),
        ([], []),
    ],
)
def test_ticks(ticks, texts):
    assert format_ticks(ticks) == texts


@given(st.floats(allow_nan=False) | st.floats(width=32, allow_nan=False))
def test_plain_text_is_read_back_as_the_same_number(value):
    assert float(format_plain(value)) == value
    narrow = np.float32(value) if abs(value) < 3e38 else np.float32(0)
    assert np.float32(format_plain(narrow)) == narrow
