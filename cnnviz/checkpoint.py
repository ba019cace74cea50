"""A trained network in one `.safetensors` file: parameters, and their meaning as JSON in its header.

The parameters carry PyTorch's names and shapes, so the same file loads into a `torch.nn` model with these
layer names. For that, what the optimiser remembers is no tensor of the file, but text in its metadata.
"""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, cast

import msgspec
import numpy as np
from msgspec import Meta
from safetensors import SafetensorError
from safetensors.numpy import load as from_safetensors
from safetensors.numpy import save as to_safetensors

from cnnviz import __version__
from cnnviz._types import FloatArray
from cnnviz.document.run import network_of, require_memory
from cnnviz.document.types import Count, Data, Line, Place, Said
from cnnviz.errors import CheckpointError, CNNVizError, DataError, NewerVersionError, ParameterError
from cnnviz.experiment import Experiment
from cnnviz.file_kinds import wrong_kind
from cnnviz.files import atomic_write, printable, printable_name
from cnnviz.network import Network, weights_checksum
from cnnviz.quantities import format_megabytes
from cnnviz.reading import LARGEST_TEXT, Head, check_format, flaw_in_words, parse_json, read_bytes
from cnnviz.snapshots import Snapshot

FORMAT = "cnnviz-model"
FORMAT_VERSION = 1
LARGEST_STATE = 24 << 20
"""Bytes; a third more as text, and readers of `.safetensors` files stop at headers of 100 MB."""

_LARGEST_FILE = 192 << 20  # read, then copied: twice as much for a moment
_LARGEST_HEAD = LARGEST_TEXT + 2 * LARGEST_STATE
_LONGEST_REASON = 180  # letters, of a message that has at most 300
_LARGEST_TABLE = 1 << 16  # bytes of names, shapes and places of the arrays
_LENGTH = 8  # bytes of the number with which a .safetensors file begins: the length of its description
#: Texts in the head: the description, the state as a .safetensors file of its own in Base64, and a checksum
#: of both and of the weights.
_SAID, _MEMORY, _CHECKSUM = "cnnviz", "cnnviz.optimizer", "cnnviz.sha256"
#: KeyError, AttributeError, ImportError: numbers of a type that NumPy does not have.
_DAMAGE = (SafetensorError, TypeError, ValueError, KeyError, AttributeError, ImportError)

_UNKNOWN = Data()


class _Description(Said, frozen=True):
    """What a file says of its weights."""

    format: Literal["cnnviz-model"]
    format_version: Annotated[int, Meta(ge=1)]
    version: Line  # of CNNViz that wrote the file
    experiment: Experiment
    input_shape: tuple[Place, Place, Place]
    step: Count = 0
    data: Data = Data()


