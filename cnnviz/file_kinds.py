"""What kind of file something is, told by what is in it: a name may say anything."""

import re
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from cnnviz.errors import DataError
from cnnviz.files import printable_name
from cnnviz.reading import BoundedFile, bad_file, opened, status_of

OPENED = "a document (.cnnviz), a picture, data, a lab (.toml), or weights (.safetensors)"
"""What the window opens, to follow "choose"."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

Role = Literal["document", "model", "picture", "data", "lab", ""]

_HEAD_BYTES = 4096
_IDX_HEAD = rb"\0\0[\x08-\x0e][\x01-\x04]"  # two zeros, a type, a number of axes
_LARGEST_HEAD = 100 << 20  # of a .safetensors file, as its own readers have it
_CHOOSE = "choose one of these"
_OPEN = "open it with Ctrl+O"
_OPEN_DATA = "open it with Ctrl+D"
_WEIGHTS = "save its weights as .safetensors, set the form to the same network, and open that file"
_AS_PNG = "save it as PNG"
_UNPACK = "unpack it"


class FileKind(NamedTuple):
    """A kind of file."""

    words: str  # what it is called, to follow "is"; empty where it is not known
    role: Role = ""  # as what CNNViz reads it; empty where it does not
    remedy: str = _CHOOSE  # what to do with a file that is met where another kind was expected


UNKNOWN = FileKind("")
MODEL = FileKind("a model (.safetensors)", "model", _OPEN)
ARCHIVE = FileKind("a NumPy archive (.npz)", "data", _OPEN_DATA)
IDX = FileKind("an IDX file", "data", _OPEN_DATA)
PNG = FileKind("a PNG picture", "picture", _OPEN)
TEXT = FileKind("a text file")
DOCUMENT = FileKind("a CNNViz document (.cnnviz)", "document", _OPEN)

_DRAWING = FileKind("an SVG drawing", remedy=_AS_PNG)
_PYTORCH = FileKind("a file of PyTorch", remedy=_WEIGHTS)

# What a file begins with, as its format prescribes it, and what it shows.
_SIGNATURES: tuple[tuple[bytes, FileKind], ...] = (
    (re.escape(PNG_SIGNATURE), PNG),
    (rb"\xff\xd8\xff", FileKind("a JPEG picture", "picture", _OPEN)),
    (rb"BM.{4}\0{4}", FileKind("a BMP picture", "picture", _OPEN)),
    (rb"GIF8", FileKind("a GIF picture", remedy=_AS_PNG)),
    (rb"II\*\0|MM\0\*", FileKind("a TIFF picture", remedy=_AS_PNG)),
    (rb"RIFF.{4}WEBP", FileKind("a WebP picture", remedy=_AS_PNG)),
    (rb"%PDF-", FileKind("a PDF document")),
    (rb"\x89HDF\r\n\x1a\n", FileKind("an HDF5 file, as Keras writes its models", remedy=_WEIGHTS)),
    (rb"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19", _PYTORCH),
    (rb"\x93NUMPY", FileKind("a NumPy array (.npy)", remedy="save four arrays in one .npz and open that")),
    (_IDX_HEAD, IDX),
    # A message of protocol buffers: the version (field 1), then the maker, the graph or the operators.
    (rb"\x08[\0-\x1f][\x12\x3a\x42]", FileKind("an ONNX model", remedy=_WEIGHTS)),
    (rb"\x80[\x02-\x05]", FileKind("a pickle, as PyTorch and others write", remedy=_WEIGHTS)),
    (rb"\x1f\x8b", FileKind("a gzip archive", remedy=_UNPACK)),
)
# The name of a file in a zip archive, and what it shows; of several the first counts.
_MEMBERS: tuple[tuple[str, FileKind], ...] = (
    (r"document\.json", DOCUMENT),
    (r".*\.npy", ARCHIVE),
    (r".*data\.pkl", _PYTORCH),
    (r".*model\.weights\.h5", FileKind("a Keras model", remedy=_WEIGHTS)),
    (r"\[Content_Types\]\.xml|mimetype", FileKind("a document of an office program")),
)


def kind_of(path: Path) -> FileKind:
    """Return what a file is; raises `DataError` when it cannot be read."""
    with opened(path) as file:
        return kind_in(file, path)


def kind_in(file: BinaryIO, path: Path) -> FileKind:
    """Return the kind of what is in an open file; the path is for messages."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    size = file.seek(0, 2)
    if head.startswith(b"PK\x03\x04"):
        file.seek(0)
        return _kind_of_zip(BoundedFile(file, path))
    return _kind_of_bytes(head, size)


def not_opened(path: Path) -> DataError:
    """Return the error for a file that CNNViz does not open: what it is, and what is to be done with it."""
    name, kind = printable_name(path), kind_of(path)
    if status_of(path).st_size == 0:
        return DataError(f"{name} is empty; copy or download it again.")
    if kind.words:
        remedy = f"choose {OPENED}" if kind.remedy == _CHOOSE else kind.remedy
        return DataError(f"{name} is {kind.words}, which CNNViz does not open; {remedy}.")
    return DataError(f"{name} is damaged, or of a kind that CNNViz does not know; choose {OPENED}.")


def wrong_kind(path: Path, wanted: str, role: Role = "") -> DataError | None:
    """Return the error for a file that is of another kind than wanted; None where that is not certain.

    * `wanted`: what is read here, to precede "were expected".
    * `role`: of the kinds that are read here.
    """
    kind = kind_of(path)
    if not kind.words or (role and kind.role == role):
        return None
    return bad_file(path, f"is {kind.words}", f"{wanted} were expected", kind.remedy)


def _kind_of_bytes(head: bytes, size: int) -> FileKind:
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= min(_LARGEST_HEAD, size - 8):
        return MODEL
    if re.match(_IDX_HEAD, _unpacked(head)):
        return IDX
    found = (kind for signature, kind in _SIGNATURES if re.match(signature, head, re.DOTALL))
    return next(found, None) or _kind_of_text(head)


def _kind_of_zip(file: BoundedFile) -> FileKind:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except Exception:  # noqa: BLE001 -- BadZipFile, struct.error, DataError and more: all seen on damage
        return UNKNOWN
    found = (kind for member, kind in _MEMBERS if any(re.fullmatch(member, name) for name in names))
    return next(found, FileKind("a zip archive", remedy=_UNPACK))


def _kind_of_text(head: bytes) -> FileKind:
    try:
        # A letter of several bytes may be cut off at the end.
        text = head[:-3].decode("utf-8") if len(head) == _HEAD_BYTES else head.decode("utf-8")
    except UnicodeDecodeError:
        return UNKNOWN
    start = text.lstrip("\ufeff \t\r\n")
    if not start or "\x00" in text:
        return UNKNOWN
    if start.startswith(("{", "[")):
        return FileKind("a JSON file")
    if start.startswith("<"):
        return _DRAWING if "<svg" in text else FileKind("a web page or XML text")
    return TEXT


def _unpacked(head: bytes) -> bytes:
    """The first bytes of what gzip has packed; none where it has not."""
    try:
        return zlib.decompressobj(31).decompress(head, 4)
    except zlib.error:
        return b""
