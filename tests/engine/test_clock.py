"""Local time, also where the environment says nonsense about it."""

import time
from collections.abc import Iterator
from datetime import date, datetime

import pytest

from cnnviz.clock import moment, now, today


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of Windows is not set by TZ")
@pytest.mark.parametrize("name", ["Asia/Tokyo", "Nowhere/Atlantis", "UTC+99999", "AAA24BBB", "UTC-200", "::"])
def test_any_zone_gives_a_date_and_a_time(zone: pytest.MonkeyPatch, name: str) -> None:
    zone.setenv("TZ", name)
    time.tzset()
    assert abs(date.fromisoformat(today()) - date.today()).days <= 1
    assert datetime.strptime(now(), "%Y-%m-%d %H:%M").date() >= date.fromisoformat(today())
    written = datetime.strptime(moment(time.time()), "%Y-%m-%d at %H:%M:%S")
    assert abs((written - datetime.now()).total_seconds()) < 60
