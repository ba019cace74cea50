"""A document as a file: `document.json`, and the members that it names with size and checksum.

Two carriers hold the same members: a ZIP archive (`.cnnviz`, what the user saves) and a folder (what autosave
writes, where a member that has not changed need not be written again). A PNG carries ``document.json`` alone.
"""

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import msgspec
import numpy as np
from msgspec.structs import replace

from cnnviz._types import ByteArray
from cnnviz.document.types import DATA_MEMBER, FORMAT_VERSION, LAB_MEMBER, Document, Files, Part
from cnnviz.errors import CNNVizError, DataError, NewerVersionError
from cnnviz.experiment import Experiment
from cnnviz.file_kinds import PNG_SIGNATURE
from cnnviz.files import atomic_write, printable, printable_name
from cnnviz.reading import (
    ARCHIVE_DAMAGE,
    MOST_ITEMS,
    BoundedFile,
    Head,
    check_format,
    flaw_in_words,
    opened,
    read_bytes,
    read_up_to,
)

if TYPE_CHECKING:
    from PIL.PngImagePlugin import PngInfo

ENDING = ".cnnviz"
PNG_KEYWORD = "cnnviz"

_JSON = "document.json"
_LARGEST_JSON = 16 << 20
_LARGEST_FILE, _LARGEST_DEFLATED, _LARGEST_PICTURE = 640 << 20, 128 << 20, 64 << 20
_MOST_RATIO, _SLACK = 20, 1 << 20
_MOST_MEMBERS = 2001
_STORED = (".safetensors", ".png", ".jpg", ".npz")  # what deflating makes no smaller
_LARGEST: Mapping[str, int] = {
    "model.safetensors": 192 << 20,
    "run.safetensors": 512 << 20,
    "prepared-model.safetensors": 192 << 20,
    "prepared-run.safetensors": 512 << 20,
    DATA_MEMBER: 256 << 20,
    LAB_MEMBER: 128 << 10,
}
_LARGEST_IN: Mapping[str, int] = {"images": 8 << 20, "figures": 16 << 20, "inserts": 32 << 20}
"""Bytes that each member may have; what is not named here is no part of a document."""
#: Others cost more than they save, and their unpackers have errors of their own.
_PACKINGS, _ENCRYPTED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED), 0x1
_NO_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest of a ZIP archive: equal documents are equal files
_DAMAGE = (*ARCHIVE_DAMAGE, LookupError)
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"


#: The settings of a document, in which unknown names are mistakes, too: msgspec lets data classes have them.
_SETTINGS = msgspec.defstruct(
    "_Settings", [(each.name, msgspec.Raw, msgspec.Raw()) for each in fields(Experiment)],
    forbid_unknown_fields=True,
)  # fmt: skip
_SETTING = msgspec.defstruct("_Setting", [("experiment", _SETTINGS)])
_RUN = msgspec.defstruct("_Run", [("settings", list[_SETTING])])
_ALL_SETTINGS = msgspec.defstruct(
    "_AllSettings",
    [
        ("experiment", _SETTINGS), ("edited", _SETTINGS | None, None),
        ("run", _RUN | None, None), ("prepared", _RUN | None, None),
    ],
)  # fmt: skip


# --- JSON ---------------------------------------------------------------------------------------------------


def to_json(document: Document) -> bytes:
    """Return a document as JSON, without the contents of its members.

    msgspec checks what it reads and not what it writes: what could not be read again is found here.

    * Raises DataError: a clause, as `from_json` has it.
    """
    content = msgspec.json.encode(document)
    from_json(content)
    return content


def from_json(content: bytes) -> Document:
    """Read the JSON of a document, or raise `DataError` with a clause, to follow "cannot be opened: "."""
    # Parsing is not interrupted: nobody else may run meanwhile.
    if len(content) > _LARGEST_JSON or sum(map(content.count, (b",", b"[", b"{"))) > MOST_ITEMS:
        raise DataError("its document.json is too large")
    try:
        head = msgspec.json.decode(content, type=Head)
        check_format(head, "cnnviz", FORMAT_VERSION, DataError("it is not a CNNViz document"))
        document = msgspec.json.decode(content, type=Document)
        msgspec.json.decode(content, type=_ALL_SETTINGS)
        return document
    except msgspec.ValidationError as error:
        raise DataError(flaw_in_words(error, _JSON)) from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise DataError("its document.json is damaged") from error


# --- writing ------------------------------------------------------------------------------------------------


def save(path: str | Path, document: Document, files: Files) -> None:
    """Write a document as an archive, whole or not at all; raises `CNNVizError` if it could not be read."""
    document, content = _checked(path, document, files)

    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            for name, each in ((_JSON, content), *files.items()):
                info = zipfile.ZipInfo(name, _NO_TIME)
                info.compress_type = zipfile.ZIP_STORED if name.endswith(_STORED) else zipfile.ZIP_DEFLATED
                archive.writestr(info, each)

    atomic_write(path, write)


