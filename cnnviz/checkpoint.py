"""A trained network in one `.safetensors` file: parameters, and their meaning as JSON in its header.

The parameters carry PyTorch's names and shapes, so the same file loads into a `torch.nn` model with these
layer names. For that, what the optimiser remembers is no tensor of the file, but text in its metadata.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as short_repr
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as from_safetensors
from safetensors.numpy import save as to_safetensors

from cnnviz import __version__
from cnnviz._types import FloatArray
from cnnviz._validation import check_int
from cnnviz.datasets import Dataset
from cnnviz.errors import CheckpointError, DataError, ParameterError
from cnnviz.experiment import Experiment
from cnnviz.file_kinds import wrong_kind
from cnnviz.files import LONGEST_NAME, atomic_write, printable, printable_name
from cnnviz.network import Network, weights_checksum
from cnnviz.optim import make_optimizer
from cnnviz.quantities import format_count, format_megabytes
from cnnviz.reading import LARGEST_TEXT, parse_json, read_bytes
from cnnviz.snapshots import Snapshot

LARGEST_STATE = 24 << 20
"""Bytes; a third more as text, and readers of `.safetensors` files stop at headers of 100 MB."""

_PREFIX = "cnnviz.optimizer."
_STEPS = "steps"
_MOST_COUNTED = 2**53

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
    state = {name: _read_text(name, entry, metadata, params) for name, entry in entries.items()}
    _require_whole(state, params)
    if not 0 <= state[_STEPS] <= _MOST_COUNTED:
        raise ParameterError("its optimiser has done an impossible number of steps")
    return state


def _read_text(name: str, entry: object, metadata: Mapping[str, str], params: Parameters) -> NDArray[Any]:
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


FORMAT = "cnnviz-model"
FORMAT_VERSION = 1

_LARGEST_FILE = 192 << 20  # read, then copied: twice as much for a moment
_LARGEST_HEAD = LARGEST_TEXT + 2 * LARGEST_STATE
_MOST_STEPS = 10**9
_LONGEST_REASON = 180  # letters, of a message that has at most 300
_LARGEST_TABLE = 1 << 16  # bytes of names, shapes and places of the arrays
_LENGTH = 8  # bytes of the number with which a .safetensors file begins: the length of its description


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a model file holds."""

    network: Network
    experiment: Experiment | None = None  # settings of the run; None when the network was built by hand
    step: int = 0  # training steps the network has behind it
    data_sha256: str = ""
    version: str = __version__  # version of CNNViz that wrote the file
    # what the optimiser remembers at this step, for training to go on as the run would have; None where the
    # file does not say
    optimizer: State | None = None
    # `data_name`, `data_sha256`: name and checksum of the data it was trained on, with the classes of the
    # run; empty when unknown
    data_name: str = ""


