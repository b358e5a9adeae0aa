"""The way back: the sat-nav lays the ego car's route to the lane on which its drive began, over the fewest metres. It only chooses
roads; when the car is there is asked of it, and what to do then is others' business."""

import heapq
import re

from caravela.world.atlas import Roads
from caravela.world.kernels.routes import CHANGE_LENGTH, is_lateral
from caravela.world.maps.lane_graph import CAR, JUNCTION
from caravela.world.navigator import free_from, lay, turns_round
from caravela.world.state import WorldState

_BACK = re.compile(
    r"(?:please )?(?:take|bring|drive) (?:me|us) back(?: to (?:where (?:we|i) (?:started|began)|the start))?(?:,? please)?[.!?]*",
    re.IGNORECASE,
)
CHANGE = 25.0  # m that a lane change counts as: none without need
THERE = 20.0  # m before the spot where a drive began, from which a car is back there


def wants_back(words: str) -> bool:
    """Does a request ask to be taken back to where the drive began, and nothing besides?"""
    return _BACK.fullmatch(words.strip()) is not None


def answer(metres: float | None) -> str:
    """What the sat-nav says to a request to be taken back, over so many metres or by no way at all."""
    return "no way leads back from here; the route stays as it was" if metres is None else f"back to the start in {metres:.0f} m"


def lay_back(roads: Roads, state: WorldState, world: int, goal: int, goal_s: float) -> float | None:
    """Lay the route of `world`'s ego car to `goal_s` m along the lane `goal`, or one beside it, unless it leads there already. Returns the
    metres to there, None (route unchanged) where no way leads there. A way of more lanes than a route holds is laid as far as it goes:
    lay it again on the way."""
    if (metres := metres_to(roads, state, world, goal, goal_s)) is not None:
        return metres
    at, s = free_from(roads, state, world)
    found = shortest_way(roads, int(state.agents[world, 0]["route"][at]), s, ends_of(roads, goal))
    if found is None:
        return None
    metres, way = found
    lay(roads, state, world, at, way)
    return metres + goal_s


def metres_to(roads: Roads, state: WorldState, world: int, goal: int, goal_s: float) -> float | None:
    """Metres along the route of `world`'s ego car to `goal_s` m along the lane `goal`, or one beside it; None where the route does not lead there."""
    ego = state.agents[world, 0]
    route, ends = ego["route"], ends_of(roads, goal)
    ahead = -float(ego["lane_s"])
    for k in range(int(ego["route_at"]), len(route)):
        lane = int(route[k])
        if lane < 0:
            break
        if lane in ends and ahead + goal_s > -THERE:
            return max(ahead + goal_s, 0.0)
        if not (k + 1 < len(route) and is_lateral(roads.lanes, lane, int(route[k + 1]))):
            ahead += float(roads.lanes[lane]["length"])
    return None


def ends_of(roads: Roads, goal: int) -> set[int]:
    """The lane itself and those beside it for cars: on each of them the car is there."""
    row = roads.lanes[goal]
    return {goal} | {int(lane) for lane in (row["left"], row["right"]) if lane >= 0 and roads.lanes[int(lane)]["use"] & CAR}


def shortest_way(roads: Roads, here: int, s: float, goals: set[int]) -> tuple[float, list[int]] | None:
    """(metres to its last lane's beginning, its lanes) of the shortest way from `s` m along `here` round to one of `goals` without turning
    in the road, by Dijkstra's algorithm; None where there is none. A goal has to be driven onto, not only changed to."""
    Node = tuple[int, bool]  # a lane, and whether it was changed to
    start: Node = (here, False)
    before: dict[Node, Node] = {}
    queue: list[tuple[float, Node, Node]] = [(ahead, node, start) for ahead, node in _onward(roads, start, -s)]
    heapq.heapify(queue)
    while queue:
        ahead, node, last = heapq.heappop(queue)
        if node in before:
            continue
        before[node] = last
        if node[0] in goals and not node[1]:
            way = [node[0]]
            while last != start:
                way.append(last[0])
                last = before[last]
            return ahead, [here, *way[::-1]]
        for further, following in _onward(roads, node, ahead):
            heapq.heappush(queue, (further, following, node))
    return None


def _onward(roads: Roads, node: tuple[int, bool], ahead: float) -> list[tuple[float, tuple[int, bool]]]:
    """Where one can drive to from a lane that begins `ahead` m from here, and the metres to there."""
    lane, changed = node
    row = roads.lanes[lane]
    length = float(row["length"])
    links = [int(roads.successors[k]) for k in range(int(row["successor_start"]), int(row["successor_end"]))]
    found = [(ahead + length, (link, False)) for link in links if roads.lanes[link]["use"] & CAR and not turns_round(roads, link)]
    if row["kind"] != JUNCTION and not changed and min(length, ahead + length) > CHANGE_LENGTH:
        sides = [int(side) for side in (row["left"], row["right"]) if side >= 0]
        found += [(ahead + CHANGE, (side, True)) for side in sides if roads.lanes[side]["use"] & CAR]
    return found
