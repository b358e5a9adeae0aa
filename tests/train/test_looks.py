"""Training draws no look of the test side, wherever on Earth its maps lie."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from caravela.core.errors import CaravelaError
from caravela.train.collect import training_scene
from caravela.world import regions
from caravela.world.maps.catalogue import load_town
from caravela.world.scene import Scene

TOKYO, OSLO, SEATTLE, NOWHERE = (35.68, 139.77), (59.91, 10.75), (47.66, -122.32), (0.0, 0.0)


@pytest.fixture(scope="module")
def scene():
    """The smallest town, there."""
    town = load_town("fairhaven")
    return Scene.build([replace(town, origin=TOKYO, lefthand=True), replace(town, origin=OSLO)])


def test_every_look_is_on_one_side_and_both_sides_have_some():
    assert sorted(regions.TRAINING + regions.HELD_OUT) == list(range(len(regions.REGIONS)))
    assert len(regions.TRAINING) >= 3 and len(regions.HELD_OUT) >= 2


def test_no_look_of_nowhere_is_one_of_the_test_side():
    nowhere = regions.REGIONS[-regions.INVENTED :]
    assert any(r.lamps_lie for r in nowhere) and not all(r.lamps_lie for r in nowhere)
    assert len({(r.road, r.grass, r.centre) for r in nowhere}) == regions.INVENTED
    for held_out in (regions.REGIONS[k] for k in regions.HELD_OUT):
        for look in nowhere:
            assert look.training
            assert not (look.lamps_lie and regions.MAST_ARM in look.heads)
            assert np.abs(np.array(look.walls) - np.array(held_out.walls)).mean() > 8.0


def test_half_of_the_maps_are_drawn_in_looks_of_nowhere(scene, monkeypatch):
    monkeypatch.setattr(Scene, "build", lambda graphs: replace(scene, looks=np.zeros(400, np.int32)))
    monkeypatch.setattr(Scene, "at_home", lambda scene: scene)
    looks = training_scene([], random=np.random.default_rng(0), nowhere=0.5).looks
    drawn = looks >= len(regions.REGIONS) - regions.INVENTED
    assert 0.4 < drawn.mean() < 0.6
    assert len(set(looks[drawn].tolist())) == regions.INVENTED - regions.KEPT_BACK
    assert looks.max() < len(regions.REGIONS) - regions.KEPT_BACK


def test_a_look_that_is_kept_back_is_refused_however_it_got_in(scene, monkeypatch):
    monkeypatch.setattr(Scene, "build", lambda graphs: scene)
    monkeypatch.setattr(Scene, "at_home", lambda scene: scene)
    monkeypatch.setattr(regions, "invented", lambda random: regions.TO_CHOOSE_BY[0])
    with pytest.raises(CaravelaError, match="nothing may be learned from"):
        training_scene([], random=np.random.default_rng(0), nowhere=1.0)


def test_what_is_abroad():
    names = {name for name, abroad in zip(regions.NAMES, regions.is_abroad(np.arange(len(regions.NAMES))), strict=True) if not abroad}
    assert names == {"europe", "britain", "united_states"}


def test_maps_of_the_test_sides_regions_are_drawn_as_at_home(scene, monkeypatch):
    monkeypatch.setattr(Scene, "build", lambda graphs: scene)
    assert [regions.NAMES[look] for look in scene.looks] == ["japan", "nordic"]
    assert [regions.NAMES[look] for look in training_scene([]).looks] == ["britain", "europe"]
    for place in (SEATTLE, NOWHERE):  # what training draws stays as it is
        look = regions.fitting(*place, lefthand=False)
        assert regions.at_home(look, lefthand=False) == look


def test_a_look_of_the_test_side_stops_training(scene, monkeypatch):
    monkeypatch.setattr(Scene, "build", lambda graphs: scene)
    monkeypatch.setattr(Scene, "at_home", lambda scene: scene)
    with pytest.raises(CaravelaError, match="japan, nordic"):
        training_scene([])
