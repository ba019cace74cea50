"""Peak memory of a process that trains an epoch on all 60,000 images."""

import subprocess
import sys

from benchmarks.rounds import Settings
from benchmarks.tables import table

TITLE = "Memory"

_TARGET_MB = 350

_CODE = """
import resource
from cnnviz.datasets import load_mnist
from cnnviz.experiment import LENET
from cnnviz.runtime import one_blas_thread
from cnnviz.training import Trainer
one_blas_thread.hold()
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
mnist = load_mnist(range(10))
loaded = peak()
trainer = Trainer(LENET.build_network(), mnist, LENET)
trainer.advance(trainer.total_steps)
trainer.evaluate()
print(loaded, peak())
"""


def missing() -> str:
    """Say why this cannot be measured here."""
    return "" if sys.platform == "linux" else "Peak memory is read in the Linux way only."


def run(settings: Settings) -> list[str]:
    """Train and evaluate LENET in a fresh process."""
    del settings
    result = subprocess.run([sys.executable, "-c", _CODE], capture_output=True, text=True, check=True)
    loaded, peak = (float(word) for word in result.stdout.split())
    verdict = "reached" if peak < _TARGET_MB else "missed"
    rows = [
        ["Python, NumPy, and MNIST loaded", f"{loaded:.0f} MB"],
        ["after an epoch of LENET and its evaluation", f"{peak:.0f} MB (target < {_TARGET_MB}: {verdict})"],
    ]
    return [
        "Largest resident memory of the process; 60,000 images in float32 alone would be 188 MB.",
        "",
        *table(["", "peak"], rows),
    ]
