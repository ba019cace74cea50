"""Model files: what is written comes back, and what is damaged is refused in one sentence."""

import base64
import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file
from safetensors.numpy import save as to_safetensors

from cnnviz import checkpoint
from cnnviz.errors import CheckpointError, CNNVizError, DivergenceError, ParameterError
from cnnviz.presets import LAB5, LENET
from cnnviz.training import Trainer
from tests.oracles import assert_same_bits
from tests.small_data import first_images


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.safetensors"


@pytest.mark.parametrize(
    "experiment", [LAB5, LENET, replace(LENET, pool="max_blur", activation="leaky_relu")]
)
def test_round_trip_keeps_every_bit_and_every_setting(path, experiment):
    network = experiment.build_network()
    checkpoint.save(path, network, experiment=experiment, step=42, data_sha256="ab")
    loaded = checkpoint.load(path)
    assert loaded.experiment == experiment
    assert (loaded.step, loaded.data_sha256) == (42, "ab")
    assert loaded.network.layers == network.layers
    for name, array in network.params.items():
        assert loaded.network.params[name].dtype == array.dtype
        np.testing.assert_array_equal(loaded.network.params[name], array)
    x = np.random.default_rng(0).random((2, 1, 28, 28)) - 0.5
    np.testing.assert_array_equal(loaded.network.forward(x).logits, network.forward(x).logits)
    checkpoint.save(path, network)
    assert checkpoint.load(path).experiment is None


def test_what_could_not_be_opened_again_is_not_written(path, monkeypatch):
    """One bound for writing and reading: just below it a file is written and read, just above it neither."""
    network = LAB5.build_network()
    assert checkpoint.save(path, network, experiment=LAB5) == ""
    monkeypatch.setattr(checkpoint, "_LARGEST_FILE", path.stat().st_size + checkpoint._LARGEST_TABLE)
    checkpoint.save(path, network, experiment=LAB5)
    checkpoint.load(path)
    before = path.read_bytes()
    monkeypatch.setattr(checkpoint, "_LARGEST_FILE", path.stat().st_size - 1)
    with pytest.raises(
        CheckpointError, match=r"not written: with weights of 0\.011 MB it could not be opened"
    ):
        checkpoint.save(path, network, experiment=LAB5)
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
        ("fc.weight", np.zeros(3, np.float32), "the network has no fc.weight"),
        (
            "conv1.weight",
            np.zeros((8, 1, 5, 5), np.float32),
            "conv1.weight is 8 x 1 x 5 x 5 and not 8 x 1 x 3 x 3",
        ),
        ("conv1.weight", np.zeros((8, 1, 3, 3), np.int8), "its conv1.weight holds int8"),
        ("conv1.weight", np.full((8, 1, 3, 3), np.nan, np.float32), "not finite numbers"),
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
    return Trainer(experiment.build_network(data.input_shape), data, experiment.train_config())


def save(path, trainer, experiment):
    checkpoint.save(
        path,
        trainer.network,
        experiment=experiment,
        step=trainer.step,
        optimizer_state=trainer.optimizer_state,
    )


@pytest.fixture
def saved(path):
    """Write the model of a run with Adam, and return its bytes."""
    trainer = begin(SMALL)
    trainer.advance(4)
    save(path, trainer, SMALL)
    return path.read_bytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", SETTINGS)
@pytest.mark.parametrize("preset", [LAB5, LENET], ids=["lab5", "lenet"])
def test_saved_and_loaded_runs_go_on_bit_for_bit(path, preset, kind, dtype):
    experiment = replace(preset, dtype=dtype, batch_size=4, epochs=2, **SETTINGS[kind])
    whole, first = begin(experiment), begin(experiment)
    whole.advance(20)
    first.advance(9)
    save(path, first, experiment)
    loaded = checkpoint.load(path)
    assert loaded.experiment == experiment
    second = Trainer(
        loaded.network,
        first.dataset,
        experiment.train_config(),
        start_step=loaded.step,
        optimizer_state=loaded.optimizer,
    )
    second.advance(11)
    for name, array in whole.network.params.items():
        assert_same_bits(second.network.params[name], array)
    for name, array in whole.optimizer_state.items():
        assert_same_bits(second.optimizer_state[name], array)
    assert list(load_file(path)) == sorted(whole.network.params), "no tensor but those that PyTorch expects"


