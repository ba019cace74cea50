"""The report of a record: its numbers, its equations, what was known when, what the student has put in."""

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from msgspec import structs

from cnnviz.cli import parse_arguments
from cnnviz.datasets import to_input
from cnnviz.drawing import is_plain
from cnnviz.errors import DataError
from cnnviz.evaluation import CancelledError
from cnnviz.experiment import LAB5, LENET
from cnnviz.lab.course import free_lab
from cnnviz.lab.measured import appendix_blocks, command_line, measured_lab
from cnnviz.lab.model import PARTS
from cnnviz.lab.record import LabNumbers, LabRecord, Shown, Version, Work, read_work
from cnnviz.layers import Activation, Conv2D
from cnnviz.mathematics import typst
from cnnviz.report.blocks import Figure, Heading, Insert, Words
from cnnviz.report.equations import of_network
from cnnviz.report.html import to_html, write_html
from cnnviz.report.pdf import write_pdf
from cnnviz.training import Trainer
from tests.engine.report_cases import (
    QUICK,
    needs_poppler,
    numbers_of,
    poppler,
    report_of,
    results_of,
    small_data,
    small_lab,
    small_numbers,
    words_in,
    written,
)
from tests.engine.routing_cases import ink
from tests.oracles import assert_same_arrays, avg_pool2d_loop, conv2d_loop, mirrored, subsample_pool2d_loop


def test_the_numbers_are_those_of_the_engine():
    results, data = small_lab(), small_data()
    trainer = Trainer(results.experiment.build_network(data.input_shape), data, results.experiment)
    losses = trainer.advance(trainer.total_steps).losses
    assert results.step == len(losses) == 400
    log = results.history.log
    assert [line.step for line in log] == [100, 200, 300, 400]
    assert log[1].loss == pytest.approx(losses[100:200].mean())
    assert_same_arrays(results.network.params, trainer.network.params)
    predicted = trainer.network.predict(to_input(data.test_images, "float64"))
    assert results.evaluation.accuracy == np.mean(predicted == data.test_labels)
    assert results.evaluation.confusion.sum() == len(data.test_labels)
    assert results.look.loss_after < results.look.gradients.loss
    assert 0 < results.ties.rate < 1


def test_tables_of_many_images_and_what_a_lab_measures_are_of_the_same_images():
    results, count = small_lab(), QUICK.digits
    curves, flips = results.curves, [each.flips for each in results.moved(1, 0, count)]
    for stage in ("max", "convolution"):
        changes = [each.changes[stage] for each in results.moved(1, 0, count)]
        curve = curves["relative_change"][stage]
        assert (curve.mean[3], curve.mean[4]) == (0, pytest.approx(np.mean(changes)))
    assert curves["decision_flip"]["output"].mean[4] == np.mean(flips)
    document = report_of(small_numbers())
    assert f"the first {count} test images" in " ".join(each.caption for each in document.tables)
    sweep = next(each for each in document.figures if each.name == "shift-sweep")
    table = sweep.csv.partition("# max\r\n")[2].partition("\r\n\r\n")[0]
    moved = np.loadtxt(table.splitlines(), delimiter=",", skiprows=1)[:, 1:]
    assert (moved.shape, moved[3, 3]) == ((7, 7), 0)


def test_captions_name_the_filter_that_is_followed_counted_from_0_as_on_the_screen():
    results = small_lab()
    document = report_of(small_numbers())
    filters = next(each for each in document.figures if each.name == "filters")
    assert ">filter 0<" in filters.svg
    assert set(re.findall(r"\n(\d),", filters.csv)) == {"0", "1", "2"}
    captions = " ".join(each.caption for each in (*document.figures, *document.tables))
    number = results.look.channel
    for words in (f"pool1, filter {number}, ", f"map of filter {number}:", f"gradient of filter {number}."):
        assert words in captions
    # The report follows the window that the lab is about.
    about = replace(results, settings=replace(QUICK, window=("strongest", 4, 5)))
    weights = results.network.params["conv1.weight"]
    strongest = int(np.square(weights).sum(axis=(1, 2, 3)).argmax())
    captions = " ".join(each.caption for each in report_of(numbers_of(about)).figures)
    assert f"pool1, filter {strongest}, window in row 4, column 5" in captions
    assert f"Map of filter {strongest} behind" in captions


