"""What learning platforms hand out: folders of students, archives, other files; and the list of a class."""

import csv
import io
import struct
import zipfile
from pathlib import Path

import pytest

from cnnviz.errors import DataError
from cnnviz.lab.grade_table import LOOK, MISSING, OK, UNREADABLE, summary, to_csv, to_html, verdict_of
from cnnviz.lab.results import HandIn, Whose
from cnnviz.lab.submissions import Listed, read_class_list, submissions
from cnnviz.lab.verifying import Row
from cnnviz.report.html import write_html
from cnnviz.report.pdf import write_folder, write_pdf
from tests.engine.document_cases import zipped
from tests.engine.lab_cases import SMALL, command, printed, roll_number, write
from tests.replacing import replace


def table_of(rows: dict[str, Row]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(list(rows.values())).decode("utf-8-sig"))))


def platform(folder: Path, students: list[HandIn]) -> None:
    """As Moodle hands it out: one folder a student, and what people put in besides."""
    for number, handed in enumerate(students):
        place = folder / f"{handed.name}_{9000 + number}_assignsubmission_file"
        place.mkdir(parents=True)
        document = printed(handed)
        if number == 0:
            write_pdf(document, place / "report.pdf")
            write_html(document, place / "report.html")
        elif number == 1:
            write_folder(document, place / "lab")
            (place / ".DS_Store").write_bytes(b"\0")
        else:
            write(place, "results", handed)
    other = folder / "Nobody_9100_assignsubmission_file"
    other.mkdir()
    (other / "report.docx").write_bytes(b"PK\x03\x04\x00")
    (other / "notes.txt").write_text("I did not manage to export it.")
    (other / "page.html").write_text("<html>saved by a browser</html>")


@pytest.mark.parametrize("kind", ["folder", "archive in a folder"])
def test_a_course_of_a_platform_has_a_row_for_each_student_and_each_file_that_is_none(
    tmp_path, rows_of, students, kind
):
    platform(tmp_path / "course", students)
    place = tmp_path / "course"
    if kind != "folder":
        files = [each for each in sorted(place.rglob("*")) if each.is_file()]
        members = {f"submissions/{each.relative_to(place)}": each.read_bytes() for each in files}
        (place := tmp_path / "inner").mkdir()
        (place / "all.zip").write_bytes(zipped(members))
    rows = table_of(rows_of(place))
    told = [([Path(each).name for each in row["file"].split(", ")], row["verdict"]) for row in rows]
    assert told == [
        (["notes.txt"], UNREADABLE),
        (["page.html"], UNREADABLE),
        (["report.docx"], UNREADABLE),
        (["report.html", "report.pdf"], OK),
        *[(["results.json"], OK)] * 4,
    ]
    assert "Nobody_9100_assignsubmission_file/notes.txt" in rows[0]["file"]
    assert "is no report of CNNViz; ask for the PDF or HTML file" in rows[0]["notes"]


# --- archives that mean no good -----------------------------------------------------------------------------


def test_names_in_an_archive_lead_nowhere(tmp_path, rows_of, students):
    names = ["../../out.json", "/etc/out.json", "C:\\out.json", "a/../../out2.json", "a//b.json"]
    names.append("\x1b[31mred.json")
    (tmp_path / "all.zip").write_bytes(zipped(dict.fromkeys(names, students[0].to_json().encode())))
    before = set(tmp_path.parent.rglob("*"))
    (row,) = rows_of(tmp_path / "all.zip").values()
    assert len(row.files) == len(names)
    assert set(tmp_path.parent.rglob("*")) == before, "nothing is unpacked"
    for file in row.files:
        assert file.parts[0] == "all.zip"
        assert ".." not in file.parts
        assert str(file).isprintable()


def _nested(depth: int, good: bytes) -> bytes:
    content = zipped({"good.json": good})
    for _ in range(depth):
        content = zipped({"inner.zip": content})
    return content


def _changed(content: bytes, flags: int = 0, **changes: int) -> bytes:
    """The archive with other flags, or another method, in both of its lists; or with a byte in it changed."""
    changed, place = bytearray(content), content.rindex(b"PK\x01\x02")
    for at in (place + 8, 6):
        changed[at] |= flags
        if "method" in changes:
            struct.pack_into("<H", changed, at + 2, changes["method"])
    if "byte" in changes:
        changed[changes["byte"]] ^= 255
    return bytes(changed)


