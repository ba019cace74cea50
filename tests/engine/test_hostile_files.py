"""Files made to hurt: what they may cost is bounded, and the answer is one short sentence with a remedy."""

import gzip
import io
import json
import os
import re
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnviz import checkpoint, reading
from cnnviz.datasets import Dataset
from cnnviz.datasets.images import read_image_folder
from cnnviz.document import archive
from cnnviz.document.types import Data
from cnnviz.errors import CNNVizError
from cnnviz.experiment import LENET
from cnnviz.files import printable
from cnnviz.lab.reading import load_lab
from cnnviz.reading import parse_json, read_bytes
from cnnviz.snapshots import Snapshot
from soak import samples
from soak.mutations import KINDS, mutant
from soak.readers import LONGEST_MESSAGE, LONGEST_OF_LABS, READERS
from soak.structured import ENTRIES
from tests.engine.datasets_files import (
    data_error,
    idx_names,
    npy_header,
    npz_with,
    tiny_arrays,
    write_idx_folder,
    write_npz,
)
from tests.engine.document_cases import picture_of, small_document, zipped
from tests.engine.lab_cases import SMALL
from tests.processes import python

PNG = b"\x89PNG\r\n\x1a\n"
REMEDY = re.compile(r"(choose|copy|update|save|scale|unpack|check|keep|try)\b[^.;]*\.$", re.IGNORECASE)
PLENTY = 60_000  # parts of a file
TINY = tiny_arrays()


# In a process with little in it, of which there are copies.
READ = """
import json, sys
from pathlib import Path
from soak.hostile_child import judge, read_in_fork
from soak.mutations import Hostile

for kind, path in json.load(sys.stdin):
    found = read_in_fork(Hostile(kind, kind, Path(path)))
    print(json.dumps([found.get("mb"), found.get("message", ""), judge(found)]))
"""


def zeros_deflated(size: int) -> bytes:
    """Return a deflate stream of `size` zeros, a multiple of 1 MB, without ever making them."""
    packer = zlib.compressobj(wbits=-15)
    # After a full flush the packer begins anew, so that its output may be repeated.
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * (size >> 20) + packer.flush()


