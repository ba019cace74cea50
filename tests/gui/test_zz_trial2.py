import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from tests.gui.whole_window import show_panel, train, seen_rect
from ui.export.numbers import is_plot, title_of

def click(w):
    r = seen_rect(w)
    QTest.mouseClick(w.window().windowHandle(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, r.center())

def test_it(qtbot, session):
    session.window.activateWindow(); qtbot.waitUntil(session.window.isActiveWindow)
    train(qtbot, session, 100)
    for n in (0,3):
        panel = show_panel(qtbot, session, n)
        for step in range(8 if n == 3 else 1):
            for each in [w for w in panel.findChildren(QWidget) if w.isVisible() and is_plot(w)]:
                r = seen_rect(each)
                if r.isEmpty(): continue
                click(each)
                qtbot.wait(30)
                p, plot = session.exporter.meant(None)
                print(n, step, "ok" if plot is each else "WRONG", title_of(each), "|", plot and title_of(plot))
            if n == 3:
                nxt = next(b for b in panel.findChildren(QWidget) if getattr(b, "text", lambda: "")() == "Next" and b.isVisible())
                click(nxt); qtbot.wait(300)
    # side by side
    area = session.window.panels
    area.show_panel(2); qtbot.wait(100); area.move_aside(); qtbot.wait(200)
    print([d.widget().visibleRegion().isEmpty() for d in area.docks()])
    for n,k in ((0,Qt.Key.Key_1),(2,Qt.Key.Key_3),(3,Qt.Key.Key_4),(2,Qt.Key.Key_3)):
        qtbot.keyClick(session.window, k, Qt.KeyboardModifier.ControlModifier); qtbot.wait(200)
        p, plot = session.exporter.meant(None)
        print("KEY", n, type(p).__name__, plot and title_of(plot))
    dock = area.docks()[2]; dock.setFloating(True); qtbot.wait(200)
    for each in [w for w in dock.findChildren(QWidget) if w.isVisible() and is_plot(w)]:
        if seen_rect(each).isEmpty(): continue
        click(each); qtbot.wait(20)
        p, plot = session.exporter.meant(None)
        print("FLOAT", "ok" if plot is each else "WRONG", title_of(each), type(p).__name__)
    dock.setFloating(False); qtbot.wait(100)
    assert 0
