"""Export and copy are at hand on every plot and panel."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QScrollBar,
    QTextEdit,
    QWidget,
)

from tests.gui.driving import activate, click, close_export_dialog, export_dialog, focus, press, settle
from tests.gui.own_digit_driving import ONE, open_board, stroke
from tests.gui.own_digit_driving import settle as settle_digit
from tests.gui.whole_window import PANELS, place_of, seen_rect, show_panel, train
from ui.export.exporter import FigureExporter
from ui.export.figures import plot_at, plots_in, tables_of
from ui.panels.samples.drawing_pad import DrawingPad
from ui.panels.training.panel import TrainingPanel
from ui.theme import LIGHT

_OWN_MENU = (QLineEdit, QAbstractSpinBox, QPlainTextEdit, QTextEdit, QComboBox, QScrollBar)


@pytest.fixture
def menus(monkeypatch) -> Iterator[list[QMenu]]:
    """Menus that were asked for; they are not shown, so that the next one can be."""
    found: list[QMenu] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, _place: found.append(menu))
    yield found
    for menu in found:
        menu.deleteLater()


def _click(window: QWidget, place: QPoint, button: Qt.MouseButton = Qt.MouseButton.RightButton) -> None:
    """Press and release a button of the mouse, as the window system would tell of it."""
    QTest.mouseClick(window.windowHandle(), button, Qt.KeyboardModifier.NoModifier, place)


def _places(part: QWidget) -> Iterator[tuple[QWidget, QPoint]]:
    """Each thing that can be seen in a part of the window, and a place on it."""
    met: set[QWidget] = set()
    window = part.window()
    for widget in [part, *part.findChildren(QWidget)]:
        rect = seen_rect(widget) if widget.window() is window else None
        if rect is None or rect.isEmpty():
            continue
        place = rect.center()
        on_top = window.childAt(place)
        if on_top is None or on_top in met or not (part is on_top or part.isAncestorOf(on_top)):
            continue
        met.add(on_top)
        each = on_top  # what is switched off gets no events, and fields for text have a menu of their own
        while each is not part and not isinstance(each, _OWN_MENU):
            each = each.parentWidget()
        if on_top.isEnabled() and each is part:
            yield on_top, place


def _check_menus(part: QWidget, menus: list[QMenu], exporter: FigureExporter) -> list[str]:
    """Right-click on everything in a part of the window; return where something is wrong."""
    wrong: list[str] = []
    meant: list[QWidget] = []
    exporter.export = meant.append
    for widget, place in _places(part):
        menus.clear()
        _click(part.window(), place)
        texts = [action.text().split("\t")[0] for menu in menus for action in menu.actions()]
        if texts.count("Export figure…") != 1 or texts.count("Copy figure") != 1:
            wrong.append(f"{place_of(widget)}: {texts}")
        elif plot_at(widget) is not None:
            next(each for menu in menus for each in menu.actions() if "Export" in each.text()).trigger()
            figure = exporter.figures(meant.pop())[0]
            if figure.widget is not plot_at(widget):
                wrong.append(f"{place_of(widget)} means {figure.title}")
        for menu in menus:
            menu.deleteLater()
    del exporter.export  # that of its class again
    return wrong


def test_a_right_click_anywhere_offers_the_figure_and_what_is_drawn_goes_out(qtbot, session, menus):
    train(qtbot, session, 20)
    window, wrong = session.window, list[str]()
    for number in (0, PANELS.index("report")):  # plots of two libraries, and words
        wrong += _check_menus(show_panel(qtbot, session, number), menus, session.exporter)
    window.timeline.compare.click()
    qtbot.waitUntil(window.compare.isVisible)
    for part in (window.samples, window.compare, window.timeline.track):
        wrong += _check_menus(part, menus, session.exporter)

    own = open_board(qtbot, session)
    for page in ("draw", "image"):
        own.choices.controls["page"].button(page).click()
        settle(qtbot)
        found = _check_menus(own, menus, session.exporter)
        wrong += [each for each in found if not each.startswith(DrawingPad.__name__)]
    assert not wrong
    own.choices.controls["page"].button("draw").click()
    pad = own.pad
    assert session.exporter.figures(pad)[1].title == "Your own image window"
    menus.clear()
    _click(own, pad.mapTo(own, QPoint(pad.width() // 2, pad.height() // 2)))
    assert not menus, "there the right button wipes"
    stroke(qtbot, own, ONE)
    settle_digit(qtbot, session)
    with qtbot.waitSignal(QGuiApplication.clipboard().dataChanged):
        session.exporter.copy(pad)
    assert "own image" in QGuiApplication.clipboard().text()
    session.exporter.insert(pad)
    qtbot.waitUntil(lambda: "is in the report" in session.window.notices.text())
    session.exporter.export(pad)
    assert export_dialog().figure().widget is pad
    close_export_dialog(qtbot)


@pytest.mark.alone
def test_the_figures_of_all_panels_are_offered_and_the_button_at_the_top_exports_what_was_used_last(
    qtbot, session
):
    show_panel(qtbot, session, 3)
    assert "Translation" not in {each.place for each in session.exporter.figures()}, "nothing shown yet"
    panel = show_panel(qtbot, session, 2)
    strip, image = panel.strip, panel.image
    assert len(image.figure(LIGHT).parts) < len(image.drawing().parts), "arrows are for the screen"
    figures = session.exporter.figures()
    places = list(dict.fromkeys(each.place for each in figures))
    assert places[0] == "Translation"
    assert "Backprop" in places
    assert places[-1] == ""
    assert [each.title for each in figures].count("Backprop panel") == 1
    for figure in figures[:-1]:
        assert figure.drawing().marks

    window, button = session.window, session.window.run_bar.export
    activate(qtbot, window)

    def exported(ask: Callable[[], object] = lambda: click(button)) -> QWidget:
        ask()
        found = export_dialog().figure().widget
        close_export_dialog(qtbot)
        activate(qtbot, window)
        return found

    assert exported() is panel, "the panel in front, when nothing has been used yet"
    _press(strip)
    before = focus()
    assert exported() is strip
    assert focus() is before, "a click on the button leaves the keyboard where it was"
    window.samples.grid.setFocus()
    assert exported() is strip, "the samples only choose what is shown"
    window.timeline.track.setFocus()
    assert exported(lambda: press(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)) is strip
    backprop = show_panel(qtbot, session, 3)
    button.setFocus(Qt.FocusReason.TabFocusReason)
    assert exported(lambda: press(Qt.Key.Key_Space)) is backprop, "the plot used last is out of sight"
    show_panel(qtbot, session, 2)
    assert session.exporter.figures()[0].widget is strip, "and in sight again"

    train(qtbot, session, 200)
    titles = {each.widget: each.title for each in session.exporter.figures()}
    assert titles[window.timeline.track] == "Timeline"
    curve, marks = tables_of(window.timeline.track)
    history = session.state.history
    mean = history.loss_curve(history.log_every)
    assert [step for step, _ in curve.rows] == mean.steps.tolist()
    assert [value for _, value in curve.rows] == pytest.approx(mean.values.tolist(), nan_ok=True)
    assert dict(marks.rows)["shown"] == session.state.shown.step
    assert dict(marks.rows)["end of epoch 1"] == session.state.run.steps_per_epoch


def _press(widget: QWidget) -> None:
    _click(widget.window(), seen_rect(widget).center(), Qt.MouseButton.LeftButton)


@pytest.mark.qt_log_ignore("does not support raise", extend=True)
def test_what_was_clicked_or_asked_for_is_meant_wherever_the_keyboard_is(qtbot, session):
    window = session.window
    activate(qtbot, window)
    train(qtbot, session, 20)
    missed: list[str] = []
    for number in (0, 3):
        panel = show_panel(qtbot, session, number)
        for plot in plots_in(panel):
            if plot.isVisible() and not seen_rect(plot).isEmpty():
                _press(plot)
                # A click may lead elsewhere, so that the plot goes.
                if plot.isVisible() and session.exporter.meant(None) != (panel, plot):
                    missed.append(place_of(plot))
    assert not missed

    # A panel that was asked for is meant until something in it is used.
    exporter, translation = session.exporter, show_panel(qtbot, session, 2)
    window.panels.move_aside()
    show_panel(qtbot, session, 0)
    assert not translation.visibleRegion().isEmpty(), "both are in sight"
    _press(window.panel(TrainingPanel).log)
    assert exporter.meant(None)[0] is window.panel(TrainingPanel)
    press(Qt.Key.Key_3, control := Qt.KeyboardModifier.ControlModifier)  # it is in sight already
    assert exporter.meant(None) == (translation, None)
    plot = next(iter(plots_in(translation)))
    _press(plot)
    assert exporter.meant(None) == (translation, plot)
    press(Qt.Key.Key_1, control)
    assert exporter.meant(None) == (window.panel(TrainingPanel), None)

    window.panels.gather()
    panel, dock = show_panel(qtbot, session, 2), window.panels.docks()[2]
    dock.setFloating(True)
    qtbot.waitUntil(lambda: dock.isVisible() and panel.isVisible())
    for plot in plots_in(panel):
        if not seen_rect(plot).isEmpty():
            _press(plot)
            assert exporter.meant(None) == (panel, plot), "in a window of its own, too"
    dock.setFloating(False)
