"""The LAB5 preset against the exercise's own procedure, written out as loops over windows."""

import math

import numpy as np
import pytest

from cnnviz.datasets import load_mnist
from cnnviz.history import History
from cnnviz.presets import LAB5
from cnnviz.training import Trainer, epoch_order

STEPS = 1000


@pytest.fixture(scope="module")
def mnist():
    return load_mnist(("0", "1"))


class LoopNetwork:
    """3x3 convolution, 2x2 max pool, sigmoid unit: one window at a time, gradient to every tied cell."""

    def __init__(self, filters, weights, bias):
        self.filters = filters.copy()  # (f, 3, 3)
        self.weights = weights.copy()  # (f, 13, 13)
        self.bias = bias

    def forward(self, image):
        self.conv = np.zeros((len(self.filters), 26, 26))
        for row in range(26):
            for column in range(26):
                patch = image[row : row + 3, column : column + 3]
                self.conv[:, row, column] = (self.filters * patch).sum(axis=(1, 2))
        self.pooled = np.zeros((len(self.filters), 13, 13))
        for row in range(13):
            for column in range(13):
                window = self.conv[:, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
                self.pooled[:, row, column] = window.max(axis=(1, 2))
        total = (self.weights * self.pooled).sum() + self.bias
        return 1.0 / (1.0 + math.exp(-total))

    def train(self, image, label, rate):
        p = self.forward(image)
        d_total = p - label
        d_pooled = d_total * self.weights
        d_filters = np.zeros_like(self.filters)
        for row in range(26):
            for column in range(26):
                won = self.conv[:, row, column] == self.pooled[:, row // 2, column // 2]
                d_cell = np.where(won, d_pooled[:, row // 2, column // 2], 0.0)
                d_filters += d_cell[:, None, None] * image[row : row + 3, column : column + 3]
        self.weights -= rate * d_total * self.pooled
        self.bias -= rate * d_total
        self.filters -= rate * d_filters
        return -math.log(p if label else 1.0 - p), (p > 0.5) == bool(label)


@pytest.mark.slow
def test_thousand_steps_end_in_the_weights_of_the_exercise(mnist):
    network = LAB5.build_network()
    loop = LoopNetwork(
        network.params["conv1.weight"][:, 0], network.params["dense1.weight"].reshape(8, 13, 13), 0.0
    )
    trainer = Trainer(network, mnist, LAB5.train_config())
    progress = trainer.advance(STEPS)

    results = []
    for index in epoch_order(len(mnist.train_labels), LAB5.seed, 0)[:STEPS]:
        image = mnist.train_images[index, 0] / 255 - 0.5
        results.append(loop.train(image, int(mnist.train_labels[index]), LAB5.learning_rate))
    losses, correct = zip(*results, strict=True)

    trained = trainer.network.params
    np.testing.assert_allclose(trained["conv1.weight"][:, 0], loop.filters, rtol=0, atol=1e-9)
    np.testing.assert_allclose(trained["dense1.weight"].reshape(8, 13, 13), loop.weights, rtol=0, atol=1e-9)
    np.testing.assert_allclose(trained["dense1.bias"], [loop.bias], rtol=0, atol=1e-9)
    np.testing.assert_allclose(progress.losses, losses, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(progress.correct, np.array(correct, dtype=int))
    moved = np.abs(trained["conv1.weight"] - network.params["conv1.weight"]).max()
    assert moved > 1e-3, "a run that changes nothing would agree with anything"


def test_log_line_is_the_mean_over_its_500_steps(mnist):
    trainer = Trainer(LAB5.build_network(), mnist, LAB5.train_config())
    history = History(log_every=500)
    progress = trainer.advance(1100)
    lines = history.append(progress)
    assert [line.step for line in lines] == [500, 1000]
    for line, start in zip(lines, (0, 500), strict=True):
        assert line.loss == pytest.approx(progress.losses[start : start + 500].mean(), abs=1e-12)
        assert line.accuracy == progress.correct[start : start + 500].mean()


def test_one_epoch_reaches_99_percent(mnist):
    assert (len(mnist.train_labels), len(mnist.test_labels)) == (12_665, 2_115)
    trainer = Trainer(LAB5.build_network(), mnist, LAB5.train_config())
    trainer.advance(trainer.total_steps)
    assert trainer.finished
    evaluation = trainer.evaluate()
    assert evaluation.accuracy >= 0.99
    assert evaluation.confusion.sum() == 2_115
    assert evaluation.confusion.trace() == round(evaluation.accuracy * 2_115)
    assert len(evaluation.mistakes) == 2_115 - evaluation.confusion.trace()


def test_initial_weights_follow_the_rule_of_the_exercise():
    draws = [LAB5.build_network().params for _ in range(2)]
    np.testing.assert_array_equal(draws[0]["conv1.weight"], draws[1]["conv1.weight"])
    from dataclasses import replace

    many = [replace(LAB5, seed=seed).build_network().params for seed in range(50)]
    filters = np.concatenate([params["conv1.weight"].ravel() for params in many])
    weights = np.concatenate([params["dense1.weight"].ravel() for params in many])
    assert filters.std() == pytest.approx(0.1, rel=0.05)
    assert weights.std() == pytest.approx(1 / 1352, rel=0.05)
    assert all(not params["dense1.bias"].any() for params in many)
    assert "conv1.bias" not in many[0]
