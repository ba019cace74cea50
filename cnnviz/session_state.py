"""A session as a value: everything that is needed to see the same picture again."""

import base64
import binascii
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from cnnviz import __version__
from cnnviz._types import ByteArray
from cnnviz._validation import check_choice, check_int
from cnnviz.errors import DataError, NewerVersionError, ParameterError
from cnnviz.experiment import Experiment
from cnnviz.file_kinds import wrong_kind
from cnnviz.files import atomic_write, printable, printable_name
from cnnviz.reading import LARGEST_TEXT, BoundedFile, check_format, parse_json, read_bytes

if TYPE_CHECKING:
    from PIL.PngImagePlugin import PngInfo

FORMAT = "cnnviz-session"
FORMAT_VERSION = 3
PNG_KEYWORD = "cnnviz-session"
_PNG_BEGIN, _PNG_END = b"\x89PNG\r\n\x1a\n", b"\0\0\0\0IEND\xaeB`\x82"

_OWNER = "session"
_LARGEST_FILE = 64 << 20
_LARGEST_SIDE = 1024
_LONGEST_NAME = 200
_MOST_STEPS = 10**9
_KEYS = frozenset(
    {
        "format", "format_version", "version", "experiment", "data_name", "data_sha256", "step", "run_step",
        "epochs", "weights_sha256", "run_sha256", "sample", "shift", "pinned", "panel", "views", "lab",
    }
)  # fmt: skip
_MOST_VIEWS = 32
_MOST_CHOICES = 200
_MOST_NUMBERS = 64
_LARGEST_NUMBER = 2**53

type ViewValue = str | int | float | bool | tuple[int | float, ...] | None
"""One choice in a panel."""

type View = Mapping[str, ViewValue]
"""The choices made in one panel, by name."""