def test_same_seed_same_document_and_another_seed_another():
    experiment = small_lab().experiment
    again = results_of(experiment)
    other = results_of(replace(experiment, seed=1))
    blocks = [report_of(numbers_of(each)).blocks for each in (small_lab(), again, other)]
    assert blocks[0] == blocks[1] == report_of(kept(small_numbers())).blocks
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
    assert ("This network has no pool" in " ".join(words_in(document))) == (experiment.pool == "none")
    settings = next(table.data.rows for table in document.tables if table.name == "settings")
    names = [name for name, _ in settings]
    assert ("ties" in names) == (experiment.pool in ("max", "max_blur"))
    assert ("pool size" in names) == (experiment.pool != "none")
    # What was measured comes back as it was.
    assert kept(numbers) == numbers
    assert report_of(kept(numbers)) == document
    # Figures of moved images name what they depend on.
    figures = {each.name: each for each in numbers.parts["translation"] if isinstance(each, Figure)}
    size = experiment.pool_size
    of_one = f"test image {results.settings.sample}, a {experiment.classes[results.look.label]}"
    for key in ("shifted-digit", "shift-sweep", "change-against-shift"):
        caption = figures[key].caption
        assert "elative to a blank image" in caption
        assert f"{size} × {size}" in caption
        assert (of_one in caption) is (key != "change-against-shift")
        assert figures[key].csv


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
        told = []

        def stop(share, told=told, most=stop_after):
            told.append(share)
            if len(told) > most:
                raise CancelledError

        with pytest.raises(CancelledError):
            measured_lab(lab, small_data(), 0, with_results=True, progress=stop, **more)


@pytest.mark.parametrize(
    "experiment",
    [
        LAB5,
        LENET,
        replace(LAB5, classes=("3", "8"), seed=7, epochs=2, learning_rate=3e-5),
        replace(LENET, filters=(4, 4, 4), hidden=(), conv_bias=False, pool="average"),
    ],
)
def test_the_command_line_of_the_appendix_describes_the_same_experiment(experiment):
    words = shlex.split(command_line(experiment, small_data(), 5))
    assert words[0] == "cnnviz"
    arguments = parse_arguments(words[1:])
    assert arguments.experiment == experiment
    assert arguments.sample == 5
    assert arguments.data is None, "MNIST comes with the program: no path of this machine"


def test_no_command_is_named_for_data_that_lie_in_a_document():
    for path, named in ((None, 2), (Path("data.npz"), 0)):
        bench = replace(small_lab(), dataset=replace(small_data(), path=path))
        assert sum(isinstance(each, Words) for each in appendix_blocks(bench)) == named


def test_each_measured_part_says_when_and_with_what_it_was_measured():
    stamps = words_in(report_of(small_numbers()), "stamp")
    assert len(stamps) == 3
    for stamp in stamps:
        assert stamp.startswith("Measured 2026-01-31 10:00 with CNNViz ")
        for words in (small_data().sha256[:12], "seed 0", "400 training steps", "test image 3"):
            assert words in stamp


def kept(numbers: LabNumbers, change=None, *, is_sealed: bool = False) -> LabNumbers | None:
    """What comes back of numbers after a change of them and their first part.

    What is sealed anew has the checksum that belongs to it: that tells of edits, no more.
    """
    record = structs.replace(LabRecord.of(free_lab()), numbers=numbers)
    values = json.loads(msgspec.json.encode(Work(records={record.key: record})))
    edited = values["records"][record.key]["numbers"]
    if change is not None:
        change(edited, edited["parts"]["principle"])
    if is_sealed:
        edited["checksum"] = msgspec.convert(edited, LabNumbers).right_checksum
    return read_work(values).record(free_lab()).numbers


