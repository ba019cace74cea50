"""Peak memory of a process that trains an epoch on all 60,000 images."""

import subprocess
import sys

from benchmarks.rounds import Settings
from benchmarks.tables import table

TITLE = "Memory"

_TARGET_MB = 350

_CODE = """
import resource
from cnnviz.cli import parse_arguments
from cnnviz.datasets import load_mnist
from cnnviz.training import Trainer
from threadpoolctl import threadpool_limits
threadpool_limits(1, user_api="blas")
lenet = parse_arguments(["--preset", "lenet"]).experiment
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
mnist = load_mnist(range(10))
loaded = peak()
trainer = Trainer(lenet.build_network(), mnist, lenet)
trainer.advance(trainer.total_steps)
trainer.evaluate()
print(loaded, peak())
"""


def missing() -> str:
    """Say why this cannot be measured here."""
    return "" if sys.platform == "linux" else "Peak memory is read in the Linux way only."


def run(settings: Settings) -> list[str]:
    """Train and evaluate LENET in a fresh process."""
    loaded, peaks = ["Python, NumPy, and MNIST loaded"], ["after an epoch of LENET and its evaluation"]
    for folder in settings.programs.values():
        command = [sys.executable, "-c", _CODE]
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        before, peak = (float(word) for word in result.stdout.split())
        loaded.append(f"{before:.0f} MB")
        verdict = "reached" if peak < _TARGET_MB else "missed"
        peaks.append(f"{peak:.0f} MB (target < {_TARGET_MB}: {verdict})")
    return [
        "Largest resident memory of the process; 60,000 images in float32 alone would be 188 MB.",
        "",
        *table(["", *settings.programs], [loaded, peaks]),
    ]
