"""The sat-nav: hears which way to turn and lays the ego car's route anew. It only chooses roads; how to drive them is the
driver's business, and words about manner pass it by."""

import heapq
import re

import numpy as np

from caravela.core.units import to_kph
from caravela.world.atlas import Roads
from caravela.world.kernels.routes import CHANGE_LENGTH, SLIDE_FROM, SLIDE_TO, U_TURN, extend, is_lateral
from caravela.world.maps.lane_graph import CAR, JUNCTION, LEFT, RIGHT, STRAIGHT
from caravela.world.state import WorldState

_TURNS = {"left": LEFT, "right": RIGHT, "straight": STRAIGHT}
_WORD = re.compile(r"\b(left|right|straight)\b")
_NO_DIRECTION = re.compile(
    r"\b(?:(?:all|that's|quite) right|(?:over|stop|park|wait|halt|is|it's|out|up) right (?:here|there|now|away|this)|(?:right|straight) away"
    r"|(?<!turn )(?<!go )(?<!bear )(?<!the )(?<!a )left (?:them|him|her|us|me|it|my|his|our|their|behind|home|early))\b"
)
_AT_LIGHTS = re.compile(r"\b(lights?|signals?)\b")
_NOT_A_TURN = re.compile(r"\b(keep|lane|side|window|seat|look|what)\b")
NOTICE = 12.0  # m before a junction below which it is too late for a new turn
FARTHEST = 600.0  # m, how far ahead a turn is looked for
MOTORWAY_KPH = 100.0  # a road where one may drive as fast counts as one: maps keep limits, no classes
STRETCH = 1200.0  # m ahead in which a way past motorways is looked for
_AVOIDS = re.compile(r"\b(?:avoid|past|no)\b.*\bmotorways?\b")
_AVOIDS_NO_MORE = re.compile(r"\bmotorways?\b.*\b(?:fine|again)\b")
ORDINALS = {"second": 2, "2nd": 2, "third": 3, "3rd": 3}


def wanted_turn(words: str) -> tuple[int, int] | None:
    """(LEFT | RIGHT | STRAIGHT, how manyeth possibility) that a request names, or None where it names no turn."""
    text = _NO_DIRECTION.sub("", words.lower())
    found = _WORD.findall(text)
    if len(set(found)) != 1 or _NOT_A_TURN.search(text):
        return None
    return _TURNS[found[0]], next((n for name, n in ORDINALS.items() if re.search(rf"\b{name}\b", text)), 1)


def at_lights(words: str) -> bool:
    """Whether a request that names a turn means one at lights."""
    return bool(_AT_LIGHTS.search(words.lower()))


def answer(turn: int, *, metres: float | None, lit: bool = False) -> str:
    """What the sat-nav says to a request for a turn that it found `metres` ahead, or did not find."""
    way = next(name for name, value in _TURNS.items() if value == turn)
    where = " at lights" if lit else ""
    if metres is None:
        return f"no way {way}{where} on the route ahead, which stays as it was"
    return f"{way}{where} in {metres:.0f} m"


def wants_no_motorway(words: str) -> bool | None:
    """Whether a request wants motorways avoided (or, False, taken again); None where it says nothing of them."""
    text = words.lower()
    return False if _AVOIDS_NO_MORE.search(text) else True if _AVOIDS.search(text) else None


def motorway_answer(metres: float, *, before: float) -> str:
    """What the sat-nav says to a request to avoid motorways: `metres` of one still lie on the route ahead, `before` did."""
    if not before:
        return f"no road of {MOTORWAY_KPH:.0f} km/h or more on the way ahead, and none from now on where there is another"
    return "a way without motorways" if not metres else f"there is no way round {metres:.0f} m of motorway ahead"


def motorway_ahead(roads: Roads, state: WorldState, world: int) -> float:
    """Metres of motorway within STRETCH on the route of `world`'s ego car."""
    ego = state.agents[world, 0]
    route, at = ego["route"], int(ego["route_at"])
    ahead, fast = -float(ego["lane_s"]), 0.0
    for k in range(at, len(route)):
        lane = int(route[k])
        if lane < 0 or ahead > STRETCH:
            break
        if k + 1 < len(route) and is_lateral(roads.lanes, lane, int(route[k + 1])):
            continue
        length = float(roads.lanes[lane]["length"])
        fast += max(min(length, length + ahead), 0.0) * _is_motorway(roads, lane)
        ahead += length
    return fast


def keep_off_motorways(roads: Roads, state: WorldState, world: int) -> float:
    """Lay the route of `world`'s ego car over as few metres of motorway as it can within STRETCH, where that is fewer than now. Returns the
    metres of motorway that are left."""
    now = motorway_ahead(roads, state, world)
    if not now:
        return 0.0
    at, s = free_from(roads, state, world)
    route = state.agents[world, 0]["route"]
    before = route.copy()
    lay(roads, state, world, at, _least_motorway(roads, int(route[at]), s=s))
    if (left := motorway_ahead(roads, state, world)) < now - 1.0:
        return left
    route[:] = before
    return now


