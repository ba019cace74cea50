"""What a student hands in, as a value: `results.json`.

Everything that a grader needs is in it, and everything that is needed to measure the numbers again. The
schema is ``resources/labs/results.schema.json``.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from cnnviz import __version__
from cnnviz.experiment import Experiment
from cnnviz.lab.measured_json import measured_to_dict
from cnnviz.lab.measures import Measured
from cnnviz.lab.record import Commitment, commitment_to_dict
from cnnviz.report.content import Version, version_to_dict
from cnnviz.session_state import OwnPixels

FORMAT = "cnnviz-results"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One of the networks that were measured.

    * `settings`: settings that differ from those of the lab; empty for its own.
    * `steps`: training steps.
    """

    settings: Mapping[str, Any]
    steps: int
    weights_sha256: str


@dataclass(frozen=True, slots=True)
class StepMeasured:
    """A number that was measured for a step."""

    step: str
    measured: Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class HandIn:
    """The results of one student.

    * `time`: when it was written.
    * `experiment`: settings of the lab, with the student's seed.
    * `seed_from_roll_number`: whether the seed was to be made of the roll number.
    * `given_up`: when the result of a step was shown without a prediction.
    * `done`: when each step was ticked.
    * `own`: the student's own image.
    * `versions`: of the programs that took part, and the kernels of the matrix products.
    * `version`: of CNNViz.
    * `checksum`: SHA-256 of all else, as `sealed` computes it; "" before it is sealed.
    """

    name: str
    roll_number: str
    time: str
    lab_id: str
    lab_version: str
    lab_sha256: str
    experiment: Experiment
    seed_from_roll_number: bool
    data_name: str
    data_sha256: str
    runs: tuple[RunRecord, ...]
    measured: tuple[StepMeasured, ...]
    predictions: Mapping[str, Commitment] = field(default_factory=dict[str, Commitment])
    given_up: Mapping[str, str] = field(default_factory=dict[str, str])
    answers: Mapping[str, str] = field(default_factory=dict[str, str])
    hypotheses: Mapping[str, tuple[Version, ...]] = field(default_factory=dict[str, tuple[Version, ...]])
    done: Mapping[str, str] = field(default_factory=dict[str, str])
    own: OwnPixels | None = None
    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    version: str = __version__
    checksum: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the results as values that JSON can hold."""
        return {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "version": self.version,
            "name": self.name,
            "roll_number": self.roll_number,
            "time": self.time,
            "lab": {"id": self.lab_id, "version": self.lab_version, "sha256": self.lab_sha256},
            "experiment": self.experiment.to_dict(),
            "seed_from_roll_number": self.seed_from_roll_number,
            "data": {"name": self.data_name, "sha256": self.data_sha256},
            "runs": [run_to_dict(run) for run in self.runs],
            "measured": [step_measured_to_dict(each) for each in self.measured],
            "predictions": {step: commitment_to_dict(each) for step, each in self.predictions.items()},
            "given_up": dict(self.given_up),
            "answers": dict(self.answers),
            "hypotheses": {
                step: [version_to_dict(version) for version in versions]
                for step, versions in self.hypotheses.items()
            },
            "done": dict(self.done),
            "own": None if self.own is None else self.own.to_dict(),
            "versions": dict(self.versions),
            "checksum": self.checksum,
        }

    @property
    def right_checksum(self) -> str:
        """The checksum that belongs to the content: of its JSON, sorted and without blanks, in ASCII."""
        return checksum_of(self.to_dict())

    def sealed(self) -> Self:
        """Return the results with their checksum. It tells of edits, and is no proof against forgers."""
        return replace(self, checksum=self.right_checksum)

    def to_json(self) -> str:
        """Return the content of `results.json`, in pure ASCII."""
        return json.dumps(self.to_dict(), indent=1) + "\n"


def checksum_of(values: Mapping[str, Any]) -> str:
    """Return the checksum that belongs to the values of a `results.json`."""
    covered = {name: value for name, value in values.items() if name != "checksum"}
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def run_to_dict(run: RunRecord) -> dict[str, Any]:
    """Return a network that was measured as JSON holds it."""
    return {"settings": dict(run.settings), "steps": run.steps, "weights_sha256": run.weights_sha256}


def step_measured_to_dict(each: StepMeasured) -> dict[str, Any]:
    """Return a number that was measured for a step as JSON holds it."""
    return {"step": each.step, **measured_to_dict(each.measured)}
