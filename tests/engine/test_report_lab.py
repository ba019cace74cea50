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
from cnnviz.lab.measured import measured_lab
from cnnviz.lab.opening import free_lab
from cnnviz.lab.record import LabNumbers, LabRecord, Work, read_work
from cnnviz.presets import LAB5, LENET
from cnnviz.report import LabSettings
from cnnviz.report.blocks import Figure, Words
from cnnviz.report.html import to_html
from cnnviz.report.lab import command_line
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
    document = report_of(numbers_of(results))
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
    again = results_of(experiment)
    other = results_of(replace(experiment, seed=1))
    blocks = [report_of(numbers_of(each)).blocks for each in (small_lab(), again, other)]
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
    results = results_of(experiment)
    document = report_of(numbers_of(results))
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
    results = results_of(experiment, settings=replace(QUICK, checked=100, drawn=300))
    check = results.backprop.check
    assert check.checked == sum(check.counts.values()) == 300
    assert check.counts["mismatch"] == 0
    document = report_of(numbers_of(results))
    caption = next(table.caption for table in document.tables if "ε" in table.caption)
    assert "for 300 of the 1,425 parameters, drawn at random with the seed of the run (7)" in caption
    caption = next(table.caption for table in report_of(small_numbers()).tables if "ε" in table.caption)
    assert "for every one of the" in caption


def test_progress_grows_to_one_and_cancelling_stops():
    shares, lab = [], free_lab()
    measured_lab(lab, small_data(), 0, with_results=True, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(set(shares)) > 5
    for stop_after in (0, 3, 12):
        calls = iter(range(10_000))
        with pytest.raises(CancelledError):
            measured_lab(
                lab, small_data(), 0, with_results=True,
                cancelled=lambda calls=calls, n=stop_after: next(calls) >= n,
            )  # fmt: skip


def test_a_sample_that_is_not_there_is_refused():
    with pytest.raises(ParameterError, match="no test image 150"):
        results_of(replace(LAB5, batch_size=64), settings=LabSettings(sample=150))


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


LENET_OF_TWO = replace(LENET, classes=("0", "1"), filters=(2, 3), hidden=(5,), epochs=1)


@pytest.mark.parametrize(
    "experiment",
    [
        None,
        LENET_OF_TWO,
        replace(LENET_OF_TWO, pool="max_blur"),
        replace(LENET_OF_TWO, pool="none", stride=2),
    ],
)
def test_what_was_measured_comes_back_as_it_was(experiment):
    numbers = small_numbers() if experiment is None else numbers_of(results_of(experiment))
    again, lost = kept(numbers)
    assert (again, lost) == (numbers, [])
    assert report_of(again) == report_of(numbers)


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


def redrawn(part: list[dict], old: str, new: str) -> None:
    """Replace the first of something in a drawing."""
    drawn = figure(part)
    assert old in drawn["svg"]
    drawn["svg"] = drawn["svg"].replace(old, new, 1)


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
        lambda numbers, _: numbers.update(channels=10**10),
        lambda numbers, _: numbers.update(time="x" * 1000),
        lambda _, part: part.append(7),
        lambda _, part: part.extend([{"type": "Heading", "text": "x", "level": 1}] * 300),
        lambda _, part: part.append({"type": "Heading", "text": "x", "level": 4}),
        lambda _, part: part.append({"type": "Words", "text": "x", "kind": "markup"}),
        lambda _, part: table(part)["formats"].pop(),
        lambda _, part: table(part).update(formats=["<b>"] * 3),
        lambda _, part: table(part)["data"]["rows"].append([1]),
        lambda _, part: table(part)["data"]["rows"].append(["x", "x", 1.5]),
        lambda _, part: table(part).update(name="../x"),
        lambda _, part: figure(part).update(width=99),
    ],
)
def test_what_is_no_measurement_is_refused(change):
    with pytest.raises(DataError, match="the work in it is damaged"):
        kept(harmed(change))


@pytest.mark.parametrize(
    "change",
    [
        lambda _, part: redrawn(part, "<title>", "<script>1</script><title>"),
        lambda _, part: redrawn(part, "<rect ", '<rect onclick="x" '),
        lambda _, part: redrawn(part, "<svg", "<!DOCTYPE x><svg"),
        lambda _, part: redrawn(part, 'fill="', 'fill="url(//x.y/z)'),
    ],
)
def test_a_drawing_that_is_more_than_plain_shapes_is_not_shown_however_it_is_sealed(change):
    numbers, lost = kept(sealed_anew(harmed(change)))
    assert lost == ["what was measured"]
    assert numbers.parts == {}


def test_every_drawing_of_a_report_is_plain_and_what_leads_out_of_one_is_not():
    figures = report_of(small_numbers()).figures
    assert len(figures) >= 9
    assert all(is_plain(each.svg) for each in figures)
    svg = next(each.svg for each in figures if each.name == "filters")
    for old, new in (
        ("<rect", "<image"),
        ('fill="', 'style="'),
        ("<svg ", '<svg xmlns:x="http://www.w3.org/1999/xlink" '),
        ("</svg>", '<a href="x">y</a></svg>'),
        ("</svg>", "</svg><!-- -->"),
        ('fill="', 'fill="u&#114;l(x)'),
    ):
        assert old in svg
        assert not is_plain(svg.replace(old, new, 1)), new


def test_words_and_names_in_numbers_are_never_markup():
    said = {"type": "Words", "text": "<script>alert(1)</script>", "kind": "program"}
    named = {"type": "Named", "name": '#eval("1")'}
    numbers, lost = kept(sealed_anew(harmed(lambda _, part: part.extend([said, named]))))
    assert lost == []
    document = report_of(numbers)
    assert "<script>alert" not in to_html(document)
    assert "#eval" not in to_html(document), "an equation is known by its name, or there is none"
    assert any(isinstance(block, Figure) for block in document.blocks)


@pytest.mark.parametrize(("pool", "size"), [("max", 2), ("average", 3), ("none", 2)])
def test_figures_of_moved_images_name_what_they_depend_on(pool: str, size: int) -> None:
    experiment = replace(LAB5, filters=(2,), pool=pool, pool_size=size)
    results = results_of(experiment)
    figures = {
        each.name: each for each in numbers_of(results).parts["translation"] if isinstance(each, Figure)
    }
    name = experiment.classes[results.sample.label]
    for key in ("shifted-digit", "shift-sweep", "change-against-shift"):
        caption = figures[key].caption
        assert "elative to a blank image" in caption
        assert f"{size} × {size}" in caption
        is_of_one = key != "change-against-shift"
        assert (f"test image {results.sample.index}, a {name}" in caption) is is_of_one
    for key in ("shift-sweep", "change-against-shift"):
        table = figures[key].data
        assert table is not None
        assert all(
            "relative_change" in column for column in table.header if column not in ("dx", "dy", "ink_lost")
        )
