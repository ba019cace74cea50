"""Figures as Markdown."""

from collections.abc import Iterable, Sequence

from benchmarks.rounds import Timing


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table; all columns but the first are aligned to the right."""
    return [
        "| " + " | ".join(header) + " |",
        "|---" + "|---:" * (len(header) - 1) + "|",
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def rate(timing: Timing, images: int) -> str:
    """Return images a second, with the spread."""
    return f"{images / timing.median:,.0f} ± {timing.spread:.0%}"


def duration(timing: Timing) -> str:
    """Return a time in fitting units, with the spread."""
    return f"{seconds(timing.median)} ± {timing.spread:.0%}"


def seconds(value: float) -> str:
    """Return a time in fitting units."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value * 1e9:.0f} ns"


def verdict(ratio: float, target: float) -> str:
    """Return a ratio, and whether it reaches its target."""
    return f"{ratio:.1f} x ({'reached' if ratio >= target else 'missed'})"