class UndescribedError(CheckpointError):
    """A model file has weights, but no description of theirs; `reason`: a sentence without full stop."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}. Choose a model that CNNViz saved.")
        self.reason = reason


def save(path: str | Path, snapshot: Snapshot, experiment: Experiment, data: Data = _UNKNOWN) -> str:
    """Write a moment of a run, from which training can go on; what is there is replaced by a whole file only.

    * `snapshot`: what its optimiser remembers is left out where the header of a file has no place for it:
      more than 25 MB (that of three million parameters in float32 and Adam), or what is not finite.
    * `data`: name and checksum of the data it was trained on, with the classes of the run.
    * Returns: what the file lacks, as a sentence for the user; empty where it is complete.
    * Raises CNNVizError: if the file cannot be written; `CheckpointError` if it would be too large to be
      opened again, `ParameterError` if the state is not that of these parameters.
    """
    network, state = snapshot.network, snapshot.optimizer
    channels, height, width = network.input_shape
    description = _Description(
        "cnnviz-model",
        FORMAT_VERSION,
        __version__,
        experiment,
        (channels, height, width),
        snapshot.step,
        data,
    )
    texts: dict[str, str] = {}
    fits = state is None or (
        sum(array.nbytes for array in state.values()) <= LARGEST_STATE
        and all(np.isfinite(array).all() for array in state.values())
    )
    if state is not None and fits:
        try:
            require_memory(state, experiment, network)
        except ParameterError as error:
            raise ParameterError(f"The network cannot be saved: {error}.") from error
        memory = to_safetensors({name: np.array(each, order="C") for name, each in state.items()})
        texts[_MEMORY] = base64.b64encode(memory).decode("ascii")
    texts[_SAID] = msgspec.json.encode(description).decode()
    texts[_CHECKSUM] = _checksum(texts, network)
    weights = sum(array.nbytes for array in network.params.values())
    if weights + sum(map(len, texts.values())) + _LARGEST_TABLE > _LARGEST_FILE:
        raise CheckpointError(
            f"{printable_name(Path(path))} was not written: with weights of {format_megabytes(weights)} it "
            f"could not be opened again, for a model file may have {format_megabytes(_LARGEST_FILE)} in all. "
            "Train a network with fewer filters or hidden units, or in float32."
        )
    arrays = {name: np.ascontiguousarray(array) for name, array in network.params.items()}
    atomic_write(Path(path), _with_ordered_texts(to_safetensors(arrays, texts)))
    if fits:
        return ""
    return (
        "What the optimiser remembers is not in the file, which has room for "
        f"{format_megabytes(LARGEST_STATE)} of finite numbers: training that goes on from it lets the "
        "optimiser begin anew."
    )


def _with_ordered_texts(content: bytes) -> bytes:
    """Put the texts of a file in order: they come in a random one, and equal models are to be equal files."""
    end = _LENGTH + int.from_bytes(content[:_LENGTH], "little")
    head = msgspec.json.decode(content[_LENGTH:end], type=dict[str, dict[str, object]])
    head["__metadata__"] = dict(sorted(head["__metadata__"].items()))
    return content[:_LENGTH] + msgspec.json.encode(head).ljust(end - _LENGTH) + content[end:]


def _checksum(texts: Mapping[str, str], network: Network) -> str:
    """Return the SHA-256 of what is said, and of the weights it belongs to."""
    said = texts[_SAID] + texts.get(_MEMORY, "") + weights_checksum(network)
    return hashlib.sha256(said.encode()).hexdigest()


def load(path: str | Path) -> tuple[Snapshot, Experiment, Data]:
    """Read a model file: what `save` was given; the snapshot is of no run.

    * Raises CheckpointError: if the file is missing, damaged, from a newer version, or holds weights that do
      not fit its network; an `UndescribedError` if it is not said what network they are of.
    """
    path = Path(path)
    arrays, texts = _read(path)
    name = printable_name(path)
    if _SAID not in texts:
        raise UndescribedError(
            f"{name} holds weights but no description of their network, which CNNViz writes into its "
            "own files"
        )
    try:
        parse_json(texts[_SAID])  # within bounds
        head = msgspec.json.decode(texts[_SAID], type=Head)
        foreign = UndescribedError(f"{name} holds weights and a description that is not CNNViz's")
        check_format(head, FORMAT, FORMAT_VERSION, foreign)
        found = msgspec.json.decode(texts[_SAID], type=_Description)
        found.experiment.check_fits(found.input_shape)
        network = network_of(found.experiment.build_network(found.input_shape), arrays)
        if texts.get(_CHECKSUM) != _checksum(texts, network):
            raise UndescribedError(
                f"{name} is damaged, or was changed by another program: its weights or their description are "
                "not those that were saved"
            )
        memory = None
        if _MEMORY in texts:
            memory = from_safetensors(base64.b64decode(texts[_MEMORY], validate=True))
            require_memory(memory, found.experiment, network)
    except CheckpointError:
        raise
    except NewerVersionError as error:
        raise CheckpointError(f"{name} cannot be opened: {error}. Update CNNViz to open it.") from error
    except (CNNVizError, *_DAMAGE) as error:
        reason = "its description is damaged"
        if isinstance(error, CNNVizError):
            reason = str(error).rstrip(".")
        elif isinstance(error, msgspec.ValidationError):
            reason = flaw_in_words(error, "description")
        raise CheckpointError(
            f"{name} cannot be used: {printable(reason, _LONGEST_REASON)}. Choose a model that CNNViz saved."
        ) from error
    return Snapshot(found.step, network, memory), found.experiment, found.data


def load_weights(path: str | Path, network: Network) -> Network:
    """Read weights that anybody has written into a network that has their names and shapes.

    * `path`: a `.safetensors` file; what describes a network in it is not looked at.
    * `network`: says names, shapes and the dtype that the weights get.
    * Raises CheckpointError: if the file cannot be read, or holds other weights: the text says which, to
      follow "because".
    """
    arrays, _ = _read(Path(path))
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
    try:
        return network_of(network, {name: array.astype(network.dtype) for name, array in arrays.items()})
    except DataError as error:
        raise CheckpointError(str(error)) from error


def _read(path: Path) -> tuple[dict[str, FloatArray], dict[str, str]]:
    """Return the arrays of a file, and the texts in its head."""
    # Read here and not by the library, which would keep the interpreter to itself while it waits for a disk.
    try:
        content = read_bytes(path, _LARGEST_FILE)
    except DataError as error:
        raise CheckpointError(str(error)) from error
    try:
        # Hugging Face, Safetensors, section "Format".
        end = _LENGTH + int.from_bytes(content[:_LENGTH], "little")
        if end > len(content) or end > _LARGEST_HEAD:
            raise ValueError("no head")
        head = parse_json(content[_LENGTH:end].decode("utf-8"), _LARGEST_HEAD)
        metadata = cast("dict[str, object]", head).get("__metadata__", {}) if isinstance(head, dict) else None
        if not isinstance(metadata, dict):
            raise TypeError("no head")
        texts = cast("dict[str, object]", metadata)
        arrays = from_safetensors(content)
    except _DAMAGE as error:
        if (other := wrong_kind(path, "weights (.safetensors)", "model")) is not None:
            raise CheckpointError(str(other)) from error
        raise CheckpointError(
            f"{printable_name(path)} is not a readable .safetensors file: it is damaged, incomplete or of "
            "another format. Choose a model that CNNViz saved."
        ) from error
    return arrays, {name: text for name, text in texts.items() if isinstance(text, str)}
