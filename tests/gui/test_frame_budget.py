"""The window draws as often as its share of the processor allows."""

import pytest

from ui.run import mail_reader
from ui.run.mail_reader import FrameBudget


class Clocks:
    """Stands in for the module `time`: wall clock and processor time of a window that draws."""

    def __init__(self, cost: float) -> None:
        self.now = self.used = 0.0
        self.cost = cost

    def perf_counter(self) -> float:
        return self.now

    def thread_time(self) -> float:
        return self.used


def _run(monkeypatch: pytest.MonkeyPatch, cost: float, frames: int = 1000) -> tuple[float, float]:
    """Let frames of a cost in seconds be drawn; return the last interval in ms and the share of the time."""
    clocks = Clocks(cost)
    monkeypatch.setattr(mail_reader, "time", clocks)
    budget = FrameBudget(0.1)
    for _ in range(frames):
        clocks.now += budget.milliseconds / 1000
        clocks.used += cost
        budget.adjust()
    return budget.milliseconds, cost / (budget.milliseconds / 1000)


def test_cheap_frames_come_thirty_times_a_second(monkeypatch):
    interval, share = _run(monkeypatch, 0.001)
    assert interval == 33
    assert share < 0.1


@pytest.mark.parametrize("cost", [0.005, 0.007, 0.010])
def test_dearer_frames_come_so_often_that_the_share_is_kept(monkeypatch, cost):
    _, share = _run(monkeypatch, cost)
    assert share == pytest.approx(0.1, rel=0.1)


def test_however_dear_frames_are_the_picture_goes_on_moving(monkeypatch):
    interval, _ = _run(monkeypatch, 0.1)
    assert interval == 150


def test_one_slow_frame_changes_little(monkeypatch):
    clocks = Clocks(0)
    monkeypatch.setattr(mail_reader, "time", clocks)
    budget = FrameBudget(0.1)
    before = budget.milliseconds
    clocks.now, clocks.used = 0.5, 0.5
    budget.adjust()
    assert before < budget.milliseconds <= before * 1.26
