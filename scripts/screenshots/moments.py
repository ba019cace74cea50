"""Scenes of the timeline."""

from dataclasses import replace

from scripts.screenshots.stage import save, scrub, session, train, wait_until
from ui.state import RunStatus


def timeline_compare() -> None:
    """Filters at step 1,500 and 9,000, and their difference."""
    with session() as opened:
        train(opened)
        scrub(opened, 1500)
        opened.window.timeline.compare.click()
        scrub(opened, 9000)
        save(opened, "timeline-compare")


def timeline_fork() -> None:
    """A branch with ten times the learning rate, the first run in grey."""
    with session() as opened:
        train(opened)
        scrub(opened, 3000)
        state, first = opened.state, opened.state.history
        opened.controller.edit(replace(state.draft, learning_rate=1e-3))
        opened.window.timeline.fork.click()
        opened.window.timeline.branch.go.click()
        wait_until(lambda: state.history is not first and state.run.status is RunStatus.FINISHED)
        save(opened, "timeline-fork")


SCENES = (timeline_compare, timeline_fork)
