"""What the student has written so far, as a value that a document keeps."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from cnnviz.lab.json_values import as_text, items, mapping
from cnnviz.lab.measured import LabNumbers
from cnnviz.lab.record import LabRecord
from cnnviz.report import Findings, MeasuredWith, Report
from cnnviz.report.content import MAX_WORDS, Shown, shown_from_dict
from cnnviz.report.findings import (
    findings_from_dict,
    findings_to_dict,
    measured_with_from_dict,
    measured_with_to_dict,
)

_MOST_SHOWN, _MOST_CLASSES = 1000, 10


OWN_LAB = "lab.toml"
"""What stands for a lab that does not come with the program; the document has it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A report in the making."""

    report: Report = field(default_factory=Report)
    pending: dict[str, str] = field(default_factory=dict)  # hypotheses that were typed but not recorded yet
    # which results have been on the screen, and since when, by the classes that they are about
    shown: dict[tuple[str, ...], Shown] = field(default_factory=dict)
    # what was done in guided labs, by their `LabRecord.key`
    labs: dict[str, LabRecord] = field(default_factory=dict)
    # id of the guided lab in front if it comes with the program, `OWN_LAB` if it does not; "" for none
    lab: str = ""
    measured: MeasuredWith | None = None  # what the lab was measured with last
    findings: Findings | None = None  # what it has found; None also where that is lost
    # what was measured for the guided lab, by all that it is a function of
    numbers: dict[str, LabNumbers] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written."""
        return (
            self.report == replace(Report(), demonstrations=self.report.demonstrations) and not self.has_work
        )

    @property
    def has_work(self) -> bool:
        """Whether there is more than a title, a name, a roll number and a date."""
        return (
            self.report.demonstrations != Report().demonstrations
            or any(text.strip() for text in self.pending.values())
            or any(map(LabRecord.has_work, self.labs.values()))
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the draft as values that JSON can hold, with its figures."""
        return {
            "report": self.report.to_dict(),
            "pending": self.pending,
            "shown": [asdict(each) | {"classes": classes} for classes, each in self.shown.items()],
            "labs": [record.to_dict() for record in self.labs.values()],
            "lab": self.lab,
            "measured": None if self.measured is None else measured_with_to_dict(self.measured),
            "findings": None if self.findings is None else findings_to_dict(self.findings),
            "numbers": {key: numbers.to_dict() for key, numbers in self.numbers.items()},
        }


def draft_from_dict(values: dict[str, Any], labs: dict[str, LabRecord], lab: str) -> Draft:
    """Return the draft of which `Draft.to_dict` said all but the labs.

    * Raises CNNVizError: if it is damaged.
    """
    if not values:
        return Draft(labs=labs, lab=lab)
    pending = mapping(values.get("pending"), "pending")
    return Draft(
        Report.from_dict(values.get("report")),
        {key: as_text(text, "pending", MAX_WORDS) for key, text in pending.items()},
        dict(map(_shown, items(values.get("shown"), "shown", _MOST_SHOWN))),
        labs,
        lab,
        measured=_if_there(values.get("measured"), measured_with_from_dict),
        findings=_if_there(values.get("findings"), findings_from_dict),
        numbers=_if_there(values.get("numbers"), _numbers) or {},
    )


def _shown(values: object) -> tuple[tuple[str, ...], Shown]:
    entries = mapping(values, "shown")
    classes = items(entries.get("classes"), "classes", _MOST_CLASSES)
    return tuple(as_text(each, "classes") for each in classes), shown_from_dict(values)


def _if_there[T](values: object, read: Callable[[object], T]) -> T | None:
    return None if values is None else read(values)


def _numbers(values: object) -> dict[str, LabNumbers]:
    return {key: LabNumbers.from_dict(each) for key, each in mapping(values, "numbers", 1).items()}