def gzipped(start: bytes, zeros: int) -> bytes:
    """Return a gzip file of some bytes and many zeros, without the right checksum."""
    head = gzip.compress(b"")[:10]
    packer = zlib.compressobj(wbits=-15)
    return head + packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH) + zeros_deflated(zeros) + bytes(8)


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, colour: int = 0, depth: int = 8, extra: bytes = b"") -> bytes:
    """Return a black picture; `colour` is 0 for grey, 2 for RGB, 6 for RGBA."""
    header = struct.pack(">2I5B", width, height, depth, colour, 0, 0, 0)
    row = bytes(1 + width * {0: 1, 2: 3, 6: 4}[colour] * depth // 8)
    packer = zlib.compressobj(1)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return PNG + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND")


def safetensors(header: object, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text


def described(text: str) -> bytes:
    return safetensors({"__metadata__": {"cnnviz": text}})


def jpeg(extra: bytes) -> bytes:
    file = io.BytesIO()
    Image.new("L", (8, 8)).save(file, "JPEG")
    return file.getvalue()[:2] + extra + file.getvalue()[2:]


def jpeg_of_many_scans() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, "JPEG", progressive=True)
    content = file.getvalue()
    return content[:-2] + content[content.rfind(b"\xff\xda") : -2] * 200 + content[-2:]


def images_head(count: int) -> bytes:
    return b"\0\0\x08\x03" + struct.pack(">3I", count, 28, 28)


MODEL = (
    '{"format":"cnnviz-model","format_version":1,"version":"1","input_shape":[1,28,28],'
    '"experiment":{"pool":"max"}}'
)
DESCRIBED = f'{{"{"x" * 99_999}":1,"format":"cnnviz","format_version":1,"version":"1"}}'
NEWER = '{"format":"cnnviz","format_version":9,"version":"%s"}' % ("9" * 10_000)
LISTS = b"[" + b"[]," * 1_500_000 + b"[]]"
LONG_HEADER = b"\x93NUMPY\2\0" + struct.pack("<I", 2**26) + b" " * 2**26

#: By who reads them and how their names end: what makes each of them.
FILES: dict[tuple[str, str], dict[str, Callable[[], bytes]]] = {
    ("idx", ".gz"): {
        "bomb": lambda: gzipped(images_head(1 << 20), 800 << 20),
        "bomb that lies": lambda: gzipped(images_head(9), 800 << 20),
        "of empty members": lambda: gzip.compress(b"") * 25_000,
        "with an endless name": lambda: b"\x1f\x8b\x08\x08" + bytes(6) + b"x" * 99_999,
    },
    ("npz", ".npz"): {
        "bomb": lambda: npz_with(npy_header(f"({1 << 20}, 28, 28)"), TINY),
        "in int64": lambda: npz_with(npy_header("(150000, 28, 28)", "<i8"), TINY),
        "in colour": lambda: npz_with(npy_header("(400000, 28, 28, 3)"), TINY),
        "of long numbers": lambda: npz_with(npy_header(f"({'9' * 4000}, 28, 28)"), TINY),
        "of many types": lambda: npz_with(npy_header("(9, 8)", [(f"f{i}", "u1") for i in range(300)]), TINY),
        "with a long header": lambda: npz_with(LONG_HEADER, TINY),
        "of many members": lambda: zipped({str(number): b"" for number in range(25_000)}, 0),
    },
    ("npz", ".dat"): {"of an unknown kind": lambda: b"words"},
    ("png", ".png"): {
        "large": lambda: png(7000, 7000),
        "of many chunks": lambda: png(8, 8, extra=chunk(b"tEXt") * PLENTY),
    },
    ("jpg", ".jpg"): {
        "of many markers": lambda: jpeg(b"\xff\xfe\0\2" * PLENTY),
        "of filling bytes": lambda: jpeg(b"\xff" * PLENTY),
        "of many scans": jpeg_of_many_scans,
    },
    ("safetensors", ".safetensors"): {
        "of lists": lambda: safetensors(LISTS),
        "described by lists": lambda: described(LISTS.decode()[:1_500_000]),
        "nested deeply": lambda: safetensors(b"[" * 2_000_000),
        "with a long head": lambda: safetensors(b"{}", 2**63),
        "of a newer version": lambda: described(NEWER.replace("cnnviz", "cnnviz-model", 1)),
        "with a long key": lambda: described(DESCRIBED.replace('"cnnviz"', '"cnnviz-model"')),
        "with long numbers": lambda: described(MODEL.replace("28", "9" * 4000, 1)),
        "of many sides": lambda: described(MODEL.replace("28", "28" + ",1" * 99_999, 1)),
        "of a long pool": lambda: described(MODEL.replace('"max"', f'"{"x" * 99_999}"')),
    },
    ("document", ".cnnviz"): {
        "of lists": lambda: zipped({"document.json": LISTS}),
        "nested deeply": lambda: zipped({"document.json": b"[" * 290_000}),
        "of a newer version": lambda: zipped({"document.json": NEWER.encode()}),
        "with a long key": lambda: zipped({"document.json": DESCRIBED.encode()}),
        "of many members": lambda: zipped({f"{number}.toml": b"" for number in range(25_000)}),
    },
    ("document", ".png"): {"of many chunks": lambda: png(8, 8, extra=chunk(b"tEXt") * PLENTY)},
}


SOME = ("npz", "png", "safetensors", "document")
ARRAYS = TINY | {
    "x_train": np.zeros((4000, 28, 28), np.uint8),
    "x_test": np.zeros((6, 28, 28), np.uint8),
    "y_train": np.arange(4000) % 3,
}


def hostile_files(folder: Path) -> Iterator[tuple[str, Path, float]]:
    """Write each file into a folder and under a name that are long themselves."""
    for (kind, suffix), contents in FILES.items():
        for title, content in contents.items():
            place = folder / f"{kind}{suffix} {title}{'f' * 150}" / ("g" * 200)
            place.mkdir(parents=True)
            path = place / (idx_names(end=".gz")["x_train"] if suffix == ".gz" else f"{'n' * 200}{suffix}")
            if suffix == ".gz":
                write_idx_folder(place, TINY, end=".gz")
            path.write_bytes(content())
            yield kind, path, 60
    for kind in SOME:
        with (folder / f"sparse {kind}").open("wb") as file:
            file.truncate(20 << 30)
        yield kind, folder / f"sparse {kind}", 20
    (folder / "pixels").mkdir()
    for key, name in idx_names().items():  # both parts of a data set share the room
        head = images_head(200_000) if key.startswith("x") else b"\0\0\x08\x01" + struct.pack(">I", 200_000)
        with (folder / "pixels" / name).open("wb") as file:
            file.write(head)
            file.truncate(len(head) + 200_000 * (28 * 28 if key.startswith("x") else 1))
    yield "folder", folder / "pixels", 250


def large_files(folder: Path) -> Iterator[tuple[str, Path, float]]:
    """Write files that may be read; pictures become grey bytes when they are whole."""
    yield "npz", write_npz(folder / "a.npz", ARRAYS), 25
    for colour, depth in ((6, 8), (6, 16), (2, 8), (0, 16)):
        (folder / f"{colour}-{depth}.png").write_bytes(png(3000, 3000, colour, depth))
        # Four bytes a pixel as decoded, grey twice, the steps of a strip.
        yield "png", folder / f"{colour}-{depth}.png", 36 + 18 + 40


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells what a process has taken")
def test_every_hostile_file_costs_little_and_gets_a_short_answer(tmp_path):
    """Each is read in a process of its own, which may not wait."""
    jobs = [*hostile_files(tmp_path), *large_files(tmp_path)]
    for kind in SOME:
        os.mkfifo(tmp_path / kind)
        jobs.append((kind, tmp_path / kind, 20))
    # What is freed goes back at once: counted is what the reader holds, not what malloc keeps for later.
    exact = os.environ | {"MALLOC_MMAP_THRESHOLD_": "1000000"}
    told = python("-c", READ, input=json.dumps([(kind, str(path)) for kind, path, _ in jobs]), env=exact)
    for (kind, path, most_mb), line in zip(jobs, told.stdout.splitlines(), strict=True):
        peak, message, wrong = json.loads(line)
        assert not wrong, (path, told.stderr)
        assert peak < most_mb, (path, message)
        if path.parent == tmp_path and path.suffix:
            assert not message
        elif path.name == kind:
            assert f"{kind} is not a file" in message
        else:
            assert REMEDY.search(message), (path, message)
        assert kind != "folder" or re.search(r"(?=.*200000 x 28 x 28 bytes).*t10k-images", message)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_nothing_waits_for_a_pipe_that_takes_the_place_of_a_file(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "png")
    monkeypatch.setattr(reading, "check_file", lambda *_arguments: None)
    with data_error(tmp_path / "png", "is not a file"):
        read_bytes(tmp_path / "png", 100)


def test_folders_of_too_many_files_are_not_listed_to_their_end(tmp_path, monkeypatch):
    for number in range(30):
        (tmp_path / str(number % 3)).mkdir(exist_ok=True)
        (tmp_path / str(number % 3) / f"{number}.png").touch()
    monkeypatch.setattr("cnnviz.datasets.images.MOST_ENTRIES", 25)
    with data_error(tmp_path / "2", "too many files"):
        read_image_folder(tmp_path)
    monkeypatch.setattr("cnnviz.datasets.assembly.MOST_CLASSES", 2)
    with data_error(tmp_path, "has 3 classes"):
        read_image_folder(tmp_path)


def test_a_folder_of_too_many_pixels_is_not_read_to_its_end(tmp_path, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(2):
            (tmp_path / name / f"{number}.png").write_bytes(png(10, 10))
    read: list[float] = []
    monkeypatch.setattr("cnnviz.datasets.images.MAX_PIXELS_IN_ALL", 250)
    with data_error(tmp_path, "too many pixels", "at most 250 in all", "scale the images down"):
        read_image_folder(tmp_path, read.append)
    assert read == [0.25, 0.5]


def test_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert read_bytes(tmp_path / "a", 3) == b"abc"
    with data_error(tmp_path / "a", "is too large", "at most 2 bytes"):
        read_bytes(tmp_path / "a", 2)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no files that hide their size")
def test_a_file_that_hides_its_size_is_refused():
    with data_error("/proc/self/status", "changes while it is read"):
        read_bytes(Path("/proc/self/status"), 100)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "[" + "0," * 400_000 + "0]", " " * 3_000_000, "9" * 5000, "{", "", "[NaN]"]
)
def test_json_that_would_take_long_or_is_none_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse_json(text, finite=True)
    assert parse_json("[NaN, Infinity]") == [pytest.approx(float("nan"), nan_ok=True), float("inf")]


