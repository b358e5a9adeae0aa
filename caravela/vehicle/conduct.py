"""What the mode machine speaks of: who drives, what can happen to a car, what is demanded of it.

Three kinds of conduct exist: `Manual` and `Assisted` hold a person in the driving seat, `Automated` holds a legal entity, and
neither can be made with the other. So in no state does a car drive itself while a person must catch it, and none lacks a
responsible party."""

from dataclasses import dataclass
from enum import StrEnum

from caravela.core.modes import Alert, Author, Fault, Mode, Phase
from caravela.core.responsibility import Entity, Party, PartyError, Person, Role
from caravela.vehicle.attention import Attention, DriverState
from caravela.vehicle.profiles import AssistedProfile, AutomatedProfile

STANDSTILL = 0.1  # m/s


class Domain(StrEnum):
    """Where the car is in its operational design domain."""

    UNKNOWN = "not known"  # no risk is told: no reason to think that it is inside
    INSIDE = "inside"
    ENDING = "about to end"
    OUTSIDE = "outside"


# Conduct: who drives.
@dataclass(frozen=True)
class Manual:
    """The driver drives."""

    driver: Person
    held: bool = (
        False  # at standstill after an unavailability response or a collision at L2: brakes closed, hazard lights on, until the driver acts
    )

    def __post_init__(self) -> None:
        _require_driver(self.driver)

    @property
    def responsible(self) -> Person:
        return self.driver


@dataclass(frozen=True)
class Assisted:
    """L2: the car helps, the driver answers."""

    driver: Person
    failed_us: int | None = None  # since when the driver is told to take control at once
    untrusted: bool = False  # the network failed: the stop path leads, even when the network is back
    leaving: bool = False  # the driver has switched off with no hand on the wheel: help ends when a hand is there
    collided: bool = False  # there was a collision: the stop path leads, to standstill or until the driver has the wheel
    response: bool = False  # the unavailability response: slowing to a stop; ends by the driver's act only

    def __post_init__(self) -> None:
        _require_driver(self.driver)

    @property
    def responsible(self) -> Person:
        return self.driver


@dataclass(frozen=True)
class Automated:
    """L4: the car drives, the entity answers, whoever sits inside."""

    entity: Entity
    phase: Phase = Phase.DRIVING
    offer_us: int | None = None  # since when a seated person is offered to take over
    cause: str = ""  # of the manoeuvre
    waiting: str = ""  # why the car stands with closed brakes though nothing is wrong: somebody gets in or out

    def __post_init__(self) -> None:
        if not isinstance(self.entity, Entity):
            raise PartyError(f"L4 got {self.entity!r:.80}; expected a legal entity: no person answers for a car that drives itself.")

    @property
    def responsible(self) -> Entity:
        return self.entity


Conduct = Manual | Assisted | Automated
MODES: dict[type, Mode] = {Manual: Mode.MANUAL, Assisted: Mode.L2, Automated: Mode.L4}


def _require_driver(driver: Person) -> None:
    if not isinstance(driver, Person) or driver.role is not Role.DRIVER:
        raise PartyError(f"got {driver!r:.80} to answer as the driver; expected a person in the driving seat.")


@dataclass(frozen=True)
class Car:
    """All that the mode machine knows, in one run cycle."""

    conduct: Conduct
    attention: Attention
    driver: DriverState = DriverState()  # newest sample
    t_us: int = 0
    speed: float = 0.0  # m/s
    faults: frozenset[Fault] = frozenset()  # present, and beyond what is ridden out
    domain: Domain = Domain.INSIDE
    manoeuvred: bool = False  # a minimal-risk manoeuvre was made in this run cycle
    responses: int = 0  # unavailability responses
    direct_alerts: int = 0
    escalations: tuple[int, ...] = ()  # when requests were escalated, µs, newest last
    locked_until_us: int | None = None  # no L2 before then
    locked: bool = False  # no L2 in this run cycle

    @property
    def mode(self) -> Mode:
        return MODES[type(self.conduct)]

    @property
    def responsible(self) -> Party:
        """The one party that answers now."""
        return self.conduct.responsible


def parked(conduct: Conduct, *, t_us: int = 0) -> Car:
    """A car at standstill at the beginning of a run cycle."""
    return Car(conduct, Attention.attentive(t_us), t_us=t_us)


# Events: what can happen to a car. Those made by people are deliberate acts.
@dataclass(frozen=True)
class Sample:
    """What is measured every tick."""

    t_us: int
    speed: float
    driver: DriverState


@dataclass(frozen=True)
class Engage:
    """The person in the driving seat asks for L2 or L4."""

    t_us: int
    mode: Mode
    by: Person


@dataclass(frozen=True)
class TakeOver:
    """A person in the driving seat takes the controls: by wheel, by pedal or by switching off."""

    t_us: int
    by: Person


@dataclass(frozen=True)
class Release:
    """Somebody in the driving seat, or a remote assistant, lets a stopped L4 car go on."""

    t_us: int
    by: Person


@dataclass(frozen=True)
class AskToStop:
    """A passenger or a remote assistant wants an L4 car to stop now."""

    t_us: int
    why: str


@dataclass(frozen=True)
class Wait:
    """A ride wants an L4 car that stands to keep its brakes closed: somebody gets in or out."""

    t_us: int
    why: str


@dataclass(frozen=True)
class Settled:
    """A passenger has belted up behind closed doors, or a new ride is accepted: the wait is over. A deliberate act."""

    t_us: int


@dataclass(frozen=True)
class Collided:
    """The car's own crash sensor: whatever helps to drive stops."""

    t_us: int


@dataclass(frozen=True)
class FaultFound:
    t_us: int
    fault: Fault


@dataclass(frozen=True)
class FaultCleared:
    t_us: int
    fault: Fault


@dataclass(frozen=True)
class DomainSeen:
    t_us: int
    domain: Domain
    why: str = ""


Happening = Sample | Engage | TakeOver | Release | AskToStop | Wait | Settled | Collided | FaultFound | FaultCleared | DomainSeen


class NoteKind(StrEnum):
    """What of a step belongs in the record."""

    MODE = "mode"
    TAKE_OVER = "take-over"
    REQUEST = "request"
    COLLISION = "collision"  # by the crash sensor
    RESPONSE = "unavailability response"
    MANOEUVRE = "minimal-risk manoeuvre"
    STOPPED = "minimal-risk condition"
    RELEASED = "released"
    FAULT = "fault"
    FAULT_CLEARED = "fault cleared"
    DOMAIN = "operational design domain"
    LOCK_OUT = "lock-out"
    REFUSED = "refused"
    EVENT = "event"  # of the world: a collision, a red light run


@dataclass(frozen=True)
class Note:
    kind: NoteKind
    detail: str


@dataclass(frozen=True)
class Demands:
    """What follows for the car, until the next event."""

    author: Author
    alert: Alert = Alert.NONE
    hazards: bool = False
    deceleration: float = 0.0  # m/s^2, of the stop path
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Rules:
    """What a car is run by."""

    assisted: AssistedProfile
    automated: AutomatedProfile
    entity: Entity  # answers at L4
