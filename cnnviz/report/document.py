"""Put a report together: the student's words around the measured results."""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from cnnviz.inspect.receptive_field import stage_index
from cnnviz.layers import Conv2D
from cnnviz.quantities import format_count, format_together, format_value
from cnnviz.report import equations, tables
from cnnviz.report.blocks import Block, Document, Formula, Heading, Words
from cnnviz.report.content import Demonstration, Report, Version
from cnnviz.report.figures_backprop import map_gradients_figure, route_maps_figure, routing_figure
from cnnviz.report.figures_training import curves_figure, filters_figure, maps_figure
from cnnviz.report.figures_translation import distance_figure, dots_figure, shift_figure, sweep_figure
from cnnviz.report.guides import BACKPROP, FIELDS, GUIDES, TRANSLATION, WORKING_PRINCIPLE
from cnnviz.report.results import LabResults
from cnnviz.translation import OUTPUT

_NOTHING: Mapping[str, str] = MappingProxyType({})


def build_document(
    report: Report,
    results: LabResults | None,
    unrecorded: Mapping[str, str] = _NOTHING,
    *,
    first: int = 1,
    parts: Sequence[Block] = (),
    carried: str = "",
) -> Document:
    """Return the whole report as blocks.

    Parameters
    ----------
    report : Report
        The words.
    results : LabResults or None
        What was measured; None while the lab has not been run.
    unrecorded : mapping from str to str
        For a preview: hypotheses that were typed but not recorded yet, by the key of their demonstration.
    first : int
        Number of the first demonstration.
    parts : sequence of Block
        What stands between the demonstrations and the appendix: the record of a guided lab.
    carried : str
        The results as JSON, for `Document.results`.
    """
    blocks: list[Block] = []
    for number, demonstration in enumerate(report.demonstrations, start=first):
        blocks.append(Heading(f"{number}  {GUIDES[demonstration.key].title}", 1))
        blocks += _demonstration(demonstration, results, number, unrecorded.get(demonstration.key))
    blocks += parts
    if results is not None:
        blocks += _appendix(results)
    return Document(report.title, report.author, report.roll_number, report.date, tuple(blocks), carried)


def hypothesis_blocks(versions: tuple[Version, ...]) -> Iterator[Words]:
    """Yield the recorded hypothesis and each later edit under its stamp."""
    for number, version in enumerate(versions):
        what = "Recorded" if number == 0 else "Edited"
        yield Words(f"{what} {version.time}, {moment_of(version)}", "stamp")
        yield Words(version.text or "(deleted)", "student")


def moment_of(version: Version) -> str:
    """Say what was known when a hypothesis was written, for somebody who grades it."""
    if version.after_run:
        return "after the results of the lab were known"
    if version.step == 0:
        return "before anything was trained or measured"
    steps = f"{format_count(version.step)} step{'s' if version.step > 1 else ''}"
    return f"before the lab was measured, but after {steps} of training, whose results could be seen"


def insert_blocks(demonstration: Demonstration, number: int) -> Iterator[Block]:
    """Yield what the student has put in from the screen; `number` is that of the demonstration."""
    for place, insert in enumerate(demonstration.inserts, start=1):
        words = re.sub(r"[^a-z0-9]+", "-", insert.title.lower()).strip("-")[:40]
        yield insert.block(f"inserted-{number}-{place}-{words}".rstrip("-"))


def _demonstration(
    demonstration: Demonstration, results: LabResults | None, number: int, unrecorded: str | None
) -> Iterator[Block]:
    guide = GUIDES[demonstration.key]
    for field, title in FIELDS:
        yield Heading(title, 2)
        if field == "hypothesis":
            yield from hypothesis_blocks(demonstration.hypothesis)
            if unrecorded is not None:
                yield Words("Not recorded yet", "stamp")
                yield Words(unrecorded.strip() or "(deleted)", "student")
            elif not demonstration.hypothesis:
                yield Words(guide.hypothesis, "missing")
            continue
        words = str(getattr(demonstration, field))
        yield Words(words, "student") if words.strip() else Words(guide.question(field), "missing")
        if field == "observations":
            yield from insert_blocks(demonstration, number)
        if field == "observations" and results is not None:
            yield Heading("Measured", 2)
            measured = _MEASURED[demonstration.key](results)
            yield from (block for block in measured if not _is_inserted(block, demonstration))


