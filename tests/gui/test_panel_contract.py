"""What a panel owes the window: its requests are answered, or the program does not start."""

import pytest
from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from ui.panels.contract import connect_requests, requests_of
from ui.panels.registry import PANELS


class Asking(QWidget):
    pinRequested = Signal(object)  # noqa: N815 -- named as Qt names signals
    drew = Signal()


class AskingMore(Asking):
    momentRequested = Signal(int)  # noqa: N815 -- likewise


def test_requests_are_joined_also_those_of_a_base_class(qtbot):
    part, heard = AskingMore(), []
    qtbot.addWidget(part)
    assert requests_of(AskingMore) == ["momentRequested", "pinRequested"]
    connect_requests(part, {"pinRequested": heard.append, "momentRequested": heard.append})
    part.pinRequested.emit("cell")
    part.momentRequested.emit(3)
    assert heard == ["cell", 3]


def test_a_request_that_nothing_answers_stops_the_start(qtbot):
    part = AskingMore()
    qtbot.addWidget(part)
    with pytest.raises(LookupError, match="momentRequested of AskingMore"):
        connect_requests(part, {"pinRequested": print})


def test_every_row_of_the_registry_is_a_tab_and_an_entry_of_the_menu(session):
    titles = [row.title.replace("&&", "&") for row in PANELS]
    assert session.window.panels.titles == titles
    keys = {action.shortcut().toString(): action.text() for action in session.window.findChildren(QAction)}
    assert [keys[f"Ctrl+{number}"] for number in range(1, len(PANELS) + 1)] == [
        f"&{number} {row.title}" for number, row in enumerate(PANELS, start=1)
    ]
    assert [dock.objectName() for dock in session.window.panels.docks()] == [row.dock_name for row in PANELS]
