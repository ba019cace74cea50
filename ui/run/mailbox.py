"""Where the worker leaves its results and the window picks them up, without either waiting for the other."""

import threading
from dataclasses import dataclass, field

import numpy as np

from cnnviz.evaluation import Evaluation
from cnnviz.snapshots import Origin, Snapshot
from cnnviz.training import Progress


@dataclass(frozen=True, slots=True)
class ProgressMade:
    """Steps that were trained."""

    progress: Progress


@dataclass(frozen=True, slots=True)
class SnapshotTaken:
    """A snapshot for the timeline; `keep` marks one that must not be thinned out."""

    snapshot: Snapshot
    keep: bool


@dataclass(frozen=True, slots=True)
class Tested:
    """The network of a step of a run was run on the test images."""

    step: int
    evaluation: Evaluation
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class RunPrepared:
    """A new run stands at its first snapshot."""

    snapshot: Snapshot
    total_steps: int
    steps_per_epoch: int


@dataclass(frozen=True, slots=True)
class RunHalted:
    """The training loop returned: it was paused, or every epoch is done."""

    step: int
    total_steps: int
    finished: bool


@dataclass(frozen=True, slots=True)
class RunFailed:
    """The run ended with an error whose text is for the user."""

    message: str


Message = ProgressMade | SnapshotTaken | Tested | RunPrepared | RunHalted | RunFailed


@dataclass(slots=True)
class Mail:
    """What came in since the mailbox was last emptied: messages in order, and the newest live snapshot."""

    messages: list[tuple[int, Message]] = field(default_factory=list[tuple[int, Message]])
    live: tuple[int, Snapshot] | None = None


class Mailbox:
    """Messages are kept in order and never lost; of live snapshots only the newest is kept.

    `ProgressMade` of one run are merged when they are taken, so that a slow reader gets few large pieces
    instead of many small ones.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mail = Mail()

    def post(self, run_id: int, message: Message) -> None:
        """Leave a message of run `run_id`."""
        with self._lock:
            self._mail.messages.append((run_id, message))

    def post_live(self, run_id: int, snapshot: Snapshot) -> None:
        """Leave the newest weights; they replace those nobody has picked up."""
        with self._lock:
            self._mail.live = (run_id, snapshot)

    @property
    def wants_live(self) -> bool:
        """Whether the last live snapshot has been picked up; until then taking another is wasted work."""
        return self._mail.live is None

    def take(self) -> Mail:
        """Empty the mailbox."""
        with self._lock:
            mail, self._mail = self._mail, Mail()
        mail.messages = _merge_progress(mail.messages)
        return mail


def _merge_progress(messages: list[tuple[int, Message]]) -> list[tuple[int, Message]]:
    """Join progress that only snapshots stand between; those follow it in their order.

    A fast run leaves a score of snapshots in the time of one frame, and each piece of progress costs the
    window as much as a large one.
    """
    merged: list[tuple[int, Message]] = []
    progress: list[Progress] = []
    snapshots: list[tuple[int, Message]] = []
    pending_run = -1

    def flush() -> None:
        if progress:
            merged.append((pending_run, ProgressMade(_join(progress))))
        merged.extend(snapshots)
        progress.clear()
        snapshots.clear()

    for run_id, message in messages:
        if run_id != pending_run or not isinstance(message, ProgressMade | SnapshotTaken):
            flush()
            pending_run = run_id
        if isinstance(message, ProgressMade):
            progress.append(message.progress)
        elif isinstance(message, SnapshotTaken):
            snapshots.append((run_id, message))
        else:
            merged.append((run_id, message))
    flush()
    return merged


def _join(parts: list[Progress]) -> Progress:
    if len(parts) == 1:
        return parts[0]
    return Progress(
        parts[0].first_step,
        np.concatenate([part.losses for part in parts]),
        np.concatenate([part.correct for part in parts]),
        np.concatenate([part.sizes for part in parts]),
        sum(part.seconds for part in parts),
    )
