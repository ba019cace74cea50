"""A course is a document with a lab in it: what is put in comes out, and hostile files get a sentence."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cnnviz.document import archive
from cnnviz.document.run import PREPARED, unpack_run
from cnnviz.errors import CNNVizError, DataError
from cnnviz.file_kinds import DOCUMENT, kind_of
from cnnviz.lab.course import dataset_in, lab_data, lab_in, made_course, open_lab
from cnnviz.lab.reading import parse_lab
from cnnviz.training import Trainer
from tests.engine.document_cases import members_of, zipped
from tests.engine.lab_cases import SMALL, command
from tests.oracles import assert_same_arrays
from tests.replacing import replace
from tests.small_data import first_images, write_npz


@pytest.fixture(scope="module")
def made():
    lab, mistakes = parse_lab(SMALL.replace("A **strong** word and `code`.", "![A picture](picture.png)"))
    assert lab is not None, mistakes
    experiment = replace(lab.experiment, classes=("zero", "one"), log_every=20, optimizer="adam")
    data = replace(first_images((0, 1), 60, 40), classes=("zero", "one"), name="My digits")
    lab = replace(lab, experiment=experiment)
    return lab, data, made_course(lab, {"picture.png": b"\x89PNG"}, data, with_data=True, seed=9)


@pytest.fixture(scope="module")
def saved(made, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("course") / "a.cnnviz"
    archive.save(path, *made[2])
    return path


def prepared_in(path: Path):
    document, files = archive.load(path)
    assert document.prepared is not None
    return unpack_run(document.prepared, files, document.data.name, (1, 28, 28), PREPARED)


def test_everything_comes_back(made, saved):
    lab, data, _course = made
    document, files = archive.load(saved)
    again, figures = lab_in(files)
    assert (again.source, figures) == (lab.source, {"picture.png": b"\x89PNG"})
    assert (document.kind, document.run, document.lab) == ("course", None, "lab.toml")
    found = dataset_in(document, files)
    assert (found.classes, found.name, found.sha256) == (("zero", "one"), "My digits", data.sha256)
    assert np.array_equal(found.train_images, data.train_images)
    assert document.seen.step == 0, "nothing of later is on the screen"
    anything = saved.rename(saved.with_name("anything"))
    assert kind_of(anything) == DOCUMENT, "a course is known by its content"
    anything.rename(saved)


def test_its_run_is_the_one_that_its_settings_give(made, saved):
    _lab, data, _course = made
    run = prepared_in(saved)
    trainer = Trainer(run.experiment.build_network(), data, run.experiment)
    progress = trainer.advance(trainer.total_steps)
    assert run.experiment.seed == 9
    assert run.live.step == trainer.total_steps == 60
    assert np.array_equal(run.history.losses, progress.losses)
    assert_same_arrays(run.live.network.params, trainer.network.params)
    assert [point.step for point in run.history.tests] == [0, 60]
    assert {0, 60} <= set(run.history.snapshots.steps)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m.pop("lab.toml"), "'lab.toml' is missing"),
        (lambda m: m.update({"lab.toml": b"id = 3"}), "lab.toml, line 1"),
        (lambda m: m.update({"lab.toml": b"\xff"}), "not in UTF-8"),
        (lambda m: m.pop("figures/picture.png"), "picture.png"),
        (lambda m: m.update({"figures/../x.png": b""}), "not named in it"),
    ],
)
def test_what_is_wrong_with_a_course_is_told_in_a_sentence(
    saved, tmp_path, change: Callable[[dict[str, bytes]], object], said: str
):
    members = members_of(saved.read_bytes())
    change(members)
    described = json.loads(members["document.json"])
    if "lab.toml" in members:
        lab = members["lab.toml"]
        described["parts"]["lab.toml"] = {"size": len(lab), "sha256": hashlib.sha256(lab).hexdigest()}
    members["document.json"] = json.dumps(described).encode()
    (path := tmp_path / "x.cnnviz").write_bytes(zipped(members))
    with pytest.raises(DataError, match=said) as caught:
        open_lab(path)
    assert str(caught.value).startswith("x.cnnviz cannot be opened: ")


def test_data_that_are_not_those_that_were_put_in_are_refused(saved):
    document, files = archive.load(saved)
    with pytest.raises(CNNVizError):
        dataset_in(document, {**files, "data.npz": b"PK"})


def test_a_course_is_made_and_used_from_the_command_line(tmp_path):
    (tmp_path / "small.toml").write_text(SMALL, encoding="utf-8")
    data = write_npz(tmp_path / "digits.npz")
    made = command(
        "--headless", "--lab", "small.toml", "--data", data, "--course", "c.cnnviz", "--results", "a.json",
        "--html", "a.html", "--roll-number", "21-CS-0007", "--author", "Somebody", cwd=tmp_path,
    )  # fmt: skip
    assert (made.returncode, made.stderr) == (0, "")
    assert "made of the roll number '21-CS-0007'" in made.stdout
    assert "guess: mean loss on the test images" in made.stdout
    handed = json.loads((tmp_path / "a.json").read_text())
    assert (handed["name"], handed["answers"]) == ("Somebody", {})
    run = prepared_in(tmp_path / "c.cnnviz")
    assert run.history.step == run.live.step == 30
    assert f"its network has seed {run.experiment.seed}" in made.stdout
    assert len(lab_data(tmp_path / "c.cnnviz").test_labels) == 20
    data.unlink()
    again = ("--results", "b.json", "--roll-number", "21-CS-0007")
    used = command("--headless", "--lab", "c.cnnviz", *again, cwd=tmp_path)
    assert (used.returncode, used.stderr) == (0, "")
    numbers = [json.loads((tmp_path / name).read_text())["measured"] for name in ("a.json", "b.json")]
    assert numbers[0] == numbers[1]
    checked = command("--verify", "a.json", "a.html", "--lab", "c.cnnviz", cwd=tmp_path)
    assert checked.stdout.startswith("1 hand-in: 1 ok"), checked.stderr
