"""What labs show in the window, and what they cover: while a prediction is open, nothing tells its answer."""

import math
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cnnviz.covers import Secret
from cnnviz.datasets import to_input
from cnnviz.drawing import Text
from cnnviz.lab.course import shipped_labs
from cnnviz.lab.events import EVENTS, TITLES
from cnnviz.lab.measures import Measured, measure
from cnnviz.lab.model import PANELS, Answer, Lab, Show, Step
from cnnviz.lab.reading import load_lab
from cnnviz.lab.views import CHOICES, mistake_in
from cnnviz.report.bench import Bench
from tests.gui import whole_window
from tests.gui.driving import click, opened, save_document
from tests.gui.lab_driving import is_open, open_lab, result
from tests.small_data import write_npz
from ui.controls.spoken import speak
from ui.export.figures import plots_in, tables_of
from ui.lab.controller import LabController
from ui.lab.guide import LabGuide
from ui.panels.backprop.focus import _TITLES, StepKind
from ui.panels.registry import PANELS as ROWS
from ui.panels.training.panel import TrainingPanel
from ui.panels.translation.subject import FREE, LESSON_TITLES
from ui.session import Session
from ui.state import PinnedCell, RunStatus, Shift
from ui.window.actions import action_row

#: What the window says where it tells the answer to each kind of question; the numbers are filled in.
_SAYS = {
    "test_accuracy": r"Test accuracy {percent} %|\baccuracy \d|correct, {percent} %",
    "most_mistaken_class": r"Test accuracy \d",
    "hardest_probability": r"read as \d \(|class \d, probability|class \d: (probability|original) 0",
    "filter_change": r"\d % of A's size \([\d.]+\)",
    "receptive_field": r"pool1 .*sees rows \d+–\d+",
    "window_winner": r"every other cell gets exactly 0|winner: \(\d|pool1 .* = [+−]\d",
    "dots_cells_changed": r"Measured:",
    "change": r"change {two}\b",
    "residual": r"from the moved original by ({two}|0)\b",
    "least_changed": r"differs from the original by [\d.]+",
    "decision_flips": r"Press Start|at 13\.",  # the sweep itself takes long
    "smallest_flip": r"shifted 0\.\d|class \d, probability",
    "window_receivers": r"\bwinners?: (\d|\(\d)|every other cell gets exactly 0|gets 0|tied in this map"
    r"|wins by \S+ and gets the whole gradient|\d of \d+ cells share the maximum",
    "gradient_tie_rule": r"^ties: .*\b{count}\b|explains {count}\b",
    "update_loss_change": r"if applied: \d|change by the slope",
}  # fmt: skip


@pytest.fixture
def opened_lab(qtbot: QtBot, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Session]:
    """A lab of the program with few images, to end soon."""
    path = shipped_labs()[request.param]
    digits = write_npz(tmp_path / "digits.npz", load_lab(path).experiment.classes, 1000, 211)
    with opened(qtbot, tmp_path / "lab.ini", digits) as session:
        session.lab.open_file(path)
        qtbot.waitUntil(lambda: is_open(session, request.param))
        yield session


@pytest.mark.slow
@pytest.mark.parametrize("opened_lab", ["fooling", "lab5"], indirect=True)  # between them, most measures
def test_no_step_of_a_lab_tells_its_answer_before_the_prediction(qtbot: QtBot, opened_lab: Session) -> None:
    speak()
    session, sitting, desk = opened_lab, opened_lab.lab, opened_lab.lab.control
    qtbot.waitUntil(sitting.column.isVisible)
    whole_window.rest(qtbot, session)
    # Who only looks at the program is not kept from its results, and they are noted as seen.
    QTest.keyClicks(sitting.column.page.who.roll_number, "7")
    qtbot.waitUntil(lambda: desk.is_begun)
    whole_window.rest(qtbot, session)
    for step in desk.lab.steps:
        desk.go_to(step.id)
        if step.prediction is None:
            continue
        found = _reach(qtbot, session, sitting, step)
        told = list(_told(qtbot, session, step, found))
        assert not told, f"{step.id}: {told}"
        assert not desk.is_late, step.id
        desk.predict(_some_answer(desk, step))
        _do(qtbot, session, step)
        seen = next(_told(qtbot, session, step, found), None)
        assert seen, f"{step.id}: the answer is never to be seen"


