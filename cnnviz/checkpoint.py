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
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_safetensors

from cnnviz import __version__
from cnnviz._optimizer_text import State, can_be_kept, state_from_text, state_to_text
from cnnviz._types import FloatArray
from cnnviz.errors import CheckpointError, CNNVizError, ParameterError
from cnnviz.experiment import Experiment
from cnnviz.files import atomic_write
from cnnviz.network import Network
from cnnviz.optim import make_optimizer
from cnnviz.session_state import weights_checksum

FORMAT = "cnnviz-model"
FORMAT_VERSION = 1


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
        network = Network.from_dict(header["network"]).with_params(arrays)
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
            f"{path.name} cannot be used: {reason.rstrip('.')}. Choose a model that CNNViz saved."
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
    try:
        with safe_open(str(path), framework="numpy") as file:
            metadata = file.metadata() or {}
            header = _parse_header(path, metadata.get("cnnviz", ""))
            names = file.keys()
            return header, {name: file.get_tensor(name) for name in names}, metadata
    except FileNotFoundError as error:
        raise CheckpointError(f"There is no file {path}. Check its name and folder.") from error
    except CNNVizError:
        raise
    except (SafetensorError, OSError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{path.name} is not a readable .safetensors file: it is damaged, incomplete or of "
            "another format. "
            "Choose a model that CNNViz saved."
        ) from error


def _parse_header(path: Path, text: str) -> Mapping[str, Any]:
    if not text:
        raise CheckpointError(
            f"{path.name} holds weights but no description of their network, which CNNViz writes into "
            "its own "
            "files. Choose a model that CNNViz saved."
        )
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(
            f"The description in {path.name} is not valid JSON. Choose another model."
        ) from error
    header = cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else {}
    version = header.get("format_version")
    if header.get("format") != FORMAT or not isinstance(version, int):
        raise CheckpointError(f"{path.name} was not written by CNNViz. Choose a model that CNNViz saved.")
    if version > FORMAT_VERSION:
        raise CheckpointError(
            f"{path.name} was written by a newer CNNViz ({header.get('version', 'unknown')}; this is "
            f"{__version__}). "
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
            f"{path.name} is damaged: its weights or their description are not those that were saved. Choose "
            "another copy of it."
        )


def _require_finite(path: Path, network: Network) -> None:
    for name, array in network.params.items():
        broken = int(array.size - np.isfinite(array).sum())
        if broken:
            raise CheckpointError(
                f"{path.name} holds {broken:,} values in {name} that are not finite numbers. Choose a "
                "model whose "
                "training did not diverge."
            )
