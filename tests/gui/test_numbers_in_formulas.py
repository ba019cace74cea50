"""The numbers of a formula: read back and put together, they give what stands behind the last equals sign."""

import re
from decimal import Decimal, getcontext
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.datasets import Dataset
from cnnviz.drawing import LIGHT, drawn, most_characters
from cnnviz.graphics.number_table import NUMBERS
from cnnviz.layers import Conv2D, Dense, Flatten, MaxPool2D
from cnnviz.mathematics import plain
from cnnviz.network import Network
from cnnviz.snapshots import Snapshot
from ui.panels.backprop.focus import Focus
from ui.panels.backprop.formulas import formula_of
from ui.panels.backprop.pages import Now, page_of
from ui.panels.backprop.passes import Pass, PassChoices, compute_pass
from ui.panels.backprop.steps import Step, StepKind, backward_steps
from ui.panels.scene import Scene
from ui.state import Sample, Shift

getcontext().prec = 60

#: What is 1 less than this has been rounded by double precision in its fifth figure.
FINEST = 1e-11

Case = tuple[int, int, float, int]


@cache
def small_network(outputs: int) -> Network:
    layers = [
        ("conv1", Conv2D(2, kernel_size=3)),
        ("pool1", MaxPool2D(2)),
        ("flatten", Flatten()),
        ("dense1", Dense(outputs)),
    ]
    return Network.build(layers, input_shape=(1, 8, 8), seed=1, dtype="float32")


def passed_through(outputs: int, label: int, scale: float, seed: int) -> Pass:
    """A pass of a random image through a network that is the surer of its answer, the larger `scale`."""
    network = small_network(outputs)
    network = network.with_params(
        {
            **network.params,
            "dense1.weight": (network.params["dense1.weight"] * scale).astype(np.float32),
        }
    )
    pixels = np.random.default_rng(seed).integers(0, 256, (1, 8, 8), dtype=np.uint8)
    names = tuple(str(number) for number in range(max(outputs, 2)))
    part = pixels[np.newaxis], np.array([label])
    scene = Scene(
        Dataset(*part, *part, names), Snapshot(0, network), Sample(pixels, label), Shift(), PassChoices()
    )
    return compute_pass(scene)


def step_of(passed: Pass, kind: StepKind) -> Step:
    return next(step for step in backward_steps(passed.network) if step.kind is kind)


def formula(passed: Pass, kind: StepKind) -> list[str]:
    """Parts of a formula between its equals signs, as Python writes them."""
    text = plain(formula_of(passed, step_of(passed, kind), Focus(), 0.1)).replace("−", "-")
    return [part.strip() for part in text.split("   ")[0].split(" = ")]


def value(text: str) -> Decimal:
    """What a sum, difference, product or quotient of numbers comes to."""
    return eval(re.sub(r"(?<![\w.])(\d[\d.]*(?:e-?\d+)?)", r'Decimal("\1")', text.replace(" · ", " * ")))


def unit_of(text: str) -> Decimal:
    """The last place of a number, or of what is added to 1 or taken from it."""
    number = text.split(" ")[-1]
    mantissa, _, exponent = number.partition("e")
    return Decimal(10) ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


cases = st.tuples(
    st.sampled_from([1, 2, 10]),
    st.integers(0, 1),
    st.floats(0.01, 60),
    st.integers(0, 30),
)


@given(cases)
def test_the_loss_is_minus_the_logarithm_of_the_probability_as_printed(
    case: tuple[int, int, float, int],
) -> None:
    passed = passed_through(*case)
    _, _, logarithm, loss = formula(passed, StepKind.LOSS)
    p = value(logarithm.removeprefix("-ln "))
    if passed.gradients.loss < FINEST:
        return
    assert abs(-p.ln() - value(loss)) <= 2 * unit_of(loss)
    assert value(loss) > 0


@given(cases)
def test_probability_less_label_is_the_gradient_as_printed(case: Case) -> None:
    passed = passed_through(*case)
    *_, difference, gradient = formula(passed, StepKind.LOGITS)
    if abs(passed.gradient("dense1")).min() < FINEST:
        return
    assert abs(value(difference) - value(gradient)) <= 2 * unit_of(gradient)


@given(cases)
def test_the_probability_comes_out_of_the_powers_as_printed(case: Case) -> None:
    passed = passed_through(*case)
    *_, quotient, p = formula(passed, StepKind.OUTPUT)
    if "^" in quotient:
        power = re.search(r"e\^([^)]*)\)", quotient)
        assert power
        found = 1 / (1 + value(power[1]).exp())
    else:
        found = value(quotient)
    assert abs(found - value(p)) <= 2 * unit_of(p)


@given(cases)
def test_the_product_of_the_factors_is_the_gradient_of_the_weight_as_printed(
    case: tuple[int, int, float, int],
) -> None:
    passed = passed_through(*case)
    _, _, factors, product = formula(passed, StepKind.DENSE)[:4]
    assert abs(value(factors) - value(product)) <= 2 * unit_of(product)


@pytest.mark.parametrize("scale", [3.0, 8.0, 40.0])
def test_a_probability_stands_in_full_in_its_cell(scale: float) -> None:
    """Beside it, nothing says a power of ten: 0.00573 is not "5.73"."""
    for seed in range(6):
        passed = passed_through(1, 0, scale, seed)
        table = page_of(Now(passed, step_of(passed, StepKind.LOSS), Focus())).leaves()["numbers"].content
        (text,) = next(row.write(most_characters(96, LIGHT)) for row in table.numbers.rows if row.key == "p")
        texts = drawn(NUMBERS, table, 600, LIGHT).texts()
        assert text in texts
        assert not any("10" in each for each in texts if each not in (text, "10"))
        p = float(passed.probabilities[1])
        assert float(value(text.replace("−", "-"))) == pytest.approx(p, rel=0.06)
        assert (text == "1") == (p == 1 and passed.probabilities[0] == 0)
