"""What is said about words that the car was told: true of the lessons, true of the plans."""

import dataclasses

import numpy as np
import pytest
from fake_world import FakePolicy, fake_stage

from caravela.studio.driving.drive import Drive
from caravela.studio.driving.hearing import Lessons, change, told_of
from caravela.studio.driving.stage import DriveSettings


@pytest.fixture(scope="module")
def lessons() -> Lessons:
    return Lessons()


@pytest.mark.parametrize(
    ("words", "manner"),
    [
        ("faster", "brisk"),
        ("go a bit quicker, please", "brisk"),
        ("could you slow down", "careful"),
        ("I'm nauseous", "gentle"),
        ("don't waste electricity", "frugal"),
        ("stop here", "stop"),
        ("pull up at the kerb", "stop"),
    ],
)
def test_a_request_is_near_the_lesson_that_means_the_same(lessons: Lessons, words: str, manner: str) -> None:
    assert f"({manner})" in told_of(lessons.nearest(words))


@pytest.mark.parametrize(
    "words", ["asdf qwer", "purple monkey dishwasher", "what is the capital of France", "play some music", "?!", "é中文"]
)
def test_what_is_no_way_of_driving_is_not_understood(lessons: Lessons, words: str) -> None:
    assert told_of(lessons.nearest(words)).startswith("not understood")


def ring_drive(lessons: Lessons) -> Drive:
    settings = DriveSettings(town="ring")
    return Drive(fake_stage(settings), FakePolicy(), settings, lessons=lessons)


def test_words_that_change_the_plan_are_told_with_the_change(lessons: Lessons) -> None:
    drive = ring_drive(lessons)
    drive.say("stop here")
    tick = drive.tick()
    assert tick.heard.plan == "14 km/h in 4 s instead of 32"  # 8 m/s - 4 s x 1 m/s^2 instead of + 4 s x 0.2 m/s^2
    assert [event.kind for event in tick.events] == ["words", "heard"]
    assert drive.tick().events == () and drive.tick().heard == tick.heard


def test_words_that_change_nothing_are_told_so(lessons: Lessons) -> None:
    drive = ring_drive(lessons)
    drive.say("bananas")
    heard = drive.tick().heard
    assert heard.plan == "as without them" and heard.manner.startswith("not understood")
    drive.say("")
    assert drive.tick().heard.plan == ""


def test_a_turn_is_the_sat_navs_business(lessons: Lessons) -> None:
    drive = ring_drive(lessons)
    drive.stage = dataclasses.replace(drive.stage, ask=lambda words: "left in 120 m" if words else None)
    drive.say("turn left")
    assert drive.tick().heard.route == "left in 120 m"
    drive.say("")
    assert drive.tick().events[0].detail == "taken back; the route stays"


def test_a_plan_to_another_side_is_told_by_its_side(lessons: Lessons) -> None:
    drive = ring_drive(lessons)
    plan = drive.tick().plan
    moved = dataclasses.replace(plan, trajectories=plan.trajectories + np.array([0.0, -1.2, 0.0], np.float32))
    assert change(moved, plan) == "1.2 m further right"
    assert change(plan, plan) == "as without them"
