"""Measure everything that a lab asks for: train each of its networks, find all true answers and results."""

import hashlib
import platform
import shlex
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import numpy as np
from msgspec import structs

from cnnviz import __version__
from cnnviz._types import ByteArray
from cnnviz.datasets import Dataset
from cnnviz.datasets.load import MNIST_FOLDER
from cnnviz.document.types import Data
from cnnviz.evaluation import Progress, ignore_progress, part_of
from cnnviz.experiment import PRESETS, SETTINGS, Experiment
from cnnviz.history import History
from cnnviz.lab.explaining import explain
from cnnviz.lab.measures import Measured, measure
from cnnviz.lab.model import Lab, Step, seed_of
from cnnviz.lab.record import LabNumbers, LabRecord, OwnImage, RunRecord
from cnnviz.lab.results import HandIn, OfData, OfLab
from cnnviz.layers.base import EXERCISE
from cnnviz.quantities import format_count, format_many, format_percent, now
from cnnviz.report.bench import Bench, LabSettings, trained
from cnnviz.report.blocks import Cell, Heading, MeasuredBlock, Table, Words, table
from cnnviz.report.figures import history_figure
from cnnviz.report.results import result_blocks
from cnnviz.runtime import blas_kernel, one_blas_thread

HARMLESS = frozenset({"epochs", "log_every"})
"""Settings that change no network at any step."""

_TRAINING = 0.4  # share of the time that training takes, of a network whose results are measured, too


def measured_lab(
    lab: Lab,
    dataset: Dataset,
    seed: int,
    own: ByteArray | None = None,
    *,
    experiment: Experiment | None = None,
    settings: LabSettings | None = None,
    with_results: bool = False,
    run: Bench | None = None,
    record: LabRecord | None = None,
    progress: Progress = ignore_progress,
) -> LabNumbers:
    """Train every network of a lab and measure everything.

    * `seed`: that of the student.
    * `experiment`: other settings than those of the lab, as a free one takes them, with their seed.
    * `settings`: how much the results measure; None for the test image of the lab.
    * `with_results`: whether the formulas, tables and figures of the report are measured, too.
    * `run`: a network that has been trained; it need not be trained again for the steps with its settings.
    * `record`: what the student predicted and pinned, for the pictures.
    * `progress`: see `cnnviz.evaluation.Progress`.
    * Raises CNNVizError: if data and lab do not fit, or training diverges.
    """
    experiment = replace(lab.experiment, seed=seed) if experiment is None else experiment
    steps: dict[Experiment, list[Step]] = {}
    for step in lab.steps:
        if step.measurements or (with_results and step.results):
            steps.setdefault(replace(experiment, **step.show.settings), []).append(step)
    settings = LabSettings(sample=lab.start.sample or 0) if settings is None else settings
    runs: list[RunRecord] = []
    measured: dict[str, list[Measured]] = {}
    benches: dict[str, Bench] = {}
    parts: dict[str, tuple[MeasuredBlock, ...]] = {}
    appendix: tuple[MeasuredBlock, ...] = ()
    furthest = 0.0

    def report(share: float) -> None:
        nonlocal furthest
        furthest = max(furthest, (len(runs) + share) / len(steps))
        progress(furthest)

    with one_blas_thread:
        for experiment_of_steps, asking in steps.items():
            has_results = with_results and any(step.results for step in asking)
            training = _TRAINING if has_results else 1.0
            if run is not None and run.experiment == experiment_of_steps:
                bench, training = run, 0.0
            else:
                bench = trained(experiment_of_steps, dataset, progress=part_of(report, 0, training))
            every = (each for step in asking for each in step.measurements)
            of = next((each.parameters for each in every if each.measure == "window_receivers"), None)
            window = settings.window if of is None else (of["filter"], of["row"], of["column"])
            settings_here = replace(settings, window=window)
            bench = replace(bench, own=own, settings=settings_here, progress=part_of(report, training, 1))
            for step in asking:
                bench.progress(0.0)
                benches[step.id] = bench
                measured[step.id] = [measure(step.id, each, bench) for each in step.measurements]
                results = step.results if with_results else ()
                found = [block for each in results for block in result_blocks(each.title, each.show, bench)]
                if found:
                    parts[step.id] = tuple(found)
            if has_results and experiment_of_steps == experiment:
                appendix = tuple(appendix_blocks(bench))
            runs.append(RunRecord(dict(asking[0].show.settings), bench.step, bench.weights_sha256))
        record = LabRecord.of(lab) if record is None else record
        reveals = {
            step.id: explain(step, benches[step.id], measured, lab.steps[:place], record.step(step.id)).blocks
            for place, step in enumerate(lab.steps)
            if with_results and step.id in benches
        }
    progress(1.0)
    numbers = LabNumbers(
        experiment,
        tuple(runs),
        tuple(each for step in lab.steps for each in measured.get(step.id, ())),
        versions={**versions(), "BLAS": blas_kernel()},
        time=now(),
        data_name=Data.of(dataset).name,
        data_sha256=dataset.sha256,
        lab_sha256=lab.sha256,
        own_sha256=_checksum(own),
        sample=settings.sample,
        channels=dataset.input_shape[0],
        parts=parts,
        reveals={step_id: blocks for step_id, blocks in reveals.items() if blocks},
        appendix=appendix,
    )
    return sealed(numbers)


