"""Samples, timeline, Training, and Filters & maps."""

import re
from collections.abc import Iterator

import numpy as np

from cnnviz.datasets import to_input
from tests.gui.recomputed.computing import classes_of, near, read, trace_of
from ui.panels.feature_maps.flat_columns import OutputColumn
from ui.panels.feature_maps.map_column import MapColumn
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.feature_maps.plan import Kind
from ui.panels.training import TrainingPanel
from ui.session import Session


def samples(session: Session) -> Iterator[str]:
    """Check the probabilities beside the thumbnails."""
    bars = session.window.samples.bars.content
    assert bars is not None
    expected = dict(zip(classes_of(session), trace_of(session).class_probabilities[0], strict=True))
    shown = [] if bars.values is None else [(bars.names[row], bars.values[row]) for row in bars.shown]
    yield from near("probabilities", [p for _, p in shown], [expected[name] for name, _ in shown])
    for line in session.window.samples.bars.spoken_summary().split("; "):
        found = re.match(r"class (.+): probability ([^,]+)", line)
        if found is None:
            yield f"no probability in {line!r}"
        else:
            yield from near(line, read(found[2]), expected[found[1]], 6e-3)


def timeline(session: Session) -> Iterator[str]:
    """Check the moment's name and the mean loss of the interval before it."""
    state, bar = session.state, session.window.timeline
    history, shown = state.history, state.shown
    assert shown is not None
    step, said = bar.moment.lines()
    if read(step.removeprefix("step ")) != shown.step:
        yield f"{step!r} at step {shown.step}"
    if bar.toggles.live.isChecked() != state.follows_live:
        yield f"“Live” is {bar.toggles.live.isChecked()}"
    told = re.fullmatch(r"loss (\S+) · \S+ %", said)
    losses = history.losses[: shown.step - history.first_step][-history.log_every :]
    if told is not None and len(losses):
        yield from near("mean loss", read(told[1]), losses.mean(), 6e-3)


def training(session: Session) -> Iterator[str]:
    """Check the result on the test images."""
    state, results = session.state, session.window.panel(TrainingPanel).results
    drawn, dataset = results.drawn(), state.dataset
    if drawn is None or dataset is None:
        return
    snapshot = state.history.snapshots.find(drawn.step)
    if snapshot is None or drawn.origin is None or snapshot.run_id != drawn.origin.run_id:
        return
    labels = np.asarray(dataset.test_labels)
    images = to_input(dataset.test_images, snapshot.network.dtype)
    shares = snapshot.network.forward(images).class_probabilities
    accuracy = float(np.mean(shares.argmax(axis=1) == labels))
    loss = float(-np.log(shares[np.arange(len(labels)), labels]).mean())
    said = re.match(r"Test accuracy (\S+) % · loss (\S+)", results._summary.text())
    if said is None:
        yield f"no result in {results._summary.text()!r}"
        return
    yield from near("test accuracy", read(said[1]), 100 * accuracy, 1e-4)
    yield from near("test loss", read(said[2]), loss, 1e-3)


def feature_maps(session: Session) -> Iterator[str]:
    """Check maps and outputs."""
    trace, classes = trace_of(session), classes_of(session)
    flow = session.window.panel(FeatureMapsPanel).network.flow
    for column in flow.findChildren(MapColumn):
        stage = column.column.stage
        if column.column.kind is Kind.MAPS and column.isVisible():  # not folded
            channel = 0 if column.thumbs is None else column.thumbs.current()
            yield from near(f"{stage}, map {channel}", column.map.values, trace.outputs[stage][0, channel])
    for column in flow.findChildren(OutputColumn):
        yield from near("outputs", column.rows.probabilities, trace.class_probabilities[0])
        if column.rows.names != classes:
            yield f"outputs of {column.rows.names} instead of {classes}"