@dataclass(frozen=True, slots=True, eq=False)
class OwnPixels:
    """An image of the user's own."""

    pixels: ByteArray  # ndarray of shape (c, h, w), uint8
    label: int | None = None  # index of its class, when known
    origin: str = "drawn"  # where it came from, for captions

    def to_dict(self) -> dict[str, Any]:
        """Return the image as values that JSON can hold."""
        return {
            "shape": list(self.pixels.shape),
            "pixels": base64.b64encode(np.ascontiguousarray(self.pixels).tobytes()).decode("ascii"),
            "label": self.label,
            "origin": self.origin,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the image that `to_dict` described; raises `ParameterError` when it is none."""
        _check_keys(values, {"shape", "pixels", "label", "origin"})
        shape = _ints(values["shape"], "sample", 1, _LARGEST_SIDE)
        try:
            data = base64.b64decode(_text(values["pixels"], "sample", 8 << 20), validate=True)
        except (binascii.Error, ValueError) as error:
            raise ParameterError("The pixels of the sample are not valid base64.") from error
        if len(shape) != 3 or len(data) != int(np.prod(shape)):
            raise ParameterError("The pixels of the sample do not fit its shape.")
        label = values["label"]
        if label is not None:
            label = check_int(label, "label", _OWNER, 0, 9)
        pixels = np.frombuffer(data, np.uint8).reshape(shape)
        return cls(pixels, label, _text(values["origin"], "origin"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """What was seen."""

    experiment: Experiment  # settings of the run; its seed decides initial weights and order of the images
    # `data_name`, `data_sha256`: name and checksum of the data with the classes of the experiment
    data_name: str = ""
    data_sha256: str = ""
    # `step`, `run_step`: step of the network that was shown, and the step that the run had reached
    step: int = 0
    run_step: int = 0
    epochs: int = 1  # epochs of the run, with those that were added to it
    # checksum of the weights that were shown (see `weights_checksum`); empty when unknown
    weights_sha256: str = ""
    run_sha256: str = ""  # the same of the weights that the run had reached; empty when unknown
    sample: int | OwnPixels | None = None  # index of a test image, or an image of the user's own
    # `dx`, `dy`: shift of the sample in pixels, to the right and down
    dx: int = 0
    dy: int = 0
    wrap: bool = False  # whether what leaves on one side enters on the other
    pinned: tuple[str, tuple[int, ...]] | None = None  # stage and index of the pinned cell
    panel: str = ""  # name of the panel in front; empty when unknown
    # what was chosen inside each panel, by the name of the panel. What the names and values mean is known to
    # the panel alone.
    views: Mapping[str, View] = field(default_factory=dict[str, View])
    lab: Mapping[str, Any] | None = None  # what was done in a guided lab, as the window keeps it
    version: str = __version__  # version of CNNViz that wrote it

    def to_json(self, indent: int | None = None) -> str:
        """Return the session as JSON in pure ASCII."""
        sample = self.sample.to_dict() if isinstance(self.sample, OwnPixels) else self.sample
        pinned = None if self.pinned is None else {"stage": self.pinned[0], "index": list(self.pinned[1])}
        values = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "version": self.version,
            "experiment": self.experiment.to_dict(),
            "data_name": self.data_name,
            "data_sha256": self.data_sha256,
            "step": self.step,
            "run_step": self.run_step,
            "epochs": self.epochs,
            "weights_sha256": self.weights_sha256,
            "run_sha256": self.run_sha256,
            "sample": sample,
            "shift": {"dx": self.dx, "dy": self.dy, "wrap": self.wrap},
            "pinned": pinned,
            "panel": self.panel,
            "views": {name: dict(view) for name, view in self.views.items()},
            "lab": None if self.lab is None else dict(self.lab),
        }
        return json.dumps(values, indent=indent)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the session that `to_json` wrote.

        * Raises DataError: if the text is no session, is damaged, or was written by a newer
          version; the message goes on from "x.json cannot be opened: ".
        """
        values = _parse(text)
        try:
            _check_keys(values, _KEYS)
            return cls._from_values(values)
        except (ParameterError, KeyError, TypeError, ValueError, AttributeError) as error:
            reason = (
                str(error).rstrip(".") if isinstance(error, ParameterError) else "a part of it is missing"
            )
            raise DataError(reason) from error

    @classmethod
    def _from_values(cls, values: Mapping[str, Any]) -> Self:
        sample, shift = values["sample"], _mapping(values["shift"], "shift")
        if isinstance(sample, dict):
            sample = OwnPixels.from_dict(cast("dict[str, Any]", sample))
        elif sample is not None:
            sample = check_int(sample, "sample", _OWNER, 0, _MOST_STEPS)
        _check_keys(shift, {"dx", "dy", "wrap"})
        step = check_int(values["step"], "step", _OWNER, 0, _MOST_STEPS)
        return cls(
            experiment=Experiment.from_dict(_mapping(values["experiment"], "experiment")),
            data_name=_text(values["data_name"], "data_name"),
            data_sha256=_text(values["data_sha256"], "data_sha256"),
            step=step,
            run_step=check_int(values["run_step"], "run_step", _OWNER, step, _MOST_STEPS),
            epochs=check_int(values["epochs"], "epochs", _OWNER, 1, 10_000),
            weights_sha256=_text(values["weights_sha256"], "weights_sha256"),
            run_sha256=_text(values["run_sha256"], "run_sha256"),
            sample=sample,
            dx=check_int(shift["dx"], "dx", _OWNER, -_LARGEST_SIDE, _LARGEST_SIDE),
            dy=check_int(shift["dy"], "dy", _OWNER, -_LARGEST_SIDE, _LARGEST_SIDE),
            wrap=check_choice(shift["wrap"], "wrap", _OWNER, (True, False)),
            pinned=_pinned(values["pinned"]),
            panel=_text(values["panel"], "panel"),
            views=_views(values["views"]),
            lab=None if values["lab"] is None else _mapping(values["lab"], "lab"),
            version=_text(values["version"], "version"),
        )


def save_session(path: str | Path, session: SessionState) -> None:
    """Write a session as JSON; raises `CNNVizError` when that fails, and then an old file is untouched."""
    atomic_write(path, session.to_json(indent=1).encode("ascii") + b"\n")


def png_texts(session: SessionState | None) -> "PngInfo":
    """Return a session as Pillow puts it into a picture: ``image.save(path, pnginfo=png_texts(session))``."""
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    if session is not None:
        texts.add_itxt(PNG_KEYWORD, session.to_json())
    return texts


def load_session(path: str | Path) -> SessionState | None:
    """Read a session from a JSON file, or from a PNG picture that carries one.

    * Returns: None for a PNG picture without a session.
    * Raises DataError: if the file cannot be read, is damaged, holds something else, or is from a
      newer version.
    """
    path = Path(path)
    name = printable_name(path)
    content = read_bytes(path, _LARGEST_FILE)
    is_picture = content.startswith(_PNG_BEGIN)
    if path.suffix.lower() == ".png" and not is_picture and not content[:64].lstrip().startswith(b"{"):
        what = "damaged, or no PNG picture" if content else "empty"
        raise DataError(f"{name} cannot be opened: the picture is {what}. Export or copy it again.")
    if not is_picture and len(content) > LARGEST_TEXT:
        raise DataError(f"{name} is too large for a session. Choose a session that CNNViz saved.")
    try:
        text = _text_in_picture(content) if is_picture else content.decode("utf-8")
        return None if text is None else SessionState.from_json(text)
    except UnicodeDecodeError as error:
        raise wrong_kind(path, "a session or a picture") or DataError(
            f"{name} cannot be opened: it is neither a session nor a picture. "
            "Choose a session that CNNViz saved."
        ) from error
    except DataError as error:
        choose = "Export or copy the picture again." if is_picture else "Choose a session that CNNViz saved."
        remedy = ", so update CNNViz." if isinstance(error, NewerVersionError) else f". {choose}"
        raise DataError(f"{name} cannot be opened: {str(error).rstrip('.')}{remedy}") from error


def _text_in_picture(png: bytes) -> str | None:
    """Return the text that `png_texts` put in; None when there is none. No pixel is unpacked for it."""
    from PIL.PngImagePlugin import PngImageFile

    if _PNG_END not in png:
        raise DataError("the picture ends too early")
    try:
        with PngImageFile(BoundedFile(io.BytesIO(png), "picture")) as picture:  # pyright: ignore[reportArgumentType] -- it needs no more than reading and seeking
            return picture.info.get(PNG_KEYWORD)
    except DataError as error:
        raise DataError("the picture is made of too many parts") from error
    except Exception as error:  # Pillow's decoders raise SyntaxError, struct.error and more
        raise DataError("the picture or the session in it is damaged") from error


def _parse(text: str) -> dict[str, Any]:
    try:
        parsed = parse_json(text, finite=True)
    except ValueError as error:
        raise DataError("it is not valid JSON, so it is damaged or of another kind") from error
    values = cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else {}
    check_format(values, FORMAT, FORMAT_VERSION, "it is not a session of CNNViz")
    return values


def _check_keys(values: Iterable[str], known: set[str] | frozenset[str]) -> None:
    unknown, missing = sorted(set(values) - known), sorted(known - set(values))
    if unknown:
        raise ParameterError(f"{printable(unknown[0], 40)!r} is no part of a session")
    if missing:
        raise ParameterError(f"its {missing[0]!r} is missing")


def _mapping(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ParameterError(f"its {name!r} is of the wrong type")
    return cast("dict[str, Any]", value)


def _text(value: object, name: str, longest: int = _LONGEST_NAME) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise ParameterError(f"its {name!r} is not a short text")
    return value


def _ints(value: object, name: str, low: int, high: int) -> tuple[int, ...]:
    if not isinstance(value, list) or len(cast("list[object]", value)) > 4:
        raise ParameterError(f"its {name!r} is of the wrong type")
    return tuple(check_int(each, name, _OWNER, low, high) for each in cast("list[object]", value))


def _pinned(value: object) -> tuple[str, tuple[int, ...]] | None:
    if value is None:
        return None
    values = _mapping(value, "pinned")
    _check_keys(values, {"stage", "index"})
    return _text(values["stage"], "pinned"), _ints(values["index"], "pinned", 0, 1_000_000)


def _views(value: object) -> dict[str, View]:
    values = _mapping(value, "views")
    if len(values) > _MOST_VIEWS:
        raise ParameterError("its 'views' are too many")
    return {_text(name, "views"): as_view(each) for name, each in values.items()}


def as_view(value: object) -> View:
    """Return a view whose values come from a file; raises `ParameterError` when they are none of a view."""
    values = _mapping(value, "views")
    if len(values) > _MOST_CHOICES:
        raise ParameterError("a view in its 'views' has too many choices")
    return {_text(name, "views"): _view_value(each) for name, each in values.items()}


def _view_value(value: object) -> ViewValue:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, "views")
    if not isinstance(value, list):
        return _number(value)
    numbers = cast("list[object]", value)
    if len(numbers) > _MOST_NUMBERS:
        raise ParameterError("a list in its 'views' is too long")
    return tuple(_number(each) for each in numbers)


def _number(value: object) -> int | float:
    """Return a finite number that JSON and a widget can hold."""
    # Infinity is larger, too; and a very long int is compared without becoming a float.
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST_NUMBER:
        return value
    raise ParameterError("a value in its 'views' is of the wrong type")
