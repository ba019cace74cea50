"""A lab that takes no time, and the command line, for tests."""

import io
import subprocess
from contextlib import chdir, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path

from cnnviz.datasets import Dataset
from cnnviz.lab.document import lab_document
from cnnviz.lab.measured import LabNumbers, hand_in, measured_lab, seed_for
from cnnviz.lab.model import Lab
from cnnviz.lab.reading import parse_lab
from cnnviz.lab.record import Commitment, LabRecord, Version
from cnnviz.lab.results import HandIn, Whose, hand_in_of
from cnnviz.report.blocks import Document
from cnnviz.start import start
from tests.processes import ROOT
from tests.replacing import replace
from tests.small_data import first_images

MAIN = ROOT / "main.py"

SMALL = '''id = "small"
version = "1"
title = "A small lab"
purpose = "To try things."
preset = "lab5"
[settings]
seed = "roll number"
filters = [2]
learning_rate = 0.01
[start]
panel = "training"
moment = "start"
[[section]]
id = "all"
title = "Everything"
[[step]]
id = "guess"
section = "all"
title = "Guess"
purpose = "To guess."
text = """
A **strong** word and `code`.

$$ p_{i j} = frac{1}{4} sum_{a b} z_{2i+a 2j+b} $$
"""
done_when = [
    { event = "predicted" },
    { event = "visited", what = "backprop" },
    { event = "words", at_least = 3 },
]
[step.show]
panel = "translation"
settings = { pool = "average" }
shift = { dx = 1 }
views.translation = { stage = "max", pair = "sides" }
[step.prediction]
kind = "number"
question = "How much?"
measure = "change"
with = { stage = "max", dx = 1 }
tolerance = 0.1
points = 1
points_right = 2
[step.question]
text = "Why?"
points = 3
[[step.measured]]
measure = "test_loss"
[[step]]
id = "click"
section = "all"
title = "Click"
purpose = "To click."
[step.prediction]
kind = "cell"
question = "Which?"
stage = "conv1"
measure = "window_winner"
with = { filter = 0, row = 4, column = 4, sample = 3 }
points = 1
[[step]]
id = "way"
section = "all"
title = "Which way"
purpose = "To choose."
[step.prediction]
kind = "direction"
question = "Up or down?"
measure = "update_loss_change"
tolerance = 0
points = 1
[step.question]
text = "What do you expect?"
part = "hypothesis"
points = 2
[[step]]
id = "pick"
section = "all"
title = "Pick"
purpose = "To pick."
[step.prediction]
kind = "choice"
question = "Which pool?"
choices = [{ name = "max", text = "The largest" }, { name = "max_blur", text = "The blurred largest" }]
measure = "least_changed"
with = { dx = 1 }
points = 1
[[step.measured]]
measure = "test_mistakes"
[[step.measured]]
measure = "gradient_error"
'''


def small_lab() -> Lab:
    lab, mistakes = parse_lab(SMALL)
    assert lab is not None, mistakes
    return lab


def command(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the program as from a command line in a folder, in this process: none has to start."""
    told, complained = io.StringIO(), io.StringIO()
    with chdir(cwd), redirect_stdout(told), redirect_stderr(complained):
        try:
            status = start([*map(str, arguments)])
        except SystemExit as ended:
            status = int(ended.code or 0)
    return subprocess.CompletedProcess(arguments, status, told.getvalue(), complained.getvalue())


LAB = small_lab()
LABS = {LAB.sha256: LAB}


@cache
def small_data() -> Dataset:
    return first_images((0, 1), 12, 12)


def roll_number(number: int) -> str:
    return f"21-CS-{number:04d}"


@cache
def numbers_of(seed: int) -> LabNumbers:
    return measured_lab(LAB, small_data(), seed)


def handed_in(number: int, record: LabRecord) -> HandIn:
    roll = roll_number(number)
    return hand_in(
        LAB, record, numbers_of(seed_for(LAB, roll)), name=f"Student {number}", roll_number=roll,
        time="2026-01-31 11:30",
    )  # fmt: skip


@cache
def honest(number: int) -> HandIn:
    steps = {step.id: step for step in LAB.steps}
    expected = f"Student {number} expects that it goes down, for that is what it is for."
    record = LabRecord.of(LAB).recorded(steps["way"], Version(expected, "2026-01-31 10:00", 0))
    for minute, (step, answer) in enumerate(
        (("guess", 0.3 + number / 100), ("click", (0, 8, 8)), ("pick", "max_blur")), start=5
    ):
        record = record.predicted(steps[step], Commitment(answer, f"2026-01-31 10:0{minute}", 0))
    words = f"Answer of student number {number}, who says why it is so in words of his own."
    return handed_in(number, record.wrote(steps["guess"], "observations", words, "2026-01-31 10:08"))


def printed(handed: HandIn) -> Document:
    """Return the report of what was handed in, without figures."""
    return lab_document(LAB, handed, LabRecord.of(LAB), LabNumbers(handed.experiment))


def read_hand_in(path: Path) -> HandIn | Whose:
    """Return the results in a file, or whose it is without any."""
    return hand_in_of(path.read_bytes(), path)


def with_value(handed: HandIn, place: int, value: object) -> HandIn:
    measured = list(handed.measured)
    measured[place] = replace(measured[place], value=value)
    return replace(handed, measured=tuple(measured))


def nearly(handed: HandIn, factor: float) -> HandIn:
    """Return it with its first number a little better."""
    return with_value(handed, 0, handed.measured[0].value * factor)


def write(folder: Path, name: str, handed: HandIn) -> None:
    (folder / f"{name}.json").write_text(handed.to_json(), encoding="ascii")
