"""Faulty surroundings: the window opens and ends well, or one sentence says why it does not."""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from soak.children import Child, complaint
from soak.places import ROOT, Place, private_place
from soak.results import Result
from soak.settings import Settings

_OPENS_WITHIN, _ENDS_WITHIN = 60.0, 20.0
_LONGEST = 400
_BAD_INPUT = 2


@dataclass
class Case:
    """Something that is not as it should be.

    Attributes
    ----------
    name : str
    changes : dict
        Variables of the environment; None takes one away.
    prepare : callable
        Given the place; returns a function that undoes it, or None.
    popen : dict
        Further arguments of the process.
    may_refuse : bool
        Whether not to open is right, with a sentence.
    """

    name: str
    changes: dict[str, str | None] = field(default_factory=dict[str, str | None])
    prepare: Callable[[Place], Callable[[], object] | None] = lambda _place: None
    popen: dict[str, Any] = field(default_factory=dict[str, Any])
    may_refuse: bool = False


def run(settings: Settings) -> Result:
    """Try each case, while there is time."""
    result = Result("surroundings", "starts with something missing, damaged or full")
    cases = _cases(result)
    refused = 0
    for case in cases:
        if result.count >= 10 and settings.left <= 0:
            result.notes.append(f"{len(cases) - result.count} of {len(cases)} were left out: the time was up")
            break
        refused += _try(result, case)
        result.count += 1
    result.worst = f"{refused} refused with a sentence"
    return result


def _try(result: Result, case: Case) -> bool:
    """Start the program in a case; return whether it was refused."""
    with private_place("around") as place:
        undo = case.prepare(place)
        cwd = {"cwd": program} if (program := place.root / "program").is_dir() else {}
        started = Child(place, ["-m", "soak.window_child", "word"], changes=case.changes, **cwd, **case.popen)
        try:
            return _judge(result, case, started)
        finally:
            started.close()
            if undo is not None:
                undo()


def _judge(result: Result, case: Case, started: Child) -> bool:
    # A window that says what it lacks is as good as one that lacks nothing.
    ready = started.wait_until(lambda: started.entries("ready") or started.entries("refused"), _OPENS_WITHIN)
    if ready is not None:
        started.say("close")
    elif started.process.poll() is None:
        result.find(f"{case.name}: the window did not open, and nothing was said")
        started.signal(signal.SIGINT)
        if started.wait(_ENDS_WITHIN) is None:
            result.find(f"{case.name}: an interrupt did not end it")
        return False
    status = started.wait(_ENDS_WITHIN)
    said = [line for line in started.stderr.splitlines() if line.strip()]
    for each in started.entries("error"):
        # What Qt says of the surroundings themselves goes to a log that nobody reads.
        if not each["text"].startswith("Qt: "):
            result.find(f"{case.name}: {each['text']}")
    if text := complaint(started, status):
        result.find(f"{case.name}: {text}")
    elif ready is None and (status != _BAD_INPUT or len(said) != 1 or len(said[0]) > _LONGEST):
        result.find(f"{case.name}: exit status {status} with {len(said)} lines: {' '.join(said[-2:])[:200]}")
    elif ready is None and not case.may_refuse:
        result.find(f"{case.name}: refused: {said[0][:200]}")
    elif ready is not None and status != 0:
        result.find(f"{case.name}: exit status {status}")
    return ready is None


def _cases(result: Result) -> list[Case]:
    cases = [
        Case("no HOME", {"HOME": None}),
        Case("a HOME that is not there", _all_folders("/nonexistent/home")),
        Case("no folder for temporary files", {"TMPDIR": "/nonexistent/tmp"}),
        Case("the locale C", {"LANG": "C", "LC_ALL": "C"}),
        Case("a Turkish locale", {"LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8"}),
        Case("a time zone that is none", {"TZ": ":nowhere"}),
        Case("a time zone without sense", {"TZ": "12:99,;M"}),
        *(Case(f"settings: {name}", prepare=_settings(text)) for name, text in _VALUES.items()),
        *(
            Case(f"{what} {name}", prepare=_program(name, what), may_refuse=True)
            for name in _PROGRAM_FILES
            for what in ("missing", "empty", "cut")
        ),
        Case("2 GB of memory", popen={"preexec_fn": _memory(2 << 30)}),
        Case("1 GB of memory", popen={"preexec_fn": _memory(1 << 30)}, may_refuse=True),
    ]
    if can_mount():
        cases += [
            Case(f"{how} {what}", prepare=_disk(what, how))
            for what in ("config", "data", "home", "tmp")
            for how in ("full", "read-only")
        ]
    else:
        result.notes.append("full and read-only disks were left out: they need root, to mount them")
    if os.geteuid() == 0:
        result.notes.append("a limit of threads was left out: the system does not bind root by it")
    else:
        cases.append(Case("no threads", popen={"preexec_fn": _no_threads}, may_refuse=True))
    return cases


