"""A small lab, a hand-in of it in every form, and what `--verify` does with one, but for the training."""

import io
import json
import tempfile
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from cnnviz.datasets import Dataset, load_dataset
from cnnviz.errors import DataError
from cnnviz.lab.document import lab_document
from cnnviz.lab.grade_table import to_csv
from cnnviz.lab.grade_table import to_html as pages_of
from cnnviz.lab.grading import graded, lab_of
from cnnviz.lab.measured import LabNumbers, hand_in, measured_lab, seed_for
from cnnviz.lab.model import Lab
from cnnviz.lab.pages import remarks_on_pages
from cnnviz.lab.reading import parse_lab
from cnnviz.lab.record import Commitment, LabRecord, Version
from cnnviz.lab.remarks import remarks_between, remarks_on
from cnnviz.lab.results import HandIn, checksum_of, hand_in_of
from cnnviz.lab.submissions import submissions
from cnnviz.lab.verifying import Row
from cnnviz.report.html import to_html
from cnnviz.report.pdf import to_pdf
from soak import samples

_LAB = """id = "soak"
version = "1"
title = "A lab"
purpose = "To try things."
[settings]
seed = "roll number"
filters = [2]
[[section]]
id = "all"
title = "All"
[[step]]
id = "number"
section = "all"
title = "A number"
purpose = "To guess."
done_when = [{ event = "predicted" }]
[step.prediction]
kind = "number"
question = "How much?"
measure = "test_loss"
tolerance = 0.1
points = 1
[step.question]
text = "Why?"
points = 2
[[step.measured]]
measure = "most_mistaken_class"
[[step]]
id = "cell"
section = "all"
title = "A cell"
purpose = "To click."
[step.prediction]
kind = "cell"
question = "Which?"
stage = "conv1"
measure = "window_winner"
with = { filter = 0, row = 4, column = 4, sample = 3 }
[step.question]
text = "What do you expect?"
part = "hypothesis"
[[step.measured]]
measure = "test_mistakes"
"""

_ROLL_NUMBER = "21-CS-0001"


@cache
def _course() -> tuple[Lab, LabNumbers, HandIn]:
    """Make the lab, its numbers and an honest hand-in, on few images."""
    lab, mistakes = parse_lab(_LAB)
    assert lab is not None, mistakes
    data = _data()
    numbers = measured_lab(lab, data, seed_for(lab, _ROLL_NUMBER))
    record = LabRecord.of(lab)
    record = record.predicted(lab.steps[0], Commitment(0.5, "2026-01-31 10:05", 0))
    record = record.predicted(lab.steps[1], Commitment((0, 8, 8), "2026-01-31 10:06", 0))
    record = record.recorded(lab.steps[1], Version("I expect the first one.", "2026-01-31 10:00", 0))
    record = record.wrote(
        lab.steps[0], "observations", "The largest of four cells goes on.", "2026-01-31 10:07"
    )
    handed = hand_in(lab, record, numbers, name="Ada", roll_number=_ROLL_NUMBER, time="2026-01-31 11:00")
    return lab, numbers, handed


def _data() -> Dataset:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "two.npz"
        path.write_bytes(samples.npz(samples.arrays(28, 28, classes=2, each=12)))
        return load_dataset(path)


@cache
def bases() -> Mapping[str, bytes]:
    """Return the hand-in in every form, by the kind of the file."""
    lab, _, handed = _course()
    document = lab_document(lab, handed, LabRecord.of(lab), LabNumbers(handed.experiment))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Ada_1/results.json", handed.to_json())
        archive.writestr("Ada_1/report.html", to_html(document))
    return {
        "hand-in.json": handed.to_json().encode("ascii"),
        "hand-in.pdf": to_pdf(document),
        "hand-in.html": to_html(document).encode(),
        "hand-in.zip": packed.getvalue(),
    }


def sealed(content: bytes) -> bytes:
    """Return changed results with their checksum, as a forger writes it; what is no JSON as it is."""
    try:
        values = json.loads(content)
        return json.dumps(values | {"checksum": checksum_of(values)}).encode("ascii")
    except (ValueError, TypeError, RecursionError):
        return content


def check(path: Path) -> object:
    """Do with a file what `--verify` does, but for training; raises `DataError` where it is no hand-in."""
    lab, numbers, honest = _course()
    labs = {lab.sha256: lab}
    rows: list[Row] = [
        Row((Path("honest.json"),), handed=honest, lab=lab, grade=graded(honest, lab, numbers))
    ]
    refused: DataError | None = None
    for file in submissions([path]):
        try:
            if file.trouble:
                raise DataError(file.trouble)
            handed = hand_in_of(file.content, file.path)
            if not isinstance(handed, HandIn):
                raise DataError("It carries no results.")
        except DataError as error:
            refused = error
            rows.append(Row((file.path,), reason=str(error)))
            continue
        of = lab_of(handed, labs)
        noted = (*remarks_on(handed, of), *remarks_on_pages(file.content, handed, of, file.path.name))
        grade = None if of is None else graded(handed, of, numbers)
        rows.append(Row((file.path,), handed=handed, lab=of, grade=grade, noted=noted))
    handed_in = [row.handed for row in rows if row.handed is not None]
    remarks_between(
        handed_in, [str(number) for number in range(len(handed_in))], labs, [True] * len(handed_in)
    )
    to_csv(rows)
    pages_of(rows)
    if refused is not None and len(rows) == 2:
        raise refused
    return rows