def save_in_folder(folder: Path, document: Document, files: Files) -> Document:
    """Write a document as a folder: members that are there already stay, the JSON comes last.

    A member is named by its checksum, so whatever ends the program meanwhile, the JSON that is there names
    members that are there.

    * `files`: may leave out what has not changed; then the document has to name it.
    * Returns: the document with all its members named.
    * Raises CNNVizError: if it cannot be written.
    """
    document, content = _checked(folder, document, files)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CNNVizError(f"The folder {printable(folder)} cannot be made ({error.strerror}).") from error
    for name, each in files.items():
        target = folder / document.parts[name].sha256
        if not target.is_file() or target.stat().st_size != len(each):
            atomic_write(target, each)
    atomic_write(folder / _JSON, content)
    wanted = {_JSON, *(part.sha256 for part in document.parts.values())}
    with suppress(OSError):  # what stays only takes room until the next time
        for each in folder.iterdir():
            if each.name not in wanted and not each.name.startswith("."):
                each.unlink()
    return document


def _checked(path: str | Path, document: Document, files: Files) -> tuple[Document, bytes]:
    """Return a document that names its members and its JSON, if both can be read again."""
    parts = {name: Part(len(each), hashlib.sha256(each).hexdigest()) for name, each in files.items()}
    document = replace(document, parts=dict(sorted({**document.parts, **parts}.items())))
    try:
        content = to_json(document)
        _require_bounds(document.parts)
    except DataError as error:
        raise CNNVizError(
            f"{printable_name(Path(path))} was not written, since it could not be opened again: {error}. "
            "Take figures out of the report, or train a smaller network."
        ) from error
    return document, content


def _require_bounds(parts: Mapping[str, Part]) -> None:
    for name, part in parts.items():
        folder, _, inner = name.partition("/")
        largest = _LARGEST_IN.get(folder, 0) if inner else _LARGEST.get(name, 0)
        if not largest:
            raise DataError(f"{printable(name, 60)!r} is no part of a document")
        if part.size > largest:
            raise DataError(f"its {printable(name, 60)} is too large")
    deflated = sum(part.size for name, part in parts.items() if not name.endswith(_STORED))
    if sum(part.size for part in parts.values()) > _LARGEST_FILE or deflated > _LARGEST_DEFLATED:
        raise DataError("all of it together is too large")


# --- reading ------------------------------------------------------------------------------------------------


def load(path: Path) -> tuple[Document, dict[str, bytes]]:
    """Read a document from an archive, a folder, or a PNG picture.

    * Raises DataError: if it cannot be read, is damaged, holds something else, or is from a newer version:
      one sentence.
    """
    try:
        if path.is_dir():
            document = from_json(read_bytes(path / _JSON, _LARGEST_JSON))
            return document, _members(document, lambda _, part: read_bytes(path / part.sha256, part.size))
        with opened(path, _LARGEST_FILE) as file:
            if file.read(len(PNG_SIGNATURE)) == PNG_SIGNATURE:
                found = load_picture(path)
                if found is None:
                    raise DataError("the picture carries no document")
                return found, {}
            file.seek(0)
            with zipfile.ZipFile(BoundedFile(file, path)) as archive:
                return _unpacked(archive)
    except CNNVizError as error:
        raise opening_failed(path, error) from error
    except _DAMAGE as error:
        raise opening_failed(path, DataError("it is damaged, or not a CNNViz document")) from error


def load_words(folder: Path) -> Document:
    """Read words and settings of a folder whose members are lost; raises `DataError` without these."""
    try:
        document = from_json(read_bytes(folder / _JSON, _LARGEST_JSON))
    except CNNVizError as error:
        raise opening_failed(folder, error) from error
    seen = replace(document.seen, sample=None, step=None, reference=None)
    return replace(document, run=None, prepared=None, parts={}, seen=seen)


def filled_in(value: Any, files: Files) -> Any:
    """Return values with the texts that are in members; of lists, without what has lost one of its own."""
    if isinstance(value, dict):
        values = cast("dict[str, Any]", value)
        if not _is_member(values):
            return {key: filled_in(each, files) for key, each in values.items()}
        content = files.get(str(values["member"]))
        return None if content is None else content.decode("utf-8", "replace")
    if isinstance(value, list):
        listed = cast("list[Any]", value)
        return [filled_in(each, files) for each in listed if not _lacks_member(each, files)]
    return value


def _is_member(value: object) -> bool:
    return isinstance(value, dict) and set(cast("dict[str, Any]", value)) == {"member"}


def _lacks_member(value: object, files: Files) -> bool:
    """Whether one of the values of an object is in a member that is lost: without it, it is nothing."""
    entries = cast("dict[str, Any]", value).values() if isinstance(value, dict) else ()
    return any(_is_member(each) and str(each["member"]) not in files for each in entries)


