"""Samples, timeline, Training, Filters & maps, and the lab report, trained anew."""

import re
from collections.abc import Iterator

import numpy as np

from cnnviz.datasets import to_input
from cnnviz.drawing.page import Card
from cnnviz.graphics.columns import Kind
from cnnviz.report.blocks import Table
from cnnviz.training import Trainer
from tests.gui.recomputed.computing import classes_of, near, trace_of
from tests.oracles import read_number as read
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.report.panel import ReportPanel
from ui.panels.training.panel import TrainingPanel
from ui.session import Session


def samples(session: Session) -> Iterator[str]:
    """Check the probabilities beside the thumbnails."""
    bars = session.window.samples.bars.content
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
    step, said = bar.moment.field.value(), bar.moment.measured.text()
    if step != shown.step:
        yield f"step {step} at step {shown.step}"
    if bar.live.isChecked() != state.follows_live:
        yield f"“Live” is {bar.live.isChecked()}"
    told = re.fullmatch(r"loss (\S+) · \S+ %", said)
    losses = history.losses[: shown.step - history.first_step][-history.log_every :]
    if told is not None and len(losses):
        yield from near("mean loss", read(told[1]), losses.mean(), 6e-3)


def training(session: Session) -> Iterator[str]:
    """Check the result on the test images."""
    state, results = session.state, session.window.panel(TrainingPanel).results
    drawn, dataset = results.provenance(), state.dataset
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
    said = re.match(r"Test accuracy (\S+) % · loss (\S+)", results.summary.text())
    if said is None:
        yield f"no result in {results.summary.text()!r}"
        return
    yield from near("test accuracy", read(said[1]), 100 * accuracy, 1e-4)
    yield from near("test loss", read(said[2]), loss, 1e-3)


def feature_maps(session: Session) -> Iterator[str]:
    """Check maps and outputs."""
    trace, classes = trace_of(session), classes_of(session)
    panel = session.window.panel(FeatureMapsPanel)
    picture, page = panel.picture, panel.network.flow.page
    leaves = {} if page is None else page.leaves()
    for column in () if picture is None else picture.plan.columns:
        card, stage = leaves.get(column.key), column.stage
        if column.kind is Kind.MAPS and isinstance(card, Card):  # not folded
            small = leaves.get(f"{column.key} maps")
            channel = small.content.current if isinstance(small, Card) else 0
            shown = card.content.looked.map.values
            yield from near(f"{stage}, map {channel}", shown, trace.outputs[stage][0, channel])
        elif column.kind is Kind.OUTPUT and isinstance(card, Card):
            yield from near("outputs", card.content.values, trace.class_probabilities[0])
            if card.content.names != classes:
                yield f"outputs of {card.content.names} instead of {classes}"


_SAID = re.compile(r"Measured \S+ \S+: (\S+) steps?, seed (\S+)\.(.*)")


def report(session: Session) -> Iterator[str]:
    """Check the line about the lab."""
    panel, state = session.window.panel(ReportPanel), session.state
    found, said = panel.measuring.numbers, panel.status.text()
    if found is None:
        if "Measured" in said:
            yield f"nothing was measured, but it says {said!r}"
        return
    texts = _SAID.fullmatch(said)
    if texts is None:
        yield f"no result in {said!r}"
        return
    experiment = found.experiment
    if ("changed settings or data since" in texts[3]) != (experiment != state.experiment):
        yield f"{said!r}, measured with {experiment}, now {state.experiment}"
    if read(texts[2]) != experiment.seed:
        yield f"seed {texts[2]} instead of {experiment.seed}"
    dataset = state.dataset
    if dataset is None or dataset.sha256 != found.data_sha256:
        return
    trainer = Trainer(experiment.build_network(dataset.input_shape), dataset, experiment)
    while not trainer.finished:
        trainer.advance()
    predicted = trainer.network.predict(to_input(dataset.test_images, trainer.network.dtype))
    yield from near("steps", read(texts[1]), trainer.step)
    blocks = [each for part in found.parts.values() for each in part if isinstance(each, Table)]
    (result,) = (each.data.rows[-1] for each in blocks if each.name == "test-result")
    yield from near("accuracy", result[2], np.mean(predicted == dataset.test_labels), 1e-9)
