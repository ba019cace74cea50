"""An image of the student's own, as records and hand-ins carry it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

import msgspec
import numpy as np
from msgspec import Meta

from cnnviz._types import ByteArray
from cnnviz.errors import ParameterError

type _Side = Annotated[int, Meta(ge=1, le=1024)]


class _Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    shape: tuple[_Side, _Side, _Side]
    pixels: Annotated[bytes, Meta(max_length=8 << 20)]
    label: Annotated[int, Meta(ge=0, le=9)] | None
    origin: Annotated[str, Meta(max_length=200)]


@dataclass(frozen=True, slots=True, eq=False)
class OwnPixels:
    """An image of the user's own."""

    pixels: ByteArray  # ndarray of shape (c, h, w), uint8
    label: int | None = None  # index of its class, when known
    origin: str = "drawn"  # where it came from, for captions

    def to_dict(self) -> dict[str, Any]:
        """Return the image as values that JSON can hold."""
        channels, height, width = self.pixels.shape
        pixels = np.ascontiguousarray(self.pixels).tobytes()
        return msgspec.to_builtins(_Said((channels, height, width), pixels, self.label, self.origin))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the image that `to_dict` described; raises `ParameterError` when it is none."""
        try:
            said = msgspec.convert(values, _Said)
        except msgspec.ValidationError as error:
            raise ParameterError("The image of the user's own is damaged.") from error
        if len(said.pixels) != int(np.prod(said.shape)):
            raise ParameterError("The pixels of the sample do not fit its shape.")
        return cls(np.frombuffer(said.pixels, np.uint8).reshape(said.shape), said.label, said.origin)