def free_from(roads: Roads, state: WorldState, world: int) -> tuple[int, float]:
    """(place on the route, m along its lane, negative before it) from which the route of `world`'s ego car may still be laid anew: a lane change
    that has begun is finished, and a junction that is near is crossed as it was to be."""
    ego = state.agents[world, 0]
    route, at, s = ego["route"], int(ego["route_at"]), float(ego["lane_s"])
    if at + 1 < len(route) and route[at + 1] >= 0:
        if is_lateral(roads.lanes, int(route[at]), int(route[at + 1])):
            return (at + 1, s) if s > SLIDE_FROM else (at, s)
        if (length := float(roads.lanes[int(route[at])]["length"])) - s < NOTICE:
            return at + 1, s - length
    return at, s


def lay(roads: Roads, state: WorldState, world: int, at: int, way: list[int]) -> None:
    """Lay the route of `world`'s ego car along a row of lanes whose first is the `at`th of the route, as far as it has room, and on at random."""
    route = state.agents[world, 0]["route"]
    new = np.full_like(route, -1)
    room = min(len(way), len(route) - at)
    new[:at], new[at : at + room] = route[:at], way[:room]
    route[:] = new
    extend(roads, state.worlds, world, route, at + room, np.float32(300.0))


def _least_motorway(roads: Roads, here: int, *, s: float) -> list[int]:
    """The row of lanes from `here` (`s` m along it) that reaches STRETCH, or as far as any does, over the fewest metres of motorway: Dijkstra's
    algorithm over lanes, with metres of motorway for a length and metres of way to break ties."""
    found: dict[int, int] = {}  # lane -> the one before it
    ends: list[tuple[bool, float, float, int]] = []  # short of STRETCH, metres of motorway, -metres of way, last lane
    queue: list[tuple[float, float, int, int, bool]] = [(0.0, -s, here, -1, False)]
    while queue:
        fast, ahead, lane, before, sideways = heapq.heappop(queue)
        if lane in found:
            continue
        found[lane] = before
        row = roads.lanes[lane]
        length = float(row["length"])
        end = ahead + length
        fast_there = fast + max(min(length, end), 0.0) * _is_motorway(roads, lane)
        onward = [int(roads.successors[k]) for k in range(int(row["successor_start"]), int(row["successor_end"]))]
        onward = [lane for lane in onward if roads.lanes[lane]["use"] & CAR and not turns_round(roads, lane)]
        ends.append((end < STRETCH, fast_there, -end, lane))
        if end >= STRETCH:
            continue
        for following in onward:
            heapq.heappush(queue, (fast_there, end, following, lane, False))
        if row["kind"] != JUNCTION and not sideways and min(length, end) > CHANGE_LENGTH:
            for side in (int(row["left"]), int(row["right"])):
                if side >= 0 and roads.lanes[side]["use"] & CAR:
                    heapq.heappush(queue, (fast, ahead, side, lane, True))
    last = min(ends)[3]
    way = [last]
    while found[way[-1]] >= 0:
        way.append(found[way[-1]])
    return way[::-1]


def _is_motorway(roads: Roads, lane: int) -> bool:
    return to_kph(float(roads.lanes[lane]["speed"])) >= MOTORWAY_KPH - 1.0


def turns_round(roads: Roads, lane: int) -> bool:
    """Does a lane turn back to where it came from?"""
    return roads.lanes[lane]["kind"] == JUNCTION and int(roads.lanes[lane]["turn"]) == U_TURN


def reroute(roads: Roads, state: WorldState, world: int, *, turn: int, nth: int = 1, lit: bool = False) -> float | None:
    """Lay the route of `world`'s ego car through the nth junction ahead where it can turn that way (where `lit`, one whose
    lights govern the turn), changing lanes before it where that is needed. Returns the metres to it, or None (route unchanged) where there is none in reach."""
    ego = state.agents[world, 0]
    route, at = ego["route"].copy(), int(ego["route_at"])
    ahead = -float(ego["lane_s"])
    for k in range(at, len(route) - 3):
        lane = int(route[k])
        if lane < 0 or ahead > FARTHEST:
            return None
        following = int(route[k + 1])
        sideways = following >= 0 and following in (int(roads.lanes[lane]["left"]), int(roads.lanes[lane]["right"]))
        end = ahead + float(roads.lanes[lane]["length"])
        if roads.lanes[lane]["kind"] != JUNCTION and not sideways and end > NOTICE:
            choice = _turning(roads, lane, turn, room=end if k == at else float(roads.lanes[lane]["length"]), lit=lit)
            if choice is not None:
                nth -= 1
                if nth == 0:
                    new = np.full_like(route, -1)
                    new[: k + 1] = route[: k + 1]
                    new[k + 1 : k + 1 + len(choice)] = choice
                    ego["route"][:] = new
                    extend(roads, state.worlds, world, ego["route"], k + 1 + len(choice), np.float32(300.0))
                    return end
        if not sideways:
            ahead = end
    return None


def _turning(roads: Roads, lane: int, turn: int, *, room: float, lit: bool) -> list[int] | None:
    """The lanes that follow `lane` to make a turn at its end: a connection, or a lane change and a connection."""
    for via in (lane, int(roads.lanes[lane]["left"]), int(roads.lanes[lane]["right"])):
        if via < 0 or (via != lane and room < SLIDE_TO + 10.0):
            continue
        for k in range(int(roads.lanes[via]["successor_start"]), int(roads.lanes[via]["successor_end"])):
            link = int(roads.successors[k])
            usable = roads.lanes[link]["kind"] == JUNCTION and roads.lanes[link]["use"] & CAR
            if usable and roads.lanes[link]["turn"] == turn and not (lit and roads.lanes[link]["link"] < 0):
                return [link] if via == lane else [via, link]
    return None
