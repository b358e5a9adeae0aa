"""Self-play on a GPU means what it means on the CPU: the same worlds, rewards and endings; and the teacher learns in it."""

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

sys.path.append(str(Path(__file__).resolve().parents[1] / "world"))
from made_up_gpu import MadeUpGpu

from caravela.core.errors import CaravelaError
from caravela.train import teacher
from caravela.train.device_arena import DeviceArena
from caravela.train.self_play import HostPlay, device_named
from caravela.train.teacher import TeacherConfig, TeacherRun
from caravela.world import atlas
from caravela.world.arena import FAILURES, HALT, Arena, weights_of
from caravela.world.kernels import events
from caravela.world.maps.catalogue import load_town, towns

PLAY = {"batch": 3, "learners": 4, "cars": 2, "parked": 2, "walkers": 2, "seed": 5}
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def streets():
    return atlas.build([load_town(name) for name in towns()[:2]])


def on_device(streets, **changed):
    return DeviceArena(streets, **(PLAY | changed), device=CPU, gpu=MadeUpGpu())


def run_into(agents, who, *, into):
    """Put an agent of the first world where another's rear is."""
    agents["x"][0, who], agents["y"][0, who] = agents["x"][0, into] - 1.0, agents["y"][0, into]
    agents["speed"][0, who] = 4.0


def test_the_same_actions_bring_the_same_rewards_and_endings(streets, monkeypatch):
    for module in ("caravela.world.arena", "caravela.train.device_arena"):  # as low that a drive of 12 s meets them all
        for name, value in (("IDLE_S", 1.0), ("BLOCKED_S", 2.0), ("STUCK_S", 4.0), ("WRONG_WAY_TICKS", 3)):
            monkeypatch.setattr(f"{module}.{name}", value)
    ours, theirs = HostPlay(Arena(streets, **PLAY)), on_device(streets)
    ours.severity = theirs.severity = 0.7
    random, bits, ended, met = np.random.default_rng(1), 0, 0, np.zeros(4, dtype=np.int64)
    for tick in range(120):
        theirs.style[:] = torch.from_numpy(ours.arena.style)  # chance of its own
        if tick % 50 == 20:
            for state in (ours.arena.state, theirs.worlds.state):
                run_into(state.agents, 0, into=1)
                state.agents["heading"][1, 2] += np.pi  # against the traffic
        one, other = ours.look(), theirs.look()
        present = one.present
        assert torch.equal(present, other.present)
        for name in ("rows", "objects", "mask", "curvature", "lock"):
            assert torch.equal(getattr(one, name)[present], getattr(other, name)[present]), (tick, name)
        chosen = random.uniform((-0.5, -0.004), (2.6, 0.006), (12, 2)).astype(np.float32)
        chosen[::5] = (-4.0, 0.0)  # some stand
        action = torch.from_numpy(chosen)
        stood, astray = ours.arena.state.timer[:, :4].copy(), ours.arena._astray.copy()
        mine, given = ours.step(action), theirs.step(action)
        blocked = ours.arena._blocked * 0.1 > 2.0
        stuck = mine.cut & (mine.bits & events.ARRIVED == 0)
        met += [(stood > 1.0).sum(), blocked.sum(), int(stuck.sum()), (astray == 3).sum()]
        for name in ("failed", "cut", "bits"):
            assert torch.equal(getattr(mine, name), getattr(given, name)), (tick, name)
        torch.testing.assert_close(mine.reward, given.reward, rtol=1e-4, atol=1e-5)
        assert np.array_equal(ours.arena._blocked, theirs._blocked.numpy()) and np.array_equal(ours.arena._astray, theirs._astray.numpy())
        bits |= int(np.bitwise_or.reduce(mine.bits.numpy()))
        ended += int((mine.failed | mine.cut).sum())
    for mine, other in zip(ours.arena.state.arrays(), theirs.worlds.fetch().arrays(), strict=True):
        assert np.array_equal(mine, other)
    assert ended > 5 and bits & events.COLLISION and bits & FAILURES
    assert met.all(), met


def test_weights_are_those_of_the_cpus_arena(streets):
    arena = on_device(streets)
    arena.severity = 0.3
    arena.style[0, 0, 0] = HALT
    expected = weights_of(arena.style.numpy(), severity=0.3)
    np.testing.assert_allclose(arena.weights().numpy(), expected, rtol=1e-5)


