"""What reaches the actuators: one command a tick with its author, the lateral limits of L2, and a watchdog that stops the car when
the loop no longer says that it lives. A driver's own controls need no loop: whoever is told to take over can."""

import math
from copy import copy
from dataclasses import dataclass, replace

from caravela.core.modes import Alert, Author, Fault, Mode
from caravela.core.responsibility import Party, Person
from caravela.core.units import STEP_S
from caravela.vehicle.attention import DriverState
from caravela.vehicle.conduct import STANDSTILL
from caravela.vehicle.health import HEARTBEAT_S, SPEED_RANGE
from caravela.vehicle.profiles import AssistedProfile
from caravela.vehicle.stop_path import StopPath, reckoned

HOLD_BRAKE = -3.0  # m/s^2 asked for at standstill: enough to stop too, should the standstill have been a mistake
PEDAL = 0.5  # m/s^2 asked for by brake or accelerator from which a driver acts
WHEEL = 0.002  # 1/m asked for by the wheel from which a driver acts
SEAT = DriverState()


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
    beats, and leads to a stop along the kept path when it does not. That stop ends at standstill or by a take-over, even if the loop
    comes back: its commands count again once it holds the car itself, or lets a driver drive. Until then `fault` is for the loop's
    `reported`, and `taken_by` for a `TakeOver`."""

    def __init__(self, *, deceleration: float) -> None:
        """`deceleration` of the stop, m/s^2."""
        self._deceleration = deceleration
        self._commands: Commands | None = None
        self._path = StopPath()
        self._beat_us = 0
        self._speed, self._asked = 0.0, 0.0  # m/s, newest that is known; m/s^2 asked for last
        self._stands = False  # the stop has ended: the brakes stay closed
        self.fault: Fault | None = None
        self.taken_by: Person | None = None  # who has taken the controls without the loop

    def beat(self, commands: Commands, path: StopPath, *, steady_us: int) -> None:
        """The loop lives, and wants `commands`; from here on a stop would follow `path`."""
        self._commands, self._beat_us = commands, steady_us
        holds = commands.author is Author.HOLD and self.taken_by is None
        if self.fault is None or holds or commands.author is Author.DRIVER:
            self._path, self._stands, self.fault, self.taken_by = copy(path), False, None, None

    def commands(
        self,
        *,
        steady_us: int,
        speed: float,
        driver: tuple[float, float] = (0.0, 0.0),
        seat: DriverState = SEAT,
        person: Person | None = None,
    ) -> Commands | None:
        """What the actuators do now; None before the first beat. Called every tick, by the actuators' own clock.

        Args:
            speed: m/s; reckoned where a wheel sensor cannot mean it.
            driver: acceleration m/s^2 and curvature 1/m that the driver's own controls ask for; they need no loop.
            seat: what the driving seat's sensors see; they need no loop either.
            person: who would answer after a take-over from L4; at L2 it is the one who answers already.
        """
        if self._commands is None:
            return None
        measured = math.isfinite(speed) and SPEED_RANGE[0] <= speed <= SPEED_RANGE[1]
        self._speed = max(speed, 0.0) if measured else reckoned(self._speed, asked=self._asked)
        given = self._commands
        if self.fault is not None or steady_us - self._beat_us > round(HEARTBEAT_S * 1e6):
            self.fault = Fault.HEARTBEAT_LOST
            given = self._without_loop(self._commands, driver, seat, person)
        self._asked = given.acceleration
        return given

    def _without_loop(self, last: Commands, driver: tuple[float, float], seat: DriverState, person: Person | None) -> Commands:
        """What is done about the loop's `last` commands while it is not in charge."""
        if last.author is Author.DRIVER:
            return replace(last, acceleration=driver[0], curvature=driver[1])
        by = last.responsible if isinstance(last.responsible, Person) else person
        if self.taken_by is None and by is not None and _takes_over(driver, seat, from_l4=last.mode is Mode.L4):
            self.taken_by = by
        if self.taken_by is not None:
            return Commands(driver[0], driver[1], Author.DRIVER, Mode.MANUAL, self.taken_by)
        told = Alert.NONE if last.mode is not Mode.L2 else Alert.UNAVAILABLE if last.alert is Alert.UNAVAILABLE else Alert.DIRECT_CONTROL
        self._stands = self._stands or last.author is Author.HOLD or self._speed < STANDSTILL
        if self._stands:
            return replace(last, acceleration=HOLD_BRAKE, curvature=0.0, author=Author.HOLD, alert=told, hazards=True)
        acceleration, curvature = self._path.control(speed=self._speed, deceleration=self._deceleration)
        self._path.move(self._speed)
        if seat.seated and driver[0] < -PEDAL:  # no hand on the wheel, so help goes on; braking counts all the same
            acceleration = min(acceleration, driver[0])
        return replace(last, acceleration=acceleration, curvature=curvature, author=Author.STOP_PATH, alert=told, hazards=True)


def _takes_over(driver: tuple[float, float], seat: DriverState, *, from_l4: bool) -> bool:
    """Whether somebody takes the controls by pedal or wheel. As in the mode machine it counts from who sits there, holds the wheel
    and, at L4, looks at the road."""
    acts = abs(driver[0]) > PEDAL or abs(driver[1]) > WHEEL
    return acts and seat.seated and seat.hands_on and (seat.eyes_on or not from_l4)
