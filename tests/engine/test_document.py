"""A document: what is put in comes out to the last bit, and what is no document gets a sentence."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.numpy import load as from_safetensors
from safetensors.numpy import save as to_safetensors

from cnnviz.document import archive
from cnnviz.document.archive import pixels_of, png_of
from cnnviz.document.run import KeptRun, pack_run, unpack_run
from cnnviz.document.types import Data, OwnImage, Part, Said, Seen
from cnnviz.errors import CNNVizError, DataError, NewerVersionError
from cnnviz.experiment import LAB5, LENET
from cnnviz.history import History, Replay
from cnnviz.network import weights_checksum
from cnnviz.snapshots import Snapshot
from tests.engine.document_cases import (
    DATA,
    UNUSUAL,
    SmallRun,
    members_of,
    picture_of,
    small_document,
    small_run,
    zipped,
)
from tests.oracles import assert_same_arrays
from tests.replacing import replace


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("document") / "work.cnnviz"
    archive.save(path, *small_document())
    return path


def restored(path: Path) -> KeptRun:
    document, files = archive.load(path)
    assert document.run is not None
    return unpack_run(document.run, files, DATA.name, DATA.input_shape)


def assert_same_moment(one: Snapshot, other: Snapshot) -> None:
    assert one.step == other.step
    assert replace(one.origin, run_id=0) == replace(other.origin, run_id=0)
    assert_same_arrays(other.network.params, one.network.params)
    for name, array in (one.optimizer or {}).items():
        assert np.array_equal(other.optimizer[name], array)


def assert_same_record(one: History, other: History) -> None:
    assert (one.log, one.tests, one.forked_at) == (other.log, other.tests, other.forked_at)
    assert np.array_equal(one.losses, other.losses)
    assert np.array_equal(one.totals, other.totals)


# --- what comes back ----------------------------------------------------------------------------------------


def test_a_document_comes_back_as_it_was(saved, tmp_path):
    document, files = small_document()
    archive.save_in_folder(tmp_path / "kept", document, files)
    for place in (saved, tmp_path / "kept"):
        again, members = archive.load(place)
        assert replace(again, parts={}) == document
        assert members == files
        assert again.parts.keys() == files.keys()
    archive.save(tmp_path / "again.cnnviz", document, files)
    assert (tmp_path / "again.cnnviz").read_bytes() == saved.read_bytes(), "equal documents are equal files"


def test_names_as_long_as_those_of_folders_and_settings_of_any_kind_are_saved():
    names = tuple(str(number).ljust(255, "x") for number in range(10))
    run = small_run().still()
    run.history.note_settings(replace(UNUSUAL, classes=names), were_changed=True)
    data = Data.of(replace(DATA, name="\udcff" * 255), "/\udcff", available=names)
    document, _ = small_document(run, data=data, seen=Seen(board=OwnImage(meant=names[0])))
    assert archive.from_json(archive.to_json(document)) == document
    assert len(run.history.described) < 300, "what is shown is a line"


def test_a_run_comes_back_to_the_last_bit(saved):
    run, again = small_run(), restored(saved)
    assert_same_moment(run.still().live, again.live)
    assert (again.epochs, again.experiment) == (run.still().epochs, run.origin.experiment)
    assert_same_record(run.history, again.history)
    moments = run.history.snapshots
    assert again.history.snapshots.steps == moments.steps
    assert again.history.snapshots.kept == moments.kept
    for place in range(len(moments)):
        assert_same_moment(moments[place], again.history.snapshots[place])
    assert [again.history.snapshots[i].origin.is_changed for i in (0, 3)] == [False, True]


def test_any_step_is_repeated_from_the_moments_of_a_document_and_a_moment_begins_a_run_of_its_own(saved):
    again = restored(saved)
    run = SmallRun()
    run.train(10, 10)
    run.change_rate(5e-4)
    run.train(5)
    found = Replay.of(again.history, 25).run(DATA)
    assert_same_arrays(found.network.params, run.trainer.network.params)
    part = again.until(20)
    assert part.history.step == part.live.step == 20
    assert again.until(19) is None


def test_a_fork_keeps_what_it_has_in_common_and_curves_that_are_ahead_of_the_weights_are_cut():
    run = small_run()
    fork = run.history.forked(31)
    live = fork.snapshots[len(fork.snapshots) - 1]
    still = run.still(live=live, history=fork, ghost=run.history)
    again = unpack_run(*pack_run(still), DATA.name, DATA.input_shape)
    assert again.history.forked_at == 31
    assert_same_record(fork, again.history)
    assert_same_record(run.history, again.ghost)
    run = small_run()
    live = run.history.snapshots[2]
    still = run.still(live=live, history=run.history.until(live.step))
    again = unpack_run(*pack_run(still), DATA.name, DATA.input_shape)
    assert again.history.step == again.live.step == again.history.snapshots.steps[-1] == live.step


def test_of_many_moments_those_stay_that_have_to():
    run = SmallRun()
    run.train(*(2,) * 40)
    run.change_rate(5e-4)
    run.train(*(1,) * 50)
    size = run.history.snapshots[9].nbytes
    packed, files = pack_run(run.still(needed=frozenset({7})), largest=20 * size)
    steps = [each.step for each in packed.moments]
    assert {0, 80} <= set(steps)
    assert len(steps) <= 20
    assert max(np.diff(steps)) <= 14, "the rest lies evenly"
    again = unpack_run(packed, files, DATA.name, DATA.input_shape)
    assert_same_arrays(Replay.of(again.history, 95).run(DATA).network.params, run.moment(95).network.params)


@given(
    shape=st.tuples(st.sampled_from([1, 3]), st.integers(1, 9), st.integers(1, 9)), seed=st.integers(0, 99)
)
def test_drawn_pixels_come_back_bit_by_bit(shape, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    assert np.array_equal(pixels_of(png_of(pixels)), pixels)


def test_the_checksum_of_weights_sees_every_bit():
    network = LENET.build_network()
    assert weights_checksum(network) == weights_checksum(LENET.build_network())
    params = {name: array.copy() for name, array in network.params.items()}
    params["conv2.weight"].flat[7] = np.nextafter(params["conv2.weight"].flat[7], 1, dtype=np.float32)
    assert weights_checksum(network.with_params(params)) != weights_checksum(network)


def test_a_folder_keeps_what_has_not_changed_and_loses_what_is_not_named_any_more(tmp_path):
    document, files = small_document()
    named = archive.save_in_folder(tmp_path, document, files)
    times = {each.name: each.stat().st_mtime_ns for each in tmp_path.iterdir()}
    for again in (files, {}):
        archive.save_in_folder(tmp_path, replace(named, words={"title": "new"}), again)
    after = {each.name: each.stat().st_mtime_ns for each in tmp_path.iterdir()}
    assert [name for name in after if after[name] != times[name]] == ["document.json"]
    again, members = archive.load(tmp_path)
    assert (again.words, members) == ({"title": "new"}, files)
    archive.save_in_folder(tmp_path, document, {"model.safetensors": b"x"})
    assert len(list(tmp_path.iterdir())) == 2


def test_a_picture_carries_a_document_and_stays_the_same_picture(tmp_path):
    carried, path = small_document(kind="picture")[0], tmp_path / "a.png"
    path.write_bytes(picture_of(carried))
    assert archive.load_picture(path) == carried
    with Image.open(path) as with_document, Image.open(io.BytesIO(picture_of(None))) as without:
        assert with_document.tobytes() == without.tobytes()
    path.write_bytes(picture_of(None))
    assert archive.load_picture(path) is None
    path.write_bytes(picture_of(carried)[:300])
    with pytest.raises(DataError) as told:
        archive.load_picture(path)
    assert str(archive.opening_failed(path, told.value)) == str(told.value), "said once"
    (tmp_path / "it").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"^it cannot be opened: it is damaged, or .*\. Copy it again"):
        archive.load(tmp_path / "it")


# --- what is no document ------------------------------------------------------------------------------------


def _changed(*removed: str, **changes: Any) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        values = json.loads(members["document.json"]) | changes
        members["document.json"] = json.dumps({k: v for k, v in values.items() if k not in removed}).encode()

    return change


def _seen(**changes: Any) -> Callable[[dict[str, bytes]], None]:
    return lambda members: _changed(seen=json.loads(members["document.json"])["seen"] | changes)(members)


def _with_part(name: str, size: int) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        parts = json.loads(members["document.json"])["parts"]
        _changed(parts=parts | {name: {"size": size, "sha256": "a" * 64}})(members)
        members[name] = b"x"

    return change


CHANGES: tuple[tuple[Callable[[dict[str, bytes]], Any], str], ...] = (
    (lambda m: m.pop("document.json"), "not a CNNViz document"),
    (lambda m: m.pop("run.safetensors"), "'run.safetensors' is missing"),
    (lambda m: m.update({"../../evil.toml": b""}), "not named in it"),
    (lambda m: m.update({"document.json": b"{"}), "damaged"),
    (lambda m: m.update({"document.json": b"[" * 100_000}), "not as it should be"),
    (lambda m: m.update({"document.json": b"[" * 400_000}), "too large"),
    (lambda m: m.update({"document.json": b" " * (17 << 20)}), "larger than it says"),
    (lambda m: m.update({"model.safetensors": b"\x00" * 100}), "model.safetensors is damaged"),
    (lambda m: m.update({"run.safetensors": bytes(70 << 20)}), "larger than it says"),
    (_changed(format_version=9, version="9.0"), r"newer CNNViz \(9\.0; .*\)\. Update CNNViz to open it\.$"),
    (_changed("format"), "not a CNNViz document"),
    (_changed("experiment"), "experiment"),
    (_changed(experiment={"kernel_size": 1000}), "'experiment' is not as it should be"),
    (_changed(experiment={"classes": ["0"]}), "'experiment' is not as it should be"),
    (_changed(unknown=1), "unknown"),
    (_changed(experiment={"kernel_sise": 3}), "'experiment' is not .* unknown field kernel_sise"),
    (_changed(run={"step": 0, "settings": [{"experiment": {"sead": 1}}]}), "experiment.* unknown field sead"),
    (_with_part("../x.png", 1), "'parts' is not as it should be"),
    (_with_part("run/x.py", 1), "'run/x.py' is no part of a document"),
    (_with_part("lab.toml", 1 << 29), "its lab.toml is too large"),
    (_changed(kind="virus"), "kind"),
    (_changed(saved="yesterday"), "no valid name, time or checksum"),
    (_seen(panel="x" * 256), "seen.panel"),
    (_seen(step=-1), "seen.step"),
    (_seen(sample=True), "seen.sample"),
    (_seen(shift={"dx": 1 << 40}), "seen.shift.dx"),
    (_seen(pinned={"stage": "conv1", "index": [0] * 9}), "seen.pinned.index"),
    (_seen(views={"p": {"v": 1e300}}), "seen.views"),
    (_seen(views={str(number): {} for number in range(99)}), "seen.views"),
)  # fmt: skip


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_what_is_wrong_with_a_document_is_told_in_a_sentence(saved, tmp_path, change, said):
    members = members_of(saved.read_bytes())
    change(members)
    (path := tmp_path / "x.cnnviz").write_bytes(zipped(members))
    with pytest.raises(NewerVersionError if "newer" in said else DataError, match=said) as caught:
        archive.load(path)
    assert str(caught.value).startswith("x.cnnviz cannot be opened: ")
    assert len(str(caught.value)) < 400
    assert sorted(os.listdir(tmp_path)) == ["x.cnnviz"]  # noqa: PTH208


def _bomb(members: dict[str, bytes]) -> bytes:
    members["run.safetensors"] = content = bytes(40 << 20)
    document = json.loads(members["document.json"])
    document["parts"]["run.safetensors"]["size"] = len(content)
    return zipped(members | {"document.json": json.dumps(document).encode()})


def _doubled(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO(zipped(members))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(packed, "a") as appended:
        appended.writestr("document.json", members["document.json"])
    return packed.getvalue()


@pytest.mark.parametrize(
    ("pack", "said"),
    [
        (_bomb, "far more than the file holds"),
        (_doubled, "two of one name"),
        (lambda members: zipped(members, zipfile.ZIP_BZIP2), r"packed in a way .* are not\. Copy it again"),
        (lambda members: zipped(members, zipfile.ZIP_LZMA), r"packed in a way .* are not\. Copy it again"),
    ],
)
def test_an_archive_that_was_packed_otherwise_is_refused_before_it_unpacks(saved, tmp_path, pack, said):
    (path := tmp_path / "x.cnnviz").write_bytes(pack(members_of(saved.read_bytes())))
    with pytest.raises(DataError, match=said):
        archive.load(path)


_ARRAYS = ("losses", "correct", "sizes", "tests", "weights", "live.steps", "optimizer.steps")


@pytest.mark.parametrize("part", [*_ARRAYS, "live.mean.conv1.weight", "optimizer.square.conv1.weight"])
@pytest.mark.parametrize("way", ["values", "shape", "gone"])
def test_a_hostile_run_is_refused(part, way):
    said, files = pack_run(small_run().still())
    arrays = {name: each.copy() for name, each in from_safetensors(files["run.safetensors"]).items()}
    assert part in arrays, sorted(arrays)
    if way == "values":
        arrays[part] = np.full_like(arrays[part], np.nan if arrays[part].dtype.kind == "f" else -5)
    elif way == "shape":
        arrays[part] = np.zeros((2, 3, 5), arrays[part].dtype)
    else:
        del arrays[part]
    files["run.safetensors"] = to_safetensors(arrays)
    try:
        again = unpack_run(said, files, DATA.name, DATA.input_shape)
    except DataError:
        return
    # One that remembers less than it did is no lie: it begins to remember anew.
    assert way == "gone"
    assert part.startswith(("live.", "optimizer."))
    assert again.live.step == said.step


@pytest.mark.parametrize(
    "change", [{"live": 9}, {"step": 9}, {"moments": ()}, {"settings": ()}, {"step": 10**9}]
)
def test_a_run_that_does_not_belong_together_is_refused(change):
    said, files = pack_run(small_run().still())
    if change.get("settings") == ():
        other = replace(LAB5, filters=(4,))
        change = {"settings": tuple(replace(each, experiment=other) for each in said.settings)}
    if change == {"moments": ()}:  # such moments are left out, and the run begins at its end
        assert unpack_run(replace(said, **change), files, DATA.name, DATA.input_shape)
        return
    with pytest.raises(DataError):
        unpack_run(replace(said, **change), files, DATA.name, DATA.input_shape)


def test_what_could_not_be_read_again_is_not_written(tmp_path):
    document, files = small_document(lab="x" * 300)
    with pytest.raises(CNNVizError, match=r"x\.cnnviz was not written.*lab"):
        archive.save(tmp_path / "x.cnnviz", document, files)
    document, files = small_document()
    with pytest.raises(CNNVizError, match="no part of a document"):
        archive.save(tmp_path / "x.cnnviz", document, files | {"other.exe": b""})
    assert not list(tmp_path.iterdir())


def test_every_type_writes_only_what_is_said():
    assert all(each.__struct_config__.forbid_unknown_fields for each in Said.__subclasses__())
    assert all(each.__struct_config__.frozen for each in (*Said.__subclasses__(), Part))