# --- environment ----------------------------------------------------------------------------------------


def _all_folders(folder: str) -> dict[str, str | None]:
    return {"HOME": folder, "XDG_CONFIG_HOME": None, "XDG_DATA_HOME": None, "XDG_CACHE_HOME": None}


def _memory(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _no_threads() -> None:
    resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))


# --- settings -------------------------------------------------------------------------------------------

_KEYS = (
    "window/geometry", "window/docks", "window/panels", "view/theme", "files/folder", "files/recent",
    "export/format", "export/colours", "export/caption",
)  # fmt: skip
_VALUES = {
    "numbers": "3",
    "lists": "1, 2, three, , ",
    "damaged variants": "@Variant(\\0\\0\\0\\x7f\\0\\0)",
    "nothing": "@Invalid()",
    "bytes": "@ByteArray(\\x1\\xd9\\xd0\\xcb\\0\\x3\\0\\0\\xff\\xff\\xff\\xff)",
    "words that are long": "a" * 100_000,
    "a file that is none": None,
}


def _settings(value: str | None) -> Callable[[Place], None]:
    def prepare(place: Place) -> None:
        file = place.config / "CNNViz" / "CNNViz.conf"
        file.parent.mkdir(parents=True)
        if value is None:
            file.write_bytes(bytes(range(256)) * 40)
            return
        groups: dict[str, list[str]] = {}
        for key in _KEYS:
            group, _, name = key.partition("/")
            groups.setdefault(group, []).append(f"{name}={value}")
        file.write_text("\n".join(f"[{group}]\n" + "\n".join(lines) for group, lines in groups.items()))

    return prepare


# --- the program's own files ----------------------------------------------------------------------------

_PROGRAM_FILES = (
    "resources/style.qss", "resources/mnist/train-images-idx3-ubyte.gz", "resources/fonts", "resources/icons",
    "resources/report",
)  # fmt: skip


def _program(name: str, what: str) -> Callable[[Place], None]:
    """Run a copy of the program with a file, or all files of a folder, missing or damaged."""

    def prepare(place: Place) -> None:
        copy = place.root / "program"
        copy.mkdir()
        shutil.copy(ROOT / "main.py", copy)
        for folder in ("ui", "cnnviz", "resources"):
            shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
        target = copy / name
        for file in [each for each in target.rglob("*") if each.is_file()] if target.is_dir() else [target]:
            if what == "missing":
                file.unlink()
            else:
                file.write_bytes(file.read_bytes()[: 0 if what == "empty" else file.stat().st_size // 2])

    return prepare


# --- disks ----------------------------------------------------------------------------------------------


def _disk(what: str, how: str) -> Callable[[Place], Callable[[], object]]:
    """Let a folder of the place be a small disk, full or read-only."""

    def prepare(place: Place) -> Callable[[], object]:
        folder = place.root / what
        _mount(folder, "size=128k")
        if how == "full":
            with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as file:
                while file.write(bytes(4096)):
                    pass
        else:
            subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        return lambda: subprocess.run(["umount", "--lazy", folder], check=False)

    return prepare


def _mount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True, capture_output=True)


def can_mount() -> bool:
    """Whether this process may mount a disk, tried out."""
    if shutil.which("mount") is None:
        return False
    with private_place("mount") as place:
        try:
            _mount(place.out, "size=64k")
        except subprocess.CalledProcessError:
            return False
        subprocess.run(["umount", place.out], check=True)
        return True