class UndescribedError(CheckpointError):
    """A model file has weights, but no description that belongs to them.

    * `reason`: what is met in the file, as a sentence without its full stop.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}. Choose a model that CNNViz saved.")
        self.reason = reason


def save_snapshot(path: str | Path, snapshot: Snapshot, experiment: Experiment, dataset: Dataset) -> str:
    """Write a moment of a run, from which training can go on; see `save`."""
    return save(
        path,
        snapshot.network,
        experiment=experiment,
        step=snapshot.step,
        data_name=dataset.name,
        data_sha256=dataset.sha256,
        optimizer_state=snapshot.optimizer,
    )


def save(
    path: str | Path,
    network: Network,
    *,
    experiment: Experiment | None = None,
    step: int = 0,
    data_name: str = "",
    data_sha256: str = "",
    optimizer_state: State | None = None,
) -> str:
    """Write `network` to `path`; an existing file is replaced only when the new one is complete.

    * `network`, `experiment`, `step`, `data_name`, `data_sha256`: as in `Checkpoint`.
    * `optimizer_state`: what the optimiser remembers (see `Trainer.optimizer_state`). One that is larger than
      25 MB (that of three million parameters in float32 and Adam) has no place in the header of a file and is
      left out, as is one that is not finite.
    * Returns: what the file lacks, as a sentence for the user; empty where it is complete.
    * Raises CNNVizError: if the file cannot be written; `CheckpointError` if it would be too large to be
      opened again, `ParameterError` if the state is not that of these parameters.
    """
    header: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "version": __version__,
        "network": network.to_dict(),
        "experiment": None if experiment is None else experiment.to_dict(),
        "step": step,
        "data_name": data_name,
        "data_sha256": data_sha256,
    }
    texts: dict[str, str] = {}
    left_out = "" if optimizer_state is None else why_left_out(optimizer_state)
    if optimizer_state is not None and not left_out:
        try:
            header["optimizer"], texts = state_to_text(optimizer_state, network.params)
        except ParameterError as error:
            raise ParameterError(
                f"The network cannot be saved: {error}. Give it its own optimiser's state."
            ) from error
    header["sha256"] = _checksum(header, network)
    texts["cnnviz"] = json.dumps(header)
    _require_room(Path(path), network, texts)
    arrays = {name: np.ascontiguousarray(array) for name, array in network.params.items()}
    atomic_write(Path(path), to_safetensors(arrays, texts))
    return f"{left_out}: training that goes on from it lets the optimiser begin anew." if left_out else ""


def load(path: str | Path) -> Checkpoint:
    """Read a model file.

    * Raises CheckpointError: if the file is missing, damaged, from a newer version, or holds weights that do
      not fit its network.
    """
    path = Path(path)
    arrays, metadata = _read(path)
    header = _parse_header(path, metadata.get("cnnviz", ""))
    try:
        network = Network.from_dict(header["network"], arrays)
        settings = header.get("experiment")
        experiment = None if settings is None else Experiment.from_dict(settings)
        step = check_int(header.get("step", 0), "step", "a model", minimum=0, maximum=_MOST_STEPS)
        optimizer = _optimizer(header, metadata, network, experiment)
    except (ParameterError, KeyError, TypeError, ValueError, AttributeError) as error:
        reason = (
            str(error)
            if isinstance(error, ParameterError)
            else "its description of the network is incomplete"
        )
        raise CheckpointError(
            f"{printable_name(path)} cannot be used: {printable(reason.rstrip('.'), _LONGEST_REASON)}. "
            "Choose a model that CNNViz saved."
        ) from error
    _require_finite(path, network)
    _require_undamaged(path, header, network)
    return Checkpoint(
        network,
        experiment,
        step,
        str(header.get("data_sha256", "")),
        str(header.get("version", "")),
        optimizer,
        printable(str(header.get("data_name", "")), LONGEST_NAME),
    )


def load_weights(path: str | Path, network: Network) -> Network:
    """Read weights that anybody has written into a network that has their names and shapes.

    * `path`: a `.safetensors` file; what describes a network in it is not looked at.
    * `network`: says names, shapes and the dtype that the weights get.
    * Raises CheckpointError: if the file cannot be read, or holds other weights: the text says which, to
      follow "because".
    """
    path = Path(path)
    arrays, _ = _read(path)
    for name, expected in network.params.items():
        if name not in arrays:
            raise CheckpointError(f"it has no {name}")
        if arrays[name].shape != expected.shape:
            found, wanted = (" x ".join(map(str, each.shape)) for each in (arrays[name], expected))
            raise CheckpointError(f"its {name} is {found or 'a single number'} and not {wanted}")
    for name, array in arrays.items():
        if name not in network.params:
            raise CheckpointError(f"the network has no {printable(name, 40)}")
        if array.dtype.kind != "f":
            raise CheckpointError(f"its {name} holds {array.dtype} and no real numbers")
    taken = network.with_params({name: array.astype(network.dtype) for name, array in arrays.items()})
    _require_finite(path, taken)
    return taken


def _optimizer(
    header: Mapping[str, Any], metadata: Mapping[str, str], network: Network, experiment: Experiment | None
) -> State | None:
    """Return what the optimiser of the run remembered; None where it has been left out."""
    if "optimizer" not in header:
        return None
    state = state_from_text(header["optimizer"], metadata, network.params)
    if experiment is not None:
        make_optimizer(experiment.optimizer, experiment.learning_rate, experiment.momentum).load_state(state)
    return state


def _read(path: Path) -> tuple[dict[str, FloatArray], Mapping[str, str]]:
    # Read here and not by the library, which would keep the interpreter to itself while it waits for a disk.
    try:
        content = read_bytes(path, _LARGEST_FILE)
    except DataError as error:
        raise CheckpointError(str(error)) from error
    try:
        metadata = _metadata_in(content)
        arrays = from_safetensors(content)
    # KeyError, AttributeError, ImportError: numbers of a type that NumPy does not have.
    except (SafetensorError, TypeError, ValueError, KeyError, AttributeError, ImportError) as error:
        if (other := wrong_kind(path, "weights (.safetensors)", "model")) is not None:
            raise CheckpointError(str(other)) from error
        raise CheckpointError(
            f"{printable_name(path)} is not a readable .safetensors file: it is damaged, incomplete or of "
            "another format. Choose a model that CNNViz saved."
        ) from error
    return arrays, metadata


def _metadata_in(content: bytes) -> dict[str, str]:
    """Return the texts in the head of a file.

    * Raises ValueError: if there is no such head, or it is too long.
    * Source: Hugging Face, Safetensors, section "Format".
    """
    end = _LENGTH + int.from_bytes(content[:_LENGTH], "little")
    if end > len(content) or end > _LARGEST_HEAD:
        raise ValueError("no head")
    head = parse_json(content[_LENGTH:end].decode("utf-8"), _LARGEST_HEAD)
    metadata = cast("dict[str, object]", head).get("__metadata__", {}) if isinstance(head, dict) else None
    if not isinstance(metadata, dict):
        raise TypeError("no head")
    texts = cast("dict[str, object]", metadata)
    return {name: text for name, text in texts.items() if isinstance(text, str)}


def _parse_header(path: Path, text: str) -> Mapping[str, Any]:
    name = printable_name(path)
    if not text:
        raise UndescribedError(
            f"{name} holds weights but no description of their network, which CNNViz writes into its "
            "own files"
        )
    try:
        parsed = parse_json(text)
    except ValueError as error:
        raise CheckpointError(
            f"The description in {name} is not valid JSON. Choose another model."
        ) from error
    header = cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else {}
    version = header.get("format_version")
    if header.get("format") != FORMAT or not isinstance(version, int):
        raise UndescribedError(f"{name} holds weights and a description that is not CNNViz's")
    if version > FORMAT_VERSION:
        wrote = printable(str(header.get("version", "unknown")), 20)
        raise CheckpointError(
            f"{name} was written by a newer CNNViz ({wrote}; this is {__version__}). "
            "Update CNNViz to open it."
        )
    return header


def _checksum(header: Mapping[str, Any], network: Network) -> str:
    """Return the SHA-256 of a description and the weights it belongs to."""
    described = {name: value for name, value in header.items() if name != "sha256"}
    text = json.dumps(described, sort_keys=True) + weights_checksum(network)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _require_undamaged(path: Path, header: Mapping[str, Any], network: Network) -> None:
    if header.get("sha256") != _checksum(header, network):
        raise UndescribedError(
            f"{printable_name(path)} is damaged, or was changed by another program: its weights or their "
            "description are not those that were saved"
        )


def _require_room(path: Path, network: Network, texts: Mapping[str, str]) -> None:
    """Refuse to write what could not be read again."""
    weights = sum(array.nbytes for array in network.params.values())
    if weights + sum(map(len, texts.values())) + _LARGEST_TABLE > _LARGEST_FILE:
        raise CheckpointError(
            f"{printable_name(path)} was not written: with weights of {format_megabytes(weights)} it could "
            f"not be opened again, for a model file may have {format_megabytes(_LARGEST_FILE)} in all. Train "
            "a network with fewer filters or hidden units, or in float32."
        )


def _require_finite(path: Path, network: Network) -> None:
    for name, array in network.params.items():
        broken = int(array.size - np.isfinite(array).sum())
        if broken:
            place = f"{format_count(broken)} values in {printable(name, 40)}"
            raise CheckpointError(
                f"{printable_name(path)} holds {place} that are not finite numbers. "
                "Choose a model whose training did not diverge."
            )