def test_a_path_is_shown_in_one_line_and_a_long_one_keeps_its_beginning_and_its_end():
    path = f"/home/{'x' * 500}/digits.npz"
    assert printable(path).startswith("/home/x")
    assert printable(path).endswith("x/digits.npz")
    assert "…" in printable(path)
    assert [len(each) for each in (printable(path), printable("a" * 61, 60))] == [120, 60]
    assert printable("a" * 60, 60) == "a" * 60
    assert printable("Büro/1\n2\udcff") == "Büro/1\N{REPLACEMENT CHARACTER}2\N{REPLACEMENT CHARACTER}"


def test_what_is_changed_below_is_read_while_it_is_whole(tmp_path):
    samples.write_all(tmp_path)
    pictures = {kind: f"digit.{kind}" for kind in ("png", "jpg", "bmp")} | {"view": "view.png"}
    data = {"npz": "good.npz", "idx": "idx", "folder": "pictures"}
    for kind, name in (
        data | pictures | {"document": "good.cnnviz", "safetensors": "good.safetensors"}
    ).items():
        assert READERS[kind](tmp_path / name) is not None


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_said_is_taken_or_refused_in_a_sentence(tmp_path, monkeypatch, kind):
    """Of every kind of file that is read: bytes changed, and whole files that say something else."""
    monkeypatch.setenv("SOAK_PLACE", str(tmp_path))
    said: list[str] = []
    count = 40
    for number in range(KINDS.index(kind), count * len(KINDS), len(KINDS)):
        hostile = mutant(number, 1, tmp_path)
        try:
            found = READERS[kind](hostile.path)
        except CNNVizError as error:
            said.append(str(error))
            continue
        except Exception as error:
            raise AssertionError(f"mutation {number}, {hostile}") from error
        if isinstance(found, Dataset):
            assert found.train_images.dtype == np.uint8
            assert found.train_labels.max() < len(found.classes)
        if isinstance(found, np.ndarray):
            assert (found.dtype, found.ndim) == (np.uint8, 2)
    assert len(said) > count / 8  # of a report most bytes are of pages, which are not read
    longest = LONGEST_OF_LABS if kind in ("document", "lab", "course") else LONGEST_MESSAGE
    assert all(each.isprintable() and each.endswith(".") and len(each) <= longest for each in said)


