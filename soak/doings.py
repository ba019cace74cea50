"""Single things that a user does again and again, each by its name."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from soak.driven import later
from soak.places import here
from ui.panels.backprop.panel import BackpropPanel
from ui.panels.report.panel import ReportPanel

if TYPE_CHECKING:
    from ui.export.dialog import ExportDialog
    from ui.session import Session

#: Given the session and which time it is; may return after how many milliseconds everything has been begun.
type Doing = Callable[["Session", int], int | None]


def press(part: QWidget, text: str) -> None:
    """Press the button whose text begins so, whether it can be seen or not."""
    next(each for each in part.findChildren(QAbstractButton) if each.text().startswith(text)).click()


def _panels(session: "Session", _number: int) -> int:
    for number, panel in enumerate((1, 2, 3, 4, 0)):
        later(60 * number, partial(session.window.panels.show_panel, panel))
    return 400


def _theme(session: "Session", number: int) -> None:
    session.window.menus.action(("theme_light", "theme_dark")[number % 2]).trigger()


def _presenter(session: "Session", _number: int) -> int:
    session.window.menus.action("presenter").trigger()
    later(100, session.window.menus.action("presenter").trigger)
    return 300


def _sweep(session: "Session", number: int) -> None:
    session.window.panels.show_panel(2)
    session.state.choose_test_image(number % 100)


def _check_all(session: "Session", _number: int) -> None:
    session.window.panels.show_panel(3)
    press(session.window.panel(BackpropPanel), "Check all")


def _train(session: "Session", _number: int) -> int:
    """Train for a moment, then go back to the initial weights."""
    session.window.panels.show_panel(0)
    session.controller.train()
    later(600, session.controller.train)
    later(900, session.controller.reset)
    return 1100


def _data(session: "Session", number: int) -> None:
    names = ("good.npz", "idx", "pictures", "small.npz")
    session.controller.open_data(None if number % 2 else here().files / names[number // 2 % len(names)])


def _own_digit(session: "Session", _number: int) -> int:
    """Draw a stroke in the window for own digits, and close it."""
    session.window.samples.draw()
    window = session.window.samples.own_window()
    pad = next(each for each in window.findChildren(QWidget) if type(each).__name__ == "DrawingPad")
    left, at = Qt.MouseButton.LeftButton, QPoint(pad.width() // 3, pad.height() // 3)
    QTest.mousePress(pad, left, pos=at)
    for step in range(1, 6):
        QTest.mouseMove(pad, at + QPoint(8 * step, 14 * step))
    QTest.mouseRelease(pad, left, pos=at + QPoint(40, 70))
    later(200, window.close)
    return 400


def _figure(kind: str, session: "Session", number: int) -> None:
    session.window.panels.show_panel(number % 4)
    session.exporter.export()
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    dialog = cast("ExportDialog", dialog)
    dialog.choices.choose(format=kind)
    dialog.folder.setText(str(here().out))
    dialog.name.setText(f"figure{number}.{kind}")
    dialog.export()
    if dialog.isVisible():
        dialog.reject()


def _copy(session: "Session", number: int) -> None:
    session.window.panels.show_panel(number % 4)
    session.exporter.copy()


def _report(session: "Session", number: int) -> None:
    session.window.panels.show_panel(4)
    session.window.panel(ReportPanel).exporter.write(
        here().out / ("report", "report.html", "report.pdf")[number % 3]
    )


def _lab(session: "Session", _number: int) -> None:
    session.window.panels.show_panel(4)
    session.window.panel(ReportPanel).run_lab()


def _document(session: "Session", number: int) -> None:
    path = here().out / "kept.cnnviz"
    session.document.save_to(path)
    later(400, partial(session.document.open, path))
    if number % 2:
        session.controller.step()


def _model(session: "Session", _number: int) -> None:
    path = here().out / "kept.safetensors"
    session.controller.export_weights(path)
    session.document.mark_run_saved()
    later(400, partial(session.document.open, path))


DOINGS: Mapping[str, tuple[Doing, int]] = {
    "all panels": (_panels, 40),
    "theme": (_theme, 24),
    "presenter mode": (_presenter, 12),
    "sweep": (_sweep, 24),
    "check all": (_check_all, 9),
    "train and reset": (_train, 15),
    "other data": (_data, 32),
    "own digit": (_own_digit, 30),
    "PNG": (partial(_figure, "png"), 12),
    "SVG": (partial(_figure, "svg"), 12),
    "PDF": (partial(_figure, "pdf"), 12),
    "copy": (_copy, 12),
    "report": (_report, 9),
    "document": (_document, 24),
    "model": (_model, 24),
    "lab": (_lab, 3),
}
"""What is done, and how often in the ten minutes' version."""
