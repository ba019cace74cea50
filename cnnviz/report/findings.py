"""What the lab has found, as the parts of a report: kept with the words, so that a report stays whole."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cnnviz.experiment import Experiment
from cnnviz.layers import Conv2D
from cnnviz.quantities import format_count, format_together, format_value
from cnnviz.report import equations, tables
from cnnviz.report.blocks import Block, Formula, Heading, Words
from cnnviz.report.figures_backprop import map_gradients_figure, route_maps_figure, routing_figure
from cnnviz.report.figures_training import curves_figure, filters_figure, maps_figure
from cnnviz.report.figures_translation import distance_figure, dots_figure, shift_figure, sweep_figure
from cnnviz.report.guides import BACKPROP, TRANSLATION, WORKING_PRINCIPLE
from cnnviz.report.results import LabResults
from cnnviz.translation import OUTPUT


@dataclass(frozen=True, slots=True)
class MeasuredWith:
    """Settings, data and image of a lab; its results are a function of them.

    * `sample`: position among the test images of the one that was looked at closely.
    """

    experiment: Experiment
    data_name: str
    data_sha256: str
    sample: int


@dataclass(frozen=True, slots=True)
class Findings:
    """The measured parts of a report: headings, sentences, formulas, tables and figures.

    * `time`: when it was measured, such as ``"2026-01-31 14:05"``.
    * `version`: of CNNViz.
    * `channels`: of the images.
    * `steps`: training steps.
    * `loss`, `accuracy`: on the test images, after training.
    * `parts`: what belongs to each demonstration, by the keys of `GUIDES`.
    * `appendix`: how to measure it again.
    """

    measured_with: MeasuredWith
    time: str
    version: str
    channels: int
    steps: int
    loss: float
    accuracy: float
    parts: Mapping[str, tuple[Block, ...]]
    appendix: tuple[Block, ...]

    @property
    def origin(self) -> str:
        """When and with what it was measured, as a sentence."""
        used = self.measured_with
        return (
            f"Measured {self.time} with CNNViz {self.version}: {used.data_name} (SHA-256 "
            f"{used.data_sha256[:12]}…), seed {used.experiment.seed}, {format_count(self.steps)} training "
            f"steps, test image {format_count(used.sample)}. All settings stand in the appendix."
        )


def findings_of(results: LabResults, time: str) -> Findings:
    """Return the parts of a report that results of the lab are made of.

    * `time`: when they were measured.
    """
    after = results.training.after
    return Findings(
        measured_with=MeasuredWith(
            results.experiment, results.data_name, results.data_sha256, results.sample.index
        ),
        time=time,
        version=dict(results.versions)["CNNViz"],
        channels=len(results.sample.pixels),
        steps=results.training.steps,
        loss=after.loss,
        accuracy=after.accuracy,
        parts={key: tuple(part(results)) for key, part in _PARTS.items()},
        appendix=tuple(_appendix(results)),
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
    name = results.experiment.classes[results.sample.label]
    image, pool_size = f"test image {results.sample.index}, a {name}", translation.digit[0].pool_size
    yield shift_figure(translation.digit, image)
    yield sweep_figure(translation.sweep, image, pool_size)
    yield Heading("Many images that move", 3)
    curves = {
        stage: curve for stage, curve in translation.curves["relative_change"].items() if stage != OUTPUT
    }
    yield distance_figure(curves, translation.ink_lost, translation.digits, pool_size)
    yield tables.measures_table(translation)
    yield tables.output_table(translation)


def _backprop(results: LabResults) -> Iterator[Block]:
    backprop = results.backprop
    name = results.experiment.classes[results.sample.label]
    routing = backprop.routing
    named = equations.of_network(results.training.network.layers, backprop.filter_gradient.shape[0])
    activation = named.get("activation gradient")
    before = "convolution" if activation is None else "activation"
    yield Heading(f"From the pool back to the {before}" if routing else "Back to the convolution", 3)
    yield Words(
        f"One test image (number {results.sample.index}, class {name}) was sent through the trained network; "
        f"its loss is {format_value(backprop.loss, 4)}."
    )
    if routing is None:
        yield Words(equations.WITHOUT_POOL)
        yield map_gradients_figure(backprop)
    else:
        yield Formula(named["pool gradient"])
        yield Words(named["pool gradient"].words)
        yield routing_figure(backprop, routing)
        yield route_maps_figure(backprop, routing)
        yield tables.rules_table(routing)
    if routing is not None and backprop.ties is not None:
        yield tables.ties_table(backprop, routing)
    if activation is not None:
        yield Heading("Through the activation", 3)
        yield Formula(activation)
        yield Words(activation.words)
    yield Heading("From the convolution to the filter", 3)
    yield Formula(named["filter gradient"])
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


_PARTS = {WORKING_PRINCIPLE: _working_principle, TRANSLATION: _translation, BACKPROP: _backprop}