def table(part: list[dict]) -> dict:
    return next(block for block in part if block["type"] == "Table")


def redrawn(old: str, new: str):
    """Change a figure into one of more than plain shapes."""

    def change(_numbers, part):
        drawn = next(block for block in part if block["type"] == "Figure" and block["name"] == "filters")
        assert old in drawn["svg"]
        drawn["svg"] = drawn["svg"].replace(old, new, 1)
        assert not is_plain(drawn["svg"])

    return change


@pytest.mark.parametrize(
    ("change", "is_sealed"),
    [
        (lambda numbers, _: numbers.update(sample=9), False),
        (redrawn("<rect ", '<rect onclick="x" '), True),
        (redrawn('fill="', 'fill="url(//x.y/z)'), True),
        (redrawn("</svg>", '<a href="x">y</a></svg>'), True),
    ],
)
def test_numbers_that_were_edited_and_drawings_of_more_than_plain_shapes_are_not_taken(change, is_sealed):
    assert kept(small_numbers(), change, is_sealed=is_sealed) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda numbers, _: numbers.update(sample=-2),
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
        kept(small_numbers(), change)


def test_words_and_names_in_numbers_are_never_markup():
    said = {"type": "Words", "text": "<script>alert(1)</script>", "kind": "program"}
    named = {"type": "Named", "name": '#eval("1")'}
    numbers = kept(small_numbers(), lambda _, part: part.extend([said, named]), is_sealed=True)
    document = report_of(numbers)
    assert "<script>alert" not in to_html(document)
    assert "#eval" not in to_html(document), "an equation is known by its name, or there is none"
    assert any(isinstance(block, Figure) for block in document.blocks)


# -- words, hypotheses and what was put in -------------------------------------------------------------------


PRINCIPLE, TRANSLATION, BACKPROP = free_lab().steps
EMPTY = LabRecord.of(free_lab())


def test_a_later_hypothesis_never_replaces_the_recorded_one():
    first = Version("99 % will be right", "2026-01-31 10:00", 0)
    later = Version("97 % will be right", "2026-01-31 10:30", 12_665, after_run=True)
    record = EMPTY.recorded(PRINCIPLE, first).recorded(PRINCIPLE, later)
    assert record.step("principle").hypothesis == (first, later)
    assert record.recorded(PRINCIPLE, structs.replace(later, text=f"{later.text} ")) == record, "is no edit"
    texts = words_in(report_of(record=record))
    assert f"Recorded {first.time}, {first.words}" in texts
    assert "Edited 2026-01-31 10:30, after results" in texts
    assert texts.index(first.text) < texts.index(later.text)
    record = record.recorded(PRINCIPLE, Version("", "2026-01-31 11:00", 1))
    assert [version.text for version in record.step("principle").hypothesis][2:] == [""]
    texts = words_in(report_of(record=record))
    assert "(deleted)" in texts, "to delete it is an edit, too"


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (Version("high", "", 12_665), "before this network had shown any result of this section"),
        (
            Version("high", "", 0, shown=Shown("2026-01-31 09:58")),
            "after results of training, on the screen since 09:58",
        ),
        (
            Version("high", "", 0, shown=Shown("2026-01-31 09:58", "2026-01-30 14:03")),
            "after results of this section, on the screen since 2026-01-30 14:03",
        ),
    ],
)
def test_a_grader_reads_what_was_known_when_a_hypothesis_was_written(version, said):
    record = EMPTY.recorded(PRINCIPLE, structs.replace(version, time="2026-01-31 10:00"))
    assert words_in(report_of(record=record), "stamp") == [f"Recorded 2026-01-31 10:00, {said}"]


