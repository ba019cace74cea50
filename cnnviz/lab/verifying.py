"""Check the hand-ins of a course: measure each again, in as many processes as there are processors."""

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from cnnviz._types import ByteArray
from cnnviz.datasets import Dataset
from cnnviz.errors import CNNVizError, DataError, in_words
from cnnviz.files import printable
from cnnviz.lab.copies import copies
from cnnviz.lab.finding import files_in, read_hand_in
from cnnviz.lab.grading import Grade, graded, lab_of, same_kernel
from cnnviz.lab.measured import LabNumbers, measured_lab, own_pixels
from cnnviz.lab.model import Lab
from cnnviz.lab.opening import lab_data
from cnnviz.lab.reading import parse_lab
from cnnviz.lab.results import HandIn

KERNELS = ("Katmai", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids")
"""Kernels of OpenBLAS for 64-bit PCs, as `OPENBLAS_CORETYPE` names them."""

type Report = Callable[[int, int], None]
"""Is told how many of how many hand-ins have been measured."""


def _ignore(done: int, total: int) -> None:
    """Do nothing with the progress."""
    del done, total


@dataclass(frozen=True, slots=True)
class Row:
    """One student.

    Attributes
    ----------
    files : tuple of Path
        One, or several with the same content.
    handed : HandIn or None
        None where the file could not be read.
    grade : Grade or None
        None where nothing could be measured.
    shared : tuple of str
        What it shares with hand-ins of other students.
    reason : str
        Why there are no results, or no grade.
    """

    files: tuple[Path, ...]
    handed: HandIn | None = None
    grade: Grade | None = None
    shared: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_clean(self) -> bool:
        """Whether it was measured, and every number agrees and nothing is suspicious."""
        return self.grade is not None and not self.grade.differing and not self.grade.suspicious


@dataclass(frozen=True, slots=True)
class _Task:
    """What one process measures: a lab with one seed."""

    source: str
    seed: int
    own: ByteArray | None
    data: Path | None


def verify(
    paths: Sequence[Path],
    labs: Mapping[str, Lab],
    data: Path | None = None,
    *,
    report: Report = _ignore,
    processes: int | None = None,
) -> list[Row]:
    """Check everything in some files and folders.

    Parameters
    ----------
    paths : sequence of Path
    labs : mapping from SHA-256 to Lab
        The labs that can be checked.
    data : Path, optional
        Data of the course; None for MNIST.
    report : callable
    processes : int, optional
        How many work at once; by default one for each processor.

    Returns
    -------
    list of Row
        One for each student, in the order of their files.

    Raises
    ------
    CNNVizError
        If a path does not exist, or the data cannot be read.
    """
    rows = _read([file for path in paths for file in files_in(path)])
    tasks = {place: task for place, row in enumerate(rows) if (task := _task(row, labs, data)) is not None}
    workers = processes or os.cpu_count() or 1
    numbers = dict(_measured(tasks, report, workers))
    rows = [_graded(row, labs, data, numbers.get(place)) for place, row in enumerate(rows)]
    for place, again in _with_their_kernels(rows, numbers, tasks, workers):
        rows[place] = _graded(rows[place], labs, data, again)
    readable = [place for place, row in enumerate(rows) if row.handed is not None]
    shared = copies(
        [handed for row in rows if (handed := row.handed) is not None],
        [rows[place].files[0].name for place in readable],
        labs,
        [rows[place].is_clean for place in readable],
    )
    for place, clauses in zip(readable, shared, strict=True):
        rows[place] = replace(rows[place], shared=tuple(clauses))
    return rows


def _read(files: Sequence[Path]) -> list[Row]:
    """Return a row for each student; files of one student with the same content share one."""
    rows: list[Row] = []
    places: dict[str, int] = {}
    for file in files:
        try:
            handed = read_hand_in(file)
        except DataError as error:
            rows.append(Row((file,), reason=str(error)))
            continue
        content = handed.to_json()
        if content in places:
            old = rows[places[content]]
            rows[places[content]] = Row((*old.files, file), handed)
        else:
            places[content] = len(rows)
            rows.append(Row((file,), handed))
    return rows


def _task(row: Row, labs: Mapping[str, Lab], data: Path | None) -> _Task | None:
    handed = row.handed
    if handed is None or _why_not(handed, labs, data):
        return None
    lab = lab_of(handed, labs)
    assert lab is not None
    own = own_pixels(handed.own, _dataset(data, lab.experiment.classes))
    return _Task(lab.source, handed.experiment.seed, own, data)


def _why_not(handed: HandIn, labs: Mapping[str, Lab], data: Path | None) -> str:
    """Return why a hand-in cannot be compared, as a sentence; "" where it can."""
    lab = lab_of(handed, labs)
    if lab is None:
        name = printable(f"{handed.lab_id} {handed.lab_version}", 60)
        known = any(each.id == handed.lab_id for each in labs.values())
        where = "known here in another version" if known else "not known here"
        return f"The lab {name} is {where}; give its file with --lab."
    if _dataset(data, lab.experiment.classes).sha256 != handed.data_sha256:
        return f"It was done with other data ({printable(handed.data_name, 40)}); give them with --data."
    return ""


def _measured(
    tasks: Mapping[int, _Task], report: Report, processes: int
) -> Iterator[tuple[int, LabNumbers | str]]:
    """Yield the numbers of each task, or a sentence; equal ones are measured once."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for place, task in tasks.items():
        key = task.source, task.seed, None if task.own is None else task.own.tobytes()
        groups.setdefault(key, []).append(place)
    by_first = {places[0]: places for places in groups.values()}
    done = 0
    for first, found in _in_parallel({place: tasks[place] for place in by_first}, processes):
        done += len(by_first[first])
        report(done, len(tasks))
        for place in by_first[first]:
            yield place, found


def _with_their_kernels(
    rows: Sequence[Row],
    numbers: Mapping[int, LabNumbers | str],
    tasks: Mapping[int, _Task],
    workers: int,
) -> Iterator[tuple[int, LabNumbers]]:
    """Measure those that differ again with the kernel they were made with, where this processor has it."""
    by_kernel: dict[str, dict[int, _Task]] = {}
    for place, row in enumerate(rows):
        handed, found = row.handed, numbers.get(place)
        if handed is None or row.grade is None or not row.grade.differing or isinstance(found, str | None):
            continue
        kernel = handed.versions.get("BLAS", "").rpartition(" ")[2]
        if kernel in KERNELS and not same_kernel(handed, found):
            by_kernel.setdefault(kernel, {})[place] = tasks[place]
    for kernel, again in by_kernel.items():
        # A processor without its instructions ends the process: then the numbers stay as they are.
        with contextlib.suppress(CNNVizError), _environment("OPENBLAS_CORETYPE", kernel):
            for place, found in list(_in_processes(again, workers)):
                handed = rows[place].handed
                if handed is not None and not isinstance(found, str) and same_kernel(handed, found):
                    yield place, found


@contextlib.contextmanager
def _environment(name: str, value: str) -> Generator[None]:
    """Set a variable of the environment for the processes that are begun meanwhile."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _in_parallel(tasks: Mapping[int, _Task], workers: int) -> Iterator[tuple[int, LabNumbers | str]]:
    if min(workers, len(tasks)) > 1:
        yield from _in_processes(tasks, workers)
        return
    for place, task in tasks.items():
        yield place, _measure(task)


def _in_processes(tasks: Mapping[int, _Task], workers: int) -> Iterator[tuple[int, LabNumbers | str]]:
    # Begun anew, for a copy of a process with threads may stand still for ever.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(tasks)), mp_context=context) as pool:
        futures = {pool.submit(_measure, task): place for place, task in tasks.items()}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool as error:
            raise CNNVizError(
                "A process that measured a hand-in was ended by the system, for lack of memory perhaps. "
                "Close other programs, and verify again."
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _measure(task: _Task) -> LabNumbers | str:
    """Measure a lab; what goes wrong is a sentence about this hand-in, and no end of all others."""
    lab, _ = parse_lab(task.source)
    assert lab is not None
    try:
        return measured_lab(lab, _dataset(task.data, lab.experiment.classes), task.seed, task.own)
    except (CNNVizError, MemoryError) as error:
        return in_words(error)


@lru_cache(maxsize=4)
def _dataset(data: Path | None, classes: tuple[str, ...]) -> Dataset:
    return lab_data(data, classes)


def _graded(row: Row, labs: Mapping[str, Lab], data: Path | None, numbers: LabNumbers | str | None) -> Row:
    handed = row.handed
    if handed is None:
        return row
    if numbers is None:
        return replace(row, reason=_why_not(handed, labs, data))
    if isinstance(numbers, str):
        return replace(row, reason=f"It cannot be measured: {numbers}")
    lab = lab_of(handed, labs)
    assert lab is not None
    return replace(row, grade=graded(handed, lab, numbers))
