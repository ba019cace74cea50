"""Writes files of every kind in forks that are broken at one call after the other, and looks what is left."""

import contextlib
import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import typst

from cnnviz.datasets import load_mnist
from cnnviz.document import archive
from cnnviz.errors import CNNVizError
from cnnviz.lab.course import free_lab
from cnnviz.lab.document import lab_document
from cnnviz.lab.measured import hand_in, measured_lab
from cnnviz.lab.record import LabNumbers, LabRecord
from cnnviz.report.html import write_html
from cnnviz.report.pdf import write_folder, write_pdf
from soak import samples
from soak.breaking import CRASHED, Breaker
from soak.children import files_of
from soak.journal import tell
from soak.places import here

LONGEST_MESSAGE = 300
_HOW = ("crash", "full", "fault")
_BEFORE = {True: "over an old file", False: "where there was none"}
_ASIDE = ".cnnviz-"
_OLD = 2 * 24 * 3600


@dataclass(frozen=True)
class Kind:
    """A kind of file: its name, and the functions that write a version of it and read it again."""

    name: str
    write: Callable[[Path, int], object]
    read: Callable[[Path], dict[str, bytes]] = files_of  # what is in it


def kinds(numbers: LabNumbers) -> list[Kind]:
    """Return every kind of file that the program writes."""
    lab = free_lab()
    record = LabRecord.of(lab)
    handed = hand_in(lab, record, numbers)
    document = lab_document(lab, handed, record, numbers)
    documents = [replace(document, title=f"Version {number}") for number in (0, 1)]
    works = [samples.parts(f"Version {number}") for number in (0, 1)]
    return [
        Kind("a.cnnviz", lambda path, version: archive.save(path, *works[version])),
        Kind("a.safetensors", lambda path, version: samples.save_model(path, seed=version)),
        Kind("kept", lambda path, version: archive.save_in_folder(path, *works[version]), kept_in),
        Kind("a.html", lambda path, version: write_html(documents[version], path)),
        Kind("a.pdf", lambda path, version: write_pdf(documents[version], path)),
        Kind("folder", lambda path, version: write_folder(documents[version], path)),
    ]


def kept_in(folder: Path) -> dict[str, bytes]:
    """Return what the document in a folder names; nothing where there is none."""
    description = folder / "document.json"
    if not description.is_file():
        return {}
    content = description.read_bytes()
    names = [each["sha256"] for each in json.loads(content)["parts"].values()]
    return {"document.json": content} | {name: (folder / name).read_bytes() for name in names}