def opening_failed(path: Path, error: CNNVizError) -> DataError:
    """Return the error for a document that cannot be opened, from a clause that says why."""
    text, kind = str(error), type(error) if isinstance(error, DataError) else DataError
    if text.endswith(".") and text.startswith((printable(path), printable_name(path))):  # no clause
        return kind(text)
    remedy = "Copy it again, or open another one."
    if isinstance(error, NewerVersionError):
        remedy = "Update CNNViz to open it."
    return kind(f"{printable_name(path)} cannot be opened: {text.rstrip('.')}. {remedy}")


def _members(document: Document, read: Callable[[str, Part], bytes]) -> dict[str, bytes]:
    """Read the members that a document names: each of its size and checksum."""
    _require_bounds(document.parts)
    files: dict[str, bytes] = {}
    for name, part in document.parts.items():
        files[name] = content = read(name, part)
        if len(content) != part.size or hashlib.sha256(content).hexdigest() != part.sha256:
            raise DataError(f"its {printable(name, 60)} is damaged")
    return files


def _unpacked(archive: zipfile.ZipFile) -> tuple[Document, dict[str, bytes]]:
    infos = {info.filename: info for info in archive.infolist()}
    if len(infos) < len(archive.infolist()) or len(infos) > _MOST_MEMBERS:
        raise DataError("it has too many members, or two of one name")
    if _JSON not in infos:
        raise DataError("it is not a CNNViz document")

    def read(name: str, part: Part) -> bytes:
        return _unpack(archive, infos[name], part.size)

    document = from_json(_unpack(archive, infos[_JSON], _LARGEST_JSON))
    odd = sorted(infos.keys() ^ {_JSON, *document.parts})
    if odd:
        what = "not named in it" if odd[0] in infos else "missing in it"
        raise DataError(f"{printable(odd[0], 60)!r} is {what}")
    return document, _members(document, read)


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, largest: int) -> bytes:
    """Unpack a member that has at most so many bytes, whatever its header says."""
    name = printable(info.filename, 60)
    if info.compress_type not in _PACKINGS or info.flag_bits & _ENCRYPTED:
        raise DataError(f"its {name} is encrypted, or packed in a way that documents are not")
    # Arrays and pictures hardly shrink.
    if name.endswith(_STORED) and largest > _MOST_RATIO * info.compress_size + _SLACK:
        raise DataError(f"its {name} unpacks to far more than the file holds")
    with archive.open(info) as stream:
        content = read_up_to(stream.read, largest + 1)
    if len(content) > largest:
        raise DataError(f"its {name} is larger than it says")
    return bytes(content)


# --- pictures -----------------------------------------------------------------------------------------------


def png_texts(document: Document | None) -> "PngInfo":
    """Return a document for Pillow: ``image.save(path, pnginfo=png_texts(document))``."""
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    if document is not None:
        texts.add_itxt(PNG_KEYWORD, to_json(document).decode())
    return texts


def load_picture(path: Path) -> Document | None:
    """Read the document in a PNG picture; None without one; raises `DataError` if it is damaged."""
    content = read_bytes(path, _LARGEST_PICTURE)
    try:
        if not content.startswith(PNG_SIGNATURE):
            raise DataError(f"the picture is {'damaged, or no PNG picture' if content else 'empty'}")
        text = _text_in_picture(content)
        return None if text is None else from_json(text.encode())
    except DataError as error:
        raise opening_failed(path, error) from error


def _text_in_picture(png: bytes) -> str | None:
    """Return the text that `png_texts` put in. No pixel is unpacked for it."""
    from PIL.PngImagePlugin import PngImageFile

    if _PNG_END not in png:
        raise DataError("the picture ends too early")
    try:
        with PngImageFile(BoundedFile(io.BytesIO(png), "picture")) as picture:  # pyright: ignore[reportArgumentType] -- it needs no more than reading and seeking
            return picture.info.get(PNG_KEYWORD)
    except DataError as error:
        raise DataError("the picture is made of too many parts") from error
    except Exception as error:  # Pillow's decoders raise SyntaxError, struct.error and more
        raise DataError("the picture or the document in it is damaged") from error


# -- images of the user's own, bit by bit -------------------------------------------------------------------


_LARGEST_SIDE = 1024


def png_of(pixels: ByteArray) -> bytes:
    """Return pixels of shape (c, h, w) with one or three channels as a PNG."""
    from PIL import Image

    image = pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0))
    packed = io.BytesIO()
    Image.fromarray(image).save(packed, "PNG")
    return packed.getvalue()


def pixels_of(content: bytes) -> ByteArray:
    """Return the pixels (c, h, w) of a PNG of `png_of`, or raise `DataError` with a clause for any other."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            if image.mode not in ("L", "RGB") or max(image.size) > _LARGEST_SIDE:
                raise DataError("an image in it is not as CNNViz writes them")
            array = np.asarray(image)
    except DataError:
        raise
    except Exception as error:  # Pillow's decoders raise SyntaxError, struct.error and more
        raise DataError("an image in it is damaged") from error
    return array[np.newaxis].copy() if array.ndim == 2 else np.ascontiguousarray(array.transpose(2, 0, 1))