HOSTILE = {
    "cut off": lambda good: zipped({"a.json": good})[:-30],
    "no archive": lambda _: b"PK\x03\x04 and no more",
    "empty": lambda _: zipped({}),
    "nothing": lambda _: b"",
    "packed by bzip2": lambda good: zipped({"a.json": good}, zipfile.ZIP_BZIP2),
    "packed by LZMA": lambda good: zipped({"a.json": good}, zipfile.ZIP_LZMA),
    "claims LZMA": lambda good: _changed(zipped({"a.json": good}), method=14),
    "locked": lambda good: _changed(zipped({"a.json": good}), flags=1),
    "damaged": lambda good: _changed(zipped({"a.json": good}, 0), byte=200),
    "flood": lambda _: zipped({"a.json": bytes(2 << 20)}),
    "nested flood": lambda _: zipped(dict.fromkeys(["0.zip", "1.zip"], zipped({"a.json": bytes(2 << 20)}))),
    "too deep": lambda good: _nested(3, good),
    "many names": lambda good: zipped({f"{n}.json": good[:9] for n in range(6000)}, 0),
    "only folders": lambda _: zipped({f"{n}/": b"" for n in range(200)}),
}


def test_an_archive_that_means_no_good_costs_its_own_row(tmp_path, rows_of, students, monkeypatch):
    monkeypatch.setattr("cnnviz.lab.submissions.LARGEST_FILE", 1 << 20)
    for what, made in HOSTILE.items():
        (tmp_path / f"{what}.zip").write_bytes(made(students[1].to_json().encode()))
    write(tmp_path, "good", students[0])
    rows = rows_of(tmp_path)
    assert verdict_of(rows.pop("good.json")) == OK
    assert {name.partition(".zip")[0] for name in rows} == HOSTILE.keys()
    for row in rows.values():
        assert verdict_of(row) == UNREADABLE
        assert row.reason.isprintable()
        assert len(row.reason) < 300
        assert "cannot be checked by this program" not in row.reason


def test_an_archive_of_each_student_is_read(tmp_path, rows_of, students):
    inner = {f"{one.name}.zip": zipped({"r.json": one.to_json().encode()}) for one in students}
    (tmp_path / "all.zip").write_bytes(zipped(inner))
    rows = table_of(rows_of(tmp_path / "all.zip"))
    assert [row["file"] for row in rows] == [f"all.zip/{name}/r.json" for name in sorted(inner)]
    assert {row["verdict"] for row in rows} == {OK}


# --- the class ----------------------------------------------------------------------------------------------

CLASS = "Name;Roll number\nStudent 40;21-cs-0040\nStudent 41;21-CS-0041\nStudent 99;21-CS-0099\n"


@pytest.mark.parametrize(
    "content",
    [
        CLASS.encode(), CLASS.replace(";", ",").encode(), CLASS.replace(";", "\t").encode("utf-16"),
        CLASS.split("\n", 1)[1].encode(), b"\xef\xbb\xbf" + CLASS.replace("\n", "\r\n").encode(),
        b"Group;Roll no.;First name;Surname\n" + b"\n".join(
            b"a;21-CS-00%d;Student;%d" % (number, number) for number in (40, 41, 99)),
    ],
)  # fmt: skip
def test_the_list_of_a_class_is_read_as_spreadsheets_write_it(tmp_path, content):
    (tmp_path / "list.csv").write_bytes(content)
    found = read_class_list(tmp_path / "list.csv")
    assert [each.name for each in found] == ["Student 40", "Student 41", "Student 99"]
    assert found[2].roll_number == "21-CS-0099"


@pytest.mark.parametrize(
    "content", [b"", b"one column\nonly", b'"' + b"x" * 200_000 + b";1", b"\xff\xd8\xff"]
)
def test_what_is_no_list_is_refused_in_a_sentence(tmp_path, content):
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(DataError, match="choose a CSV file with the columns name and roll number"):
        read_class_list(tmp_path / "list.csv")


