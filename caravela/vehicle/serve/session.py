"""One drive in somebody else's world: what came in so far, and the plan that follows. It knows no gRPC. Times are the world's, in µs."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.core.protocols import Policy
from caravela.core.types import PLAN_STEP_S, PLAN_STEPS, ROUTE_POINTS, Observation, Plan, Rig
from caravela.vehicle.health import plan_faults
from caravela.vehicle.serve.mosaic import Mosaic
from caravela.vehicle.serve.motion import Known, Motion, sat_nav
from caravela.vehicle.serve.optics import Optic
from caravela.vehicle.serve.pose import Pose
from caravela.vehicle.serve.refusal import Refusal

SILENT_US = 500_000  # µs without a picture or a pose, after which a drive is refused
HORIZON_US = round(PLAN_STEPS * PLAN_STEP_S * 1e6)
ROUTE_POINTS_MAX = 100_000


@dataclass(frozen=True, eq=False)
class Answer:
    """A plan in the world's `local` frame. The first pose is the car's at the time of asking."""

    times_us: list[int]  # M of them
    positions: NDArray[np.float64]  # (M, 3) m
    quaternions: NDArray[np.float64]  # (M, 4) w, x, y, z
    proposals: tuple[list[int], NDArray[np.float64], NDArray[np.float64]]  # N times, (K, N, 3), (K, N, 4)
    plan: Plan


class Session:
    """The state of one drive. Its methods may be called from several threads."""

    def __init__(
        self,
        name: str,
        optics: Mapping[str, Optic],
        rig: Rig,
        policy: Policy,
        *,
        idle: Iterable[str] = (),
        words: str = "",
        lefthand: bool = False,
    ) -> None:
        """`idle` names cameras that were declared and cannot be used. Raises Refusal where the rest does not show the road ahead."""
        self.name, self.policy = name, policy
        self.declared = frozenset((*optics, *idle))
        self._mosaic = Mosaic(optics, rig)
        self._motion = Motion()
        self._route: NDArray[np.float64] | None = None  # (M, 3) in `local`
        self._new_route: tuple[int, NDArray[np.float64]] | None = (
            None  # of a time whose pose is not known yet, (M, 3) in the rig frame of then
        )
        self._words, self._side = words, np.array([1.0 if lefthand else -1.0], np.float32)
        self._began_us: int | None = None  # of the first thing that came
        self._lock = threading.Lock()

    @property
    def cameras(self) -> tuple[str, ...]:
        """Those that are looked at."""
        return self._mosaic.cameras

    @property
    def filled(self) -> dict[str, float]:
        """By view of the driver's rig, the share that the cameras fill."""
        return self._mosaic.filled

    def see(self, camera: str, t_us: int, picture: NDArray[np.uint8]) -> None:
        """A picture (H, W, 3) of a camera that is looked at. Raises Refusal for one out of order or of another shape than declared."""
        with self._lock:
            self._mosaic.add(camera, t_us, picture)
            self._heard(t_us)

    def check(self, camera: str, t_us: int) -> None:
        """Raises Refusal for a picture out of order, before it is decoded."""
        with self._lock:
            self._mosaic.check(camera, t_us)

    def move(self, reports: list[Known]) -> None:
        """How the car moved."""
        with self._lock:
            for report in reports:
                self._motion.add(report)
                self._heard(report.t_us)

    def lead(self, t_us: int, waypoints: NDArray[np.float64]) -> None:
        """A route (M, 3) in the rig frame of a time, 0 for that of the newest pose; none any more where M is 0. Raises Refusal for one without
        end."""
        if len(waypoints) > ROUTE_POINTS_MAX:
            raise Refusal(f"the route has {len(waypoints)} points; expected at most {ROUTE_POINTS_MAX}: send the part ahead.")
        with self._lock:
            newest_us = self._motion.newest_us
            self._route, self._new_route = None, (t_us or newest_us or 0, waypoints) if len(waypoints) else None
            if newest_us is not None and t_us <= newest_us:
                self._settle_route()

    def drive(self, now_us: int, query_us: int, *, planning: threading.Lock) -> Answer | None:
        """The plan of now; None while too little has come to plan from. `query_us`, the moment that the world will ask about, gets a pose of
        its own; 0 for none. `planning` is held while the policy plans. Raises Refusal where something stopped coming, for a time that the
        plan does not reach, and for a plan that makes no sense."""
        if query_us and not now_us <= query_us <= now_us + HORIZON_US:
            raise Refusal(
                f"time_query_us is {(query_us - now_us) / 1e6:+.3f} s from time_now_us; expected 0 to {HORIZON_US / 1e6:g} s, what a plan reaches."
            )
        with self._lock:
            observation = self._observation(now_us)
            if observation is None:
                return None
            anchor = self._motion.pose(now_us)
        with planning:
            plan = self.policy.plan(observation)
        if faults := plan_faults(plan):
            raise Refusal(f"the model's plan is unusable ({', '.join(sorted(faults))}); drive on without one.", "INTERNAL")
        return _answer(plan, anchor, now_us=now_us, query_us=query_us)

    def _observation(self, now_us: int) -> Observation | None:
        if self._began_us is None or not self._complete(now_us):
            return None
        moving = self._motion.speed_and_yaw_rate(now_us)
        if moving is None:
            return None
        route = self._route_ahead(now_us)
        return Observation(
            t_us=np.array([now_us], np.int64),
            images=self._mosaic.look(now_us)[None],
            speed=np.array([moving[0]], np.float32),
            yaw_rate=np.array([moving[1]], np.float32),
            route=np.zeros((1, ROUTE_POINTS, 2), np.float32) if route is None else route[None],
            has_route=np.array([route is not None]),
            words=(self._words,),
            side=self._side,
        )

    def _complete(self, now_us: int) -> bool:
        """Whether every camera and the ego motion have been heard of. Raises Refusal where one has been silent for too long."""
        assert self._began_us is not None
        newest = {f"camera '{name[:80]}'": self._mosaic.newest_us(name, now_us) for name in self._mosaic.cameras}
        newest["the ego motion"] = self._motion.newest_us
        for what, t_us in newest.items():
            silent = now_us - (self._began_us if t_us is None else t_us)
            if silent > SILENT_US:
                raise Refusal(
                    f"{what} of session '{self.name[:80]}' has sent nothing for {silent / 1e6:.2f} s; expected every camera in use and the "
                    f"ego pose at least every {SILENT_US / 1e6:g} s: send them before each drive.",
                    "FAILED_PRECONDITION",
                )
        return None not in newest.values()

    def _route_ahead(self, now_us: int) -> NDArray[np.float32] | None:
        self._settle_route()
        return None if self._route is None else sat_nav(self._motion.pose(now_us).to_own(self._route)[:, :2])

    def _settle_route(self) -> None:
        """Put a new route into `local` while the pose of its time is remembered."""
        if self._new_route is not None:
            t_us, waypoints = self._new_route
            self._route, self._new_route = self._motion.pose(t_us).to_other(waypoints), None

    def _heard(self, t_us: int) -> None:
        self._began_us = t_us if self._began_us is None else min(self._began_us, t_us)


def _answer(plan: Plan, anchor: Pose, *, now_us: int, query_us: int) -> Answer:
    steps = now_us + np.arange(1, PLAN_STEPS + 1) * round(PLAN_STEP_S * 1e6)  # (N,)
    chosen = plan.trajectories[0, int(plan.chosen[0])].astype(np.float64)  # (N, 3)
    path = np.concatenate([np.zeros((1, 3)), chosen])
    times = np.concatenate([[now_us], steps])
    if query_us and query_us not in times:
        asked = np.array([np.interp(query_us - now_us, times - now_us, path[:, axis]) for axis in range(3)])
        at = int(np.searchsorted(times, query_us))
        times, path = np.insert(times, at, query_us), np.insert(path, at, asked, axis=0)
    return Answer(times.tolist(), *anchor.lifted(path), (steps.tolist(), *anchor.lifted(plan.trajectories[0])), plan)
