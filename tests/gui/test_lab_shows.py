"""What the labs of the program show is what the panels know."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

from cnnviz.lab.events import EVENTS, TITLES
from cnnviz.lab.model import PANELS, Lab, Show
from cnnviz.lab.reading import load_lab
from cnnviz.lab.views import CHOICES, mistake_in
from tests.gui import whole_window
from ui.panels.backprop.focus import _TITLES
from ui.panels.registry import PANELS as ROWS
from ui.panels.translation.subject import FREE, LESSON_TITLES

LABS = [load_lab(path) for path in sorted((Path(__file__).parents[2] / "resources" / "labs").glob("*.toml"))]


def test_labs_know_every_panel_by_its_name():
    assert [row.name for row in ROWS] == list(PANELS)
    assert all(TITLES.get(kind.value, short) == short for kind, (_, short) in _TITLES.items())
    assert [TITLES[row.name] for row in ROWS] == [row.title.replace("&&", "&") for row in ROWS]
    assert all(row.dock_name == f"{row.name}_dock" for row in ROWS)


def test_the_lessons_that_labs_wait_for_are_those_of_the_translation_panel():
    assert EVENTS["lesson"].about == tuple(name for name, _ in LESSON_TITLES if name != FREE)
    assert all(title.endswith(TITLES[name]) for name, title in LESSON_TITLES if name != FREE)


def test_every_choice_in_a_lab_is_one_of_its_panel_and_taken_as_it_stands(qtbot, session):
    whole_window.train(qtbot, session, 3)
    for place, _ in enumerate(PANELS):
        whole_window.show_panel(qtbot, session, place)
    known = session.document.picture().seen.views
    for panel, view in (each for lab in LABS for show in _shows(lab) for each in show.views.items()):
        assert view.keys() <= known[f"{panel}_dock"].keys(), panel
    # What a lab file is checked by is what the panels say of themselves.
    for panel in PANELS:
        for name, value in known[f"{panel}_dock"].items():
            written = list(value) if isinstance(value, tuple) else [] if value is None else value
            assert mistake_in(panel, name, written) == "", f"{panel}: {name} = {value}"
        for name in CHOICES[panel]:
            is_there = any(fnmatchcase(each, name) for each in known[f"{panel}_dock"])
            assert is_there or name in _NOT_ALWAYS, f"{panel} has no choice {name}"

    panels = dict(zip(PANELS, session.window.panels.panels(), strict=True))
    here = [lab for lab in LABS if lab.experiment.classes == session.state.experiment.classes]
    views = {repr(each): each for lab in here for show in _shows(lab) for each in show.views.items()}
    for name, view in sorted(views.values(), key=lambda each: each[0]):
        if session.window.panels.front_panel is not panels[name]:
            whole_window.show_panel(qtbot, session, list(PANELS).index(name))
        panels[name].restore_view(view)
        whole_window.rest(qtbot, session)
        after = panels[name].view_state()
        for choice, value in view.items():
            expected = None if value in ("full", ()) else value
            assert after[choice] == expected, f"{name}: {choice} = {value} became {after[choice]}"


def test_show_me_opens_the_panel_that_the_text_of_a_step_names():
    for lab in LABS:
        for step in lab.steps:
            for title in re.findall(r"panel \*\*(.+?)\*\*", step.text):
                assert TITLES[step.show.panel] == title, f"{lab.id}, {step.id}"


#: Choices that a panel only has in some states: a column folded, scrolled or enlarged, fixed limits.
_NOT_ALWAYS = ("flow.folded.*", "flow.large.cell", "flow.large.place", "limits.*")


def _shows(lab: Lab) -> list[Show]:
    return [lab.start, *(step.show for step in lab.steps)]
