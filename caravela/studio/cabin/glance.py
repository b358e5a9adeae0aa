"""What the cabin is shown of the drive: one small snapshot a tick, from what the driving model reads of the scene and what the street is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from caravela.cockpit.offers import Moment
from caravela.cockpit.outside.sight import AHEAD, PERSON, TWO_WHEELER, VEHICLE, Seen
from caravela.cockpit.situation import STANDING, Situation
from caravela.core.bundle import LIGHTS
from caravela.core.modes import Mode
from caravela.core.request import START
from caravela.core.signals import Signals as CabinSignals
from caravela.core.types import Event
from caravela.core.units import STEP_S, to_kph
from caravela.studio.cabin.asked import Occupants
from caravela.studio.driving.body import CHARGE, OUTSIDE, RANGE
from caravela.studio.driving.drive import Tick
from caravela.studio.driving.gauges import Signals
from caravela.world.maps.lane_graph import LaneGraph
from caravela.world.state import ROUTE_LANES

IN_SIGHT = 60.0  # m; the model puts at 80 m what it does not see, and was never asked about what is 45 to 80 m away
DAY_FROM, NIGHT_FROM = 0.2, -0.1  # rad of the sun's elevation
ROUTE_GOES_ON = ROUTE_LANES - 10  # lanes ahead; a route of fewer ends, since the world adds to one that can go on
KINDS = {"vehicle": VEHICLE, "two_wheeler": TWO_WHEELER, "person": PERSON}  # of who the model sees, as the cockpit calls them
SAME_OFF = 0.35  # of its distance, by which the vehicle ahead may be off in the list of who is around
REPLIES = {"route": "sat-nav", "heard": "driver"}  # events that say what became of words, and who says it
NEW_DRIVE = "car: a new drive begins"
TOLD = {"collision": "car: there was a collision, so it stops by itself", "new_drive": NEW_DRIVE, "arrived": "car: we have arrived"}
FULL_DAYLIGHT = 80.0  # percent of the light sensor


@dataclass(frozen=True)
class Glance:
    """The drive as the cabin sees it at one tick."""

    situation: Situation = Situation()
    rain: float = 0.0  # percent
    daylight: float = FULL_DAYLIGHT  # percent
    to_go_km: float = 0.0
    destination_m: float | None = None  # to the route's end, where that is in reach
    red_for_s: float = 0.0
    risk: float = 0.0  # of the plan, 0 without a trained critic
    signals: Mapping[str, float | str | bool | None] = field(default_factory=dict)  # of powertrain and chassis
    replies: tuple[str, ...] = ()  # what the sat-nav and the driver made of words, at this tick

    def moment(self, now: Situation, signals: CabinSignals, occupants: Occupants) -> Moment:
        """What offers look at. `now` is the situation by the cabin's own clock."""
        return Moment(
            now,
            signals,
            to_go_km=self.to_go_km,
            asleep=float(occupants.asleep),
            motion_sick=float(occupants.unwell),
            child_in_back=occupants.child,
            red_for_s=self.red_for_s,
            destination_m=self.destination_m,
            hazard=self.risk,
        )

    def write(self, signals: CabinSignals) -> None:
        """Write what the car's sensors say."""
        signals.write("Vehicle.Speed", min(round(to_kph(max(self.situation.speed, 0.0)), 1), 300.0))
        signals.write("Vehicle.Body.Raindetection.Intensity", self.rain)
        signals.write("Vehicle.Exterior.LightIntensity", self.daylight)
        if isinstance(outside := self.signals.get(OUTSIDE), float):
            signals.write(OUTSIDE, round(outside, 1))
        for path in (CHARGE, RANGE):  # whole percents and kilometres: the page is told when one changes
            if isinstance(value := self.signals.get(path), float):
                signals.write(path, round(value) if path == CHARGE else 1000.0 * round(value / 1000.0))


@dataclass
class Lookout:
    """Makes a glance of each tick; remembers since when we wait at a red light, and that we have arrived."""

    red_for_s: float = 0.0
    arrived: bool = False  # until another drive begins

    def __call__(self, tick: Tick, graph: LaneGraph, signals: Signals) -> Glance:
        street = tick.street
        light, (lead, lead_speed) = _light(tick), _lead(tick)
        waits = light == "red" and street.speed < STANDING
        self.red_for_s = self.red_for_s + STEP_S if waits else 0.0
        happened = {event.kind for event in tick.events}
        self.arrived = "arrived" in happened or (self.arrived and "new_drive" not in happened)
        metres = float(graph.lane_length[list(street.route)].sum()) if street.route else 0.0
        sun = float(np.clip((street.sun_elevation - NIGHT_FROM) / (DAY_FROM - NIGHT_FROM), 0.0, 1.0))
        situation = Situation(
            t_s=tick.t_s,
            speed=street.speed,
            limit=street.limit,
            light=light,
            lead=lead,
            lead_speed=lead_speed,
            seen=_seen(tick, lead=lead),
            arrived=self.arrived,
            human_drives=tick.commands.mode is not Mode.L4,
            asked_to_stop=tick.asked_to_stop,
            places=(START,),  # the sat-nav knows turns, and the way back
        )
        return Glance(
            situation,
            rain=round(100.0 * street.rain, 1),
            daylight=round(FULL_DAYLIGHT * sun, 1),
            to_go_km=metres / 1000.0,
            destination_m=metres if 0 < len(street.route) < ROUTE_GOES_ON else None,
            red_for_s=self.red_for_s,
            risk=float(tick.plan.risk[0]) if tick.judged and np.isfinite(tick.plan.risk[0]) else 0.0,
            signals=signals,
            replies=tuple(reply for event in tick.events if (reply := _reply(event))),
        )


def _reply(event: Event) -> str:
    """What the conversation shows of an event; "" of most."""
    return f"{REPLIES[event.kind]}: {event.detail}" if event.kind in REPLIES else TOLD.get(event.kind, "")


def _light(tick: Tick) -> str:
    """The governing light as the model reads it."""
    probabilities = tick.insight.get("light")
    return "none" if probabilities is None else LIGHTS[int(np.argmax(np.asarray(probabilities)[0]))]


def _seen(tick: Tick, *, lead: float | None) -> tuple[Seen, ...]:
    """Who else is seen, where the model tells: all but the vehicle ahead in the lane, which it reads better. It misses too many people, and too
    many vehicles at the sides, for the cockpit ever to say that nobody is there: `evaluate sight`."""
    around = tick.insight.get("things") or ()
    seen = [Seen(KINDS[thing["kind"]], thing["side"], thing["distance"]) for thing in around]
    same = [
        thing for thing in seen if (thing.kind, thing.side) == (VEHICLE, AHEAD) and lead is not None and _off(thing, lead) < SAME_OFF * lead
    ]
    ahead = min(same, key=lambda thing: _off(thing, lead or 0.0), default=None)
    return tuple(thing for thing in seen if thing is not ahead)


def _off(thing: Seen, metres: float) -> float:
    return abs((thing.distance or 0.0) - metres)


def _lead(tick: Tick) -> tuple[float, float] | tuple[None, None]:
    """m to the vehicle ahead and its m/s, as the model reads them."""
    lead = tick.insight.get("lead")
    if lead is None:
        return None, None
    distance, speed = (float(value) for value in np.asarray(lead)[0, :2])
    return (distance, max(speed, 0.0)) if distance < IN_SIGHT else (None, None)
