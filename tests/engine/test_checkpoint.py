"""A run as its caller sees it, and in a model file: it goes on as it was, and what is damaged is refused."""

import base64
import json
import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from safetensors.numpy import load as load_arrays
from safetensors.numpy import load_file
from safetensors.numpy import save as to_safetensors

from cnnviz import checkpoint
from cnnviz.datasets import Dataset, load_mnist
from cnnviz.document.types import Data
from cnnviz.errors import CheckpointError, DivergenceError, ParameterError
from cnnviz.experiment import CUSTOM, LAB5, LENET, preset_of
from cnnviz.snapshots import Snapshot
from cnnviz.training import Trainer, epoch_order
from tests.oracles import assert_same_arrays, conv2d_loop, max_pool2d_backward_loop, max_pool2d_loop
from tests.small_data import first_images


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.safetensors"


def test_what_could_not_be_opened_again_is_not_written(path, monkeypatch):
    """One bound for writing and reading: just below it a file is written and read, just above it neither."""
    network = LAB5.build_network()
    whole = checkpoint.save(path, Snapshot(0, network), LAB5)
    assert whole == ""
    monkeypatch.setattr(checkpoint, "_LARGEST_FILE", path.stat().st_size + checkpoint._LARGEST_TABLE)
    checkpoint.save(path, Snapshot(0, network), LAB5)
    checkpoint.load(path)
    before = path.read_bytes()
    monkeypatch.setattr(checkpoint, "_LARGEST_FILE", path.stat().st_size - 1)
    with pytest.raises(
        CheckpointError, match=r"not written: with weights of 0\.011 MB it could not be opened"
    ):
        checkpoint.save(path, Snapshot(0, network), LAB5)
    assert path.read_bytes() == before
    with pytest.raises(CheckpointError, match="too large"):
        checkpoint.load(path)


def test_weights_of_others_fit_by_name_and_shape(path):
    network = LAB5.build_network()
    foreign = {name: array.astype(np.float32) * 2 for name, array in network.params.items()}
    path.write_bytes(to_safetensors(foreign))
    with pytest.raises(checkpoint.UndescribedError):
        checkpoint.load(path)
    taken = checkpoint.load_weights(path, network)
    for name, array in taken.params.items():
        assert array.dtype == np.float64
        np.testing.assert_array_equal(array, foreign[name])


@pytest.mark.parametrize(
    ("name", "array", "why"),
    [
        ("dense1.bias", None, "it has no dense1.bias"),
        ("fc.weight", np.zeros(3), "the network has no fc.weight"),
        ("conv1.weight", np.zeros((8, 1, 5, 5)), "its conv1.weight is 8 x 1 x 5 x 5 and not 8 x 1 x 3 x 3"),
        ("conv1.weight", np.zeros((8, 1, 3, 3), np.int8), "its conv1.weight holds int8"),
        ("conv1.weight", np.full((8, 1, 3, 3), np.nan), "not all finite numbers"),
    ],
)
def test_weights_that_do_not_fit_are_refused_with_the_reason(path, name, array, why):
    network = LAB5.build_network()
    arrays = {each: old for each, old in network.params.items() if each != name}
    path.write_bytes(to_safetensors(arrays if array is None else arrays | {name: array}))
    with pytest.raises(CheckpointError, match=why):
        checkpoint.load_weights(path, network)


SETTINGS = {
    "sgd": {"optimizer": "sgd", "momentum": 0.0},
    "momentum": {"optimizer": "sgd", "momentum": 0.9},
    "adam": {"optimizer": "adam", "learning_rate": 0.001},
}
SMALL = replace(LENET, filters=(2, 3), hidden=(4,), batch_size=3, optimizer="adam", learning_rate=0.001)


def begin(experiment):
    data = first_images(experiment.classes, 60, 10)
    return Trainer(experiment.build_network(data.input_shape), data, experiment)


@pytest.fixture
def saved(path):
    checkpoint.save(path, trained(), SMALL)
    return path.read_bytes()


@cache
def trained():
    trainer = begin(SMALL)
    trainer.advance(4)
    return trainer.snapshot


