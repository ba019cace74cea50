"""A trained network in one `.safetensors` file: parameters, and their meaning as JSON in its header.

The parameters carry PyTorch's names and shapes, so the same file loads into a `torch.nn` model with these
layer names.
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
from cnnviz._types import FloatArray
from cnnviz.errors import CheckpointError, CNNVizError, ParameterError
from cnnviz.experiment import Experiment
from cnnviz.files import atomic_write
from cnnviz.network import Network
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
    """

    network: Network
    experiment: Experiment | None = None
    step: int = 0
    data_sha256: str = ""
    version: str = __version__


def save(
    path: str | Path,
    network: Network,
    *,
    experiment: Experiment | None = None,
    step: int = 0,
    data_sha256: str = "",
) -> None:
    """Write `network` to `path`; an existing file is replaced only when the new one is complete.

    Raises
    ------
    CNNVizError
        If the file cannot be written.
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
    header["sha256"] = _checksum(header, network)
    arrays = {name: np.ascontiguousarray(array) for name, array in network.params.items()}
    atomic_write(Path(path), to_safetensors(arrays, {"cnnviz": json.dumps(header)}))


def load(path: str | Path) -> Checkpoint:
    """Read a model file.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged, from a newer version, or holds weights that do not fit its network.
    """
    path = Path(path)
    header, arrays = _read(path)
    try:
        network = Network.from_dict(header["network"]).with_params(arrays)
        settings = header.get("experiment")
        experiment = None if settings is None else Experiment.from_dict(settings)
        step = int(header.get("step", 0))
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
        network, experiment, max(step, 0), str(header.get("data_sha256", "")), str(header.get("version", ""))
    )


def _read(path: Path) -> tuple[Mapping[str, Any], dict[str, FloatArray]]:
    try:
        with safe_open(str(path), framework="numpy") as file:
            text = (file.metadata() or {}).get("cnnviz", "")
            header = _parse_header(path, text)
            names = file.keys()
            return header, {name: file.get_tensor(name) for name in names}
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
