"""Running the lab: its numbers are those of the engine, and the same again with the same seed."""

import json
import shlex
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from msgspec import structs

from cnnviz.cli import parse_arguments
from cnnviz.datasets import to_input
from cnnviz.drawing import is_plain
from cnnviz.errors import DataError, ParameterError
from cnnviz.evaluation import CancelledError
from cnnviz.experiment import LAB5, LENET
from cnnviz.lab.course import free_lab
from cnnviz.lab.measured import command_line, measured_lab
from cnnviz.lab.record import LabNumbers, LabRecord, Work, read_work
from cnnviz.report.bench import LabSettings, dots
from cnnviz.report.blocks import Figure, Words
from cnnviz.report.html import to_html
from cnnviz.training import Trainer
from tests.engine.report_cases import (
    QUICK,
    numbers_of,
    report_of,
    results_of,
    small_data,
    small_lab,
    small_numbers,
)


def test_the_numbers_are_those_of_the_engine():
    results, data = small_lab(), small_data()
    trainer = Trainer(results.experiment.build_network(data.input_shape), data, results.experiment)
    losses = trainer.advance(trainer.total_steps).losses
    assert results.step == len(losses) == 400
    log = results.history.log
    assert [line.step for line in log] == [100, 200, 300, 400]
    assert log[1].loss == pytest.approx(losses[100:200].mean())
    for name, array in trainer.network.params.items():
        np.testing.assert_array_equal(results.network.params[name], array)
    predicted = trainer.network.predict(to_input(data.test_images, "float64"))
    assert results.evaluation.accuracy == np.mean(predicted == data.test_labels)
    assert results.evaluation.confusion.sum() == len(data.test_labels)


def test_the_second_demonstration_moves_what_it_says():
    stages = dots().compare().stages
    np.testing.assert_array_equal(stages["max"].original, stages["max"].moved)
    assert np.any(stages["convolution"].original != stages["convolution"].moved)
    sweep = next(each for each in report_of(small_numbers()).figures if each.name == "shift-sweep")
    changes = {row[:2]: row[sweep.data.header.index("max_relative_change")] for row in sweep.data.rows}
    assert len(changes) == 7 * 7
    assert changes[0, 0] == 0
    curve = small_lab().curves["relative_change"]["max"]
    assert curve.mean[3] == curve.std[3] == 0
    assert (curve.mean[[2, 4]] > 0).all()


def test_the_third_demonstration_follows_the_gradient():
    backprop = small_lab().look
    np.testing.assert_allclose(backprop.terms.total, backprop.filter_gradient, rtol=0, atol=1e-12)
    assert backprop.routing.routed["first"].sum() == pytest.approx(backprop.routing.incoming.sum())
    assert 0 < small_lab().ties.rate < 1
    counts = backprop.check.counts
    assert sum(counts.values()) == small_lab().network.parameter_count
    assert counts["mismatch"] == 0
    assert backprop.loss_after < backprop.gradients.loss


def test_filters_are_counted_from_0_as_on_the_screen():
    results = small_lab()
    document = report_of(numbers_of(results))
    filters = next(each for each in document.figures if each.name == "filters")
    assert ">filter 0<" in filters.svg
    assert filters.data is not None
    count = results.look.trace.outputs["conv1"].shape[1]
    assert sorted({row[0] for row in filters.data.rows}) == list(range(count))
    captions = " ".join(each.caption for each in (*document.figures, *document.tables))
    number = results.look.channel
    for words in (
        f"pool1, filter {number}, ",
        f"the whole map of filter {number}:",
        f"the gradient of filter {number}.",
    ):
        assert words in captions


def test_same_seed_same_document_and_another_seed_another():
    experiment = small_lab().experiment
    again = results_of(experiment)
    other = results_of(replace(experiment, seed=1))
    blocks = [report_of(numbers_of(each)).blocks for each in (small_lab(), again, other)]
    assert blocks[0] == blocks[1] == report_of(kept(small_numbers())[0]).blocks
    assert blocks[0] != blocks[2]


SMALL_LENET = replace(LENET, classes=("0", "1"), filters=(2, 3), hidden=(5,), epochs=1)


@pytest.mark.parametrize(
    "experiment",
    [
        replace(SMALL_LENET, pool="max_blur"),
        replace(LAB5, pool="average", kernel_size=1, filters=(1,), pool_size=3, batch_size=32),
        replace(LAB5, pool="none", activation="relu", filters=(2, 3), stride=3, batch_size=32),
        replace(LAB5, pool_size=3, kernel_size=5, activation="relu", ties="first", batch_size=32),
    ],
)
def test_other_networks_have_a_report_too(experiment):
    results = results_of(experiment)
    numbers = numbers_of(results)
    document = report_of(numbers)
    assert len(document.figures) >= 8
    assert (results.ties is None) == (experiment.pool not in ("max", "max_blur"))
    words = " ".join(block.text for block in document.blocks if isinstance(block, Words))
    assert ("This network has no pool" in words) == (experiment.pool == "none")
    settings = next(table.data.rows for table in document.tables if table.name == "settings")
    names = [name for name, _ in settings]
    assert ("ties" in names) == (experiment.pool in ("max", "max_blur"))
    assert ("pool size" in names) == (experiment.pool != "none")
    # What was measured comes back as it was.
    again, lost = kept(numbers)
    assert (again, lost) == (numbers, [])
    assert report_of(again) == document
    # Figures of moved images name what they depend on.
    figures = {each.name: each for each in numbers.parts["translation"] if isinstance(each, Figure)}
    size = experiment.pool_size
    of_one = f"test image {results.settings.sample}, a {experiment.classes[results.look.label]}"
    for key in ("shifted-digit", "shift-sweep", "change-against-shift"):
        caption = figures[key].caption
        assert "elative to a blank image" in caption
        assert f"{size} × {size}" in caption
        assert (of_one in caption) is (key != "change-against-shift")
    for key in ("shift-sweep", "change-against-shift"):
        columns = set(figures[key].data.header) - {"dx", "dy", "ink_lost"}
        assert all("relative_change" in column for column in columns)


