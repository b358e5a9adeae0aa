"""The world in Gymnasium's terms: its checker, spaces, seeding, autoreset, and what ends a drive."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

from caravela.core.errors import CaravelaError
from caravela.core.types import Camera, Rig
from caravela.world import registration
from caravela.world.kernels import events
from caravela.world.vector_env import WorldEnv, WorldVectorEnv

TOWN = ("alderton",)
RIG = Rig((Camera("front", width=32, height=24),))
COAST, BRAKE = (0.0, 0.0), (-8.0, 0.0)


@pytest.fixture(scope="module")
def drives():
    return WorldVectorEnv(3, maps=TOWN, sees="vectors", traffic="none", max_episode_steps=40)


def act(*actions):
    return np.array(actions, dtype=np.float32)


@pytest.mark.filterwarnings("ignore:.*(symmetric and normalized|Box observation space m..imum value).*")
@pytest.mark.parametrize("options", [{"sees": "vectors"}, {"sees": "pixels", "rig": RIG}], ids=["vectors", "pixels"])
def test_gymnasium_finds_nothing_to_complain_about(options, recwarn):
    check_env(WorldEnv(maps=TOWN, **options), skip_render_check=True)
    assert not [w for w in recwarn if "is probably too" not in str(w.message) and "symmetric" not in str(w.message)]


def test_it_is_known_by_name():
    registration.register()
    registration.register()
    env = gymnasium.make(registration.ENVIRONMENT, maps=TOWN, sees="vectors", traffic="none")
    assert env.spec.max_episode_steps == 600
    env.reset(seed=0)
    env.step(env.action_space.sample())
    vector = gymnasium.make_vec(registration.ENVIRONMENT, num_envs=2, maps=TOWN, sees="vectors", traffic="none")
    assert isinstance(vector.unwrapped, WorldVectorEnv) and vector.num_envs == 2
    assert vector.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    assert vector.unwrapped.max_episode_steps == 600


@pytest.mark.parametrize("options", [{"sees": "vectors"}, {"sees": "pixels", "rig": RIG}], ids=["vectors", "pixels"])
def test_everything_lies_in_its_space(options):
    envs = WorldVectorEnv(2, maps=TOWN, **options)
    envs.action_space.seed(0)
    observation, infos = envs.reset(seed=1)
    for _ in range(12):
        assert envs.observation_space.contains(observation), {k: (v.shape, v.dtype) for k, v in observation.items()}
        assert infos["events"].shape == infos["_events"].shape == (2,)
        observation, rewards, terminations, truncations, infos = envs.step(envs.action_space.sample())
        assert rewards.shape == terminations.shape == truncations.shape == (2,)
        assert rewards.dtype == np.float64 and terminations.dtype == truncations.dtype == np.bool_
    single = {key: space.shape for key, space in envs.single_observation_space.spaces.items()}
    assert {key: value.shape[1:] for key, value in observation.items()} == single


def test_the_same_seed_is_the_same_drive(drives):
    runs = []
    for seed in (4, 4, 5):
        drives.reset(seed=seed)
        drives.action_space.seed(0)
        runs.append([drives.step(drives.action_space.sample()) for _ in range(90)])  # autoresets included
    for one, two in zip(runs[0], runs[1]):
        assert all(np.array_equal(one[0][key], two[0][key]) for key in one[0])
        assert all(np.array_equal(a, b) for a, b in zip(one[1:4], two[1:4]))
    assert any(not np.array_equal(one[0]["row"], two[0]["row"]) for one, two in zip(runs[0], runs[2]))
    assert sum(run[2].sum() + run[3].sum() for run in runs[0]) >= 3


def test_without_a_seed_drives_differ(drives):
    drives.reset(seed=1)
    rows = [drives.reset()[0]["row"] for _ in range(2)]
    assert not np.array_equal(*rows)
    drives.reset(seed=1)
    assert np.array_equal(drives.reset()[0]["row"], rows[0])


def test_time_truncates_and_the_next_step_begins_anew(drives):
    drives.reset(seed=3)
    drives.simulator.state.speed[:] = 0.0
    for tick in range(1, 41):
        observation, rewards, terminations, truncations, infos = drives.step(act(BRAKE, BRAKE, BRAKE))
        assert truncations.all() == (tick == 40) and not terminations.any()
    last = observation["row"].copy()
    observation, rewards, terminations, truncations, infos = drives.step(act(COAST, COAST, COAST))
    assert not truncations.any() and not terminations.any()
    assert (rewards == 0.0).all()
    assert (infos["distance"] == 0.0).all() and (drives.simulator.state.time == 0.0).all()
    assert not np.array_equal(observation["row"], last)
    for _ in range(39):
        truncations = drives.step(act(BRAKE, BRAKE, BRAKE))[3]
        assert not truncations.any() or drives._ticks.min() >= 39


def test_a_failure_terminates_that_drive_only_and_costs(drives):
    drives.reset(seed=3)
    drives.simulator.state.speed[:] = (0.0,), (9.0,), (0.0,)
    ended = None
    for tick in range(38):
        _, rewards, terminations, truncations, infos = drives.step(act(BRAKE, (1.0, 0.2), BRAKE))
        assert not terminations[[0, 2]].any() and not truncations.any()
        if terminations[1]:
            ended = tick
            break
    assert ended is not None, "full lock at 9 m/s stayed on the road"
    assert infos["events"][1] & (events.OFF | events.ROUTE_MISSED | events.COLLISION)
    assert rewards[1] < -5.0 and (np.abs(rewards[[0, 2]]) < 0.5).all()
    other = drives.simulator.state.agents[0, 0].copy()
    _, rewards, terminations, _, infos = drives.step(act(BRAKE, COAST, BRAKE))
    assert rewards[1] == 0.0 and not terminations[1] and infos["distance"][1] == 0.0
    assert drives.simulator.state.agents[0, 0]["odometer"] >= other["odometer"]


def test_driving_on_pays(drives):
    drives.reset(seed=6)
    paid = [drives.step(act(COAST, COAST, COAST))[1] for _ in range(3)]
    assert (np.sum(paid, axis=0) > 0.0).any()


def test_some_drives_can_be_reset_by_hand(drives):
    drives.reset(seed=2)
    for _ in range(5):
        drives.step(act(BRAKE, BRAKE, BRAKE))
    _, infos = drives.reset(options={"reset_mask": np.array([False, True, False])})
    assert drives.simulator.state.time.tolist() == pytest.approx([0.5, 0.0, 0.5])
    assert infos["distance"][1] == 0.0


def test_render_shows_the_street():
    env = WorldEnv(maps=TOWN, sees="vectors", traffic="none", render_mode="rgb_array")
    env.reset(seed=0)
    frame = env.render()
    assert frame.shape == (400, 640, 3) and frame.dtype == np.uint8 and frame.std() > 10.0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"sees": "radar"}, "sees='radar' is unknown; expected 'pixels' or 'vectors'"),
        ({"sees": "vectors", "rig": RIG}, "leave the rig out"),
        ({"maps": ("aldreton",)}, "did you mean alderton"),
        ({"num_envs": 0}, "num_envs is 0; expected at least 1"),
        ({"render_mode": "human"}, "render_mode 'human' is unknown"),
    ],
)
def test_bad_options_get_one_sentence(options, sentence):
    with pytest.raises(CaravelaError, match=sentence.replace("(", r"\(")):
        WorldVectorEnv(**options)
