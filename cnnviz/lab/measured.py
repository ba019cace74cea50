"""Measure everything that a lab asks for: train each of its networks, find all true answers and results."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from msgspec import structs

from cnnviz._types import ByteArray
from cnnviz.clock import now
from cnnviz.datasets import Dataset
from cnnviz.evaluation import Cancelled, CancelledError, Progress, ignore_progress, never
from cnnviz.experiment import Experiment
from cnnviz.lab.bench import Bench, trained
from cnnviz.lab.measures import measure
from cnnviz.lab.model import Lab, Step, seed_of
from cnnviz.lab.record import LabNumbers, LabRecord, OwnImage, RunRecord, StepMeasured
from cnnviz.lab.results import HandIn, OfData, OfLab
from cnnviz.report.blocks import Measured
from cnnviz.report.lab import LabResults, LabSettings, measure_lab, trained_run, versions
from cnnviz.report.results import appendix_blocks, result_blocks
from cnnviz.runtime import blas_kernel, one_blas_thread

_TRAINING = 0.4  # share of the time that training takes, of a network whose results are measured, too


def measured_lab(
    lab: Lab,
    dataset: Dataset,
    seed: int,
    own: ByteArray | None = None,
    *,
    experiment: Experiment | None = None,
    sample: int | None = None,
    with_results: bool = False,
    progress: Progress = ignore_progress,
    cancelled: Cancelled = never,
) -> LabNumbers:
    """Train every network of a lab and measure everything.

    * `seed`: that of the student.
    * `experiment`: other settings than those of the lab, as a free one takes them, with their seed.
    * `sample`: test image of which the results are; None for that of the lab.
    * `with_results`: whether the formulas, tables and figures of the report are measured, too.
    * `progress`: is told the share that is done, from 0 to 1.
    * `cancelled`: asked many times a second; when it returns True the work stops.
    * Raises CancelledError: if `cancelled` returned True.
    * Raises CNNVizError: if data and lab do not fit, or training diverges.
    """
    experiment = replace(lab.experiment, seed=seed) if experiment is None else experiment
    steps: dict[Experiment, list[Step]] = {}
    for step in lab.steps:
        if step.measurements or (with_results and step.results):
            steps.setdefault(replace(experiment, **step.show.settings), []).append(step)
    look = lab.start.sample or 0 if sample is None else sample
    runs: list[RunRecord] = []
    measured: dict[str, list[StepMeasured]] = {}
    numbers = LabNumbers(
        experiment, versions={**dict(versions()), "BLAS": blas_kernel()}, data_name=dataset.name[:200],
        data_sha256=dataset.sha256, lab_sha256=lab.sha256, own_sha256=_checksum(own), sample=look,
        channels=dataset.input_shape[0],
    )  # fmt: skip
    with one_blas_thread():
        for number, (settings, asking) in enumerate(steps.items()):

            def report(share: float, number: int = number) -> None:
                progress((number + share) / len(steps))

            report(0.0)
            if with_results and any(step.results for step in asking):
                trainer, history = trained_run(
                    settings, dataset, lambda share: report(_TRAINING * share), cancelled
                )
                results = measure_lab(
                    settings, dataset, trainer.network, history, LabSettings(sample=look),
                    progress=lambda _stage, share: report(_TRAINING + 0.5 * share), cancelled=cancelled,
                )  # fmt: skip
                bench = Bench(settings, dataset, trainer.network, trainer.step, own)
                numbers = with_parts(numbers, asking, results)
            else:
                bench = trained(settings, dataset, own)
            runs.append(RunRecord(dict(asking[0].show.settings), bench.step, bench.weights_sha256))
            for step in asking:
                if cancelled():
                    raise CancelledError("Measuring the lab was cancelled.")
                measured[step.id] = [
                    StepMeasured.of(step.id, measure(each, bench)) for each in step.measurements
                ]
    progress(1.0)
    found = tuple(each for step in lab.steps for each in measured.get(step.id, ()))
    return sealed(structs.replace(numbers, runs=tuple(runs), measured=found, time=now()))


def measured_of(lab: Lab, results: LabResults) -> LabNumbers:
    """Return the numbers of a lab that asks for nothing but results, which are measured already."""
    numbers = LabNumbers(
        results.experiment, versions=dict(results.versions), data_name=results.data_name[:200],
        data_sha256=results.data_sha256, lab_sha256=lab.sha256, sample=results.sample.index,
        channels=len(results.sample.pixels), runs=(RunRecord({}, results.training.steps, ""),), time=now(),
    )  # fmt: skip
    return sealed(with_parts(numbers, lab.steps, results))


def with_parts(numbers: LabNumbers, steps: Sequence[Step], results: LabResults) -> LabNumbers:
    """Return the numbers with what the report shows of the results of one network."""
    parts: dict[str, tuple[Measured, ...]] = dict(numbers.parts)
    for step in steps:
        found = [block for each in step.results for block in result_blocks(each.title, each.show, results)]
        if found:
            parts[step.id] = tuple(found)
    if results.experiment == numbers.experiment:
        appendix, accuracy = tuple(appendix_blocks(results)), results.training.after.accuracy
        return structs.replace(numbers, parts=parts, appendix=appendix, accuracy=accuracy)
    return structs.replace(numbers, parts=parts)


def sealed(numbers: LabNumbers) -> LabNumbers:
    """Return the numbers with their checksum."""
    return structs.replace(numbers, checksum=numbers.right_checksum)


def are_of(numbers: LabNumbers, lab: Lab, experiment: Experiment, own: ByteArray | None) -> bool:
    """Whether numbers are those of a lab with these settings and this image; the data may be others."""
    known = (numbers.lab_sha256, numbers.experiment, numbers.own_sha256)
    return not numbers.is_lost and known == (lab.sha256, experiment, _checksum(own))


def _checksum(own: ByteArray | None) -> str:
    return "" if own is None else hashlib.sha256(own.tobytes()).hexdigest()


def seed_for(lab: Lab, roll_number: str) -> int:
    """Return the seed with which a student's lab is measured."""
    return seed_of(roll_number) if lab.seed_from_roll_number else lab.experiment.seed


