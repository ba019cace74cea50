"""Look for sentences of the guided labs that are not true of a student's network.

    .venv/bin/python scripts/reveals.py lab5 pooling fooling --students 30

For each roll number the networks of a lab are trained. Whatever the lab says of them is computed once more
here, of weights and pixels alone and in plain NumPy: each number in a sentence, and what it claims besides.
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cnnviz.datasets import Dataset  # after the path is set
from cnnviz.experiment import Experiment  # likewise
from cnnviz.lab.course import find_lab, lab_data  # likewise
from cnnviz.lab.explaining import (  # likewise
    explain,
    explanation,  # likewise
    known_facts,
)
from cnnviz.lab.measures import (
    Measured,
    measure,
    value_words,  # likewise
)
from cnnviz.lab.model import Lab, Step, seed_of
from cnnviz.lab.reading import load_lab
from cnnviz.lab.record import StepRecord  # likewise
from cnnviz.report.bench import (
    Bench,  # likewise
    trained,
)
from cnnviz.report.blocks import Words
from cnnviz.training import Trainer

type Array = np.ndarray[Any, Any]

BLACK = -0.5


@dataclass(frozen=True)
class Plain:
    """A network with one convolution, a 2 × 2 max pool or a stride, and one unit with a sigmoid."""

    bench: Bench

    @property
    def rate(self) -> float:
        """Learning rate."""
        return self.bench.experiment.learning_rate

    @cached_property
    def params(self) -> dict[str, Array]:
        """Weights and biases."""
        return {name: np.array(each, np.float64) for name, each in self.bench.network.params.items()}

    def conv(self, images: Array, filters: Array | None = None) -> Array:
        """Maps (n, c, h, w) of images (n, h, w)."""
        filters = self.params["conv1.weight"][:, 0] if filters is None else filters
        step, size = self.bench.experiment.stride, filters.shape[-1]
        patches = np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(1, 2))
        return np.einsum("nijab,fab->nfij", patches[:, ::step, ::step], filters)

    def pooled(self, maps: Array) -> Array:
        """What is behind the pool, if there is one."""
        if self.bench.pool is None:
            return maps
        count, channels, high, wide = maps.shape
        return maps.reshape(count, channels, high // 2, 2, wide // 2, 2).max(axis=(3, 5))

    def logits(self, images: Array) -> Array:
        """Logit of the second class for each image."""
        flat = self.pooled(self.conv(images)).reshape(len(images), -1)
        return flat @ self.params["dense1.weight"][0] + self.params["dense1.bias"][0]

    @cached_property
    def images(self) -> Array:
        """Test images as the network takes them."""
        return self.bench.dataset.test_images[:, 0] / 255 - 0.5

    @cached_property
    def labels(self) -> Array:
        """Their classes."""
        return self.bench.dataset.test_labels

    @cached_property
    def all_logits(self) -> Array:
        """Their logits."""
        return np.concatenate(
            [self.logits(self.images[n : n + 500]) for n in range(0, len(self.images), 500)]
        )

    @cached_property
    def read(self) -> Array:
        """As what they are read."""
        return (self.all_logits > 0).astype(int)

    @cached_property
    def losses(self) -> Array:
        """Their losses."""
        return np.logaddexp(0, np.where(self.labels == 1, -self.all_logits, self.all_logits))

    def moved(self, images: Array, dx: int) -> Array:
        """Images moved to the right."""
        found = np.full(images.shape, BLACK)
        found[:, :, dx:] = images[:, :, : images.shape[2] - dx]
        return found

    def loss(self, sample: int, params: Mapping[str, Array] | None = None) -> float:
        """Loss of a test image, with other weights if they are given."""
        other = Plain(self.bench)
        other.__dict__["params"] = params or self.params
        logit = float(other.logits(self.images[sample : sample + 1])[0])
        return float(np.logaddexp(0, -logit if self.labels[sample] == 1 else logit))

    def gradient(self, sample: int) -> dict[str, Array]:
        """The gradient of an image, each winner of a window with all of it where the rule is "all"."""
        image, sign = self.images[sample], int(self.labels[sample])
        maps = self.conv(image[None])[0]
        pooled = self.pooled(maps[None])[0]
        d_logit = 1 / (1 + math.exp(-float(self.logits(image[None])[0]))) - sign
        d_pooled = (self.params["dense1.weight"][0] * d_logit).reshape(pooled.shape)
        d_filters = np.zeros_like(self.params["conv1.weight"])
        for f, i, j in np.ndindex(*pooled.shape):
            for a, b in np.ndindex(2, 2):
                row, col = 2 * i + a, 2 * j + b
                if abs(maps[f, row, col] - pooled[f, i, j]) < 1e-12:
                    d_filters[f, 0] += d_pooled[f, i, j] * image[row : row + 3, col : col + 3]
        return {
            "conv1.weight": d_filters, "dense1.weight": d_logit * pooled.reshape(1, -1),
            "dense1.bias": np.array([d_logit]),
        }  # fmt: skip


@dataclass(frozen=True)
class Told:
    """A step with its networks and what the lab says of it."""

    plain: Plain
    facts: Mapping[str, Any]
    step: Step

    def __getitem__(self, name: str) -> Any:
        """Return a fact."""
        return self.facts[name]

    @property
    def asked(self) -> dict[str, Any]:
        """Parameters of what is predicted; the strongest filter by its number."""
        assert self.step.prediction is not None
        asked = dict(self.step.prediction.parameters)
        if asked.get("filter") == "strongest":
            asked["filter"] = int((self.plain.params["conv1.weight"] ** 2).sum(axis=(1, 2, 3)).argmax())
        return asked

    @property
    def sample(self) -> int:
        """The test image that it is about."""
        return int(self.asked.get("sample", 3))


type Check = Callable[[Told], bool]
"""Whether the numbers of a step are those that are computed here, and its sentences true."""


def is_close(*pairs: tuple[float, float]) -> bool:
    """Whether numbers agree."""
    return all(math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-12) for one, other in pairs)


def way(told: Told) -> dict[int, bool]:
    """Measure the way of the filters again."""
    bench, params = told.plain.bench, told.plain.params
    first = np.array(bench.initial.params["conv1.weight"])
    change, size = np.linalg.norm(params["conv1.weight"] - first), np.linalg.norm(first)
    losses = np.asarray(bench.history.losses)
    ways = np.array([(step, np.linalg.norm(each - first)) for step, each in bench.way], np.float64)
    tenths = np.interp(np.linspace(0, bench.step, 11), *ways.T)
    rises, fast = np.diff(tenths), (told["fast_from"] + told["fast_to"]) / 2
    steepest = float(np.ptp(np.interp([told["fast_from"], told["fast_to"]], *ways.T)))
    units = [float(np.linalg.norm(each["dense1.weight"])) for each in (bench.initial.params, params)]
    numbers = is_close(
        (told["early"], losses[:500].mean()), (told["late"], losses[-500:].mean()),
        *zip((told["unit_before"], told["unit_after"]), units, strict=True),
    )  # fmt: skip
    is_steepest = steepest > 0.95 * rises.max() and steepest > 1.05 * max(rises[0], rises[-1])
    return {
        0: bool(change >= size), 1: bool(change < size),
        2: numbers and is_steepest and told["steps"] == len(losses) and is_carried(told, int(fast)),
    }  # fmt: skip


def is_carried(told: Told, step: int) -> bool:
    """Train to a step again: whether filters learn most there, because of the unit, and less at the end."""
    bench = told.plain.bench
    trainer = Trainer(bench.initial, bench.dataset, bench.experiment)
    for _ in trainer.until(step):
        pass
    start, there, end = (
        {name: np.array(each, np.float64) for name, each in net.params.items()}
        for net in (bench.initial, trainer.network, bench.network)
    )
    speeds = []
    for params in (start, {**start, "conv1.weight": there["conv1.weight"]}, there, end):
        plain = Plain(bench)
        plain.__dict__["params"] = params
        gradients = [plain.gradient(sample)["conv1.weight"] for sample in range(16)]
        speeds.append(float(np.linalg.norm(np.mean(gradients, axis=0))))
    return max(speeds[0], speeds[1], speeds[3]) < speeds[2]


def first_rule(told: Told) -> dict[int, bool]:
    """Compare the network under “first” with the one before."""
    plain = told.plain
    start = np.array(plain.bench.initial.params["conv1.weight"])
    change = np.linalg.norm(plain.params["conv1.weight"] - start) / np.linalg.norm(start)
    right = 100 * float((plain.read == plain.labels).mean())
    other = told["full.value"]  # which the step "full" is checked for
    numbers = is_close((told["filter_change"], float(change)), (told["value"], right))
    return {
        0: numbers and right < other, 1: numbers and right == other, 2: numbers and right > other,
        3: numbers and change < told["slow.value"],
    }  # fmt: skip


def misread(told: Told) -> tuple[bool, float, float]:
    """Read all test images.

    * Returns: whether all numbers are right, how much wider those misread are, how far apart the classes.
    """
    plain = told.plain
    wrong = plain.read != plain.labels
    shares = [100 * float(wrong[plain.labels == each].mean()) for each in (0, 1)]
    worst = int(shares[1] > shares[0])
    names = plain.bench.dataset.classes
    widths = np.array([float(np.ptp(np.flatnonzero((each > 0).any(axis=0))) + 1) for each in plain.images])
    is_worst = plain.labels == worst
    ok = is_close(
        (told["mistakes"], wrong.sum()), (told["images"], len(wrong)),
        (told["width"], widths[is_worst].mean()), (told["worst_share"], shares[worst]),
        (told["best_share"], shares[1 - worst]),
        *([(told["wrong_width"], widths[is_worst & wrong].mean())] if wrong.any() else []),
    ) and (told["worst_class"], told["best_class"]) in [
        (names[worst], names[1 - worst]), *([names[::-1], names] if shares[0] == shares[1] else [])
    ]  # fmt: skip
    wider = float(widths[is_worst & wrong].mean() - widths[is_worst].mean()) if wrong.any() else math.nan
    return ok, wider, shares[worst] - shares[1 - worst]


def mistakes(told: Told) -> dict[int, bool]:
    """Compare those misread with their class."""
    ok, wider, apart = misread(told)
    return {0: ok and wider < 0 < apart, 1: ok and wider > 0 < apart, 2: ok and apart == 0}


def full(told: Told) -> dict[int, bool]:
    """Count those misread."""
    ok, wider, apart = misread(told)
    return {0: ok and not math.isnan(wider), 1: ok and math.isnan(wider), 2: ok and apart > 0}


def field(told: Told) -> dict[int, bool]:
    """Change each pixel of a row, and see which pooled cells may change."""
    patches = [range(2 * j, 2 * j + 2) for j in range(13)]
    seen = [sorted({col + b for col in cells for b in range(3)}) for cells in patches]
    side, shared = len(seen[4]), len({*seen[4]} & {*seen[5]})
    ok = (told["value"], told["shared"], told["apart"]) == (side, shared, seen[5][0] - seen[4][0])
    return {0: ok and (told["kernel"], told["stride"]) == (3, 1), 1: ok}


def window(told: Told) -> dict[int, bool]:
    """Add up the products of a window."""
    of, plain = told.asked, told.plain
    image, kernel = plain.images[told.sample], plain.params["conv1.weight"][of["filter"], 0]
    corner = 2 * of["row"], 2 * of["column"]
    products = [
        image[corner[0] + a : corner[0] + a + 3, corner[1] + b : corner[1] + b + 3] * kernel
        for a, b in np.ndindex(2, 2)
    ]
    products.sort(key=lambda each: -each.sum())
    (plus, minus), (next_plus, next_minus) = ((e[e > 0].sum(), e[e < 0].sum()) for e in products[:2])
    largest, after = products[0].sum(), products[1].sum()
    count = sum(abs(each.sum() - largest) < 1e-12 for each in products)
    ok = is_close(
        (told["largest"], largest), (told["next"], after), (told["plus"], plus), (told["minus"], minus),
        (told["next_plus"], next_plus), (told["next_minus"], next_minus), (told["winners"], count),
    )  # fmt: skip
    alone = ok and count == 1
    return {
        0: alone and plus > next_plus and minus > next_minus,
        1: alone and plus - next_plus > next_minus - minus > 0,
        2: alone and plus < next_plus and minus > next_minus,
        3: ok and count > 1,
    }


def dots(told: Told) -> dict[int, bool]:
    """Try filters of all kinds."""
    images = np.zeros((2, 6, 6))
    images[0, [0, 2, 4], 4] = images[1, [1, 3, 5], 4] = 1
    numbers = np.random.default_rng(0)
    same, differ = True, 0
    for _ in range(50):
        patches = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2))
        one, two = np.einsum("nijab,ab->nij", patches, numbers.normal(size=(3, 3)))
        differ = int((np.abs(one - two) > 1e-9).sum())
        swapped = two.reshape(2, 2, 4)[:, ::-1].reshape(4, 4)
        same = same and np.allclose(one, swapped, atol=1e-12)
    return {0: bool(same) and told["cells"] == differ and told["value"] == 0}


def shifted(told: Told) -> tuple[Array, Array, Array, Array, Array]:
    """Images, maps and pooled maps of a sample and of it moved, relative to a blank image; and raw maps."""
    plain, sample = told.plain, told.sample
    image = plain.images[sample : sample + 1]
    both = np.concatenate([image, plain.moved(image, told.asked["dx"])])
    raw, blank = plain.conv(both), plain.conv(np.full((1, 28, 28), BLACK))
    pooled = raw.reshape(2, 8, 13, 2, 13, 2)
    return both, raw - blank, pooled.max(axis=(3, 5)) - blank[0, :, :1, :1], raw, pooled


def relative(pair: Array) -> float:
    """Relative change."""
    return float(np.linalg.norm(pair[1] - pair[0]) / np.linalg.norm(pair[0]))


def winner_changes(told: Told) -> dict[int, bool]:
    """Compare windows before and after a shift."""
    both, maps, pooled, _, _ = shifted(told)
    other = np.abs(pooled[0] - pooled[1]) > 1e-12
    empty = np.zeros((13, 13), bool)
    for i, j in np.ndindex(13, 13):
        empty[i, j] = (both[:, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4] == BLACK).all()
    conv, pool = relative(maps), relative(pooled)
    ok = is_close(
        (told["convolution"], conv), (told["pooled"], pool), (told["changed"], 100 * other.mean()),
        (told["blank"], 100 * np.broadcast_to(empty, other.shape)[~other].mean()),
    )  # fmt: skip
    return {0: ok and 0 < pool < conv, 1: ok and pool >= conv, 2: ok and told["blank"] > 50}


def moved_along(told: Told) -> dict[int, bool]:
    """Compare each pooled cell with its neighbour."""
    _, _, pooled, _, _ = shifted(told)
    along = np.abs(pooled[1][:, :, 1:] - pooled[0][:, :, :-1]).max() < 1e-12
    ok = is_close((told["change"], relative(pooled))) and told["cells"] == told.asked["dx"] / 2 == 1
    return {
        0: bool(along) and ok and told["value"] == 0 and relative(pooled) > 0, 1: ok and not along,
        2: told["residual"] > told["value"],
    }  # fmt: skip


def flips(told: Told) -> dict[int, bool]:
    """Move images and read them."""
    plain, count = told.plain, told.asked["digits"]
    labels, images = plain.labels[:count], plain.images[:count]

    def flipped(dx: int) -> Array:
        return plain.read[:count] != (plain.logits(plain.moved(images, dx)) > 0)

    asked = flipped(told.asked["dx"])
    other = next(each for each in told.step.measured if each.measure == "decision_flips").parameters["dx"]
    beside = 100 * float(flipped(other).mean())
    shares = [100 * float(asked[labels == each].mean()) for each in (0, 1)]
    names = plain.bench.dataset.classes
    value = 100 * float(asked.mean())
    most = int(shares[1] > shares[0])
    is_told = (
        is_close((told["value"], value), (told["decision_flips"], beside))
        and (value > beside) == (told.asked["dx"] > other) and told["cells"] == 169
        and plain.params["dense1.weight"].size == 8 * 169
    )  # fmt: skip
    if told.step.id == "flips":
        pooled = told["moves.decision_flips"]  # which the step "moves" is checked for
        return {0: is_told, 1: value > pooled, 2: value == pooled, 3: value < pooled}
    return {
        0: is_told,
        1: is_close((told["most_share"], shares[most]), (told["least_share"], shares[1 - most]))
        and (told["most_class"], told["least_class"]) == (names[most], names[1 - most]),
    }  # fmt: skip


def routes(told: Told) -> dict[int, bool]:
    """Add up a window, and look at its pixels."""
    of, plain = told.asked, told.plain
    top, left = 2 * of["row"], 2 * of["column"]
    pixels = plain.images[told.sample][top : top + 4, left : left + 4]
    sums = [
        (pixels[a : a + 3, b : b + 3] * plain.params["conv1.weight"][of["filter"], 0]).sum()
        for a, b in np.ndindex(2, 2)
    ]
    count = int(sum(abs(each - max(sums)) < 1e-12 for each in sums))
    ok = told["winners"] == count
    if told.step.id == "route":
        return {0: ok and count == 1, 1: ok and count > 1}
    even = float(np.ptp(pixels)) == 0
    return {
        0: ok and count == 4 and even and pixels[0, 0] == told["pixel"] == BLACK,
        1: ok and count > 1 and not even, 2: ok and count > 1 and told["times"] == count,
        3: ok and count == 1,
    }  # fmt: skip


def secant(told: Told) -> dict[int, bool]:
    """Move every filter weight and two hundred of the unit, and compare with the gradient of the rule."""
    plain, sample = told.plain, told.sample
    gradient, eps = plain.gradient(sample), 1e-5
    differ: list[tuple[str, tuple[int, ...], float, float]] = []
    for name, array in plain.params.items():
        places = list(np.ndindex(*array.shape))
        for place in places[:: max(len(places) // 200, 1)]:
            losses = []
            for sign in (1, -1):
                changed = array.copy()
                changed[place] += sign * eps
                losses.append(plain.loss(sample, {**plain.params, name: changed}))
            slope = (losses[0] - losses[1]) / (2 * eps)
            if abs(slope - gradient[name][place]) > 1e-6 * max(abs(slope), 1e-3):
                differ.append((name, place, slope, float(gradient[name][place])))
    are_filters = all(name == "conv1.weight" for name, *_ in differ)
    shown = any(
        math.isclose(slope, told["slope"], rel_tol=1e-4) and math.isclose(own, told["gradient"], rel_tol=1e-4)
        for _, _, slope, own in differ
    )
    return {
        0: bool(differ) and shown,
        1: are_filters and len(differ) == told["weights"] == told["ties"] == 72 and told["agree"] == 1353,
        2: not differ,
    }


def update(told: Told) -> dict[int, bool]:
    """Take the step."""
    plain, sample = told.plain, told.sample
    gradient = plain.gradient(sample)

    def loss(times: float) -> float:
        return plain.loss(sample, {n: a - times * plain.rate * gradient[n] for n, a in plain.params.items()})

    change, expected = loss(1) - loss(0), (loss(1e-3) - loss(-1e-3)) / 2e-3
    ok = math.isclose(told["value"], change, rel_tol=1e-5, abs_tol=1e-13)
    ok = ok and math.isclose(told["expected"], expected, rel_tol=2e-3)
    turned = told["turn"] is not None and loss(told["turn"]) >= loss(0)
    product = -plain.rate * sum(float((each**2).sum()) for each in gradient.values())
    is_other = told["product"] != 0
    near = math.isclose(product, expected, rel_tol=0.008 if is_other else 0.012)
    ok = (
        ok and near is not is_other and (not is_other or math.isclose(told["product"], product, rel_tol=1e-5))
    )
    return {
        0: ok and change < 0 and not is_other,
        1: ok and change < 0 and is_other,
        2: ok and change > 0,
        3: ok and turned,
    }


def learning(told: Told) -> dict[int, bool]:
    """Read all test images, and the losses of training."""
    plain = told.plain
    wrong = int((plain.read != plain.labels).sum())
    right, losses = 100 - 100 * wrong / len(plain.labels), float(plain.losses.mean())
    if told.step.id == "with":
        start = Plain(plain.bench)
        start.__dict__["params"] = {n: np.array(each) for n, each in plain.bench.initial.params.items()}
        first = np.exp(-np.asarray(plain.bench.history.losses))  # probability of the true class of each image
        shares = np.convolve(first > 0.5, np.ones(100), "valid").round() / 100  # from step 100 on
        before = int(told["steady"]) - 100
        return {
            0: (told["mistakes"], told["images"]) == (wrong, len(plain.labels))
            and bool((shares[before:] >= 0.9).all() and (before == 0 or shares[before - 1] < 0.9))
            and is_close((told["start"], 100 * float((start.read == plain.labels).mean())))
        }  # fmt: skip
    ok, other = is_close((told["value"], right), (told["test_loss"], losses)), told["with.value"]
    return {
        0: ok and right < other, 1: ok and right == other, 2: ok and right > other,
        3: ok and losses > told["with.test_loss"] and plain.bench.experiment.stride == 2,
        4: ok and losses <= told["with.test_loss"],
    }  # fmt: skip


def pools(told: Told) -> dict[int, bool]:
    """Pool by hand."""
    _, maps, pooled, raw, windows = shifted(told)
    blank = (raw - maps)[:1, :, :1, :1]
    dense = np.full((2, 8, 25, 25), -np.inf)
    for a, b in np.ndindex(2, 2):
        dense = np.maximum(dense, raw[:, :, a : a + 25, b : b + 25])
    found = {
        "max": relative(pooled), "average": relative(windows.mean(axis=(3, 5)) - blank),
        "subsample": relative(windows[:, :, :, 0, :, 0] - blank),
    }  # fmt: skip
    ok = is_close(*((told[name], each) for name, each in found.items()))
    least = min((*found.items(), ("max_blur", told["max_blur"])), key=lambda each: each[1])[0]
    flipped = told.plain.read[:200] != (told.plain.logits(told.plain.moved(told.plain.images[:200], 2)) > 0)
    ok = ok and told["value"] == least and is_close((told["decision_flips"], 100 * float(flipped.mean())))
    most = max(found, key=lambda name: found[name])
    return {
        0: ok and least == "max_blur", 1: ok and least == "average", 2: ok and least == "max",
        3: ok and most == "subsample" and found[most] > told["max_blur"],
    }  # fmt: skip


def worst(told: Told) -> dict[int, bool]:
    """Find the largest loss."""
    plain = told.plain
    place, names = int(plain.losses.argmax()), plain.bench.dataset.classes
    said = (told["image"], told["true"], told["read"])
    return {
        0: said == (place, names[plain.labels[place]], names[plain.read[place]]) and names[0] != names[1]
        and is_close((told["loss"], float(plain.losses[place])), (told["mean"], float(plain.losses.mean())))
        and told["loss"] > told["mean"]
    }  # fmt: skip


def moving(told: Told) -> dict[int, bool]:
    """Move an image until it is read otherwise."""
    plain, sample = told.plain, told.sample
    image, dx = plain.images[sample : sample + 1], int(told["value"])
    logits = np.array([float(plain.logits(plain.moved(image, each))[0]) for each in range(dx + 1)])
    chances = 1 / (1 + np.exp(-logits if plain.labels[sample] == 1 else logits))
    is_first = bool(((logits[:-1] > 0) == (logits[0] > 0)).all()) and (logits[-1] > 0) != (logits[0] > 0)
    read = plain.bench.dataset.classes[int(logits[-1] > 0)]
    return {
        0: is_first
        and read == told["read"]
        and is_close((told["before"], chances[-2]), (told["after"], chances[-1]))
    }


CHECKS: Mapping[str, Callable[[Told], dict[int, bool]]] = {
    "way": way, "mistakes": mistakes, "field": field, "window": window, "dots": dots,
    "winner-changes": winner_changes, "moved-along": moved_along, "flips": flips, "routes": routes,
    "secant": secant, "step": update, "learning": learning, "pools": pools, "worst": worst, "moving": moving,
    "first": first_rule, "full": full,
}  # fmt: skip
"""By picture, or by step where one has sentences of its own: numbers of its sentences, as the lab file has
them, to whether each is true."""


def sentences(lab: Lab, roll_number: str, dataset: Dataset) -> Iterator[tuple[str, str, bool]]:
    """Yield the step of each sentence that a student is shown, the sentence, and whether it is true."""
    benches = dict[Experiment, Bench]()
    results: dict[str, list[Measured]] = {}
    of_step: dict[str, Bench] = {}
    for step in lab.steps:
        experiment = lab.experiment_of(step, seed_of(roll_number) if lab.seed_from_roll_number else None)
        if experiment not in benches:
            benches[experiment] = trained(experiment, dataset)
        of_step[step.id] = benches[experiment]
        results[step.id] = [measure(step.id, each, benches[experiment]) for each in step.measurements]
    for place, step in enumerate(lab.steps):
        if step.reveal is None:
            continue
        found = explain(step, of_step[step.id], results, lab.steps[:place], StepRecord())
        known, facts = known_facts(step, lab.steps[:place]), found.facts

        def write(name: str, known: Any = known, facts: Any = facts) -> str:
            return value_words(known[name], facts[name])

        told = Told(Plain(of_step[step.id]), facts, step)
        check = CHECKS.get(step.id) or CHECKS[step.reveal.picture]
        for number, reason in enumerate(step.reveal.why):
            text = explanation([(reason.text, reason.when)], facts, write)
            if text and any(text in each.text for each in found.blocks if isinstance(each, Words)):
                yield step.id, text, bool(check(told)[number])


def main() -> int:
    """Print how many sentences there are, and those that are not true."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("labs", nargs="+", help="lab files, or ids of labs of the program")
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--first", type=int, default=0, help="number of the first of them")
    options = parser.parse_args()
    total, untrue = 0, 0
    for named in options.labs:
        lab = load_lab(find_lab(Path(named)))
        dataset = lab_data(None, lab.experiment.classes)
        kinds: dict[str, int] = {}
        for number in range(options.first, options.first + options.students):
            for step, text, is_true in sentences(lab, f"21-CS-{number:04}", dataset):
                total += 1
                kinds[step] = kinds.get(step, 0) + 1
                if not is_true:
                    untrue += 1
                    print(f"{lab.id}, student {number}, {step}: {text}", flush=True)
        print(lab.id, kinds, flush=True)
    print(f"{total} sentences, {untrue} not true.")
    return int(untrue > 0)


if __name__ == "__main__":
    sys.exit(main())
