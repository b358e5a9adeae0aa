"""The kinds of incidents: what each needs of the road, and who does what. Distances across are written from the middle of the ego
car's lane towards the kerb (negative: towards the other side), so that one text serves both sides of the road."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from caravela.world.incidents.actors import Actor, Cue
from caravela.world.incidents.sites import Site
from caravela.world.state import (
    ANIMAL,
    BARRIER,
    BICYCLE,
    BLUE_LIGHTS,
    BUS,
    CAR,
    CONE,
    DEBRIS,
    HAZARD,
    LEFT,
    MOTORCYCLE,
    OFF,
    PEDESTRIAN,
    RIGHT,
    THING,
    VAN,
)

Cast = Callable[[Site, np.random.Generator], list[Actor]]


@dataclass(frozen=True)
class Kind:
    """One kind of incident."""

    name: str
    about: str
    needs: str = ""  # of the road, see `sites`; empty: no place, it lasts for the whole drive
    cast: Cast | None = None
    weather: str | None = None  # it is in this weather
    lens: str | None = None  # a fault of the cameras, see `world.lens`
    blocks: bool = False  # whether something stays in the way, and has to be passed

    @property
    def crosses(self) -> bool:
        """Whether it comes from another arm of a junction."""
        return self.needs in ("crossing", "oncoming", "merging", "roundabout")


def _cut_in(site: Site, random: np.random.Generator) -> list[Actor]:
    beside = -site.kerb * site.width
    away = -int(site.kerb)
    cues = (
        Cue(within=18.0, speed=4.5, relative=True, acceleration=9.0, appear=True),
        Cue(ahead=9.0, speed=-2.0, relative=True, side=0.0, drift=1.9, acceleration=3.0, indicator=-away),
        Cue(after=2.0, indicator=OFF),
        Cue(after=4.0, speed=9.0),
        Cue(after=25.0, leave=True),
    )
    return [Actor(CAR, site.way, site.s - 32.0, beside, site.s, cues, hidden=True)]


def _occluded_jaywalker(site: Site, random: np.random.Generator) -> list[Actor]:
    k, edge = site.kerb, site.edge
    pace = random.uniform(1.3, 1.8)
    van = Actor(VAN, site.way, site.s - 5.2, edge + k * 0.75, site.s, ())
    cues = (Cue(eta=random.uniform(2.3, 3.0), side=-k * (site.width + 2.0), drift=pace), Cue(after=6.0))
    return [van, Actor(PEDESTRIAN, site.way, site.s + 0.6, edge + k * 1.3, site.s, cues, turned=-k * np.pi / 2.0)]


def _red_light_runner(site: Site, random: np.random.Generator) -> list[Actor]:
    assert site.foe is not None
    pace = random.uniform(8.0, 11.0)
    before = min(4.0 * pace, site.foe.meets - 2.0)
    cues = (Cue(eta=before / pace + 0.15, red=site.foe.link, speed=pace, acceleration=99.0, appear=True), Cue(after=12.0, leave=True))
    return [Actor(CAR, site.foe.way, site.foe.meets - before, 0.0, site.foe.ours, cues, speed=pace, hidden=True, on_lane=True)]


def _stalled_car(site: Site, random: np.random.Generator) -> list[Actor]:
    return [Actor(CAR, site.way, site.s, site.kerb * (0.5 * site.width - 0.25), site.s, (), indicator=HAZARD)]


def _construction(site: Site, random: np.random.Generator) -> list[Actor]:
    k, edge = site.kerb, 0.5 * site.width
    cones = [(s, edge - 0.1 - 0.16 * n) for n, s in enumerate((0.0, 3.0, 6.0, 9.0))] + [(s, edge - 0.6) for s in (16.0, 20.0, 24.0)]
    things = [Actor(THING, site.way, site.s - 8.0 + s, k * d, site.s, (), size=(0.38, 0.38, 0.75), paint=CONE) for s, d in cones]
    barrier = Actor(THING, site.way, site.s + 4.5, k * (edge + 0.1), site.s, (), size=(0.3, 1.5, 1.0), paint=BARRIER)
    worker = Actor(PEDESTRIAN, site.way, site.s + 9.0, k * (edge + 0.3), site.s, (), turned=k * np.pi / 2.0)
    return [*things, barrier, worker]


def _emergency_vehicle(site: Site, random: np.random.Generator) -> list[Actor]:
    beside = -site.kerb * (site.width - 0.2)
    cues = (
        Cue(within=25.0, speed=5.0, relative=True, acceleration=9.0, appear=True),
        Cue(ahead=-12.0, side=beside, drift=2.2),
        Cue(ahead=11.0, side=0.0, drift=1.6),
        Cue(after=20.0, leave=True),
    )
    return [Actor(VAN, site.way, site.s - 60.0, 0.0, site.s, cues, hidden=True, indicator=BLUE_LIGHTS, paint=0)]


def _wrong_way_driver(site: Site, random: np.random.Generator) -> list[Actor]:
    pace = random.uniform(6.0, 9.0)
    cues = (
        Cue(within=45.0, speed=pace, acceleration=99.0, appear=True),
        Cue(ahead=-99.0, after=random.uniform(1.6, 2.1), side=-site.kerb * site.width, drift=random.uniform(1.3, 1.8)),
        Cue(after=10.0, leave=True),
    )
    return [Actor(CAR, site.way, site.s + 15.0, 0.0, site.s, cues, backward=True, hidden=True)]


def _door(site: Site, random: np.random.Generator) -> list[Actor]:
    k, edge = site.kerb, 0.5 * site.width
    car_side = edge - 0.1  # the parked car's side towards us
    paint = int(random.integers(16, 200))
    cues = (Cue(eta=random.uniform(2.4, 3.2), appear=True), Cue(after=5.0, leave=True))
    out = (Cue(eta=1.9, appear=True), Cue(after=5.5, leave=True))
    return [
        Actor(CAR, site.way, site.s - 1.6, k * (car_side + 0.93), site.s, (), paint=paint),
        Actor(THING, site.way, site.s + 0.9, k * (car_side - 0.45), site.s, cues, size=(0.12, 0.9, 1.2), paint=paint, hidden=True),
        Actor(PEDESTRIAN, site.way, site.s + 0.3, k * (car_side - 0.15), site.s, out, hidden=True),
    ]


def _narrow_street(site: Site, random: np.random.Generator) -> list[Actor]:
    k = site.kerb
    parked = [Actor(VAN, site.way, site.s + gap, k * (0.5 * site.width - 0.1), site.s, ()) for gap in (0.0, 6.5)]
    pace = random.uniform(6.0, 8.0)
    cues = (Cue(within=34.0, speed=pace, acceleration=99.0, appear=True), Cue(after=12.0, leave=True))
    return [*parked, Actor(CAR, site.way, site.s + 42.0, -k * 0.92 * site.width, site.s, cues, backward=True, hidden=True)]


def _column(site: Site, random: np.random.Generator) -> list[Actor]:
    """Three cars in a row, whom we must wait for."""
    assert site.foe is not None
    pace, apart = random.uniform(7.0, 10.0), random.uniform(2.2, 3.0)
    actors = []
    for number in range(3):
        before = min(3.5 * pace, site.foe.meets - 2.0)
        cues = (
            Cue(eta=before / pace, green=site.foe.link),
            Cue(after=number * apart, speed=pace, acceleration=99.0, appear=True),
            Cue(after=12.0, leave=True),
        )
        actors.append(Actor(CAR, site.foe.way, site.foe.meets - before, 0.0, site.foe.ours, cues, speed=pace, hidden=True, on_lane=True))
    return actors


def _short_merge(site: Site, random: np.random.Generator) -> list[Actor]:
    return _column(site, random)[:2]


def _filtering_cyclist(site: Site, random: np.random.Generator) -> list[Actor]:
    k, edge = site.kerb, 0.5 * site.width
    parked = Actor(CAR, site.way, site.s + 14.0, k * (edge + 0.35), site.s, ())
    cues = (
        Cue(within=35.0, speed=3.6),
        Cue(ahead=-99.0, after=random.uniform(1.2, 2.4), side=k * (edge - 1.5), drift=0.9),
        Cue(after=5.0, side=k * (edge - 0.4)),
        Cue(after=14.0, leave=True),
    )
    return [parked, Actor(BICYCLE, site.way, site.s, k * (edge - 0.4), site.s, cues)]


def _school_children(site: Site, random: np.random.Generator) -> list[Actor]:
    k, edge = site.kerb, site.edge
    actors = []
    for number in range(5):
        d = edge + k * random.uniform(1.0, 2.2)
        runs = number < 2
        pace = random.uniform(1.8, 2.5)
        cues = (Cue(eta=random.uniform(2.4, 3.0) - 0.4 * number, side=-k * (site.width + 2.5), drift=pace),) if runs else ()
        size = (0.4, 0.45, random.uniform(1.1, 1.35))
        s = site.s + 1.4 * number - 1.0 + random.uniform(-0.4, 0.4)
        actors.append(Actor(PEDESTRIAN, site.way, s, d, site.s, cues, turned=-k * np.pi / 2.0, size=size))
    return actors


def _bus_pulling_out(site: Site, random: np.random.Generator) -> list[Actor]:
    k, edge = site.kerb, site.edge
    outward = RIGHT if site.kerb > 0.0 else LEFT
    cues = (
        Cue(eta=6.0, indicator=outward),
        Cue(eta=random.uniform(2.8, 3.6), speed=6.5, acceleration=1.6, side=0.0, drift=1.0),
        Cue(after=5.0, indicator=OFF),
        Cue(after=20.0, leave=True),
    )
    return [Actor(BUS, site.way, site.s, edge + k * 1.0, site.s, cues)]


def _debris(site: Site, random: np.random.Generator) -> list[Actor]:
    sideways = site.kerb * random.uniform(0.75, 1.1)
    size = (random.uniform(0.4, 0.9), random.uniform(0.5, 0.8), random.uniform(0.3, 0.6))
    return [Actor(THING, site.way, site.s, sideways, site.s, (), size=size, paint=DEBRIS, turned=random.uniform(-0.5, 0.5))]


def _animal(site: Site, random: np.random.Generator) -> list[Actor]:
    """A deer or a dog bounds out, is startled and halts in the lane, and runs on."""
    k, edge = site.kerb, site.edge
    size = (1.5, 0.45, 1.3) if random.random() < 0.5 else (0.85, 0.28, 0.65)
    pace = random.uniform(3.0, 4.5)
    cues = (
        Cue(eta=random.uniform(2.2, 2.9), appear=True, side=k * random.uniform(-0.5, 0.5), drift=pace),
        Cue(after=random.uniform(1.6, 2.4), side=-k * (site.width + 4.0), drift=pace),
        Cue(after=5.0, leave=True),
    )
    return [Actor(ANIMAL, site.way, site.s, edge + k * 2.5, site.s, cues, hidden=True, size=size, turned=-k * np.pi / 2.0)]


def _motorcycle(site: Site, random: np.random.Generator) -> list[Actor]:
    """It squeezes by between us and the other side, pulls in close and slows down."""
    beside = -site.kerb * random.uniform(0.62, 0.75) * site.width
    cues = (
        Cue(within=24.0, speed=6.0, relative=True, acceleration=9.0, appear=True),
        Cue(
            ahead=random.uniform(5.0, 7.0),
            speed=-1.0,
            relative=True,
            side=site.kerb * 0.3,
            drift=1.8,
            acceleration=3.0,
            indicator=int(site.kerb),
        ),
        Cue(after=2.0, indicator=OFF),
        Cue(after=3.0, speed=10.0),
        Cue(after=25.0, leave=True),
    )
    return [Actor(MOTORCYCLE, site.way, site.s - 32.0, beside, site.s, cues, hidden=True)]


KINDS = {
    kind.name: kind
    for kind in (
        Kind("cut-in", "a car overtakes, cuts in close and slows down", "two_way", _cut_in),
        Kind("occluded-jaywalker", "someone steps out from behind a parked van", "kerbside", _occluded_jaywalker),
        Kind("red-light-runner", "a crossing car stops for nothing", "crossing", _red_light_runner),
        Kind("stalled-car", "a car with hazard lights stands half in the lane", "kerbside", _stalled_car, blocks=True),
        Kind("construction", "cones and a barrier narrow the lane", "kerbside", _construction, blocks=True),
        Kind("emergency-vehicle", "a van with blue lights comes from behind and must get by", "two_way", _emergency_vehicle),
        Kind("wrong-way-driver", "a car comes towards us in our lane and swerves back late", "two_way", _wrong_way_driver),
        Kind("door-opening", "the door of a parked car opens into the lane", "kerbside", _door),
        Kind("narrow-street", "parked vans leave one lane, and a car is coming", "two_way", _narrow_street, blocks=True),
        Kind("unprotected-turn", "a turn across cars that come towards us", "oncoming", _column),
        Kind("short-merge", "two cars come into the lane that ours runs into", "merging", _short_merge),
        Kind("roundabout-entry", "three cars come round as we arrive", "roundabout", _column),
        Kind("filtering-cyclist", "a cyclist moves out round a parked car", "kerbside", _filtering_cyclist, blocks=True),
        Kind("school-children", "children at the kerb, and two of them run across", "kerbside", _school_children),
        Kind("bus-pulling-out", "a bus leaves its stop as we come", "kerbside", _bus_pulling_out),
        Kind("debris", "something lies in the lane", "kerbside", _debris, blocks=True),
        Kind("dense-fog", "50 m of sight", weather="dense_fog"),
        Kind("low-sun", "the sun stands low", weather="low_sun"),
        Kind("unlit-night", "night without street lamps", weather="unlit_night"),
        Kind("camera-out", "one of the four cameras is black", lens="one_out"),
        Kind("animal", "a deer or a dog runs into the lane and halts there", "kerbside", _animal),
        Kind("motorcycle", "a motorcyclist squeezes by, pulls in close and slows down", "two_way", _motorcycle),
    )
}
TWENTY = tuple(KINDS)[:20]  # what the suite `longtail` has asked for from its beginning
MORE = tuple(KINDS)[20:]
