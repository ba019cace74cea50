"""Numbers, names and captions on the screen, computed anew without the functions that make pictures.

What only compares two panels cannot see a fault that both have. Pokes, checks, sums of terms, other pools and
other measures of a shift have oracles in the tests of their pages and of the engine.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnviz.datasets import to_input
from cnnviz.drawing.page import Card
from cnnviz.graphics.columns import Kind
from cnnviz.layers import Activation, Conv2D
from cnnviz.network import Network, Trace
from cnnviz.report.blocks import Table
from cnnviz.training import Trainer
from tests.oracles import read_number as read
from ui.export.figures import caption_of
from ui.panels.backprop.asks import PointAt
from ui.panels.backprop.panel import BackpropPanel
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.report.panel import ReportPanel
from ui.panels.training.panel import TrainingPanel
from ui.panels.translation.panel import TranslationPanel
from ui.panels.translation.view import View
from ui.session import Session
from ui.state import Shift

type Values = NDArray[np.floating]
type Maps = dict[str, Values]


def run(network: Network, pixels: NDArray[np.uint8]) -> Trace:
    """Run an image through a network."""
    return network.forward(to_input(pixels[np.newaxis], network.dtype))


def trace_of(session: Session) -> Trace:
    """Run the sample through the network that is shown."""
    return run(session.state.shown.network, session.state.sample.pixels)


def near(what: str, seen: ArrayLike | None, expected: ArrayLike, exactness: float = 1e-5) -> Iterator[str]:
    """Yield what differs; numbers of one array have one scale."""
    seen, expected = np.asarray(seen, np.float64), np.asarray(expected, np.float64)
    scale = float(np.abs(np.nan_to_num(expected)).max(initial=0.0))
    if seen.shape != expected.shape:
        yield f"{what}: shape {seen.shape} instead of {expected.shape}"
    elif not np.allclose(seen, expected, rtol=exactness, atol=exactness * scale + 1e-12, equal_nan=True):
        worst = np.nanargmax(np.abs(seen - expected))
        yield f"{what}: {seen.ravel()[worst]} instead of {expected.ravel()[worst]} at {worst}"


def samples(session: Session) -> Iterator[str]:
    """Check the probabilities beside the thumbnails."""
    bars = session.window.samples.bars.content
    expected = dict(zip(session.state.dataset.classes, trace_of(session).class_probabilities[0], strict=True))
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
    trace, classes = trace_of(session), session.state.dataset.classes
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
    if ("changed the settings since" in texts[3]) != (experiment != state.experiment):
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


# -- Translation ---------------------------------------------------------------------------------------------


#: Shifts of the sweep that are computed anew: all would take as long as the sweep.
_PLACES = ((1, 0), (0, -2), (-3, 1), (4, 4))


def translation(session: Session) -> Iterator[str]:
    """Check what is said of the sample and its shift; lessons on made-up images are tests of their own."""
    panel, state = session.window.panel(TranslationPanel), session.state
    view, maps, strip = panel.view, panel.maps.content, panel.strip.content
    if maps is None or strip is None:
        return
    network, shift = state.shown.network, state.shift
    before, after = (_stages(network, state.sample.pixels, view, each) for each in (Shift(), shift))
    if view.stage in before:
        yield from near(f"{view.stage}, original", maps.shown.pair.original, before[view.stage])
        yield from near(f"{view.stage}, shifted", maps.shown.pair.shifted, after[view.stage])
    for stage, (found, _) in zip(strip.stages, strip.values, strict=True):
        if stage.key in before:
            yield from near(f"change of {stage.key}", found, _change(before[stage.key], after[stage.key]))
    predictions = panel.predictions.content
    if predictions is not None:
        sides = (predictions.original, predictions.shifted)
        for what, seen, by in zip(("original", "shifted"), sides, (Shift(), shift), strict=True):
            shares = run(network, _moved(state.sample.pixels, by)).class_probabilities[0]
            yield from near(f"{what} p", seen, shares)

    column, swept = panel.sweep, panel.sweep.swept
    if column.map.content is None or swept is None:
        return
    says, shown = column.provenance(), column.map.content.map
    if swept.network is not network and "network of" not in column.note.text():
        yield "the sweep is of another network and does not say so"
    if says is None or says.step != swept.snapshot.step:
        yield f"the sweep of step {swept.snapshot.step} says {says}"
    is_change = view.measure == "relative_change" and view.stage in before
    for dx, dy in _PLACES if is_change and not view.many else ():
        found = (
            _stages(swept.network, state.sample.pixels, view, each)[view.stage]
            for each in (Shift(), Shift(dx, dy, shift.wrap))
        )
        seen = shown.values[shown.rows.index(dy), shown.cols.index(dx)]
        yield from near(f"change at {dx}, {dy}", seen, _change(*found))


def _change(before: Values, after: Values) -> float:
    """Return ‖F(Tx) − F(x)‖ / ‖F(x)‖."""
    size = float(np.linalg.norm(before.astype(np.float64)))
    return float(np.linalg.norm(after.astype(np.float64) - before)) / size if size else np.nan


def _moved(pixels: NDArray[np.uint8], shift: Shift) -> NDArray[np.uint8]:
    """Move an image; what comes in is background, or with `wrap` what has left at the other side."""
    found = np.roll(pixels, (shift.dy, shift.dx), axis=(-2, -1))
    if not shift.wrap:
        rows, columns = np.indices(pixels.shape[-2:])
        for places, by in ((rows, shift.dy), (columns, shift.dx)):
            side = places.max() + 1
            found[..., (places < by) | (places >= side + by)] = 0
    return found


def _stages(network: Network, pixels: NDArray[np.uint8], view: View, shift: Shift) -> Maps:
    """Compute all stages of the chosen block for a moved image, relative to a blank image if so chosen."""
    found = _raw_stages(network, _moved(pixels, shift), view)
    if view.relative:
        blank = _raw_stages(network, np.zeros_like(pixels), view)
        found = {stage: maps - blank[stage] for stage, maps in found.items()}
    return found


def _raw_stages(network: Network, pixels: NDArray[np.uint8], view: View) -> Maps:
    trace, layers = run(network, pixels), network.layers
    conv = [name for name, layer in layers if isinstance(layer, Conv2D)][view.block - 1]
    follower, layer = layers[[name for name, _ in layers].index(conv) + 1]
    maps = trace.outputs[conv][0]
    found: Maps = {"pixels": trace.inputs[0], "convolution": maps}
    if isinstance(layer, Activation):
        maps = found["activation"] = trace.outputs[follower][0]
    size, (count, rows, columns) = view.pool_size, maps.shape
    whole = maps[:, : rows // size * size, : columns // size * size].astype(np.float64)
    windows = whole.reshape(count, rows // size, size, columns // size, size)
    return found | {"max": windows.max(axis=(2, 4)), "average": windows.mean(axis=(2, 4))}


# -- Backprop ------------------------------------------------------------------------------------------------


def backprop(session: Session) -> Iterator[str]:
    """Check numbers and maps of the step that is in front, by both passes with the rule that is chosen."""
    panel, shown = session.window.panel(BackpropPanel), session.state.shown
    passed, step, focus = panel.model.passed, panel.model.step, panel.model.focus
    if passed is None or shown is None or shown.origin is None or passed.trial.words:
        return
    if passed.names != session.state.dataset.classes:
        yield f"classes {passed.names} instead of {session.state.dataset.classes}"
    network = shown.network
    if passed.rule is not None:  # the same weights, another rule
        experiment = replace(shown.origin.experiment, ties=passed.rule)
        network = experiment.build_network(network.input_shape).with_params(network.params)
    trace = trace_of(session)
    gradients = network.gradients(trace.inputs, np.array([passed.label]))
    values = {"input": trace.inputs[0]} | {name: maps[0] for name, maps in trace.outputs.items()}
    slopes = {"input": gradients.input[0]} | {name: maps[0] for name, maps in gradients.outputs.items()}

    for key, leaf in panel.stack.page.leaves().items():
        content = panel.stack.view(key).content if isinstance(leaf, Card) else None
        said = f"{step.title}, {leaf.title or key}"
        if key == "numbers":
            rows = _output(trace.logits[0].astype(np.float64), passed.label)
            for row in content.content.numbers.rows:
                yield from near(f"{said}, {row.key}", row.values, rows[row.key])
        elif key.startswith("map "):
            found = content.content.map.point and content.content.map.point(0, 0)
            if isinstance(found, PointAt) and found.weight is None and found.stage:
                whole = (slopes if "∂L" in leaf.title else values)[found.stage]
                if whole.ndim == 3:
                    channel = focus.channel(network, found.stage)
                    yield from near(said, content.content.map.values, whole[channel])
        elif key == "route" and not focus.contrast:
            route = content.content.route
            (row, col), (high, wide) = route.corner, route.values.shape
            block = focus.channel(network, step.stage), slice(row, row + high), slice(col, col + wide)
            before = [name for name, _ in network.layers]
            before = before[before.index(step.layer) - 1]
            yield from near(f"{said}, values", route.values, values[before][block])
        elif key == "pixels":
            yield from near(
                said, content.content.map.values, slopes["input"][focus.channel(network, "input")]
            )


def _output(logits: Values, label: int) -> Maps:
    """Return logits, probabilities, targets and slopes, of two classes those of the one output there is."""
    padded = logits if len(logits) > 1 else np.array([0.0, *logits])
    powers = np.exp(padded - padded.max())
    shares = powers / powers.sum()
    slopes = shares.copy()  # p - 1 without the difference, which would lose digits where p is almost 1
    slopes[label] = -np.delete(shares, label).sum()
    rows = {"z": logits, "p": shares, "y": np.eye(len(shares))[label], "d": slopes}
    return {key: row[-len(logits) :] for key, row in rows.items()}


# -- all of them ---------------------------------------------------------------------------------------------


_CHECKS = {
    "samples": samples,
    "timeline": timeline,
    "training": training,
    "feature_maps": feature_maps,
    "translation": translation,
    "backprop": backprop,
    "report": report,
}
_CAPTIONED = {
    "training": TrainingPanel,
    "feature_maps": FeatureMapsPanel,
    "translation": TranslationPanel,
    "backprop": BackpropPanel,
}


def untrue(session: Session, name: str) -> list[str]:
    """Return what a part of the window says that is not so."""
    state = session.state
    if state.shown is None or state.sample is None or state.dataset is None or name not in _CHECKS:
        return []
    return [*_CHECKS[name](session), *_caption(session, name)]


def _caption(session: Session, name: str) -> Iterator[str]:
    window, shown, sample = session.window, session.state.shown, session.state.sample
    if name not in _CAPTIONED or shown.origin is None:
        return
    said = caption_of(session.state, window.panel(_CAPTIONED[name]))
    expected = [
        f"classes {', '.join(session.state.dataset.classes)}",
        f"seed {shown.origin.experiment.seed}",
        f"step {shown.step:,}",
    ]
    if name != "training":
        expected.append("own image" if sample.index is None else f"test image {sample.index}")
    for each in expected:
        if not re.search(rf"(^| ){re.escape(each)}($|,| of | \(| ·)", said):
            yield f"caption {said!r} without {each!r}"
