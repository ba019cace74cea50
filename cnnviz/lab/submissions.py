"""All that a course has handed in, in folders, also one a student, and archives; the list of the class.

Nothing is unpacked onto the disk, so no name in an archive leads anywhere; what it may hold is bounded.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cnnviz.errors import DataError
from cnnviz.files import printable, printable_name
from cnnviz.lab.results import LARGEST_FILE
from cnnviz.quantities import format_count
from cnnviz.reading import ARCHIVE_DAMAGE, BoundedFile, entries, opened, read_bytes, read_up_to, status_of

MOST_FILES = 5000
LARGEST_ARCHIVE = 4 << 30
"""Bytes of an archive, and of all that is unpacked of it."""

_DEEPEST = 8
_DEEPEST_ARCHIVE = 2
_MOST_PARTS = 12
_REMEDY = "ask for the file again"
_ASIDE = ("__macosx", "thumbs.db", "desktop.ini")
"""What systems put beside the files of people, besides what begins with a point."""

_OF_EXPORT = re.compile(r"figure-.*\.(png|csv)|table-.*\.csv")
_RESULTS = "results.json"  # name of the results in an exported folder; its figures and tables lie beside
_DAMAGE = (*ARCHIVE_DAMAGE, OSError)


@dataclass(frozen=True, slots=True)
class Submission:
    """A file that was handed in."""

    path: Path  # where it is, from the folder or archive on that was given. An archive is like a folder.
    content: bytes = b""
    trouble: str = ""  # why it could not be read, as a sentence; then there is no content


@dataclass(slots=True)
class _Budget:
    """What is left of an archive with all archives in it."""

    files: int = MOST_FILES
    size: int = LARGEST_ARCHIVE


def submissions(given: Sequence[Path], without: Sequence[Path] = ()) -> Iterator[Submission]:
    """Yield what is in some files, folders and archives, in the order of their names.

    Left out are what systems put beside the files of people, pictures and tables of a report
    that was exported as a folder, hidden files, and links.

    * `without`: files that are none of them, such as the table that is written.
    * Raises DataError: if there is no such path, or it holds more than `MOST_FILES`.
    """
    known = {each.absolute() for each in without}
    for path in given:
        status_of(path, "give the path of a hand-in, or of a folder with hand-ins")
        root = path.resolve().name
        for inner in _without_aside(_files_in(path)) if path.is_dir() else [Path()]:
            place, name = path / inner, Path(root) / inner
            if place.absolute() in known:
                continue
            try:
                if name.suffix.lower() != ".zip":
                    yield Submission(name, read_bytes(place, LARGEST_FILE, _REMEDY))
                    continue
                with opened(place, LARGEST_ARCHIVE, _REMEDY) as file:
                    yield from _in_archive(BoundedFile(file, place), name, 1, _Budget())
            except DataError as error:
                yield Submission(name, trouble=str(error))


def _files_in(path: Path) -> list[Path]:
    found: list[Path] = []
    folders = [(path, 0)]
    while folders:
        folder, depth = folders.pop()
        for entry in entries(folder):
            if entry.name.startswith(".") or entry.is_symlink():
                continue
            if entry.is_dir() and depth < _DEEPEST:
                folders.append((folder / entry.name, depth + 1))
            elif entry.is_file():
                found.append((folder / entry.name).relative_to(path))
        if len(found) > MOST_FILES:
            raise DataError(
                f"{printable_name(path)} holds more than {format_count(MOST_FILES)} files, but one course "
                "was expected; choose its folder."
            )
    return sorted(found)


def _without_aside(names: Sequence[Path]) -> list[Path]:
    """Return the names without files that nobody hands in: of the system, or parts of a report."""
    exported = {name.parent for name in names if name.name == _RESULTS}
    return [
        name
        for name in names
        if not any(part.startswith(".") or part.lower() in _ASIDE for part in name.parts)
        and not (name.parent in exported and _OF_EXPORT.fullmatch(name.name))
    ]


def _in_archive(file: BoundedFile, name: Path, depth: int, left: _Budget) -> Iterator[Submission]:
    """Yield the files of an archive, and of the archives in it."""
    try:
        archive = zipfile.ZipFile(file)
        files = (each for each in archive.infolist() if not each.is_dir())
        infos = sorted(files, key=lambda each: each.filename)
    except _DAMAGE:
        yield Submission(name, trouble=f"{printable_name(name)} is a damaged archive; {_REMEDY}.")
        return
    members = [(_inside(info.filename), info) for info in infos]
    wanted = set(_without_aside([each for each, _ in members]))
    if not wanted:
        yield Submission(name, trouble=f"{printable_name(name)} holds no file; {_REMEDY}.")
    for member, info in members:
        if member not in wanted:
            continue
        inner = name / member
        left.files -= 1
        if left.files < 0 or left.size <= 0:
            yield Submission(
                name, trouble=f"{printable_name(name)} holds too much; unpack it, and give its folder."
            )
            return
        try:
            content = _unpacked(archive, info, left)
        except DataError as error:
            yield Submission(inner, trouble=f"{printable_name(inner)} {str(error).rstrip('.')}.")
            continue
        if inner.suffix.lower() != ".zip":
            yield Submission(inner, content)
        elif depth == _DEEPEST_ARCHIVE:
            yield Submission(
                inner, trouble=f"{printable_name(inner)} lies in too many archives; unpack them."
            )
        else:
            yield from _in_archive(BoundedFile(io.BytesIO(content), inner), inner, depth + 1, left)


def _inside(name: str) -> Path:
    """Return the name of a member as a path below its archive, whatever it says."""
    parts = [printable(part) for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return Path(*(parts[-_MOST_PARTS:] or ["?"]))


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: _Budget) -> bytes:
    """Return the content of a member; raises `DataError` with a clause to follow its name."""
    if info.flag_bits & 1:
        raise DataError("is locked with a password; ask for it without one")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError("is packed in a way that is not read here; unpack it, and give its folder")
    try:
        with archive.open(info) as stream:
            content = read_up_to(stream.read, LARGEST_FILE + 1)
    except _DAMAGE as error:
        raise DataError("is damaged in its archive; ask for it again") from error
    left.size -= len(content)
    if len(content) > LARGEST_FILE:
        raise DataError("is too large for a report; ask for the report alone")
    return bytes(content)


# --- the list of the class ----------------------------------------------------------------------------------

_LARGEST_LIST = 1 << 20
_MOST_STUDENTS = 5000
_LONGEST_LISTED = 200
_NAMES, _NUMBERS = ("name", "student"), ("roll", "number", "matri", "id")
_LIST_REMEDY = "choose a CSV file with the columns name and roll number"


@dataclass(frozen=True, slots=True)
class Listed:
    """A student of the class."""

    name: str
    roll_number: str


def read_class_list(path: Path) -> tuple[Listed, ...]:
    """Return the students in a CSV file.

    Cells are parted by commas, semicolons or tabs. Where the first line names the columns, those with the
    names and roll numbers are found by it; else they are the first two.

    * Raises DataError: if it cannot be read, or has no two columns: one sentence.
    """
    text = _decoded(read_bytes(path, _LARGEST_LIST, _LIST_REMEDY))
    separator = max(",;\t", key=text.partition("\n")[0].count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise DataError(f"{printable_name(path)} is no CSV file; {_LIST_REMEDY}.") from error
    rows = [[cell.strip()[:_LONGEST_LISTED] for cell in line] for line in lines if any(map(str.strip, line))]
    if not rows or len(rows[0]) < 2 or len(rows) > _MOST_STUDENTS:
        raise DataError(f"{printable_name(path)} is no list of a class; {_LIST_REMEDY}.")
    head = [cell.casefold() for cell in rows[0]]
    number = next((place for place, cell in enumerate(head) if any(each in cell for each in _NUMBERS)), None)
    names = [
        place for place, cell in enumerate(head) if place != number and any(each in cell for each in _NAMES)
    ]
    if number is None or not names:
        number, names = 1, [0]
    else:
        rows = rows[1:]
    return tuple(
        Listed(" ".join(row[place] for place in names if place < len(row)), row[number])
        for row in rows
        if number < len(row)
    )


def _decoded(content: bytes) -> str:
    """Return a text in whichever way spreadsheets write it."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
