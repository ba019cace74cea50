"""Export and copy are at hand on every plot and panel, and captions name what was drawn."""

import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy as np
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
from pytestqt.qtbot import QtBot

from cnnviz.drawing import to_csv
from cnnviz.experiment import LENET
from cnnviz.graphics.translation import stage_keys, stage_title, stages_of
from cnnviz.network import weights_checksum
from cnnviz.report.figures import distance_figure
from cnnviz.routing import apply_update
from cnnviz.translation import Curve
from tests.gui.document_driving import begin_again, new_run
from tests.gui.driving import activate, click, close_export_dialog, export_dialog, focus, hold, press, settle
from tests.gui.own_digit_driving import ONE, open_board, stroke
from tests.gui.own_digit_driving import settle as settle_digit
from tests.gui.whole_window import PANELS, place_of, rest, seen_rect, show_panel, train
from ui.export.exporter import FigureExporter
from ui.export.figures import Figure, caption_of, file_name_of, plot_at, tables_of
from ui.panels.backprop.asks import SetLabel, SetRule
from ui.panels.samples.drawing_pad import DrawingPad
from ui.panels.training.panel import TrainingPanel
from ui.session import Session
from ui.state import PinnedCell, Shift
from ui.theme import LIGHT


def is_swept(panel: QWidget) -> bool:
    """Whether the sweep of the Translation panel is that of its choices."""
    swept, view = panel.sweep.swept, panel.view
    return swept is not None and swept.key.pool_size == view.pool_size


def test_a_figure_of_translation_names_the_choices_and_the_images_it_depends_on(
    qtbot: QtBot, session: Session
) -> None:
    """Pictures of other numbers have other captions; what a part does not depend on is not named."""
    panel, state = show_panel(qtbot, session, 2), session.state
    state.set_shift(Shift(2, 1))
    figures = {
        "maps": panel.maps,
        "strip": panel.strip,
        "winners": panel.winners,
        "sweep": panel.sweep.map,
        "curves": panel.sweep.curves,
        "image": panel.image,
        "answer": panel.predictions,
        "panel": panel,
    }
    captions: list[dict[str, str]] = []
    for changes, depend in (
        ({}, ""),
        ({"pool_size": 3}, "maps strip winners sweep curves panel"),
        ({"stage": "subsample"}, "maps sweep panel"),
        ({"equivariance": True}, "maps panel"),
        ({"channel": 3}, "winners panel"),
        ({"pair": "difference"}, "maps panel"),
        ({"measure": "cosine_similarity"}, "sweep curves panel"),
        ({"measure": "probability_change"}, "sweep curves panel"),
    ):
        before = panel.view
        panel.choices.choose(**changes)
        rest(qtbot, session, lambda: is_swept(panel))
        captions.append({name: caption_of(state, widget) for name, widget in figures.items()})
        panel.choices.take(before)
        others = {name for name in figures if captions[-1][name] != captions[0][name]}
        assert others == set(depend.split()), changes
    at_first, pooled, *_, of_class = captions
    assert "pool 3 × 3" in pooled["curves"]
    assert "sweep, Relative change of Max pooling · relative to a blank image" in at_first["sweep"]
    assert "for class 1" in of_class["curves"]
    assert "blank" not in of_class["curves"], "probabilities know no features"
    numbers = to_csv(tables_of(panel.sweep.map), pooled["sweep"]).decode()
    assert pooled["sweep"] in numbers.splitlines()[0]

    sweep = panel.sweep
    rest(qtbot, session, lambda: is_swept(panel))
    assert "test image 0" in caption_of(state, sweep.map)
    panel.choices.controls["many"].button("True").click()
    panel.choices.controls["digits"].valueEdited.emit(3)
    sweep.button.click()
    rest(qtbot, session, lambda: panel.sweep.swept is not None)
    for part in (sweep.map, sweep.curves):
        assert "the first 3 test images" in caption_of(state, part)
        assert "test image 0" not in caption_of(state, part)
        assert "image0" not in file_name_of(Figure(part, "Sweep"), state)
    assert "test image 0" in caption_of(state, panel.strip)

    begin_again(qtbot, session, seed=5)  # at step 0 as before
    rest(qtbot, session, lambda: "another run (seed 0)" in sweep.note.text())
    assert "seed 0" in caption_of(state, sweep.map).split(" · ")
    assert "seed 5" in caption_of(state, panel.strip).split(" · ")
    assert "sweep of step 0 of another run (seed 0)" in caption_of(state, panel)


