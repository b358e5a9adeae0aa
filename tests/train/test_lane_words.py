"""Drives that hear of their lane changes: asked for another lane now and then, with words that go with the route's side, and in left-hand
traffic as they are meant in the mirror."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from caravela.commands._teacher import SHIPPED_TEACHER
from caravela.evaluate.route_follow import baseline_control
from caravela.train.collect import CollectConfig, Collector
from caravela.train.labelling import look
from caravela.train.teacher_driver import load_teacher
from caravela.words import SentenceEncoder, in_mirror
from caravela.world.lane_choice import due, prompt
from caravela.world.maps.catalogue import load_town
from caravela.world.mirrored import mirrored

WORLDS = 12


@pytest.mark.parametrize("lefthand", [False, True])
def test_words_for_a_lane_are_those_of_the_route_as_it_is_shown(lefthand):
    town = load_town("dunmore")
    config = CollectConfig(worlds=WORLDS, maps=1, traffic=("none",), guided_share=1.0, lane_every=0.5, spoken_share=0.0)
    collector = Collector([mirrored(town) if lefthand else town], load_teacher(SHIPPED_TEACHER), None, config=config, seed=5)
    simulator, encoder = collector.simulator, SentenceEncoder()
    sides, looked = set(), 0
    for _ in range(300):
        collector._ask_for_lanes()
        simulator.advance(baseline_control(simulator.atlas, simulator.state))
        changing = [(world, found[0]) for world in range(WORLDS) if (found := due(simulator.atlas.roads, simulator.state, world))]
        if not changing or (looked > 8 and {side for _, side in changing} <= sides):
            continue
        looked += 1
        sides |= {side for _, side in changing}
        worlds = np.array([world for world, _ in changing])
        words = look(simulator.observe(), worlds, encoder)["words"]
        meant = [in_mirror(prompt(side)) if lefthand else prompt(side) for _, side in changing]
        np.testing.assert_allclose(words, encoder.encode(meant), atol=1e-3)
    assert sides == {"left", "right"}
