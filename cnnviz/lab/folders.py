"""Courses with one folder a student, as learning platforms make them: whose work lies in two of them."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from cnnviz.files import printable
from cnnviz.lab.identity import name_parts
from cnnviz.lab.remarks import Remark
from cnnviz.lab.results import HandIn
from cnnviz.lab.seeds import plain_roll_number

_FEWEST = 3
"""Folders of students, below which nobody can tell that they are any."""


def remarks_on_folders(handed: Sequence[HandIn], folders: Sequence[Sequence[str]]) -> list[list[Remark]]:
    """Return for each hand-in what there is to look at about its folders.

    A folder is that of a student where all that is in it is of one student. Several attempts of a student,
    whose folders are called alike, are nothing to look at.

    Parameters
    ----------
    handed : sequence of HandIn
    folders : sequence of sequences of str
        Where the files of each are, below what is the same for all; "" where they are right there.
    """
    tops = [{each.partition("/")[0] for each in those if each} for those in folders]
    students: dict[str, set[str]] = defaultdict(set)
    for each, those in zip(handed, tops, strict=True):
        for folder in those:
            students[folder].add(_student(each))
    of_one = {folder for folder, those in students.items() if len(those) == 1}
    found: list[list[Remark]] = [[] for _ in handed]
    if len(of_one) < _FEWEST:
        return found
    common = Counter(part for folder in students for part in set(name_parts(folder)))
    owned: dict[str, set[str]] = defaultdict(set)
    for folder in of_one:
        owned[next(iter(students[folder]))].add(folder)
    for place, each in enumerate(handed):
        mine = sorted(owned[_student(each)]) if tops[place] <= of_one and tops[place] else []
        if len(mine) > 1 and not _are_of_one(mine, common):
            named = " and ".join(printable(folder, 60) for folder in mine[:_FEWEST])
            found[place].append(Remark("student", f"the work of one student lies in the folders {named}"))
    return found


def _student(handed: HandIn) -> str:
    return plain_roll_number(handed.roll_number) or " ".join(name_parts(handed.name))


def _are_of_one(folders: Sequence[str], common: Counter[str]) -> bool:
    """Whether folders are called after one person: by a word that is in no folder of anybody else."""
    parts = [{each for each in name_parts(folder) if each.isalpha()} for folder in folders]
    shared = parts[0].intersection(*parts[1:])
    return any(common[each] <= len(folders) for each in shared)
