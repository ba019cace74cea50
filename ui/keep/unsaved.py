"""What a crash would lose: settings and run of a window, as files."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cnnviz.errors import CNNVizError
from cnnviz.experiment import Experiment
from cnnviz.files import atomic_write
from cnnviz.reading import LARGEST_TEXT, parse_json, read_bytes
from cnnviz.session_state import SessionState

_FORMAT = "cnnviz-unsaved"
_LARGEST = 2 * LARGEST_TEXT  # a session as a text inside, and what surrounds it


@dataclass(frozen=True, slots=True)
class Unsaved:
    """A window at one moment.

    * `time`: when it was, in seconds since the epoch.
    * `draft`: settings as edited.
    * `data`: where the data come from; None for MNIST.
    * `session`: what was seen of a run; None where nothing was trained.
    """

    time: float
    draft: Experiment
    data: Path | None = None
    session: SessionState | None = None

    def write(self, path: Path) -> None:
        """Write it as JSON; raises `CNNVizError` when that fails."""
        values = {
            "format": _FORMAT,
            "time": self.time,
            "draft": self.draft.to_dict(),
            "data": None if self.data is None else str(self.data),
            "session": None if self.session is None else self.session.to_json(),
        }
        atomic_write(path, json.dumps(values).encode("ascii"))

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return what `write` has written; None where it cannot be read or is something else."""
        try:
            values: Any = parse_json(read_bytes(path, _LARGEST).decode("ascii"), _LARGEST)
            if values["format"] != _FORMAT:
                return None
            data, session = values["data"], values["session"]
            return cls(
                float(values["time"]),
                Experiment.from_dict(values["draft"]),
                None if data is None else Path(data),
                None if session is None else SessionState.from_json(session),
            )
        except (ValueError, TypeError, KeyError, AttributeError, CNNVizError):
            return None


def weights_of(path: Path) -> Path:
    """Return where the weights lie that belong to a file of `Unsaved`."""
    return path.with_suffix(".safetensors")