def test_a_figure_of_filters_and_maps_names_filter_class_and_cell_and_patches_whose_they_are(
    qtbot: QtBot, session: Session
) -> None:
    maps, state = show_panel(qtbot, session, 1), session.state
    assert "conv1, filter 0" in caption_of(state, maps)
    assert "evidence for class 1" in caption_of(state, maps).split(" · ")
    maps.network.select_channel(1, 5)
    maps.choices.choose(relative=True)
    state.set_pinned(PinnedCell("pool1", (5, 2, 3)))
    rest(qtbot, session)
    caption = caption_of(state, maps)
    assert "conv1, filter 5" in caption
    assert "evidence for class 1, relative to a blank image" in caption
    assert "cell pool1, filter 5, row 2, column 3" in caption
    maps.show_page("top_patches")
    top_patches = maps.top_patches
    rest(qtbot, session, lambda: top_patches.provenance() is not None and not top_patches.picture.under_way)
    patches = top_patches.patches.view
    for part in (top_patches.filter.view("kernel"), patches("most"), patches("least")):
        assert "conv1, filter 5" in caption_of(state, part)

    begin_again(qtbot, session, seed=7)
    rest(qtbot, session)
    assert "seed 7" in caption_of(state, patches("least")), "searched again in the network that is shown"
    train(qtbot, session, 60)
    rest(qtbot, session)
    caption = caption_of(state, patches("most"))
    assert {"seed 7", "step 0"} <= set(caption.split(" · "))
    assert f"{len(state.dataset.test_labels):,} test images" in caption
    assert "test image " not in caption
    assert "patches of step 0" in caption_of(state, maps)
    assert patches("most").accessibleName().startswith("Excited it most at step 0,")
    assert "seed 7" in caption_of(state, top_patches.filter.view("filters")).split(" · ")


