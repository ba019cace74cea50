"""Training a run again away from the window, with the record that the window would have made of it."""

from dataclasses import replace

from cnnviz.datasets import Dataset
from cnnviz.document.run import RestoredRun
from cnnviz.experiment import Experiment
from cnnviz.history import EvaluationPoint, History
from cnnviz.snapshots import Origin
from cnnviz.training import Trainer
from ui.run.worker import next_due, snapshot_interval
from ui.tasks import Context

_CHUNK = 500  # steps; even those of a large network take no longer than a user waits after Cancel


def repeat(
    experiment: Experiment, dataset: Dataset, shown: int, last: int, epochs: int, context: Context
) -> RestoredRun:
    """Train a run from its initial weights.

    * `dataset`: with the classes of the experiment.
    * `shown`: step whose network has to be on record.
    * `last`: step at which to end; the end of the run is not passed.
    * `epochs`: epochs of the run, where there are more than its settings say.
    * Raises CancelledError: if the run is no longer wanted.
    * Raises CNNVizError: if data and settings do not fit, or training diverges.
    """
    trainer = Trainer(experiment.build_network(dataset.input_shape), dataset, experiment)
    if epochs > experiment.epochs:
        trainer.add_epochs(epochs - experiment.epochs)
    history, origin = History(experiment.log_every), Origin(0, experiment, dataset.name)
    history.snapshots.add(trainer.snapshot, keep=True)
    last = min(last, trainer.total_steps)
    # The run was paused at its last step, and at one that no other snapshot is of.
    every = snapshot_interval(trainer.steps_per_epoch, trainer.total_steps)
    is_recorded = shown >= last or shown % every == 0 or shown % trainer.steps_per_epoch == 0
    for stop in (step for step in ([last] if is_recorded else [shown, last]) if step > 0):
        while trainer.step < stop:
            due = next_due(trainer, stop)
            for progress in trainer.until(due.step, _CHUNK):
                history.append(progress)
                context.report(trainer.step / last)
            if due.snapshot:
                history.snapshots.add(trainer.snapshot, keep=due.epoch_ends)
            if due.test:
                _test(trainer, history)
        history.snapshots.add(trainer.snapshot, keep=trainer.finished or trainer.step == shown)
        _test(trainer, history)
    return RestoredRun(replace(trainer.snapshot, origin=origin), history, epochs)


def _test(trainer: Trainer, history: History) -> None:
    tested = trainer.evaluate()
    history.add_test(EvaluationPoint(trainer.step, tested.loss, tested.accuracy))
