"""One episode of the judge: the driver sees what its rig would see there, in our frames, and what it asks becomes pedal and wheel. The
judge alone says how it ends; route completion is measured along the route that both drivers are given."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError
from caravela.core.protocols import Policy
from caravela.core.types import HISTORY_S, Observation, Rig
from caravela.core.units import STEP_S, STEP_US
from caravela.evaluate.peers.actuation import Car, car_from
from caravela.evaluate.peers.link import Answer
from caravela.evaluate.peers.way import Way

HISTORY = tuple(round(-age / STEP_S) for age in HISTORY_S)  # ticks
POSE = ("x", "y", "heading", "speed", "yaw_rate")
Row = dict[str, Any]
Look = Callable[[int, int, NDArray[np.uint8]], None]  # is shown seed, tick and the newest pictures (C, H, W, 3)


class Judge(Protocol):
    """Whoever answers: `link.Peer`."""

    def ask(self, message: dict[str, Any]) -> Answer: ...


@dataclass(frozen=True)
class Pose:
    """The rear axle in the judge's map, in our frame: m, rad, m/s, rad/s."""

    x: float
    y: float
    heading: float
    speed: float
    yaw_rate: float


def pose_from(said: dict[str, Any]) -> Pose:
    """The state that a peer tells of. Raises CaravelaError where a number is missing."""
    state = said.get("state")
    if not isinstance(state, dict) or not all(isinstance(state.get(n), int | float) and np.isfinite(state[n]) for n in POSE):
        raise CaravelaError(f"the peer's state is {state}; expected finite {', '.join(POSE)}.")
    return Pose(**{name: float(state[name]) for name in POSE})


def cameras_of(rig: Rig) -> list[dict[str, float]]:
    """The rig as a peer is told of it: m and rad in the rig frame."""
    return [
        {"width": c.width, "height": c.height, "fov": c.fov, "yaw": c.yaw, "pitch": c.pitch} | dict(zip("xyz", c.position, strict=True))
        for c in rig.cameras
    ]


class Eyes:
    """Keeps the frames that HISTORY_S asks for; before there are older ones the first stands for them, as in our own world."""

    def __init__(self, rig: Rig) -> None:
        self._shape = (len(rig.cameras), rig.height, rig.width, 3)
        self._frames: deque[NDArray[np.uint8]] = deque(maxlen=max(HISTORY) + 1)  # newest first

    def see(self, pictures: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
        """(1, T, C, H, W, 3) with the newest frame put before the others. Raises CaravelaError for pictures of another rig."""
        if pictures is None or pictures.shape != self._shape:
            got = "none" if pictures is None else str(pictures.shape)
            raise CaravelaError(f"pictures {got} came from the peer; expected {self._shape} (cameras, rows, columns, 3).")
        self._frames.appendleft(pictures)
        return np.stack([self._frames[min(age, len(self._frames) - 1)] for age in HISTORY])[None]


def observation_of(images: NDArray[np.uint8], pose: Pose, way: Way, *, tick: int) -> Observation:
    """What the model is shown: nothing said, the sat-nav on."""
    return Observation(
        t_us=np.array([tick * STEP_US], dtype=np.int64),
        images=images,
        speed=np.array([max(pose.speed, 0.0)], dtype=np.float32),
        yaw_rate=np.array([pose.yaw_rate], dtype=np.float32),
        route=way.sat_nav(x=pose.x, y=pose.y, heading=pose.heading)[None],
        has_route=np.ones(1, dtype=np.bool_),
        words=("",),
        side=-np.ones(1, dtype=np.float32),  # its streets keep to the right
    )


def drive(judge: Judge, seed: int, *, policy: Policy | None, rig: Rig, ticks: int, look: Look | None = None) -> Row:
    """One episode, as a row (see `summary.judged`). Without a policy the judge's own driver drives."""
    answer = judge.ask({"begin": seed})
    said = answer.said
    way, car, pose = Way(np.array(said.get("route", []), dtype=np.float64)), car_from(said.get("car", {})), pose_from(said)
    start = way.follow(pose.x, pose.y)
    eyes, metres, furthest, tick = Eyes(rig), 0.0, start, 0
    if policy is not None:
        policy.reset(1)
    while answer.said.get("ended") is None:
        if tick > ticks:
            raise CaravelaError(f"the peer went on for {tick} ticks; expected an end after {ticks}: its script does not fit this version.")
        asked = {"steering": 0.0, "throttle": 0.0}
        if policy is not None:
            images = eyes.see(answer.pictures)
            if look is not None:
                look(seed, tick, images[0, 0])
            asked = action(policy, car, observation_of(images, pose, way, tick=tick))
        answer = judge.ask(asked)
        before, pose = pose, pose_from(answer.said)
        metres += float(np.hypot(pose.x - before.x, pose.y - before.y))
        furthest = max(furthest, way.follow(pose.x, pose.y))
        tick += 1
    return {
        "seed": seed,
        "blocks": str(said.get("blocks", "")),
        "ended": [str(name) for name in answer.said["ended"]],
        "completion": round(float(np.clip((furthest - start) / max(way.length - start, 1.0), 0.0, 1.0)), 4),
        "route_m": round(way.length - start, 1),
        "driven_m": round(metres, 1),
        "seconds": round(tick * STEP_S, 1),
        "end": [round(pose.x, 1), round(pose.y, 1)],
    }


def action(policy: Policy, car: Car, observation: Observation) -> dict[str, float]:
    """What the policy's plan asks now, for MetaDrive."""
    control = policy.plan(observation).control()
    return {
        "steering": car.wheel(float(control.curvature[0]), speed=float(observation.speed[0])),
        "throttle": car.pedal(float(control.acceleration[0])),
    }