def test_captions_say_the_step_and_a_sentence_that_there_are_several_where_there_are():
    bench, one = small_lab(), "This report shows the network after 12 and 400 training steps; each"
    caption = f"LAB5 · seed {bench.experiment.seed} · step 400"
    for words, several in ((f"{caption} · step , ", False), (caption.replace("400", "12"), True)):
        insert = structs.replace(DRAWN, caption=words)
        document = report_of(small_numbers(), EMPTY.with_inserts(TRANSLATION, (insert,)))
        assert any(each.startswith(one) for each in words_in(document)) == several
        captions = {each.name: each.caption for each in (*document.figures, *document.tables)}
        assert captions["training-curves"].count("400 training steps") == 1
        for name, has_step in (("confusion-matrix", several), ("filters", several), ("two-images", False)):
            assert captions[name].endswith(" After 400 training steps.") == has_step


def test_objective_hypothesis_description_observations_and_inference_of_each_demonstration_are_asked_for():
    missing = words_in(report_of(), "missing")
    assert len(missing) == 5 * len(free_lab().sections)
    headings = [each.text for each in report_of().blocks if isinstance(each, Heading) and each.level == 2]
    assert headings == 3 * list(PARTS.values())
    said = words_in(report_of(record=written("words of a student")))
    assert said.count("words of a student") == len(missing)
    assert set(missing) <= set(said), "the question stands before its answer"


@pytest.mark.parametrize(
    ("pool", "absent"),
    [("none", ("pooled", "window", "ties", "tied", "maximum")), ("average", ("ties", "tied", "maximum"))],
)
def test_the_guiding_questions_ask_of_nothing_that_the_network_has_not(pool, absent):
    asked = words_in(report_of(experiment=replace(LAB5, pool=pool)), "missing")
    assert len(asked) == 5 * len(free_lab().sections)
    words = set(re.findall(r"\w+", " ".join(asked[-5:] if pool == "average" else asked)))
    assert not words & set(absent)


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="5cm" height="2cm" viewBox="0 0 50 20">'
    '<title>T</title><rect id="a" width="50" height="20" fill="#f00"/>'
    '<text x="2" y="12">inside it</text></svg>'
)
DRAWN = Insert("Loss <1> & 2", "LAB5, seed 3 · step 12", "2026-01-31 10:00", SVG, "x,y\n1,0.5\n")
MATRIX = structs.replace(DRAWN, title="Confusion $matrix$")
RECORD = EMPTY.with_inserts(TRANSLATION, (MATRIX, DRAWN)).with_inserts(BACKPROP, (DRAWN,))


def test_they_stand_in_their_section_in_their_order():
    blocks = report_of(record=RECORD).blocks
    names = [block.name for block in blocks if isinstance(block, Figure)]
    assert len(set(names)) == 3
    headings = [getattr(block, "text", None) for block in blocks]
    place = blocks.index(next(block for block in blocks if isinstance(block, Figure)))
    assert headings.index("2  Translation and max pooling") < place
    assert place < headings.index("3  Backpropagation through max pooling")
    # With results and an appendix, too, each stands between the words and the results of its step.
    blocks = report_of(small_numbers(), RECORD).blocks
    titles = [getattr(block, "text", "") for block in blocks]
    matrix, moved, drawn = (
        i for i, each in enumerate(blocks) if getattr(each, "name", "").startswith("inserted")
    )
    assert titles.index("2  Translation and max pooling") < matrix < moved < titles.index("Two small images")
    assert titles.index("3  Backpropagation through max pooling") < drawn
    assert drawn < titles.index("From the output back to the convolution")
    assert drawn < titles.index("Appendix: how to measure this again")


@pytest.mark.parametrize(
    "damage",
    [
        {"svg": ""},
        {"words": "x" * 501},
        {"cards": ["x" * 1001]},
    ],
)
def test_a_damaged_one_is_refused_in_a_clause(damage):
    values = msgspec.to_builtins(Work(records={RECORD.key: RECORD}))
    values["records"][RECORD.key]["steps"]["backprop"]["inserts"] = [msgspec.to_builtins(DRAWN) | damage]
    with pytest.raises(DataError, match="the work in it is damaged"):
        read_work(values)