def _reach(qtbot: QtBot, session: Session, sitting: LabGuide, step: Step) -> Measured:
    """Bring the window where the answer is to be seen, and return it."""
    state, truth = session.state, step.prediction.truth
    with qtbot.waitSignal(sitting.shower.shown):
        sitting.show_me()
    state.set_speed(None)
    if state.run.step < sitting.control.end_of(step):
        session.controller.train()
        qtbot.waitUntil(lambda: state.run.status is RunStatus.FINISHED)
    if "dx" in truth.parameters:
        state.set_shift(Shift(int(truth.parameters["dx"]), int(truth.parameters["dy"])))
    if truth.measure in ("receptive_field", "window_receivers"):
        state.set_pinned(PinnedCell("pool1", (0, 4, 4)))
    if truth.measure == "filter_change":
        session.window.compare_dock.show()
    whole_window.rest(qtbot, session)
    return measure("", truth, Bench(state.experiment, state.dataset, state.shown.network, state.shown.step))


def _do(qtbot: QtBot, session: Session, step: Step) -> None:
    """Do what the step asks for, where the answer is not on the screen without it."""
    if step.prediction.truth.measure == "gradient_tie_rule":
        check = whole_window.show_panel(qtbot, session, 3).side.check
        click(check.view("check"))
        qtbot.waitUntil(lambda: "outcome" in check.page.leaves())
    if step.prediction.truth.measure == "residual":
        whole_window.show_panel(qtbot, session, 2).strip.setFocus()
    whole_window.rest(qtbot, session)


def _some_answer(desk: LabController, step: Step) -> Answer:
    prediction = step.prediction
    match prediction.kind:
        case "number":
            return 0.5
        case "cell":
            return desk.filter_number(prediction.truth.parameters["filter"]), 8, 8
        case _:
            return prediction.choices[0].name if prediction.choices else "up"


def _told(qtbot: QtBot, session: Session, step: Step, found: Measured) -> Iterator[str]:
    """Yield what tells the answer: the window, with the panel in front, and then each other panel."""
    pattern, value = _pattern(found), _number(session, found)
    panels, shown = session.window.panels, [session.window, *session.window.panels.panels()]
    asked = set(texts_of(session.window.lab_dock))
    shown.remove(panels.front_panel)
    for part in shown:
        number = panels.front if part is session.window else panels.panels().index(part)
        whole_window.show_panel(qtbot, session, number)
        for text in texts_of(part):
            if pattern.search(text) and text not in asked:
                yield f"{whole_window.PANELS[number]}: {text}"
        if not math.isnan(value) and np.isclose(numbers_of(part), value, rtol=1e-9, atol=0).any():
            yield f"{whole_window.PANELS[number]}: {value} among the numbers to copy"


def _number(session: Session, found: Measured) -> float:
    """Return the number by which the answer can be told, NaN where others may well equal it."""
    value, dataset, shown = found.value, session.state.dataset, session.state.shown
    if isinstance(value, tuple):
        image = dataset.test_images[int(found.measurement.parameters["sample"])][np.newaxis]
        maps = shown.network.forward(to_input(image, shown.network.dtype)).outputs["conv1"]
        return float(maps[0][value[0]])
    if not isinstance(value, float):
        return math.nan
    number = value / 100 if found.how.quantity == "percent" else value
    return math.nan if math.isclose(number, round(number, 3), rel_tol=1e-12) else number


def _pattern(found: Measured) -> re.Pattern[str]:
    value, says = found.value, _SAYS[found.measure]
    if isinstance(value, float | int):
        percent = re.escape(f"{value:.2f}") if math.isfinite(value) else "none"
        says = says.replace("{percent}", percent).replace("{two}", percent).replace("{count}", f"{value:.0f}")
    return re.compile(says)