def told_so_far(
    lab: Lab, record: LabRecord, experiment: Experiment, run: tuple[MeasuredBlock, ...] = ()
) -> LabNumbers:
    """Return what the guide has told of a lab's own networks by now: those of these settings.

    * `run`: what the first step with observations shows of the run in the window.
    """
    measured: list[Measured] = []
    for step in lab.steps:
        found, own = record.step(step.id).found, replace(experiment, **step.show.settings)
        wanted = step.measurements
        if found is None or [each.measurement for each in found.measured] != list(wanted):
            continue
        if not set(found.experiment.differing(own)) - HARMLESS:
            measured += found.measured
    observing = (step for step in lab.steps if any(each.part == "observations" for each in step.questions))
    return LabNumbers(experiment, measured=tuple(measured), parts={next(observing, lab.steps[0]).id: run})


def run_blocks(
    experiment: Experiment, history: History, *, is_covered: bool, has_curves: bool
) -> Iterator[MeasuredBlock]:
    """Yield what a draft shows of a run that has begun: its curves and its settings.

    * `is_covered`: whether the curves tell the answer to an open prediction.
    * `has_curves`: whether the report shows them already.
    """
    yield Heading("The run so far", 3)
    if not is_covered:
        test = history.tests[-1] if history.tests else None
        said = f"The network has trained for {format_many(history.step, 'step')} so far."
        if test is not None:
            said += (
                f" After step {format_count(test.step)} it reads {format_percent(test.accuracy, 2)} of the "
                "test images correctly."
            )
        yield Words(said)
        if not has_curves:
            yield history_figure(history, history.tests, "whenever they were tried")
    yield _settings_table(experiment, history.step)


def sealed(numbers: LabNumbers) -> LabNumbers:
    """Return the numbers with their checksum."""
    return structs.replace(numbers, checksum=numbers.right_checksum)


def are_of(numbers: LabNumbers, lab: Lab, experiment: Experiment, own: ByteArray | None) -> bool:
    """Whether numbers are those of a lab with these settings and this image; the data may be others."""
    known = (numbers.lab_sha256, numbers.experiment, numbers.own_sha256)
    return known == (lab.sha256, experiment, _checksum(own))


def _checksum(own: ByteArray | None) -> str:
    return "" if own is None else hashlib.sha256(own.tobytes()).hexdigest()


def seed_for(lab: Lab, roll_number: str) -> int:
    """Return the seed with which a student's lab is measured."""
    return seed_of(roll_number) if lab.seed_from_roll_number else lab.experiment.seed