def test_html_shows_it_as_a_picture_of_its_own(tmp_path):
    path = tmp_path / "r.html"
    write_html(report_of(record=RECORD), path)
    text = path.read_text(encoding="utf-8")
    assert text.count('src="data:image/svg+xml;base64,') == 3
    assert 'id="a"' not in text  # names inside cannot meet those of another drawing
    assert "Loss &lt;1&gt; &amp; 2" in text


@needs_poppler
def test_own_words_stand_before_the_caption_of_the_program_everywhere(tmp_path):
    insert = structs.replace(DRAWN, words="It *falls* #eval")
    document = report_of(record=EMPTY.with_inserts(TRANSLATION, (insert,)))
    assert [block.own_caption for block in document.figures] == ["It *falls* #eval"]
    write_pdf(document, tmp_path / "a.pdf")
    text = poppler("pdftotext", tmp_path / "a.pdf", "-")
    assert "inside it" in text, "letters of a drawing can be selected"
    assert text.rindex("It *falls* #eval") < text.index("Drawn by CNNViz: Loss <1> & 2")


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("layer", [Conv2D(2, bias=False), Conv2D(2, 3, 2, 1), Conv2D(2, 2, padding=2)])
def test_a_cell_computed_as_the_equation_says_is_that_of_the_layer(layer, channels, rng):
    """Which terms there are is read from the equation as Typst gets it; the sum is then done by hand."""
    written = typst(layer.equation(channels).formula)
    found = re.fullmatch(
        r"z_\(f , i , j\) = (b_\(f\) \+ |b_f \+ )? ?sum_\((c , )?a , b\) w_\(f , (c , )?a , b\) "
        r"thin x_\((c , )?(\d )?i \+ a( - \d)? , (\d )?j \+ b( - \d)?\)",
        written,
    )
    assert found, written
    assert bool(found[1]) is layer.bias
    assert bool(found[2]) is bool(found[3]) is bool(found[4]) is (channels > 1)
    stride = int(found[5] or 1)
    padding = -int((found[6] or "0").replace(" ", ""))
    x = rng.normal(size=(channels, 7, 8))
    weight, bias = rng.normal(size=(2, channels, layer.kernel_size, layer.kernel_size)), rng.normal(size=2)
    params = {"weight": weight} | ({"bias": bias} if layer.bias else {})
    out = layer.forward(x[None], params)[0]
    by_hand = conv2d_loop(x[None], weight, bias if layer.bias else None, stride, padding)
    np.testing.assert_allclose(out, by_hand[0])
    assert ("Outside the map x is 0" in layer.equation(1).remark) is (padding > 0)
    assert "cross-correlation" in layer.equation(1).remark


def test_the_filter_gradient_has_the_indices_of_the_convolution():
    layer = Conv2D(2, padding=1)
    pixel = "x_(c , i + a - 1 , j + b - 1)"
    assert typst(layer.equation(3).formula).endswith(pixel)
    assert typst(layer.gradient_equation(3).formula).endswith(pixel)


