"""A draft that is no ordinary file is kept aside in no time; what its figures may take is bounded."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cnnviz.report import Insert, Report
from ui.panels.report import ReportPanel
from ui.panels.report.draft import Draft, load_draft, save_draft
from ui.session import Session

pytestmark = pytest.mark.gui


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "draft.json")
    draft, message = load_draft(tmp_path / "draft.json")
    assert draft == Draft()
    assert "could not be read; it is kept as" in message


@pytest.mark.parametrize(
    "content", ["[" * 1_000_000, "[" + "[]," * 500_000 + "[]]", f'["{"x" * (9 << 20)}"]']
)
def test_a_draft_that_would_take_long_is_kept_aside(tmp_path: Path, content: str) -> None:
    folder = tmp_path / ("f" * 200)
    folder.mkdir()
    (folder / "draft.json").write_text(content)
    draft, message = load_draft(folder / "draft.json")
    assert draft == Draft()
    assert message.endswith("draft.damaged.json, and a new one begins.")
    assert len(message) <= 300
    assert (folder / "draft.damaged.json").read_text() == content


def with_figures(*drawings: str) -> Draft:
    report = Report()
    inserts = tuple(
        Insert(f"figure {number} {'t' * 200}", "caption", "2026-01-01 12:00", svg)
        for number, svg in enumerate(drawings)
    )
    return Draft(report.with_demonstration(replace(report.demonstrations[0], inserts=inserts)))


def test_figures_beyond_the_room_for_all_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "draft.json"
    draft = with_figures("<svg>a</svg>", "<svg>bb</svg>", "<svg>c</svg>", "<svg>d</svg>")
    save_draft(path, draft)
    assert load_draft(path) == (draft, "")
    monkeypatch.setattr("ui.panels.report.draft.LARGEST_IN_ALL", 30)
    back, message = load_draft(path)
    kept = back.report.demonstrations[0].inserts
    assert [each.svg for each in kept] == ["<svg>a</svg>", "<svg>bb</svg>"]
    assert "figure 2" in message
    assert len(message) <= 300


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_a_figure_that_is_a_pipe_is_lost_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "draft.json"
    save_draft(path, with_figures("<svg>a</svg>"))
    values: Any = json.loads(path.read_text())
    name = values["report"]["demonstrations"][0]["inserts"][0]["svg"]["file"]
    (tmp_path / "draft.figures" / name).unlink()
    os.mkfifo(tmp_path / "draft.figures" / name)
    back, message = load_draft(path)
    assert not back.report.demonstrations[0].inserts
    assert "figure 0" in message


def test_a_figure_of_endless_blanks_is_looked_through_once() -> None:
    """It was quadratic: a minute for these 100,000 blanks."""
    svg = f"<svg>url({' ' * 100_000}data:x)</svg>"
    values = Insert("title", "caption", "2026-01-01 12:00", svg).to_dict()
    assert Insert.from_dict(values).svg == svg


def test_every_damaged_draft_is_kept(draft_file: Path) -> None:
    for text in ("first {", "second {"):
        draft_file.write_text(text, encoding="utf-8")
        _, message = load_draft(draft_file)
        assert "kept as" in message
    kept = sorted(path.read_text() for path in draft_file.parent.glob("report-draft.damaged*.json"))
    assert kept == ["first {", "second {"]


def test_a_draft_of_a_newer_version_is_called_so(session: Session, draft_file: Path) -> None:
    session.window.panel(ReportPanel).fields.edits["objective"].setPlainText("to see")
    session.window.panel(ReportPanel).save_draft()
    values = json.loads(draft_file.read_text(encoding="utf-8"))
    values["report"]["version"] = 99
    draft_file.write_text(json.dumps(values), encoding="utf-8")
    _, message = load_draft(draft_file)
    assert "newer CNNViz" in message
