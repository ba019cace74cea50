"""Whole files that say what nobody expects: every reader takes them, or refuses them in a sentence."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from cnnviz import checkpoint
from cnnviz.datasets import load_dataset
from cnnviz.errors import CNNVizError
from cnnviz.lab.course import load_course
from cnnviz.lab.reading import load_lab
from cnnviz.session_state import load_session
from cnnviz.training import Trainer
from soak import samples
from soak.structured import ENTRIES, mutated_course, mutated_lab, mutated_model, mutated_values, mutated_zip
from tests.engine.lab_cases import SMALL
from tests.small_data import first_images


def _model() -> bytes:
    settings = samples.experiment()
    trainer = Trainer(settings.build_network(), first_images((0, 1), 30, 10), settings.train_config())
    trainer.advance(3)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.safetensors"
        checkpoint.save(
            path, trainer.network, experiment=settings, step=3, optimizer_state=trainer.optimizer_state
        )
        return path.read_bytes()


READERS: dict[str, tuple[str, Callable, Callable[[], bytes], Callable[[Path], object]]] = {
    "session": (".json", mutated_values, lambda: samples.session().to_json().encode(), load_session),
    "model": (".safetensors", mutated_model, _model, checkpoint.load),
    "lab": (".toml", mutated_lab, lambda: SMALL.encode(), load_lab),
    "course": (".cnnviz", mutated_course, samples.course, load_course),
    "archive": (".npz", mutated_zip, lambda: samples.npz(samples.arrays(14, 14)), load_dataset),
}


@pytest.mark.parametrize("kind", READERS)
def test_whatever_is_said_is_taken_or_refused_in_a_sentence(tmp_path: Path, kind: str) -> None:
    ending, mutate, base, read = READERS[kind]
    content, path = base(), tmp_path / f"a{ending}"
    path.write_bytes(content)
    read(path)
    said: list[str] = []
    for number in range(150):
        changed, name = mutate(content, Random(f"{kind} {number}"))
        path.write_bytes(changed)
        try:
            read(path)
        except CNNVizError as error:
            said.append(str(error))
        except Exception as error:
            raise AssertionError(f"mutation {number} of a {kind}, {name}") from error
    assert len(said) > 40
    assert all(each.isprintable() and len(each) <= 1000 for each in said)


@pytest.mark.parametrize("number", [each for each in ENTRIES if each[1:2] in "xbof9"])
def test_a_number_of_any_length_in_a_lab_is_a_mistake(tmp_path: Path, number: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(SMALL + f"\n[settings]\nseed = {number}\n")
    with pytest.raises(CNNVizError, match=r"^a\.toml, line \d+: "):
        load_lab(path)


@pytest.mark.parametrize("step", ["1e999", "-1", "1.5", "NaN", "9" * 900, "true", '"3"'])
def test_a_step_that_is_no_number_of_steps_is_refused(tmp_path: Path, step: str) -> None:
    content = _model().replace(b'\\"step\\": 3', b'\\"step\\": ' + step.replace('"', '\\"').encode())
    end = len(content) - len(_model()) + int.from_bytes(_model()[:8], "little")
    path = tmp_path / "a.safetensors"
    path.write_bytes(end.to_bytes(8, "little") + content[8:])
    with pytest.raises(CNNVizError, match=r"a\.safetensors cannot be used: The 'step' parameter of a model"):
        checkpoint.load(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_course_that_is_packed_otherwise_is_refused(tmp_path: Path, method: int) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(samples.course())) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name), method)
    (path := tmp_path / "a.cnnviz").write_bytes(packed.getvalue())
    with pytest.raises(
        CNNVizError, match=r"packed in a way that courses are not\. Ask for the course file again"
    ):
        load_course(path)