def windows_and_weights(pool, shape):
    """Windows of the maximum as lists of cells, and what each output cell takes of each, by plain loops."""
    height, width = shape
    outputs = list(np.ndindex(height // 2, width // 2))
    if pool == "max":
        windows = [[(2 * i + a, 2 * j + b) for a in (0, 1) for b in (0, 1)] for i, j in outputs]
        return windows, [{number: 1.0} for number in range(len(outputs))]
    windows, weights = [], []
    for i, j in outputs:
        taken = {}
        for a, b in np.ndindex(3, 3):
            top, left = 2 * i - 1 + a, 2 * j - 1 + b
            places = [(mirrored(top + m, height), mirrored(left + n, width)) for m in (0, 1) for n in (0, 1)]
            taken[len(windows)] = (1, 2, 1)[a] * (1, 2, 1)[b] / 16
            windows.append(places)
        weights.append(taken)
    return windows, weights


def linear_weights(pool, shape):
    """What each output cell of a linear pool takes of each cell: its answer to a single 1."""
    height, width = shape
    ones = np.eye(height * width).reshape(-1, 1, height, width)
    if pool == "average":
        return avg_pool2d_loop(ones, 2, 2)[:, 0]
    return subsample_pool2d_loop(ones, 2)[:, 0]


def through_the_pool(written, pool, values, arriving):
    """Gradient of one map before the pool, as the equation says."""
    got = np.zeros(values.shape)
    if "s_(W , c)" in written:
        shares = linear_weights(pool, values.shape)
        return (shares * arriving).sum(axis=(1, 2)).reshape(values.shape)
    assert ("k_(W , V)" in written) is (pool == "max_blur")
    windows, weights = windows_and_weights(pool, values.shape)
    passed = np.zeros(len(windows))
    for slope, taken in zip(arriving.ravel(), weights, strict=True):
        for window, weight in taken.items():
            passed[window] += weight * slope
    for places, slope in zip(windows, passed, strict=True):
        largest = max(values[place] for place in places)
        winners = [place for place in places if values[place] == largest]
        takers = winners[:1] if "first winner" in written else winners
        for place in takers:
            got[place] += slope / (len(winners) if "frac(1, n_" in written else 1)
    return got


RULES = [("max", "first"), ("max", "all"), ("max", "split"), ("max_blur", "first"), ("max_blur", "all")]
RULES += [("max_blur", "split"), ("average", "all"), ("subsample", "all"), ("none", "all")]


@pytest.mark.parametrize(("activation", "padding"), [("none", 1), ("leaky_relu", 0), ("tanh", 1)])
@pytest.mark.parametrize(("pool", "ties"), RULES)
def test_all_equations_together_give_the_gradient_of_the_filter(pool, ties, activation, padding):
    """From the gradient at the pooled maps back to the weights, each step as its equation is written."""
    experiment = replace(
        LAB5, filters=(2,), conv_bias=True, padding=padding, activation=activation, pool=pool, ties=ties,
        classes=("4", "7", "9"), output="softmax", init="he",
    )  # fmt: skip
    network = experiment.build_network((1, 11, 12))
    x = ink(network)
    trace, gradients = network.forward(x), network.gradients(x, np.array([2]))
    named = of_network(network.layers, 1)
    assert ("activation gradient" in named) is (activation != "none")
    assert ("pool gradient" in named) is (pool != "none")
    act = next((name for name, layer in network.layers if isinstance(layer, Activation)), "conv1")
    maps, letter = trace.outputs[act][0], "z" if activation == "none" else "a"
    slopes = gradients.outputs[act][0]
    if pool != "none":
        written = typst(named["pool gradient"].formula)
        assert written.startswith(f"frac(partial L, partial {letter}_(c)) =")
        arriving = gradients.outputs["pool1"][0]
        slopes = np.array(
            [through_the_pool(written, pool, *pair) for pair in zip(maps, arriving, strict=True)]
        )
    if activation != "none":
        assert "phi' ( z_(f , i , j) )" in typst(named["activation gradient"].formula)
        layer, z = dict(network.layers)[act], trace.outputs["conv1"]
        slopes = slopes * (layer.forward(z + 1e-6, {}) - layer.forward(z - 1e-6, {}))[0] / 2e-6
    pixels = np.pad(x[0, 0], padding)
    for f, a, b in np.ndindex(2, 3, 3):
        total = sum(slopes[f, i, j] * pixels[i + a, j + b] for i, j in np.ndindex(*slopes.shape[1:]))
        assert total == pytest.approx(gradients.params["conv1.weight"][f, 0, a, b], rel=1e-6, abs=1e-9)
