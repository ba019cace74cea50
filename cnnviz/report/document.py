"""Put a report together: the student's words around the measured results."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from types import MappingProxyType

from cnnviz.clock import beside
from cnnviz.experiment import Experiment
from cnnviz.presets import LAB5
from cnnviz.quantities import format_count
from cnnviz.report.blocks import Block, Document, Heading, Table, Words
from cnnviz.report.content import FIELDS, GUIDES, Demonstration, Guide, Report, Version, guide_of
from cnnviz.report.findings import Findings

_NOTHING: Mapping[str, str] = MappingProxyType({})


def build_document(
    report: Report,
    findings: Findings | None,
    unrecorded: Mapping[str, str] = _NOTHING,
    *,
    experiment: Experiment = LAB5,
    first: int = 1,
    asks: bool = True,
) -> Document:
    """Return the whole report as blocks.

    * `findings`: what was measured; None while the lab has not been run.
    * `unrecorded`: for a preview: hypotheses that were typed but not recorded yet, by the key of
      their demonstration.
    * `experiment`: settings of the network that the guiding questions are about.
    * `first`: number of the first demonstration.
    * `asks`: whether the questions that nothing was written about stand there, to be answered.
    """
    blocks: list[Block] = []
    for number, demonstration in enumerate(report.demonstrations, start=first):
        blocks.append(Heading(f"{number}  {GUIDES[demonstration.key].title}", 1))
        guide = guide_of(demonstration.key, experiment)
        told = _demonstration(demonstration, guide, findings, number, unrecorded.get(demonstration.key))
        blocks += told if asks else _answered(tuple(told))
    if findings is not None:
        blocks += findings.appendix
    return Document(report.title, report.author, report.roll_number, report.date, tuple(blocks))


def hypothesis_blocks(versions: tuple[Version, ...]) -> Iterator[Words]:
    """Yield the recorded hypothesis and each later edit under its stamp."""
    for number, version in enumerate(versions):
        what = "Recorded" if number == 0 else "Edited"
        yield Words(f"{what} {version.time}, {moment_of(version)}", "stamp")
        yield Words(version.text or "(deleted)", "student")


def moment_of(version: Version) -> str:
    """Say what had been on the screen when a hypothesis was written, for somebody who grades it."""
    for whose, time in (("of this lab", version.shown.lab), ("of training", version.shown.training)):
        if time:
            return f"after results {whose} had been shown at {beside(time, version.time)}"
    if version.after_run:
        return "after results of this lab had been shown"
    if version.step:
        steps = f"{format_count(version.step)} step{'s' if version.step > 1 else ''}"
        return f"after results of {steps} of training had been shown"
    return "before any result had been shown"


def insert_blocks(demonstration: Demonstration, number: int) -> Iterator[Block]:
    """Yield what the student has put in from the screen; `number` is that of the demonstration."""
    for place, insert in enumerate(demonstration.inserts, start=1):
        words = re.sub(r"[^a-z0-9]+", "-", insert.title.lower()).strip("-")[:40]
        yield insert.block(f"inserted-{number}-{place}-{words}".rstrip("-"))


def _demonstration(
    demonstration: Demonstration, guide: Guide, findings: Findings | None, number: int, unrecorded: str | None
) -> Iterator[Block]:
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
        if field == "observations" and findings is not None:
            yield Heading("Measured", 2)
            yield Words(findings.origin, "stamp")
            measured = findings.parts.get(demonstration.key, ())
            yield from (block for block in measured if not _is_inserted(block, demonstration))


def _answered(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield blocks without the questions that nothing was written about, and without headings of nothing."""
    kept = [block for block in blocks if not (isinstance(block, Words) and block.kind == "missing")]
    for block, following in zip_longest(kept, kept[1:]):
        is_empty = following is None or (isinstance(following, Heading) and following.level <= 2)
        if not (isinstance(block, Heading) and block.level == 2 and is_empty):
            yield block


def _is_inserted(block: Block, demonstration: Demonstration) -> bool:
    """Whether the student has put in the very numbers of a table."""
    return isinstance(block, Table) and any(
        insert.shows_numbers(block.data) for insert in demonstration.inserts
    )
