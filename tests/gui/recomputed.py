"""The most important numbers on the screen, computed anew without the functions that make pictures.

What only compares two panels cannot see a fault that both have.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnviz.datasets import to_input
from cnnviz.layers import Activation
from cnnviz.layers.pooling import Pool
from cnnviz.network import Network, Trace
from ui.export.figures import caption_of
from ui.panels.backprop import BackpropPanel
from ui.panels.backprop.steps import StepKind
from ui.panels.feature_maps.flat_columns import OutputColumn
from ui.panels.feature_maps.map_column import MapColumn
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.feature_maps.plan import Kind
from ui.panels.training import TrainingPanel
from ui.panels.translation import TranslationPanel
from ui.session import Session
from ui.state import Shift


def read(text: str) -> float:
    """Number that a text on the screen stands for."""
    text = text.lstrip("≈").replace("−", "-").replace(",", "").replace("+", "")
    distance = re.fullmatch(r"1 - (\S+)", text)
    return 1 - float(distance[1]) if distance else float(text)


def untrue(session: Session, name: str) -> list[str]:
    """Return what a part of the window says that is not so."""
    state = session.state
    if state.shown is None or state.sample is None or state.dataset is None:
        return []
    checks = {
        "samples": _samples,
        "training": _training,
        "feature_maps": _feature_maps,
        "translation": _translation,
        "backprop": _backprop,
    }
    return [*checks[name](session), *_caption(session, name)] if name in checks else []


def _trace(session: Session, pixels: NDArray[np.uint8] | None = None) -> Trace:
    shown, sample = session.state.shown, session.state.sample
    assert shown is not None
    assert sample is not None
    pixels = sample.pixels if pixels is None else pixels
    return shown.network.forward(to_input(pixels[np.newaxis], shown.network.dtype))


def _classes(session: Session) -> tuple[str, ...]:
    assert session.state.dataset is not None
    return session.state.dataset.classes


def _near(what: str, seen: ArrayLike | None, expected: ArrayLike, exactness: float = 1e-5) -> Iterator[str]:
    """Yield what differs; numbers of one array have one scale."""
    seen, expected = np.asarray(seen, np.float64), np.asarray(expected, np.float64)
    scale = float(np.abs(expected).max(initial=0.0))
    if seen.shape != expected.shape:
        yield f"{what}: shape {seen.shape} instead of {expected.shape}"
    elif not np.allclose(seen, expected, rtol=exactness, atol=exactness * scale + 1e-12):
        yield f"{what}: {seen.ravel()[:4]} instead of {expected.ravel()[:4]}"


def _caption(session: Session, name: str) -> Iterator[str]:
    window, shown, sample = session.window, session.state.shown, session.state.sample
    kinds = {
        "training": TrainingPanel,
        "feature_maps": FeatureMapsPanel,
        "translation": TranslationPanel,
        "backprop": BackpropPanel,
    }
    if name not in kinds or shown is None or shown.origin is None or sample is None:
        return
    said = caption_of(session.state, window.panel(kinds[name]))
    experiment = shown.origin.experiment
    expected = [f"classes {', '.join(_classes(session))}", f"seed {experiment.seed}", f"step {shown.step:,}"]
    if name != "training":
        expected.append("own image" if sample.index is None else f"test image {sample.index}")
    for each in expected:
        if not re.search(rf"(^| ){re.escape(each)}($|,| of | \(| ·)", said):
            yield f"caption {said!r} without {each!r}"


def _samples(session: Session) -> Iterator[str]:
    bars, expected = (
        session.window.samples.bars,
        dict(zip(_classes(session), _trace(session).class_probabilities[0], strict=True)),
    )
    names = [name for name, _ in bars.shown()]
    yield from _near("probabilities", [p for _, p in bars.shown()], [expected[name] for name in names])
    for line in bars.accessibleDescription().split("; "):
        found = re.match(r"class (.+): probability ([^,]+)", line)
        if found is None:
            yield f"no probability in {line!r}"
        else:
            yield from _near(line, read(found[2]), expected[found[1]], 6e-3)


def _training(session: Session) -> Iterator[str]:
    state, results = session.state, session.window.panel(TrainingPanel).results
    drawn, dataset = results.drawn(), state.dataset
    if drawn is None or dataset is None:
        return
    snapshot = state.history.snapshots.find(drawn.step)
    if snapshot is None or drawn.origin is None or snapshot.run_id != drawn.origin.run_id:
        return
    labels = np.asarray(dataset.test_labels)
    shares = snapshot.network.forward(
        to_input(dataset.test_images, snapshot.network.dtype)
    ).class_probabilities
    accuracy = float(np.mean(shares.argmax(axis=1) == labels))
    loss = float(-np.log(shares[np.arange(len(labels)), labels]).mean())
    said = re.match(r"Test accuracy (\S+) % · loss (\S+)", results._summary.text())
    if said is None:
        yield f"no result in {results._summary.text()!r}"
        return
    yield from _near("test accuracy", read(said[1]), 100 * accuracy, 1e-4)
    yield from _near("test loss", read(said[2]), loss, 1e-3)


def _feature_maps(session: Session) -> Iterator[str]:
    trace, classes = _trace(session), _classes(session)
    flow = session.window.panel(FeatureMapsPanel).network.flow
    for column in flow.findChildren(MapColumn):
        stage = column.column.stage
        if column.column.kind is Kind.MAPS and column.isVisible():  # not folded
            channel = 0 if column.thumbs is None else column.thumbs.current()
            yield from _near(f"{stage}, map {channel}", column.map.values, trace.outputs[stage][0, channel])
    for column in flow.findChildren(OutputColumn):
        yield from _near("outputs", column.rows.probabilities, trace.class_probabilities[0])
        if column.rows.names != classes:
            yield f"outputs of {column.rows.names} instead of {classes}"


def _translation(session: Session) -> Iterator[str]:
    panel, sample, shown = session.window.panel(TranslationPanel), session.state.sample, session.state.shown
    assert sample is not None
    assert shown is not None
    view, pair = panel.choices.view, panel.parts.maps.grid.pair
    if pair is None or view.stage == "blur":
        return
    for seen, pixels in (
        (pair.original, sample.pixels),
        (pair.shifted, _moved(sample.pixels, session.state.shift)),
    ):
        expected = _stage(_trace(session, pixels), shown.network, view.stage, view.pool_size)
        if view.relative:
            blank = _trace(session, np.zeros_like(pixels))
            expected = expected - _stage(blank, shown.network, view.stage, view.pool_size)
        yield from _near(f"{view.stage}", seen, expected)


def _moved(pixels: NDArray[np.uint8], shift: Shift) -> NDArray[np.uint8]:
    moved = np.roll(pixels, (shift.dy, shift.dx), axis=(-2, -1))
    if not shift.wrap:
        rows, columns = np.indices(pixels.shape[-2:])
        for places, by in ((rows, shift.dy), (columns, shift.dx)):
            side = places.max() + 1
            moved[..., (places < by) | (places >= side + by)] = 0
    return moved


def _stage(trace: Trace, network: Network, stage: str, size: int) -> NDArray[np.floating]:
    """Compute what a stage of the first convolution makes of an image, without windows that are cut off."""
    if stage == "pixels":
        return trace.inputs[0]
    names = [name for name, _ in network.layers]
    if stage == "convolution":
        return trace.outputs[names[0]][0]
    pools = [place for place, (_, layer) in enumerate(network.layers) if isinstance(layer, Pool)]
    has_activation = isinstance(network.layers[1][1], Activation)
    before = trace.outputs[names[pools[0] - 1 if pools else int(has_activation)]][0]
    count, rows, columns = before.shape[0], before.shape[1] // size, before.shape[2] // size
    windows = before[:, : rows * size, : columns * size].reshape(count, rows, size, columns, size)
    return windows.max(axis=(2, 4)) if stage == "max" else windows.mean(axis=(2, 4))


def _backprop(session: Session) -> Iterator[str]:
    panel, state = session.window.panel(BackpropPanel), session.state
    passed, shown, step = panel.model.passed, state.shown, panel.model.step
    if passed is None or shown is None or shown.origin is None or passed.trial.words:
        return
    trace, label, network = _trace(session), passed.label, shown.network
    if passed.rule is not None:  # the same weights, another rule
        experiment = replace(shown.origin.experiment, ties=passed.rule)
        network = experiment.build_network(network.input_shape).with_params(network.params)
    gradients = network.gradients(trace.inputs, np.array([label]))
    if passed.names != _classes(session):
        yield f"classes {passed.names} instead of {_classes(session)}"
    shares, outputs = trace.class_probabilities[0], len(trace.logits[0])
    truth = np.eye(len(shares))[label]
    rows = {"z": trace.logits[0], "p": shares, "y": truth, "d": shares - truth}
    if panel.stack.currentWidget() is panel.output:
        for row, values in rows.items():
            if panel.output.maps[row].isVisible():
                yield from _near(row, panel.output.maps[row].values, values[np.newaxis, -outputs:])
    elif step.kind is StepKind.ROUTE and not panel.model.focus.contrast:
        names = [name for name, _ in network.layers]
        before = names[names.index(step.layer) - 1]
        for what, view, arrays in (
            ("values before the pool", panel.routing.values, trace.outputs[before]),
            ("arriving", panel.routing.arriving, gradients.outputs[step.layer]),
            ("routed", panel.routing.routed, gradients.outputs[before]),
        ):
            block = view.map.block
            channel = panel.model.focus.channel(network, step.stage)
            yield from _near(what, view.map.values, block.cut(arrays[0, channel]))
    elif step.kind is StepKind.UPDATE:
        yield from _near("loss", read(panel.update_view.outcome.text("before")), gradients.loss, 1e-4)
