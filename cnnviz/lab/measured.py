"""Measure everything that a lab asks for: train each of its networks, and find all true answers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from cnnviz._types import ByteArray
from cnnviz.clock import now
from cnnviz.datasets import Dataset
from cnnviz.evaluation import Cancelled, CancelledError, Progress, ignore_progress, never
from cnnviz.experiment import Experiment
from cnnviz.lab.bench import Bench, trained
from cnnviz.lab.json_values import mapping, text
from cnnviz.lab.measures import measure
from cnnviz.lab.model import Lab, seed_of
from cnnviz.lab.own_pixels import OwnPixels
from cnnviz.lab.record import LabRecord
from cnnviz.lab.results import (
    HandIn,
    RunRecord,
    StepMeasured,
    measured_from,
    run_to_dict,
    runs_from,
    step_measured_to_dict,
    versions_of,
)
from cnnviz.report.lab import versions
from cnnviz.runtime import blas_kernel, one_blas_thread


@dataclass(frozen=True, slots=True)
class LabNumbers:
    """What a lab measures for one seed."""

    experiment: Experiment  # settings of the lab with this seed
    runs: tuple[RunRecord, ...]
    # in the order of the steps; of each the answer to its prediction first
    measured: tuple[StepMeasured, ...]
    versions: Mapping[str, str]  # of the programs that took part, and the kernel of matrix products
    time: str = ""  # when it was measured, such as ``"2026-01-31 14:05"``; "" where nothing was

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as values that JSON can hold."""
        return {
            "experiment": self.experiment.to_dict(),
            "runs": [run_to_dict(run) for run in self.runs],
            "measured": [step_measured_to_dict(each) for each in self.measured],
            "versions": dict(self.versions),
            "time": self.time,
        }

    @classmethod
    def from_dict(cls, values: object) -> Self:
        """Return the numbers that `to_dict` described.

        * Raises CNNVizError: if they are damaged; the message is a clause, to follow "because".
        """
        entries = mapping(values, "numbers")
        return cls(
            Experiment.from_dict(mapping(entries.get("experiment"), "experiment")),
            runs_from(entries),
            measured_from(entries),
            versions_of(entries),
            text(entries, "time"),
        )


def measured_lab(
    lab: Lab,
    dataset: Dataset,
    seed: int,
    own: ByteArray | None = None,
    *,
    progress: Progress = ignore_progress,
    cancelled: Cancelled = never,
) -> LabNumbers:
    """Train every network of a lab and measure everything.

    * `progress`: is told the share that is done, from 0 to 1.
    * `cancelled`: asked between steps; when it returns True the work stops.
    * Raises CancelledError: if `cancelled` returned True.
    * Raises CNNVizError: if data and lab do not fit, or training diverges.
    """
    benches: dict[Experiment, Bench] = {}
    runs: list[RunRecord] = []
    measured: list[StepMeasured] = []
    asking = [step for step in lab.steps if step.measurements]
    with one_blas_thread():
        for number, step in enumerate(asking):
            if cancelled():
                raise CancelledError("Measuring the lab was cancelled.")
            progress(number / len(asking))
            experiment = lab.experiment_of(step, seed)
            if experiment not in benches:
                bench = benches[experiment] = trained(experiment, dataset, own)
                runs.append(RunRecord(dict(step.show.settings), bench.step, bench.weights_sha256))
            bench = benches[experiment]
            measured += [StepMeasured(step.id, measure(each, bench)) for each in step.measurements]
    progress(1.0)
    return LabNumbers(replace(lab.experiment, seed=seed), tuple(runs), tuple(measured), _versions(), now())


def nothing_measured(lab: Lab, seed: int) -> LabNumbers:
    """Return the numbers of a lab of which none has been measured yet."""
    return LabNumbers(replace(lab.experiment, seed=seed), (), (), _versions())


def seed_for(lab: Lab, roll_number: str) -> int:
    """Return the seed with which a student's lab is measured."""
    return seed_of(roll_number) if lab.seed_from_roll_number else lab.experiment.seed


def hand_in(
    lab: Lab,
    record: LabRecord,
    numbers: LabNumbers,
    dataset: Dataset,
    *,
    name: str = "",
    roll_number: str = "",
    time: str = "",
) -> HandIn:
    """Put together what a student hands in.

    * `record`: what was done; `LabRecord.of(lab)` where there is nobody.
    * `numbers`: measured with `seed_for(lab, roll_number)`.
    * `time`: now, unless it is said.
    """
    steps = {step.id: record.step(step.id) for step in lab.steps}
    return HandIn(
        name=name,
        roll_number=roll_number,
        time=time or now(),
        lab_id=lab.id,
        lab_version=lab.version,
        lab_sha256=lab.sha256,
        experiment=numbers.experiment,
        seed_from_roll_number=lab.seed_from_roll_number,
        data_name=dataset.name,
        data_sha256=dataset.sha256,
        runs=numbers.runs,
        measured=numbers.measured,
        predictions={key: step.prediction for key, step in steps.items() if step.prediction is not None},
        given_up={key: step.given_up for key, step in steps.items() if step.given_up},
        answers={key: step.answer for key, step in steps.items() if step.answer.strip()},
        hypotheses={key: step.hypothesis for key, step in steps.items() if step.hypothesis},
        done={key: step.done for key, step in steps.items() if step.done},
        own=record.own,
        versions=numbers.versions,
    ).sealed()


def own_pixels(own: OwnPixels | None, dataset: Dataset) -> ByteArray | None:
    """Return the student's own image, if it is of the shape of the data."""
    return None if own is None or own.pixels.shape != dataset.input_shape else own.pixels


def _versions() -> Mapping[str, str]:
    """Return what decides the last bits of the numbers."""
    return {**dict(versions()), "BLAS": blas_kernel()}
