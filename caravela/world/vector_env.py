"""The world as Gymnasium knows worlds: `WorldVectorEnv` steps many drives in one kernel call, `WorldEnv` is one of them. An action
is (acceleration m/s^2, curvature 1/m) held for 0.1 s. A drive terminates with a failure and is truncated when its time is up or its
route ends. It leaves out words (every drive is silent) and other reward weights than the neutral ones."""

from collections.abc import Sequence
from typing import Any, Literal

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError, RigError
from caravela.core.kinematics import ACCELERATION_RANGE, CURVATURE_MAX
from caravela.core.types import HISTORY_S, ROUTE_POINTS, Camera, Control, Observation, Rig, policy_rig
from caravela.core.units import STEP_S
from caravela.world.arena import BASE_WEIGHTS, FAILURES, WRONG_WAY_TICKS
from caravela.world.cameras import Cameras
from caravela.world.kernels import events
from caravela.world.kernels.tick import OFF_WAY
from caravela.world.kernels.vectors import OBJECT, OBJECTS, ROW, observe
from caravela.world.maps import catalogue
from caravela.world.registration import EPISODE_STEPS
from caravela.world.scene import Scene
from caravela.world.simulator import Simulator

Seen = dict[str, NDArray]
VIEW = Camera("view", width=640, height=400, fov=1.4, position=(1.6, 0.0, 1.6), pitch=-0.03)  # what `render` shows


class WorldVectorEnv(VectorEnv[Seen, NDArray[np.float32], NDArray]):
    """`num_envs` drives side by side.

    Observation with sees="pixels": `images` (T, C, H, W, 3) uint8 RGB, newest first; `ego` (3,) as `Observation.ego`; `route`
    (ROUTE_POINTS, 2) sat-nav points in the rig frame, m; `has_route` 0 or 1. With sees="vectors" there are no cameras: `row` (ROW,),
    `objects` (OBJECTS, OBJECT) and `mask` (OBJECTS,) as in `kernels.vectors`. The reward is the self-play arena's, in neutral style.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": round(1.0 / STEP_S), "autoreset_mode": AutoresetMode.NEXT_STEP}

    def __init__(
        self,
        num_envs: int = 1,
        *,
        maps: Sequence[str] = (),
        sees: Literal["pixels", "vectors"] = "pixels",
        rig: Rig | None = None,
        traffic: str = "light",
        weathers: Sequence[str] = ("day",),
        max_episode_steps: int | None = EPISODE_STEPS,
        render_mode: str | None = None,
    ) -> None:
        """`maps`: names of towns or map files that the drives take in turn; by default the towns that ship. `rig` replaces the policy's
        own rig. Raises CaravelaError for a map, traffic, weather or rig that cannot be."""
        _check(num_envs, sees=sees, rig=rig, render_mode=render_mode)
        names = tuple(maps) or catalogue.towns()[:num_envs]
        graphs = [catalogue.load_map(name) for name in names[:num_envs]]
        self.num_envs = num_envs
        self.render_mode = render_mode
        self.max_episode_steps = max_episode_steps
        self.simulator = Simulator(
            graphs, batch=num_envs, rig=(rig or policy_rig()) if sees == "pixels" else None, traffic=traffic, weathers=weathers
        )
        self.single_action_space = _action_space()
        self.single_observation_space = _observation_space(self.simulator.rig)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._ticks = np.zeros(num_envs, dtype=np.int64)
        self._astray = np.zeros(num_envs, dtype=np.int64)  # ticks on the wrong side, in a row
        self._over = np.zeros(num_envs, dtype=np.bool_)
        self._view: Cameras | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Seen, dict[str, Any]]:  # type: ignore[override]
        """Begin every drive anew, the same for the same seed; `options={"reset_mask": (num_envs,) bool}` begins only some."""
        super().reset(seed=seed)
        mask = (
            np.ones(self.num_envs, dtype=np.bool_)
            if options is None
            else np.asarray(options.get("reset_mask", np.ones(self.num_envs, np.bool_)))
        )
        if mask.all():
            observation = self.simulator.reset(self._draw() if seed is None else seed)
        else:
            self._restart(np.flatnonzero(mask))
            observation = self.simulator.observe()
        self._ticks[mask], self._astray[mask], self._over[mask] = 0, 0, False
        return self._seen(observation), self._infos()

    def step(self, actions: NDArray[np.float32]) -> tuple[Seen, NDArray, NDArray, NDArray, dict[str, Any]]:
        """Drive for STEP_S. A drive that was over begins anew instead: its action is ignored and its reward is 0."""
        begun = self._over.copy()
        actions = np.asarray(actions, dtype=np.float32)
        self.simulator.advance(Control(acceleration=actions[:, 0], curvature=actions[:, 1]))
        flags = self.simulator.flags[:, 0].copy()
        rewards = self.simulator.parts[:, 0] @ BASE_WEIGHTS
        self._ticks += 1
        self._astray = np.where(flags & events.WRONG_WAY, self._astray + 1, 0)
        lost = self._astray > WRONG_WAY_TICKS
        rewards += np.where(lost, BASE_WEIGHTS[OFF_WAY], 0.0)
        terminations = ((flags & FAILURES) > 0) | lost
        truncations = ((flags & events.ARRIVED) > 0) & ~terminations
        if self.max_episode_steps is not None:
            truncations |= (self._ticks >= self.max_episode_steps) & ~terminations
        if begun.any():
            self._restart(np.flatnonzero(begun))
            self._ticks[begun], self._astray[begun] = 0, 0
            rewards[begun], terminations[begun], truncations[begun] = 0.0, False, False
        self._over = terminations | truncations
        return self._seen(self.simulator.observe()), rewards.astype(np.float64), terminations, truncations, self._infos()

    def render(self) -> tuple[NDArray[np.uint8], ...] | None:
        """What each drive sees ahead, for people: `num_envs` RGB frames of VIEW."""
        if self.render_mode is None:
            return None
        if self._view is None:
            self._view = Cameras(self.simulator.scene or Scene.build(self.simulator.atlas.graphs), Rig((VIEW,)))
        return tuple(self._view.render(self.simulator.state)[:, 0])

    def _draw(self) -> int:
        """A seed of the environment's own random stream."""
        return int(self.np_random.integers(2**31))

    def _restart(self, worlds: NDArray[np.int64]) -> None:
        self.simulator.restart(worlds, self._draw())

    def _seen(self, observation: Observation) -> Seen:
        simulator = self.simulator
        if simulator.rig is None:
            agents = simulator.traffic.agents
            rows = np.zeros((self.num_envs, agents, ROW), dtype=np.float32)  # the last STYLE numbers stay 0: neutral
            objects = np.zeros((self.num_envs, agents, OBJECTS, OBJECT), dtype=np.float32)
            mask = np.zeros((self.num_envs, agents, OBJECTS), dtype=np.bool_)
            observe(simulator.atlas.roads, simulator.state.arrays(), rows, objects, mask, True)
            return {"mask": mask[:, 0].astype(np.int8), "objects": objects[:, 0], "row": rows[:, 0]}
        return {
            "ego": observation.ego(),
            "has_route": observation.has_route.astype(np.int64),
            "images": observation.images,
            "route": observation.route,
        }

    def _infos(self) -> dict[str, Any]:
        """Per drive: `events` (bits, see kernels.events.NAMES), `distance` m driven along the route, `energy` Wh used."""
        agents, everyone = self.simulator.state.agents[:, 0], np.ones(self.num_envs, dtype=np.bool_)
        infos = {"events": self.simulator.flags[:, 0].copy(), "distance": agents["odometer"].copy(), "energy": agents["energy"].copy()}
        return infos | {f"_{key}": everyone for key in infos}


