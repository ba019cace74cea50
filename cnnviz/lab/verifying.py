"""Check the hand-ins of a course: measure each again, in as many processes as there are processors."""

import multiprocessing
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from cnnviz.errors import CNNVizError, DataError, in_words
from cnnviz.evaluation import Progress, ignore_progress
from cnnviz.files import printable, printable_name
from cnnviz.lab.course import lab_data
from cnnviz.lab.grading import Grade, graded, lab_of, same_kernel
from cnnviz.lab.measured import LabNumbers, measured_lab, own_pixels
from cnnviz.lab.model import Lab, plain_roll_number
from cnnviz.lab.pages import remarks_on_pages
from cnnviz.lab.reading import parse_lab
from cnnviz.lab.record import OwnImage
from cnnviz.lab.remarks import may_be_same_name, remarks_between, remarks_on
from cnnviz.lab.results import HandIn, Whose, hand_in_of
from cnnviz.lab.submissions import Listed, Submission, submissions

_KERNEL = "OPENBLAS_CORETYPE"
KERNELS = ("Katmai", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids")
"""Kernels of OpenBLAS for 64-bit PCs, as the variable of the environment names them."""

_ENDED = (
    "A process that measured was ended by the system, for lack of memory perhaps. Close other programs, and "
    "verify again."
)


@dataclass(frozen=True, slots=True)
class _Task:
    """What one process measures: a lab with one seed."""

    source: str
    seed: int
    own: OwnImage | None
    data: Path | None


@dataclass(frozen=True, slots=True)
class Row:
    """One student."""

    # one, or several with the same content, from what was given on; none where nothing was handed in
    files: tuple[Path, ...]
    handed: HandIn | None = None  # None where the file carries no results, or could not be read
    unmarked: Whose | None = None  # of a file that carries none
    lab: Lab | None = None  # None where it is not known here
    task: _Task | None = None  # None where there is nothing to measure
    numbers: LabNumbers | None = None  # what was measured
    grade: Grade | None = None  # None where nothing could be measured
    noted: tuple[str, ...] = ()  # what there is to look at without measuring, each as a clause
    shared: tuple[str, ...] = ()  # what there is to look at in it and others
    reason: str = ""  # why there are no results, or no grade
    listed: Listed | None = None  # the student on the list of the class
    is_listed: bool | None = None  # whether the student is on that list; None where there is no list

    @property
    def whose(self) -> HandIn | Whose | None:
        """Whose it is; None where nobody knows."""
        return self.handed or self.unmarked

    @property
    def remarks(self) -> tuple[str, ...]:
        """What there is to look at in it alone."""
        return self.noted if self.grade is None else (*self.noted, *self.grade.differing)


def verify(
    paths: Sequence[Path], labs: Mapping[str, Lab], data: Path | None = None, *,
    progress: Progress = ignore_progress, without: Sequence[Path] = (),
    students: Sequence[Listed] | None = None, processes: int | None = None,
) -> list[Row]:  # fmt: skip
    """Check everything in some files, folders and archives.

    Whatever one file holds, it costs its own row only.

    * `data`: data of the course; None for MNIST.
    * `without`: files that are no hand-ins, such as the table that is written.
    * `students`: the class.
    * `processes`: how many work at once; by default one for each processor.
    * Returns: one for each student, in the order of their files; then those of whom there is none.
    * Raises CNNVizError: if a path does not exist, or the data cannot be read.
    """
    rows = [_with_task(row, data) for row in _read(submissions(paths, without), labs)]
    workers = processes or os.cpu_count() or 1
    for place, found in _measured(rows, progress, workers):
        rows[place] = _graded(rows[place], found)
    for place, again in _with_their_kernels(rows, workers):
        rows[place] = _graded(rows[place], again)
    rows = _compared(rows, labs)
    return rows if students is None else _with_class(rows, students)


def _read(handed_in: Iterable[Submission], labs: Mapping[str, Lab]) -> list[Row]:
    """Return a row for each student; files of one student with the same content share one."""
    rows: list[Row] = []
    places: dict[str, int] = {}
    for file in handed_in:
        row = _row(file, labs)
        content = "" if row.handed is None else row.handed.to_json()
        if content and content in places:
            old = rows[places[content]]
            noted = tuple(dict.fromkeys((*old.noted, *row.noted)))
            rows[places[content]] = replace(old, files=(*old.files, file.path), noted=noted)
        else:
            if content:
                places[content] = len(rows)
            rows.append(row)
    return rows


def _row(file: Submission, labs: Mapping[str, Lab]) -> Row:
    if file.trouble:
        return Row((file.path,), reason=file.trouble)
    try:
        handed = hand_in_of(file.content, file.path)
        if isinstance(handed, Whose):
            reason = f"is {handed.without_results}; ask for the report of the lab."
            return Row((file.path,), unmarked=handed, reason=f"{printable_name(file.path)} {reason}")
        lab = lab_of(handed, labs)
        pages = remarks_on_pages(file.content, handed, lab, printable_name(file.path))
        return Row((file.path,), handed=handed, lab=lab, noted=(*remarks_on(handed, lab), *pages))
    except DataError as error:
        return Row((file.path,), reason=str(error))
    except Exception as error:  # noqa: BLE001 -- what one file does must not cost the rows of the others
        return Row((file.path,), reason=f"{printable_name(file.path)} {_failed(error)}")


def _failed(error: Exception) -> str:
    """Say that a file was too much for the program, to follow its name."""
    return in_words(error) or f"cannot be checked by this program ({type(error).__name__}); check it by hand."


def _compared(rows: Sequence[Row], labs: Mapping[str, Lab]) -> list[Row]:
    """Return the rows with what there is to look at beside the others."""
    places = [place for place, row in enumerate(rows) if row.handed is not None]
    handed = [handed for row in rows if (handed := row.handed) is not None]
    names = [printable(rows[place].files[0].as_posix()) for place in places]
    clean = [rows[place].grade is not None and not rows[place].remarks for place in places]
    compared = list(rows)
    for place, shared in zip(places, remarks_between(handed, names, labs, clean), strict=True):
        compared[place] = replace(rows[place], shared=tuple(shared))
    return compared


def _with_task(row: Row, data: Path | None) -> Row:
    """Return a row with what there is to measure, or with the sentence that says why there is nothing."""
    handed, lab = row.handed, row.lab
    if handed is None:
        return row
    if lab is None:
        name = printable(f"{handed.lab.id} {handed.lab.version}", 60)
        return replace(row, reason=f"The lab {name} is not known here; give its file with --lab.")
    try:
        dataset = _dataset(data, lab.experiment.classes)
    except CNNVizError as error:
        return replace(row, reason=str(error))
    if dataset.sha256 != handed.data.sha256:
        reason = f"It was done with other data ({printable(handed.data.name, 40)}); give them with --data."
        return replace(row, reason=reason)
    return replace(row, task=_Task(lab.source, handed.experiment.seed, handed.own, data))


def _measured(
    rows: Sequence[Row], progress: Progress, processes: int
) -> Iterator[tuple[int, LabNumbers | str]]:
    """Yield the numbers of each task, or a sentence; equal ones are measured once."""
    places: dict[_Task, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        if row.task is not None:
            places[row.task].append(place)
    done, total, workers = 0, sum(map(len, places.values())), min(processes, len(places))
    alone = ((task, _measure(task)) for task in places)
    for task, found in _in_processes(places, workers) if workers > 1 else alone:
        done += len(places[task])
        progress(done / total)
        for place in places[task]:
            yield place, found


def _with_their_kernels(rows: Sequence[Row], workers: int) -> Iterator[tuple[int, LabNumbers]]:
    """Measure those that differ again with the kernel they were made with, where this processor has it."""
    by_kernel: dict[str, dict[_Task, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, row in enumerate(rows):
        if row.handed is None or row.task is None or row.grade is None or row.numbers is None:
            continue
        kernel = row.handed.versions.get("BLAS", "").rpartition(" ")[2]
        is_other = kernel in KERNELS and not same_kernel(row.handed, row.numbers)
        if is_other and (row.grade.differing or row.grade.not_comparable):
            by_kernel[kernel][row.task].append(place)
    before = os.environ.get(_KERNEL)
    for kernel, again in by_kernel.items():
        # A processor without its instructions ends the process: then the numbers stay as they are.
        os.environ[_KERNEL] = kernel
        try:
            measured = list(_in_processes(again, workers))
        finally:
            del os.environ[_KERNEL]
            os.environ.update({} if before is None else {_KERNEL: before})
        for place, found in ((place, found) for task, found in measured for place in again[task]):
            handed = rows[place].handed
            if handed is not None and not isinstance(found, str) and same_kernel(handed, found):
                yield place, found


def _in_processes(tasks: Collection[_Task], workers: int) -> Iterator[tuple[_Task, LabNumbers | str]]:
    # Begun anew, for a copy of a process with threads may stand still for ever.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(tasks)), mp_context=context) as pool:
        futures = {pool.submit(_measure, task): task for task in tasks}
        left = set(tasks)
        try:
            for future in as_completed(futures):
                found = future.result()
                left.remove(futures[future])
                yield futures[future], found
        except BrokenProcessPool:
            yield from ((task, _ENDED) for task in left)
        finally:
            pool.shutdown(cancel_futures=True)


def _measure(task: _Task) -> LabNumbers | str:
    """Measure a lab; what goes wrong is a sentence about this hand-in, and no end of all others."""
    lab, _ = _parsed(task.source)
    assert lab is not None
    try:
        dataset = _dataset(task.data, lab.experiment.classes)
        return measured_lab(lab, dataset, task.seed, own_pixels(task.own, dataset))
    except Exception as error:  # noqa: BLE001 -- what one hand-in does must not cost the rows of the others
        return in_words(error) or f"The program failed on it ({type(error).__name__})."


_parsed, _dataset = lru_cache(maxsize=4)(parse_lab), lru_cache(maxsize=4)(lab_data)


def _graded(row: Row, numbers: LabNumbers | str) -> Row:
    """Return a row with what was measured, or with the sentence that says why not."""
    handed, lab = row.handed, row.lab
    assert handed is not None
    assert lab is not None
    if isinstance(numbers, str):
        return replace(row, reason=f"It cannot be measured: {numbers}")
    try:
        return replace(row, numbers=numbers, grade=graded(handed, lab, numbers))
    except Exception as error:  # noqa: BLE001 -- what one file holds must not cost the rows of the others
        return replace(row, reason=f"{printable_name(row.files[0])} {_failed(error)}")


def _with_class(rows: Sequence[Row], students: Sequence[Listed]) -> list[Row]:
    """Return the rows with the students of a class, and after them those who handed in nothing."""
    expected = {plain_roll_number(each.roll_number): each for each in students if each.roll_number}
    found: set[str] = set()
    told: list[Row] = []
    for row in rows:
        if (whose := row.whose) is not None:
            roll = plain_roll_number(whose.roll_number)
            listed = expected.get(roll)
            found.add(roll)
            row = replace(row, listed=listed, is_listed=listed is not None)
            if listed is not None and not may_be_same_name(listed.name, whose.name):
                reason = f"its roll number is that of {printable(listed.name, 60)} on the list of the class"
                row = replace(row, noted=(*row.noted, reason))
        told.append(row)
    unread, reason = sum(row.whose is None for row in rows), "nothing was handed in"
    if unread:
        reason += f", or it is among the unreadable files ({unread} in all)"
    missing = [each for roll, each in expected.items() if roll not in found]
    return [*told, *(Row((), listed=each, is_listed=True, reason=reason) for each in missing)]
