"""Hostile files of every kind: good ones with something changed, bombs, and things that are no files at all.

Which file a number stands for is a function of the seed alone.
"""

import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from msgspec import structs

from soak import hand_ins, samples
from soak.structured import mutated_document, mutated_lab, mutated_model, mutated_zip

_MANY = 0xFFFFFFFF
_NASTY: tuple[Any, ...] = (
    None, True, -1, 0, 10**400, 1e308, float("nan"), float("inf"), "", "x" * 100_000, "\x00\u202e\ud800", [],
    {}, [[[[]]]], {"format": {"format": []}}, [1] * 10_000, "../../etc/passwd", "<script>alert(1)</script>",
)  # fmt: skip


@dataclass(frozen=True)
class Hostile:
    """A file that means no good.

    Attributes
    ----------
    kind : str
        Which reader it is for, a key of `soak.readers.READERS`.
    name : str
        What is wrong with it.
    path : Path
        What is to be opened.
    """

    kind: str
    name: str
    path: Path


# --- changing bytes -------------------------------------------------------------------------------------


def flip(content: bytearray, chance: Random) -> None:
    """Turn some bits over."""
    for _ in range(chance.randint(1, 24)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def cut(content: bytearray, chance: Random) -> None:
    """Take the end away."""
    del content[chance.randrange(len(content)) :]


def splice(content: bytearray, chance: Random) -> None:
    """Put a piece into another place."""
    start, place = chance.randrange(len(content)), chance.randrange(len(content))
    content[place:place] = content[start : start + chance.randint(1, 4000)]


def drop(content: bytearray, chance: Random) -> None:
    """Take a piece out."""
    start = chance.randrange(len(content))
    del content[start : start + chance.randint(1, 200)]


def flood(content: bytearray, chance: Random) -> None:
    """Fill a piece with one value."""
    start, length = chance.randrange(len(content)), chance.randint(1, 300)
    content[start : start + length] = bytes([chance.choice((0, 255, 65))]) * length


def enlarge(content: bytearray, chance: Random) -> None:
    """Make a number of the header as large as it can be."""
    start = chance.randrange(min(len(content), 96))
    number = chance.choice((_MANY, 0x7FFFFFFF, 0x80000000, 1 << 20))
    content[start : start + 4] = struct.pack(chance.choice(("<I", ">I")), number)


CHANGES: tuple[Callable[[bytearray, Random], None], ...] = (flip, cut, splice, drop, flood, enlarge)


def mutated(content: bytes, chance: Random) -> tuple[bytes, str]:
    """Return a content with one to three changes, and their names."""
    changed, names = bytearray(content), []
    for _ in range(chance.choice((1, 1, 2, 3))):
        if changed:
            change = chance.choice(CHANGES)
            change(changed, chance)
            names.append(change.__name__)
    return bytes(changed), "+".join(names)


def mutated_json(content: bytes, chance: Random) -> tuple[bytes, str]:
    """Return JSON with a value that nobody expects at some place, or bytes changed as in any file."""
    if chance.random() < 0.3:
        return mutated(content, chance)
    values: Any = json.loads(content)
    place, path = values, ""
    while True:
        key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
        path += f"/{key}"
        if isinstance(place[key], dict | list) and place[key] and chance.random() < 0.8:
            place = place[key]
        else:
            place[key] = chance.choice(_NASTY)
            return json.dumps(values).encode("utf-8", "surrogatepass"), f"value {path}"


# --- the files ------------------------------------------------------------------------------------------


@cache
def _bases() -> dict[str, bytes]:
    values = samples.arrays(14, 14, each=6)
    folder = Path(os.environ["SOAK_PLACE"]) / "bases"
    folder.mkdir(exist_ok=True)
    samples.write_kept(folder)
    return {
        "npz": samples.npz(values),
        **{f"idx:{name}": content for name, content in samples.idx_files(values).items()},
        "png": samples.picture("PNG", 60),
        "jpg": samples.picture("JPEG", 60),
        "bmp": samples.picture("BMP", 60),
        "safetensors": (folder / "good.safetensors").read_bytes(),
        "view": (folder / "view.png").read_bytes(),
        "document": samples.document(),
        "lab": samples.lab(),
        "course": samples.course(),
        **hand_ins.bases(),
    }


KINDS = (
    "npz", "idx", "png", "jpg", "bmp", "safetensors", "view", "document", "folder", "lab", "course",
    "hand-in.json", "hand-in.pdf", "hand-in.html", "hand-in.zip",
)  # fmt: skip
_ENDINGS = {"view": "png", "document": "cnnviz", "lab": "toml", "course": "cnnviz"}
#: Changes of what is said in a file, which leave it whole.
_SAID = {
    "document": mutated_document, "safetensors": mutated_model, "lab": mutated_lab,
    "course": mutated_document, "npz": mutated_zip,
}  # fmt: skip


def mutant(number: int, seed: int, folder: Path) -> Hostile:
    """Write the mutant of a number into a folder of its own, and return it."""
    chance = Random(f"{seed}-{number}")
    kind = KINDS[number % len(KINDS)]
    place = folder / f"{number:04d}"
    place.mkdir(parents=True, exist_ok=True)
    bases = _bases()
    change = mutated_json if kind == "hand-in.json" else mutated
    if kind in _SAID and chance.random() < 0.6:
        change = _SAID[kind]
    if kind == "idx":
        return _idx_mutant(chance, place)
    if kind == "folder":
        return _folder_mutant(chance, place)
    content, name = change(bases[kind], chance)
    if kind == "hand-in.json" and chance.random() < 0.7:
        content = hand_ins.sealed(content)
    path = place / f"mutant{number}.{_ENDINGS.get(kind, kind)}"
    path.write_bytes(content)
    return Hostile(kind, name, path)


def _idx_mutant(chance: Random, place: Path) -> Hostile:
    files = {key.partition(":")[2]: content for key, content in _bases().items() if key.startswith("idx:")}
    victim = chance.choice(sorted(files))
    files[victim], name = mutated(files[victim], chance)
    for each, content in files.items():
        (place / each).write_bytes(content)
    return Hostile("idx", f"{victim} {name}", place)


def _folder_mutant(chance: Random, place: Path) -> Hostile:
    name = ""
    for part, sort in ((part, sort) for part in ("train", "test") for sort in ("ant", "bee")):
        inner = place / part / sort
        inner.mkdir(parents=True)
        for number in range(3):
            content = samples.picture("PNG", 20, number)
            if chance.random() < 0.3:
                content, name = mutated(content, chance)
            (inner / f"{number}.png").write_bytes(content)
    return Hostile("folder", name, place)


# --- bombs and things that are no files -----------------------------------------------------------------


def specials(folder: Path) -> list[Hostile]:
    """Make everything that is no regular file, under every ending; and bombs."""
    folder.mkdir(parents=True, exist_ok=True)
    found: list[Hostile] = []
    for kind in ("safetensors", "cnnviz", "png", "npz", "bmp", "gz"):
        for what, make in _STRANGE.items():
            path = folder / f"{what}.{kind}"
            make(path)
            reader = {"gz": "idx", "png": "view", "cnnviz": "document"}.get(kind, kind)
            found.append(Hostile(reader, f"a {what}" if len(what) < 20 else "a very long name", path))
    return found + [Hostile(kind, name, make(folder)) for kind, name, make in _BOMBS]


_STRANGE: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "folder": lambda path: path.mkdir(),
    "loop": lambda path: path.symlink_to(path),
    "nothing": lambda path: path.touch(),
    "n" + "a" * 200: lambda path: path.write_bytes(b"{[PK\x03\x04"),
}


