"""A world and a policy small enough to reason about: a ring road of two lanes, a car that drives round it, stripes that
move for pictures. They stand in for the simulator and the model where a test is about the page, the loop or the recorder."""

import math
import time

import numpy as np

from caravela.core.kinematics import KNOTS, integrate
from caravela.core.types import PROPOSALS, ROUTE_POINTS, Camera, Control, Event, Observation, Plan, Rig, policy_rig
from caravela.core.units import STEP_S, STEP_US
from caravela.studio.driving.stage import DriveSettings, Stage
from caravela.world.maps.lane_graph import LAMP_GREEN, LAMP_RED, LaneGraph
from caravela.world.state import ABSENT, EXTERNAL, IDM, WorldState, empty

RADIUS = 60.0  # m
LANE = 3.5  # m
AGENTS = 6


def ring_graph(*, pieces: int = 8) -> LaneGraph:
    """A ring of `pieces` lanes, driven counter-clockwise, with a second ring outside; one signal link."""
    lines = []
    for radius in (RADIUS, RADIUS + LANE):
        for piece in range(pieces):
            angle = np.linspace(piece, piece + 1, 9) * 2 * math.pi / pieces
            lines.append(np.stack([radius * np.cos(angle), radius * np.sin(angle), angle + math.pi / 2], axis=-1))
    lanes = 2 * pieces
    points = np.concatenate(lines).astype(np.float32)
    start = (np.arange(lanes + 1) * 9).astype(np.int32)
    steps = [np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line[:, :2], axis=0).T))]) for line in lines]
    integers, floats = (lambda values: np.array(values, np.int32)), (lambda values: np.array(values, np.float32))
    ahead = [(lane + 1) % pieces + pieces * (lane // pieces) for lane in range(lanes)]
    behind = [(lane - 1) % pieces + pieces * (lane // pieces) for lane in range(lanes)]
    square = 20.0 * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    return LaneGraph(
        name="ring",
        lefthand=False,
        origin=(0.0, 0.0),
        attribution="",
        lane_point_start=start,
        point_x=points[:, 0],
        point_y=points[:, 1],
        point_s=floats(np.concatenate(steps)),
        point_heading=points[:, 2],
        lane_length=floats([step[-1] for step in steps]),
        lane_width=np.full(lanes, LANE, np.float32),
        lane_speed=np.full(lanes, 13.89, np.float32),
        lane_kind=np.zeros(lanes, np.uint8),
        lane_use=np.ones(lanes, np.uint8),
        lane_edge=integers([lane % pieces for lane in range(lanes)]),
        lane_left=integers([-1] * pieces + list(range(pieces))),
        lane_right=integers(list(range(pieces, lanes)) + [-1] * pieces),
        lane_axis_offset=np.zeros(lanes, np.float32),
        lane_opposite=np.full(lanes, -1, np.int32),
        lane_junction=np.full(lanes, -1, np.int32),
        lane_control=np.zeros(lanes, np.uint8),
        lane_turn=np.zeros(lanes, np.uint8),
        lane_link=np.full(lanes, -1, np.int32),
        lane_roundabout=np.zeros(lanes, bool),
        successor_start=integers(range(lanes + 1)),
        successor=integers(ahead),
        predecessor_start=integers(range(lanes + 1)),
        predecessor=integers(behind),
        conflict_start=np.zeros(lanes + 1, np.int32),
        conflict=integers([]),
        conflict_yields=np.array([], bool),
        conflict_s=floats([]),
        link_signal=integers([0]),
        link_slot=integers([0]),
        link_x=floats([0.0]),
        link_y=floats([RADIUS]),
        link_heading=floats([math.pi]),
        signal_phase_start=integers([0, 2]),
        signal_offset=floats([0.0]),
        phase_duration=floats([5.0, 5.0]),
        phase_state=np.array([[LAMP_GREEN], [LAMP_RED]], np.uint8),
        junction_start=integers([0]),
        junction_x=floats([]),
        junction_y=floats([]),
        crossing=floats([[-2.0, RADIUS - 2, -2.0, RADIUS + 6, 3.0]]),
        crossing_link=integers([-1]),
        building_start=integers([0, 4]),
        building_x=floats(square[:, 0]),
        building_y=floats(square[:, 1]),
        building_height=floats([9.0]),
        tree=floats([[30.0, 30.0, 2.0, 6.0]]),
        parking=np.zeros((0, 3), np.float32),
    )


def stripes(height: int, width: int, *, shift: float) -> np.ndarray:
    """A picture that differs from tick to tick."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    wave = 0.5 + 0.5 * np.sin((columns + rows) * 40.0 / width + shift)
    return np.stack([60 + 120 * wave, 90 + 80 * wave, 110 + 20 * wave], axis=-1).astype(np.uint8)


class FakeWorld:
    """The ring. The ego car keeps to it whatever the curvature; its speed follows what is asked."""

    def __init__(self, rig: Rig, *, step_s: float = 0.0) -> None:
        self.batch = 1
        self.graph = ring_graph()
        self.asked: list[str] = []
        self._rig, self._step_s = rig, step_s
        self.state = self._fresh()

    def reset(self, seed: int) -> Observation:
        self.state = self._fresh()
        self._angle = 0.01 * seed
        self._tick = 0
        return self._observe()

    def step(self, control: Control) -> tuple[Observation, list[list[Event]]]:
        if self._step_s:
            time.sleep(self._step_s)
        state = self.state
        state.speed[0, 0] = np.clip(state.speed[0, 0] + control.acceleration[0] * STEP_S, 0.0, 12.0)
        state.acceleration[0, 0] = control.acceleration[0]
        state.time[0] += STEP_S
        self._angle += float(state.speed[0, 0]) * STEP_S / RADIUS
        self._tick += 1
        state.lamp[0, 0] = LAMP_RED if self._tick // 50 % 2 else LAMP_GREEN
        events = (
            [Event(t_us=self._tick * STEP_US, kind="red_light", responsible="system", detail="ran the red")] if self._tick % 20 == 5 else []
        )
        return self._observe(), [events]

    def _observe(self) -> Observation:
        state = self.state
        for agent in range(AGENTS):
            angle = self._angle + 0.25 * agent
            radius = RADIUS + (LANE if agent % 2 else 0.0)
            state.x[0, agent], state.y[0, agent] = radius * math.cos(angle), radius * math.sin(angle)
            state.heading[0, agent] = angle + math.pi / 2
        state.lane[0, 0] = int(self._angle / (2 * math.pi) * 8) % 8
        ahead = (np.arange(ROUTE_POINTS) + 1) * 10.0 / RADIUS
        route = RADIUS * np.stack([np.sin(ahead), 1 - np.cos(ahead)], axis=-1)
        shift = 0.1 * self._tick
        images = np.stack([stripes(self._rig.height, self._rig.width, shift=shift + camera) for camera in range(len(self._rig.cameras))])
        return Observation(
            t_us=np.array([self._tick * STEP_US]),
            images=np.broadcast_to(images[None, None], (1, 3, *images.shape)),
            speed=state.speed[:, 0].copy(),
            yaw_rate=np.zeros(1, np.float32),
            route=route[None].astype(np.float32),
            has_route=np.array([True]),
            words=("",),
        )

    def _fresh(self) -> WorldState:
        state = empty(1, agents=AGENTS, links=1, signals=1)
        state.controller[:] = IDM
        state.controller[0, 0], state.controller[0, -1] = EXTERNAL, ABSENT
        state.lamp[:] = LAMP_GREEN
        state.speed[:] = 8.0
        state.length[:], state.width[:], state.height[:], state.centre_offset[:], state.wheelbase[:] = 4.6, 1.9, 1.5, 1.4, 2.8
        state.route[0, 0, :3] = (0, 1, 2)
        return state


class FakePolicy:
    """Goes round the ring; asks for 1 m/s^2 less when told anything with "stop" in it."""

    name = "fake"
    timings: dict[str, float]
    insight: dict[str, object]

    def __init__(self, *, plan_s: float = 0.0) -> None:
        self.timings, self.insight = {}, {}
        self._plan_s = plan_s

    def reset(self, batch: int) -> None:
        self._batch = batch

    def plan(self, observation: Observation) -> Plan:
        if self._plan_s:
            time.sleep(self._plan_s)
        knots = np.zeros((1, PROPOSALS, KNOTS, 2), np.float32)
        knots[..., 0] = -1.0 if "stop" in observation.words[0] else 0.2
        knots[..., 1] = 1.0 / RADIUS + np.linspace(-0.02, 0.02, PROPOSALS)[None, :, None]
        trajectories, speeds = integrate(knots, speed=np.repeat(observation.speed[:, None], PROPOSALS, axis=1))
        self.timings = {"vision": 6.0, "action": 9.0}
        self.insight = {
            "light": np.array([[0.7, 0.1, 0.1, 0.1]], np.float32),
            "lead_distance": np.array([23.0], np.float32),
            "stop_distance": np.array([np.inf], np.float32),
        }
        values = -np.abs(np.arange(PROPOSALS, dtype=np.float32)[None] - 8)
        return Plan(trajectories, speeds, knots, values, np.array([8]), np.array([0.03], np.float32))


def fake_stage(settings: DriveSettings, say=lambda sentence: None, *, step_s: float = 0.0) -> Stage:
    """A scene of the ring, as the drive loop makes one."""
    say("laying out the ring …")
    world = FakeWorld(policy_rig(), step_s=step_s)
    look = lambda camera, state: stripes(camera.height, camera.width, shift=0.1 * world._tick)  # noqa: E731
    return Stage(world=world, graph=world.graph, look=look, ask=world.asked.append)


def view_camera() -> Camera:
    return Camera("view", width=160, height=96)