class Trial:
    """Breaks the writing of one kind of file.

    Parameters
    ----------
    kind : Kind
    """

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._folder = here().out / kind.name.replace(".", "-")
        self._path = self._folder / kind.name
        self._calls: dict[bool, list[str]] = {}
        self._versions = [self._reference(number) for number in (0, 1)]

    def points(self, had_old: bool) -> int:
        """Return how many calls there are when nothing is broken, with an older file there or without."""
        self._prepare(had_old)
        self._calls[had_old] = self._fork(Breaker())["calls"]
        return len(self._calls[had_old])

    def break_at(self, number: int, how: str, had_old: bool) -> list[str]:
        """Break one write, and return what is wrong afterwards."""
        self._prepare(had_old)
        outcome = self._fork(Breaker(number, how))
        calls = self._calls[had_old]
        where = f"{how} at call {number} of {len(calls)} ({calls[number - 1]}), {_BEFORE[had_old]}"
        found = self._check_state(had_old, outcome) + self._check_message(outcome)
        return [f"{text}, {where}" for text in found + self._check_swept()]

    def _reference(self, version: int) -> dict[str, bytes]:
        self._clear()
        self._kind.write(self._path, version)
        return self._kind.read(self._path)

    def _clear(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)

    def _prepare(self, had_old: bool = True) -> None:
        self._clear()
        if had_old:
            self._kind.write(self._path, 0)

    def _fork(self, breaker: Breaker) -> dict[str, Any]:
        """Write the new version in a fork; return what it told, or that it has crashed."""
        reading, writing = os.pipe()
        process = os.fork()
        if process == 0:
            self._write_and_exit(breaker, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            told = pipe.read()
        _, status = os.waitpid(process, 0)
        outcome: dict[str, Any] = json.loads(told) if told else {}
        return outcome | {"code": os.waitstatus_to_exitcode(status)}

    def _write_and_exit(self, breaker: Breaker, pipe: int) -> None:
        told: dict[str, Any] = {"message": ""}
        write_low = os.write
        try:
            breaker.install()
            self._kind.write(self._path, 1)
        except CNNVizError as error:
            told["message"] = str(error)
        except BaseException as error:  # noqa: BLE001 -- whatever it is, it is a finding
            told["error"] = f"{type(error).__name__}: {error}"
        told["calls"] = breaker.calls
        write_low(pipe, json.dumps(told).encode())
        os._exit(0)

    def _check_state(self, had_old: bool, outcome: dict[str, Any]) -> list[str]:
        old, new = self._versions
        allowed = [new, old] if had_old else [new, {}]
        # What is beside the files, under a name of its own, is swept later or is not.
        state = {n: c for n, c in self._kind.read(self._path).items() if not Path(n).name.startswith(_ASIDE)}
        if outcome["code"] == 0 and not outcome["message"] and "error" not in outcome:
            return [] if state == new else ["it says that it was written, but it is not whole"]
        others = [files_of(each) for each in self._folder.iterdir() if each != self._path]
        if state in allowed or (not state and old in others):
            return []
        kept = sum(state.get(name) == content for name, content in old.items())
        return [f"neither old nor new: {len(state)} files, {kept} of {len(old)} old ones"]

    def _check_message(self, outcome: dict[str, Any]) -> list[str]:
        if outcome["code"] not in (0, CRASHED):
            return [f"exit status {outcome['code']}"]
        if "error" in outcome:
            return [f"no sentence but {outcome['error']}"]
        text = outcome.get("message", "")
        if len(text) > LONGEST_MESSAGE or "\n" in text or (text and not text.endswith(".")):
            return [f"not one short sentence: {text[:100]}… ({len(text)} letters)"]
        return []

    def _check_swept(self) -> list[str]:
        """Let the next write, two days later, sweep what this one left."""
        long_ago = time.time() - _OLD
        for each in self._folder.rglob("*"):
            os.utime(each, (long_ago, long_ago), follow_symlinks=False)
        with contextlib.suppress(CNNVizError):
            self._kind.write(self._path, 1)
        left = [each.name for each in self._folder.iterdir() if each != self._path]
        if self._path.is_dir():
            left += sorted(set(files_of(self._path)) - {*self._versions[0], *self._versions[1]})
        return (
            [f"the next write leaves {len(left)} files of this one, such as {_shape(left[0])}"]
            if left
            else []
        )


def _shape(name: str) -> str:
    """Return a name without its random part, so that equal findings are counted together."""
    return "".join("#" if letter in "0123456789abcdef" else letter for letter in name)


def small_lab() -> LabNumbers:
    """Return what is measured for a report with every figure, of few images."""
    data = load_mnist(("0", "1"))
    few = replace(
        data,
        train_images=data.train_images[:60],
        train_labels=data.train_labels[:60],
        test_images=data.test_images[:40],
        test_labels=data.test_labels[:40],
    )
    settings = samples.experiment()
    return measured_lab(free_lab(), few, settings.seed, experiment=settings, with_results=True)


def remember_typesetting() -> None:
    """Have each page set once, before the first fork: the typesetter's threads do not survive it."""
    known: dict[str, Any] = {}
    ordinary = typst.compile

    def compile_once(source: Any, **named: Any) -> Any:
        key = repr((source, named["format"], named.get("ppi"), named.get("sys_inputs")))
        if key not in known:
            known[key] = ordinary(source, **named)
        return known[key]

    typst.compile = compile_once


def main() -> None:
    """Try every point, in an order of chance, so that a short trial tries some of all."""
    options = json.loads(sys.argv[1])
    remember_typesetting()
    os.fsync = lambda _file: None  # only a power failure would tell the difference
    trials = [(kind.name, Trial(kind)) for kind in kinds(small_lab())]
    points = [
        (name, trial, number, how, had_old)
        for name, trial in trials
        for had_old in (True, False)
        for number in range(1, trial.points(had_old) + 1)
        for how in _HOW
    ]
    end = time.monotonic() + options["seconds"]
    # By chance, but some of each kind first.
    chance = Random(options["seed"])
    counts = Counter(point[0] for point in points)
    points.sort(key=lambda point: counts[point[0]] * chance.random())
    tried: dict[str, int] = dict.fromkeys([name for name, _ in trials], 0)
    for name, trial, number, how, had_old in points:
        if time.monotonic() > end:
            break
        tried[name] += 1
        if found := trial.break_at(number, how, had_old):
            tell("fault", file=name, findings=found)
    for name, count in tried.items():
        tell("done", file=name, tried=count, points=counts[name])


if __name__ == "__main__":
    main()
