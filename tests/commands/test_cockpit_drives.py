"""The driving half of the cockpit's bench: the driving model hears wishes in their own words, and turns through the sat-nav."""

import numpy as np

from caravela.commands._cockpit_drives import ToldModel
from caravela.core.request import GoOn, PullOver, Request, Side, TakeTurn
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