def _packed(size: int, head: bytes = b"", bits: int = 15) -> bytes:
    """Return a stream of zeros behind a head, packed; 31 bits make it a gzip file."""
    packer = zlib.compressobj(1, wbits=bits)
    parts = [packer.compress(head)]
    block = bytes(1 << 20)
    parts += [packer.compress(block) for _ in range(size >> 20)]
    return b"".join([*parts, packer.flush()])


def _gz_bomb(folder: Path) -> Path:
    place = folder / "idx bomb"
    place.mkdir()
    for name, content in samples.idx_files(samples.arrays(14, 14)).items():
        (place / name).write_bytes(content)
    head = bytes([0, 0, 8, 3]) + struct.pack(">3I", 1_200_000, 28, 28)
    (place / "train-images-idx3-ubyte.gz").write_bytes(_packed(900 << 20, head, 31))
    return place


def _npz(shape: tuple[int, ...], kind: str, name: str) -> Callable[[Path], Path]:
    """Return what writes an archive whose images are zeros of such a shape."""

    def make(folder: Path) -> Path:
        path = folder / f"{name}.npz"
        values = samples.arrays(28, 28)
        head = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            head, {"descr": np.dtype(kind).str, "fortran_order": False, "shape": shape}
        )
        size = int(np.prod(shape)) * np.dtype(kind).itemsize
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            with archive.open("x_train.npy", "w", force_zip64=True) as member:
                member.write(head.getvalue())
                for _ in range(size >> 20):
                    member.write(bytes(1 << 20))
                member.write(bytes(size % (1 << 20)))
            values["y_train"] = (np.arange(shape[0]) % 3).astype(np.uint8)
            for each in ("y_train", "x_test", "y_test"):
                with archive.open(f"{each}.npy", "w") as member:
                    np.lib.format.write_array(member, values[each])
        return path

    return make


