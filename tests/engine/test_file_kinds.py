"""Which kind a file is of, told by its content: files as the programs write them that they belong to."""

import gzip
import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnviz import checkpoint
from cnnviz.datasets import load_dataset, read_grayscale
from cnnviz.document import archive
from cnnviz.errors import CNNVizError
from cnnviz.file_kinds import kind_of
from cnnviz.presets import LAB5
from tests.engine.document_cases import small_document


def _picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("L", (8, 8)).save(file, kind)
    return file.getvalue()


def _zip(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"content")
    return file.getvalue()


def _npz() -> bytes:
    file = io.BytesIO()
    np.savez(file, x_train=np.zeros(3))
    return file.getvalue()


# An ONNX model as torch.onnx writes it begins with its version (8) and its maker.
_ONNX = b"\x08\x08\x12\x07pytorch\x1a\x052.4.0:\x10" + bytes(200)
FOREIGN: dict[str, tuple[bytes, str]] = {
    "net.onnx": (_ONNX, "an ONNX model"),
    "notes.pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "a PDF document"),
    "net.pt": (_zip("net/data.pkl", "net/version", "net/data/0"), "a file of PyTorch"),
    "old.pth": (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.", "a file of PyTorch"),
    "net.pkl": (pickle.dumps({"w": 1.0}, 4), "a pickle"),
    "net.keras": (_zip("metadata.json", "config.json", "model.weights.h5"), "a Keras model"),
    "net.h5": (b"\x89HDF\r\n\x1a\n" + bytes(100), "an HDF5 file, as Keras writes its models"),
    "net.tflite": (b"\x1c\x00\x00\x00TFL3" + bytes(100), "a TensorFlow Lite model"),
    "words.docx": (_zip("[Content_Types].xml", "word/document.xml"), "a document of an office program"),
    "photo.gif": (_picture("GIF"), "a GIF picture"),
    "photo.webp": (_picture("WEBP"), "a WebP picture"),
    "scan.tif": (_picture("TIFF"), "a TIFF picture"),
    "page.html": (b"<!doctype html><p>Hello", "a web page or XML text"),
    "drawing.svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
    "notes.txt": ("Zwölf Boxkämpfer".encode(), "a text"),
    "array.npy": (b"\x93NUMPY\x01\x00", "a NumPy array (.npy)"),
    "logs.gz": (gzip.compress(b"some words"), "a gzip archive"),
}
READERS: dict[str, Callable[[Path], object]] = {
    "model": checkpoint.load, "data": load_dataset, "picture": read_grayscale,
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_files_of_others_are_named_by_every_reader(tmp_path: Path, name: str) -> None:
    content, words = FOREIGN[name]
    path = tmp_path / "anything"
    path.write_bytes(content)
    assert kind_of(path).words.startswith(words)
    assert not kind_of(path).role
    for reader, read in READERS.items():
        with pytest.raises(CNNVizError) as caught:
            read(path)
        assert f" is {words}" in str(caught.value), reader
        assert len(str(caught.value)) <= 300


def test_files_that_are_opened_are_told_by_their_content(tmp_path: Path) -> None:
    path = tmp_path / "anything"
    checkpoint.save(path, LAB5.build_network())
    assert kind_of(path).role == "model"
    archive.save(path, *small_document())
    assert kind_of(path).role == "document"
    for kind in ("PNG", "JPEG", "BMP"):
        path.write_bytes(_picture(kind))
        assert kind_of(path).role == "picture"
    idx = bytes([0, 0, 8, 3]) + bytes(12)
    for content in (_npz(), idx, gzip.compress(idx)):
        path.write_bytes(content)
        assert kind_of(path).role == "data"


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 50, b"PK\x03\x04", b"\xfe\xff\x00\x01", b"\x1f\x8b", b"BM"]
)
def test_what_is_damaged_or_unknown_is_taken_for_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "anything"
    path.write_bytes(content)
    assert not kind_of(path).role


def test_a_model_is_not_taken_for_data_nor_data_for_a_model(tmp_path: Path) -> None:
    path = tmp_path / "x"
    checkpoint.save(path, LAB5.build_network())
    with pytest.raises(CNNVizError, match=r"is a model \(\.safetensors\), but data .*; open it with Ctrl\+O"):
        load_dataset(path)
    path.write_bytes(_npz())
    with pytest.raises(
        CNNVizError, match=r"is a NumPy archive \(\.npz\), but weights .*; open it with Ctrl\+D"
    ):
        checkpoint.load(path)


def test_classes_that_the_data_lack_are_named(tmp_path: Path) -> None:
    from cnnviz.headless import read_data

    with pytest.raises(CNNVizError, match=r"^MNIST has the classes 0, 1, .*9\. Got x: choose others"):
        read_data(None, ("0", "x"), required=True)