def test_show_me_reveals_nothing_and_a_result_is_shown_without_a_prediction_when_asked_for_twice(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    sitting = open_lab(qtbot, session, tmp_path)
    show_me, desk, card = sitting.column.show_me, sitting.control, sitting.column.page.prediction
    qtbot.waitUntil(lambda: not show_me.property("kind"))  # the lab begins where its first step does
    save_document(qtbot, session, tmp_path / "saved.cnnviz")  # which ends nothing
    desk.go_to("field")
    assert show_me.property("kind") == "primary"
    with qtbot.waitSignal(sitting.shower.shown):
        click(show_me)
    whole_window.rest(qtbot, session)
    assert not show_me.property("kind")
    assert Secret.FIELD in session.state.covered
    assert not desk.done.revealed
    assert not result(card)
    click(card.skip)
    assert "no longer predict in this step" in card.warning.text()
    click(card.keep_predicting)
    assert not card.warning.isVisible()
    assert card.commit.isVisible()
    click(card.skip)
    click(card.show_result)
    qtbot.waitUntil(lambda: desk.done.found is not None)
    whole_window.rest(qtbot, session)
    assert Secret.FIELD not in session.state.covered
    assert result(card)["verdict"] == "Measured: 4 pixels"
    assert result(card)["predicted"] == "You asked to see the result without a prediction."
    assert not card.commit.isVisible()
    assert desk.done.done, "nothing is left to do"
    desk.predict(4.0)
    assert desk.done.prediction is None


# -- all that a window says: painted, spoken, in tool tips, and in numbers that can be copied ----------------


_SPOKEN = (QAccessible.Text.Name, QAccessible.Text.Description, QAccessible.Text.Value, QAccessible.Text.Help)


def texts_of(window: QWidget) -> Iterator[str]:
    """Yield every text of the window, or a part of it, and of what lies in it and can be seen."""
    yield window.windowTitle()
    for widget in window.findChildren(QWidget):
        if widget.isVisible():
            yield widget.toolTip()
            spoken = QAccessible.queryAccessibleInterface(widget)
            if spoken is not None:
                yield from (spoken.text(kind) for kind in _SPOKEN)
    yield from (text for _, text in whole_window.texts_of(window))


def numbers_of(window: QWidget) -> list[float]:
    """Return every number that can be copied or exported from what is in sight."""
    lines = (line for plot in plots_in(window) for table in tables_of(plot) for line in table.lines())
    return [float(each) for line in lines for each in line if isinstance(each, int | float)]


def test_each_covered_part_says_what_it_is_and_which_step_asks_for_it_and_all_can_be_shown(
    qtbot: QtBot, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = open_lab(qtbot, session, tmp_path, shipped_labs()["lab5"].read_text(encoding="utf-8"))
    QTest.keyClicks(guide.column.page.who.roll_number, "7")
    qtbot.waitUntil(lambda: Secret.TEST in session.state.covered)
    panel = session.window.panel(TrainingPanel)
    way_out = action_row("show_covered")
    shows = way_out.words.replace("Show", "shows")
    told, out = "Covered until you predict in step 3 of the lab.", f"{way_out.key} {shows}."
    for part, what in (
        (panel.curves.accuracy, "Accuracy. "),
        (panel.results, "Test images. "),
        (panel.log, ""),
    ):
        cover = part.parentWidget().parentWidget()
        assert (cover.reason.text(), cover.reason.parentWidget().toolTip()) == (what + told, out)
    reasons = {each.name: each.why_not for each in session.window.finder.entries() if each.place == "Network"}
    assert reasons["Mistakes"] == reasons["Confusion matrix"] == f"Test images. {told}"

    session.window.set_presenting(True)
    assert session.state.way_out == out.replace(".", "; to predict, leave presenter mode (F11).")
    backprop = whole_window.show_panel(qtbot, session, 3)
    qtbot.waitUntil(lambda: backprop.model.passed is not None)
    why, steps = session.state.cover_text(Secret.SHARES), len(backprop.model.steps)
    for place in range(steps):
        said = " ".join(text for _, text in whole_window.texts_of(backprop))
        assert backprop.paging() == (place, steps), "a step that is covered has its page"
        assert said.count("Covered") == said.count(why) == 1, "said once, with the way out"
        assert backprop.turn_page(1) is (place < steps - 1)
    for insists in (False, True):
        monkeypatch.setattr("ui.lab.guide.ask_about_open_predictions", lambda _, insists=insists: insists)
        QTest.keySequence(session.window, way_out.key)
        assert bool(session.state.covered) is not insists
    session.window.set_presenting(False)
    for step in (each for each in guide.control.lab.steps if each.prediction is not None):
        guide.control.go_to(step.id)
        assert not session.state.covered, step.id
        assert guide.control.is_late, step.id


def test_figures_say_no_more_than_is_shown_and_closed_parts_have_none(qtbot: QtBot, session: Session) -> None:
    state, window = session.state, session.window
    whole_window.train(qtbot, session, 30)
    for place in range(4):
        whole_window.show_panel(qtbot, session, place)
    whole_window.rest(qtbot, session)

    def said() -> dict[str, str]:
        figures = session.exporter.figures()[:-1]  # the last is a screenshot
        marks = {each.label: each.drawing("print").all_marks() for each in figures}
        return {
            name: " ".join(each.words for each in of if isinstance(each, Text)) for name, of in marks.items()
        }

    shown = said()
    assert {"Accuracy", "predicted"} <= set(shown["Network panel"].split())
    state.set_covered({Secret.TEST: "Not yet."})
    covered = said()
    assert not {"Accuracy", "predicted"} & set(covered["Network panel"].split())
    assert "Loss" in covered["Network panel"]
    assert covered["Translation panel"] == shown["Translation panel"]
    state.set_covered(dict.fromkeys(Secret, "Not yet."))
    assert {"Translation panel", "Backprop panel"} == {each for each in shown if "panel" in each} - {*said()}
    state.set_covered({})
    window.compare_dock.show()
    qtbot.waitUntil(lambda: any(name.startswith("Weights") for name in said()))
    window.compare_dock.hide()
    assert not [name for name in said() if name.startswith("Weights")], "it may show another run by then"


def test_who_changes_to_a_lab_that_covers_less_is_asked(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide, asked = session.lab, list[bool]()
    ask = "ui.lab.guide.ask_about_open_predictions"
    monkeypatch.setattr(ask, lambda *_, **_of: asked.append(True) or len(asked) > 1)
    guide.open("lab5")
    qtbot.waitUntil(lambda: is_open(session, "lab5"))
    QTest.keyClicks(guide.column.page.who.roll_number, "7")
    qtbot.waitUntil(lambda: Secret.TEST in session.state.covered)
    guide.open("demonstrations")
    qtbot.waitUntil(lambda: bool(asked))
    whole_window.rest(qtbot, session)
    assert is_open(session, "lab5")
    guide.open("demonstrations")
    qtbot.waitUntil(lambda: is_open(session, "demonstrations"))
    guide.open("lab5")
    qtbot.waitUntil(lambda: is_open(session, "lab5"))
    guide.control.go_to("full")
    assert (guide.control.is_late, len(asked)) == (True, 2), "its results may have been seen meanwhile"


def test_the_answer_of_the_network_is_told_at_all_places_or_at_none(qtbot: QtBot, session: Session) -> None:
    maps, bars = whole_window.show_panel(qtbot, session, 1), session.window.samples.bars
    for secret, is_told in ((Secret.CELLS, True), (Secret.ROUTE, True), (Secret.ANSWERS, False)):
        session.state.set_covered({secret: "Not yet."}, "")
        whole_window.rest(qtbot, session)
        told = any(text.startswith("read as") for _, text in whole_window.texts_of(maps))
        assert (told, bars.isVisible()) == (is_told, is_told), secret


# -- what labs show is what the panels know ------------------------------------------------------------------


_LABS = [load_lab(path) for path in shipped_labs().values()]
#: Choices that a panel only has in some states: a column folded, scrolled or enlarged, fixed limits.
_NOT_ALWAYS = ("flow.folded.*", "flow.large.cell", "flow.large.place", "limits.*")


def test_nothing_in_backprop_moves_when_it_is_uncovered(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    open_lab(qtbot, session, tmp_path, shipped_labs()["lab5"].read_text(encoding="utf-8"))
    why = "Covered until you predict in step 12 of the lab."
    session.state.set_covered(dict.fromkeys((Secret.CHECK, Secret.SHARES), why), "")
    session.window.resize(1440, 900)
    panel = whole_window.show_panel(qtbot, session, PANELS.index("backprop"))
    panel.model.go_to(next(n for n, step in enumerate(panel.model.steps) if step.kind is StepKind.FILTER))
    whole_window.rest(qtbot, session, lambda: not panel.side.isVisible())
    covered = panel.stack.width(), panel.header.height()
    session.state.set_covered({}, "")
    whole_window.rest(qtbot, session, panel.side.isVisible)
    wide, high = panel.stack.width(), panel.header.height()
    assert (wide, high) == (covered[0], pytest.approx(covered[1], abs=3)), "its formula is another one then"


def _shows(lab: Lab) -> list[Show]:
    return [lab.start, *(step.show for step in lab.steps)]


def test_labs_know_every_panel_by_its_name():
    assert [row.name for row in ROWS] == list(PANELS)
    assert all(TITLES.get(kind.value, title) == title for kind, (title, _) in _TITLES.items())
    assert [TITLES[row.name] for row in ROWS] == [row.title.replace("&&", "&") for row in ROWS]


def test_the_lessons_that_labs_wait_for_are_those_of_the_translation_panel():
    assert EVENTS["lesson"].about == tuple(name for name, _ in LESSON_TITLES if name != FREE)
    assert all(title.endswith(TITLES[name]) for name, title in LESSON_TITLES if name != FREE)


def test_every_choice_in_a_lab_is_one_of_its_panel_and_taken_as_it_stands(qtbot, session):
    whole_window.train(qtbot, session, 3)
    for place, _ in enumerate(PANELS):
        whole_window.show_panel(qtbot, session, place)
    known = session.document.picture().seen.views
    for panel, view in (each for lab in _LABS for show in _shows(lab) for each in show.views.items()):
        assert view.keys() <= known[panel].keys(), panel
    # What a lab file is checked by is what the panels say of themselves.
    for panel in PANELS:
        for name, value in known[panel].items():
            written = list(value) if isinstance(value, tuple) else [] if value is None else value
            assert mistake_in(panel, name, written) == "", f"{panel}: {name} = {value}"
        for name in CHOICES[panel]:
            is_there = any(fnmatchcase(each, name) for each in known[panel])
            assert is_there or name in _NOT_ALWAYS, f"{panel} has no choice {name}"

    here = [lab for lab in _LABS if lab.experiment.classes == session.state.experiment.classes]
    views = {repr(each): each for lab in here for show in _shows(lab) for each in show.views.items()}
    for name, view in sorted(views.values(), key=lambda each: each[0]):
        panel = whole_window.show_panel(qtbot, session, list(PANELS).index(name))
        panel.restore_view(view)
        whole_window.rest(qtbot, session)
        after = panel.view_state()
        for choice, value in view.items():
            expected = None if value in ("full", ()) else value
            assert after[choice] == expected, f"{name}: {choice} = {value} became {after[choice]}"


def test_show_me_opens_the_panel_that_the_text_of_a_step_names():
    for lab in _LABS:
        for step in lab.steps:
            for title in re.findall(r"panel \*\*(.+?)\*\*", step.text):
                assert TITLES[step.show.panel] == title, f"{lab.id}, {step.id}"
