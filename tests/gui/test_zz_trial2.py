from PySide6.QtCore import Qt, QPoint
from PySide6.QtWidgets import QMenu
from ui.theme import theme_manager
from tests.gui.whole_window import show_panel, train
def test_it(qtbot, session):
    train(qtbot, session, 100)
    show_panel(qtbot, session, 3)
    show_panel(qtbot, session, 4)
    for mode in ("light","dark"):
        theme_manager().set_mode(mode); qtbot.wait(100)
        session.window.report.fields.inserts
        menu = session.window.report.fields.insert.menu()
        menu.popup(QPoint(100,100)); qtbot.wait(100)
        sub = menu.actions()[0].menu(); sub.popup(QPoint(300,100)); qtbot.wait(100)
        sub.grab().save(f"/tmp/menu_{mode}.png"); menu.grab().save(f"/tmp/menu0_{mode}.png")
        sub.close(); menu.close()
        c = session.inserter.choices()
        for each in c[:4]: session.window.report.add_insert(each.make(), session.window.report.pages.current())
        qtbot.wait(1500)
        session.window.grab().save(f"/tmp/rep_{mode}.png")
