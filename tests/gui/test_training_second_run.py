"""The Training panel while the curves of the run before stand behind those of the present one."""

from cnnviz.graphics.run_curves import BEFORE
from cnnviz.lab.opening import shipped_labs
from tests.gui import whole_window
from ui.panels.training.panel import TrainingPanel


def test_a_second_run_beside_the_lab_guide_leaves_the_columns_where_they_are(qtbot, session):
    window, state = session.window, session.state
    window.resize(1440, 862)
    session.lab.open_file(shipped_labs()["lab5"])
    qtbot.waitUntil(lambda: window.lab_dock.isVisible())
    whole_window.rest(qtbot, session)
    panel = window.panel(TrainingPanel)

    def columns() -> list[bool]:
        return [each.isVisible() for each in (panel.curves, panel.filters, panel.results)]

    whole_window.train(qtbot, session, 300)
    assert columns() == [True] * 3
    run = state.run.run_id
    session.controller.on_reset_requested()
    qtbot.waitUntil(lambda: state.run.run_id != run)
    whole_window.train(qtbot, session, 300)
    whole_window.rest(qtbot, session)
    assert BEFORE in panel.curves.accuracy.legend.drawing().texts()
    assert columns() == [True] * 3
