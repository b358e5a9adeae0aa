"""The teacher's learning: advantages are what their definition says, a run learns, stops anywhere and goes on."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from caravela.core.errors import BundleError, CaravelaError
from caravela.train.rollout import Rollout
from caravela.train.teacher import TeacherConfig, TeacherRun, teacher_preset
from caravela.train.teacher_driver import TeacherDriver, load_teacher
from caravela.train.teacher_net import TeacherNet
from caravela.world import atlas
from caravela.world.arena import HARM_SPEED, SLOW_HARM, Arena, map_chances, weights_of
from caravela.world.incidents.director import SPARE
from caravela.world.kernels import events
from caravela.world.maps.catalogue import load_town, towns
from caravela.world.simulator import Simulator
from caravela.world.state import ABSENT, EXTERNAL

TINY = TeacherConfig(worlds=2, learners=3, cars=1, parked=1, walkers=1, horizon=8, minibatch=16, width=16, steps=60)


@pytest.fixture(scope="module")
def streets():
    return atlas.build([load_town(towns()[0])])


def test_advantages_sum_discounted_errors_and_stop_at_failures():
    random = np.random.default_rng(0)
    roll = Rollout(6, 1)
    roll.reward[:] = torch.from_numpy(random.normal(size=(6, 1)))
    roll.value[:] = torch.from_numpy(random.normal(size=(7, 1)))
    roll.failed[3] = True
    got = roll.advantages(discount=0.9, trace=0.8)
    errors = [roll.reward[t, 0] + 0.9 * (0.0 if t == 3 else roll.value[t + 1, 0]) - roll.value[t, 0] for t in range(6)]
    expected = sum((0.9 * 0.8) ** k * errors[k] for k in range(4))
    assert float(got[0, 0]) == pytest.approx(float(expected), rel=1e-4)
    assert float(got[4, 0]) == pytest.approx(float(errors[4] + 0.72 * errors[5]), rel=1e-4)


def test_a_style_scales_its_own_weight_only():
    plain, gentle = weights_of(np.zeros(8, np.float32)), weights_of(np.array([0, 0, 0, 0, 0, 1, 0, 0], np.float32))
    assert gentle[5] == pytest.approx(4.0 * plain[5])
    assert np.array_equal(np.delete(gentle, 5), np.delete(plain, 5))


def test_a_run_goes_on_where_it_was(streets, tmp_path):
    TeacherRun(streets, tmp_path, TINY).train(until=30)
    first = TeacherRun(streets, tmp_path, TINY)
    assert first.done_steps >= 30
    first.train()
    rows = [json.loads(line) for line in (tmp_path / "curve.jsonl").open()]
    steps = [row["steps"] for row in rows]
    assert steps == sorted(set(steps))
    assert steps[-1] >= 60
    assert all(np.isfinite(list(row.values())).all() for row in rows)


def test_a_loss_that_is_no_number_and_a_full_disk_leave_the_checkpoint_alone(streets, tmp_path, full_disk):
    run = TeacherRun(streets, tmp_path, TINY)
    run.train(until=10)
    before = (tmp_path / "last.pt").read_bytes()
    with full_disk(1 << 10), pytest.raises(CaravelaError, match="stays"):
        run.save()
    assert (tmp_path / "last.pt").read_bytes() == before
    assert not list(tmp_path.glob("*part*"))
    run.collect()
    run.rollout.reward[:] = np.nan
    with pytest.raises(CaravelaError, match="last good checkpoint"):
        run.learn()
    again = TeacherRun(streets, tmp_path, TINY)
    assert again.done_steps >= 10
    assert all(torch.isfinite(value).all() for value in again.net.state_dict().values())


def test_a_run_whose_checkpoint_is_damaged_or_of_another_version_is_refused_in_a_sentence(streets, tmp_path):
    TeacherRun(streets, tmp_path, TINY).save()
    path = tmp_path / "last.pt"
    whole, saved = path.read_bytes(), torch.load(path, weights_only=True)
    for damaged in (whole[: len(whole) // 2], b"", b"no checkpoint"):
        path.write_bytes(damaged)
        with pytest.raises(BundleError, match="damaged"):
            TeacherRun(streets, tmp_path, TINY)
    for other in ({"net": {}}, {"net": TeacherNet(width=24).state_dict(), "steps": 5}, {"weights": saved["net"]}):
        torch.save(other, path)
        with pytest.raises(BundleError, match="another version"):
            TeacherRun(streets, tmp_path, TINY)


def test_labels_are_the_same_twice_and_leave_the_world_alone(streets):
    torch.manual_seed(0)
    driver = TeacherDriver(TeacherNet(width=16))
    world = Simulator(streets, batch=3)
    world.reset(4)
    before = world.state.copy()
    first, second = (driver.label(streets, world.state) for _ in range(2))
    assert np.array_equal(first.knots, second.knots)
    assert np.isfinite(first.knots).all()
    for mine, old in zip(world.state.arrays(), before.arrays(), strict=True):
        assert np.array_equal(mine, old)


def test_what_is_no_teacher_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "junk.pt").write_bytes(b"no checkpoint")
    with pytest.raises(CaravelaError, match="not a teacher's checkpoint"):
        load_teacher(tmp_path / "junk.pt")
    with pytest.raises(CaravelaError, match="did you mean nano"):
        teacher_preset("nanno")


def test_incidents_are_met_and_end_with_the_life_of_whom_they_were_set_for():
    arena = Arena(atlas.build([load_town(towns()[0])]), batch=4, learners=2, cars=2, parked=2, walkers=1, incident_every=0.5, seed=1)
    met = 0
    for _ in range(60):
        arena.look()
        arena.step(np.tile(np.array([0.5, 0.0], np.float32), (8, 1)))
        playing = [world for world, kind in enumerate(arena.director.kind) if kind is not None]
        met += len(playing)
        others = arena.state.controller[:, -SPARE:]
        assert all(not (others[world] != ABSENT).any() for world in range(4) if world not in playing)
    assert met > 20
    arena.scatter(np.arange(4))
    assert all(kind is None for kind in arena.director.kind)


def test_real_places_get_the_share_of_worlds_that_is_asked_for():
    town = load_town(towns()[0])
    graphs = [town] * 9 + [replace(town, origin=(1.0, 2.0))]
    chances = map_chances(SimpleNamespace(graphs=graphs), 0.3)
    assert np.isclose(chances[-1], 0.3) and np.isclose(chances.sum(), 1.0)
    assert np.allclose(map_chances(SimpleNamespace(graphs=graphs), None), 0.1)
    assert np.allclose(map_chances(SimpleNamespace(graphs=graphs[:9]), 0.3), 1.0 / 9.0)


def test_creeping_into_the_way_of_a_fast_car_does_all_the_harm(streets):
    arena = Arena(streets, batch=1, learners=1, cars=2, parked=0, walkers=0, seed=0)
    agents = arena.state.agents
    agents["controller"][0, :3] = EXTERNAL
    agents["length"][0, :3], agents["width"][0, :3], agents["centre_offset"][0, :3] = 4.0, 1.8, 1.4
    agents["speed"][0, :3] = 0.5, 0.0, 9.0
    agents["heading"][0, :3] = 0.0, 0.0, np.pi / 2.0
    x, y = agents["x"][0, 0], agents["y"][0, 0]
    agents["x"][0, 1:3], agents["y"][0, 1:3] = (
        (x + 3.9, x + 6.0),
        (y, y - 1.0),
    )  # it grazes one that stands; a fast one passes 1 m before it
    arena.flags[0, 0] = events.COLLISION | events.AT_FAULT
    slow = SLOW_HARM + (1.0 - SLOW_HARM) * 0.5 / HARM_SPEED
    assert arena._harm()[0, 0] == pytest.approx(slow)
    agents["x"][0, 2] = x + 4.0
    assert arena._harm()[0, 0] == 1.0
    arena.flags[0, 0] = events.COLLISION
    assert arena._harm()[0, 0] == pytest.approx(slow)  # who was struck has done no more
