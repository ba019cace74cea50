"""A course in one file: what is put in comes out, and hostile files get a sentence."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnviz.checkpoint import Checkpoint
from cnnviz.errors import DataError
from cnnviz.file_kinds import COURSE, kind_of
from cnnviz.history import EvaluationPoint, History, Snapshot
from cnnviz.lab import parse_lab, session_of
from cnnviz.lab.course import Course, load_course, save_course
from cnnviz.network import weights_checksum
from cnnviz.training import Trainer
from tests.engine.lab_cases import SMALL, command, small_lab
from tests.small_data import first_images, write_npz


@pytest.fixture(scope="module")
def course() -> Course:
    lab, mistakes = parse_lab(SMALL.replace("A **strong** word and `code`.", "![A picture](picture.png)"))
    assert lab is not None, mistakes
    data = replace(first_images((0, 1), 60, 40), classes=("zero", "one"), name="My digits")
    experiment = replace(lab.experiment, classes=("zero", "one"), log_every=20, optimizer="adam")
    trainer = Trainer(experiment.build_network(data.input_shape), data, experiment.train_config())
    history = History(experiment.log_every)
    history.batch_size, history.epoch_images = 1, 60
    for _ in range(3):
        history.snapshots.add(Snapshot(trainer.step, trainer.network), keep=True)
        history.append(trainer.advance(20))
        evaluation = trainer.evaluate()
        history.add_test(EvaluationPoint(trainer.step, evaluation.loss, evaluation.accuracy))
    model = Checkpoint(
        trainer.network, experiment, trainer.step, data.sha256, optimizer=trainer.optimizer_state,
        data_name=data.name,
    )  # fmt: skip
    session = session_of(lab.start, experiment, data)
    return Course(lab, {"picture.png": b"\x89PNG"}, session, model, history, data)


@pytest.fixture(scope="module")
def saved(course, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("course") / "a.cnnviz"
    save_course(path, course)
    return path


def test_everything_comes_back(course, saved):
    again = load_course(saved)
    assert again.lab == course.lab
    assert again.figures == {"picture.png": b"\x89PNG"}
    assert again.session == course.session
    assert weights_checksum(again.model.network) == weights_checksum(course.model.network)
    assert (again.model.step, again.model.experiment) == (60, course.model.experiment)
    assert (again.dataset.classes, again.dataset.name) == (("zero", "one"), "My digits")
    assert again.dataset.sha256 == course.dataset.sha256
    assert again.dataset.path == saved


def test_curves_can_be_drawn_at_once(course, saved):
    again, before = load_course(saved).history, course.history
    assert (again.log, again.tests) == (before.log, before.tests)
    assert np.array_equal(again.losses, before.losses)
    for name in ("loss_curve", "accuracy_curve"):
        assert np.array_equal(getattr(again, name)(20).values, getattr(before, name)(20).values)
    assert again.images_at([10, 200]).tolist() == before.images_at([10, 200]).tolist()


def test_moments_of_the_run_come_back(course, saved):
    again, before = load_course(saved).history.snapshots, course.history.snapshots
    assert again.steps == before.steps == [0, 20, 40]
    for one, other in zip(again, before, strict=True):
        assert weights_checksum(one.network) == weights_checksum(other.network)


def test_a_session_of_another_run_is_refused(course, tmp_path):
    other = replace(course.session, experiment=replace(course.session.experiment, seed=5))
    save_course(tmp_path / "x.cnnviz", replace(course, session=other))
    with pytest.raises(DataError, match="other settings"):
        load_course(tmp_path / "x.cnnviz")


def test_training_goes_on_from_a_course_as_it_would_have(course, saved):
    again = load_course(saved)

    def two_epochs(model: Checkpoint, data) -> str:
        config = replace(model.experiment, epochs=2).train_config()
        trainer = Trainer(
            model.network, data, config, start_step=model.step, optimizer_state=model.optimizer
        )  # fmt: skip
        trainer.advance(60)
        return weights_checksum(trainer.network)

    assert two_epochs(again.model, again.dataset) == two_epochs(course.model, course.dataset)


def test_a_course_of_a_lab_alone(tmp_path):
    save_course(tmp_path / "b.cnnviz", Course(small_lab()))
    again = load_course(tmp_path / "b.cnnviz")
    assert again.lab == small_lab()
    assert (again.session, again.model, again.history, again.dataset) == (None, None, None, None)


def test_a_course_is_known_by_its_content(saved, tmp_path):
    assert kind_of(saved) == COURSE


def rewritten(saved: Path, change: Callable[[dict[str, bytes]], object]) -> bytes:
    with zipfile.ZipFile(saved) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _newer(members: dict[str, bytes]) -> None:
    members["course.json"] = json.dumps(
        {"format": "cnnviz-course", "format_version": 9, "version": "9.0"}
    ).encode()  # fmt: skip


def _with_newer_session(members: dict[str, bytes]) -> None:
    members["session.json"] = b'{"format": "cnnviz-session", "format_version": 9}'


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m.pop("course.json"), "no course of CNNViz"),
        (lambda m: m.pop("lab.toml"), "lab.toml"),
        (lambda m: m.update({"lab.toml": b"id = 3"}), "lab.toml, line 1"),
        (lambda m: m.update({"../../evil.toml": b""}), "no part of a course"),
        (lambda m: m.update({"/etc/evil": b""}), "no part of a course"),
        (lambda m: m.update({"figures/../x.png": b""}), "no part of a course"),
        (lambda m: m.update({"run.py": b"import os"}), "no part of a course"),
        (lambda m: m.pop("figures/picture.png"), "picture.png"),
        (lambda m: m.update({"course.json": b"{"}), "damaged"),
        (lambda m: m.update({"course.json": b"\xff" * 9}), "damaged"),
        (lambda m: m.update({"course.json": b" " * (1 << 20)}), "too large"),
        (lambda m: m.update({"model.safetensors": b"\x00" * 100}), "model.safetensors"),
        (lambda m: m.update({"history.safetensors": b"\x00" * 100}), "history is damaged"),
        (lambda m: m.update({"session.json": b"{}"}), "not a session"),
        (lambda m: m.update({"data.npz": b"PK"}), "data.npz"),
        (_newer, r"newer CNNViz \(9\.0; .*\), so update CNNViz\.$"),
        (_with_newer_session, r"newer CNNViz \(unknown; .*\), so update CNNViz\.$"),
    ],
)
def test_what_is_wrong_with_a_course_is_told_in_a_sentence(saved, tmp_path, change, said):
    path = tmp_path / "x.cnnviz"
    path.write_bytes(rewritten(saved, change))
    with pytest.raises(DataError, match=said) as caught:
        load_course(path)
    assert str(caught.value).startswith("x.cnnviz cannot be opened: ")
    assert not (tmp_path.parent / "evil.toml").exists()


@pytest.mark.parametrize("part", ["losses", "correct", "sizes", "tests", "numbers", "moments", "weights"])
def test_a_hostile_history_is_refused(saved, tmp_path, part):
    from safetensors.numpy import load, save

    def change(members: dict[str, bytes]) -> None:
        arrays = load(members["history.safetensors"])
        arrays[part] = np.full_like(arrays[part], -5)
        arrays[part].flat[0] = np.nan if arrays[part].dtype.kind == "f" else 2**40
        members["history.safetensors"] = save(arrays)

    path = tmp_path / "x.cnnviz"
    path.write_bytes(rewritten(saved, change))
    with pytest.raises(DataError, match="history"):
        load_course(path)


def test_every_truncated_course_is_refused(saved, tmp_path):
    content, path = saved.read_bytes(), tmp_path / "x.cnnviz"
    for share in (0, 1, 30, 50, 90, 99):
        path.write_bytes(content[: len(content) * share // 100])
        with pytest.raises(DataError) as caught:
            load_course(path)
        assert len(str(caught.value)) < 400


def test_a_flipped_byte_is_noticed_or_harmless(course, saved, tmp_path):
    content, path = bytearray(saved.read_bytes()), tmp_path / "x.cnnviz"
    generator = np.random.default_rng(0)
    for place in generator.integers(0, len(content), 40):
        damaged = content.copy()
        damaged[place] ^= 0x55
        path.write_bytes(damaged)
        try:
            again = load_course(path)
        except DataError:
            continue
        assert again.lab == course.lab
        assert weights_checksum(again.model.network) == weights_checksum(course.model.network)


def test_a_course_is_made_and_used_from_the_command_line(tmp_path):
    (tmp_path / "small.toml").write_text(SMALL, encoding="utf-8")
    data = write_npz(tmp_path / "digits.npz")
    made = command(
        "--headless", "--lab", "small.toml", "--data", data, "--course", "c.cnnviz", "--results", "a.json",
        cwd=tmp_path,
    )  # fmt: skip
    assert (made.returncode, made.stderr) == (0, "")
    course = load_course(tmp_path / "c.cnnviz")
    assert course.history.step == course.model.step == 30
    assert [point.step for point in course.history.tests] == [0, 30]
    assert (course.history.snapshots.steps[0], course.history.snapshots.steps[-1]) == (0, 30)
    assert (course.session.step, course.session.run_step) == (0, 0)
    assert course.model.experiment.seed == course.session.experiment.seed
    assert f"its network has seed {course.model.experiment.seed}" in made.stdout
    assert len(course.dataset.test_labels) == 20
    data.unlink()
    used = command("--headless", "--lab", "c.cnnviz", "--results", "b.json", cwd=tmp_path)
    assert (used.returncode, used.stderr) == (0, "")
    numbers = [json.loads((tmp_path / name).read_text())["measured"] for name in ("a.json", "b.json")]
    assert numbers[0] == numbers[1]
    checked = command("--verify", "a.json", "--lab", "c.cnnviz", cwd=tmp_path)
    assert checked.stdout.startswith("1 hand-in: 1 ok"), checked.stderr