def hand_in(
    lab: Lab, record: LabRecord, numbers: LabNumbers, *, name: str = "", roll_number: str = "", time: str = ""
) -> HandIn:
    """Put together what a student hands in.

    * `record`: what was done; `LabRecord.of(lab)` where there is nobody.
    * `numbers`: measured with `seed_for(lab, roll_number)`.
    * `time`: now, unless it is said.
    """
    steps = {step.id: record.step(step.id) for step in lab.steps}
    answers = {
        step.key_of(question): steps[step.id].said(question.part)
        for step in lab.steps
        for question in step.questions
    }
    hypotheses = {
        step.key_of(question): steps[step.id].hypothesis
        for step in lab.steps
        for question in step.questions
        if question.is_hypothesis
    }
    return HandIn(
        name=name[:1000],
        roll_number=roll_number[:1000],
        time=time or now(),
        lab=OfLab(lab.id, lab.version, lab.sha256),
        experiment=numbers.experiment,
        seed_from_roll_number=lab.seed_from_roll_number,
        data=OfData(numbers.data_name, numbers.data_sha256),
        runs=numbers.runs,
        measured=numbers.measured,
        predictions={key: step.prediction for key, step in steps.items() if step.prediction is not None},
        given_up={key: step.given_up for key, step in steps.items() if step.given_up},
        answers={key: text for key, text in answers.items() if text.strip()},
        hypotheses={key: versions for key, versions in hypotheses.items() if versions},
        done={key: step.done for key, step in steps.items() if step.done},
        own=record.own,
        versions=numbers.versions,
    ).sealed()


def own_pixels(own: OwnImage | None, dataset: Dataset) -> ByteArray | None:
    """Return the student's own image, if it is of the shape of the data."""
    return None if own is None or own.shape != dataset.input_shape else own.array
