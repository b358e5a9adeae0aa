"""The sat-nav: hears which way to turn and lays the ego car's route anew. It only chooses roads; how to drive them is the
driver's business, and words about manner pass it by."""

import re

import numpy as np

from caravela.world.atlas import Roads
from caravela.world.kernels.routes import SLIDE_TO, extend
from caravela.world.maps.lane_graph import CAR, JUNCTION, LEFT, RIGHT, STRAIGHT
from caravela.world.state import WorldState

_TURNS = {"left": LEFT, "right": RIGHT, "straight": STRAIGHT}
_WORD = re.compile(r"\b(left|right|straight)\b")
_AT_LIGHTS = re.compile(r"\b(lights?|signals?)\b")
_NOT_A_TURN = re.compile(r"\b(keep|lane|side|window|seat|look|what)\b")
NOTICE = 12.0  # m before a junction below which it is too late for a new turn
FARTHEST = 600.0  # m, how far ahead a turn is looked for
ORDINALS = {"second": 2, "2nd": 2, "third": 3, "3rd": 3}


def wanted_turn(words: str) -> tuple[int, int] | None:
    """(LEFT | RIGHT | STRAIGHT, how manyeth possibility) that a request names, or None where it names no turn."""
    text = words.lower()
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