def _is_inserted(block: Block, demonstration: Demonstration) -> bool:
    """Whether the student has put in the very numbers of a table."""
    return isinstance(block, tables.Table) and any(
        insert.shows_numbers(block.data) for insert in demonstration.inserts
    )


def _working_principle(results: LabResults) -> Iterator[Block]:
    training, log_every = results.training, results.experiment.log_every
    yield Heading("Network and training", 3)
    yield Words(
        f"The network was trained for {format_count(training.steps)} steps on "
        f"{format_count(results.train_count)} images of the classes "
        f"{', '.join(results.experiment.classes)} ({results.data_name})."
        + (f" {results.data_conversion}" if results.data_conversion else "")
    )
    yield tables.layers_table(results)
    name, layer = next(each for each in training.network.layers if isinstance(each[1], Conv2D))
    assert isinstance(layer, Conv2D)
    yield Formula(equations.convolution(layer, training.network.params[f"{name}.weight"].shape[1]))
    yield Words(equations.remarks(layer))
    yield Formula(equations.LOSS)
    yield curves_figure(training, log_every)
    yield tables.log_table(training, log_every)
    yield Heading("Result on the test images", 3)
    yield tables.test_table(training)
    yield tables.confusion_table(training, results.experiment.classes)
    yield Heading("Filters and maps", 3)
    yield filters_figure(training)
    yield maps_figure(results)


def _translation(results: LabResults) -> Iterator[Block]:
    translation = results.translation
    yield Heading("Two small images", 3)
    yield Words(f"Measured: {translation.dots_result}")
    yield dots_figure(translation.dots)
    yield Heading("An image that moves", 3)
    if results.backprop.routing is None:
        yield Words(equations.POOLS_BESIDE)
    yield Formula(equations.RELATIVE_CHANGE)
    yield shift_figure(translation.digit)
    yield sweep_figure(translation.sweep)
    yield Heading("Many images that move", 3)
    curves = {
        stage: curve for stage, curve in translation.curves["relative_change"].items() if stage != OUTPUT
    }
    yield distance_figure(curves, translation.ink_lost, translation.digits)
    yield tables.measures_table(translation)
    yield tables.output_table(translation)


def _backprop(results: LabResults) -> Iterator[Block]:
    backprop = results.backprop
    name = results.experiment.classes[results.sample.label]
    routing = backprop.routing
    yield Heading(f"{'Back' if routing is None else 'From the pool back'} to the convolution", 3)
    yield Words(
        f"One test image (number {results.sample.index}, class {name}) was sent through the trained network; "
        f"its loss is {format_value(backprop.loss, 4)}."
    )
    if routing is None:
        yield Words(equations.WITHOUT_POOL)
        yield map_gradients_figure(backprop)
    else:
        yield Formula(equations.pool_gradient(routing.pool))
        yield routing_figure(backprop, routing)
        yield route_maps_figure(backprop, routing)
        yield tables.rules_table(routing)
    if routing is not None and backprop.ties is not None:
        yield tables.ties_table(backprop, routing.layer)
    yield Heading("From the convolution to the filter", 3)
    network = results.training.network
    layer = network.layers[stage_index(network, backprop.filter_layer)][1]
    assert isinstance(layer, Conv2D)
    yield Formula(equations.filter_gradient(layer, backprop.filter_gradient.shape[0]))
    yield tables.terms_table(backprop)
    rate = format_value(results.experiment.learning_rate)
    before, after = format_together((backprop.loss, backprop.loss_after), 6)
    yield Words(
        f"One step against the gradient of this image alone (rate {rate}) "
        f"changes its loss from {before} to {after}."
    )
    yield Heading("Is the gradient right?", 3)
    yield Formula(equations.DIFFERENCE)
    yield tables.check_table(results)


def _appendix(results: LabResults) -> Iterator[Block]:
    yield Heading("Appendix: how to measure this again", 1)
    yield Words("The same command, seed and versions give the same numbers:")
    yield Words(results.command, "code")
    yield tables.settings_table(results)
    yield tables.versions_table(results)


_MEASURED = {WORKING_PRINCIPLE: _working_principle, TRANSLATION: _translation, BACKPROP: _backprop}
