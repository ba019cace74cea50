"""Who is dressed in a theme, when, and how often."""

from typing import override

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.driving import show_window
from ui.theme import DARK, ThemeManager


class StyleChanges(QObject):
    """Counts how often widgets are dressed anew."""

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        self.counts = dict.fromkeys(widgets, 0)
        for each in widgets:
            each.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.StyleChange and isinstance(watched, QWidget):
            self.counts[watched] += 1
        return False


def nested(depth: int) -> list[QWidget]:
    """A window with a widget in it, which has one in it, and so on, all polished."""
    widgets = [QWidget()]
    for _ in range(depth):
        inner = QLabel("label")
        QVBoxLayout(widgets[-1]).addWidget(inner)
        widgets.append(inner)
    widgets[0].ensurePolished()
    return widgets


def test_a_widget_is_dressed_once_however_many_are_around_it(qtbot: QtBot, theme: ThemeManager) -> None:
    widgets = nested(8)
    qtbot.addWidget(widgets[0])
    changes = StyleChanges(*widgets)
    theme.set_mode("dark")
    assert set(changes.counts.values()) == {1}
    theme.set_presenter(True)
    assert set(changes.counts.values()) == {2}
    for label in widgets[1:]:
        assert label.palette().color(QPalette.ColorRole.WindowText) == QColor(DARK.text)
        assert label.font().pointSizeF() == DARK.base_pt * 1.35


def test_what_is_behind_a_tab_is_dressed_a_little_later(qtbot: QtBot, theme: ThemeManager) -> None:
    window, panel, shown = nested(2)
    hidden = QLabel("behind a tab", panel)
    hidden.hide()
    qtbot.addWidget(window)
    show_window(qtbot, window)
    changes = StyleChanges(shown, hidden)
    theme.set_mode("dark")
    assert changes.counts == {shown: 1, hidden: 0}
    theme.set_presenter(True)
    qtbot.waitUntil(lambda: changes.counts == {shown: 2, hidden: 1})
    assert hidden.font().pointSizeF() == DARK.base_pt * 1.35


def test_much_that_is_behind_a_tab_is_dressed_in_turns(qtbot: QtBot, theme: ThemeManager) -> None:
    window, panel, shown = nested(2)
    hidden = [QLabel("behind a tab", panel) for _ in range(3000)]
    for label in hidden:
        label.hide()
    qtbot.addWidget(window)
    show_window(qtbot, window)
    changes, met = StyleChanges(shown, *hidden), set[int]()
    watch = QTimer(window)
    watch.timeout.connect(lambda: met.add(sum(changes.counts.values()) - 1))
    watch.start(0)
    theme.set_mode("dark")
    qtbot.waitUntil(lambda: set(changes.counts.values()) == {1})
    watch.stop()
    assert any(0 < count < len(hidden) for count in met), "others had their turn meanwhile"
