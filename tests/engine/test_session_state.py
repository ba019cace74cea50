"""Sessions as values: what goes out comes back, and nothing else comes in."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cnnviz.errors import DataError
from cnnviz.network import weights_checksum
from cnnviz.presets import LAB5, LENET
from cnnviz.session_state import OwnPixels, SessionState, load_session, png_texts, save_session

SESSION = SessionState(
    experiment=LAB5, data_name="MNIST", data_sha256="ab" * 32, step=500, run_step=700, epochs=2,
    weights_sha256="cd" * 32, sample=17, dx=-3, dy=2, wrap=True, pinned=("conv1", (2, 5, 6)),
    panel="translation_dock",
    views={
        "translation_dock": {"stage": "max", "block": 2, "relative": False, "pace": 0.5, "class": None},
        "training_dock": {"loss.zoom": (0, 10.5, -1, 2), "cell": ()},
    },
)  # fmt: skip


def _png(session: SessionState | None = None) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (5, 4), (10, 20, 30)).save(out, "PNG", dpi=(192, 192), pnginfo=png_texts(session))
    return out.getvalue()


def _changed(**changes: Any) -> str:
    return json.dumps({**json.loads(SESSION.to_json()), **changes})


def test_a_session_comes_back_from_its_json() -> None:
    back = SessionState.from_json(SESSION.to_json())
    for name in SessionState.__dataclass_fields__:
        assert getattr(back, name) == getattr(SESSION, name), name


@given(
    shape=st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9)),
    origin=st.text(max_size=40),
    label=st.none() | st.integers(0, 9),
    seed=st.integers(0, 99),
)
def test_drawn_pixels_come_back_bit_by_bit(
    shape: tuple[int, ...], origin: str, label: int | None, seed: int
) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    session = replace(SESSION, sample=OwnPixels(pixels, label, origin))
    text = session.to_json()
    assert text.isascii()
    sample = SessionState.from_json(text).sample
    assert isinstance(sample, OwnPixels)
    np.testing.assert_array_equal(sample.pixels, pixels)
    assert (sample.label, sample.origin) == (label, origin)


def test_a_picture_carries_the_session_and_stays_the_same_picture(tmp_path: Path) -> None:
    plain, path = _png(), tmp_path / "figure.png"
    path.write_bytes(_png(SESSION))
    loaded = load_session(path)
    assert loaded is not None
    assert loaded.to_json() == SESSION.to_json()
    with Image.open(path) as image:  # an independent reader: checks every chunk's checksum
        image.load()
        assert json.loads(image.info["cnnviz-session"])["experiment"]["seed"] == LAB5.seed
        with Image.open(io.BytesIO(plain)) as before:
            assert image.tobytes() == before.tobytes()


def test_a_picture_without_a_session_is_told_from_one_with(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(_png())
    assert load_session(path) is None


@pytest.mark.parametrize("cut", [9, 20, 40, 200])
def test_a_picture_that_ends_too_early_gets_one_sentence(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "figure.png"
    path.write_bytes(_png(SESSION)[:cut])
    with pytest.raises(DataError, match=r"figure\.png cannot be opened: the picture ends too early"):
        load_session(path)


@pytest.mark.parametrize(
    ("content", "what"), [(b"", "is empty"), (b"\0\1\2", "damaged"), (b"PNG", "damaged")]
)
def test_what_is_called_a_picture_and_is_none_is_not_called_json(
    tmp_path: Path, content: bytes, what: str
) -> None:
    path = tmp_path / "mine.PNG"
    path.write_bytes(content)
    with pytest.raises(DataError, match=what) as caught:
        load_session(path)
    assert str(caught.value).startswith("mine.PNG cannot be opened: the picture is ")
    assert "JSON" not in str(caught.value)


def test_a_changed_letter_in_a_picture_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "figure.png"
    path.write_bytes(_png(SESSION).replace(b'"step": 500', b'"step": 501'))
    with pytest.raises(DataError, match="session in it is damaged"):
        load_session(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"step": -1}, {"step": 1.5}, {"step": "500"}, {"step": True}, {"step": 10**12}, {"step": 800},
        {"epochs": 0}, {"sample": -1}, {"sample": "x"}, {"sample": [1]}, {"sample": {"shape": [1, 2, 2]}},
        {"sample": {"shape": [1, 2, 2], "pixels": "AAAA", "label": None, "origin": ""}},
        {"sample": {"shape": [1, 1024, 10**9], "pixels": "", "label": None, "origin": ""}},
        {"sample": {"shape": [1, 1, 1], "pixels": "!", "label": None, "origin": ""}},
        {"shift": {"dx": 0, "dy": 0}}, {"shift": {"dx": 0, "dy": 0, "wrap": 1}}, {"shift": None},
        {"pinned": {"stage": 3, "index": [0]}}, {"pinned": {"stage": "conv1", "index": [-1]}},
        {"pinned": "conv1"}, {"experiment": {}} | {"panel": 3}, {"experiment": []},
        {"experiment": {"seed": -4}}, {"experiment": {"nonsense": 1}}, {"data_name": "x" * 10_000},
        {"extra": 1}, {"__class__": "os.system"},
        {"views": None}, {"views": []}, {"views": {"training_dock": 3}}, {"views": {"a": {"b": {"c": 1}}}},
        {"views": {"a": {"b": [[1]]}}}, {"views": {"a": {"b": ["1"]}}}, {"views": {"a": {"b": [True]}}},
        {"views": {"a": {"b": "x" * 10_000}}}, {"views": {"a": {"b" * 10_000: 1}}},
        {"views": {"a" * 300: {}}},
        {"views": {"a": {"b": 10**400}}}, {"views": {"a": {"b": 1e300}}}, {"views": {"a": {"b": [0] * 1000}}},
        {"views": {"a": {str(n): 0 for n in range(1000)}}}, {"views": {str(n): {} for n in range(1000)}},
    ],
)  # fmt: skip
def test_values_that_make_no_sense_are_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = tmp_path / "a.json"
    path.write_text(_changed(**changes))
    with pytest.raises(DataError) as caught:
        load_session(path)
    message = str(caught.value)
    assert message.startswith("a.json cannot be opened: ")
    assert message.endswith("Choose a session that CNNViz saved.")
    assert "\n" not in message
    assert len(message) < 400


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe\x00", b"[" * 100_000, b'{"format": "cnnviz-session"}',
        b'{"format": "cnnviz-session", "format_version": "1"}', b"NaN", b"9" * 10_000,
        b'{"format": "cnnviz-model", "format_version": 1}', SESSION.to_json().encode()[:-20],
        SESSION.to_json().replace('"step": 500', '"step": NaN').encode(),
        SESSION.to_json().replace('"pace": 0.5', '"pace": 1e999').encode(),
        SESSION.to_json().replace('"format_version": 3', '"format_version": 0').encode(),
    ],
)  # fmt: skip
def test_files_of_another_kind_get_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.json cannot be opened") as caught:
        load_session(path)
    assert "\n" not in str(caught.value)


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    values = json.loads(SESSION.to_json())
    del values["shift"]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(values))
    with pytest.raises(DataError, match="'shift' is missing"):
        load_session(path)


def test_a_session_of_a_newer_version_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(_changed(format_version=4, version="9.1", surprise=1))
    with pytest.raises(DataError, match=r"written by a newer CNNViz \(9\.1; .*update CNNViz"):
        load_session(path)


@given(
    views=st.dictionaries(
        st.text(max_size=20),
        st.dictionaries(
            st.text(max_size=20),
            st.none()
            | st.booleans()
            | st.text(max_size=50)
            | st.integers(-(2**53), 2**53)
            | st.floats(-1e15, 1e15)
            | st.lists(st.integers(-100, 100) | st.floats(-100, 100), max_size=8).map(tuple),
            max_size=8,
        ),
        max_size=5,
    )
)
def test_views_come_back_as_they_were(views: dict[str, dict[str, Any]]) -> None:
    text = replace(SESSION, views=views).to_json()
    back = SessionState.from_json(text).views
    assert back == views
    for name, view in views.items():
        assert [type(each) for each in back[name].values()] == [type(each) for each in view.values()]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.json does not exist"):
        load_session(tmp_path / "gone.json")


def test_a_saved_session_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    save_session(path, SESSION)
    loaded = load_session(path)
    assert loaded is not None
    assert loaded.to_json() == SESSION.to_json()


def test_the_checksum_of_weights_sees_every_bit() -> None:
    network = LENET.build_network()
    assert weights_checksum(network) == weights_checksum(LENET.build_network())
    params = {name: array.copy() for name, array in network.params.items()}
    params["dense1.weight"].flat[5] = np.nextafter(params["dense1.weight"].flat[5], np.float32(9))
    assert weights_checksum(network.with_params(params)) != weights_checksum(network)