def test_curves_results_compared_moments_gradients_and_an_adopted_network_say_what_they_depend_on(
    qtbot: QtBot, session: Session
) -> None:
    train(qtbot, session, 300)
    state, window = session.state, session.window
    training = window.panel(TrainingPanel)
    last = state.run.step
    session.controller.show_moment(state.history.snapshots[1].step)
    qtbot.waitUntil(lambda: state.shown.step != last)
    rest(qtbot, session, lambda: state.evaluation.step == state.shown.step)
    loss = caption_of(state, training.curves.loss)
    assert f"step {last:,}" in loss.split(" · ")
    assert f"step {state.shown.step:,} is marked" in loss
    assert "image" not in loss
    assert f"step {last:,}" in caption_of(state, training.log).split(" · ")
    network = training.network
    said = caption_of(state, network.view).split(" · ")
    assert said[:3] == ["lab5, classes 0, 1", "seed 0", f"step {state.shown.step:,}"]
    assert "test image 0" in said[-1]
    click(network.choices.controls["moment"].button("difference"))
    rest(qtbot, session, lambda: "filters minus step 0" in caption_of(state, network.view).split(" · "))
    assert f"run up to step {last:,}" in caption_of(state, window.timeline.track)

    session.controller.show_moment(None)
    rest(qtbot, session, lambda: state.evaluation.step == last)
    go_on = hold(session.controller.background)  # where the step would be tested
    session.controller.step()
    qtbot.waitUntil(lambda: network.provenance().step > last)
    matrix, whole = caption_of(state, training.results.matrix), caption_of(state, training)
    go_on()
    assert f"step {last:,}" in matrix.split(" · ")
    assert f"test results of step {last:,}" in whole

    window.timeline.compare.click()
    qtbot.waitUntil(lambda: "compared with step 0" in caption_of(state, window.compare))
    assert "weights of conv1" in caption_of(state, window.compare).split(" · ")
    begin_again(qtbot, session, seed=2)
    qtbot.waitUntil(
        lambda: "compared with step 0 of another run (seed 0)" in caption_of(state, window.compare)
    )
    assert "seed 2" in caption_of(state, window.compare).split(" · ")

    panel = show_panel(qtbot, session, 3)
    model = panel.model
    note = f"after 1 trial update at step {state.shown.step:,}"
    expected = apply_update(state.live.network, model.passed.gradients, state.experiment.learning_rate)
    panel.header.go_to(len(model.steps) - 1)
    with new_run(qtbot, session):
        for key in ("Apply the update", "Adopt"):
            qtbot.waitUntil(lambda key=key: panel.stack.view(key).isEnabled())
            click(panel.stack.view(key))
    rest(qtbot, session, lambda: model.passed.scene.snapshot is state.shown)
    assert weights_checksum(state.live.network) == weights_checksum(expected)
    show_panel(qtbot, session, 0)
    rest(qtbot, session, lambda: note in caption_of(state, network.view).split(" · "))
    show_panel(qtbot, session, 3)

    def caption() -> list[str]:
        return caption_of(state, panel).split(" · ")

    assert note in caption()
    # The class that the loss asks for, and the rule for ties.
    assert "loss for class 1, ties: all" in caption()
    panel.answer(SetLabel(0))
    panel.answer(SetRule("split"))
    rest(qtbot, session, lambda: (model.passed.label, model.passed.rule) == (0, "split"))
    assert "loss for class 0, ties: split" in caption()
    begin_again(qtbot, session, pool="average")
    rest(qtbot, session, lambda: model.passed.rule is None)
    assert not any("ties" in part for part in caption())


# -- screen and paper ----------------------------------------------------------------------------------------


def test_stages_have_one_name_and_one_colour() -> None:
    network = LENET.build_network()
    stages = [stage for stage in stage_keys(network, 1) if stage != "activation"]
    colors = {each.key: each.color.light for each in stages_of(network, 1, 2)}
    for stage in stages:
        curves = {"relative_change": {stage: Curve(np.arange(-2, 3), np.ones(5), np.zeros(5))}}
        swept = SimpleNamespace(ink_lost=np.zeros((1, 5)), digits=1)
        svg = distance_figure(SimpleNamespace(curves=curves, swept=swept, pool_size=2)).svg
        assert set(re.findall(r'<polyline [^>]*stroke="(#\w+)"', svg)) == {colors[stage]}
        assert f">{stage_title(network, 1, stage)}</text>" in svg
    assert len({colors[stage] for stage in stages}) == len(stages)


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
def test_the_figures_of_all_panels_are_offered_and_the_button_at_the_top_exports_what_has_the_keyboard(
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
    assert [each.title for each in figures].count("Backprop panel") == 1
    for figure in figures:
        assert figure.drawing().marks

    window, button = session.window, session.window.run_bar.export
    activate(qtbot, window)

    def exported(ask: Callable[[], object] = lambda: click(button)) -> QWidget:
        ask()
        found = export_dialog().figure().widget
        close_export_dialog(qtbot)
        activate(qtbot, window)
        return found

    assert exported() is panel, "the panel in front, when no plot in it has the keyboard"
    strip.setFocus()
    assert exported() is strip
    assert focus() is strip, "a click on the button leaves the keyboard where it was"
    for chooser in (window.samples.grid, window.timeline.track):
        chooser.setFocus()
        assert exported() is panel, "they only choose what is shown"
    button.setFocus(Qt.FocusReason.TabFocusReason)
    assert exported(lambda: press(Qt.Key.Key_Space)) is panel
    strip.setFocus()
    assert exported(lambda: press(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)) is strip

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
