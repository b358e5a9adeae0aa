"""The car of a drive: the vehicle's own loop with its mode machine, in lockstep with a world that waits for it, and who is aboard.
What people press on the page becomes the mode machine's happenings here; whether one counts is the machine's decision."""

import time
from dataclasses import dataclass, field

from caravela.core.errors import CaravelaError, unknown_name
from caravela.core.modes import Mode
from caravela.core.protocols import Policy
from caravela.core.responsibility import Entity, Party, Person, Role
from caravela.core.types import Observation, Rig
from caravela.studio.driving.latency import Latencies
from caravela.vehicle.attention import DriverState
from caravela.vehicle.conduct import Automated, Car, Engage, Happening, Manual, Rules, parked
from caravela.vehicle.loop import Loop
from caravela.vehicle.planner import Answer
from caravela.vehicle.profiles import assisted_profile, r157

MODES = ("manual", "l2", "l4", "driverless")  # how a drive may begin; driverless is L4 with nobody in the driving seat
PATIENCE_S = 60.0  # s that a plan may take: the world waits, so that no answer is late
CONTROLS_S = 0.4  # s for which the driver's own controls hold; a page that has gone lets go of them
COASTING = -0.5  # m/s^2 with no foot on a pedal


@dataclass(frozen=True)
class Aboard:
    """Who may answer for the car, and in which mode it begins. Raises CaravelaError for a mode or profile that there is none of, and
    for somebody who cannot answer."""

    mode: str = "l4"
    driver: str = "Ana Sousa"
    entity: str = "Caravela Motors Ltd"
    profile: str = "unece-r171"

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise unknown_name("mode", self.mode, MODES)
        self.rules()
        self.person()

    @property
    def driverless(self) -> bool:
        return self.mode == "driverless"

    def person(self) -> Person:
        """Who sits in the driving seat."""
        return Person(self.driver)

    def rules(self) -> Rules:
        """What the car is run by."""
        role = Role.DRIVERLESS_OPERATOR if self.driverless else Role.SELF_DRIVING_ENTITY
        return Rules(assisted_profile(self.profile), r157(), Entity(self.entity, role))


@dataclass
class Seat:
    """The driving seat, as a driver monitor sees it: set from the page, since a simulated car has no camera inside."""

    state: DriverState = DriverState()

    def look(self, t_us: int) -> DriverState:
        """See `DriverMonitor`."""
        return self.state


@dataclass
class Controls:
    """Pedals and wheel of a person who drives on the page. What is not repeated lapses."""

    acceleration: float = COASTING  # m/s^2
    curvature: float = 0.0  # 1/m
    until_s: float = field(default=0.0)

    def hold(self, acceleration: float, curvature: float, *, now_s: float) -> None:
        """The driver asks for this, until `CONTROLS_S` from now."""
        self.acceleration, self.curvature, self.until_s = acceleration, curvature, now_s + CONTROLS_S

    def now(self, now_s: float) -> tuple[float, float]:
        """Acceleration and curvature that are asked for."""
        return (self.acceleration, self.curvature) if now_s <= self.until_s else (COASTING, 0.0)


class PatientPlanner:
    """The policy in the drive's own process, timed. A `Planner` without a deadline, because the world waits."""

    def __init__(self, policy: Policy, latencies: Latencies) -> None:
        self._policy, self._latencies = policy, latencies

    def ask(self, observation: Observation, *, deadline_s: float) -> Answer:
        """See Planner."""
        began = time.perf_counter()
        with self._latencies.measure("plan"):
            plan = self._policy.plan(observation)
        return Answer(plan, latency_s=time.perf_counter() - began)

    def restart(self) -> None:
        """There is nothing to bring back."""

    def close(self) -> None:
        """There is nothing to end."""


def make_loop(aboard: Aboard, policy: Policy, *, rig: Rig, seat: Seat, latencies: Latencies, t_us: int) -> Loop:
    """The loop of a car that stands at the beginning of a run cycle, at `t_us`."""
    rules = aboard.rules()
    car = parked(Automated(rules.entity) if aboard.driverless else Manual(aboard.person()), t_us=t_us)
    if aboard.driverless:
        seat.state = DriverState(seated=False, hands_on=False, eyes_on=False)
    return Loop(car, rules=rules, planner=PatientPlanner(policy, latencies), monitor=seat, rig=rig, deadline_s=PATIENCE_S)


def beginning(aboard: Aboard, *, t_us: int) -> list[Happening]:
    """What whoever started the drive has done by starting it: engaged the mode that they chose."""
    engaged = {"l2": Mode.L2, "l4": Mode.L4}.get(aboard.mode)
    return [] if engaged is None else [Engage(t_us, engaged, aboard.person())]


def told(party: Party) -> str:
    """A party as records name it."""
    return f"{party.name} ({party.role})"


def phase_of(car: Car) -> str:
    """Where L4 is; "" in the other modes."""
    return str(car.conduct.phase) if isinstance(car.conduct, Automated) else ""


def mode_named(name: str) -> Mode:
    """The mode that a page asks for. Raises CaravelaError for one that there is none of."""
    if name not in (Mode.L2, Mode.L4):
        raise CaravelaError(f"got the mode '{name[:40]}'; expected L2 or L4 (manual driving is taken over, not engaged).")
    return Mode(name)
