"""Model files: what is written comes back, and what is damaged is refused in one sentence."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save as to_safetensors

from cnnviz import checkpoint
from cnnviz.errors import CheckpointError, CNNVizError
from cnnviz.presets import LAB5, LENET


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


def test_network_without_experiment_round_trips(path):
    checkpoint.save(path, LAB5.build_network())
    assert checkpoint.load(path).experiment is None


def damaged_files(good: bytes):
    header_length = int.from_bytes(good[:8], "little")
    header = json.loads(good[8 : 8 + header_length])

    def with_header(change):
        changed = json.loads(json.dumps(header))
        change(changed)
        text = json.dumps(changed).encode()
        return len(text).to_bytes(8, "little") + text + good[8 + header_length :]

    def meta(change):
        def apply(changed):
            description = json.loads(changed["__metadata__"]["cnnviz"])
            change(description)
            changed["__metadata__"]["cnnviz"] = json.dumps(description)

        return with_header(apply)

    yield "empty", b""
    yield "text", b"not a model at all"
    yield "truncated", good[: len(good) // 2]
    yield "no header", good[:4]
    yield "huge header", (2**60).to_bytes(8, "little") + good[8:]
    yield "no description", with_header(lambda h: h.pop("__metadata__"))
    yield "description no JSON", with_header(lambda h: h["__metadata__"].update(cnnviz="{"))
    yield "deep JSON", with_header(lambda h: h["__metadata__"].update(cnnviz="[" * 100_000))
    yield "description a list", with_header(lambda h: h["__metadata__"].update(cnnviz="[]"))
    yield "no network", meta(lambda d: d.pop("network"))
    yield "network a number", meta(lambda d: d.update(network=3))
    yield "layer unknown", meta(lambda d: d["network"]["layers"][0].update(type="os.system"))
    yield "other shapes", meta(lambda d: d["network"].update(input_shape=[1, 20, 20]))
    yield "giant network", meta(lambda d: d["network"].update(input_shape=[1, 10**9, 10**9]))
    yield "setting unknown", meta(lambda d: d["experiment"].update(evil=1))
    yield "experiment a list", meta(lambda d: d.update(experiment=[1]))
    yield "step a word", meta(lambda d: d.update(step="many"))


def test_damaged_files_are_refused_in_one_sentence(path):
    checkpoint.save(path, LAB5.build_network(), experiment=LAB5)
    good = path.read_bytes()
    for kind, content in damaged_files(good):
        path.write_bytes(content)
        with pytest.raises(CheckpointError) as caught:
            checkpoint.load(path)
        text = str(caught.value)
        assert "net.safetensors" in text, kind
        assert "\n" not in text, kind


def test_newer_format_says_to_update(path):
    header = {"format": checkpoint.FORMAT, "format_version": 99, "version": "9.0"}
    path.write_bytes(to_safetensors({"a": np.zeros(1)}, {"cnnviz": json.dumps(header)}))
    with pytest.raises(CheckpointError, match=r"newer CNNViz \(9\.0"):
        checkpoint.load(path)


def test_weights_that_are_not_finite_are_refused(path):
    network = LAB5.build_network()
    broken = dict(network.params)
    broken["conv1.weight"] = broken["conv1.weight"].copy()
    broken["conv1.weight"][2, 0, 1, 1] = np.nan
    checkpoint.save(path, network.with_params(broken))
    with pytest.raises(CheckpointError, match=r"1 values in conv1\.weight"):
        checkpoint.load(path)


def test_missing_file_and_folder_are_named(tmp_path):
    with pytest.raises(CheckpointError, match="does not exist"):
        checkpoint.load(tmp_path / "gone.safetensors")
    with pytest.raises(CNNVizError):
        checkpoint.load(tmp_path)


def test_failed_write_leaves_the_old_file(path, monkeypatch):
    checkpoint.save(path, LAB5.build_network(), step=1)
    before = path.read_bytes()

    def refuse(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(CNNVizError, match="disk is full"):
        checkpoint.save(path, LAB5.build_network(), step=2)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_what_could_not_be_opened_again_is_not_written(path, monkeypatch):
    """One bound for writing and reading: just below it a file is written and read, just above it neither."""
    network = LAB5.build_network()
    whole = checkpoint.save(path, network, experiment=LAB5)
    assert whole == ""
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
    ("change", "why"),
    [
        (lambda arrays: arrays.pop("dense1.bias"), "it has no dense1.bias"),
        (
            lambda arrays: arrays.update({"fc.weight": np.zeros(3, np.float32)}),
            "the network has no fc.weight",
        ),
        (
            lambda arrays: arrays.update({"conv1.weight": np.zeros((8, 1, 5, 5), np.float32)}),
            "its conv1.weight is 8 x 1 x 5 x 5 and not 8 x 1 x 3 x 3",
        ),
        (
            lambda arrays: arrays.update({"conv1.weight": np.zeros((8, 1, 3, 3), np.int8)}),
            "its conv1.weight holds int8",
        ),
        (
            lambda arrays: arrays.update({"conv1.weight": np.full((8, 1, 3, 3), np.nan, np.float32)}),
            "not finite numbers",
        ),
    ],
)
def test_weights_that_do_not_fit_are_refused_with_the_reason(path, change, why):
    network = LAB5.build_network()
    arrays = dict(network.params)
    change(arrays)
    path.write_bytes(to_safetensors(arrays))
    with pytest.raises(CheckpointError, match=why):
        checkpoint.load_weights(path, network)
