"""Courses with one folder a student, as learning platforms make them: whose work lies in two of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from cnnviz.files import printable
from cnnviz.lab.identity import name_parts
from cnnviz.lab.remarks import Remark
from cnnviz.lab.results import HandIn
from cnnviz.lab.seeds import plain_roll_number

_FEWEST = 3
"""Folders of students, below which nobody can tell that they are any."""


def remarks_on_folders(handed: Sequence[HandIn], folders: Sequence[Sequence[str]]) -> list[list[Remark]]:
    """Return for each hand-in what there is to look at about its folders.

    A folder is that of a student where all that is in it is of one student; folders in it are, too, and count
    as one with it. Several attempts of a student, whose folders are called alike, are nothing to look at.

    * `folders`: where the files of each are, below what is the same for all; "" where they are
      right there.
    """
    students: dict[str, set[str]] = defaultdict(set)
    for each, those in zip(handed, folders, strict=True):
        for folder in those:
            for outer in _outer(folder):
                students[outer].add(_student(each))
    tops = [{_outermost(each, students) for each in those if each} for those in folders]
    called: dict[str, set[str]] = defaultdict(set)
    for those in folders:
        for folder in filter(None, those):
            called[_outermost(folder, students)].update(name_parts(folder))
    of_one = {folder for those in tops for folder in those if len(students[folder]) == 1}
    found: list[list[Remark]] = [[] for _ in handed]
    if len(of_one) < _FEWEST:
        return found
    owned: dict[str, set[str]] = defaultdict(set)
    for folder in of_one:
        owned[next(iter(students[folder]))].add(folder)
    for place, each in enumerate(handed):
        mine = sorted(owned[_student(each)]) if tops[place] <= of_one and tops[place] else []
        if len(mine) > 1 and not _are_of_one(mine, called):
            named = " and ".join(printable(folder, 60) for folder in mine[:_FEWEST])
            found[place].append(Remark("student", f"the work of one student lies in the folders {named}"))
    return found


def _outer(folder: str) -> list[str]:
    """Return a folder behind all that it lies in, outermost first; none for that of the whole course."""
    parts = folder.split("/") if folder else []
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def _outermost(folder: str, students: Mapping[str, set[str]]) -> str:
    """Return the outermost folder around one that is of one student; itself where none is."""
    return next((each for each in _outer(folder) if len(students[each]) == 1), folder)


def _student(handed: HandIn) -> str:
    return plain_roll_number(handed.roll_number) or " ".join(name_parts(handed.name))


def _are_of_one(folders: Sequence[str], called: Mapping[str, set[str]]) -> bool:
    """Whether folders are called after one person: by words that no other folder has together."""
    shared = {
        each
        for each in called[folders[0]].intersection(*(called[each] for each in folders[1:]))
        if each.isalpha()
    }
    return sum(shared <= words for words in called.values()) <= len(folders)
