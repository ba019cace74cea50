"""A lab that takes no time, and the command line, for tests."""

import subprocess
import sys
from pathlib import Path

from cnnviz.lab import Lab, parse_lab
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]

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
hypothesis = true
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
    """Return the lab that `SMALL` describes."""
    lab, mistakes = parse_lab(SMALL)
    assert lab is not None, mistakes
    return lab


def command(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own."""
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *map(str, arguments)],
        capture_output=True, text=True, cwd=cwd, timeout=PATIENCE, check=False,
    )  # fmt: skip
