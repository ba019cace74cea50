"""Whatever happens to a data file, the answer is a `Dataset` or one `DataError` sentence."""

import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cnnviz.datasets import Dataset, load_dataset, read_grayscale
from cnnviz.errors import DataError
from tests.engine.datasets_files import (
    assert_one_sentence,
    idx_bytes,
    npz_bytes,
    tiny_arrays,
    write_idx_folder,
)

ARRAYS = tiny_arrays(classes=2, each=2, height=6, width=6)


@st.composite
def damaged(draw: st.DrawFn, *originals: bytes) -> bytes:
    """One of some files with bytes changed, inserted or removed, and perhaps cut off."""
    content = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(content) - 1)) if content else 0
        change = draw(st.sampled_from(("set", "insert", "remove")))
        new = draw(st.binary(min_size=1, max_size=4))
        if change == "insert":
            content[place:place] = new
        else:
            content[place : place + len(new)] = new if change == "set" else b""
    return bytes(content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content)


def load(path: Path) -> None:
    """Load a data set; a `DataError` must be one sentence, and nothing else may be raised."""
    try:
        data = load_dataset(path)
    except DataError as error:
        assert_one_sentence(str(error))
    else:
        assert isinstance(data, Dataset)
        assert data.train_images.dtype == np.uint8
        assert data.train_labels.max() < len(data.classes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_idx_folder(tmp_path_factory.mktemp("fuzz") / "set", ARRAYS)


IMAGES = idx_bytes(ARRAYS["x_train"])
LABELS = idx_bytes(ARRAYS["y_train"])


@given(damaged(IMAGES, gzip.compress(IMAGES)))
@settings(max_examples=80)
def test_images(folder: Path, content: bytes) -> None:
    (folder / "train-images-idx3-ubyte").write_bytes(content)
    (folder / "train-labels-idx1-ubyte").write_bytes(LABELS)
    load(folder)


@given(damaged(LABELS, gzip.compress(LABELS)))
@settings(max_examples=80)
def test_labels(folder: Path, content: bytes) -> None:
    (folder / "train-images-idx3-ubyte").write_bytes(IMAGES)
    (folder / "train-labels-idx1-ubyte").write_bytes(content)
    load(folder)


@given(damaged(npz_bytes(ARRAYS), npz_bytes(ARRAYS, compressed=False)))
@settings(max_examples=150)
def test_npz(folder: Path, content: bytes) -> None:
    path = folder.parent / "set.npz"
    path.write_bytes(content)
    load(path)


def image_bytes(kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(ARRAYS["x_train"][0]).save(file, kind)
    return file.getvalue()


@given(damaged(*(image_bytes(kind) for kind in ("PNG", "JPEG", "BMP"))))
@settings(max_examples=150)
def test_image_file(folder: Path, content: bytes) -> None:
    path = folder.parent / "picture.png"
    path.write_bytes(content)
    try:
        pixels = read_grayscale(path)
    except DataError as error:
        assert_one_sentence(str(error))
    else:
        assert pixels.dtype == np.uint8
        assert pixels.ndim == 2
