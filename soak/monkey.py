"""Random events of every kind over all panels, while training runs."""

import re
import shutil
import signal
import time
from pathlib import Path

from soak import samples
from soak.children import Child, child, complaint
from soak.journal import Entry
from soak.places import private_place
from soak.results import Result
from soak.settings import Settings
from soak.slopes import slope

_HANGS_AFTER = 60.0
#: Where letters of another size, as in presenter mode, dress and lay out the window, and how long they may.
_PRESENTING = re.compile(r"main_window\.py:\d+ (_turn|_lay_out)|manager\.py:\d+ (set_scale|_update)")
_PRESENTED = 0.5
#: Before, pages are shown for the first time, and what a run or a document holds is most of what is added.
_FEW = 4000
#: How many there may be, and what a thousand events may add in the last two thirds of a run: with all pages
#: shown there are 1,400 widgets without the rows of figures in the report, with large networks 1,000 MB.
_BOUNDS = {
    "rss": (1500.0, 40.0, "MB"), "widgets": (1800.0, 60.0, "widgets"), "threads": (20.0, 1.0, "threads"),
}  # fmt: skip


def run(settings: Settings) -> Result:
    """Play each seed until its events are done, or the time is up."""
    result = Result("monkey", f"random events, seeds {', '.join(map(str, settings.seeds))}")
    worst: list[float] = []
    peak = 0.0
    for number, seed in enumerate(settings.seeds):
        seconds = settings.left / (len(settings.seeds) - number)
        if settings.events is None and number and seconds < 20:
            result.notes.append(f"seed {seed} was left out: the time was up")
            continue
        log = settings.logs / f"monkey-{seed}.jsonl"
        entries, trouble = play(settings, seed, log, seconds)
        if trouble:
            result.find(f"seed {seed}: {trouble}; last event: {_last(log)}")
        for text in judge(entries):
            result.find(f"seed {seed}: {text}")
        result.count += len(_lines(log))
        worst += [each["worst"] for each in entries if each["kind"] == "end"]
        peak = max(peak, *(each["rss"] for each in entries if each["kind"] == "sample"), 0.0)
        result.notes += [f"seed {seed}: {figures(entries)}; events in {log}"]
    result.worst = f"turn {max(worst, default=float('nan')):.2f} s; {peak:.0f} MB"
    return result


def play(settings: Settings, seed: int, log: Path, seconds: float) -> tuple[list[Entry], str]:
    """Play one seed, or a log again; return its journal and how it ended badly, or ""."""
    with private_place(f"monkey-{seed}") as place:
        samples.write_all(place.files)
        arguments = ["--seed", str(seed), "--log", str(log), "--events", str(settings.events or 10**9)]
        if settings.replay is not None:
            shutil.copy(settings.replay, copy := place.root / "replayed.jsonl")
            arguments += ["--replay", str(copy)]
        with child(place, "monkey_child", *arguments, *settings.extra) as started:
            trouble = _watch(started, log, None if settings.events or settings.replay else seconds)
            log.with_suffix(".stderr").write_text(started.stderr)
            shutil.copy(started.journal, log.with_suffix(".journal"))
            return started.entries(), trouble


def _watch(started: Child, log: Path, seconds: float | None) -> str:
    """Wait for the end; send it when the time is up; say if nothing moves any more."""
    began = moved = time.monotonic()
    size = 0
    while (status := started.wait(0.5)) is None:
        now = time.monotonic()
        grown = log.stat().st_size if log.exists() else 0
        if grown != size:
            size, moved = grown, now
        if seconds is not None and now - began > seconds:
            started.say("end")
            seconds = None
        if now - moved > _HANGS_AFTER and not started.entries("end"):
            started.signal(signal.SIGABRT)  # faulthandler tells where it stands
            started.wait(10)
            return f"nothing moved for {_HANGS_AFTER:.0f} s; {complaint(started, started.wait(1))}"
    return complaint(started, status) or ("" if status == 0 else f"exit status {status}")


def judge(entries: list[Entry]) -> list[str]:
    """Return the findings in a journal."""
    found = [each["text"] for each in entries if each["kind"] == "error"]
    for each in entries:
        if each["kind"] == "turn":
            if each["seconds"] <= _PRESENTED and any(map(_PRESENTING.search, each["where"])):
                continue
            where = each["where"][-1] if each["where"] else "?"
            found.append(f"a turn of {each['seconds']:.2f} s of processor time at {where}, {each['during']}")
    for name, (most, bound, unit) in _BOUNDS.items():
        there = max((each.get(name, 0.0) for each in entries if each["kind"] == "sample"), default=0.0)
        if there > most:
            found.append(f"{there:.0f} {unit}; {most:.0f} are allowed")
        growth = _growth(entries, name)
        if growth > bound:
            found.append(f"{growth:+.0f} {unit} in 1,000 events; {bound:.0f} are allowed")
    return found


def figures(entries: list[Entry]) -> str:
    """Return what was measured, in a line."""
    taken = [each for each in entries if each["kind"] == "sample"]
    if not taken:
        return "no samples"
    counts = [each["widgets"] for each in taken if "widgets" in each]
    return (
        f"{taken[-1]['event']:,} events; memory {taken[0]['rss']:.0f} to {taken[-1]['rss']:.0f} MB "
        f"({_growth(entries, 'rss'):+.1f} MB, {_growth(entries, 'widgets'):+.1f} widgets in 1,000 events at "
        f"the end), widgets {counts[:1]} to {counts[-1:]}, threads {taken[-1]['threads']}"
    )


def _growth(entries: list[Entry], name: str) -> float:
    taken = [each for each in entries if each["kind"] == "sample" and name in each]
    if not taken or taken[-1]["event"] < _FEW:
        return 0.0
    return 1000 * slope([each[name] for each in taken], [each["event"] for each in taken])


def _lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def _last(log: Path) -> str:
    return (_lines(log) or ["none"])[-1]