@pytest.mark.parametrize(
    ("preset", "kind", "dtype"),
    [
        (LAB5, "sgd", "float64"),
        (LAB5, "adam", "float32"),
        (SMALL, "momentum", "float32"),
        (SMALL, "adam", "float64"),
        (replace(SMALL, pool="max_blur", activation="leaky_relu"), "adam", "float32"),
    ],
)
def test_saved_and_loaded_runs_go_on_bit_for_bit(path, preset, kind, dtype):
    experiment = replace(preset, dtype=dtype, batch_size=4, epochs=2, **SETTINGS[kind])
    whole, first = begin(experiment), begin(experiment)
    whole.advance(20)
    first.advance(9)
    checkpoint.save(path, first.snapshot, experiment, Data(name="some", sha256="ab" * 32))
    loaded, *others = checkpoint.load(path)
    assert others == [experiment, Data(name="some", sha256="ab" * 32)]
    assert loaded.step == 9
    assert loaded.network.layers == first.network.layers
    assert_same_arrays(loaded.network.params, first.network.params)
    second = Trainer(
        loaded.network, first.dataset, experiment, start_step=loaded.step, optimizer_state=loaded.optimizer
    )
    second.advance(11)
    assert_same_arrays(second.network.params, whole.network.params)
    assert_same_arrays(second.optimizer_state, whole.optimizer_state)
    assert list(load_file(path)) == sorted(whole.network.params), "no tensor but those that PyTorch expects"


