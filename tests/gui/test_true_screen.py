"""Whatever was done before, a panel shows what one that is made now shows: nothing on it is left over.

A long random use of the whole window. After each action a part of the window is compared, pixel by pixel,
with a part of the same kind that was made for this one look, from the present state and the choices that the
first one says it has made.
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.gui import random_use
from tests.gui.driving import PATIENCE, give_up_keyboard, opened, settle, show_window, take_pointer_away
from tests.gui.recomputed import untrue
from tests.gui.view_rounds import difference, rest
from tests.gui.whole_window import PANELS
from tests.small_data import write_npz
from ui.controls.message_bar import MessageBar
from ui.panels import registry
from ui.panels.contract import Panel, Services
from ui.panels.report.panel import ReportPanel
from ui.panels.samples.panel import SamplesPanel
from ui.panels.timeline.bar import TimelineBar
from ui.panels.translation.panel import TranslationPanel
from ui.session import Session
from ui.tasks import TaskRunner

COUNT = int(os.environ.get("CNNVIZ_ACTIONS", "12"))
SEEDS = [int(seed) for seed in os.environ.get("CNNVIZ_SEED", "1").split()]
PARTS = (*PANELS, "samples", "timeline")


def part_of(session: Session, name: str) -> QWidget:
    window = session.window
    beside: dict[str, QWidget] = {"samples": window.samples, "timeline": window.timeline}
    return beside[name] if name in beside else window.panels.panels()[PANELS.index(name)]


def another(session: Session, name: str, runners: list[TaskRunner]) -> QWidget:
    """Make a part of the window anew; what it keeps besides the state is the session's."""
    if name == "timeline":
        return TimelineBar(session.state, session.controller)
    if name == "samples":
        samples = SamplesPanel(session.state, runners[0], lambda: None)
        front = session.window.samples
        samples.filter.set_choice(front.filter.choice())
        samples.filter.choiceEdited.emit(front.filter.choice())
        return samples
    services = Services(session.state, session.controller, *runners, lambda _name: None)
    panel = registry.PANELS[PANELS.index(name)].build(services)
    if isinstance(panel, ReportPanel):
        panel.work.begin(session.window.panel(ReportPanel).work.work)
    return panel


@contextmanager
def made_now(qtbot: QtBot, session: Session, name: str) -> Iterator[QWidget]:
    """Make a part of the window as it is, in a window of its own of the same size."""
    front = part_of(session, name)
    runners = [TaskRunner(name) for name in ("analysis", "background", "typesetting", "files")]
    ground = QWidget()
    part = another(session, name, runners)
    layout = QHBoxLayout(ground)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(part)
    ground.resize(front.size())
    qtbot.addWidget(ground)
    view = front.view_state() if isinstance(front, Panel) else None
    show_window(qtbot, ground)
    try:
        settle(qtbot, lambda: all(each.is_idle for each in runners), parts=runners)
        if isinstance(part, Panel) and view is not None:
            part.restore_view(view)
        if isinstance(part, SamplesPanel):
            scrolled = session.window.samples.grid.bar.value()
            part.grid.bar.setValue(scrolled)
        give_up_keyboard()
        settle(qtbot, lambda: all(each.is_idle for each in runners), parts=runners)
        yield part
    finally:
        ground.hide()
        for runner in runners:
            assert runner.close(PATIENCE)
            runner.deleteLater()
        ground.close()


def measure_again(qtbot: QtBot, session: Session) -> None:
    """Measure what only a button measures anew: a panel that is made now knows no older values."""
    panel = session.window.panel(TranslationPanel)
    if panel.isVisible() and panel.view.many and not panel.sweep.is_measured():
        panel.sweep.measure()
        rest(qtbot, session)


def picture_of(qtbot: QtBot, part: QWidget) -> QImage:
    """Return what a part shows, without what was said for once."""
    for message in part.findChildren(MessageBar):
        message.clear()
    take_pointer_away(part.window())  # a field under it has another border
    settle(qtbot, parts=[part])
    return part.grab().toImage()


@pytest.mark.slow
@pytest.mark.typesets
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.qt_log_ignore("does not support raise")
def test_nothing_is_left_over_from_what_was_done_before(qtbot, tmp_path, seed):
    chance, done, faults = random.Random(seed), [], []
    data = write_npz(tmp_path / "digits.npz", (0, 1, 2))
    with opened(qtbot, tmp_path / "window.ini", data, random_use.NETWORKS[0]) as session:
        random_use.train(qtbot, session, 2)
        for count in range(COUNT):
            name = chance.choice(PARTS)
            session.window.panels.show_panel(PANELS.index(name) if name in PANELS else 0)
            rest(qtbot, session)
            done.append(chance.choice(random_use.ACTIONS)(qtbot, session, chance))
            rest(qtbot, session)
            faults += [f"{count} {name} after {done[-3:]}: {fault}" for fault in untrue(session, name)]
            measure_again(qtbot, session)
            seen = picture_of(qtbot, part_of(session, name))
            with made_now(qtbot, session, name) as fresh:
                expected = picture_of(qtbot, fresh)
            apart = difference(seen, expected)
            if apart:
                faults.append(f"{count} {name} after {done[-3:]}: {apart}")
                seen.save(str(tmp_path / f"{count}-seen.png"))
                expected.save(str(tmp_path / f"{count}-expected.png"))
    assert not faults, "\n".join(faults)
