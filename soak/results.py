"""What a part reports, and the table of all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass
class Result:
    """Outcome of one part.

    Attributes
    ----------
    part : str
    done : str
        What was done, in a few words.
    count : int
        How often.
    worst : str
        The worst figures met, findings or not.
    findings : list of str
        What broke a promise, a line each.
    notes : list of str
        What was left out, and why; and figures that are no promise.
    """

    part: str
    done: str
    count: int = 0
    worst: str = ""
    findings: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])

    def find(self, text: str) -> None:
        """Add a finding, in one line."""
        self.findings.append(" ".join(text.split()))


def counted(texts: Sequence[str]) -> list[str]:
    """Return each text once, in the order of first occurrence, with how often it came."""
    return [
        text if texts.count(text) == 1 else f"{text} ({texts.count(text)} times)"
        for text in dict.fromkeys(texts)
    ]


def report(results: Iterable[Result]) -> str:
    """Return the table, and below it every finding and note."""
    results = list(results)
    header = ("part", "what was done", "how many", "findings", "worst figure")
    rows = [
        header,
        *((each.part, each.done, f"{each.count:,}", str(len(each.findings)), each.worst) for each in results),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    for each in results:
        lines += [f"FINDING {each.part}: {text}" for text in counted(each.findings)]
    for each in results:
        lines += [f"note    {each.part}: {text}" for text in counted(each.notes)]
    return "\n".join(lines)


def status(results: Iterable[Result]) -> int:
    """Return the exit status: 1 if anything was found."""
    return int(any(each.findings for each in results))
