"""Training draws no look of the test side, wherever on Earth its maps lie."""

from dataclasses import replace

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from caravela.train.collect import training_scene
from caravela.world import regions
from caravela.world.maps.catalogue import load_town
from caravela.world.scene import Scene

TOKYO, OSLO, SEATTLE, NOWHERE = (35.68, 139.77), (59.91, 10.75), (47.66, -122.32), (0.0, 0.0)


def towns_at(*places):
    return [replace(load_town(name), origin=place) for name, place in zip(("brookmere", "alderton", "alderton", "dunmore"), places)]


def test_every_look_is_on_one_side_and_both_sides_have_some():
    assert sorted(regions.TRAINING + regions.HELD_OUT) == list(range(len(regions.REGIONS)))
    assert len(regions.TRAINING) >= 3 and len(regions.HELD_OUT) >= 2


def test_maps_of_the_test_sides_regions_are_drawn_as_at_home():
    graphs = towns_at(TOKYO, OSLO, SEATTLE, NOWHERE)
    assert [regions.NAMES[look] for look in Scene.build(graphs).looks] == ["japan", "nordic", "united_states", "europe"]
    assert [regions.NAMES[look] for look in training_scene(graphs).looks] == ["britain", "europe", "united_states", "europe"]


def test_a_look_of_the_test_side_stops_training(monkeypatch):
    monkeypatch.setattr(Scene, "at_home", lambda scene: scene)
    with pytest.raises(AssertionError, match="test side"):
        training_scene(towns_at(TOKYO))
