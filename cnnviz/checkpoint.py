"""A trained network in one `.safetensors` file: parameters, and their meaning as JSON in its header.

The parameters carry PyTorch's names and shapes, so the same file loads into a `torch.nn` model with these
layer names. For that, what the optimiser remembers is no tensor of the file, but text in its metadata.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as from_safetensors
from safetensors.numpy import save as to_safetensors

from cnnviz import __version__
from cnnviz._optimizer_text import LARGEST_STATE, State, can_be_kept, state_from_text, state_to_text
from cnnviz._types import FloatArray
from cnnviz.errors import CheckpointError, DataError, ParameterError
from cnnviz.experiment import Experiment
from cnnviz.files import atomic_write, printable, printable_name
from cnnviz.network import Network
from cnnviz.optim import make_optimizer
from cnnviz.reading import LARGEST_TEXT, parse_json, read_bytes
from cnnviz.session_state import weights_checksum

FORMAT = "cnnviz-model"
FORMAT_VERSION = 1

_LARGEST_FILE = 192 << 20  # read, then copied: twice as much for a moment
_LARGEST_HEAD = LARGEST_TEXT + 2 * LARGEST_STATE
_LENGTH = 8  # bytes of the number with which a .safetensors file begins: the length of its description


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a model file holds.

    Attributes
    ----------
    network : Network
    experiment : Experiment or None
        Settings of the run; None when the network was built by hand.
    step : int
        Training steps the network has behind it.
    data_sha256 : str
        Checksum of the data it was trained on; empty when unknown.
    version : str
        Version of CNNViz that wrote the file.
    optimizer : mapping from name to ndarray, or None
        What the optimiser remembers at this step, for training to go on as the run would have; None where
        the file does not say.
    """

    network: Network
    experiment: Experiment | None = None
    step: int = 0
    data_sha256: str = ""
    version: str = __version__
    optimizer: State | None = None


def save(
    path: str | Path,
    network: Network,
    *,
    experiment: Experiment | None = None,
    step: int = 0,
    data_sha256: str = "",
    optimizer_state: State | None = None,
) -> None:
    """Write `network` to `path`; an existing file is replaced only when the new one is complete.

    Parameters
    ----------
    path : str or Path
    network, experiment, step, data_sha256
        As in `Checkpoint`.
    optimizer_state : mapping from name to ndarray, optional
        What the optimiser remembers (see `Trainer.optimizer_state`). One that is larger than 24 MB (that of
        three million parameters and Adam) has no place in the header of a file and is left out, as is one
        that is not finite.

    Raises
    ------
    CNNVizError
        If the file cannot be written; `ParameterError` if the state is not that of these parameters.
    """
    header: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "version": __version__,
        "network": network.to_dict(),
        "experiment": None if experiment is None else experiment.to_dict(),
        "step": step,
        "data_sha256": data_sha256,
    }
    texts: dict[str, str] = {}
    if optimizer_state is not None and can_be_kept(optimizer_state):
        try:
            header["optimizer"], texts = state_to_text(optimizer_state, network.params)
        except ParameterError as error:
            raise ParameterError(
                f"The network cannot be saved: {error}. Give it its own optimiser's state."
            ) from error
    header["sha256"] = _checksum(header, network)
    arrays = {name: np.ascontiguousarray(array) for name, array in network.params.items()}
    atomic_write(Path(path), to_safetensors(arrays, texts | {"cnnviz": json.dumps(header)}))


def load(path: str | Path) -> Checkpoint:
    """Read a model file.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged, from a newer version, or holds weights that do not fit its network.
    """
    path = Path(path)
    header, arrays, metadata = _read(path)
    try:
        network = Network.from_dict(header["network"], arrays)
        settings = header.get("experiment")
        experiment = None if settings is None else Experiment.from_dict(settings)
        step = int(header.get("step", 0))
        optimizer = _optimizer(header, metadata, network, experiment)
    except (ParameterError, KeyError, TypeError, ValueError, AttributeError) as error:
        reason = (
            str(error)
            if isinstance(error, ParameterError)
            else "its description of the network is incomplete"
        )
        raise CheckpointError(
            f"{printable_name(path)} cannot be used: {reason.rstrip('.')}. Choose a model that CNNViz saved."
        ) from error
    _require_finite(path, network)
    _require_undamaged(path, header, network)
    return Checkpoint(
        network,
        experiment,
        max(step, 0),
        str(header.get("data_sha256", "")),
        str(header.get("version", "")),
        optimizer,
    )


def _optimizer(
    header: Mapping[str, Any],
    metadata: Mapping[str, str],
    network: Network,
    experiment: Experiment | None,
) -> State | None:
    """Return what the optimiser of the run remembered; files of the first versions do not say."""
    if "optimizer" not in header:
        return None
    state = state_from_text(header["optimizer"], metadata, network.params)
    if experiment is not None:
        make_optimizer(experiment.optimizer, experiment.learning_rate, experiment.momentum).load_state(state)
    return state


def _read(path: Path) -> tuple[Mapping[str, Any], dict[str, FloatArray], Mapping[str, str]]:
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
        raise CheckpointError(
            f"{printable_name(path)} is not a readable .safetensors file: it is damaged, incomplete or of "
            "another format. Choose a model that CNNViz saved."
        ) from error
    return _parse_header(path, metadata.get("cnnviz", "")), arrays, metadata


def _metadata_in(content: bytes) -> dict[str, str]:
    """Return the texts in the head of a file.

    Raises
    ------
    ValueError
        If there is no such head, or it is too long.

    References
    ----------
    .. [1] Hugging Face, Safetensors, section "Format".
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
        raise CheckpointError(
            f"{name} holds weights but no description of their network, which CNNViz writes into "
            "its own files. Choose a model that CNNViz saved."
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
        raise CheckpointError(f"{name} was not written by CNNViz. Choose a model that CNNViz saved.")
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
    # Files of the first versions have no checksum.
    if header.get("sha256", "") not in ("", _checksum(header, network)):
        raise CheckpointError(
            f"{printable_name(path)} is damaged: its weights or their description are not those that were "
            "saved. Choose another copy of it."
        )


def _require_finite(path: Path, network: Network) -> None:
    for name, array in network.params.items():
        broken = int(array.size - np.isfinite(array).sum())
        if broken:
            place = f"{broken:,} values in {printable(name, 40)}"
            raise CheckpointError(
                f"{printable_name(path)} holds {place} that are not finite numbers. "
                "Choose a model whose training did not diverge."
            )