def test_of_a_large_network_some_parameters_are_checked_and_the_table_says_which():
    experiment = replace(LAB5, batch_size=32, seed=7)
    results = results_of(experiment, settings=replace(QUICK, checked=100, drawn=300))
    check = results.look.check
    assert check.checked == sum(check.counts.values()) == 300
    assert check.counts["mismatch"] == 0
    document = report_of(numbers_of(results))
    caption = next(table.caption for table in document.tables if "ε" in table.caption)
    assert "for 300 of the 1,425 parameters, drawn at random with the seed of the run (7)" in caption
    caption = next(table.caption for table in report_of(small_numbers()).tables if "ε" in table.caption)
    assert "for every one of the" in caption


def test_progress_grows_to_one_and_cancelling_stops():
    shares, lab, more = [], free_lab(), {"experiment": small_lab().experiment, "settings": QUICK}
    measured_lab(lab, small_data(), 0, with_results=True, progress=shares.append, **more)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(set(shares)) > 5
    for stop_after in (0, 3, 12):
        calls = iter(range(10_000))
        with pytest.raises(CancelledError):
            measured_lab(
                lab, small_data(), 0, with_results=True,
                cancelled=lambda calls=calls, n=stop_after: next(calls) >= n, **more,
            )  # fmt: skip


def test_a_sample_that_is_not_there_is_refused():
    with pytest.raises(ParameterError, match="no test image 150"):
        numbers_of(results_of(replace(LAB5, batch_size=64), settings=LabSettings(sample=150)))


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


def test_each_measured_part_says_when_and_with_what_it_was_measured():
    blocks = report_of(small_numbers()).blocks
    stamps = [each.text for each in blocks if isinstance(each, Words) and each.kind == "stamp"]
    assert len(stamps) == 3
    for stamp in stamps:
        assert stamp.startswith("Measured 2026-01-31 10:00 with CNNViz ")
        for words in (small_data().sha256[:12], "seed 0", "400 training steps", "test image 3"):
            assert words in stamp


def values_of(numbers: LabNumbers) -> dict:
    record = structs.replace(LabRecord.of(free_lab()), numbers=numbers)
    return json.loads(msgspec.json.encode(Work(records={record.key: record})))


def kept(numbers: LabNumbers | dict) -> tuple[LabNumbers | None, list[str]]:
    """What comes back of numbers, and what is lost."""
    values = values_of(numbers) if isinstance(numbers, LabNumbers) else numbers
    work, lost = read_work(values)
    return work.record(free_lab()).numbers, lost


def harmed(change) -> dict:
    values = values_of(small_numbers())
    numbers = values["records"]["demonstrations 1"]["numbers"]
    change(numbers, numbers["parts"]["principle"])
    return values


def sealed_anew(values: dict) -> dict:
    """Give edited numbers the checksum that belongs to them; it tells of edits, no more."""
    numbers = values["records"]["demonstrations 1"]["numbers"]
    numbers["checksum"] = msgspec.convert(numbers, LabNumbers).right_checksum
    return values


def figure(part: list[dict]) -> dict:
    return next(block for block in part if block["type"] == "Figure" and block["name"] == "filters")


def table(part: list[dict]) -> dict:
    return next(block for block in part if block["type"] == "Table")


def test_numbers_that_were_edited_are_not_taken():
    values = harmed(lambda numbers, _: numbers.update(accuracy=1.0))
    numbers, lost = kept(values)
    assert lost == ["what was measured"]
    assert numbers.is_lost
    assert numbers.parts == {}
    assert numbers.experiment == small_numbers().experiment, "what they were measured with stays"


@pytest.mark.parametrize(
    "change",
    [
        lambda numbers, _: numbers.update(accuracy=2.0),
        lambda numbers, _: numbers.update(time="x" * 1000),
        lambda _, part: part.append(7),
        lambda _, part: part.extend([{"type": "Heading", "text": "x", "level": 1}] * 300),
        lambda _, part: table(part)["formats"].pop(),
        lambda _, part: table(part)["data"]["rows"].append([1]),
        lambda _, part: table(part).update(name="../x"),
    ],
)
def test_what_is_no_measurement_is_refused(change):
    with pytest.raises(DataError, match="the work in it is damaged"):
        kept(harmed(change))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<rect ", '<rect onclick="x" '),
        ('fill="', 'fill="url(//x.y/z)'),
        ("</svg>", '<a href="x">y</a></svg>'),
    ],
)
def test_a_drawing_that_is_more_than_plain_shapes_is_not_shown_however_it_is_sealed(old, new):
    def redraw(_numbers, part):
        drawn = figure(part)
        assert old in drawn["svg"]
        drawn["svg"] = drawn["svg"].replace(old, new, 1)
        assert not is_plain(drawn["svg"])

    numbers, lost = kept(sealed_anew(harmed(redraw)))
    assert lost == ["what was measured"]
    assert numbers.parts == {}


def test_words_and_names_in_numbers_are_never_markup():
    said = {"type": "Words", "text": "<script>alert(1)</script>", "kind": "program"}
    named = {"type": "Named", "name": '#eval("1")'}
    numbers, lost = kept(sealed_anew(harmed(lambda _, part: part.extend([said, named]))))
    assert lost == []
    document = report_of(numbers)
    assert "<script>alert" not in to_html(document)
    assert "#eval" not in to_html(document), "an equation is known by its name, or there is none"
    assert any(isinstance(block, Figure) for block in document.blocks)
