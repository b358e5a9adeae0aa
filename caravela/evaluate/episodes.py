"""Which drives are scored. Starts are tried with the baseline and without cameras first: that says where the route turns,
whether a red light is met and how far one gets. What the baseline itself does wrong plays no part in the choice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError
from caravela.core.units import STEP_S
from caravela.evaluate.referee import Approaches
from caravela.evaluate.route_follow import baseline_control
from caravela.evaluate.suites import Suite
from caravela.world.atlas import Atlas
from caravela.world.incidents.kinds import KINDS
from caravela.world.incidents.sites import Sites
from caravela.world.junctions import junctions_ahead
from caravela.world.kernels import events
from caravela.world.kernels.routes import JUNCTION
from caravela.world.maps.lane_graph import LEFT, RIGHT
from caravela.world.simulator import Simulator
from caravela.world.state import WorldState
from caravela.world.weather import preset

LEAST_TURN = 0.5  # rad of heading between the ends of a junction lane that counts as a turn
INCIDENT_FROM = 45.0  # m of the way before the first place for an incident
INCIDENT_SHARE = 0.65  # of the expected distance up to which an incident is set: whoever makes the progress has met it
FREE_FLOW_SHARE = 0.4  # of the distance at the limit that the baseline must make, or the start is not used


@dataclass(frozen=True)
class Episode:
    """One drive: where and from which start, how long it may take, and what the baseline makes of it."""

    map: str
    seed: int
    seconds: float  # s, the suite's, or what the baseline took to the route's end
    expected: float  # m along the route that count as full progress: what the baseline made
    turns: int  # junctions at which the baseline turned
    red_lights: int  # that the baseline met
    incident: str = ""  # kind of `world.incidents` that is set on its way

    @property
    def ticks(self) -> int:
        return round(self.seconds / STEP_S)


def begin(simulator: Simulator, seeds: Sequence[int]) -> None:
    """Start one drive per world, each the same whatever drives beside it."""
    assert len(seeds) == simulator.batch
    for world, seed in enumerate(seeds):
        simulator.restart(np.array([world]), seed)
    simulator.state.agents["style"][:, 0] = 1.0  # the baseline keeps to the limit, no faster and no slower


def set_incidents(simulator: Simulator, episodes: Sequence[Episode]) -> None:
    """Set what is to happen on the way of each drive that has just begun. Raises CaravelaError where there is no place for it."""
    for world, episode in enumerate(episodes):
        if not episode.incident:
            continue
        kind, random = KINDS[episode.incident], np.random.default_rng(episode.seed)
        simulator.state.weather[world] = preset(kind.weather or "day")
        if simulator.lens is not None:
            simulator.lens.set(world, kind.lens or "none", random=random)
        assert simulator.director is not None
        if kind.cast is not None:
            reach = INCIDENT_SHARE * episode.expected
            if simulator.director.stage(simulator.state, world, [kind], random=random, earliest=INCIDENT_FROM, latest=reach) is None:
                raise CaravelaError(
                    f"no place for '{kind.name}' on the drive from seed {episode.seed} on '{episode.map}'; the starts were chosen by another "
                    "version of the program: run it again."
                )


def scout(atlas: Atlas, suite: Suite, seeds: Sequence[int]) -> list[Episode]:
    """Try every start with the baseline. Left out are those without a turn, with too short a route, and those on which the
    baseline makes so little way (a long red light, a jam) that expecting as much would ask for nothing."""
    simulator = Simulator(atlas, batch=len(seeds), traffic=suite.traffic, weathers=(suite.weather,))
    begin(simulator, seeds)
    free_flow = [
        FreeFlow.of(atlas, route, float(s)) for route, s in zip(simulator.state.route[:, 0], simulator.state.lane_s[:, 0], strict=True)
    ]
    sites, begun = (Sites(atlas), simulator.state.copy()) if suite.incidents else (None, simulator.state)
    bends = _bends(atlas)
    approaches = Approaches(len(seeds))
    driving = np.ones(len(seeds), dtype=np.bool_)
    ticks = np.zeros(len(seeds), dtype=np.int64)
    distance = np.zeros(len(seeds))
    turns: list[set[int]] = [set() for _ in seeds]
    for _ in range(suite.ticks):
        ahead = junctions_ahead(atlas, simulator.state)
        simulator.advance(baseline_control(atlas, simulator.state))
        flags = simulator.flags[:, 0]
        approaches.watch(ahead, flags, driving)
        for world in np.flatnonzero(driving & bends[simulator.state.lane[:, 0]]):
            turns[world].add(int(simulator.state.lane[world, 0]))
        ticks += driving
        distance = np.where(driving, simulator.state.odometer[:, 0], distance)
        driving &= (flags & events.ARRIVED) == 0
        if not driving.any():
            break
    name = atlas.graphs[0].name
    found: list[Episode] = []
    for drive, number in enumerate(seeds):
        seed = int(number)
        seconds = float(ticks[drive]) * STEP_S
        flows = distance[drive] >= FREE_FLOW_SHARE * free_flow[drive].distance(seconds)
        if (turns[drive] or suite.incidents) and flows and seconds >= suite.least_seconds:
            expected = round(float(distance[drive]), 2)
            allowed = round(seconds + suite.patience, 1)
            episode = Episode(name, seed, allowed, expected, len(turns[drive]), int(approaches.reds[drive]))
            suiting = suitable(sites, begun, drive, suite, expected=expected) if sites is not None else []
            found += [replace(episode, incident=kind) for kind in suiting] if suite.incidents else [episode]
    return found


def suitable(sites: Sites, state: WorldState, world: int, suite: Suite, *, expected: float) -> list[str]:
    """The suite's incidents that have a place on the way from a start."""
    way, found = sites.way(state, world), []
    for name in suite.incidents:
        kind, reach = KINDS[name], INCIDENT_SHARE * expected
        if kind.cast is None or sites.find(state, world, way, needs=kind.needs, earliest=INCIDENT_FROM, latest=reach):
            found.append(name)
    return found


