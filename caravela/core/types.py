"""What the parts of Caravela hand to each other: frozen dataclasses, leading batch axis, SI units, radians.

Axis letters: B worlds, A agents, C cameras, T history, K proposals, N future steps, H W image rows and columns.
The rig frame has its origin on the ground under the middle of the rear axle: x forward, y left, z up."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import RigError

HISTORY_S = (0.0, -0.2, -0.6)  # s, when the T = 3 frames of an observation were taken, newest first
ROUTE_POINTS = 8  # sat-nav points ahead, on the road's axis
ROUTE_SPACING = 10.0  # m between sat-nav points
PLAN_STEPS = 40  # N, future steps of a trajectory
PLAN_STEP_S = 0.1  # s between them: 4 s ahead
KNOTS = 8  # acceleration and curvature knots, one every 0.5 s
ACTUATION_LEAD_S = 0.2  # s, lag of steering and drive (about 0.15) and half a tick
PROPOSALS = 16  # K, trajectories sampled per decision


@dataclass(frozen=True)
class Camera:
    """A pinhole camera. `fov` is horizontal, in radians; `position` is (x, y, z) in the rig frame, m; `yaw` turns
    left, `pitch` turns up, radians."""

    name: str
    width: int = 128
    height: int = 96
    fov: float = math.radians(100.0)
    position: tuple[float, float, float] = (1.5, 0.0, 1.5)
    yaw: float = 0.0
    pitch: float = 0.0

    def __post_init__(self) -> None:
        if self.width < 8 or self.height < 8:
            raise RigError(
                f"camera '{self.name}' has {self.width}x{self.height} pixels; expected at least 8x8: give it a width and a height."
            )
        if not 0.02 < self.fov < 2.8:
            raise RigError(f"camera '{self.name}' has a field of view of {math.degrees(self.fov):.1f} degrees; expected 2 to 160.")

    @property
    def focal(self) -> float:
        """Focal length in pixels; pixels are square."""
        return self.width / (2.0 * math.tan(self.fov / 2.0))


@dataclass(frozen=True)
class Rig:
    """The cameras of a car, all of one resolution."""

    cameras: tuple[Camera, ...]

    def __post_init__(self) -> None:
        if not self.cameras:
            raise RigError("the rig has no camera; expected at least one.")
        if len({(c.width, c.height) for c in self.cameras}) != 1:
            raise RigError(
                f"the rig's cameras differ in size: {[(c.name, c.width, c.height) for c in self.cameras]}; give them one resolution."
            )

    @property
    def height(self) -> int:
        return self.cameras[0].height

    @property
    def width(self) -> int:
        return self.cameras[0].width


def policy_rig() -> Rig:
    """The rig that the driving model sees through: front wide, front narrow (for lamps far ahead), left and right."""
    return Rig(
        cameras=(
            Camera("front", fov=math.radians(100.0), position=(2.0, 0.0, 1.5), pitch=math.radians(4.0)),
            Camera("front_narrow", fov=math.radians(30.0), position=(2.0, 0.0, 1.5), pitch=math.radians(4.0)),
            Camera("left", fov=math.radians(100.0), position=(1.8, 0.6, 1.5), yaw=math.radians(80.0)),
            Camera("right", fov=math.radians(100.0), position=(1.8, -0.6, 1.5), yaw=math.radians(-80.0)),
        )
    )


@dataclass(frozen=True)
class Observation:
    """All that a policy may see at one tick."""

    t_us: NDArray[np.int64]  # (B,) time of the newest frame
    images: NDArray[np.uint8]  # (B, T, C, H, W, 3) RGB, newest frame first, ages as HISTORY_S
    speed: NDArray[np.float32]  # (B,) m/s
    yaw_rate: NDArray[np.float32]  # (B,) rad/s, left positive
    route: NDArray[np.float32]  # (B, ROUTE_POINTS, 2) sat-nav points in the rig frame, m; zeros where not has_route
    has_route: NDArray[np.bool_]  # (B,)
    words: tuple[str, ...]  # B texts; "" where nothing was said
    side: NDArray[np.float32] | None = None  # (B,) that traffic keeps to, as the sat-nav knows: 1 left, -1 right, 0 or None not known
    abroad: NDArray[np.bool_] | None = (
        None  # (B,) as it knows, too: in a country whose streets the driver was taught none of; None: nowhere
    )

    @property
    def batch(self) -> int:
        return len(self.t_us)

    def ego(self) -> NDArray[np.float32]:
        """(B, 3) speed m/s, yaw rate rad/s, side: as the model takes them."""
        side = np.zeros(self.batch, np.float32) if self.side is None else self.side
        return np.stack([self.speed, self.yaw_rate, side], -1).astype(np.float32)


@dataclass(frozen=True)
class Plan:
    """K trajectories, what the critic thinks of each, and the one chosen."""

    trajectories: NDArray[np.float32]  # (B, K, N, 3) x m, y m, heading rad in the rig frame; step n is (n + 1) * PLAN_STEP_S ahead
    speeds: NDArray[np.float32]  # (B, K, N) m/s at those steps
    knots: NDArray[np.float32]  # (B, K, KNOTS, 2) acceleration m/s^2, curvature 1/m
    values: NDArray[np.float32]  # (B, K) the critic's values, higher is better
    chosen: NDArray[np.int64]  # (B,) index into K
    risk: NDArray[np.float32]  # (B,) estimated probability of a failure in the next seconds, 0..1; NaN where a policy does not know it
    paced: int = 0  # so many of K, the last, are the first one at another pace; the others are samples of what may come

    @property
    def samples(self) -> slice:
        """Of K, those that are no other's at another pace."""
        return slice(0, self.knots.shape[1] - self.paced)

    def control(self) -> "Control":
        """What to ask of the actuators now: the chosen plan's controls ACTUATION_LEAD_S ahead, when they will have answered."""
        knots = self.knots[np.arange(len(self.chosen)), self.chosen]  # (B, KNOTS, 2)
        share = ACTUATION_LEAD_S / (PLAN_STEPS * PLAN_STEP_S / KNOTS)
        ahead = (1.0 - share) * knots[:, 0] + share * knots[:, 1]
        return Control(acceleration=ahead[:, 0], curvature=ahead[:, 1])


@dataclass(frozen=True)
class Control:
    """What actuation is asked for, per world."""

    acceleration: NDArray[np.float32]  # (B,) m/s^2
    curvature: NDArray[np.float32]  # (B,) 1/m, left positive


@dataclass(frozen=True)
class Event:
    """Something that happened in a drive, and the party responsible for driving at that moment."""

    t_us: int
    kind: str  # collision, at_fault_collision, off_road, wrong_way, red_light, route_missed, stuck, arrived, words, ...
    responsible: str
    detail: str = ""


@dataclass(frozen=True)
class Score:
    """One episode's outcome."""

    success: bool
    progress: float  # distance along the route over the expected distance, capped at 1
    distance: float  # m driven along the route
    seconds: float
    failures: tuple[str, ...] = ()
    red_lights_met: int = 0
    red_lights_run: int = 0
    comfort: float = 1.0  # share of ticks within |a| <= 3 m/s^2 and |jerk| <= 5 m/s^3
    energy_wh_per_km: float = 0.0
    extra: dict[str, float] = field(default_factory=dict)
