"""A window in which nothing happens does nothing: no layout asks for another, no timer paints."""

from collections import Counter
from typing import override

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.whole_window import PANELS, show_panel, train
from ui.session import Session
from ui.theme import ThemeManager

WORK = (QEvent.Type.LayoutRequest, QEvent.Type.Paint, QEvent.Type.Resize)


class Work(QObject):
    """Counts what widgets are asked to do, by event and kind of widget."""

    def __init__(self) -> None:
        super().__init__()
        self.done: Counter[str] = Counter()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in WORK:
            self.done[f"{event.type().name} of {type(watched).__name__} {watched.objectName()}"] += 1
        return False


@pytest.mark.parametrize("size", [(1440, 900), (1100, 700)])
def test_an_idle_window_neither_paints_nor_lays_out(
    qtbot: QtBot, session: Session, theme: ThemeManager, size: tuple[int, int]
) -> None:
    train(qtbot, session, 20)
    session.window.resize(*size)
    app = QApplication.instance()
    assert app is not None
    for presenter in (False, True):
        theme.set_presenter(presenter)
        for number, name in enumerate(PANELS):
            show_panel(qtbot, session, number)
            session.window.samples.grid.setFocus()  # nothing with a blinking cursor

            def rests(name: str = name) -> bool:
                """Whether a tenth of a second passes with hardly any work."""
                work = Work()
                app.installEventFilter(work)
                qtbot.wait(120)
                app.removeEventFilter(work)
                # What is measured in the background may still arrive and be drawn, but not again and again.
                assert sum(work.done.values()) < 1500, f"{name}: {work.done.most_common(5)}"
                return sum(work.done.values()) < 20

            qtbot.waitUntil(rests, timeout=15_000)