def hand_in(
    lab: Lab, record: LabRecord, numbers: LabNumbers, *, name: str = "", roll_number: str = "", time: str = ""
) -> HandIn:
    """Put together what a student hands in; a result in it that was not predicted is told by it.

    * `record`: what was done; `LabRecord.of(lab)` where there is nobody.
    * `numbers`: measured with `seed_for(lab, roll_number)`.
    * `time`: now, unless it is said.
    """
    time = time or now()
    steps = {step.id: record.step(step.id) for step in lab.steps}
    open_steps = record.told_unasked(lab, numbers) if record.has_work else ()
    told = {step.id: time for step in open_steps}
    asked = [(step.key_of(each), each, steps[step.id]) for step in lab.steps for each in step.questions]
    answers = {key: done.said(question.part) for key, question, done in asked}
    hypotheses = {key: done.hypothesis for key, question, done in asked if question.is_hypothesis}
    return HandIn(
        name=name[:1000],
        roll_number=roll_number[:1000],
        time=time,
        lab=OfLab(lab.id, lab.version, lab.sha256),
        experiment=numbers.experiment,
        seed_from_roll_number=lab.seed_from_roll_number,
        data=OfData(numbers.data_name, numbers.data_sha256),
        runs=numbers.runs,
        measured=numbers.measured,
        predictions={key: step.prediction for key, step in steps.items() if step.prediction is not None},
        given_up={key: step.given_up for key, step in steps.items() if step.given_up} | told,
        answers={key: text for key, text in answers.items() if text.strip()},
        hypotheses={key: versions for key, versions in hypotheses.items() if versions},
        done={key: step.done for key, step in steps.items() if step.done},
        own=record.own,
        versions=numbers.versions,
    ).sealed()


def own_pixels(own: OwnImage | None, dataset: Dataset) -> ByteArray | None:
    """Return the student's own image, if it is of the shape of the data."""
    return None if own is None or own.shape != dataset.input_shape else own.array


def versions() -> dict[str, str]:
    """Return the versions of everything that decides the numbers."""
    return {
        "CNNViz": __version__,
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "system": f"{platform.system()} {platform.machine()}",
    }


def command_line(experiment: Experiment, dataset: Dataset, sample: int = 0) -> str:
    """Return the command that runs the lab again with the same settings.

    What differs from the nearest preset is named; settings without an option of their own by ``--set``.
    """
    name = min(PRESETS, key=lambda each: len(experiment.differing(PRESETS[each])))
    words = ["cnnviz", "--headless", "--preset", name]
    if dataset.path is not None and dataset.path != MNIST_FOLDER:
        words += ["--data", str(dataset.path)]
    for setting in experiment.differing(PRESETS[name]):
        value: Any = getattr(experiment, setting)
        if setting == "classes":
            words += ["--classes", *value]
        elif setting in ("epochs", "batch_size", "learning_rate", "seed"):
            words += [f"--{setting.replace('_', '-')}", repr(value)]
        else:
            numbers = cast("tuple[int, ...]", value) if isinstance(value, tuple) else (value,)
            text = ",".join(map(str, numbers))
            words += ["--set", f"{setting}={text.lower() if isinstance(value, bool) else text}"]
    if sample:
        words += ["--sample", str(sample)]
    return shlex.join([*words, "--report", "lab5.pdf"])


def _settings_table(experiment: Experiment, trained: int | None = None) -> Table:
    """List the settings of a run; `trained`: its steps, which may be more than the epochs it began with."""
    written = {
        name.replace("_", " "): setting.written(getattr(experiment, name))
        for name, setting in SETTINGS.items()
        if name not in experiment.unused
    }
    if trained is not None:
        written = {("trained" if name == "epochs" else name): text for name, text in written.items()}
        written["trained"] = format_many(trained, "step")
    rows, caption = written.items(), "Settings of the run."
    if written.get("init") == "exercise":
        caption += f" Initial weights as in the exercise: {EXERCISE}."
    return table("settings", caption, [("setting", "text"), ("value", "text")], rows, 3)


def appendix_blocks(bench: Bench) -> Iterator[Words | Table]:
    """Yield how to measure again what was measured on a bench."""
    experiment, dataset = bench.experiment, bench.dataset
    if dataset.path is None or dataset.path.is_absolute():  # no command has data that lie in a document
        yield Words("This command, with the same seed and versions, gives the same numbers:")
        yield Words(command_line(experiment, dataset, bench.settings.sample), "code")
    yield _settings_table(experiment)
    images = (
        f"{dataset.name}: {format_count(len(dataset.train_labels))} training, "
        f"{format_count(len(dataset.test_labels))} test images"
    )
    rows: list[tuple[Cell, ...]] = [*versions().items(), ("data", images)]
    rows.append(("SHA-256 of the data", dataset.sha256))
    yield table("versions", "Versions and data.", [("what", "text"), ("value", "text")], rows)