def changed(content, change):
    """Return a file with another header: `change` gets its metadata and the description in it."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    description = json.loads(header["__metadata__"]["cnnviz"])
    change(header["__metadata__"], description)
    header["__metadata__"]["cnnviz"] = json.dumps(description)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content[8 + length :]


NAME = "mean.conv1.weight"
KEY = f"cnnviz.optimizer.{NAME}"


def rewrite(array):
    """Return a change that puts another array in, with a checksum of its own that is right."""

    def change(metadata, description):
        content = array.tobytes()
        metadata[KEY] = base64.b64encode(content).decode()
        description["optimizer"][NAME] = {
            "shape": list(array.shape),
            "dtype": array.dtype.str,
            "sha256": hashlib.sha256(content).hexdigest(),
        }

    return change


SHAPE = (2, 1, 3, 3)


def described(text):
    """Return a file whose description is some text."""
    return lambda _: to_safetensors({"a": np.zeros(1)}, {"cnnviz": text})


def network(change):
    return lambda _, description: change(description["network"])


def memory(change):
    return lambda _, description: change(description["optimizer"])


NEWER = {"format": checkpoint.FORMAT, "format_version": 99, "version": "9.0"}
FILES = {
    "empty": lambda _: b"",
    "text": lambda _: b"not a model at all",
    "truncated": lambda good: good[: len(good) // 2],
    "no header": lambda good: good[:4],
    "huge header": lambda good: (2**60).to_bytes(8, "little") + good[8:],
    "no description": lambda _: to_safetensors({"a": np.zeros(1)}),
    "description no JSON": described("{"),
    "deep JSON": described("[" * 100_000),
    "description a list": described("[]"),
    "newer": described(json.dumps(NEWER)),
}
FAULTS = {
    "no network": lambda _, description: description.pop("network"),
    "network a number": lambda _, description: description.update(network=3),
    "layer unknown": network(lambda it: it["layers"][0].update(type="os.system")),
    "other shapes": network(lambda it: it.update(input_shape=[1, 20, 20])),
    "giant network": network(lambda it: it.update(input_shape=[1, 10**9, 10**9])),
    "setting unknown": lambda _, description: description["experiment"].update(evil=1),
    "experiment a list": lambda _, description: description.update(experiment=[1]),
    "text missing": lambda metadata, _: metadata.pop(KEY),
    "text empty": lambda metadata, _: metadata.update({KEY: ""}),
    "text too long": lambda metadata, _: metadata.update({KEY: "A" * 2**20}),
    "no base64": lambda metadata, _: metadata.update({KEY: "é" * len(metadata[KEY])}),
    "one value changed": lambda metadata, _: metadata.update({KEY: "AAAA" + metadata[KEY][4:]}),
    "no mapping": lambda _, description: description.update(optimizer=[1]),
    "null": lambda _, description: description.update(optimizer=None),
    "empty memory": lambda _, description: description.update(optimizer={}),
    "no steps": memory(lambda it: it.pop("steps")),
    "one array missing": memory(lambda it: it.pop(NAME)),
    "description a word": memory(lambda it: it.update({NAME: "x"})),
    "unknown array": memory(lambda it: it.update({"mean.x" * 99: {}})),
    "unknown kind": memory(lambda it: it.update({n.replace("mean", "evil"): each for n, each in it.items()})),
    "huge shape": memory(lambda it: it[NAME].update(shape=[10**9, 10**9])),
    "other shape": rewrite(np.zeros((1, 2, 3, 3), "<f4")),
    "other type": rewrite(np.zeros(SHAPE, "<f8")),
    "objects": memory(lambda it: it[NAME].update(dtype="|O")),
    "not a number": rewrite(np.full(SHAPE, np.nan, "<f4")),
    "infinite": rewrite(np.full(SHAPE, np.inf, "<f4")),
    "of another optimiser": lambda _, description: description["experiment"].update(optimizer="sgd"),
    "another state": rewrite(np.zeros(SHAPE, "<f4")),
}


@pytest.mark.parametrize("fault", [*FILES, *FAULTS])
def test_what_is_damaged_or_hostile_is_refused_in_one_sentence(path, saved, fault):
    path.write_bytes(changed(saved, lambda *_: None))
    assert checkpoint.load(path).optimizer is not None, "the way of changing files changes nothing by itself"
    path.write_bytes(changed(saved, FAULTS[fault]) if fault in FAULTS else FILES[fault](saved))
    with pytest.raises(CheckpointError) as caught:
        checkpoint.load(path)
    text = str(caught.value)
    assert fault != "newer" or "newer CNNViz (9.0" in text
    assert text.startswith(("net.safetensors ", "The description in net.safetensors "))
    assert text.endswith(".")
    assert text.isprintable()
    assert len(text) < 300


def test_values_and_steps_that_nobody_has_had_are_refused_and_what_is_no_file_is_named(path, tmp_path):
    params = {name: array.copy() for name, array in SMALL.build_network().params.items()}
    params["conv1.weight"][1, 0, 1, 1] = np.nan
    checkpoint.save(path, SMALL.build_network().with_params(params))
    with pytest.raises(CheckpointError, match=r"1 values in conv1\.weight"):
        checkpoint.load(path)
    for steps in (-1, 2**60):
        checkpoint.save(path, SMALL.build_network(), optimizer_state={"steps": np.array(steps)})
        with pytest.raises(CheckpointError, match="impossible number of steps"):
            checkpoint.load(path)
    with pytest.raises(CheckpointError, match="does not exist"):
        checkpoint.load(tmp_path / "gone.safetensors")
    with pytest.raises(CNNVizError):
        checkpoint.load(tmp_path)


def test_memory_of_another_network_is_not_written(path):
    trainer = begin(SMALL)
    trainer.advance(2)
    state = trainer.optimizer_state
    others = {"not of shape": state, "no parameter's": {"mean.x": np.zeros(1)}, "lacks 'steps'": {}}
    for why, other in others.items():
        with pytest.raises(ParameterError, match=f"^The network cannot be saved: .*{why}"):
            checkpoint.save(path, LAB5.build_network(), optimizer_state=other)
    assert not path.exists()


@pytest.mark.parametrize("why", ["too large", "not finite"])
def test_memory_that_no_file_can_hold_does_not_cost_the_model(path, monkeypatch, why):
    trainer = begin(SMALL)
    trainer.advance(2)
    state = trainer.optimizer_state
    if why == "too large":
        monkeypatch.setattr("cnnviz.checkpoint.LARGEST_STATE", 100)
    else:
        state[NAME][...] = np.inf
    said = checkpoint.save(path, trainer.network, experiment=SMALL, optimizer_state=state)
    assert said.startswith("What the optimiser remembers")
    assert ("MB) is not in the file" if why == "too large" else "not finite numbers") in said
    assert checkpoint.load(path).optimizer is None


def test_a_run_that_diverged_keeps_the_memory_that_belongs_to_its_weights():
    experiment = replace(LAB5, momentum=0.9, batch_size=4, epochs=50, learning_rate=0.01)
    trainer = begin(experiment)
    trainer.advance(5)
    before = trainer.optimizer_state
    trainer.learning_rate = 1e30
    with pytest.raises(DivergenceError):
        trainer.advance(200)
    assert trainer.step == 5
    for name, array in before.items():
        assert_same_bits(trainer.optimizer_state[name], array)
