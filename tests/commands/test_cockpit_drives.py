"""The driving half of the cockpit's bench: the driving model hears wishes in their own words, and turns through the sat-nav."""

import numpy as np
import pytest

from caravela.cockpit.agent import CockpitAgent
from caravela.cockpit.grading.judging import IN_JUNCTION, Drive, DriveTask, judge
from caravela.commands._cockpit_drives import Drives, ToldModel, is_time
from caravela.core.request import ChangeLane, GoOn, PullOver, Request, Side, TakeTurn
from caravela.core.types import Control
from caravela.evaluate.episodes import begin
from caravela.world.maps.catalogue import load_town, towns
from caravela.world.simulator import Simulator


class Listener:
    """A policy that only remembers what it was told."""

    name = "listener"

    def __init__(self):
        self.heard = []

    def reset(self, batch):
        self.heard.clear()

    def plan(self, observation):
        self.heard.append(observation.words[0])
        return self

    def control(self):
        return Control(acceleration=np.zeros(1, np.float32), curvature=np.zeros(1, np.float32))


def test_the_model_hears_wishes_and_the_sat_nav_hears_turns():
    simulator = Simulator([load_town(towns()[0])], batch=1, traffic="none")
    begin(simulator, [2])
    policy = Listener()
    driver = ToldModel(simulator, policy)
    asked = []
    simulator.request = lambda words: asked.append(words)
    driver.control()
    driver.hear(Request(PullOver()))
    driver.control()
    assert driver.halted
    driver.hear(Request(TakeTurn(Side.LEFT)))
    driver.control()
    assert driver.halted
    driver.hear(Request(GoOn()))
    driver.control()
    assert not driver.halted
    assert policy.heard == ["", PullOver().words, PullOver().words, GoOn().words]
    assert asked == [TakeTurn(Side.LEFT).words]


def test_lanes_go_to_the_sat_nav_and_a_stop_ends_them():
    simulator = Simulator([load_town("dunmore")], batch=1, traffic="none")
    begin(simulator, [4])
    driver = ToldModel(simulator, policy := Listener())
    driver.hear(Request(ChangeLane(Side.LEFT)))
    driver.control()
    assert policy.heard == [""] and 0 in simulator._changes
    driver.hear(Request(PullOver()))
    driver.control()
    assert policy.heard[-1] == PullOver().words and not simulator._changes
    driver.hear(Request(ChangeLane(Side.LEFT)))  # nor does one begin while the car is to stand
    assert not simulator._changes


@pytest.mark.parametrize("skip", [0, 1])
def test_the_baseline_changes_lanes_when_it_is_asked_to(skip):
    drives = Drives("dunmore")
    task = DriveTask("test", "changes_left", {"1": "change to the left lane"}, find="left_lane", skip=skip, seconds=26.0)
    told, silent = drives.drive(task, lambda gate, look: CockpitAgent(gate, look=look))
    assert judge(task, told, silent).passed and told.lane_changes == ["left"]
    assert not judge(task, silent, silent).passed


@pytest.mark.parametrize(
    ("speed", "in_junction", "why"),
    [
        ([5.0] * 10 + [0.0] * 10, [False] * 4 + [True] * 4 + [False] * 12, ""),
        ([5.0] * 10 + [0.0] * 10, [False] * 4 + [True] * 16, "it stands in a junction"),
        ([5.0] * 20, [False] * 4 + [True] * 4 + [False] * 12, "it still drives at 5.0 m/s"),
        ([5.0] * 10 + [0.0] * 10, [False] * 20, "it came into no junction"),
    ],
)
def test_who_is_told_to_stop_in_a_junction_has_to_stand_behind_it(speed, in_junction, why):
    task = DriveTask("stop", "stands_clear", {IN_JUNCTION: "stop"}, "straight")
    drive = Drive(speed=speed, limit=[14.0] * 20, acceleration=[0.0] * 20, in_junction=in_junction)
    assert judge(task, drive, Drive()).why == why


def test_something_is_said_at_a_time_or_once_in_the_first_junction():
    drive = Drive()
    said = []
    for tick, inside in enumerate([False, True, True, False, True]):
        drive.in_junction.append(inside)
        said.append((is_time("0.2", tick, drive), is_time(IN_JUNCTION, tick, drive)))
    assert said == [(False, False), (False, True), (True, False), (False, False), (False, False)]