class WorldEnv(gymnasium.Env[Seen, NDArray[np.float32]]):
    """One drive; takes WorldVectorEnv's keywords. Its time limit is `gymnasium.make`'s."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": round(1.0 / STEP_S)}

    def __init__(self, *, render_mode: str | None = None, max_episode_steps: int | None = None, **options: Any) -> None:
        self._drives = WorldVectorEnv(1, render_mode=render_mode, max_episode_steps=max_episode_steps, **options)
        self.render_mode = render_mode
        self.action_space = self._drives.single_action_space
        self.observation_space = self._drives.single_observation_space

    @property
    def simulator(self) -> Simulator:
        return self._drives.simulator

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Seen, dict[str, Any]]:
        super().reset(seed=seed)
        observation, infos = self._drives.reset(seed=int(self.np_random.integers(2**31)) if seed is None else seed, options=options)
        return _first(observation), _first_info(infos)

    def step(self, action: NDArray[np.float32]) -> tuple[Seen, float, bool, bool, dict[str, Any]]:
        observation, rewards, terminations, truncations, infos = self._drives.step(np.asarray(action)[None])
        return _first(observation), float(rewards[0]), bool(terminations[0]), bool(truncations[0]), _first_info(infos)

    def render(self) -> NDArray[np.uint8] | None:  # type: ignore[override]
        frames = self._drives.render()
        return None if frames is None else frames[0]


def _check(num_envs: int, *, sees: str, rig: Rig | None, render_mode: str | None) -> None:
    if num_envs < 1:
        raise CaravelaError(f"num_envs is {num_envs}; expected at least 1.")
    if sees not in ("pixels", "vectors"):
        raise CaravelaError(f"sees='{sees}' is unknown; expected 'pixels' or 'vectors'.")
    if sees == "vectors" and rig is not None:
        raise RigError("a rig was given with sees='vectors', which has no cameras; leave the rig out or choose sees='pixels'.")
    if render_mode not in (None, "rgb_array"):
        raise CaravelaError(f"render_mode '{render_mode}' is unknown; expected 'rgb_array' or none.")


def _action_space() -> spaces.Box:
    """(acceleration m/s^2, curvature 1/m, left positive); the car's own limits and the road's grip bound it further."""
    low = np.array([ACCELERATION_RANGE[0], -CURVATURE_MAX], dtype=np.float32)
    high = np.array([ACCELERATION_RANGE[1], CURVATURE_MAX], dtype=np.float32)
    return spaces.Box(low, high, dtype=np.float32)


def _observation_space(rig: Rig | None) -> spaces.Dict:
    def unbounded(*shape: int) -> spaces.Box:
        return spaces.Box(-np.inf, np.inf, shape, dtype=np.float32)

    if rig is None:
        return spaces.Dict({"mask": spaces.MultiBinary(OBJECTS), "objects": unbounded(OBJECTS, OBJECT), "row": unbounded(ROW)})
    frames = (len(HISTORY_S), len(rig.cameras), rig.height, rig.width, 3)
    return spaces.Dict(
        {
            "ego": unbounded(3),
            "has_route": spaces.Discrete(2),
            "images": spaces.Box(0, 255, frames, dtype=np.uint8),
            "route": unbounded(ROUTE_POINTS, 2),
        }
    )


def _first(observation: Seen) -> Seen:
    return {key: value[0] for key, value in observation.items()}


def _first_info(infos: dict[str, Any]) -> dict[str, Any]:
    return {key: value[0].item() for key, value in infos.items() if not key.startswith("_")}
