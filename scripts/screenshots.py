"""Make the pictures of README and user guide: ``python -m scripts.screenshots [NAME ...]``.

Every picture is a short scene: a session that has been brought to a state. The numbers in the pictures
are therefore those of the program, and a change of its looks needs one command to reach the
documentation.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from cnnviz.experiment import Experiment
from cnnviz.presets import LAB5, LENET
from cnnviz.runtime import one_blas_thread
from ui.application import make_application
from ui.session import Session
from ui.state import PinnedCell, RunStatus, Shift
from ui.theme import theme_manager

IMAGES = Path(__file__).parent.parent / "docs" / "images"
_PATIENCE_SECONDS = 120.0


@contextmanager
def session(experiment: Experiment = LAB5, theme: str = "light", width: int = 1440, height: int = 900):
    """Open the program for a scene and close it afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        opened = Session(QSettings(str(Path(folder) / "window.ini"), QSettings.Format.IniFormat), experiment)
        theme_manager().set_mode(theme)
        opened.window.resize(width, height)
        opened.window.show()
        opened.start()
        wait_until(lambda: opened.state.run.status is RunStatus.READY and opened.state.inspection is not None)
        try:
            yield opened
        finally:
            opened.close()


def wait_until(condition: Callable[[], bool]) -> None:
    """Let the program run until `condition` holds."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("The program did not get into the state that the picture needs.")
        settle(20)


def settle(milliseconds: int = 300) -> None:
    """Let the program run for a while."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def train(opened: Session, steps: int | None = None) -> None:
    """Train to the end, or at least `steps` steps."""
    run = lambda: opened.state.run  # noqa: E731 -- read anew each time
    opened.controller.on_train_requested()
    if steps is None:
        wait_until(lambda: run().status is RunStatus.FINISHED)
        return
    wait_until(lambda: run().step >= steps)
    opened.controller.on_train_requested()
    wait_until(lambda: run().status is not RunStatus.TRAINING)


def save(opened: Session, name: str) -> None:
    """Take the picture of the whole window."""
    settle()
    IMAGES.mkdir(parents=True, exist_ok=True)
    opened.window.grab().save(str(IMAGES / f"{name}.png"))
    print(f"docs/images/{name}.png")


def training() -> None:
    """The training panel at the end of the exercise's epoch."""
    with session() as opened:
        train(opened)
        save(opened, "training")


def training_dark() -> None:
    """Ten digits, dark, while training runs."""
    with session(LENET, theme="dark") as opened:
        train(opened, 300)
        save(opened, "training-dark")


def feature_maps() -> None:
    """A trained LAB5 and the arithmetic of one cell."""
    with session() as opened:
        train(opened)
        opened.window.panels.show_panel(1)
        opened.controller.on_pin_requested(PinnedCell("conv1", (0, 9, 14)))
        save(opened, "feature-maps")


def feature_maps_lenet() -> None:
    """All stages of a deeper network, dark."""
    with session(LENET, theme="dark") as opened:
        train(opened, 400)
        opened.window.panels.show_panel(1)
        save(opened, "feature-maps-lenet")


def translation() -> None:
    """A zero dragged two pixels to the right and one up."""
    with session() as opened:
        train(opened)
        opened.controller.on_sample_requested(1)
        opened.window.panels.show_panel(2)
        opened.controller.on_shift_requested(Shift(2, -1))
        settle(1500)
        save(opened, "translation")


def backprop() -> None:
    """The routing step on a zero."""
    with session() as opened:
        train(opened, 2000)
        opened.controller.on_sample_requested(1)
        opened.window.panels.show_panel(3)
        settle()
        for _ in range(5):
            opened.window.backprop.header.next.click()
            settle(100)
        save(opened, "backprop")


def timeline() -> None:
    """An earlier moment beside the present one."""
    with session() as opened:
        train(opened)
        opened.controller.on_moment_requested(3000)
        save(opened, "timeline")


SCENES: dict[str, Callable[[], None]] = {
    scene.__name__: scene
    for scene in (
        training,
        training_dark,
        feature_maps,
        feature_maps_lenet,
        translation,
        backprop,
        timeline,
    )
}


def main(names: list[str]) -> int:
    """Play the named scenes, or all."""
    application = make_application()
    one_blas_thread()
    unknown = sorted(set(names) - set(SCENES))
    if unknown:
        print(f"There is no scene {unknown[0]}; there are {', '.join(SCENES)}.", file=sys.stderr)
        return 2
    for name in names or SCENES:
        SCENES[name]()
    QApplication.processEvents()
    application.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
