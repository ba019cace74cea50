"""Running the lab: its numbers are those of the engine, and the same again with the same seed."""

import shlex
from dataclasses import replace

import numpy as np
import pytest

from cnnviz.cli import parse_arguments
from cnnviz.datasets import to_input
from cnnviz.errors import ParameterError
from cnnviz.evaluation import CancelledError
from cnnviz.presets import LAB5, LENET
from cnnviz.report import LabSettings, build_document, findings_of, run_lab
from cnnviz.report.blocks import Words
from cnnviz.report.content import Report
from cnnviz.report.lab import command_line
from cnnviz.training import Trainer
from tests.engine.report_cases import QUICK, small_data, small_findings, small_lab


def test_the_numbers_are_those_of_the_engine():
    results, data = small_lab(), small_data()
    trainer = Trainer(
        results.experiment.build_network(data.input_shape), data, results.experiment.train_config()
    )
    losses = trainer.advance(trainer.total_steps).losses
    training = results.training
    assert training.steps == len(losses) == 400
    assert [line.step for line in training.log] == [100, 200, 300, 400]
    assert training.log[1].loss == pytest.approx(losses[100:200].mean())
    for name, array in trainer.network.params.items():
        np.testing.assert_array_equal(training.network.params[name], array)
    predicted = trainer.network.predict(to_input(data.test_images, "float64"))
    assert training.after.accuracy == np.mean(predicted == data.test_labels)
    assert training.after.confusion.sum() == len(data.test_labels)


def test_the_second_demonstration_moves_what_it_says():
    translation = small_lab().translation
    pooled = translation.dots.stages["max"]
    np.testing.assert_array_equal(pooled.original, pooled.moved)
    assert np.any(
        translation.dots.stages["convolution"].original != translation.dots.stages["convolution"].moved
    )
    change = translation.sweep.values["relative_change"]["max"]
    assert change.shape == (7, 7)
    assert change[3, 3] == 0
    curve = translation.curves["relative_change"]["max"]
    assert curve.mean[3] == curve.std[3] == 0
    assert (curve.mean[[2, 4]] > 0).all()


def test_the_third_demonstration_follows_the_gradient():
    backprop = small_lab().backprop
    np.testing.assert_allclose(backprop.terms.total, backprop.filter_gradient, rtol=0, atol=1e-12)
    assert backprop.routing.routed["first"].sum() == pytest.approx(backprop.routing.incoming.sum())
    assert 0 < backprop.ties.rate < 1
    counts = backprop.check.counts
    assert sum(counts.values()) == small_lab().training.network.parameter_count
    assert counts["mismatch"] == 0
    assert backprop.loss_after < backprop.loss


def test_filters_are_counted_from_0_as_on_the_screen():
    results = small_lab()
    document = build_document(Report(), findings_of(results, ""))
    filters = next(each for each in document.figures if each.name == "filters")
    assert ">filter 0<" in filters.svg
    assert filters.data is not None
    count = results.maps["conv1"].shape[0]
    assert sorted({row[0] for row in filters.data.rows}) == list(range(count))
    captions = " ".join(each.caption for each in (*document.figures, *document.tables))
    number = results.backprop.channel
    for words in (
        f"pool1, filter {number}, ",
        f"the whole map of filter {number}:",
        f"the gradient of filter {number}.",
    ):
        assert words in captions


def test_same_seed_same_document_and_another_seed_another():
    experiment = small_lab().experiment
    again = run_lab(experiment, small_data(), QUICK)
    other = run_lab(replace(experiment, seed=1), small_data(), QUICK)
    blocks = [build_document(Report(), findings_of(each, "")).blocks for each in (small_lab(), again, other)]
    assert blocks[0] == blocks[1]
    assert blocks[0] != blocks[2]


@pytest.mark.parametrize(
    "experiment",
    [
        replace(LENET, classes=("0", "1"), filters=(2, 3), hidden=(5,), epochs=1),
        replace(LAB5, pool="average", filters=(2,), batch_size=32, learning_rate=0.01),
        replace(LAB5, pool="average", kernel_size=1, filters=(1,), batch_size=32),
        replace(LAB5, pool="none", stride=2, batch_size=32),
        replace(LAB5, pool="none", activation="relu", filters=(2, 3), stride=3, batch_size=32),
        replace(LAB5, pool_size=3, kernel_size=5, activation="relu", ties="first", batch_size=32),
    ],
)
def test_other_networks_have_a_report_too(experiment):
    results = run_lab(experiment, small_data(), QUICK)
    document = build_document(Report(), findings_of(results, ""))
    assert len(document.figures) >= 8
    assert (results.backprop.ties is None) == (experiment.pool != "max")
    words = " ".join(block.text for block in document.blocks if isinstance(block, Words))
    assert ("This network has no pool" in words) == (experiment.pool == "none")
    names = [
        name for name, _ in next(table.data.rows for table in document.tables if table.name == "settings")
    ]
    assert ("ties" in names) == (experiment.pool == "max")
    assert ("pool size" in names) == (experiment.pool != "none")


def test_of_a_large_network_some_parameters_are_checked_and_the_table_says_which():
    experiment = replace(LAB5, batch_size=32, seed=7)
    results = run_lab(experiment, small_data(), replace(QUICK, checked=100, drawn=300))
    check = results.backprop.check
    assert check.checked == sum(check.counts.values()) == 300
    assert check.counts["mismatch"] == 0
    document = build_document(Report(), findings_of(results, ""))
    caption = next(table.caption for table in document.tables if "ε" in table.caption)
    assert "for 300 of the 1,425 parameters, drawn at random with the seed of the run (7)" in caption
    caption = next(
        table.caption for table in build_document(Report(), small_findings()).tables if "ε" in table.caption
    )
    assert "for every one of the" in caption


def test_progress_grows_to_one_and_cancelling_stops():
    told = []
    run_lab(LAB5, small_data(), QUICK, progress=lambda stage, share: told.append((stage, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert [name for name in dict.fromkeys(stage for stage, _ in told) if name] == [
        "Training", "Moving images", "Following gradients",
    ]  # fmt: skip
    for stop_after in (0, 3, 12):
        calls = iter(range(10_000))
        with pytest.raises(CancelledError):
            run_lab(LAB5, small_data(), QUICK, cancelled=lambda calls=calls, n=stop_after: next(calls) >= n)


def test_a_sample_that_is_not_there_is_refused():
    with pytest.raises(ParameterError, match="no test image 150"):
        run_lab(replace(LAB5, batch_size=64), small_data(), LabSettings(sample=150))


@pytest.mark.parametrize(
    "experiment",
    [
        LAB5,
        LENET,
        replace(LAB5, classes=("3", "8"), seed=7, epochs=2, learning_rate=3e-5),
        replace(LENET, filters=(4, 4, 4), hidden=(), conv_bias=False, leaky_slope=0.25, pool="average"),
    ],
)
def test_the_command_line_of_the_appendix_describes_the_same_experiment(experiment):
    words = shlex.split(command_line(experiment, small_data(), 5))
    assert words[0] == "cnnviz"
    arguments = parse_arguments(words[1:])
    assert arguments.experiment == experiment
    assert arguments.sample == 5
    assert arguments.data is None, "MNIST comes with the program: no path of this machine"