@dataclass(frozen=True)
class FreeFlow:
    """How far the limits let one come on a route."""

    length: NDArray[np.float64]  # (L,) m of each lane of the route
    speed: NDArray[np.float64]  # (L,) m/s

    @staticmethod
    def of(atlas: Atlas, route: NDArray[np.int32], s: float) -> "FreeFlow":
        """Of a route that is at `s` m on its first lane."""
        lanes = atlas.roads.lanes[route[route >= 0]]
        following = np.append(route[route >= 0][1:], -1)
        beside = (following >= 0) & ((lanes["left"] == following) | (lanes["right"] == following))
        length = np.where(beside, 0.0, lanes["length"].astype(np.float64))  # a lane change goes on beside, not further
        first = int(np.flatnonzero(~beside)[0])
        length[first] -= s
        return FreeFlow(length, lanes["speed"].astype(np.float64))

    def distance(self, seconds: float) -> float:
        """m in `seconds` at the limit, the route's length at most."""
        left, done = seconds, 0.0
        for length, speed in zip(self.length, self.speed, strict=True):
            stretch = min(max(length, 0.0), speed * left)
            done += stretch
            left -= stretch / speed
            if left <= 1e-9:
                break
        return done


def _bends(atlas: Atlas) -> NDArray[np.bool_]:
    """(lanes,) is it a junction lane on which one turns left or right?"""
    lanes, points = atlas.roads.lanes, atlas.roads.points
    change = points["heading"][lanes["point_end"] - 1] - points["heading"][lanes["point_start"]]
    bent = np.abs((change + np.pi) % (2.0 * np.pi) - np.pi) > LEAST_TURN
    return (lanes["kind"] == JUNCTION) & ((lanes["turn"] == LEFT) | (lanes["turn"] == RIGHT)) & bent


def choose(candidates: dict[str, list[Episode]], *, episodes: int, red_share: float) -> dict[str, list[Episode]]:
    """`episodes` of the candidates (by map), spread evenly over the maps, the longest first, with `red_share` of them meeting
    a red light as far as the maps have any. A map that offers fewer passes its places on."""
    names = sorted(candidates)
    ranked = {name: sorted(candidates[name], key=lambda e: -e.seconds) for name in names}
    quota = _spread({name: len(ranked[name]) for name in names}, total=episodes)
    red = {name: [e for e in ranked[name] if e.red_lights] for name in names}
    free = {name: [e for e in ranked[name] if not e.red_lights] for name in names}
    least = {name: max(0, quota[name] - len(free[name])) for name in names}
    reds = {name: least[name] for name in names}
    wanted = round(red_share * sum(quota.values()))
    room = {name: min(quota[name], len(red[name])) - reds[name] for name in names}
    more = _spread(room, total=max(0, wanted - sum(reds.values())))
    chosen = {}
    for name in names:
        count = reds[name] + more[name]
        chosen[name] = sorted(red[name][:count] + free[name][: quota[name] - count], key=lambda e: e.seed)
    return chosen


def choose_incidents(candidates: dict[str, list[Episode]], *, episodes: int, kinds: Sequence[str]) -> dict[str, list[Episode]]:
    """`episodes` of the candidates (by map), alike many of each kind and of each spread over the maps, those kinds first that have the
    fewest; a start is used twice only where a kind has too few others."""
    chosen: dict[str, list[Episode]] = {name: [] for name in sorted(candidates)}
    by_kind = {kind: {name: [e for e in candidates[name] if e.incident == kind] for name in chosen} for kind in kinds}
    quota = _spread({kind: sum(map(len, by_kind[kind].values())) for kind in kinds}, total=episodes)
    used: set[tuple[str, int]] = set()
    turn = 0  # each kind begins with the map after the last one's: few drives see many maps
    for kind in sorted(kinds, key=lambda name: (sum(map(len, by_kind[name].values())), name)):
        order = list(chosen)[turn % len(chosen) :] + list(chosen)[: turn % len(chosen)]
        places = _spread({name: len(by_kind[kind][name]) for name in order}, total=quota[kind])
        turn += quota[kind]
        for name, count in places.items():
            fresh_first = sorted(by_kind[kind][name], key=lambda e: ((e.map, e.seed) in used, -e.seconds, e.seed))
            chosen[name] += fresh_first[:count]
            used |= {(e.map, e.seed) for e in fresh_first[:count]}
    return {name: sorted(found, key=lambda e: (e.seed, e.incident)) for name, found in chosen.items()}


def _spread(room: dict[str, int], *, total: int) -> dict[str, int]:
    """Share `total` places out, one at a time in turn, to those that have room."""
    given = dict.fromkeys(room, 0)
    while total > 0 and any(given[name] < room[name] for name in room):
        for name in room:
            if total > 0 and given[name] < room[name]:
                given[name] += 1
                total -= 1
    return given
