"""What the numbers of a report were measured with: enough to measure the same numbers again."""

from dataclasses import dataclass
from typing import Any, Self

from cnnviz._validation import check_int
from cnnviz.errors import DataError
from cnnviz.experiment import Experiment
from cnnviz.report import LabResults

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class MeasuredWith:
    """Settings, data and image of a lab; its results are a function of them.

    Attributes
    ----------
    experiment : Experiment
    data_name, data_sha256 : str
    sample : int
        Position among the test images of the one that was looked at closely.
    """

    experiment: Experiment
    data_name: str
    data_sha256: str
    sample: int

    @classmethod
    def of(cls, results: LabResults) -> Self:
        """Return what these were measured with."""
        name = results.data_name[:_LONGEST]
        return cls(results.experiment, name, results.data_sha256, results.sample.index)

    def to_dict(self) -> dict[str, Any]:
        """Return it as values that JSON can hold."""
        data = {"data_name": self.data_name, "data_sha256": self.data_sha256}
        return {"experiment": self.experiment.to_dict(), **data, "sample": self.sample}

    @classmethod
    def from_dict(cls, values: object) -> Self:
        """Return what `to_dict` described.

        Raises
        ------
        CNNVizError
            If it is damaged.
        """
        entries: dict[str, Any] = values if isinstance(values, dict) else {}
        experiment, name, checksum = (entries.get(key) for key in ("experiment", "data_name", "data_sha256"))
        texts = all(isinstance(each, str) and len(each) <= _LONGEST for each in (name, checksum))
        if not isinstance(experiment, dict) or not texts:
            raise DataError("The lab report is damaged: what it was measured with is not to be read.")
        sample = check_int(entries.get("sample"), "sample", "a lab report", minimum=0)
        return cls(Experiment.from_dict(experiment), str(name), str(checksum), sample)
