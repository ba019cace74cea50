"""What an optimiser remembers, as texts for the metadata of a model file, which cannot hold anything else."""

import base64
import hashlib
from collections.abc import Mapping
from reprlib import repr as short_repr
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray
from cnnviz.errors import ParameterError
from cnnviz.quantities import format_megabytes

LARGEST_STATE = 24 << 20
"""Bytes; a third more as text, and readers of `.safetensors` files stop at headers of 100 MB."""

_PREFIX = "cnnviz.optimizer."
_STEPS = "steps"
_MOST_STEPS = 2**53

State = Mapping[str, NDArray[Any]]
Parameters = Mapping[str, FloatArray]


def why_left_out(state: State) -> str:
    """Return why a state has no place in a file, as the beginning of a sentence; empty where it has one."""
    size = sum(array.nbytes for array in state.values())
    if size > LARGEST_STATE:
        return (
            f"What the optimiser remembers ({format_megabytes(size)}) is not in the file, which has room for "
            f"{format_megabytes(LARGEST_STATE)} of it"
        )
    if not all(np.isfinite(array).all() for array in state.values()):
        return (
            "What the optimiser remembers is not in the file, for it holds values that are not finite numbers"
        )
    return ""


def state_to_text(state: State, params: Parameters) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what `state_from_text` reads.

    * `state`: as `Optimizer.state` returns it for parameters of the same names.
    * `params`: the network's.
    * Returns: shape, dtype and checksum of each array, in values that JSON can hold.
    * Returns: for the metadata.
    * Raises ParameterError: if the state does not belong to these parameters.
    """
    description: dict[str, Any] = {}
    texts: dict[str, str] = {}
    for name, array in state.items():
        shape, dtype = _expected(name, params)
        if array.shape != shape or array.dtype.kind != dtype.kind:
            raise ParameterError(
                f"its optimiser's {short_repr(name)} is not of shape {shape} and {dtype.name}"
            )
        content = array.astype(dtype).tobytes()
        description[name] = _describe(shape, dtype, content)
        texts[_PREFIX + name] = base64.b64encode(content).decode("ascii")
    _require_whole(description, params)
    return description, texts


def state_from_text(
    description: object, metadata: Mapping[str, str], params: Parameters
) -> dict[str, NDArray[Any]]:
    """Return the state that `state_to_text` described.

    * `description`: may come from an untrusted file, as may the texts.
    * `params`: the network's.
    * Raises ParameterError: if it is damaged or does not belong to these parameters.
    """
    if not isinstance(description, dict):
        raise ParameterError("its optimiser's memory is not described")
    entries = cast("dict[str, object]", description)
    state = {name: _read(name, entry, metadata, params) for name, entry in entries.items()}
    _require_whole(state, params)
    if not 0 <= state[_STEPS] <= _MOST_STEPS:
        raise ParameterError("its optimiser has done an impossible number of steps")
    return state


def _read(name: str, entry: object, metadata: Mapping[str, str], params: Parameters) -> NDArray[Any]:
    shape, dtype = _expected(name, params)
    text = metadata.get(_PREFIX + name, "")
    size = dtype.itemsize * int(np.prod(shape))
    try:
        content = base64.b64decode(text, validate=True) if len(text) == 4 * -(-size // 3) else b""
    except ValueError:
        content = b""
    if len(content) != size or entry != _describe(shape, dtype, content):
        raise ParameterError(f"its optimiser's {short_repr(name)} is damaged, or not of shape {shape}")
    array = np.frombuffer(content, dtype).reshape(shape).astype(dtype.newbyteorder("="))
    if not np.isfinite(array).all():
        raise ParameterError(f"its optimiser's {short_repr(name)} holds values that are not finite numbers")
    return array


def _expected(name: str, params: Parameters) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return shape and dtype, little-endian, of one array of the state."""
    if name == _STEPS:
        return (), np.dtype("<i8")
    param = params.get(name.partition(".")[2])
    if param is None:
        raise ParameterError(f"its optimiser remembers {short_repr(name)}, which is no parameter's")
    return param.shape, param.dtype.newbyteorder("<")


def _describe(shape: tuple[int, ...], dtype: np.dtype[Any], content: bytes) -> dict[str, Any]:
    return {"shape": list(shape), "dtype": dtype.str, "sha256": hashlib.sha256(content).hexdigest()}


def _require_whole(state: Mapping[str, object], params: Parameters) -> None:
    slots = {name.partition(".")[0] for name in state} - {_STEPS}
    expected = [_STEPS, *(f"{slot}.{name}" for slot in slots for name in params)]
    missing = [name for name in expected if name not in state]
    if missing:
        raise ParameterError(f"its optimiser lacks {short_repr(missing[0])}")