def test_who_ends_begins_with_another_style_and_the_others_keep_theirs(streets):
    arena = on_device(streets, batch=2)
    arena._blocked[:] = 7
    before, done = arena.style.clone(), torch.zeros((2, 4), dtype=torch.bool)
    done[1, 2] = True
    arena._begin_anew(done)
    assert not torch.equal(arena.style[1, 2], before[1, 2])
    assert torch.equal(arena.style[~done], before[~done])
    assert arena._blocked[1, 2] == 0 and (arena._blocked[~done] == 7).all()


def test_an_agent_is_asked_to_stop_and_to_go_on_as_before(streets, monkeypatch):
    arena = on_device(streets, batch=2)
    before = arena.style.clone()
    monkeypatch.setattr("caravela.train.device_arena.HALT_EVERY", 1)
    arena._ask_to_stop()
    assert (arena.style[..., 0] == HALT).all() and (arena._halted >= 60).all()
    monkeypatch.setattr("caravela.train.device_arena.HALT_EVERY", 1e9)
    for _ in range(120):
        arena._ask_to_stop()
    assert torch.equal(arena.style, before)


def test_some_worlds_are_scattered_and_the_others_are_left_alone(streets):
    arena = on_device(streets)
    before = arena.worlds.fetch()
    arena.scatter_some(1)
    after = arena.worlds.fetch()
    moved = (before.random != after.random).nonzero()[0]
    assert len(moved) == 1
    rest = np.delete(np.arange(3), moved)
    assert np.array_equal(before.agents[rest], after.agents[rest])


def test_a_teacher_learns_on_it_and_goes_on(streets, tmp_path, monkeypatch):
    config = TeacherConfig(worlds=2, learners=3, cars=1, parked=1, walkers=1, horizon=8, minibatch=16, width=16, steps=60)
    given = {"batch": 2, "learners": 3, "cars": 1, "parked": 1, "walkers": 1}
    monkeypatch.setattr(teacher, "arena_for", lambda *_: on_device(streets, **given))
    TeacherRun(streets, tmp_path, config).train(until=30)
    run = TeacherRun(streets, tmp_path, config)
    assert run.done_steps >= 30
    before = [parameter.clone() for parameter in run.net.parameters()]
    run.train()
    assert run.done_steps >= 60
    assert any(not torch.equal(old, new) for old, new in zip(before, run.net.parameters(), strict=True))


def test_a_device_that_is_not_there_is_refused_in_a_sentence():
    assert device_named("cpu") == CPU
    with pytest.raises(CaravelaError, match="unknown device 'gpu'"):
        device_named("gpu")
    if not torch.cuda.is_available():
        assert device_named("auto") == CPU
        with pytest.raises(CaravelaError, match=r"--device cuda: torch .*no NVIDIA GPU here; give --device cpu"):
            device_named("cuda")


def test_a_gpu_that_only_torch_finds_is_not_used_without_a_word(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("caravela.train.self_play._numba_finds_one", lambda: False)
    assert device_named("auto") == CPU
    assert "Numba none" in capsys.readouterr().err
    with pytest.raises(CaravelaError, match="--device cuda: Numba finds no NVIDIA GPU"):
        device_named("cuda")
    monkeypatch.setattr("caravela.train.self_play._numba_finds_one", lambda: True)
    assert device_named("auto") == device_named("cuda") == torch.device("cuda")


@pytest.mark.gpu
def test_a_gpu_plays_and_learns(streets, tmp_path):
    if not torch.cuda.is_available():
        pytest.skip("needs an NVIDIA GPU with a driver, and torch for CUDA")
    config = TeacherConfig(worlds=8, learners=3, cars=1, parked=1, walkers=1, horizon=8, minibatch=64, width=16, steps=600)
    run = TeacherRun(streets, tmp_path, config, device=device_named("cuda"))
    run.train()
    assert run.done_steps >= 600
    assert next(run.net.parameters()).is_cuda
    again = TeacherRun(streets, tmp_path, config)  # what a GPU saved, the CPU goes on with
    assert again.done_steps == run.done_steps
