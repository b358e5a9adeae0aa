"""What reaches the actuators: one command a tick with its author, the lateral limits of L2, and a watchdog that stops the car when
the loop no longer says that it lives."""

from copy import copy
from dataclasses import dataclass, replace

from caravela.core.modes import Alert, Author, Fault, Mode
from caravela.core.responsibility import Party
from caravela.core.units import STEP_S
from caravela.vehicle.profiles import AssistedProfile
from caravela.vehicle.stop_path import StopPath

HEARTBEAT_S = 0.3  # s without a beat after which the loop counts as dead
HOLD_BRAKE = -3.0  # m/s^2 asked for at standstill: enough to stop too, should the standstill have been a mistake


@dataclass(frozen=True)
class Commands:
    """For the actuators and for those who look on."""

    acceleration: float  # m/s^2
    curvature: float  # 1/m, left positive
    author: Author
    mode: Mode
    responsible: Party
    alert: Alert = Alert.NONE
    hazards: bool = False

    @property
    def progress(self) -> bool:
        """Whether distance made now may count as driving: a stop path is an abstention."""
        return self.author is Author.NETWORK


class LateralLimit:
    """Keeps lateral acceleration and jerk within a profile, by limiting curvature."""

    def __init__(self, profile: AssistedProfile) -> None:
        self._profile = profile
        self._acceleration = 0.0  # m/s^2, lateral, asked for last

    def __call__(self, curvature: float, *, speed: float) -> float:
        """The curvature that may be asked for at `speed`, m/s."""
        squared = max(speed, 1.0) ** 2
        step = self._profile.lateral_jerk * STEP_S
        wanted = min(max(curvature * squared, self._acceleration - step), self._acceleration + step)
        self._acceleration = min(max(wanted, -self._profile.lateral_acceleration), self._profile.lateral_acceleration)
        return self._acceleration / squared

    def follow(self, curvature: float, *, speed: float) -> None:
        """Somebody else steers."""
        self._acceleration = curvature * max(speed, 1.0) ** 2


class Watchdog:
    """Stands between loop and actuators, in a thread or process of its own. It hands the loop's commands on as long as the heart
    beats, and leads to a stop along the kept path when it does not."""

    def __init__(self, *, deceleration: float) -> None:
        """`deceleration` of the stop, m/s^2."""
        self._deceleration = deceleration
        self._commands: Commands | None = None
        self._path = StopPath()
        self._beat_us = 0
        self.fault: Fault | None = None

    def beat(self, commands: Commands, path: StopPath, *, steady_us: int) -> None:
        """The loop lives, and wants `commands`; from here on a stop would follow `path`."""
        self._commands, self._path, self._beat_us, self.fault = commands, copy(path), steady_us, None

    def commands(self, *, steady_us: int, speed: float, driver: tuple[float, float] = (0.0, 0.0)) -> Commands | None:
        """What the actuators do now; None before the first beat. Called every tick, by the actuators' own clock. `driver`: acceleration m/s^2 and
        curvature 1/m that the driver's own controls ask for; they need no loop."""
        if self._commands is None or steady_us - self._beat_us <= round(HEARTBEAT_S * 1e6):
            return self._commands
        self.fault = Fault.HEARTBEAT_LOST
        if self._commands.mode is Mode.MANUAL:
            return replace(self._commands, acceleration=driver[0], curvature=driver[1])
        acceleration, curvature = self._path.control(speed=speed, deceleration=self._deceleration)
        self._path.move(speed)
        alert = Alert.DIRECT_CONTROL if self._commands.mode is Mode.L2 else Alert.NONE
        return replace(self._commands, acceleration=acceleration, curvature=curvature, author=Author.STOP_PATH, alert=alert, hazards=True)
