"""Hands that make choices in every panel, a picture of a panel, and one of the window with its session."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cnnviz.experiment import Experiment
from tests.gui.driving import choose_by_keys, click_part
from tests.gui.whole_window import PANELS, come_to_rest
from ui.controls.choice_field import ChoiceField
from ui.export.figures import Figure
from ui.export.formats import to_image
from ui.panels.backprop.focus import StepKind
from ui.panels.backprop.panel import BackpropPanel
from ui.session import Session

type Hands = Callable[[QtBot, Session], object]

THREE_DIGITS = Experiment(
    classes=("0", "1", "2"), filters=(3, 4), padding=1, conv_bias=True, activation="relu", ties="first",
    output="softmax", init="he", dtype="float32", momentum=0.9, learning_rate=0.01, batch_size=8,
    log_every=5, seed=11,
)  # fmt: skip


def show(qtbot: QtBot, session: Session, panel: str) -> None:
    session.window.panels.show_panel(PANELS.index(panel))
    come_to_rest(qtbot, session)


def picture(session: Session) -> QImage:
    """The panel in front as Ctrl+E proposes it; what has no figure, as it is on the screen."""
    figure = Figure(session.window.panels.front_panel, "")
    return figure.widget.grab().toImage() if figure.is_empty else to_image(figure.drawing())


def difference(one: QImage, other: QImage) -> str:
    """Where two pictures differ: rows and columns of the smallest rectangle around it; "" for equal ones."""
    if one.size() != other.size():
        return f"sizes {one.size()} and {other.size()}"
    first, second = (pixels_of(each) for each in (one, other))
    places = np.argwhere((first != second).any(axis=2))
    if not len(places):
        return ""
    (top, left), (bottom, right) = places.min(axis=0), places.max(axis=0)
    return f"{len(places)} pixels in rows {top} to {bottom}, columns {left} to {right}"


def pixels_of(image: QImage) -> np.ndarray:
    plain = image.convertToFormat(QImage.Format.Format_RGBA8888)
    return np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.width(), 4).copy()


# --- hands ----------------------------------------------------------------------------------------------


def press(widget: QWidget, *keys: Qt.Key) -> None:
    for key in keys:
        QTest.keyClick(widget, key)


def choose(field: ChoiceField, text: str) -> None:
    """Go to an entry of a list by arrow keys."""
    choose_by_keys(field, field.itemData(field.findText(text)))


def step_to(panel: BackpropPanel, kind: StepKind, layer: str = "") -> None:
    steps, bar = panel.model.steps, panel.header.bar
    place = next(n for n, step in enumerate(steps) if step.kind is kind and layer in ("", step.layer))
    click_part(bar, place)
