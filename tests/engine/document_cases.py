"""A run with a fork, a rate changed on the way and an optimiser that remembers, and the document of it."""

import io
import zipfile
from typing import Any

import numpy as np
from PIL import Image

from cnnviz import __version__
from cnnviz.document import archive
from cnnviz.document.archive import png_of
from cnnviz.document.run import KeptRun, pack_run
from cnnviz.document.types import FORMAT_VERSION, Data, Document, OwnImage, PinnedCell, Seen, Shift
from cnnviz.experiment import LAB5, LENET, Experiment
from cnnviz.history import EvaluationPoint, History
from cnnviz.snapshots import Origin, Snapshot
from cnnviz.training import Trainer
from tests.replacing import replace
from tests.small_data import first_images

DATA = first_images((0, 1), 60, 40)
ADAM = replace(LAB5, optimizer="adam", dtype="float32", learning_rate=1e-3, log_every=7, seed=3)
UNUSUAL = replace(
    LENET, classes=("0", "1"), filters=(5, 3), kernel_size=5, stride=2, padding=2, pool="average",
    activation="tanh", init="lab5", dtype="float64", hidden=(16, 8), optimizer="adam", momentum=0.5,
    batch_size=8,
)  # fmt: skip
"""Settings of which much is to be said."""


class SmallRun:
    """A run as the window makes one: moments, tests, and what was in force at each."""

    def __init__(self, experiment: Experiment = ADAM) -> None:
        self.trainer = Trainer(experiment.build_network(DATA.input_shape), DATA, experiment)
        self.trainer.add_epochs(2)
        self.origin = Origin(1, experiment, DATA.name)
        self.history = History(experiment.log_every)
        self.keep()

    def keep(self, *, marked: bool = True) -> None:
        self.history.snapshots.add(replace(self.trainer.snapshot, origin=self.origin), keep=marked)

    def train(self, *steps: int) -> None:
        for step in steps:
            self.history.append(self.trainer.advance(step))
            self.keep(marked=False)
        tested = self.trainer.evaluate()
        self.history.add_test(EvaluationPoint(self.trainer.step, tested.loss, tested.accuracy))

    def change_rate(self, rate: float) -> None:
        self.trainer.learning_rate = rate
        experiment = replace(self.origin.experiment, learning_rate=rate)
        self.origin = replace(self.origin, experiment=experiment, is_changed=True)
        self.keep()

    def moment(self, step: int) -> Snapshot:
        found = self.history.snapshots.find(step)
        assert found is not None
        return found

    def still(self, **changes: Any) -> KeptRun:
        snapshots = self.history.snapshots
        live = snapshots[len(snapshots) - 1]
        return replace(KeptRun(live, self.history.until(live.step), 3), **changes)


def small_run() -> SmallRun:
    run = SmallRun()
    run.train(10, 10)
    run.change_rate(5e-4)
    run.train(11, 9, 13)
    return run


def small_document(run: KeptRun | None = None, **changes: Any) -> tuple[Document, dict[str, bytes]]:
    """Return a document of which every part says something, and its members."""
    still = small_run().still() if run is None else run
    packed, files = pack_run(still)
    files["images/own.png"] = png_of(np.arange(28 * 28, dtype=np.uint8).reshape(1, 28, 28))
    files["images/board.png"] = png_of(np.eye(28, dtype=np.uint8)[None])
    files["inserts/one.svg"] = b"<svg/>"
    seen = Seen(
        panel="translation", step=20, sample=OwnImage(member="images/own.png", label=1),
        board=OwnImage(member="images/board.png"),
        shift=Shift(dx=-3, dy=2), pinned=PinnedCell(stage="conv1", index=(2, 5, 6)), reference=20,
        views={"training": {"zoom": (0, 10.5, -1, 2), "cell": (), "stage": "max", "none": None}},
    )  # fmt: skip
    assert still.live.origin is not None
    document = Document(
        format_version=FORMAT_VERSION, version=__version__, experiment=still.live.origin.experiment,
        data=Data(name=DATA.name, sha256=DATA.sha256), run=packed, seen=seen,
        words={"title": "é, “ü” \u2028 0.1"}, lab="lab5", saved="2026-01-31 14:05",
    )  # fmt: skip
    return replace(document, **changes), files


def zipped(members: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def members_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def picture_of(document: Document | None) -> bytes:
    out = io.BytesIO()
    pixels = Image.fromarray(np.arange(4096, dtype=np.uint8).reshape(64, 64))
    pixels.save(out, "PNG", dpi=(192, 192), pnginfo=archive.png_texts(document))
    return out.getvalue()
