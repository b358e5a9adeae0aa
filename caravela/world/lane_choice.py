"""Lanes that somebody asks for: the sat-nav lays the ego car's route over to the next lane where that can begin, and tells the driver so in words
while it is due. It only chooses the lane; whether there is room is the driver's business."""

import re

from caravela.world.atlas import Roads
from caravela.world.kernels.routes import CHANGE_LENGTH, SLIDE_FROM, is_lateral, slide_end
from caravela.world.maps.lane_graph import CAR, JUNCTION
from caravela.world.navigator import lay
from caravela.world.state import WorldState

LEFT, RIGHT = "left", "right"
_LANE = re.compile(
    r"(?:please |could you |can you )*(?:change|move|get|go|switch|merge)(?: over)? (?:in)?to the (left|right)(?:[- ]hand)? lane(?:,? please)?[.!?]*"
)
_PASS = re.compile(r"(?:please )?overtake(?: (?:him|her|them|it|that one))?(?: when it is safe)?(?:,? please)?[.!?]*")
FARTHEST = 400.0  # m ahead in which a place for a lane change is looked for


def wanted_lane(words: str, *, lefthand: bool) -> str | None:
    """The side of the lane that a request asks for and nothing besides, or of the one to overtake on where traffic keeps to the left or right;
    None where it asks for none."""
    text = words.strip().lower()
    if _PASS.fullmatch(text):
        return RIGHT if lefthand else LEFT
    found = _LANE.fullmatch(text)
    return None if found is None else found[1]


def prompt(side: str) -> str:
    """What the driver hears while a lane change is due."""
    return f"change to the {side} lane"


def answer(side: str, *, metres: float | None) -> str:
    """What the sat-nav says to a request for a lane that it found `metres` ahead, or did not find."""
    if metres is None:
        return f"no lane to change to on the {side} in the next {FARTHEST:.0f} m; the route stays as it was"
    return f"to the {side} lane {'now' if metres < 1.0 else f'in {metres:.0f} m'}"


def lay_change(roads: Roads, state: WorldState, world: int, side: str) -> tuple[float, tuple[int, int]] | None:
    """Lay the route of `world`'s ego car over to the next lane on a side, where it can begin first, and on from there at random. Returns the
    metres to there and the two lanes; None (route unchanged) where there is no such place in reach."""
    ego = state.agents[world, 0]
    route, at, s = ego["route"], int(ego["route_at"]), float(ego["lane_s"])
    begins = -s  # m ahead where a lane begins
    for k in range(at, len(route) - 1):
        lane, following = int(route[k]), int(route[k + 1])
        if lane < 0 or begins > FARTHEST:
            return None
        row = roads.lanes[lane]
        beside = int(row[side])
        changes = is_lateral(roads.lanes, lane, following)
        if changes and following == beside and (k > at or s < slide_end(roads.lanes, lane)):
            return max(begins, 0.0), (lane, beside)
        came_sideways = k > 0 and route[k - 1] >= 0 and is_lateral(roads.lanes, int(route[k - 1]), lane)
        open_still = k > at or s < SLIDE_FROM
        if row["kind"] != JUNCTION and row["length"] > CHANGE_LENGTH and open_still and not (changes or came_sideways):
            if beside >= 0 and roads.lanes[beside]["use"] & CAR:
                lay(roads, state, world, k, [lane, beside])
                return max(begins, 0.0), (lane, beside)
        if not changes:
            begins += float(row["length"])
    return None


def due(roads: Roads, state: WorldState, world: int) -> tuple[str, tuple[int, int]] | None:
    """The side to which the route of `world`'s ego car changes lanes just now, and the two lanes; None where it does not."""
    ego = state.agents[world, 0]
    at, s = int(ego["route_at"]), float(ego["lane_s"])
    if at + 1 >= len(ego["route"]):
        return None
    lane, following = int(ego["route"][at]), int(ego["route"][at + 1])
    if lane < 0 or not is_lateral(roads.lanes, lane, following) or not 0.0 <= s < slide_end(roads.lanes, lane):
        return None
    return (LEFT if int(roads.lanes[lane]["left"]) == following else RIGHT), (lane, following)


def is_ahead(state: WorldState, world: int, lanes: tuple[int, int]) -> bool:
    """Has `world`'s ego car still to change from the one lane to the other, by its route?"""
    ego = state.agents[world, 0]
    ahead = [int(lane) for lane in ego["route"][int(ego["route_at"]) :]]
    return ahead[0] != lanes[1] and lanes in zip(ahead, ahead[1:], strict=False)
