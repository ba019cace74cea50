"""Finding moments in the record of a run, and saying in words what was measured there."""

from collections.abc import Container

from cnnviz.covers import Secret
from cnnviz.drawing import Ink
from cnnviz.graphics.reading import Reading
from cnnviz.history import History
from cnnviz.quantities import format_count, format_percent, format_probability, format_value
from cnnviz.snapshots import Snapshot


def moved(history: History, from_step: int, count: int) -> Snapshot | None:
    """Return the snapshot `count` moments after (before, when negative) a step; None beyond the last one.

    `from_step` need not have a snapshot any more: it may have been thinned out since it was shown.
    """
    store = history.snapshots
    if not len(store):
        return None
    index = store.index_at(from_step)
    if count < 0 and store[index].step < from_step:
        index += 1
    index += count
    return store[max(index, 0)] if index < len(store) - 1 else None


def nearest(history: History, step: int) -> Snapshot | None:
    """Return the snapshot nearest to a step; None where that is the last one, which is the live moment."""
    store = history.snapshots
    if not len(store):
        return None
    found = store.nearest(step)
    return None if found is store[len(store) - 1] else found


def measured(history: History, step: int, origin: str = "", covered: Container[Secret] = ()) -> str:
    """Return mean loss and accuracy at a step in a few words.

    Before the first step of a run there are no such means: what was measured on the test images stands for
    them, or that the weights are the initial ones, unless they are from elsewhere (`origin`). What is
    `covered` is left out.
    """
    loss = history.mean_loss_at(step, history.log_every)
    if loss != loss:
        tests = [point for point in history.tests if point.step == step]
        if tests:
            is_told = Secret.TEST not in covered
            return f"test accuracy {format_percent(tests[-1].accuracy)}" if is_told else ""
        return "initial weights" if step == 0 and not origin else "not tested yet"
    accuracy = history.mean_accuracy_at(step, history.log_every)
    parts = {Secret.LOSS: f"loss {format_value(loss)}", Secret.TEST: format_percent(accuracy)}
    return " · ".join(text for secret, text in parts.items() if secret not in covered)


def described(
    history: History, step: int, steps_per_epoch: int, origin: str = "", covered: Container[Secret] = ()
) -> Reading:
    """Return what is known of a step; what is `covered` is left out."""
    epoch = max(step - 1, 0) // max(steps_per_epoch, 1) + 1
    heading = f"step {format_count(step)} · epoch {format_count(epoch)}"
    if step > history.step:
        return Reading(f"{heading} · not trained yet")
    rows: list[tuple[Ink, str, str]] = []
    loss = history.mean_loss_at(step, history.log_every)
    if loss == loss:
        accuracy = history.mean_accuracy_at(step, history.log_every)
        if Secret.LOSS not in covered:
            rows.append(("accent", "loss", format_value(loss)))
        if Secret.TEST not in covered:
            rows.append(("original", "accuracy", format_probability(accuracy)))
    elif origin or step == 0:
        heading += f" · {origin or 'initial weights'}"
    tests = [point for point in history.tests if point.step <= step]
    if tests and Secret.TEST not in covered:
        name = f"test images, step {format_count(tests[-1].step)}"
        rows.append(("winner", name, format_probability(tests[-1].accuracy)))
    return Reading(heading, tuple(rows))