@pytest.mark.parametrize("number", [each for each in ENTRIES if each[1:2] in "xbof9"])
def test_a_number_of_any_length_in_a_lab_is_a_mistake(tmp_path, number):
    (path := tmp_path / "a.toml").write_text(SMALL.replace("0.01", number))
    with pytest.raises(CNNVizError, match=r"^a\.toml, line 9: the setting 'learning_rate' cannot be used"):
        load_lab(path)


# --- damaged files ------------------------------------------------------------------------------------------


def damaged(good):
    """Yield the file cut off at many places, and with random bits flipped."""
    for end in sorted({0, 1, 7, 8, 9, *np.linspace(10, len(good) - 1, 60).astype(int)}):
        yield f"cut at {end}", good[:end]
    rng = np.random.default_rng(20_260_131)
    for place in rng.integers(0, len(good), 120):
        content = bytearray(good)
        content[place] ^= 1 << int(rng.integers(8))
        yield f"bit at {place}", bytes(content)


def judged(load, path, good):
    """Return how many damaged files were refused; a refusal is one sentence that names the file."""
    refusals = 0
    for kind, content in damaged(good):
        path.write_bytes(content)
        try:
            load(path)
        except CNNVizError as error:
            refusals += 1
            text = str(error)
            assert path.name in text, kind
            assert text.isprintable(), kind
            assert len(text) < 500, kind
        assert path.read_bytes() == content, kind
    return refusals


def test_every_damaged_model_is_refused(tmp_path):
    path = tmp_path / "net.safetensors"
    experiment = replace(LENET, filters=(2, 3), hidden=(4,), seed=3)
    checkpoint.save(path, Snapshot(123, experiment.build_network()), experiment, Data(sha256="ab" * 32))
    good = path.read_bytes()
    kinds = sum(1 for _ in damaged(good))
    # A bit that turns the name of the checksum into another one takes the check away, and nothing else.
    assert judged(checkpoint.load, path, good) >= kinds - 3


def test_a_damaged_document_is_refused_or_read_as_it_was_meant(tmp_path):
    path = tmp_path / "a.cnnviz"
    archive.save(path, *small_document())
    whole = archive.load(path)

    def load(place):
        assert archive.load(place) == whole

    assert judged(load, path, path.read_bytes()) > 90


def test_a_damaged_picture_never_brings_back_another_view(tmp_path):
    document, _files = small_document(kind="picture")

    def load(path):
        assert archive.load_picture(path) in (None, document)

    assert judged(load, tmp_path / "a.png", picture_of(document)) > 90
