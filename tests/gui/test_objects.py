"""What is done again and again leaves no objects behind."""

from collections import Counter
from dataclasses import replace

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.small_data import first_images
from ui.session import Session


def objects_of(session: Session) -> Counter[str]:
    """Return how many widgets the window has, and how many parts those of the samples have, by class."""
    widgets = session.window.findChildren(QWidget)
    # Not those of the whole window: to look at all of Qt's own would give them Python owners.
    parts = session.window.samples.findChildren(QObject)
    return Counter(each.metaObject().className() for each in (*widgets, *parts))


def test_other_data_leave_no_objects_behind(qtbot: QtBot, session: Session) -> None:
    kinds = [first_images((0, 1), 64, 96), first_images((0, 1), 48, 32)]

    def open_both() -> Counter[str]:
        for dataset in kinds:
            # Another object each time, as a file that is read again gives.
            session.state.set_dataset(replace(dataset))
        session.window.samples.search.setText("31")
        assert session.window.samples.search.hasAcceptableInput()
        session.window.samples.search.setText("32")
        assert not session.window.samples.search.hasAcceptableInput()
        qtbot.waitUntil(lambda: session.controller.is_idle)
        return objects_of(session)

    first = open_both()
    for _ in range(5):
        last = open_both()
    assert last == first