def changed(content, change):
    """Return a file with another header: `change` gets its metadata and the description in it."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    metadata = header["__metadata__"]
    before = metadata["cnnviz"]
    description = json.loads(before)
    change(metadata, description)
    if metadata.get("cnnviz") == before:
        metadata["cnnviz"] = json.dumps(description, separators=(",", ":"))
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content[8 + length :]


NAME = "mean.conv1.weight"
KEY = "cnnviz.optimizer"
SHAPE = (2, 1, 3, 3)


def told(text, **settings):
    """Return a change that puts another text in, with a checksum of its own that is right."""

    def change(metadata, description):
        metadata[KEY] = text(metadata[KEY])
        description["experiment"].update(settings)
        metadata["cnnviz"] = json.dumps(description, separators=(",", ":"))
        metadata["cnnviz.sha256"] = checkpoint._checksum(metadata, trained().network)

    return change


def rewrite(change):
    """Return a change of the arrays that are remembered."""

    def text(before):
        state = load_arrays(base64.b64decode(before))
        change(state)
        return base64.b64encode(to_safetensors(state)).decode()

    return told(text)


FAULTS = {
    "no description": lambda metadata, _: metadata.pop("cnnviz"),
    "description no JSON": lambda metadata, _: metadata.update(cnnviz="{"),
    "deep JSON": lambda metadata, _: metadata.update(cnnviz="[" * 100_000),
    "newer": lambda _, description: description.update(format_version=99, version="9.0"),
    "no experiment": lambda _, description: description.pop("experiment"),
    "experiment a list": lambda _, description: description.update(experiment=[1]),
    "pool unknown": lambda _, description: description["experiment"].update(pool="os.system"),
    "setting unknown": lambda _, description: description["experiment"].update(evil=1),
    "other shapes": lambda _, description: description.update(input_shape=[1, 20, 20]),
    "giant network": lambda _, description: description.update(input_shape=[1, 10**9, 10**9]),
    **{
        f"step {step}"[:20]: lambda _, description, step=step: description.update(step=step)
        for step in (math.inf, -1, 1.5, math.nan, 10**900, True, "3")
    },
    "text missing": lambda metadata, _: metadata.pop(KEY),
    "text too long": told(lambda _: "A" * 2**20),
    "no base64": told(lambda before: "é" * len(before)),
    "one value changed": lambda metadata, _: metadata.update({KEY: "AAAA" + metadata[KEY][4:]}),
    "no checksum": lambda metadata, _: metadata.pop("cnnviz.sha256"),
    "cut off": told(lambda before: before[: len(before) // 8 * 4]),
    "empty": rewrite(lambda state: state.clear()),
    "no steps": rewrite(lambda state: state.pop("steps")),
    "one array missing": rewrite(lambda state: state.pop(NAME)),
    "unknown array": rewrite(lambda state: state.update({"mean.x" * 99: np.zeros(1)})),
    "unknown kind": rewrite(
        lambda state: state.update({each.replace("mean", "evil"): state.pop(each) for each in [*state]})
    ),
    "other shape": rewrite(lambda state: state.update({NAME: np.zeros((1, 2, 3, 3), "<f4")})),
    "other type": rewrite(lambda state: state.update({NAME: np.zeros(SHAPE, "<f8")})),
    "not a number": rewrite(lambda state: state.update({NAME: np.full(SHAPE, np.nan, "<f4")})),
    "of another optimiser": told(str, optimizer="sgd"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_damaged_or_hostile_is_refused_in_one_sentence(path, saved, fault):
    path.write_bytes(changed(saved, lambda *_: None))
    assert checkpoint.load(path)[0].optimizer is not None, "the way of changing changes nothing by itself"
    path.write_bytes(changed(saved, FAULTS[fault]))
    with pytest.raises(CheckpointError) as caught:
        checkpoint.load(path)
    text = str(caught.value)
    assert text.startswith("net.safetensors ")
    assert text.endswith(".")
    assert text.isprintable()
    assert len(text) < 300
    assert "newer CNNViz (9.0" in text or fault != "newer"


def test_memory_of_another_network_is_not_written(path):
    network = LAB5.build_network()
    for other in (trained().optimizer, {"mean.x": np.zeros(1)}, {}, {"steps": np.array(-1)}):
        with pytest.raises(ParameterError, match=r"^The network cannot be saved: "):
            checkpoint.save(path, Snapshot(3, network, other), LAB5)
    assert not path.exists()


@pytest.mark.parametrize("why", ["too large", "not finite"])
def test_memory_that_no_file_can_hold_does_not_cost_the_model(path, monkeypatch, why):
    state = {name: array.copy() for name, array in trained().optimizer.items()}
    if why == "too large":
        monkeypatch.setattr("cnnviz.checkpoint.LARGEST_STATE", 100)
    else:
        state[NAME][...] = np.inf
    said = checkpoint.save(path, replace(trained(), optimizer=state), SMALL)
    assert said.startswith("What the optimiser remembers is not in the file, which has room for ")
    assert checkpoint.load(path)[0].optimizer is None


def test_a_run_that_diverged_keeps_the_memory_that_belongs_to_its_weights():
    experiment = replace(LAB5, momentum=0.9, batch_size=4, epochs=50, learning_rate=0.01)
    trainer = begin(experiment)
    trainer.advance(5)
    before = trainer.optimizer_state
    trainer.learning_rate = 1e30
    with pytest.raises(DivergenceError):
        trainer.advance(200)
    assert trainer.step == 5
    assert_same_arrays(trainer.optimizer_state, before)


@pytest.fixture(scope="module")
def small() -> Dataset:
    return first_images((0, 1), 103, 50)


def build(small, **changes):
    experiment = replace(LAB5, **changes)
    return Trainer(experiment.build_network(), small, experiment)


def test_every_image_is_visited_once_an_epoch_in_an_order_of_its_own(small):
    trainer = build(small, batch_size=10, epochs=2)
    assert trainer.steps_per_epoch == 11
    assert trainer.total_steps == 22
    progress = trainer.advance(1000)
    assert progress.sizes.tolist() == ([10] * 10 + [3]) * 2
    assert trainer.finished
    assert len(trainer.advance(5).losses) == 0
    trainer.add_epochs(2)
    assert not trainer.finished
    trainer.advance(1000)
    assert trainer.step == 44, "added epochs lengthen the run"
    orders = {tuple(epoch_order(30, seed, epoch).tolist()) for seed in (0, 1) for epoch in (0, 1)}
    assert len(orders) == 4
    assert all(sorted(order) == list(range(30)) for order in orders)


def test_same_seed_gives_the_same_bits_however_the_steps_are_cut(small):
    whole, pieces = build(small, batch_size=4), build(small, batch_size=4)
    whole.advance(20)
    for count in (1, 7, 3, 9):
        pieces.advance(count)
    assert_same_arrays(pieces.network.params, whole.network.params)


def test_learning_rate_changes_from_the_next_step_on_and_networks_handed_out_are_left_alone(small):
    trainer = build(small, learning_rate=0.01)
    trainer.advance(5)
    before = trainer.network
    copy = before.params["conv1.weight"].copy()
    trainer.learning_rate = 1e-7
    trainer.advance(1)
    change = np.abs(trainer.network.params["conv1.weight"] - before.params["conv1.weight"]).max()
    assert 0 < change < 1e-4
    np.testing.assert_array_equal(before.params["conv1.weight"], copy)
    with pytest.raises(ParameterError, match="learning_rate"):
        trainer.learning_rate = 0.0


@pytest.mark.parametrize("rate", [1e3, 30.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_divergence_stops_with_advice_finite_weights_and_what_was_measured_until_then(small, rate, dtype):
    trainer = build(small, learning_rate=rate, dtype=dtype, epochs=20)
    with pytest.raises(DivergenceError, match=r"diverged near step .* learning rate below") as caught:
        trainer.advance(trainer.total_steps)
    assert all(np.isfinite(array).all() for array in trainer.network.params.values())
    progress = caught.value.progress
    assert progress.first_step == trainer.step + 1
    assert len(progress.losses) == len(progress.correct) == len(progress.sizes)
    assert np.isfinite(progress.losses).all()
    if rate == 1e3:
        assert progress.losses.max() > 10
    trainer.learning_rate = 1e-4
    assert len(trainer.advance(30).losses) == 30, "what diverged does not count"


def test_what_does_not_fit_is_refused_in_words(small):
    ten = LENET.build_network()
    with pytest.raises(ParameterError, match="10 classes apart"):
        Trainer(ten, small, LAB5)
    other = LAB5.build_network((1, 20, 20))
    with pytest.raises(ParameterError, match=r"\(1, 20, 20\)"):
        Trainer(other, small, LAB5)
    with pytest.raises(ParameterError, match="Choose softmax"):
        replace(LAB5, classes=("0", "1", "2"))


def exercise_step(filters, weights, bias, image, label, rate):
    """One step of the exercise in loops: new parameters, loss, and whether it was told right."""
    maps = conv2d_loop(image, filters)
    pooled, _ = max_pool2d_loop(maps, 2, 2)
    p = 1 / (1 + math.exp(-(weights * pooled).sum() - bias))
    d_maps = max_pool2d_backward_loop((p - label) * weights, maps, 2, 2, "all")
    d_filters = [
        [(d_maps * image[..., i : i + 26, j : j + 26]).sum(axis=(0, 2, 3)) for j in range(3)]
        for i in range(3)
    ]
    filters = filters - rate * np.moveaxis(d_filters, 2, 0)[:, None]
    loss = -math.log(p if label else 1 - p)
    return filters, weights - rate * (p - label) * pooled, bias - rate * (p - label), loss, (p > 0.5) == label


def test_a_run_ends_in_the_weights_of_the_exercise():
    mnist = load_mnist(LAB5.classes)
    network = LAB5.build_network()
    trainer = Trainer(network, mnist, LAB5)
    progress = trainer.advance(12)
    filters, weights, bias = network.params["conv1.weight"], network.params["dense1.weight"], 0.0
    weights, losses, correct = weights.reshape(1, 8, 13, 13), [], []
    for index in epoch_order(len(mnist.train_labels), LAB5.seed, 0)[:12]:
        image, label = mnist.train_images[index, None] / 255 - 0.5, int(mnist.train_labels[index])
        filters, weights, bias, loss, is_right = exercise_step(
            filters, weights, bias, image, label, LAB5.learning_rate
        )
        losses.append(loss)
        correct.append(is_right)
    trained = trainer.network.params
    np.testing.assert_allclose(trained["conv1.weight"], filters, rtol=0, atol=1e-10)
    np.testing.assert_allclose(trained["dense1.weight"], weights.reshape(1, -1), rtol=0, atol=1e-10)
    np.testing.assert_allclose(trained["dense1.bias"], [bias], rtol=0, atol=1e-10)
    np.testing.assert_allclose(progress.losses, losses, rtol=0, atol=1e-10)
    np.testing.assert_array_equal(progress.correct, correct)
    moved = np.abs(trained["conv1.weight"] - network.params["conv1.weight"]).max()
    assert moved > 1e-6, "a run that changes nothing would agree with anything"


@pytest.mark.parametrize(
    ("experiment", "name"),
    [
        (LAB5, "lab5"),
        (replace(LAB5, classes=("3", "8"), seed=7, epochs=2), "lab5"),
        (LENET, "lenet"),
        (LENET.with_classes(("0", "1", "2")), "lenet"),
        (LAB5.with_classes(("0", "1", "2")), CUSTOM),
        (replace(LENET, learning_rate=0.02), CUSTOM),
    ],
)
def test_a_preset_stays_what_it_is_with_other_classes_seeds_and_lengths(experiment, name):
    assert preset_of(experiment) == name
