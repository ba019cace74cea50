"""What is covered while predictions are open."""

from dataclasses import replace

import pytest

from cnnviz.covers import Secret
from cnnviz.lab import MEASURES, LabRecord, When, load_lab
from cnnviz.lab.opening import shipped_labs
from cnnviz.lab.showing import covered, secrets_of

LAB = load_lab(shipped_labs()["lab5"])
WHEN = When("2026-01-31 14:05")


def at(record: LabRecord, front: str, *, ties: str = "all", at_end: bool = False) -> dict[Secret, str]:
    """Return what is covered with a step in front and a run under a rule for ties."""

    def is_run_of(step):
        return LAB.experiment_of(step).ties == ties

    found = covered(
        LAB,
        record,
        LAB.step(front),
        is_run_of=is_run_of,
        is_at_end=lambda step: at_end and is_run_of(step),
        is_begun=record.has_work(),
    )
    return dict(found)


def test_every_measure_but_two_says_where_it_can_be_read():
    always_seen = {name for name, each in MEASURES.items() if not each.secrets}
    assert always_seen == {"training_steps", "parameters"}


def test_the_step_in_front_covers_what_it_asks_for_until_it_is_answered():
    empty = LabRecord.of(LAB)
    assert at(empty, "dots")[Secret.SHIFT] == "Covered: step 8 of the lab asks you to predict this first."
    predicted = empty.predicted(LAB.step("dots"), 1.0, WHEN)
    given_up = empty.given_up(LAB.step("dots"), WHEN.time)
    for record in (predicted, given_up):
        assert Secret.SHIFT not in at(record, "dots")
        assert Secret.SHIFT in at(record, "one-pixel"), "which asks anew"


def test_what_is_met_on_the_way_is_covered_before_its_step_comes():
    empty = LabRecord.of(LAB)
    assert not at(empty, "objective"), "nobody is doing the lab yet"
    begun = empty.answered(LAB.step("objective"), "It will learn.", WHEN.time)
    ahead = {Secret.FLIPS, Secret.SHARES, Secret.UPDATE}
    assert set(at(begun, "objective")) == {Secret.TEST, *ahead}
    answered = begun.predicted(LAB.step("full"), 98.0, WHEN)
    assert at(answered, "field").keys() == {Secret.FIELD, *ahead}
    assert Secret.TEST in at(answered, "field", ties="first"), (
        "that of the other run is still to be predicted"
    )


def test_the_change_of_the_filters_is_covered_at_the_end_of_the_run_alone():
    empty = LabRecord.of(LAB)
    assert Secret.FILTERS not in at(empty, "slow")
    assert Secret.FILTERS in at(empty, "slow", at_end=True)


def test_a_later_step_about_the_same_run_does_not_cover_what_an_earlier_one_has_uncovered():
    again = replace(LAB.step("full"), id="again")
    lab = replace(LAB, steps=(*LAB.steps, again))
    record = LabRecord.of(lab).predicted(lab.step("full"), 98.0, WHEN)
    found = covered(
        lab,
        record,
        lab.step("full"),
        is_run_of=lambda _step: True,
        is_at_end=lambda _step: True,
        is_begun=True,
    )
    assert Secret.TEST not in found


@pytest.mark.parametrize("name", sorted(shipped_labs()))
def test_what_the_labs_of_the_program_ask_for_can_be_covered(name):
    lab = load_lab(shipped_labs()[name])
    assert all(secrets_of(step) for step in lab.steps if step.prediction is not None)
