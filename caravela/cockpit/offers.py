"""Services that the car offers by itself. Each has a trigger, a benefit, a consent rule, a cool-down and an off switch that is remembered.
An offer is a question: nothing is done before a yes, and what a yes does goes through the gate like any other request."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from caravela.cockpit import replies
from caravela.cockpit.acting.gate import Gate
from caravela.cockpit.agent import CHARGER
from caravela.cockpit.reading.intents import Answer
from caravela.cockpit.response import Response
from caravela.cockpit.situation import Situation, charge, is_dark, is_raining
from caravela.cockpit.tool import SEATS, Call, Operation
from caravela.cockpit.tools import TOOLS
from caravela.core.errors import CaravelaError, unknown_name
from caravela.core.request import Drive, GoTo, Manner, Park, Request, Wish
from caravela.core.signals import Signals

OPEN_S = 30.0  # s for which an offer may be answered
PAUSE_S = 90.0  # s between any two offers
GAP_S = 15.0  # s for which a trigger may fail and still be the same
PATIENCE = 3.0  # factor on a service's cool-down for each refusal in a row


class Consent(StrEnum):
    """Whose yes is needed."""

    ANYONE = "anyone"  # in the car
    FRONT = "front"  # those in front
    OWNER = "owner"  # the car's owner, who may be elsewhere


@dataclass(frozen=True)
class Moment:
    """What services look at: the shared state of driving, cockpit, powertrain and chassis."""

    situation: Situation
    signals: Signals
    to_go_km: float = 0.0  # on the route; 0 without one
    asleep: float = 0.0  # probability that a passenger sleeps
    motion_sick: float = 0.0  # probability that somebody feels sick
    child_in_back: bool = False
    school_m: float | None = None  # to a school's gate at closing time
    red_for_s: float = 0.0  # that we have waited at a red light
    hazard: float = 0.0  # probability of one ahead, by the driving model
    destination_m: float | None = None
    idle_s: float = 0.0  # parked, empty


@dataclass(frozen=True)
class Service:
    """One kind of offer: when it is due, what it is worth, whose yes it needs, and how long it rests after it was made."""

    name: str
    says: str
    benefit: str  # expected, told with the offer
    due: Callable[[Moment], bool]
    cool_down_s: float
    consent: Consent = Consent.ANYONE
    calls: tuple[Call, ...] = ()
    wishes: tuple[Wish, ...] = ()
    holds_s: float = 0.0  # for which its trigger must hold: what is sensed flickers
    pressing: bool = False  # it waits for no pause after another offer


def _range_short(now: Moment) -> bool:
    return now.to_go_km * 1.1 > now.signals.number(TOOLS["charging.range"].path) / 1000.0


def _wet_inside(now: Moment) -> bool:
    opened = any(now.signals.number(path) > 0.0 for path in TOOLS["window.position"].paths())
    return is_raining(now.signals) and (opened or now.signals.number(TOOLS["sunroof.position"].path) > 0.0)


_WARM = Call("light.ambient_colour", Operation.SET, value="warm white")
_GENTLE = Drive(Manner.GENTLE)
SERVICES = (  # where several are due at once, the first is offered
    Service(
        "hazard",
        "I see something unusual ahead. Shall I go more carefully than usual for a while?",
        "more time to react",
        lambda now: now.hazard > 0.7 and not now.situation.standing,
        300.0,
        Consent.FRONT,
        wishes=(Drive(Manner.CAREFUL),),
        holds_s=1.0,
        pressing=True,
    ),
    Service(
        "range",
        "The battery will not reach the destination. Shall I take us by a charger?",
        "arriving without standing still",
        _range_short,
        1800.0,
        Consent.FRONT,
        wishes=(GoTo(CHARGER),),
    ),
    Service(
        "school",
        "We come by a school and a child is in the back. Shall I lock the rear doors for children and go carefully?",
        "nobody opens a door towards traffic",
        lambda now: now.child_in_back and now.school_m is not None and now.school_m < 200.0,
        3600.0,
        Consent.FRONT,
        (Call("door.child_lock", Operation.ON),),
        (Drive(Manner.CAREFUL),),
    ),
    Service(
        "rain",
        "It rains in. Shall I close what is open?",
        "a dry cabin",
        _wet_inside,
        600.0,
        calls=(Call("window.position", Operation.OFF, SEATS), Call("sunroof.position", Operation.OFF)),
        holds_s=10.0,
    ),
    Service(
        "motion_sick",
        "Shall I drive more gently, with warmer light, so that everybody feels well?",
        "less motion sickness",
        lambda now: now.motion_sick > 0.7,
        1800.0,
        calls=(_WARM,),
        wishes=(_GENTLE,),
        holds_s=20.0,
    ),
    Service(
        "asleep",
        "Somebody seems to be asleep. Shall I drive more gently and dim the light?",
        "an undisturbed sleep",
        lambda now: now.asleep > 0.8,
        3600.0,
        Consent.FRONT,
        (_WARM, Call("light.ambient_brightness", Operation.SET, value=10.0)),
        (_GENTLE,),
        holds_s=30.0,
    ),
    Service(
        "parking",
        "We are nearly there. Shall I look for a place to park?",
        "no search on foot",
        lambda now: now.destination_m is not None and now.destination_m < 300.0 and not now.situation.standing,
        900.0,
        Consent.FRONT,
        wishes=(Park(),),
    ),
    Service(
        "arrival",
        "We have arrived. Shall I stop the music and turn the cabin light on?",
        "nothing is left behind in the dark",
        lambda now: now.situation.arrived and now.situation.standing and is_dark(now.signals),
        900.0,
        calls=(Call("media.playback", Operation.OFF), Call("light.dome", Operation.ON)),
    ),
    Service(
        "red_light",
        "The light stays red for a while. Shall I start a short massage?",
        "a wait well spent",
        lambda now: now.red_for_s > 40.0,
        3600.0,
        calls=(Call("seat.massage", Operation.ON),),
    ),
    Service(
        "fleet",
        "I have nothing to do. Shall I drive for the fleet until you need me?",
        "the car earns",
        lambda now: now.idle_s > 1800.0 and charge(now.signals) > 50.0,
        4 * 3600.0,
        Consent.OWNER,
        wishes=(GoTo("the next fleet task"),),
    ),
)


@dataclass(frozen=True)
class Offer:
    """A question that is open."""

    service: Service
    at_s: float


@dataclass
class Offers:
    """Watches, offers one thing at a time, and takes the answer. `kept` is the file of the off switches."""

    gate: Gate
    kept: Path | None = None
    services: Mapping[str, Service] = field(default_factory=lambda: {service.name: service for service in SERVICES})
    open: Offer | None = None

    def __post_init__(self) -> None:
        self._off: set[str] = set(_read(self.kept)) & set(self.services)
        self._since: dict[str, tuple[float, float]] = {}  # triggers that hold: since when, and when last
        self._told: set[str] = set()  # of those, what has been offered: once for as long as it holds
        self._offered: dict[str, float] = {}
        self._refusals: dict[str, int] = {}
        self._latest = -PAUSE_S
        self._spoken: str | None = None  # the service offered last, which "don't ask me that again" means

    @property
    def off(self) -> frozenset[str]:
        """Services that are switched off."""
        return frozenset(self._off)

    def look(self, now: Moment) -> Offer | None:
        """A new offer, where something has come up that is worth one."""
        t_s = now.situation.t_s
        due = {name for name, service in self.services.items() if service.due(now)}
        for name in due:
            self._since[name] = (self._since.get(name, (t_s, t_s))[0], t_s)
        self._since = {name: (first, last) for name, (first, last) in self._since.items() if t_s - last <= GAP_S}
        self._told &= set(self._since)
        if self.open is not None and t_s - self.open.at_s > OPEN_S:
            self._refuse(self.open.service.name)  # no answer is a no
        if self.open is not None and self.open.service.name not in self._since:
            self.open = None  # what it was for is over; that is nobody's no
        for name in self.services:
            if name in due and name not in self._told and self.open is None and self._may(name, t_s) and self._can(name, now.situation):
                self._told.add(name)
                self._offered[name] = self._latest = t_s
                self.open, self._spoken = Offer(self.services[name], t_s), name
                return self.open
        return None

    def forget(self) -> None:
        """Close an open question: what it was asked about is over. That is nobody's no."""
        self.open = None

    def answer(self, answer: Answer, now: Situation, *, by: str = "driver") -> Response | None:
        """A yes does it, a no leaves it; None where nothing is open, or where this is not for that person to say."""
        offer = self.open
        if offer is None or now.t_s - offer.at_s > OPEN_S:
            return None
        if not _may_consent(offer.service.consent, by):
            return None
        if answer is not Answer.YES:
            self._refuse(offer.service.name)
            return Response("All right, I don't.")
        self.open = None
        self._refusals[offer.service.name] = 0
        verdicts = [self.gate.call(call, now, by=f"offer {offer.service.name}") for call in offer.service.calls]
        verdicts += [self.gate.ask(Request(wish, f"offer {offer.service.name}"), now) for wish in offer.service.wishes]
        changes = tuple(change for verdict in verdicts for change in verdict.changes)
        requests = tuple(verdict.request for verdict in verdicts if verdict.request is not None)
        why_not = next((verdict.reason for verdict in verdicts if not verdict.accepted), "")
        return Response(replies.refused(why_not) if why_not else "Gladly.", changes, requests, refused=bool(why_not))

    def switch(self, on: bool, name: str | None = None) -> str:
        """Turn a service off or on, for good: the one named, or that offered last, or all. Returns what to say."""
        if name is not None and name not in self.services:
            raise unknown_name("service", name, self.services)
        chosen = {name} if name else {self._spoken} if self._spoken and not on else set(self.services)
        self._off = self._off - chosen if on else self._off | {one for one in chosen if one}
        self.open = None
        if self.kept is not None:
            try:
                self.kept.parent.mkdir(parents=True, exist_ok=True)
                self.kept.write_text(json.dumps(sorted(self._off)))
            except OSError as error:
                raise CaravelaError(f"cannot remember this in '{self.kept}' ({error.strerror}); give a file that you can write.") from error
        return "I offer things again." if on else "I won't offer that again."

    def _may(self, name: str, t_s: float) -> bool:
        """Has its trigger held for long enough, and is nothing in its way?"""
        service = self.services[name]
        paused = t_s - self._latest < PAUSE_S and not service.pressing
        return t_s - self._since[name][0] >= service.holds_s and not paused and self._rested(name, t_s)

    def _can(self, name: str, now: Situation) -> bool:
        """Would driving be asked for what a yes does? What cannot be kept is not offered."""
        return not any(self.gate.objection(Request(wish), now) for wish in self.services[name].wishes)

    def _rested(self, name: str, t_s: float) -> bool:
        """Is a service on, and its cool-down over? Each refusal in a row makes it longer."""
        wait = self.services[name].cool_down_s * PATIENCE ** self._refusals.get(name, 0)
        return name not in self._off and t_s - self._offered.get(name, -1e9) >= wait

    def _refuse(self, name: str) -> None:
        self._refusals[name] = self._refusals.get(name, 0) + 1
        self.open = None


def _may_consent(consent: Consent, by: str) -> bool:
    allowed = {
        Consent.ANYONE: ("driver", "passenger", "rear_driver", "rear_passenger", "owner"),
        Consent.FRONT: ("driver", "passenger", "owner"),
    }
    return by in allowed.get(consent, ("driver", "owner"))


def _read(path: Path | None) -> list[str]:
    """The services that were switched off. Raises CaravelaError for a file that is none of ours."""
    if path is None or not path.is_file():
        return []
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        found = None
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise CaravelaError(f"'{path}' does not hold a list of services; remove it and switch off again what you don't want.")
    return found
