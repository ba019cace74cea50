"""Any step of a run again: its weights, to the last bit, by training on from the kept moment before it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from cnnviz.datasets import Dataset
from cnnviz.errors import DivergenceError, ParameterError
from cnnviz.history import History
from cnnviz.quantities import format_count
from cnnviz.snapshots import Snapshot
from cnnviz.training import Trainer

#: Images between two looks at whether the result is still wanted: some milliseconds.
_IMAGES_AT_ONCE = 128


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """What is needed to repeat a run up to one of its steps, on any thread.

    The order of the images is a function of seed and step, and a snapshot holds what the optimiser remembers,
    so the same steps give the same bits. The losses on record prove it: each is compared.
    """

    start: Snapshot  # where the repetition begins, with its `origin`
    step: int  # where it ends; not before `start`
    losses: NDArray[np.float64]  # what the run measured at these steps

    @classmethod
    def of(cls, history: History, step: int, near: Snapshot | None = None) -> Self:
        """Return what it takes to get to a step of a record.

        * `history`: has a snapshot wherever the learning rate was changed: the settings of a
          step are those of the snapshot before it.
        * `step`: from the first snapshot to the end of the record.
        * `near`: another moment of the record, which may be a shorter way.
        * Raises ParameterError: if no snapshot lies before the step from which the run can be repeated.
        """
        kept = history.snapshots
        known = [kept.at(step), kept[0], near] if len(kept) else [near]
        before = [each for each in known if each is not None and each.step <= step and _can_go_on(each)]
        start = max(before, key=lambda each: each.step, default=None)
        if start is None or not history.covers(step):
            raise ParameterError(
                f"Step {format_count(step)} cannot be reached: what the optimiser remembered before it was "
                "not kept with this run. Shift and an arrow key go to the kept moments."
            )
        first = history.first_step
        return cls(start, step, history.losses[start.step - first : step - first])

    def run(self, dataset: Dataset, report: Callable[[float], None] = lambda _share: None) -> Snapshot:
        """Repeat the steps.

        * `dataset`: that of the run.
        * `report`: told how much is done, from 0 to 1, every few milliseconds; may raise to end it.
        * Returns: of the last of the steps, of the same origin as `start`.
        * Raises ParameterError: if a loss is not the one on record: the run was made on another
          kind of machine.
        """
        start = self.start
        assert start.origin is not None  # as `of` has seen to
        config = start.origin.experiment
        trainer = Trainer(
            start.network, dataset, config, start_step=start.step, optimizer_state=start.optimizer
        )
        missing = -(-self.step // trainer.steps_per_epoch) - config.epochs
        if missing > 0:  # epochs were added to the run
            trainer.add_epochs(missing)
        at_once = max(_IMAGES_AT_ONCE // config.batch_size, 1)
        report(0.0)
        try:
            for progress in trainer.until(self.step, at_once):
                done = trainer.step - start.step
                if not np.array_equal(progress.losses, self.losses[done - len(progress.losses) : done]):
                    raise ParameterError(
                        f"Step {format_count(self.step)} cannot be repeated exactly: its run was recorded on "
                        "another kind of machine. Shift and an arrow key go to the kept moments."
                    )
                report(done / len(self.losses))
        except DivergenceError as error:
            raise ParameterError(
                f"Step {format_count(self.step)} cannot be shown: the loss had grown out of bounds there."
            ) from error
        return replace(trainer.snapshot, origin=start.origin)


def _can_go_on(snapshot: Snapshot) -> bool:
    """Whether training from here gives the same steps: with its memory, or from where there was none yet."""
    if snapshot.origin is None:
        return False
    experiment = snapshot.origin.experiment
    has_memory = experiment.optimizer != "sgd" or experiment.momentum > 0
    return snapshot.optimizer is not None or snapshot.step == 0 or not has_memory
