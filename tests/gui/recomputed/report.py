"""Lab report: what it says was measured, trained anew."""

import re
from collections.abc import Iterator

import numpy as np

from cnnviz.datasets import to_input
from cnnviz.training import Trainer
from tests.gui.recomputed.computing import near, read
from ui.panels.report.panel import ReportPanel
from ui.session import Session

_SAID = re.compile(r"Measured \S+ \S+: test accuracy (\S+) % after (\S+) steps, seed (\S+)\.(.*)")


def report(session: Session) -> Iterator[str]:
    """Check the line about the lab."""
    panel, state = session.window.panel(ReportPanel), session.state
    found, said = panel.numbers, panel.status.text()
    if found is None:
        if "Measured" in said:
            yield f"nothing was measured, but it says {said!r}"
        return
    texts = _SAID.fullmatch(said)
    if texts is None:
        yield f"no result in {said!r}"
        return
    experiment = found.experiment
    if ("settings have changed" in texts[4]) != (experiment != state.experiment):
        yield f"{said!r}, measured with {experiment}, now {state.experiment}"
    if read(texts[3]) != experiment.seed:
        yield f"seed {texts[3]} instead of {experiment.seed}"
    dataset = state.dataset
    if dataset is None or dataset.sha256 != found.data_sha256:
        return
    trainer = Trainer(experiment.build_network(dataset.input_shape), dataset, experiment)
    while not trainer.finished:
        trainer.advance()
    predicted = trainer.network.predict(to_input(dataset.test_images, trainer.network.dtype))
    yield from near("steps", read(texts[2]), trainer.step)
    yield from near("accuracy", read(texts[1]), 100 * np.mean(predicted == dataset.test_labels), 1e-3)