def test_who_is_missing_and_who_is_not_on_the_list_is_told(tmp_path, rows_of, students):
    for number, one in enumerate(students[:3]):
        write(tmp_path, str(number), one)
    (tmp_path / "draft.json").write_text(Whose("Ann", "77", "a draft").to_json())
    (tmp_path / "photo.pdf").write_bytes(b"\xff\xd8")
    gone = Listed("Ann", "77"), Listed("Gone", "99")
    listed = (Listed("Student 40", "21-cs-0040"), Listed("Mallory", roll_number(41)), *gone)
    rows = rows_of(tmp_path, students=listed)
    told = [(row["name"], row["verdict"], row["class list"]) for row in table_of(rows)]
    assert told == [
        ("Student 40", OK, "on the list"),
        ("Student 41", LOOK, "on the list"),
        ("Student 42", OK, "not on the list"),
        ("Ann", LOOK, "on the list"),
        ("", UNREADABLE, ""),
        ("Gone", MISSING, "on the list"),
    ]
    assert "is that of Mallory on the list" in rows["1.json"].remarks[0]
    assert summary(list(rows.values())).endswith("1 unreadable, 1 missing, 1 not on the list.")
    assert rows["draft.json"].reason == "draft.json is a draft; ask for the report of the lab."


# --- what is written ----------------------------------------------------------------------------------------


def test_a_table_is_enough_to_grade(tmp_path, rows_of, students):
    write(tmp_path, "a", replace(students[0], name="=1+1").sealed())
    (row,) = table_of(rows_of(tmp_path))
    assert row["name"] == "'=1+1", "no name is computed by a spreadsheet"
    assert row["guess: answer"] == students[0].answers["guess"]
    assert row["way: answer"].startswith("2026-01-31 10:00: Student 40 expects")
    assert row["guess: predicted"] == "0.7"
    assert row["guess: prediction"] in ("right", "not right")
    assert {"guess: your points of 3", "way: your points of 2"} <= set(row)
    points = [float(row[f"{step}: points"] or 0) for step in ("guess", "click", "pick")]
    assert float(row["points"]) == sum(points)
    assert (row["steps done"], row["steps in all"]) == ("3", "4")
    assert (row["answers"], row["questions"]) == ("2", "2")


def test_the_pages_of_a_class_show_all_answers_and_nothing_runs_in_them(tmp_path, rows_of, students):
    evil = replace(students[1], name="<script>alert(1)</script>", answers={"guess": "<img src=x onerror=y>"})
    for number, one in enumerate((students[0], evil.sealed())):
        write(tmp_path, str(number), one)
    (tmp_path / "x.txt").write_text("nothing")
    page = to_html(list(rows_of(tmp_path, students=(Listed("Gone", "1"),)).values())).decode()
    assert "points for predictions; 2 of 2 questions are answered" in page
    assert page.count(students[0].answers["guess"]) == 2, "on the page of the student, and beside the others"
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert page.count("<section") == 4 + 2, "a student each, and a question each"


def test_a_folder_of_too_many_hand_ins_is_told_by_its_number(tmp_path, monkeypatch):
    monkeypatch.setattr("cnnviz.lab.submissions.MOST_FILES", 2)
    for name in "abc":
        (tmp_path / name).touch()
    with pytest.raises(DataError, match="holds more than 2 files, but one course was expected"):
        list(submissions([tmp_path]))


def test_a_course_is_graded_from_the_command_line(tmp_path, digits_file, students, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)  # other processes would take seconds to start
    (tmp_path / "small.toml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "list.csv").write_text(CLASS, encoding="utf-8")
    results = {f"{one.name}/results.json": one.to_json().encode() for one in students}
    (tmp_path / "all.zip").write_bytes(zipped(results))
    arguments = (
        "--verify", "all.zip", "--lab", "small.toml", "--data", digits_file, "--class", "list.csv",
        "--table", "t.csv", "--pages", "p.html",
    )  # fmt: skip
    done = command(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "5 hand-ins: 5 ok, 0 look at it, 0 not comparable, 0 unreadable, 1 missing, 3 not on the list. "
        "Wrote t.csv and p.html.\n"
    )
    assert (tmp_path / "p.html").read_bytes().startswith(b"<!doctype html>")
    found = [each.path.name for each in submissions([tmp_path], [tmp_path / "t.csv", tmp_path / "p.html"])]
    assert "t.csv" not in found
    assert "p.html" not in found