def _large_picture(side: int, kind: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        from PIL import Image

        path = folder / f"large {side}.{kind.lower()}"
        Image.new("L", (side, side), 255).save(path, kind)
        return path

    return make


def _many_chunks(folder: Path) -> Path:
    picture = samples.picture("PNG", 60)
    chunk = struct.pack(">I", 0) + b"teXt" + struct.pack(">I", zlib.crc32(b"teXt"))
    (path := folder / "chunks.png").write_bytes(picture[:33] + chunk * 1_000_000 + picture[33:])
    return path


def _text(name: str, text: Callable[[], bytes]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (path := folder / name).write_bytes(text())
        return path

    return make


def _with_json(change: Callable[[bytes], bytes]) -> bytes:
    """Return a document with another document.json."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(samples.document())) as old, zipfile.ZipFile(packed, "w", 8) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == "document.json" else content)
    return packed.getvalue()


def _with_version(number: str) -> bytes:
    return _with_json(lambda each: each.replace(b'"format_version":1', f'"format_version":{number}'.encode()))


def _figure_of_lab(name: str, svg: str) -> Callable[[Path], Path]:
    """Return what writes a lab whose first step shows a drawing."""

    def make(folder: Path) -> Path:
        (folder / f"{name}.png").write_text(svg)
        text = samples.lab().decode()
        start = text.index('text = """') + len('text = """')
        (path := folder / f"{name}.toml").write_text(
            f"{text[:start]}\n![A figure]({name}.png)\n\n{text[start:]}"
        )
        return path

    return make


def _with_insert(**changes: Any) -> bytes:
    """Return a document with something else in a figure of its report."""

    def change(content: bytes) -> bytes:
        values = json.loads(content)
        record = next(each for each in values["words"]["records"].values() if each["steps"])
        next(iter(record["steps"].values()))["inserts"][0] |= changes
        return json.dumps(values).encode()

    return _with_json(change)


_SPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
_SVG = f'<svg {_SPACES} width="9" height="9">{{}}</svg>'
_OCTAVES = _SVG.format('<filter id="f"><feTurbulence numOctaves="1000000"/></filter><rect filter="url(#f)"/>')


def _of_other_weights(checksum: str) -> bytes:
    """Return a picture with a view that its settings do not lead to."""
    view = samples.view()
    if checksum == "shown":
        view = structs.replace(view, seen=structs.replace(view.seen, weights_sha256="00" * 32))
    elif view.run is not None:
        view = structs.replace(view, run=structs.replace(view.run, weights_sha256="00" * 32))
    return samples.picture("PNG", 60, carried=view)


def _nested_lists(_: bytes) -> bytes:
    return b"[" * (30 << 20) + b"]" * (30 << 20)


def _empty_lists(_: bytes) -> bytes:
    return b"[" + b"[]," * (20 << 20) + b"[]]"


def _header(length: int) -> bytes:
    return struct.pack("<Q", length) + b"{" + b" " * 1000


_BOMBS: tuple[tuple[str, str, Callable[[Path], Path]], ...] = (
    ("idx", "900 MB behind gzip", _gz_bomb),
    ("npz", "900 MB of grey levels", _npz((1_200_000, 28, 28), "u1", "grey")),
    ("npz", "700 MB of int64", _npz((110_000, 28, 28), "i8", "int64")),
    ("npz", "900 MB of colours", _npz((400_000, 28, 28, 3), "u1", "colour")),
    ("npz", "a shape beyond all memory", _npz((1 << 16, 28, 28), "u1", "shape")),
    ("png", "7,000 x 7,000 pixels", _large_picture(7000, "PNG")),
    ("bmp", "7,000 x 7,000 pixels", _large_picture(7000, "BMP")),
    ("jpg", "7,000 x 7,000 pixels", _large_picture(7000, "JPEG")),
    ("png", "16,000 x 16,000 pixels", _large_picture(16000, "PNG")),
    ("view", "a million chunks", _many_chunks),
    ("document", "60 MB of nested lists", _text("nested.cnnviz", lambda: _with_json(_nested_lists))),
    ("document", "60 MB of empty lists", _text("flat.cnnviz", lambda: _with_json(_empty_lists))),
    ("document", "a version of 10,000 digits", _text("version.cnnviz", lambda: _with_version("9" * 10_000))),
    ("document", "a version of 4,000 digits", _text("version4.cnnviz", lambda: _with_version("9" * 4_000))),
    ("safetensors", "a header of 8 EB", _text("huge.safetensors", lambda: _header(1 << 62))),
    ("view", "weights of another network", _text("weights.png", lambda: _of_other_weights("shown"))),
    ("view", "a run of another network", _text("run.png", lambda: _of_other_weights("run"))),
    (
        "safetensors",
        "a header of 90 MB",
        _text("long.safetensors", lambda: _header(90 << 20) + bytes(90 << 20)),
    ),
    (
        "lab",
        "a figure that opens a device",
        _figure_of_lab("device", _SVG.format('<image href="/dev/zero"/>')),
    ),
    (
        "document",
        "a filter of a million octaves",
        _text("octaves.cnnviz", lambda: _with_insert(svg=_OCTAVES)),
    ),
)


def order(seed: int, count: int) -> list[int]:
    """Return the numbers of mutants in an order of chance."""
    numbers = list(range(count))
    Random(seed).shuffle(numbers)
    return numbers
